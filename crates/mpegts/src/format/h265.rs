//! The parameter sets of H.265 (ISO/IEC 23008-2, 7.3.2 and E.2.1).

use super::{FrameRate, LONGEST, Video, VideoProfile, h264::picture_description};
use crate::{
    bits::{Bits, unescaped},
    probe::Units,
};

/// What a decoder of H.265 has to know: `profile_tier_level` (7.4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct H265Profile {
    /// `general_profile_space`.
    pub space: u8,
    /// `general_tier_flag`.
    pub high_tier: bool,
    /// `general_profile_idc`.
    pub profile: u8,
    /// `general_profile_compatibility_flag`, that of profile 0 in the highest bit.
    pub compatibility: u32,
    /// The 48 bits from `general_progressive_source_flag` on.
    pub constraints: [u8; 6],
    /// `general_level_idc`: thirty times the level.
    pub level: u8,
}

const VIDEO_SET: u8 = 32;
const SEQUENCE_SET: u8 = 33;
/// The most that 7.4.3.2.1 allows.
const MAX_REFERENCE_SETS: u32 = 64;
/// So many pictures a reference picture set has at most (7.4.8).
const MAX_REFERENCES: u32 = 16;

/// What the first sequence parameter set in `es` describes, and its video parameter set where that alone knows.
pub(super) fn read(es: &[u8]) -> Option<Video> {
    let mut video = sequence(&mut Bits::new(&set(es, SEQUENCE_SET)?))?;
    video.frame_rate = video.frame_rate.or_else(|| video_timing(&mut Bits::new(&set(es, VIDEO_SET)?)));
    Some(video)
}

fn set(es: &[u8], kind: u8) -> Option<Vec<u8>> {
    let is_it = |header: &u8| header >> 1 & 0x3F == kind;
    let unit = Units::new(es).find(|unit| unit.bytes.first().is_some_and(is_it))?;
    Some(unescaped(unit.bytes.get(2..)?, LONGEST))
}

fn sequence(bits: &mut Bits<'_>) -> Option<Video> {
    bits.skip(4)?;
    let more_layers = bits.take(3)?;
    bits.skip(1)?;
    let profile = profile_tier_level(bits, more_layers)?;
    let _id = bits.exp_golomb()?;
    let mut chroma = bits.exp_golomb()?;
    if chroma == 3 && bits.flag()? {
        chroma = 0;
    }
    let (width, height) = (bits.exp_golomb()?, bits.exp_golomb()?);
    let (cut_width, cut_height) = conformance_window(bits, chroma)?;
    let interlaced_only = profile.constraints[0] & 0xC0 == 0x40;
    let usability = usability(bits, more_layers);
    Some(Video {
        profile: VideoProfile::H265(profile),
        width: width.checked_sub(cut_width)?,
        height: height.checked_sub(cut_height)?,
        frame_rate: usability.as_ref().and_then(|it| it.frame_rate),
        interlaced: interlaced_only || usability.is_some_and(|it| it.fields),
    })
}

/// 7.3.3
fn profile_tier_level(bits: &mut Bits<'_>, more_layers: u32) -> Option<H265Profile> {
    let space = u8::try_from(bits.take(2)?).ok()?;
    let high_tier = bits.flag()?;
    let profile = u8::try_from(bits.take(5)?).ok()?;
    let compatibility = bits.take(32)?;
    let mut constraints = [0; 6];
    for byte in &mut constraints {
        *byte = bits.byte()?;
    }
    let level = bits.byte()?;
    sub_layers(bits, more_layers)?;
    Some(H265Profile { space, high_tier, profile, compatibility, constraints, level })
}

