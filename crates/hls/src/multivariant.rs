//! The text of a multivariant playlist (RFC 8216bis, 4.4.6): what a player must know before it fetches media.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use mpegts::{Format, Video};

use crate::{Segment, Window};

/// A multivariant playlist whose one variant is the media playlist at `uri`, which lists the segments of `window`.
///
/// `formats` are those of the tracks in the segments, video first, `None` where it is not known yet. What is not
/// known is left out: `CODECS` with a single name missing, since it has to name every format (4.4.6.2).
///
/// There is no `EXT-X-INDEPENDENT-SEGMENTS`: a segment that begins without random access may come any time. Nor
/// is there an `EXT-X-VERSION`: nothing in here needs one (section 8).
#[must_use]
pub fn multivariant(window: &Window, formats: &[Option<Format>], uri: &str) -> String {
    let mut text = String::with_capacity(256);
    write(&mut text, window, formats, uri).expect("a String takes everything");
    text
}

fn write(text: &mut String, window: &Window, formats: &[Option<Format>], uri: &str) -> fmt::Result {
    // Parts can be played before there is a whole segment.
    let growing = window.unfinished().filter(|_| window.is_empty());
    let segments: Vec<Piece> =
        window.listed().chain(growing).map(|segment| Piece::from(&**segment)).collect();
    let average = rate(&segments);
    let peak = bandwidth(&segments, window.target_duration());
    write!(text, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH={peak}")?;
    if average > 0 {
        write!(text, ",AVERAGE-BANDWIDTH={average}")?;
    }
    if let Some(codecs) = codecs(formats) {
        write!(text, ",CODECS=\"{codecs}\"")?;
    }
    if let Some(video) = video(formats) {
        write!(text, ",RESOLUTION={}x{}", video.width, video.height)?;
        if let Some(rate) = video.frame_rate {
            write!(text, ",FRAME-RATE={:.3}", rate.per_second())?;
        }
    }
    writeln!(text, "\n{uri}")
}

fn video(formats: &[Option<Format>]) -> Option<&Video> {
    formats.iter().flatten().find_map(|format| match format {
        Format::Video(video) => Some(video),
        Format::Audio(_) => None,
    })
}

/// Every format's name, each once; none while one is not known.
fn codecs(formats: &[Option<Format>]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for format in formats {
        let name = format.as_ref()?.rfc6381();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(","))
}

/// What a segment weighs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) bytes: usize,
    pub(crate) duration: Duration,
}

impl From<&Segment> for Piece {
    fn from(segment: &Segment) -> Self {
        Self { bytes: segment.len(), duration: segment.duration }
    }
}

/// Bits a second of these segments together, rounded up.
fn rate(pieces: &[Piece]) -> u64 {
    let bytes: usize = pieces.iter().map(|piece| piece.bytes).sum();
    let duration: Duration = pieces.iter().map(|piece| piece.duration).sum();
    let nanoseconds = duration.as_nanos().max(1);
    u64::try_from((bytes as u128 * 8_000_000_000).div_ceil(nanoseconds)).unwrap_or(u64::MAX)
}

/// `BANDWIDTH`: the peak, which is never below the average (4.4.6.2), though a segment can be in no row that counts.
fn bandwidth(pieces: &[Piece], target_duration: u32) -> u64 {
    peak(pieces, target_duration).unwrap_or(0).max(rate(pieces))
}

