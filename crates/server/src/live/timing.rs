//! How long a source waits: for media, and between its attempts.

use std::time::Duration;

use super::{Config, supply::Supply};

/// As the configuration has it.
pub(super) struct Timing {
    /// How long an open connection may be silent, where its supply was never known to pause for longer.
    pub(super) silence: Duration,
    /// The budget of an attempt to get media.
    pub(super) give_up_after: Duration,
    delay: Duration,
    delay_max: Duration,
}

impl Timing {
    /// How long an open connection may be silent.
    pub(super) fn patience(&self, supply: &Supply) -> Duration {
        supply.patience(self.silence, self.give_up_after / 2)
    }

    /// How long to wait before this attempt. Doubles with each after the second, give or take a quarter, so that the
    /// streams of one engine do not come back all at once.
    pub(super) fn pause(&self, attempt: u32) -> Duration {
        let doubled = self.delay.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(2).min(16)));
        doubled.min(self.delay_max).mul_f64(0.75 + 0.5 * fastrand::f64())
    }
}

impl From<&Config> for Timing {
    fn from(config: &Config) -> Self {
        Self {
            silence: config.silence_timeout,
            give_up_after: config.give_up_after,
            delay: config.reconnect_delay,
            delay_max: config.reconnect_delay_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_no_two_streams_come_back_together() {
        let [delay, delay_max] = [500, 15_000].map(Duration::from_millis);
        let timing = Timing { silence: delay, give_up_after: delay, delay, delay_max };

        for (attempt, about) in [(1, 500), (2, 500), (3, 1000), (4, 2000), (7, 15_000), (u32::MAX, 15_000)] {
            let about = Duration::from_millis(about);
            let pauses: Vec<_> = (0..100).map(|_| timing.pause(attempt)).collect();
            assert!(
                pauses.iter().all(|it| (about * 3 / 4..=about * 5 / 4).contains(it)),
                "{attempt}: {pauses:?}"
            );
            assert!(pauses.iter().any(|it| it.abs_diff(pauses[0]) > about / 20), "{attempt}: {pauses:?}");
        }
    }
}
