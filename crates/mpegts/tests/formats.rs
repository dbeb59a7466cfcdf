//! What tracks are, as their headers say, compared with what FFmpeg reads in the same streams.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use mpegts::{
    Audio, AudioProfile, Codec, Demuxer, Format, FrameRate, Pid, Ticks, Video, VideoProfile,
    testing::{AUDIO, Muxer, VIDEO},
};
use proptest::prelude::*;

/// What one program says of one track, by name.
type Facts = HashMap<&'static str, String>;

#[test]
fn the_captures_are_what_ffprobe_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let files = captures(&root);
    if files.is_empty() || Command::new("ffprobe").arg("-version").output().is_err() {
        println!("NOTICE: skipped, no captures or no ffprobe here");
        return;
    }
    let halves = files.split_at(files.len() / 2);
    let differences = thread::scope(|scope| {
        let compare =
            |files: &[PathBuf]| files.iter().flat_map(|file| differences(file, &root)).collect::<Vec<_>>();
        let other = scope.spawn(move || compare(halves.1));
        let mut found = compare(halves.0);
        found.extend(other.join().unwrap());
        found
    });
    let unexplained: Vec<_> = differences.iter().filter(|line| !is_explained(line)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

/// Where we differ from FFmpeg, each with its reason.
const EXPLAINED: [(&str, &str, &str); 12] = [
    ("sample_latm.ts", "channels", "parametric stereo, announced behind what is read"),
    ("opus.ts", "channels", "stands in a descriptor"),
    ("bbb5s.ts", "channels", "stands in the frame, behind its header"),
    ("paff_bff_12f_64x64.ts", "r_frame_rate", "no timing in the headers, and fields have times of their own"),
    ("paff_tff_12f_64x64.ts", "r_frame_rate", "the same"),
    ("kyrion_dirtystart.ts", "r_frame_rate", "FFmpeg counts fields"),
    ("moq/bbb.ts", "r_frame_rate", "FFmpeg guesses from two pictures"),
    ("sd-hls0000000000.ts", "r_frame_rate", "no timing in the headers, and a jump among sixty pictures"),
    ("obs_hevc_aac.ts", "r_frame_rate", "no timing in the headers, and sixty pictures"),
    ("id3.ts", "r_frame_rate", "no timing in the headers, and five pictures"),
    ("oneSecond.ts", "r_frame_rate", "no timing in the headers, and thirty pictures"),
    ("h264-two-resolutions.ts", "", "FFmpeg shows the first, we the last"),
];

fn is_explained(line: &str) -> bool {
    EXPLAINED.iter().any(|(file, key, _why)| line.contains(file) && line.contains(key))
}

fn captures(root: &Path) -> Vec<PathBuf> {
    let Ok(folders) = fs::read_dir(root) else { return Vec::new() };
    let files =
        folders.flatten().filter_map(|folder| fs::read_dir(folder.path()).ok()).flat_map(Iterator::flatten);
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.sort();
    paths
}

/// Each difference as a line: file, PID, what, ours, theirs.
fn differences(file: &Path, root: &Path) -> Vec<String> {
    let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
    let theirs = probed(file);
    let mut lines = Vec::new();
    for (pid, ours) in read(file) {
        let Some(theirs) = theirs.get(&pid) else { continue };
        for (&key, value) in &ours {
            let their = theirs.get(key).map_or("", String::as_str);
            if !is_same(value, their) {
                lines.push(format!("{name} {pid:?} {key}: {value} not {their}"));
            }
        }
    }
    lines.sort();
    lines
}

/// FFmpeg rounds rates, names envelopes apart, has an order of fields and does not always know it.
fn is_same(ours: &str, theirs: &str) -> bool {
    let rate = |text: &str| {
        let (frames, seconds) = text.split_once('/')?;
        Some(frames.parse::<f64>().ok()? / seconds.parse::<f64>().ok()?)
    };
    match (ours, theirs) {
        ("interlaced", theirs) => matches!(theirs, "tt" | "bb" | "tb" | "bt"),
        ("progressive", "unknown") | ("aac", "aac_latm") => true,
        _ if rate(ours).zip(rate(theirs)).is_some_and(|(a, b)| (a / b - 1.0).abs() < 1e-4) => true,
        _ => ours == theirs,
    }
}

/// What we find in the tracks that are passed on and there.
fn read(file: &Path) -> Vec<(Pid, Facts)> {
    let mut demuxer = Demuxer::new();
    demuxer.push(&fs::read(file).expect("a capture"), |_| ());
    demuxer.finish(|_| ());
    let tracks = demuxer.program().map_or(&[][..], |program| &program.tracks);
    let there = tracks.iter().enumerate().filter(|(n, _)| demuxer.is_present(*n));
    there
        .map(|(n, track)| (track.pid, demuxer.format(n).map_or_else(|| nothing(track.codec), facts)))
        .collect()
}

/// What is told of a track without a format: nothing where none is read, a difference elsewhere.
fn nothing(codec: Codec) -> Facts {
    match codec {
        Codec::Dts | Codec::OtherAudio(_) | Codec::OtherVideo(_) => Facts::new(),
        _ => HashMap::from([("codec_name", "no format".to_owned())]),
    }
}

fn facts(format: &Format) -> Facts {
    match format {
        Format::Video(video) => of_video(video),
        Format::Audio(audio) => of_audio(audio),
    }
}

fn of_video(video: &Video) -> Facts {
    let (codec, level) = match video.profile {
        VideoProfile::H264 { level, .. } => ("h264", level.to_string()),
        VideoProfile::H265(profile) => ("hevc", profile.level.to_string()),
        VideoProfile::Mpeg2(profile) => ("mpeg2video", (profile & 0x0F).to_string()),
        VideoProfile::Mpeg1 => ("mpeg1video", String::new()),
    };
    let rate = video.frame_rate.map_or_else(
        || "0/0".to_owned(),
        |rate| {
            let (frames, seconds) = rate.fraction();
            format!("{frames}/{seconds}")
        },
    );
    HashMap::from([
        ("codec_name", codec.to_owned()),
        ("profile", profile(&video.profile)),
        ("level", level),
        ("width", video.width.to_string()),
        ("height", video.height.to_string()),
        ("r_frame_rate", rate),
        ("field_order", if video.interlaced { "interlaced" } else { "progressive" }.to_owned()),
    ])
}

/// FFmpeg's names.
fn profile(profile: &VideoProfile) -> String {
    match profile {
        VideoProfile::H264 { profile: 66, constraints, .. } if constraints & 0x40 != 0 => {
            "Constrained Baseline"
        }
        VideoProfile::H264 { profile: 66, .. } => "Baseline",
        VideoProfile::H264 { profile: 77, .. } => "Main",
        VideoProfile::H264 { profile: 100, .. } => "High",
        VideoProfile::H264 { profile: 122, .. } => "High 4:2:2",
        VideoProfile::H264 { profile: 244, .. } => "High 4:4:4 Predictive",
        VideoProfile::H265(profile) if profile.profile == 1 => "Main",
        VideoProfile::H265(profile) if profile.profile == 2 => "Main 10",
        VideoProfile::Mpeg2(profile) if profile >> 4 == 4 => "Main",
        other => return format!("{other:?}"),
    }
    .to_owned()
}

fn of_audio(audio: &Audio) -> Facts {
    let codec = match audio.profile {
        AudioProfile::Aac(_) => "aac",
        AudioProfile::MpegAudio(1) => "mp1",
        AudioProfile::MpegAudio(2) => "mp2",
        AudioProfile::MpegAudio(_) => "mp3",
        AudioProfile::Ac3 => "ac3",
        AudioProfile::Eac3 => "eac3",
        AudioProfile::Opus => "opus",
    };
    HashMap::from([
        ("codec_name", codec.to_owned()),
        ("sample_rate", audio.sample_rate.map_or_else(String::new, |rate| rate.to_string())),
        ("channels", audio.channels.map_or_else(String::new, |channels| channels.to_string())),
    ])
}

/// What FFmpeg says of each PID.
fn probed(file: &Path) -> HashMap<Pid, Facts> {
    let entries =
        "stream=id,codec_name,profile,level,width,height,r_frame_rate,field_order,sample_rate,channels";
    let output = Command::new("ffprobe")
        .args(["-v", "quiet", "-of", "compact", "-show_entries", entries])
        .arg(file)
        .output()
        .expect("ffprobe runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.starts_with("stream|")).filter_map(stream).collect()
}

fn stream(line: &str) -> Option<(Pid, Facts)> {
    const KEYS: [&str; 9] = [
        "codec_name",
        "profile",
        "level",
        "width",
        "height",
        "r_frame_rate",
        "field_order",
        "sample_rate",
        "channels",
    ];
    let fields: HashMap<&str, &str> = line.split('|').filter_map(|field| field.split_once('=')).collect();
    let pid = u16::from_str_radix(fields.get("id")?.strip_prefix("0x")?, 16).ok()?;
    let known = KEYS.into_iter().filter_map(|key| Some((key, (*fields.get(key)?).to_owned())));
    Some((Pid::new(pid), known.collect()))
}

/// A stream of these audio frame heads, a PES packet each, 20 ms apart.
fn sound(heads: &[&[u8]]) -> Demuxer {
    let mut muxer = Muxer::new(&[(AUDIO, Codec::MpegAudio, 0x04)]);
    muxer.tables();
    for (n, head) in (0..).zip(heads) {
        muxer.pes(AUDIO, Ticks(1_800 * n), Ticks(1_800 * n), head, 300);
    }
    let mut demuxer = Demuxer::new();
    demuxer.push(&muxer.stream, |_| ());
    demuxer
}

const MONO: &[u8] = &[0xFF, 0xF3, 0x40, 0xC4];
const STEREO: &[u8] = &[0xFF, 0xFD, 0xE4, 0x04];

fn channels(demuxer: &Demuxer) -> Option<u8> {
    match demuxer.format(0)? {
        Format::Audio(audio) => audio.channels,
        Format::Video(_) => None,
    }
}

#[test]
fn audio_is_read_once_and_again_behind_a_break() {
    let mut demuxer = sound(&[STEREO, MONO]);
    assert_eq!(channels(&demuxer), Some(2));

    demuxer.interrupt();
    assert_eq!(channels(&demuxer), Some(2));
    let mut muxer = Muxer::new(&[(AUDIO, Codec::MpegAudio, 0x04)]);
    muxer.pes(AUDIO, Ticks(0), Ticks(0), MONO, 300);
    demuxer.push(&muxer.stream, |_| ());
    demuxer.finish(|_| ());

    assert_eq!(channels(&demuxer), Some(1));
}

#[test]
fn audio_is_read_again_where_time_jumps() {
    let mut muxer = Muxer::new(&[(AUDIO, Codec::MpegAudio, 0x04)]);
    muxer.tables();
    for (seconds, head) in [(0, STEREO), (1, STEREO), (60, MONO), (61, MONO)] {
        let at = Ticks(seconds * Ticks::PER_SECOND);
        muxer.pes(AUDIO, at, at, head, 300);
    }
    let mut demuxer = Demuxer::new();

    demuxer.push(&muxer.stream, |_| ());

    assert_eq!(channels(&demuxer), Some(1));
}

#[test]
fn a_header_amid_other_bytes_counts_when_it_comes_twice() {
    let amid = [&[0xA5; 20], MONO].concat();

    assert_eq!(channels(&sound(&[&amid])), None);
    assert_eq!(channels(&sound(&[&amid, &amid])), Some(1));
    assert_eq!(channels(&sound(&[&amid, STEREO, MONO])), Some(2));
}

#[test]
fn a_rate_that_no_header_tells_shows_in_the_times_of_pictures() {
    // A parameter set that ends before the usability information.
    let set: &[u8] = &[0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x0C, 0xD9, 0x01, 0x41, 0xFE, 0x49, 0x30];
    let idr = [set, &[0, 0, 0, 1, 0x65, 0x88]].concat();
    let mut muxer = Muxer::default();
    muxer.tables();
    for n in 0..130 {
        muxer.pes(VIDEO, Ticks(3_600 * n), Ticks(3_600 * n), &idr, 300);
    }
    let mut demuxer = Demuxer::new();

    demuxer.push(&muxer.stream, |_| ());

    let Some(Format::Video(video)) = demuxer.format(0) else { panic!("video") };
    assert_eq!((video.width, video.height), (314, 234));
    assert_eq!(video.frame_rate.map(FrameRate::fraction), Some((25, 1)));
}

/// Beginnings that lead into each reader.
fn heads() -> impl Strategy<Value = Vec<u8>> {
    let starts: Vec<Vec<u8>> = vec![
        vec![0, 0, 1, 0x67, 0x64, 0, 0x29, 0xAC],
        vec![0, 0, 1, 0x67, 0x42, 0xC0, 0x0C],
        vec![0, 0, 1, 0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x5D, 0xA0],
        vec![0, 0, 1, 0x40, 1, 0x0C, 1, 0xFF, 0xFF],
        vec![0, 0, 1, 0xB3, 0x2D, 2, 0x40, 0x13],
        vec![0x56, 0xE1, 0x37],
        vec![0xFF, 0xF1],
        vec![0x0B, 0x77],
    ];
    (prop::sample::select(starts), prop::collection::vec(any::<u8>(), 0..120)).prop_map(|(start, rest)| {
        [start, rest, vec![0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x26, 1, 0, 0, 1, 0, 0, 8]].concat()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_a_format_or_none(heads in prop::collection::vec(heads(), 1..8)) {
        let tracks = [
            (Codec::H264, 0x1B),
            (Codec::H265, 0x24),
            (Codec::Mpeg2Video, 0x02),
            (Codec::Aac, 0x0F),
            (Codec::AacLatm, 0x11),
            (Codec::Ac3, 0x81),
            (Codec::MpegAudio, 0x04),
        ];
        for (codec, stream_type) in tracks {
            let mut muxer = Muxer::new(&[(VIDEO, codec, stream_type)]);
            muxer.tables();
            for (n, head) in (0..).zip(&heads) {
                muxer.pes(VIDEO, Ticks(3_600 * n), Ticks(3_600 * n), head, 300);
            }
            let mut demuxer = Demuxer::new();
            demuxer.push(&muxer.stream, |_| ());
            demuxer.finish(|_| ());
            if let Some(format) = demuxer.format(0) {
                prop_assert!(format.rfc6381().len() < 60);
            }
        }
    }
}
