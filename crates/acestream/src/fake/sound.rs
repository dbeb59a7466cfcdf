//! How long a sound stream goes on behind its last timestamp, so that a loop neither overlaps nor lags.

/// Estimates longer than this, in 1/90 000 s, are none: the stream is no steady sound.
const LONGEST: i64 = 45_000;

/// Sampling rates by their index in ADTS (ISO/IEC 14496-3, table 1.18).
const RATES: [i64; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

/// The payload of a stream's PES packets, the last one kept.
#[derive(Debug, Default)]
pub(super) struct Sound {
    before: u64,
    last: Vec<u8>,
}

impl Sound {
    /// A PES packet begins with `data`.
    pub(super) fn begin(&mut self, data: &[u8]) {
        self.before += self.last.len() as u64;
        self.last.clear();
        self.last.extend_from_slice(data);
    }

    /// The PES packet goes on with `data`.
    pub(super) fn go_on(&mut self, data: &[u8]) {
        self.last.extend_from_slice(data);
    }

    /// The length of the last PES packet in 1/90 000 s, when those before lasted `elapsed`.
    ///
    /// Exact for AAC in ADTS; for others by its share of bytes, which is exact where the bit rate is constant.
    pub(super) fn last_length(&self, elapsed: i64) -> i64 {
        adts_length(&self.last).unwrap_or_else(|| self.estimate(elapsed))
    }

    fn estimate(&self, elapsed: i64) -> i64 {
        let (last, before) = (i128::from(self.last.len() as u64), i128::from(self.before));
        let length = if before == 0 { 0 } else { (last * i128::from(elapsed) + before - 1) / before };
        i64::try_from(length).ok().filter(|length| (0..=LONGEST).contains(length)).unwrap_or_default()
    }
}

fn adts_length(bytes: &[u8]) -> Option<i64> {
    let mut samples_by_rate = 0;
    let mut rest = bytes;
    let mut rate = None;
    while let &[0xFF, sync, kind, a, b, c, d, ..] = rest {
        if sync & 0xF6 != 0xF0 {
            break;
        }
        rate = RATES.get(usize::from(kind >> 2 & 0x0F));
        samples_by_rate += 1024 * (i64::from(d & 3) + 1);
        let length = usize::from(a & 3) << 11 | usize::from(b) << 3 | usize::from(c >> 5);
        rest = rest.get(length.max(7)..).unwrap_or_default();
    }
    rate.map(|rate| (samples_by_rate * 90_000 + rate - 1) / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 11] = [0xFF, 0xF1, 0x4C, 0x40, 0x01, 0x7F, 0xFC, 0, 0, 0, 7];

    #[test]
    fn frames_of_adts_are_counted() {
        let mut sound = Sound::default();

        sound.begin(&[0; 100]);
        sound.begin(&FRAME);
        sound.go_on(&FRAME.repeat(3));

        assert_eq!(sound.last_length(90_000), 4 * 1920);
    }

    #[test]
    fn other_sound_lasts_as_long_as_its_share_of_bytes() {
        let mut sound = Sound::default();

        sound.begin(&[0; 900]);
        sound.begin(&[0; 100]);

        assert_eq!(sound.last_length(90_000), 10_000);
        assert_eq!(sound.last_length(900_000), 0);
        assert_eq!(Sound::default().last_length(90_000), 0);
    }
}
