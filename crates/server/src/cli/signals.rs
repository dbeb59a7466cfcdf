//! Being told to stop: Ctrl-C and `SIGTERM`. The first time in order, the second time at once.

use std::future::Future;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::systemd;

/// Run `work`, which is given what comes when it is time to stop.
pub(super) async fn until_told<T, F: Future<Output = T>>(
    work: impl FnOnce(WaitForCancellationFutureOwned) -> F,
) -> anyhow::Result<T> {
    let mut told = Told::new()?;
    let stop = CancellationToken::new();
    let twice = async {
        told.again().await;
        systemd::notify("STOPPING=1");
        stop.cancel();
        told.again().await;
    };
    tokio::select! {
        result = work(stop.clone().cancelled_owned()) => Ok(result),
        () = twice => anyhow::bail!("told to stop twice: leaving at once"),
    }
}

struct Told {
    interrupt: Signal,
    terminate: Signal,
}

impl Told {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("listening for signals");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn again(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
