//! One grid of ticks for all streams, so that their wake-ups fall together.
//!
//! A live channel trickles in: read as it comes, it would wake its task hundreds of times a second for a
//! packet or two each. Media gathers in the kernel's socket buffer just as well; taken at the ticks of
//! one process-wide grid, and in whole blocks, twenty channels cost the timer one wake-up and are copied once.

use std::{sync::OnceLock, time::Duration};

use acestream::Playback;
use tokio::time::{Instant, sleep_until};

/// The distance of two ticks. At 8 Mbit/s, 600 kB gather in it: a delay that a segment of seconds does not show, in a
/// buffer that the system makes as large as it has to be (`tcp_rmem`).
const TICK: Duration = Duration::from_millis(600);

/// How finely it is taken where viewers play parts, of which there should be one each third of a second.
const STEADY: Duration = Duration::from_millis(80);

/// How finely media is taken where viewers want it at once.
const FINE: Duration = Duration::from_millis(20);

/// Media is taken at the first tick behind this, however little there is: less than a block waits for two ticks at most.
const LONGEST: Duration = Duration::from_secs(1);

/// How media is taken from the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As it comes.
    Eager,
    /// As soon as a part may have grown.
    Fine,
    /// Soon after a part may have grown.
    Steady,
    /// In whole blocks.
    Coarse,
}

impl Pace {
    /// How many bytes are worth taking, `after` the last ones.
    pub(super) fn least(self, after: Duration) -> usize {
        if self == Self::Coarse && after < LONGEST { Playback::BLOCK } else { 1 }
    }
}

/// Wait until the next tick of the grid of `pace`.
pub(super) async fn tick(pace: Pace) {
    let distance = match pace {
        Pace::Eager => return,
        Pace::Fine => FINE,
        Pace::Steady => STEADY,
        Pace::Coarse => TICK,
    };
    sleep_until(next_after(origin(), Instant::now(), distance)).await;
}

fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

fn next_after(origin: Instant, now: Instant, distance: Duration) -> Instant {
    let since = now.saturating_duration_since(origin);
    let into =
        Duration::from_nanos(u64::try_from(since.as_nanos() % distance.as_nanos()).unwrap_or_default());
    now + (distance - into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_streams_that_ask_at_different_times_wake_together() {
        let origin = Instant::now();

        let early = next_after(origin, origin + TICK + Duration::from_millis(1), TICK);
        let late = next_after(origin, origin + 2 * TICK - Duration::from_millis(1), TICK);

        assert_eq!(early, origin + 2 * TICK);
        assert_eq!(early, late);
    }

    #[test]
    fn parts_are_not_kept_waiting_for_a_whole_block() {
        assert_eq!(Pace::Coarse.least(TICK), Playback::BLOCK);
        assert_eq!(Pace::Steady.least(STEADY), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_is_always_ahead() {
        let origin = Instant::now();
        assert_eq!(next_after(origin, origin + TICK, TICK), origin + 2 * TICK);
    }
}