fn sub_layers(bits: &mut Bits<'_>, count: u32) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    // Two flags each, as if there were always eight.
    let flags = bits.take(16)?;
    for layer in 0..count {
        let profile = flags >> (15 - 2 * layer) & 1 == 1;
        let level = flags >> (14 - 2 * layer) & 1 == 1;
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Some(())
}

/// How many pixels a line and lines are not shown.
fn conformance_window(bits: &mut Bits<'_>, chroma: u32) -> Option<(u32, u32)> {
    if !bits.flag()? {
        return Some((0, 0));
    }
    let mut sum = || bits.exp_golomb()?.checked_add(bits.exp_golomb()?);
    let (across, down) = (sum()?, sum()?);
    let unit_across = if matches!(chroma, 1 | 2) { 2 } else { 1 };
    let unit_down = if chroma == 1 { 2 } else { 1 };
    Some((across.checked_mul(unit_across)?, down.checked_mul(unit_down)?))
}

/// What the usability information says.
#[derive(Debug)]
struct Usability {
    fields: bool,
    frame_rate: Option<FrameRate>,
}

/// All that stands between the size and the usability information, and that.
fn usability(bits: &mut Bits<'_>, more_layers: u32) -> Option<Usability> {
    // Depths of luma and chroma.
    bits.skip_exp_golomb(2)?;
    let order_bits = bits.exp_golomb()?.checked_add(4).filter(|bits| *bits <= 16)?;
    ordering(bits, more_layers)?;
    // Sizes of blocks.
    bits.skip_exp_golomb(6)?;
    if bits.flag()? && bits.flag()? {
        scaling_lists(bits)?;
    }
    // Partitions, offsets.
    bits.skip(2)?;
    if bits.flag()? {
        // Samples as they are: their depths, block sizes, filter.
        bits.skip(8)?;
        bits.skip_exp_golomb(2)?;
        bits.skip(1)?;
    }
    reference_sets(bits)?;
    if bits.flag()? {
        let count = bits.exp_golomb()?.min(33);
        bits.skip(usize::try_from(count * (order_bits + 1)).ok()?)?;
    }
    // Motion prediction, smoothing.
    bits.skip(2)?;
    if !bits.flag()? {
        return None;
    }
    picture_description(bits)?;
    bits.skip(1)?;
    let fields = bits.flag()?;
    bits.skip(1)?;
    if bits.flag()? {
        // The window to display.
        bits.skip_exp_golomb(4)?;
    }
    Some(Usability { fields, frame_rate: timing(bits) })
}

/// `sub_layer_ordering_info`.
fn ordering(bits: &mut Bits<'_>, more_layers: u32) -> Option<()> {
    let each = bits.flag()?;
    bits.skip_exp_golomb(3 * if each { more_layers + 1 } else { 1 })
}

/// 7.3.4
fn scaling_lists(bits: &mut Bits<'_>) -> Option<()> {
    for size in 0..4 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.flag()? {
                let _copied_from = bits.exp_golomb()?;
                continue;
            }
            let coefficients = 64.min(1 << (4 + 2 * size));
            bits.skip_exp_golomb(coefficients + u32::from(size > 1))?;
        }
    }
    Some(())
}

/// 7.3.7: what matters is how many pictures a set has, since the next may be written as a difference.
fn reference_sets(bits: &mut Bits<'_>) -> Option<()> {
    let count = bits.exp_golomb().filter(|count| *count <= MAX_REFERENCE_SETS)?;
    let mut before = 0;
    for set in 0..count {
        before = if set > 0 && bits.flag()? { predicted(bits, before)? } else { written(bits)? };
    }
    Some(())
}

fn written(bits: &mut Bits<'_>) -> Option<u32> {
    let count = bits.exp_golomb()?.checked_add(bits.exp_golomb()?)?;
    for _ in 0..Some(count).filter(|count| *count <= MAX_REFERENCES)? {
        bits.skip_exp_golomb(1)?;
        bits.skip(1)?;
    }
    Some(count)
}

fn predicted(bits: &mut Bits<'_>, before: u32) -> Option<u32> {
    bits.skip(1)?;
    bits.skip_exp_golomb(1)?;
    let mut count = 0;
    for _ in 0..=before {
        let used = bits.flag()?;
        if used || bits.flag()? {
            count += 1;
        }
    }
    Some(count).filter(|count| *count <= MAX_REFERENCES)
}

/// The video parameter set (7.3.2.1) as far as its timing.
fn video_timing(bits: &mut Bits<'_>) -> Option<FrameRate> {
    bits.skip(12)?;
    let more_layers = bits.take(3)?;
    bits.skip(17)?;
    profile_tier_level(bits, more_layers)?;
    ordering(bits, more_layers)?;
    let layers = usize::try_from(bits.take(6)?).ok()? + 1;
    let sets = usize::try_from(bits.exp_golomb()?).ok()?;
    bits.skip(layers.checked_mul(sets)?)?;
    timing(bits)
}

