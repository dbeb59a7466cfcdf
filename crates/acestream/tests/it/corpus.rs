//! Streams of many makers in a loop. The folder is not part of the repository; without it nothing is proved here.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use acestream::fake::Clip;
use mpegts::Packet;

use crate::stream::{continuity_errors, packets, time};

const CYCLE: u64 = 1 << 33;
const ROUNDS: u64 = 3;

fn streams(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            streams(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| ["ts", "m2ts", "mts"].iter().any(|ts| extension == *ts))
        {
            found.push(path);
        }
    }
}

/// The PTS of a PES packet that begins here.
fn stamp(packet: &Packet<'_>) -> Option<u64> {
    let payload = packet.payload();
    let is_pes = packet.payload_unit_start() && !packet.is_scrambled() && !packet.transport_error();
    let &[0, 0, 1, 0xBD | 0xC0..=0xEF | 0xFD, _, _, _, 0x80..=0xFF, _, ..] = payload else { return None };
    payload.get(9..14).filter(|_| is_pes).map(time)
}

/// Of each PID the earliest and the latest PTS of every round, unwrapped.
fn spans(bytes: &[u8], per_round: usize) -> BTreeMap<u16, Vec<(i64, i64)>> {
    let mut last: BTreeMap<u16, (u64, i64)> = BTreeMap::new();
    let mut spans: BTreeMap<u16, Vec<(i64, i64)>> = BTreeMap::new();
    for round in bytes.chunks(per_round) {
        let mut of_round: BTreeMap<u16, (i64, i64)> = BTreeMap::new();
        for packet in packets(round) {
            let Some(time) = stamp(&packet) else { continue };
            let pid = packet.pid().value();
            let (before, now) = last.get(&pid).copied().unwrap_or((time, 0));
            let now = now + crate::stream::steps(&[before, time], CYCLE)[0];
            last.insert(pid, (time, now));
            let span = of_round.entry(pid).or_insert((now, now));
            *span = (span.0.min(now), span.1.max(now));
        }
        for (pid, span) in of_round {
            spans.entry(pid).or_default().push(span);
        }
    }
    spans
}

#[test]
fn no_stream_of_the_corpus_goes_back_over_the_seam() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !folder.is_dir() {
        println!("skipped: no corpus beside the repository");
        return;
    }
    let mut files = Vec::new();
    streams(&folder, &mut files);
    assert!(!files.is_empty());

    for file in files {
        let Ok(clip) = Clip::new(fs::read(&file).unwrap()) else {
            println!("{}: not played", file.display());
            continue;
        };
        let mut bytes = Vec::new();
        clip.write(0..clip.len() * ROUNDS, 0, &mut bytes);
        let per_round = bytes.len() / 3;

        println!("{}: {:?}", file.display(), clip.duration());
        let name = file.display();
        for (pid, rounds) in spans(&bytes, per_round) {
            assert!(rounds.windows(2).all(|pair| pair[0].1 < pair[1].0), "{name}: PID {pid:#x} {rounds:?}");
        }
        let once = continuity_errors(&packets(&bytes[..per_round]));
        assert_eq!(continuity_errors(&packets(&bytes)), 3 * once, "{name}");
    }
}