/// The peak segment bit rate: the largest of any segments in a row that together play 0.5 to 1.5 target durations.
/// None while there are no such segments.
pub(crate) fn peak(pieces: &[Piece], target_duration: u32) -> Option<u64> {
    let target = Duration::from_secs(target_duration.into());
    let runs = (0..pieces.len()).flat_map(|from| (from + 1..=pieces.len()).map(move |to| &pieces[from..to]));
    runs.filter(|run| {
        let duration: Duration = run.iter().map(|piece| piece.duration).sum();
        duration * 2 >= target && duration * 2 <= target * 3
    })
    .map(rate)
    .max()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mpegts::{Audio, AudioProfile, FrameRate, VideoProfile};

    use super::*;
    use crate::{Config, segmenter::Promise, validate};

    fn piece(milliseconds: u64, bytes: usize) -> Piece {
        Piece { bytes, duration: Duration::from_millis(milliseconds) }
    }

    fn window(segments: &[(u64, usize)]) -> Window {
        let config = Config::default();
        (1_000..).zip(segments).fold(Window::default(), |window, (number, &(seconds, len))| {
            let segment = Segment {
                number,
                duration: Duration::from_secs(seconds),
                discontinuity: false,
                independent: true,
                date: std::time::UNIX_EPOCH,
                extra: crate::Extra::default(),
                parts: vec![Arc::new(crate::Part::new(
                    Duration::from_secs(seconds),
                    true,
                    vec![vec![0; len].into()],
                ))],
            };
            window.with(Arc::new(segment), Promise { target_duration: 4, ..Promise::default() }, &config)
        })
    }

    const HIGH: VideoProfile = VideoProfile::H264 { profile: 100, constraints: 0, level: 40 };

    fn picture(frame_rate: Option<FrameRate>) -> Option<Format> {
        Some(Format::Video(Video { profile: HIGH, width: 1920, height: 1080, frame_rate, interlaced: true }))
    }

    fn sound(profile: AudioProfile) -> Option<Format> {
        Some(Format::Audio(Audio { profile, sample_rate: Some(48_000), channels: Some(2) }))
    }

    #[test]
    fn a_variant_says_all_that_is_known() {
        let window = window(&[(4, 1_000_000), (4, 2_000_000), (4, 1_500_000)]);
        let picture = picture(FrameRate::new(30_000, 1_001));
        let (aac, ac3) = (sound(AudioProfile::Aac(2)), sound(AudioProfile::Ac3));

        insta::assert_snapshot!(multivariant(&window, &[picture, aac, aac, ac3], "live.m3u8?profile=fast"), @r#"
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=4000000,AVERAGE-BANDWIDTH=3000000,CODECS="avc1.640028,mp4a.40.2,ac-3",RESOLUTION=1920x1080,FRAME-RATE=29.970
        live.m3u8?profile=fast
        "#);
    }

    #[test]
    fn the_validator_finds_nothing() {
        let window = window(&[(4, 1_000_000), (2, 2_000_000)]);
        let formats = [picture(FrameRate::new(25, 1)), sound(AudioProfile::Eac3)];

        assert_eq!(validate::multivariant(&multivariant(&window, &formats, "live.m3u8")), []);

        // Of what is not known, it says that it should be.
        let findings = validate::multivariant(&multivariant(&window, &[], "live.m3u8"));
        assert!(findings.iter().all(|found| found.severity == validate::Severity::Should), "{findings:?}");
    }

    #[test]
    fn a_stream_that_has_no_whole_segment_yet_has_the_bandwidth_of_its_parts() {
        let window = window(&[(1, 250_000)]);
        let growing = window.segment(1_000).cloned();
        let promise = Promise { target_duration: 4, part_target: Duration::from_secs(1) };
        let window = Window::default().growing(growing, promise);

        let text = multivariant(&window, &[picture(FrameRate::new(25, 1))], "live.m3u8?profile=fast");

        assert_eq!(validate::multivariant(&text), []);
        assert!(text.contains("BANDWIDTH=2000000,AVERAGE-BANDWIDTH=2000000,"), "{text}");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let window = window(&[(4, 1_000_000)]);

        insta::assert_snapshot!(multivariant(&window, &[picture(None), None], "live.m3u8"), @"
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=2000000,RESOLUTION=1920x1080
        live.m3u8
        ");
        insta::assert_snapshot!(multivariant(&window, &[], "live.m3u8"), @"
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=2000000
        live.m3u8
        ");
    }

    #[test]
    fn sound_alone_has_neither_size_nor_frames() {
        let window = window(&[(4, 64_000)]);

        insta::assert_snapshot!(multivariant(&window, &[sound(AudioProfile::MpegAudio(2))], "live.m3u8"), @r#"
        #EXTM3U
        #EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.33"
        live.m3u8
        "#);
    }

    #[test]
    fn the_peak_is_that_of_any_row_as_long_as_a_target_duration() {
        // One of a second is too short alone; with either neighbour it is not.
        let pieces = [piece(4_000, 4_000), piece(1_000, 9_000), piece(3_000, 3_000), piece(4_000, 2_000)];

        assert_eq!(peak(&pieces, 4), Some(8 * 12_000 / 4));
        assert_eq!(rate(&pieces), 8 * 18_000 / 12);
    }

    #[test]
    fn the_bandwidth_is_never_below_the_average() {
        // The one in the middle is too short alone, and too long with a neighbour.
        let pieces = [piece(4_400, 400), piece(1_800, 9_000), piece(4_400, 400)];

        assert_eq!(peak(&pieces, 4), Some(rate(&pieces[..1])));
        assert_eq!(bandwidth(&pieces, 4), rate(&pieces));
    }

    #[test]
    fn without_such_a_row_there_is_no_peak() {
        assert_eq!(peak(&[piece(1_000, 1_000)], 4), None);
        assert_eq!(peak(&[], 4), None);
        assert_eq!(rate(&[]), 0);
        assert_eq!(rate(&[piece(3, 1)]), 2_667);
    }
}