fn timing(bits: &mut Bits<'_>) -> Option<FrameRate> {
    if !bits.flag()? {
        return None;
    }
    let (tick, scale) = (bits.take(32)?, bits.take(32)?);
    FrameRate::new(scale, tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        video_set: &'static [u8],
        sequence_set: &'static [u8],
        name: &'static str,
        size: [u32; 2],
        rate: (u32, u32),
        interlaced: bool,
    }

    /// Our own encodes by x265, each with what was asked for.
    const CASES: [Case; 4] = [
        Case {
            video_set: &[
                0x40, 1, 0x0C, 1, 0xFF, 0xFF, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x5D, 0x95,
                0x94, 9,
            ],
            sequence_set: &[
                0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x5D, 0xA0, 7, 0x42, 0, 0xAC,
                0x71, 0x15, 0x96, 0x56, 0x54, 0xA4, 0xC2, 0xF0, 0x16, 0x80, 0x80, 0, 0, 3, 0, 0x80, 0, 0,
                0x0C, 0x84,
            ],
            name: "hvc1.1.6.L93.90",
            size: [914, 686],
            rate: (25, 1),
            interlaced: false,
        },
        // Ten bits, high tier, two temporal layers, scaling lists, a description of its colours.
        Case {
            video_set: &[
                0x40, 1, 0x0C, 2, 0xFF, 0xFF, 0x22, 0x20, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x99, 0, 0,
                0x95, 0x94, 0xAC, 0xA0, 0x48,
            ],
            sequence_set: &[
                0x42, 1, 2, 0x22, 0x20, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x99, 0, 0, 0xA0, 3, 0xC0,
                0x80, 0x11, 7, 0xCA, 0xD9, 0x65, 0x65, 0x2B, 0x2A, 0x52, 0x70, 0xBC, 5, 0xA8, 0x48, 0x90,
                0x48, 0x20, 0, 0, 3, 0, 0x20, 0, 0, 6, 0x41,
            ],
            name: "hvc1.2.4.H153.90",
            size: [1920, 1080],
            rate: (50, 1),
            interlaced: false,
        },
        // Interlaced.
        Case {
            video_set: &[
                0x40, 1, 0x0C, 1, 0xFF, 0xFF, 1, 0x60, 0, 0, 3, 0, 0x40, 0, 0, 3, 0, 0, 3, 0, 0x5A, 0x95,
                0x94, 9,
            ],
            sequence_set: &[
                0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x40, 0, 0, 3, 0, 0, 3, 0, 0x5A, 0xA0, 5, 0xA2, 0, 0x90,
                0x59, 0x65, 0x65, 0x4A, 0x4C, 0x2F, 1, 0x68, 0x68, 0, 0, 3, 0, 8, 0, 0, 3, 0, 0xC8, 0x40,
            ],
            name: "hvc1.1.6.L90.40",
            size: [720, 576],
            rate: (25, 1),
            interlaced: true,
        },
        Case {
            video_set: &[
                0x40, 1, 0x0C, 1, 0xFF, 0xFF, 4, 8, 0, 0, 3, 0, 0x9E, 8, 0, 0, 3, 0, 0, 0x1E, 0x95, 0x98, 9,
            ],
            sequence_set: &[
                0x42, 1, 1, 4, 8, 0, 0, 3, 0, 0x9E, 8, 0, 0, 3, 0, 0, 0x1E, 0x90, 5, 0x10, 0x20, 0xB2, 0xCA,
                0xCC, 0x94, 0x98, 0x5E, 2, 0xD0, 0x10, 0, 0, 0x3E, 0x90, 0, 7, 0x53, 0, 0x80,
            ],
            name: "hvc1.4.10.L30.9E.8",
            size: [80, 64],
            rate: (30_000, 1_001),
            interlaced: false,
        },
    ];

    fn es(sets: &[&[u8]]) -> Vec<u8> {
        sets.iter().flat_map(|set| [&[0, 0, 0, 1], *set].concat()).collect()
    }

    #[test]
    fn a_parameter_set_says_what_was_encoded() {
        for case in CASES {
            let video = read(&es(&[case.video_set, case.sequence_set])).unwrap();

            assert_eq!(crate::Format::Video(video).rfc6381(), case.name);
            let (frames, seconds) = case.rate;
            assert_eq!(
                ([video.width, video.height], video.frame_rate),
                (case.size, FrameRate::new(frames, seconds)),
                "{}",
                case.name
            );
            assert_eq!(video.interlaced, case.interlaced);
        }
    }

    #[test]
    fn one_cut_anywhere_says_the_same_less_its_end_or_nothing() {
        for case in CASES {
            let whole = read(&es(&[case.sequence_set])).unwrap();
            for len in 0..case.sequence_set.len() {
                let cut = read(&es(&[&case.sequence_set[..len]]));
                let same = |cut: Video| {
                    (cut.profile, cut.width, cut.height) == (whole.profile, whole.width, whole.height)
                        && [None, whole.frame_rate].contains(&cut.frame_rate)
                };
                assert!(cut.is_none_or(same), "{len}: {cut:?}");
            }
        }
    }

    #[test]
    fn the_video_parameter_set_tells_the_rate_where_the_other_does_not() {
        // That of the first case, with 25 pictures a second written into it.
        let head = CASES[0].video_set.split_at(21).0;
        let tail = [0x95, 0x94, 0x0C, 0, 0, 3, 0, 4, 0, 0, 3, 0, 0x66];
        let rateless = &CASES[0].sequence_set[..30];

        let video = read(&es(&[&[head, &tail].concat(), rateless])).unwrap();

        assert_eq!(video.frame_rate, FrameRate::new(25, 1));
    }
}
