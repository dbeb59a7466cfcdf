//! The head of an AC-3 or E-AC-3 frame (ETSI TS 102 366, 4.3 and E.1.2).

use super::{Audio, AudioProfile};
use crate::bits::Bits;

const RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// Full channels by `acmod` (table 4.4); 0 is two of them, each a programme.
const CHANNELS: [u8; 8] = [2, 1, 2, 3, 3, 4, 4, 5];

/// The frame that begins `es`. Both codings have the number of their syntax in the same place.
pub(super) fn read(es: &[u8]) -> Option<Audio> {
    if !es.starts_with(&[0x0B, 0x77]) {
        return None;
    }
    match es.get(5)? >> 3 {
        ..=10 => plain(&mut Bits::new(es)),
        11..=16 => enhanced(&mut Bits::new(es)),
        _ => None,
    }
}

fn plain(bits: &mut Bits<'_>) -> Option<Audio> {
    bits.skip(32)?;
    let rate = *RATES.get(usize::try_from(bits.take(2)?).ok()?)?;
    let frame_size = bits.take(6)?;
    let version = bits.take(5)?;
    let _mode = bits.take(3)?;
    let layout = bits.take(3)?;
    // Mix levels and the like, which depend on the layout.
    if layout & 1 == 1 && layout != 1 {
        bits.skip(2)?;
    }
    if layout & 4 != 0 {
        bits.skip(2)?;
    }
    if layout == 2 {
        bits.skip(2)?;
    }
    let channels = channels(layout, bits)?;
    // Versions 9 and 10 halve the rate, once and twice.
    let rate = rate >> version.saturating_sub(8);
    (frame_size < 38).then_some(Audio {
        profile: AudioProfile::Ac3,
        sample_rate: Some(rate),
        channels: Some(channels),
    })
}

fn enhanced(bits: &mut Bits<'_>) -> Option<Audio> {
    bits.skip(16)?;
    let kind = bits.take(2)?;
    bits.skip(3 + 11)?;
    let code = usize::try_from(bits.take(2)?).ok()?;
    let more = usize::try_from(bits.take(2)?).ok()?;
    // At the halved rates, which have no code of their own, `more` is the rate and no number of blocks.
    let rate = if code == 3 { RATES.get(more)? / 2 } else { *RATES.get(code)? };
    let layout = bits.take(3)?;
    let channels = channels(layout, bits)?;
    // A dependent substream has more channels of the one before it, and tells nothing alone.
    let whole = matches!(kind, 0 | 2);
    whole.then_some(Audio { profile: AudioProfile::Eac3, sample_rate: Some(rate), channels: Some(channels) })
}

fn channels(layout: u32, bits: &mut Bits<'_>) -> Option<u8> {
    let low_frequencies = u8::from(bits.flag()?);
    Some(CHANNELS.get(usize::try_from(layout).ok()?)? + low_frequencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio(profile: AudioProfile, rate: u32, channels: u8) -> Option<Audio> {
        Some(Audio { profile, sample_rate: Some(rate), channels: Some(channels) })
    }

    #[test]
    fn a_header_says_what_was_encoded() {
        // By FFmpeg's encoders.
        let plain = |bytes: &[u8], rate, channels| {
            assert_eq!(read(bytes), audio(AudioProfile::Ac3, rate, channels));
        };
        plain(&[0x0B, 0x77, 0xD0, 0xF8, 0x1E, 0x40, 0xEB, 0xF8], 48_000, 6);
        plain(&[0x0B, 0x77, 0xC2, 0xEA, 0x54, 0x40, 0x43, 0xE1], 44_100, 2);
        plain(&[0x0B, 0x77, 0x2F, 0xDE, 0x8C, 0x40, 0x2F, 0x84], 32_000, 1);
        let enhanced = |bytes: &[u8], channels| {
            assert_eq!(read(bytes), audio(AudioProfile::Eac3, 48_000, channels));
        };
        enhanced(&[0x0B, 0x77, 3, 0x7F, 0x3F, 0x87, 0xC0, 0], 6);
        enhanced(&[0x0B, 0x77, 1, 0x7F, 0x34, 0x87, 0xC0, 0], 2);
    }

    #[test]
    fn what_is_reserved_dependent_or_cut_is_no_header() {
        let whole = [0x0B, 0x77, 0xD0, 0xF8, 0x1E, 0x40, 0xEB];
        for len in 0..whole.len() {
            assert_eq!(read(&whole[..len]), None, "{len}");
        }
        assert_eq!(read(&[0x0B, 0x77, 0xD0, 0xF8, 0xDE, 0x40, 0xEB, 0xF8]), None, "the rate");
        assert_eq!(read(&[0x0B, 0x77, 0xD0, 0xF8, 0x1E, 0xC0, 0xEB, 0xF8]), None, "the version");
        assert_eq!(read(&[0x0B, 0x77, 0x43, 0x7F, 0x3F, 0x87, 0xC0, 0]), None, "a dependent substream");
    }
}
