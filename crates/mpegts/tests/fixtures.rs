//! Streams of a real encoder: what is found in them, cut at any byte.

use std::{fmt::Write as _, fs, path::Path};

use mpegts::{Demuxer, Event};

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    fs::read(&path).expect("a fixture of this repository")
}

/// What is told of a stream that comes in these pieces, a line an event; packets only as a sum.
fn dump(pieces: &[&[u8]]) -> String {
    let (mut demuxer, mut text, mut sum) = (Demuxer::new(), String::new(), 0_u64);
    let mut note = |event: Event<'_>| match event {
        Event::Program(program) => {
            writeln!(text, "program {} pcr {:?}", program.number, program.pcr_pid).expect("text");
            for track in &program.tracks {
                writeln!(text, "  {:?} {} {:?}", track.pid, track.codec, track.language).expect("text");
            }
        }
        Event::Packets(packets) => {
            sum = packets
                .bytes()
                .iter()
                .fold(sum, |sum, &byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        }
        Event::AccessUnit(unit) => {
            let start = if unit.random_access { "start" } else { "" };
            let (pts, dts) = (unit.pts.0, unit.dts.0);
            writeln!(text, "{:4} track {} pts {pts} dts {dts} {start}", unit.first_packet, unit.track)
                .expect("text");
        }
        Event::Discontinuity(found) => writeln!(text, "{found:?}").expect("text"),
    };
    for piece in pieces {
        demuxer.push(piece, &mut note);
    }
    demuxer.finish(&mut note);
    writeln!(text, "packets {sum:016x}").expect("text");
    writeln!(text, "{:?}", demuxer.program().and_then(|program| program.service_name.clone())).expect("text");
    writeln!(text, "{:?}", demuxer.stats()).expect("text");
    text
}

fn cut_anywhere(name: &str) -> String {
    let stream = read(name);
    let whole = dump(&[&stream]);
    for at in 0..stream.len() {
        let (head, tail) = stream.split_at(at);
        assert!(dump(&[head, tail]) == whole, "{name} cut at byte {at}");
    }
    whole
}

#[test]
fn h264_and_aac_are_read_as_they_are() {
    insta::assert_snapshot!(cut_anywhere("h264_aac.ts"));
}

#[test]
fn h265_and_ac3_are_read_as_they_are() {
    insta::assert_snapshot!(cut_anywhere("h265_ac3.ts"));
}

#[test]
fn mpeg2_video_in_packets_of_192_bytes_is_read_as_it_is() {
    insta::assert_snapshot!(cut_anywhere("mpeg2_mp2.m2ts"));
}
