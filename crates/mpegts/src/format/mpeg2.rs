//! The sequence header of MPEG-2 video and its extension (ISO/IEC 13818-2, 6.2.2.1 and 6.2.2.3).

use super::{FrameRate, Video, VideoProfile};
use crate::{bits::Bits, probe::Units};

const HEADER: u8 = 0xB3;
const EXTENSION: u8 = 0xB5;
const SEQUENCE_EXTENSION: u8 = 1;

/// What the first sequence header in `es` describes; one without an extension behind it is of MPEG-1.
pub(super) fn read(es: &[u8]) -> Option<Video> {
    let mut units = Units::new(es).skip_while(|unit| unit.bytes.first() != Some(&HEADER));
    let header = header(units.next()?.bytes.get(1..)?)?;
    let is_it = |bytes: &[u8]| matches!(bytes, [EXTENSION, kind, ..] if kind >> 4 == SEQUENCE_EXTENSION);
    match units.find(|unit| is_it(unit.bytes)) {
        Some(unit) => extended(header, &mut Bits::new(unit.bytes.get(1..)?)),
        None => Some(header.video(VideoProfile::Mpeg1, false)),
    }
}

struct Header {
    width: u32,
    height: u32,
    frames: u32,
    seconds: u32,
}

impl Header {
    fn video(self, profile: VideoProfile, interlaced: bool) -> Video {
        let frame_rate = FrameRate::new(self.frames, self.seconds);
        Video { profile, width: self.width, height: self.height, frame_rate, interlaced }
    }
}

fn header(bytes: &[u8]) -> Option<Header> {
    let mut bits = Bits::new(bytes);
    let (width, height) = (bits.take(12)?, bits.take(12)?);
    bits.skip(4)?;
    let (frames, seconds) = rate(bits.take(4)?);
    Some(Header { width, height, frames, seconds })
}

/// Table 6-4; none is a division by zero, which is no rate.
fn rate(code: u32) -> (u32, u32) {
    match code {
        1 => (24_000, 1_001),
        2 => (24, 1),
        3 => (25, 1),
        4 => (30_000, 1_001),
        5 => (30, 1),
        6 => (50, 1),
        7 => (60_000, 1_001),
        8 => (60, 1),
        _ => (0, 0),
    }
}

fn extended(mut header: Header, bits: &mut Bits<'_>) -> Option<Video> {
    bits.skip(4)?;
    let profile = bits.byte()?;
    let progressive = bits.flag()?;
    let _chroma = bits.take(2)?;
    header.width |= bits.take(2)? << 12;
    header.height |= bits.take(2)? << 12;
    // Bit rate, marker, buffer size, low delay.
    bits.skip(12 + 1 + 8 + 1)?;
    header.frames *= bits.take(2)? + 1;
    header.seconds *= bits.take(5)? + 1;
    Some(header.video(VideoProfile::Mpeg2(profile), !progressive))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[u8] =
        &[0, 0, 1, 0xB3, 0x2D, 2, 0x40, 0x13, 0xFF, 0xFF, 0xE0, 0x18, 0, 0, 1, 0xB5, 0x14, 0x82, 0, 1, 0, 0];
    const FILM: &[u8] =
        &[0, 0, 1, 0xB3, 0x78, 4, 0x38, 0x31, 0xFF, 0xFF, 0xE0, 0x18, 0, 0, 1, 0xB5, 0x14, 0x4A, 0, 1, 0, 0];
    const MPEG1: &[u8] =
        &[0, 0, 1, 0xB3, 0x16, 1, 0x20, 0x13, 0xFF, 0xFF, 0xE0, 0x18, 0, 0, 1, 0xB8, 0, 8, 0, 0x40];

    fn video(profile: VideoProfile, size: [u32; 2], rate: (u32, u32), interlaced: bool) -> Option<Video> {
        let frame_rate = FrameRate::new(rate.0, rate.1);
        Some(Video { profile, width: size[0], height: size[1], frame_rate, interlaced })
    }

    #[test]
    fn a_sequence_header_says_what_was_encoded() {
        assert_eq!(read(FIELDS), video(VideoProfile::Mpeg2(0x48), [720, 576], (25, 1), true));
        assert_eq!(read(FILM), video(VideoProfile::Mpeg2(0x44), [1920, 1080], (24_000, 1_001), false));
        assert_eq!(read(MPEG1), video(VideoProfile::Mpeg1, [352, 288], (25, 1), false));
    }

    #[test]
    fn a_sequence_header_cut_anywhere_has_the_size_or_is_none() {
        for len in 0..FIELDS.len() {
            let cut = read(&FIELDS[..len]);
            assert!(cut.is_none_or(|cut| (cut.width, cut.height) == (720, 576)), "{len}: {cut:?}");
        }
    }
}
