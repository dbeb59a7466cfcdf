//! Real captures through the packager. FFmpeg is the judge: it must decode from the segments what it decodes from
//! the capture itself. Skipped, with a notice, where the captures or FFmpeg are absent.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test says what is wrong by failing")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use bytes::Bytes;
use hls::{Change, Config, Packager, Segment, playlist};
use mpegts::{Demuxer, Event};
use viewer::Viewer;

mod viewer;

fn captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let Ok(manifest) = fs::read_to_string(root.join("MANIFEST.tsv")) else {
        println!("NOTICE: skipped, no captures here");
        return Vec::new();
    };
    manifest.lines().skip(1).filter_map(|line| line.split('\t').next()).map(|path| root.join(path)).collect()
}

fn recording() -> Config {
    Config {
        window: Duration::from_secs(1 << 20),
        max_bytes: 1 << 30,
        fast_start: false,
        ..Config::default()
    }
}

fn package(data: &[u8], piece: usize) -> Vec<Segment> {
    let mut packager = Packager::new(recording(), 0);
    let mut segments = Vec::new();
    for piece in data.chunks(piece) {
        packager.push(&Bytes::copy_from_slice(piece));
        segments.extend(packager.closed().iter().map(|segment| Segment::clone(segment)));
    }
    packager.finish();
    segments.extend(packager.closed().iter().map(|segment| Segment::clone(segment)));
    segments
}

fn bytes(segments: &[Segment]) -> Vec<Vec<u8>> {
    segments.iter().map(|segment| segment.chunks().flatten().copied().collect::<Vec<u8>>()).collect()
}

#[test]
fn every_capture_gives_the_same_segments_however_it_is_cut() {
    for path in captures() {
        let data = fs::read(&path).unwrap();
        let whole = bytes(&package(&data, data.len()));
        for piece in [1_000, 188 * 7, 7] {
            assert!(bytes(&package(&data, piece)) == whole, "{} in pieces of {piece}", path.display());
        }
    }
}

#[test]
fn no_version_of_any_captures_playlists_breaks_a_rule() {
    let mut wrong = Vec::new();
    for path in captures() {
        let (mut packager, mut viewer) = (Packager::new(Config::default(), 1_000), Viewer::default());
        for piece in fs::read(&path).unwrap().chunks(64 * mpegts::PACKET_LEN) {
            if packager.push(&Bytes::copy_from_slice(piece)) != Change::None {
                viewer.look(&packager);
            }
        }
        packager.finish();
        viewer.look(&packager);
        wrong.extend(viewer.findings.first().map(|found| format!("{}: {found}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ffmpeg_decodes_from_the_segments_what_it_decodes_from_the_capture() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        println!("NOTICE: skipped, no ffmpeg here");
        return;
    }
    let mut wrong = Vec::new();
    for path in captures() {
        let data = fs::read(&path).unwrap();
        let segments = package(&data, data.len());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Err(difference) = compare(&path, &segments) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compare(capture: &Path, segments: &[Segment]) -> Result<(), String> {
    let original = decode(capture);
    if original.frames.is_empty() {
        return Ok(());
    }
    let Some(first) = segments.first() else {
        return Err(format!("no segment, but {} frames in the capture", original.frames.len()));
    };
    let start = first_picture(first).ok_or("no picture in the first segment")?;
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<_> = segments.iter().map(playlist::Entry::from).collect();
    fs::write(folder.path().join("playlist.m3u8"), playlist::vod(&entries)).unwrap();
    for segment in segments {
        let path = folder.path().join(format!("segment_{}.ts", segment.number));
        fs::write(path, segment.chunks().flatten().copied().collect::<Vec<u8>>()).unwrap();
    }
    // FFmpeg's HLS reader does not recognise a transport stream of a dozen packets: those are read as they are.
    let short = segments.len() == 1 && first.len() < 20 * mpegts::PACKET_LEN;
    let name = if short { format!("segment_{}.ts", first.number) } else { "playlist.m3u8".to_owned() };
    let packaged = decode(&folder.path().join(name));

    let wanted: BTreeSet<_> = original.from(start);
    let got: BTreeSet<_> = packaged.from(start);
    if wanted.len() != got.len() {
        return Err(format!("{} frames instead of {} from {start} on", got.len(), wanted.len()));
    }
    if packaged.errors > original.errors {
        return Err(format!("{} errors instead of {}", packaged.errors, original.errors));
    }
    Ok(())
}

/// When the first picture of a segment is shown.
fn first_picture(segment: &Segment) -> Option<i64> {
    let (mut demuxer, mut found) = (Demuxer::new(), None);
    let mut video = None;
    demuxer.push(&segment.chunks().flatten().copied().collect::<Vec<u8>>(), |event| match event {
        Event::Program(program) => video = program.video(),
        Event::AccessUnit(unit) if video == Some(unit.track) => {
            found.get_or_insert(unit.pts.0);
        }
        _ => {}
    });
    found
}

struct Decoded {
    /// When each decoded picture is shown.
    frames: Vec<i64>,
    errors: usize,
}

impl Decoded {
    fn from(&self, start: i64) -> BTreeSet<(i64, usize)> {
        self.frames.iter().copied().filter(|&pts| pts >= start).zip(0..).collect()
    }
}

fn decode(input: &Path) -> Decoded {
    let output: Output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-copyts"])
        .args(
            input
                .extension()
                .is_some_and(|ending| ending == "ts")
                .then_some(["-f", "mpegts"])
                .iter()
                .flatten(),
        )
        .arg("-i")
        .arg(input)
        .args([
            "-an",
            "-map",
            "0:v:0?",
            "-fps_mode",
            "passthrough",
            "-enc_time_base",
            "1:90000",
            "-f",
            "framecrc",
            "-",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let frames = text.lines().filter(|line| !line.starts_with('#'));
    let frames = frames.filter_map(|line| line.split(',').nth(2)?.trim().parse().ok());
    Decoded { frames: frames.collect(), errors: String::from_utf8_lossy(&output.stderr).lines().count() }
}
