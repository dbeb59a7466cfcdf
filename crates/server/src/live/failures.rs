//! The IDs that failed a moment ago.
//!
//! A player that meets a dead link asks again at once, and again; each time the engine would search for half a
//! minute. Who asks within a few seconds gets the stream that failed, with its reason.

use std::{collections::VecDeque, time::Duration};

use acestream::ContentId;
use tokio::time::Instant;

use super::{
    Stream,
    snapshot::{EndReason, Failure},
};

/// How long a failure answers for its ID.
const REMEMBERED: Duration = Duration::from_secs(10);

/// As many failures are remembered; the oldest make room.
const MAX_FAILED: usize = 256;

/// Whether to ask again at once is in vain: the engine said no, or nobody had a byte. Whatever ends by itself
/// in a moment, such as an engine that restarts, is no such failure.
pub(super) fn lasts(reason: &EndReason) -> bool {
    matches!(reason, EndReason::Failed(Failure::EngineRefused(_) | Failure::NoPeers(_)))
}

/// The bounded memory of streams that failed, oldest first.
#[derive(Debug, Default)]
pub(super) struct Failures(VecDeque<(Instant, Stream)>);

impl Failures {
    /// The stream of `id` that failed a moment ago.
    pub(super) fn get(&self, id: &ContentId) -> Option<&Stream> {
        let lately = |at: &Instant| at.elapsed() < REMEMBERED;
        self.0.iter().find(|(at, stream)| lately(at) && stream.id() == *id).map(|(_, stream)| stream)
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// `stream` fails now.
    pub(super) fn remember(&mut self, stream: Stream) {
        self.0.retain(|(at, other)| at.elapsed() < REMEMBERED && other.id() != stream.id());
        if self.0.len() >= MAX_FAILED {
            self.0.pop_front();
        }
        self.0.push_back((Instant::now(), stream));
    }

    /// `id` is worth another try.
    pub(super) fn forget(&mut self, id: &ContentId) {
        self.0.retain(|(_, stream)| stream.id() != *id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::advance;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::live::{Config, limits::Limits, stream::Shared, viewers::Viewers};

    fn id(n: usize) -> ContentId {
        format!("{n:040x}").parse().unwrap()
    }

    fn stream(n: usize) -> Stream {
        let config = Config::default();
        let viewers = Arc::new(Viewers::new(&config, Arc::new(Limits::new(&config))));
        Stream::new(Arc::new(Shared::new(id(n), Duration::ZERO, &viewers, CancellationToken::new()))).1
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_answers_for_its_id_for_a_while() {
        let mut failures = Failures::default();
        failures.remember(stream(1));

        advance(REMEMBERED - Duration::from_millis(1)).await;
        assert!(failures.get(&id(1)).is_some());
        assert!(failures.get(&id(2)).is_none());
        advance(Duration::from_millis(1)).await;

        assert!(failures.get(&id(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_failure_makes_room() {
        let mut failures = Failures::default();

        (0..=MAX_FAILED).for_each(|n| failures.remember(stream(n)));

        assert!(failures.get(&id(0)).is_none());
        assert!(failures.get(&id(MAX_FAILED)).is_some());
        assert_eq!(failures.0.len(), MAX_FAILED);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_that_is_forgotten_or_follows_another_leaves_nothing_behind() {
        let mut failures = Failures::default();
        failures.remember(stream(1));
        failures.remember(stream(1));
        assert_eq!(failures.0.len(), 1);

        failures.forget(&id(1));

        assert!(failures.get(&id(1)).is_none());
    }
}
