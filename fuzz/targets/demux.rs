//! Any bytes are a stream: nothing panics, memory is bounded, what comes out is sound and does not depend on
//! how the bytes were cut when they came in.
#![no_main]

use std::time::Duration;

use hls::{Config, Packager, Segment};
use libfuzzer_sys::fuzz_target;

const PACKET: usize = 188;
const FIRST: u64 = 1_000;

/// So small that the few kilobytes of an input reach every limit.
fn config() -> Config {
    Config {
        target: Duration::from_secs(1),
        window: Duration::from_secs(4),
        max_bytes: 64 * PACKET,
        ..Config::default()
    }
}

/// Number, duration, discontinuity, independent, bytes.
type Kept = (u64, Duration, bool, bool, Vec<u8>);

#[derive(Debug, PartialEq)]
struct Outcome {
    segments: Vec<Kept>,
    playlist: String,
    said: String,
}

fuzz_target!(|data: &[u8]| {
    let seed = data
        .iter()
        .take(64)
        .fold(data.len() as u64, |seed, &byte| seed.wrapping_mul(0x0000_0100_0000_01B3) ^ u64::from(byte));
    // One stream in four is connected anew half way.
    let halves = if seed % 4 == 0 { data.split_at(data.len() / 2) } else { (data, &[][..]) };

    let whole = package(halves, &mut || usize::MAX);
    let mut state = seed | 1;
    let cut = package(halves, &mut || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % 500 + 1
    });

    assert_eq!(whole, cut);
});

/// Package the first half, interrupt, package the second, each in pieces of the lengths that `next` gives.
fn package((first, second): (&[u8], &[u8]), next: &mut dyn FnMut() -> usize) -> Outcome {
    let mut packager = Packager::new(config(), FIRST);
    let mut segments = Vec::new();
    feed(&mut packager, first, next, &mut segments);
    if !second.is_empty() {
        packager.interrupt();
        note(&packager, &mut segments);
        feed(&mut packager, second, next, &mut segments);
    }
    packager.finish();
    note(&packager, &mut segments);
    let formats = packager.formats();
    let multivariant = hls::multivariant(packager.window(), &formats, "live.m3u8");
    assert_eq!(multivariant.lines().count(), 3, "{multivariant}");
    let said =
        (packager.stats(), packager.program(), packager.is_scrambled(), packager.media_time(), formats);
    let playlist = format!("{}{multivariant}", packager.window().playlist());
    Outcome { segments, playlist, said: format!("{said:?}") }
}

fn feed(packager: &mut Packager, mut data: &[u8], next: &mut dyn FnMut() -> usize, segments: &mut Vec<Kept>) {
    while !data.is_empty() {
        let (piece, rest) = data.split_at(next().min(data.len()));
        packager.push(&bytes::Bytes::copy_from_slice(piece));
        note(packager, segments);
        data = rest;
    }
}

/// Keep what was closed, and look at it and at the window.
fn note(packager: &Packager, segments: &mut Vec<Kept>) {
    let window = packager.window();
    for segment in packager.closed() {
        let bytes = segment.chunks().flatten().copied().collect::<Vec<_>>();
        check(segment, &bytes);
        // Rounded, no segment is longer than the list says (RFC 8216bis, 4.4.3.1).
        let target = u128::from(window.target_duration());
        assert!(segment.duration.as_millis() < target * 1_000 + 500, "{:?} of {target} s", segment.duration);
        assert_eq!(segment.number, FIRST + segments.len() as u64);
        segments.push((segment.number, segment.duration, segment.discontinuity, segment.independent, bytes));
    }
    // Beyond the limit: an access unit on its way (16 kB of it are looked at before it counts), and the tables.
    assert!(window.bytes() <= config().max_bytes + (24 << 10), "{} bytes in the window", window.bytes());
    assert_eq!(window.last(), segments.last().map(|segment| segment.0));
}

/// What a segment promises: something to play, in whole packets, behind the tables (RFC 8216bis, 3.1.1).
fn check(segment: &Segment, bytes: &[u8]) {
    assert!(!segment.duration.is_zero());
    assert!(bytes.len() > 2 * PACKET && bytes.len().is_multiple_of(PACKET) && bytes.len() == segment.len());
    assert!(bytes.chunks(PACKET).all(|packet| packet[0] == 0x47));
    assert_eq!([bytes[1] & 0x1F, bytes[2]], [0, 0], "the first packet is no PAT");
}
