//! The frame header of MPEG audio (ISO/IEC 11172-3, 2.4.2.3, and 13818-3, 2.4.2.3).

use super::{Audio, AudioProfile};
use crate::bits::Bits;

/// Of MPEG-1; MPEG-2 halves them, its extension to low rates halves them again.
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// The frame that begins `es`.
pub(super) fn read(es: &[u8]) -> Option<Audio> {
    let mut bits = Bits::new(es.get(..4)?);
    if bits.take(11)? != 0x7FF {
        return None;
    }
    let divisor = match bits.take(2)? {
        3 => 1,
        2 => 2,
        0 => 4,
        _ => return None,
    };
    let layer = match bits.take(2)? {
        0 => return None,
        code => u8::try_from(4 - code).ok()?,
    };
    let _unprotected = bits.bit()?;
    let bit_rate = bits.take(4)?;
    let rate = RATES.get(usize::try_from(bits.take(2)?).ok()?)? / divisor;
    bits.skip(2)?;
    let channels = if bits.take(2)? == 3 { 1 } else { 2 };
    let profile = AudioProfile::MpegAudio(layer);
    (bit_rate != 15).then_some(Audio { profile, sample_rate: Some(rate), channels: Some(channels) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_was_encoded() {
        let audio = |layer, rate, channels| {
            let profile = AudioProfile::MpegAudio(layer);
            Some(Audio { profile, sample_rate: Some(rate), channels: Some(channels) })
        };
        // By FFmpeg's encoder and by LAME.
        assert_eq!(read(&[0xFF, 0xFD, 0xE4, 4]), audio(2, 48_000, 2));
        assert_eq!(read(&[0xFF, 0xF3, 0x40, 0xC4]), audio(3, 22_050, 1));
    }

    #[test]
    fn what_is_reserved_or_cut_is_no_header() {
        for bytes in
            [[0xFF, 0xEB, 0x40, 0], [0xFF, 0xF9, 0x40, 0], [0xFF, 0xFD, 0xF4, 0], [0xFF, 0xFD, 0x4C, 0]]
        {
            assert_eq!(read(&bytes), None, "{bytes:02x?}");
        }
        assert_eq!(read(&[0xFF, 0xFD, 0xE4]), None);
    }
}
