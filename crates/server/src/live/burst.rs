//! Whether the engine sends what it has in stock, or only what is new.
//!
//! A list that is shown while the engine bursts can begin with more than one that is shown at once: seconds that are
//! there when playback starts are seconds that a player can hold back.

use std::time::Duration;

use tokio::time::Instant;

/// A burst is over when media came no faster than it plays for so long.
const SPAN: Duration = Duration::from_millis(500);
/// However the engine sends, a list is shown this long after its first segment was whole.
const LONGEST: Duration = Duration::from_secs(2);
/// Media comes part by part: what is ahead by half a part more than before did not come in real time.
const STEP: Duration = Duration::from_millis(160);

/// How media comes in at the start of a stream.
#[derive(Debug)]
pub(super) struct Burst {
    whole_since: Option<Instant>,
    /// When the first media came, and how much there was before.
    origin: Option<(Instant, Duration)>,
    media: Duration,
    /// How much more media came since than time passed, at most.
    ahead: Duration,
    /// When that last grew.
    grew: Instant,
    settled: bool,
}

impl Burst {
    pub(super) fn new() -> Self {
        let (media, ahead) = (Duration::ZERO, Duration::ZERO);
        Self { whole_since: None, origin: None, media, ahead, grew: Instant::now(), settled: false }
    }

    /// Media that will be played comes from now on, at the latest.
    pub(super) fn begin(&mut self) {
        self.origin.get_or_insert((Instant::now(), self.media));
    }

    /// There are `media` now, with a whole segment among them or not.
    pub(super) fn note(&mut self, media: Duration, is_whole: bool) {
        let now = Instant::now();
        if is_whole {
            self.whole_since.get_or_insert(now);
        }
        self.begin();
        let (since, before) = self.origin.unwrap_or((now, self.media));
        self.media = media;
        let ahead = media.saturating_sub(before).saturating_sub(now - since);
        if ahead > self.ahead + STEP {
            (self.ahead, self.grew) = (ahead, now);
        }
        self.settled |= self.whole_since.is_some() && !self.is_bursting();
    }

    /// The engine was connected anew, and may have stock to send again.
    pub(super) fn again(&mut self) {
        (self.origin, self.ahead, self.grew) = (None, Duration::ZERO, Instant::now());
    }

    /// Whether media comes faster than it plays, as far as is known: then it is better taken at once.
    pub(super) fn is_bursting(&self) -> bool {
        self.grew.elapsed() < SPAN
    }

    /// Whether media came for long enough, and no faster than it plays.
    pub(super) fn is_steady(&self) -> bool {
        self.origin.is_some_and(|(since, _)| since.elapsed() >= SPAN) && !self.is_bursting()
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
        let latest = self.whole_since.filter(|_| !self.settled)? + LONGEST;
        Some(latest.min(self.grew + SPAN))
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
        assert_eq!(burst.settles_at(), Some(Instant::now() + SPAN));

        let begun = Instant::now();
        flow(&mut burst, &mut media, 4, 18).await;
        assert_eq!(burst.settles_at(), Some(begun + LONGEST));
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_second_is_enough_to_see_that_media_comes_as_it_plays_and_a_burst_is_not() {
        for (speed, is_steady) in [(1, true), (10, false)] {
            let (mut burst, mut media) = (Burst::new(), Duration::ZERO);
            advance(10 * SPAN).await;
            assert!(!burst.is_steady(), "nothing came yet");
            burst.begin();

            flow(&mut burst, &mut media, speed, 4).await;
            assert!(!burst.is_steady());
            flow(&mut burst, &mut media, speed, 1).await;

            assert_eq!(burst.is_steady(), is_steady, "{speed}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_half_again_as_fast_as_it_plays_is_a_burst_and_what_comes_in_parts_is_none() {
        let (mut burst, mut media) = (Burst::new(), Duration::ZERO);
        for _ in 0..20 {
            advance(Duration::from_millis(213)).await;
            media += Duration::from_millis(320);
            burst.note(media, true);
        }
        assert!(burst.is_bursting() && !burst.is_settled());

        for _ in 0..2 {
            advance(Duration::from_millis(320)).await;
            media += Duration::from_millis(320);
            burst.note(media, true);
        }
        assert!(burst.is_settled());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_reconnection_only_new_media_is_stock() {
        let (mut burst, mut media) = (Burst::new(), Duration::ZERO);
        flow(&mut burst, &mut media, 1, 100).await;

        burst.again();
        flow(&mut burst, &mut media, 1, 5).await;
        assert!(!burst.is_bursting());

        burst.again();
        flow(&mut burst, &mut media, 10, 5).await;
        assert!(burst.is_bursting());
    }
}
