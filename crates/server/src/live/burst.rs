//! Whether the engine sends what it has in stock, or only what is new.
//!
//! A list that is shown while the engine bursts can begin with more than one that is shown at once: seconds that are
//! there when playback starts are seconds that a player can hold back.

use std::time::Duration;

use tokio::time::Instant;

/// Supply is looked at over this time.
const SPAN: Duration = Duration::from_millis(500);
/// However the engine sends, a list is shown this long after its first segment was whole.
const LONGEST: Duration = Duration::from_secs(2);

/// How media comes in at the start of a stream.
#[derive(Debug)]
pub(super) struct Burst {
    whole_since: Option<Instant>,
    mark: Instant,
    media: Duration,
    settled: bool,
    /// Whether media came faster than it plays when this was last looked at.
    bursts: bool,
}

impl Burst {
    pub(super) fn new() -> Self {
        Self { whole_since: None, mark: Instant::now(), media: Duration::ZERO, settled: false, bursts: true }
    }

    /// There are `media` now, with a whole segment among them or not.
    pub(super) fn note(&mut self, media: Duration, is_whole: bool) {
        let now = Instant::now();
        if is_whole {
            self.whole_since.get_or_insert(now);
        }
        let passed = now - self.mark;
        if passed >= SPAN {
            self.bursts = media.saturating_sub(self.media) > passed + passed / 2;
            self.settled |= !self.bursts && self.whole_since.is_some();
            (self.mark, self.media) = (now, media);
        }
    }

    /// The engine was connected anew, and may have stock to send again.
    pub(super) fn again(&mut self) {
        (self.bursts, self.mark) = (true, Instant::now());
    }

    /// Whether media comes faster than it plays, as far as is known: then it is better taken at once.
    pub(super) fn is_bursting(&self) -> bool {
        self.bursts
    }

    /// Nothing more is worth waiting for.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    /// Whether what comes from now on comes as it is played.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// When it is to be settled, whatever comes.
    pub(super) fn settles_at(&self) -> Option<Instant> {
        self.whole_since.filter(|_| !self.settled).map(|since| since + LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const STEP: Duration = Duration::from_millis(100);

    /// Media comes `speed` times as fast as it is played, for `steps` of 100 ms.
    async fn flow(burst: &mut Burst, media: &mut Duration, speed: u32, steps: u32) {
        for _ in 0..steps {
            advance(STEP).await;
            *media += STEP * speed;
            burst.note(*media, *media >= Duration::from_secs(2));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_waited_for_until_half_a_second_comes_in_real_time() {
        let (mut burst, mut media) = (Burst::new(), Duration::ZERO);
        flow(&mut burst, &mut media, 10, 10).await;
        assert!(!burst.is_settled());

        flow(&mut burst, &mut media, 1, 5).await;
        assert!(burst.is_settled());
        assert_eq!(burst.settles_at(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_settled_before_a_segment_is_whole_nor_waited_for_long_after() {
        let (mut burst, mut media) = (Burst::new(), Duration::ZERO);
        flow(&mut burst, &mut media, 1, 19).await;
        assert!(!burst.is_settled() && burst.settles_at().is_none());

        flow(&mut burst, &mut media, 1, 1).await;
        assert!(burst.is_settled());

        let (mut burst, mut media) = (Burst::new(), Duration::ZERO);
        flow(&mut burst, &mut media, 20, 1).await;
        assert_eq!(burst.settles_at(), Some(Instant::now() + LONGEST));
    }
}
