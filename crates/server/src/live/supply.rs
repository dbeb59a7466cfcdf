//! How media comes: steadily or in lumps, and so how long a silence is none yet.
//!
//! Some engines hand on whole pieces of a megabyte. At 1.7 Mbit/s that is one every 5 s, of a radio one a minute.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// What lies closer together is one lump.
const ONE_LUMP: Duration = Duration::from_millis(500);

/// As many pauses between lumps are remembered.
const REMEMBERED: usize = 8;

/// A silence is as long as this many pauses that are usual here.
const PAUSES: u32 = 3;

/// The pauses of one connection.
#[derive(Debug, Default)]
pub(super) struct Supply {
    last: Option<Instant>,
    pauses: VecDeque<Duration>,
}

impl Supply {
    /// A new connection: who serves it may have another way.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// Media came.
    pub(super) fn received(&mut self, now: Instant) {
        let pause = self.last.replace(now).map(|last| now.saturating_duration_since(last));
        if let Some(pause) = pause.filter(|pause| *pause >= ONE_LUMP) {
            self.pauses.truncate(REMEMBERED - 1);
            self.pauses.push_front(pause);
        }
    }

    /// How long to wait for more before it counts as silence: `least`, or longer where lumps are far apart, but no
    /// longer than `most`.
    pub(super) fn patience(&self, least: Duration, most: Duration) -> Duration {
        let mut pauses: Vec<_> = self.pauses.iter().copied().collect();
        pauses.sort_unstable();
        // The longest may have been a hiccup; what is usual happened twice.
        let usual = pauses.iter().rev().nth(1).copied().unwrap_or_default();
        (usual * PAUSES).min(most).max(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// The patience after lumps with these pauses in seconds between them, each of two chunks.
    fn after(pauses: &[u64]) -> Duration {
        let (mut supply, mut now) = (Supply::default(), Instant::now());
        supply.received(now);
        for pause in pauses {
            now += secs(*pause);
            supply.received(now);
            supply.received(now + Duration::from_millis(1));
        }
        supply.patience(secs(20), secs(60))
    }

    #[test]
    fn a_steady_flow_and_small_lumps_change_nothing() {
        assert_eq!(after(&[]), secs(20));
        assert_eq!(after(&[5, 5, 5]), secs(20));
    }

    #[test]
    fn lumps_that_are_far_apart_are_waited_for_three_times_over_but_not_for_ever() {
        assert!(after(&[12, 12, 12]) > secs(35));
        assert_eq!(after(&[40, 40]), secs(60));
    }

    #[test]
    fn one_hiccup_is_no_habit_and_habits_are_forgotten() {
        assert_eq!(after(&[2, 2, 19, 2]), secs(20));
        assert_eq!(after(&[12, 12, 1, 1, 1, 1, 1, 1, 1, 1]), secs(20));
    }

    #[test]
    fn a_new_connection_is_judged_anew() {
        let mut supply = Supply::default();
        let now = Instant::now();
        [0, 15, 30, 45].iter().for_each(|second| supply.received(now + secs(*second)));
        assert_eq!(supply.patience(secs(20), secs(60)), secs(45));

        supply.begin();

        assert_eq!(supply.patience(secs(20), secs(60)), secs(20));
    }
}
