//! The bytes of segments and parts.

use hls::{
    Config, Packager,
    validate::{Said, Transport, assembled},
};
use mpegts::{Codec, PACKET_LEN, Pid, Ticks, pat_packet, testing::Muxer};

use crate::samples::told;

const INDEPENDENT: Said = Said { discontinuity: false, is_part: false, independent: true, duration: None };

fn segments() -> Vec<Vec<u8>> {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), 400, 50);
    let mut packager = Packager::new(Config { part_target: None, ..Config::default() }, 1);
    packager.push(&bytes::Bytes::copy_from_slice(&muxer.stream));
    packager.window().listed().map(|segment| segment.chunks().flatten().copied().collect()).collect()
}

fn alone(bytes: &[u8], said: Said) -> String {
    told(&Transport::default().take(bytes, said))
}

#[test]
fn our_own_segments_break_no_rule() {
    let mut transport = Transport::default();
    for segment in segments() {
        assert_eq!(told(&transport.take(&segment, INDEPENDENT)), "");
    }
}

#[test]
fn a_counter_that_does_not_go_on_is_told_unless_there_is_a_discontinuity() {
    let segments = segments();
    let skipping = |said| {
        let mut transport = Transport::default();
        transport.take(&segments[0], INDEPENDENT);
        let mut next = segments[1].clone();
        // The first packet is the PAT: its counter is in the low bits of the fourth byte.
        next[3] = next[3] & 0xF0 | (next[3] + 3) & 0x0F;
        told(&transport.take(&next[..PACKET_LEN * 100], said))
    };

    insta::assert_snapshot!(skipping(INDEPENDENT), @"MUST (3): packet 0 of PID 0x0000 has the continuity counter 4 behind 0 of the segment before");
    assert_eq!(skipping(Said { discontinuity: true, ..INDEPENDENT }), "");
}

#[test]
fn a_packet_lost_within_a_segment_is_told() {
    let mut segment = segments().swap_remove(0);
    segment.drain(PACKET_LEN * 20..PACKET_LEN * 21);

    insta::assert_snapshot!(alone(&segment, INDEPENDENT), @"SHOULD (3): packet 20 of PID 0x0100 has the continuity counter 1 behind 15");
}

#[test]
fn what_is_no_transport_stream_is_told() {
    let mut segment = segments().swap_remove(0);

    insta::assert_snapshot!(alone(&[], INDEPENDENT), @"MUST (3.1.1): no bytes");
    insta::assert_snapshot!(alone(&segment[..1_000], INDEPENDENT), @"MUST (3.1.1): 1000 bytes, not whole packets of 188");
    segment[PACKET_LEN * 7] = 0;
    insta::assert_snapshot!(alone(&segment, INDEPENDENT), @"MUST (3.1.1): packet 7 does not begin with the sync byte");
}

#[test]
fn tables_are_there_and_first() {
    let segment = segments().swap_remove(0);
    let (pat, rest) = segment.split_at(PACKET_LEN);
    let (pmt, media) = rest.split_at(PACKET_LEN);

    insta::assert_snapshot!(alone(media, INDEPENDENT), @"MUST (3.1.1): no PAT");
    insta::assert_snapshot!(alone(&[pat, media].concat(), INDEPENDENT), @"MUST (3.1.1): no PMT");
    insta::assert_snapshot!(alone(&[pmt, pat, media].concat(), INDEPENDENT), @"SHOULD (3.1.1): the first two packets are not PAT and PMT");
    let part = Said { is_part: true, independent: false, ..INDEPENDENT };
    assert!(!alone(media, part).contains("3.1.1"), "a part may do without");
}

#[test]
fn two_programs_are_one_too_many() {
    let segment = segments().swap_remove(0);
    let program = Muxer::new(&[(Pid::new(0x100), Codec::H264, 0x1B)]).program;
    let mut pat = pat_packet(&program, 0);
    // The length grows by one entry, which stands where the checksum was; nobody looks at that.
    pat[7] += 4;
    pat[17..21].copy_from_slice(&[0, 2, 0xE2, 0]);

    let two = [&pat[..], &segment[PACKET_LEN..]].concat();

    insta::assert_snapshot!(alone(&two, INDEPENDENT), @"MUST (3.1.1): 2 programs in the PAT");
}

#[test]
fn independent_is_said_where_it_is_true() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), 30, 100);
    let beginning = muxer.stream.clone();
    let tables: Vec<u8> = beginning[..PACKET_LEN * 2].to_vec();
    // Behind the first picture, of eight packets and some, and the audio beside it.
    let middle = [&tables[..], &beginning[PACKET_LEN * 13..]].concat();
    let part = |independent| Said { is_part: true, independent, ..INDEPENDENT };

    assert_eq!(alone(&beginning, part(true)), "");
    insta::assert_snapshot!(alone(&beginning, part(false)), @"SHOULD (4.4.4.9): it has a picture that stands alone, without INDEPENDENT=YES");
    insta::assert_snapshot!(alone(&middle, part(true)), @"MUST (4.4.4.9): INDEPENDENT=YES, and no picture in it stands alone");
    assert_eq!(alone(&middle, part(false)), "");
    insta::assert_snapshot!(alone(&middle, INDEPENDENT), @"SHOULD (3): it does not begin with a picture that stands alone");
}

#[test]
fn a_part_is_independent_wherever_in_it_the_picture_stands() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), 15, 10);
    let tables = &muxer.stream[..PACKET_LEN * 2];
    // From the second picture on; the eleventh stands alone.
    let part = [tables, &muxer.stream[PACKET_LEN * 13..]].concat();
    let said = |independent| Said { is_part: true, independent, ..INDEPENDENT };

    assert_eq!(alone(&part, said(true)), "");
    insta::assert_snapshot!(alone(&part, said(false)), @"SHOULD (4.4.4.9): it has a picture that stands alone, without INDEPENDENT=YES");
}

#[test]
fn parts_are_the_segment() {
    assert_eq!(assembled(&[b"one", b"two"], b"onetwo"), None);
    assert_eq!(
        assembled(&[b"one", b"two"], b"twoone").unwrap().to_string(),
        "MUST (4.4.4.9): its parts, 6 bytes, are not the segment of 6"
    );
}
