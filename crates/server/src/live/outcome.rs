//! How plays turned out, for whoever remembers which channels work.

use std::time::Duration;

use acestream::ContentId;
use tokio::sync::broadcast;

use super::Failure;

/// So many outcomes wait for who is slow to hear of them.
const KEPT: usize = 256;

/// How a play turned out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The ID that was played.
    pub id: ContentId,
    /// How long it took until there was a segment, or why there was none.
    pub result: Result<Duration, Failure>,
}

/// Tells outcomes to all who listen.
#[derive(Debug)]
pub(super) struct Outcomes(broadcast::Sender<Outcome>);

impl Default for Outcomes {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Outcomes {
    pub(super) fn tell(&self, id: &ContentId, result: Result<Duration, Failure>) {
        // Nobody has to listen.
        let _ = self.0.send(Outcome { id: id.clone(), result });
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Outcome> {
        self.0.subscribe()
    }
}
