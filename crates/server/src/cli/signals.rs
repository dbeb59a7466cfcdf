//! Being told to stop: Ctrl-C and `SIGTERM`. The first time in order, the second time at once.

use std::future::Future;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::systemd;

/// The signals to stop, heard from when this is made: before anybody is told that the program runs.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Run `work`, which is given what comes when it is time to stop.
    pub(super) async fn run<T, F: Future<Output = T>>(
        mut self,
        work: impl FnOnce(WaitForCancellationFutureOwned) -> F,
    ) -> anyhow::Result<T> {
        let stop = CancellationToken::new();
        let twice = async {
            self.next().await;
            systemd::notify("STOPPING=1");
            stop.cancel();
            self.next().await;
        };
        tokio::select! {
            result = work(stop.clone().cancelled_owned()) => Ok(result),
            () = twice => anyhow::bail!("told to stop twice: leaving at once"),
        }
    }

    /// Wait until told to stop. Safe to drop.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
