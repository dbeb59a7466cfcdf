//! A connection that gives up on a client which takes no byte of its answer.

use std::{
    future::Future as _,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::{Services, outgoing::Outlet};

/// How long a connection's writes may wait.
#[derive(Debug, Clone)]
pub(super) struct Patience(Arc<AtomicU64>);

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self(Arc::new(AtomicU64::new(millis(limit))))
    }

    /// From now on no longer than `limit`.
    pub(super) fn at_most(&self, limit: Duration) {
        self.0.fetch_min(millis(limit), Ordering::Relaxed);
    }

    fn limit(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

fn millis(limit: Duration) -> u64 {
    u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)
}

/// A TCP connection whose writes fail when they make no progress for a while.
///
/// It counts what it sends: the one place where every byte passes.
pub(super) struct Patient {
    outlet: Outlet,
    patience: Patience,
    /// Runs while a write waits. Made once a connection first needs it, then moved.
    clock: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    services: Services,
}

impl Patient {
    pub(super) fn new(outlet: Outlet, patience: Patience, services: Services) -> Self {
        Self { outlet, patience, clock: None, waiting: false, services }
    }

    /// Pass on how a write went, or fail it when it has waited for too long.
    fn judge(&mut self, wrote: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(wrote) = wrote {
            self.waiting = false;
            if let Ok(bytes) = wrote {
                self.services.figures.sent(bytes);
            }
            return Poll::Ready(wrote);
        }
        ready!(self.clock(cx));
        self.services.figures.cut();
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing of its answer")))
    }

    fn clock(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let limit = self.patience.limit();
        let clock = self.clock.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !std::mem::replace(&mut self.waiting, true) {
            clock.as_mut().reset(Instant::now() + limit);
        }
        clock.as_mut().poll(cx)
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        pin!(&mut self.outlet).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = pin!(&mut self.outlet).poll_write(cx, buf);
        self.judge(wrote, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = pin!(&mut self.outlet).poll_write_vectored(cx, bufs);
        self.judge(wrote, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.outlet.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.outlet).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.outlet).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_only_becomes_shorter() {
        let patience = Patience::new(Duration::from_secs(30));
        assert_eq!(patience.limit(), Duration::from_secs(30));

        patience.at_most(Duration::from_secs(15));
        patience.at_most(Duration::from_secs(20));

        assert_eq!(patience.limit(), Duration::from_secs(15));
    }
}
