//! The sequence parameter set of H.264 (ISO/IEC 14496-10, 7.3.2.1.1 and E.1.1).

use super::{FrameRate, LONGEST, Video, VideoProfile};
use crate::{
    bits::{Bits, unescaped},
    probe::Units,
};

/// What the first sequence parameter set in `es` describes.
pub(super) fn read(es: &[u8]) -> Option<Video> {
    let unit = Units::new(es).find(|unit| unit.bytes.first().is_some_and(|header| header & 0x1F == 7))?;
    sequence(&unescaped(unit.bytes.get(1..)?, LONGEST))
}

fn sequence(set: &[u8]) -> Option<Video> {
    let mut bits = Bits::new(set);
    let (profile, constraints, level) = (bits.byte()?, bits.byte()?, bits.byte()?);
    let _id = bits.exp_golomb()?;
    let chroma = if has_chroma_format(profile) { chroma(&mut bits)? } else { Chroma { format: 1 } };
    let _frame_num_bits = bits.exp_golomb()?;
    order_count(&mut bits)?;
    let _reference_frames = bits.exp_golomb()?;
    let _gaps_allowed = bits.bit()?;
    let (width, height) = (bits.exp_golomb()?.checked_add(1)?, bits.exp_golomb()?.checked_add(1)?);
    let interlaced = !bits.flag()?;
    if interlaced {
        let _adaptive = bits.bit()?;
    }
    let fields = if interlaced { 2 } else { 1 };
    let _direct_inference = bits.bit()?;
    let (cut_width, cut_height) = cropping(&mut bits, chroma)?;
    Some(Video {
        profile: VideoProfile::H264 { profile, constraints, level },
        width: width.checked_mul(16)?.checked_sub(cut_width)?,
        height: height.checked_mul(16 * fields)?.checked_sub(cut_height.checked_mul(fields)?)?,
        frame_rate: frame_rate(&mut bits),
        interlaced,
    })
}

/// `chroma_format_idc`; 0 also for three planes that are coded apart.
#[derive(Debug, Clone, Copy)]
struct Chroma {
    format: u32,
}

/// The profiles whose parameters say how colour is sampled.
fn has_chroma_format(profile: u8) -> bool {
    matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
}

