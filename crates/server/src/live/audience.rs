//! Who watches a stream: told by the requests, of whatever player.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// A viewer who asked for nothing during this time is gone. Players ask every segment.
const PRESENT: Duration = Duration::from_secs(15);

/// As many viewers are told apart; those beyond are counted as requests only.
const MAX_VIEWERS: usize = 10_000;

/// The viewers of one stream and what they asked for.
#[derive(Debug)]
pub(super) struct Audience {
    requests: AtomicU64,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    last_request: Instant,
    last_count: Instant,
    viewers: HashMap<u64, Instant>,
}

impl Audience {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let seen = Seen { last_request: now, last_count: now, viewers: HashMap::new() };
        Self { requests: AtomicU64::new(0), seen: Mutex::new(seen) }
    }

    /// A request of `viewer`.
    pub(super) fn touch(&self, viewer: u64) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last_request = now;
        if seen.viewers.len() >= MAX_VIEWERS && !seen.viewers.contains_key(&viewer) {
            // Once a second is enough, and a flood of new viewers cannot make it more.
            if now.saturating_duration_since(seen.last_count) >= Duration::from_secs(1) {
                seen.forget_the_gone(now);
            }
            if seen.viewers.len() >= MAX_VIEWERS {
                return;
            }
        }
        seen.viewers.insert(viewer, now);
    }

    /// Somebody is about to watch, without being counted yet.
    pub(super) fn expect(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).last_request = Instant::now();
    }

    /// When somebody last asked.
    pub(super) fn last_request(&self) -> Instant {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).last_request
    }

    /// Requests since the stream began.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many watch now.
    pub(super) fn viewers(&self) -> usize {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget_the_gone(Instant::now());
        seen.viewers.len()
    }
}

impl Seen {
    fn forget_the_gone(&mut self, now: Instant) {
        self.last_count = now;
        self.viewers.retain(|_, at| now.saturating_duration_since(*at) < PRESENT);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_viewer_counts_once_however_often_he_asks() {
        let audience = Audience::new();

        audience.touch(1);
        audience.touch(1);
        audience.touch(2);

        assert_eq!((audience.viewers(), audience.requests()), (2, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_viewer_who_stopped_asking_is_gone() {
        let audience = Audience::new();
        audience.touch(1);
        advance(Duration::from_secs(10)).await;
        audience.touch(2);

        advance(Duration::from_secs(6)).await;

        assert_eq!(audience.viewers(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_made_up_viewers_is_bounded() {
        let audience = Audience::new();

        (0..20_000).for_each(|viewer| audience.touch(viewer));

        assert_eq!((audience.viewers(), audience.requests()), (MAX_VIEWERS, 20_000));
    }

    #[tokio::test(start_paused = true)]
    async fn viewers_who_left_make_room_for_new_ones() {
        let audience = Audience::new();
        (0..20_000).for_each(|viewer| audience.touch(viewer));

        advance(PRESENT).await;
        audience.touch(20_000);

        assert_eq!(audience.viewers(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_expected_keeps_the_stream_but_does_not_count() {
        let audience = Audience::new();
        advance(Duration::from_secs(5)).await;

        audience.expect();

        assert_eq!(audience.last_request(), Instant::now());
        assert_eq!((audience.viewers(), audience.requests()), (0, 0));
    }
}
