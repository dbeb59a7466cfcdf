//! Time on the 90 kHz media clock.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

/// A point, or a distance, on the 90 kHz clock of PTS and DTS, unwrapped from their 33 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticks(pub i64);

impl Ticks {
    /// Ticks in a second.
    pub const PER_SECOND: i64 = 90_000;

    /// The distance `duration`, cut to whole ticks.
    #[must_use]
    pub fn from_duration(duration: Duration) -> Self {
        Self(i64::try_from(duration.as_nanos() * 9 / 100_000).unwrap_or(i64::MAX))
    }

    /// The distance as time; nothing when it is negative.
    #[must_use]
    pub fn to_duration(self) -> Duration {
        let ticks = u64::try_from(self.0).unwrap_or(0);
        let (seconds, rest) = (ticks / 90_000, ticks % 90_000);
        Duration::from_secs(seconds) + Duration::from_nanos(rest * 100_000 / 9)
    }
}

impl Add for Ticks {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Ticks {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Turns 33-bit timestamps into [`Ticks`] that go on over the wrap (every 26.5 hours).
#[derive(Debug, Default)]
pub(crate) struct Unwrapper {
    last: Option<Ticks>,
}

impl Unwrapper {
    /// `raw` as the point nearest to the one before, which it replaces.
    pub(crate) fn advance(&mut self, raw: u64) -> Ticks {
        let ticks = match self.last {
            Some(last) => near(last, raw),
            None => Ticks(i64::try_from(raw & MASK).unwrap_or(0)),
        };
        self.last = Some(ticks);
        ticks
    }
}

const MASK: u64 = (1 << 33) - 1;

/// The point nearest to `reference` whose low 33 bits are `raw`.
pub(crate) fn near(reference: Ticks, raw: u64) -> Ticks {
    let raw = i64::try_from(raw & MASK).unwrap_or(0);
    let forward = raw.wrapping_sub(reference.0).rem_euclid(1 << 33);
    let delta = if forward >= 1 << 32 { forward - (1 << 33) } else { forward };
    Ticks(reference.0.saturating_add(delta))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_over_the_wrap_and_a_step_back_stays_a_step_back() {
        let mut clock = Unwrapper::default();
        let end = (1 << 33) - 10;

        assert_eq!(clock.advance(end), Ticks(end as i64));
        assert_eq!(clock.advance(5), Ticks((1 << 33) + 5));
        assert_eq!(clock.advance(end), Ticks(end as i64));
    }

    #[test]
    fn ticks_and_durations_convert_both_ways() {
        assert_eq!(Ticks::from_duration(Duration::from_millis(3_840)), Ticks(345_600));
        assert_eq!(Ticks(345_600).to_duration(), Duration::from_millis(3_840));
        assert_eq!(Ticks(-5).to_duration(), Duration::ZERO);
    }
}