fn chroma(bits: &mut Bits<'_>) -> Option<Chroma> {
    let mut format = bits.exp_golomb()?;
    let lists = if format == 3 { 12 } else { 8 };
    if format == 3 && bits.flag()? {
        format = 0;
    }
    let (_luma_depth, _chroma_depth, _bypass) = (bits.exp_golomb()?, bits.exp_golomb()?, bits.bit()?);
    if bits.flag()? {
        for list in 0..lists {
            if bits.flag()? {
                scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(Chroma { format })
}

/// 7.3.2.1.1.1
fn scaling_list(bits: &mut Bits<'_>, size: u32) -> Option<()> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.signed_exp_golomb()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

fn order_count(bits: &mut Bits<'_>) -> Option<()> {
    match bits.exp_golomb()? {
        0 => bits.skip_exp_golomb(1),
        1 => {
            bits.skip(1)?;
            bits.skip_exp_golomb(2)?;
            let cycle = bits.exp_golomb()?;
            bits.skip_exp_golomb(cycle)
        }
        _ => Some(()),
    }
}

/// How many pixels a line and lines a field are not shown.
fn cropping(bits: &mut Bits<'_>, chroma: Chroma) -> Option<(u32, u32)> {
    if !bits.flag()? {
        return Some((0, 0));
    }
    let mut sum = || bits.exp_golomb()?.checked_add(bits.exp_golomb()?);
    let (across, down) = (sum()?, sum()?);
    let unit_across = if matches!(chroma.format, 1 | 2) { 2 } else { 1 };
    let unit_down = if chroma.format == 1 { 2 } else { 1 };
    Some((across.checked_mul(unit_across)?, down.checked_mul(unit_down)?))
}

/// Half of the field rate in the usability information.
fn frame_rate(bits: &mut Bits<'_>) -> Option<FrameRate> {
    if !bits.flag()? {
        return None;
    }
    picture_description(bits)?;
    if !bits.flag()? {
        return None;
    }
    let (tick, scale) = (bits.take(32)?, bits.take(32)?);
    FrameRate::new(scale, tick.checked_mul(2)?)
}

/// What usability information (E.1.1) says of a picture, the same in H.264 and H.265.
pub(super) fn picture_description(bits: &mut Bits<'_>) -> Option<()> {
    const EXTENDED_ASPECT: u8 = 255;
    if bits.flag()? && bits.byte()? == EXTENDED_ASPECT {
        bits.skip(32)?;
    }
    if bits.flag()? {
        let _overscan = bits.bit()?;
    }
    if bits.flag()? {
        bits.skip(4)?;
        if bits.flag()? {
            bits.skip(24)?;
        }
    }
    if bits.flag()? {
        bits.skip_exp_golomb(2)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Our own encodes by x264, each with what was asked for: profile, constraints, level; size; frame rate;
    /// interlaced.
    type Case = (&'static [u8], [u8; 3], [u32; 2], (u32, u32), bool);
    const CASES: [Case; 5] = [
        // Cropped.
        (
            &[
                0x67, 0x64, 0, 0x29, 0xAC, 0xD9, 0x40, 0x78, 2, 0x27, 0xE5, 0xC0, 0x44, 0, 0, 0x0F, 0xA4, 0,
                3, 0xA9, 0x80, 0x3C, 0x60, 0xC6, 0x58,
            ],
            [100, 0, 41],
            [1920, 1080],
            (30_000, 1_001),
            false,
        ),
        // Interlaced, with an aspect ratio.
        (
            &[
                0x67, 0x4D, 0x40, 0x1E, 0xEC, 0xA0, 0x5A, 0x12, 0x6F, 0xFC, 1, 0, 0, 0xB4, 0x40, 0, 0, 3, 0,
                0x40, 0, 0, 0x0C, 0x87, 0xC5, 0x0A, 0x65, 0x80,
            ],
            [77, 0x40, 30],
            [720, 576],
            (25, 1),
            true,
        ),
        (
            &[
                0x67, 0x42, 0xC0, 0x0C, 0xD9, 1, 0x41, 0xFE, 0x49, 0x30, 0x11, 0, 0, 3, 0, 1, 0, 0, 3, 0,
                0x1E, 0x0F, 0x14, 0x2A, 0x48,
            ],
            [66, 0xC0, 12],
            [314, 234],
            (15, 1),
            false,
        ),
        // 4:2:2, whose cropping counts lines one by one, with scaling lists.
        (
            &[
                0x67, 0x7A, 0, 0x1F, 0xB6, 0xCD, 0x94, 0x0A, 0x42, 0xFE, 0x22, 0x7C, 4, 0x40, 0, 0, 3, 0,
                0x40, 0, 0, 0x19, 3, 0xC6, 0x0C, 0x65, 0x80,
            ],
            [122, 0, 31],
            [642, 362],
            (50, 1),
            false,
        ),
        // 4:4:4, with a description of its colours.
        (
            &[
                0x67, 0xF4, 0, 0x0A, 0x91, 0x9B, 0x28, 0xA4, 0xFC, 0xB8, 0x0B, 0x50, 0x10, 0x10, 0x14, 0, 0,
                3, 0, 4, 0, 0, 3, 0, 0xC0, 0x3C, 0x48, 0x96, 0x58,
            ],
            [244, 0, 10],
            [80, 60],
            (24, 1),
            false,
        ),
    ];

    fn es(set: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1], set].concat()
    }

    #[test]
    fn a_parameter_set_says_what_was_encoded() {
        for (set, [profile, constraints, level], [width, height], (frames, seconds), interlaced) in CASES {
            let expected = Video {
                profile: VideoProfile::H264 { profile, constraints, level },
                width,
                height,
                frame_rate: FrameRate::new(frames, seconds),
                interlaced,
            };
            assert_eq!(read(&es(set)), Some(expected));
        }
    }

    #[test]
    fn one_cut_anywhere_says_the_same_less_the_rate_or_nothing() {
        for (set, ..) in CASES {
            let whole = read(&es(set)).unwrap();
            for len in 0..set.len() {
                let cut = read(&es(&set[..len]));
                let less = Video { frame_rate: None, ..whole };
                assert!([None, Some(less), Some(whole)].contains(&cut), "{len}: {cut:?}");
            }
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_none() {
        // One macroblock, of whose 16 pixels a line 18 are cut.
        let cropped = [0x67, 66, 0, 10, 0b1101_1101, 0b1101_0001, 0b0101_1100];
        assert_eq!(read(&es(&cropped)), None);
        assert_eq!(read(&es(&[0x67, 66, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), None);
    }
}
