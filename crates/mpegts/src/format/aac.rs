//! AAC in its two envelopes: ADTS frames and LATM (ISO/IEC 14496-3, 1.A.3.2 and 1.7).

use super::{Audio, AudioProfile};
use crate::bits::Bits;

/// Table 1.18.
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// An index that says that the rate follows in 24 bits.
const RATE_FOLLOWS: u32 = 15;

/// Low complexity and what may stand in front of it.
const BAND_REPLICATION: u8 = 5;
const PARAMETRIC_STEREO: u8 = 29;

/// The ADTS frame whose header begins `es`.
pub(super) fn adts(es: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(es.get(..7)?);
    let sync = bits.take(12)? == 0xFFF;
    let _version = bits.bit()?;
    let layer = bits.take(2)?;
    let _unprotected = bits.bit()?;
    let object = u8::try_from(bits.take(2)?).ok()? + 1;
    let rate = *RATES.get(usize::try_from(bits.take(4)?).ok()?)?;
    bits.skip(1)?;
    let channels = channels(bits.take(3)?);
    bits.skip(4)?;
    let length = bits.take(13)?;
    let likely = sync && layer == 0 && length > 7;
    likely.then_some(Audio { profile: AudioProfile::Aac(object), sample_rate: Some(rate), channels })
}

/// Table 1.19; 0 leaves it to a part of the frame that is not read here.
fn channels(configuration: u32) -> Option<u8> {
    match configuration {
        1..=6 => u8::try_from(configuration).ok(),
        7 | 12 | 14 => Some(8),
        11 => Some(7),
        13 => Some(24),
        _ => None,
    }
}

/// The LOAS frame (1.7.2) that begins `es`, if it says what it carries: not every one does.
pub(super) fn loas(es: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(es);
    if bits.take(11)? != 0x2B7 {
        return None;
    }
    let _length = bits.take(13)?;
    let same_as_before = bits.flag()?;
    if same_as_before { None } else { mux_config(&mut bits) }
}

/// `StreamMuxConfig` as far as the first layer's configuration.
fn mux_config(bits: &mut Bits<'_>) -> Option<Audio> {
    let version = bits.bit()?;
    if version == 1 {
        let reserved = bits.flag()?;
        if reserved {
            return None;
        }
        latm_value(bits)?;
    }
    let _same_framing = bits.bit()?;
    // How many more frames, programs, and layers there are.
    bits.skip(6 + 4 + 3)?;
    if version == 1 {
        latm_value(bits)?;
    }
    audio_config(bits)
}

fn latm_value(bits: &mut Bits<'_>) -> Option<()> {
    let bytes = bits.take(2)? + 1;
    bits.skip(usize::try_from(bytes * 8).ok()?)
}

/// `AudioSpecificConfig` (1.6.2.1) as far as it names the object, its rate and channels.
fn audio_config(bits: &mut Bits<'_>) -> Option<Audio> {
    let object = object_type(bits)?;
    let mut rate = sample_rate(bits)?;
    let channels = channels(bits.take(4)?);
    if matches!(object, BAND_REPLICATION | PARAMETRIC_STEREO) {
        rate = sample_rate(bits)?;
    }
    // One channel and what spreads it over two.
    let channels = if object == PARAMETRIC_STEREO { Some(2) } else { channels };
    (object > 0).then_some(Audio { profile: AudioProfile::Aac(object), sample_rate: Some(rate), channels })
}

fn object_type(bits: &mut Bits<'_>) -> Option<u8> {
    const ESCAPE: u32 = 31;
    let object = match bits.take(5)? {
        ESCAPE => 32 + bits.take(6)?,
        object => object,
    };
    u8::try_from(object).ok()
}

fn sample_rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(4)? {
        RATE_FOLLOWS => bits.take(24),
        index => RATES.get(usize::try_from(index).ok()?).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By FFmpeg's encoder.
    const STEREO: [u8; 8] = [0xFF, 0xF1, 0x50, 0x80, 0x2B, 0x3F, 0xFC, 0xDE];
    const SURROUND: [u8; 8] = [0xFF, 0xF1, 0x4D, 0x80, 0x2F, 0x3F, 0xFC, 0xDE];
    const LATM: [u8; 16] =
        [0x56, 0xE1, 0x37, 0x20, 0, 0x11, 0x90, 0x1F, 0xE7, 0xF9, 0x86, 0xF0, 0x10, 2, 0x63, 0x0B];

    fn audio(object: u8, rate: u32, channels: u8) -> Option<Audio> {
        Some(Audio { profile: AudioProfile::Aac(object), sample_rate: Some(rate), channels: Some(channels) })
    }

    #[test]
    fn a_header_says_what_was_encoded() {
        assert_eq!(adts(&STEREO), audio(2, 44_100, 2));
        assert_eq!(adts(&SURROUND), audio(2, 48_000, 6));
        assert_eq!(loas(&LATM), audio(2, 48_000, 2));
    }

    #[test]
    fn a_header_cut_anywhere_is_whole_or_none() {
        for len in 0..8 {
            assert_eq!(adts(&STEREO[..len]), audio(2, 44_100, 2).filter(|_| len >= 7), "{len}");
            assert_eq!(loas(&LATM[..len]), audio(2, 48_000, 2).filter(|_| len >= 7), "{len}");
        }
    }

    #[test]
    fn high_efficiency_is_told_where_it_is_announced() {
        // Object 5: 24 kHz twice 2 channels, comes out at 48 kHz, of object 2. Object 29 has one channel and makes two.
        let announced = |object: u8, channels: u8| {
            let bits = u64::from(object) << 59 | 6 << 55 | u64::from(channels) << 51 | 3 << 47 | 2 << 42;
            audio_config(&mut Bits::new(&bits.to_be_bytes()))
        };
        assert_eq!(announced(5, 2), audio(5, 48_000, 2));
        assert_eq!(announced(29, 1), audio(29, 48_000, 2));
        assert_eq!(announced(0, 1), None);
    }
}
