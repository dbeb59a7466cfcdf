//! How many frames a second.

use std::time::Duration;

use crate::ticks::Ticks;

/// Frames a second, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate {
    frames: u32,
    seconds: u32,
}

impl FrameRate {
    /// `frames` in `seconds`, where that is more than one in two seconds and no more than 300 a second: what else
    /// stands in streams is the resolution of some clock.
    #[must_use]
    pub fn new(frames: u32, seconds: u32) -> Option<Self> {
        let (wide_frames, wide_seconds) = (u64::from(frames), u64::from(seconds));
        let likely = seconds > 0 && wide_frames * 2 > wide_seconds && wide_frames <= wide_seconds * 300;
        likely.then(|| {
            let divisor = common_divisor(frames, seconds);
            Self { frames: frames / divisor, seconds: seconds / divisor }
        })
    }

    /// Frames a second in lowest terms: so many frames in so many seconds.
    #[must_use]
    pub fn fraction(self) -> (u32, u32) {
        (self.frames, self.seconds)
    }

    /// Frames a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }

    /// How long one frame is shown.
    #[must_use]
    pub fn frame(self) -> Duration {
        Duration::from_secs(self.seconds.into()) / self.frames
    }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// The rates that pictures come at.
const USUAL: [(u32, u32); 12] = [
    (15_000, 1_001),
    (15, 1),
    (24_000, 1_001),
    (24, 1),
    (25, 1),
    (30_000, 1_001),
    (30, 1),
    (48, 1),
    (50, 1),
    (60_000, 1_001),
    (60, 1),
    (120, 1),
];

/// How many steps are looked at: so many that at 60 a second and at 59.94 they differ by two milliseconds.
const STEPS: i64 = 128;

/// Times are often rounded to milliseconds.
const ROUNDING: i64 = Ticks::PER_SECOND / 1_000;

/// Finds the frame rate in the times of pictures, where the headers do not tell it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    first: Option<Ticks>,
    last: Ticks,
    steps: i64,
}

impl Pace {
    /// Take the next picture's time of decoding, of 33 bits; gives the rate when it shows.
    pub(crate) fn note(&mut self, dts: u64) -> Option<FrameRate> {
        let dts = Ticks(i64::try_from(dts).ok()?);
        let Some(first) = self.first else {
            *self = Self::since(dts);
            return None;
        };
        let step = dts - self.last;
        self.last = dts;
        self.steps += 1;
        if step <= Ticks(0) || step >= Ticks(Ticks::PER_SECOND) {
            *self = Self::since(dts);
        }
        if self.steps < STEPS {
            return None;
        }
        *self = Self::since(dts);
        usual(dts - first)
    }

    fn since(dts: Ticks) -> Self {
        Self { first: Some(dts), last: dts, steps: 0 }
    }
}

/// The usual rate at which [`STEPS`] frames take so long. A lost picture or another rhythm fits none.
fn usual(taken: Ticks) -> Option<FrameRate> {
    let fits = |&&(frames, seconds): &&(u32, u32)| {
        let (frames, seconds) = (i64::from(frames), i64::from(seconds));
        (taken.0 * frames - STEPS * Ticks::PER_SECOND * seconds).abs() <= ROUNDING * frames
    };
    USUAL.iter().find(fits).and_then(|&(frames, seconds)| FrameRate::new(frames, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(time: impl Fn(u64) -> u64, count: u64) -> Option<FrameRate> {
        let mut pace = Pace::default();
        (0..count).find_map(|n| pace.note(time(n)))
    }

    #[test]
    fn a_rate_has_lowest_terms_and_is_likely() {
        assert_eq!(FrameRate::new(50_000, 2_000).map(FrameRate::fraction), Some((25, 1)));
        assert_eq!(FrameRate::new(25, 1).map(FrameRate::frame), Some(Duration::from_millis(40)));
        for (frames, seconds) in [(0, 1), (1, 0), (90_000, 1), (1, 2), (u32::MAX, 1), (1, u32::MAX)] {
            assert_eq!(FrameRate::new(frames, seconds), None, "{frames}/{seconds}");
        }
    }

    #[test]
    fn the_times_of_pictures_show_their_rate() {
        for (frames, seconds) in USUAL {
            let (a, b) = (u64::from(frames), u64::from(seconds));
            let expected = FrameRate::new(frames, seconds);
            assert_eq!(pace(|n| n * 90_000 * b / a, 130), expected, "{a}/{b} in ticks");
            assert_eq!(pace(|n| n * 1_000 * b / a * 90, 130), expected, "{a}/{b} in milliseconds");
        }
    }

    #[test]
    fn no_rate_shows_in_times_that_keep_none() {
        assert_eq!(pace(|n| n * 3_600, 128), None);
        assert_eq!(pace(|n| n * 3_600 + u64::from(n > 20) * 3_600, 129), None);
        assert_eq!(pace(|n| n * 90_000, 200), None);
        assert_eq!(pace(|n| (200 - n) * 3_600, 200), None);
        assert_eq!(pace(|_| 5, 200), None);
        assert_eq!(pace(|n| n * 5_000, 200), None);
    }

    #[test]
    fn all_usual_rates_can_be_told_apart() {
        for (frames, seconds) in USUAL {
            let taken = STEPS * Ticks::PER_SECOND * i64::from(seconds) / i64::from(frames);
            let near = [-80, 0, 80].map(|off| usual(Ticks(taken + off)));
            assert_eq!(near, [FrameRate::new(frames, seconds); 3]);
        }
    }

    #[test]
    fn a_rate_shows_behind_the_wrap() {
        let wrap = 1_u64 << 33;
        assert_eq!(pace(|n| (wrap - 36_000 + n * 3_600) % wrap, 200), FrameRate::new(25, 1));
    }
}
