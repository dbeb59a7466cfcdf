//! What the server does at most, and what it says when it is asked for more.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use super::{Config, memory};

/// A limit of the configuration's section `live`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// How many streams play at once.
    Streams,
    /// How many viewers watch all streams.
    Viewers,
    /// How many viewers watch one stream.
    StreamViewers,
    /// How many requests wait for media that is not there yet.
    Blocked,
    /// How many bytes the windows of all streams hold.
    WindowBytes,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 5] =
        [Self::Streams, Self::Viewers, Self::StreamViewers, Self::Blocked, Self::WindowBytes];

    /// Its key in the section `live`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Streams => "max_streams",
            Self::Viewers => "max_viewers",
            Self::StreamViewers => "max_stream_viewers",
            Self::Blocked => "max_blocked",
            Self::WindowBytes => "max_total_window_bytes",
        }
    }

    const fn reached(self) -> &'static str {
        match self {
            Self::Streams => "streams are playing or ending",
            Self::Viewers => "viewers are watching",
            Self::StreamViewers => "viewers are watching this stream",
            Self::Blocked => "requests are waiting for media",
            Self::WindowBytes => "bytes of memory are there for media, and one more stream does not fit in",
        }
    }
}

/// A limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{value} {}, which is the limit (live.{})", .limit.reached(), .limit.key())]
pub struct LimitError {
    /// Which one.
    pub limit: Limit,
    /// What it is set to.
    pub value: usize,
}

/// How a limit is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Which one.
    pub limit: Limit,
    /// What it is set to.
    pub value: usize,
    /// How much of it is in use.
    pub used: usize,
    /// How often more was asked for, since the server started.
    pub refused: u64,
}

/// The limits of a hub, and how often each was reached.
#[derive(Debug)]
pub(super) struct Limits {
    values: [usize; Limit::ALL.len()],
    refused: [AtomicU64; Limit::ALL.len()],
    blocked: AtomicUsize,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let values = Limit::ALL.map(|limit| match limit {
            Limit::Streams => config.max_streams,
            Limit::Viewers => config.max_viewers,
            Limit::StreamViewers => config.max_stream_viewers,
            Limit::Blocked => config.max_blocked,
            Limit::WindowBytes => {
                config.max_total_window_bytes.map_or_else(memory::half_of_all, |total| total.0)
            }
        });
        Self { values, refused: Default::default(), blocked: AtomicUsize::new(0) }
    }

    pub(super) fn value(&self, limit: Limit) -> usize {
        self.values[limit as usize]
    }

    /// Somebody asked for more than `limit`.
    pub(super) fn refuse(&self, limit: Limit) -> LimitError {
        self.refused[limit as usize].fetch_add(1, Ordering::Relaxed);
        LimitError { limit, value: self.value(limit) }
    }

    /// How `limit` is doing, of which `used` is in use.
    pub(super) fn usage(&self, limit: Limit, used: usize) -> Usage {
        let refused = self.refused[limit as usize].load(Ordering::Relaxed);
        Usage { limit, value: self.value(limit), used, refused }
    }
}

/// The requests that wait for media which is not there yet.
#[derive(Debug, Clone)]
pub struct Blocked(pub(super) Arc<Limits>);

impl Blocked {
    /// A request is about to wait; it counts as long as the answer is kept.
    ///
    /// # Errors
    ///
    /// As many wait already as may.
    pub fn try_enter(&self) -> Result<Waiting, LimitError> {
        let limits = &self.0;
        // Counted first, so that those who come together do not all find the last place free.
        let waiting = Waiting(Arc::clone(limits));
        let others = limits.blocked.fetch_add(1, Ordering::Relaxed);
        if others >= limits.value(Limit::Blocked) {
            return Err(limits.refuse(Limit::Blocked));
        }
        Ok(waiting)
    }

    /// As [`Blocked::try_enter`], for a request that need not wait: half of the places are kept for those that must.
    #[must_use]
    pub fn enter_if_quiet(&self) -> Option<Waiting> {
        let limits = &self.0;
        let waiting = Waiting(Arc::clone(limits));
        let others = limits.blocked.fetch_add(1, Ordering::Relaxed);
        (2 * (others + 1) <= limits.value(Limit::Blocked)).then_some(waiting)
    }

    /// How many wait now.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.blocked.load(Ordering::Relaxed)
    }
}

/// A request that waits.
#[derive(Debug)]
pub struct Waiting(Arc<Limits>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.blocked.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(config: &Config) -> Arc<Limits> {
        Arc::new(Limits::new(config))
    }

    #[test]
    fn those_who_wait_are_counted_until_they_go() {
        let limits = limits(&Config { max_blocked: 2, ..Config::default() });
        let blocked = Blocked(Arc::clone(&limits));

        let (one, _other) = (blocked.try_enter().unwrap(), blocked.try_enter().unwrap());
        let refused = blocked.try_enter().unwrap_err();

        assert_eq!(refused, LimitError { limit: Limit::Blocked, value: 2 });
        assert_eq!(blocked.count(), 2);
        drop(one);
        assert!(blocked.try_enter().is_ok());
        assert_eq!(blocked.count(), 1);
        let usage = limits.usage(Limit::Blocked, blocked.count());
        assert_eq!(usage, Usage { limit: Limit::Blocked, value: 2, used: 1, refused: 1 });
    }

    #[test]
    fn who_need_not_wait_leaves_half_of_the_places_to_those_who_must_and_is_no_refusal() {
        let limits = limits(&Config { max_blocked: 5, ..Config::default() });
        let blocked = Blocked(Arc::clone(&limits));

        let courtesies: Vec<_> = (0..9).filter_map(|_| blocked.enter_if_quiet()).collect();

        assert_eq!((courtesies.len(), blocked.count()), (2, 2));
        let usage = limits.usage(Limit::Blocked, blocked.count());
        assert_eq!(usage.refused, 0);
        let only = Blocked(Arc::new(Limits::new(&Config { max_blocked: 1, ..Config::default() })));
        assert!(only.enter_if_quiet().is_none());
    }

    #[test]
    fn a_limit_that_is_reached_says_which_and_by_which_key() {
        let limits = limits(&Config { max_viewers: 7, ..Config::default() });

        let said = Limit::ALL.map(|limit| limits.refuse(limit).to_string());

        assert_eq!(said[1], "7 viewers are watching, which is the limit (live.max_viewers)");
        for (said, limit) in said.iter().zip(Limit::ALL) {
            assert!(said.contains(limit.key()), "{said}");
        }
    }
}
