//! The time and the tracks of consecutive segments.

use std::time::Duration;

use hls::{
    Config, Packager,
    validate::{Said, Transport},
};
use mpegts::{
    Codec, PACKET_LEN, Packet, Pid, Ticks,
    testing::{Muxer, VIDEO},
};

use crate::samples::told;

const HOUR: i64 = 3_600 * Ticks::PER_SECOND;

/// Segments of what `muxer` wrote, and what a playlist says of them.
fn segments_of(muxer: &Muxer) -> Vec<(Vec<u8>, Said)> {
    let mut packager = Packager::new(Config { part_target: None, ..Config::default() }, 1);
    packager.push(&bytes::Bytes::copy_from_slice(&muxer.stream));
    let said = |duration| Said { independent: true, duration: Some(duration), ..Said::default() };
    let segments = packager.window().listed();
    segments.map(|it| (it.chunks().flatten().copied().collect(), said(it.duration))).collect()
}

/// Four segments that begin at `start`.
fn segments(start: Ticks) -> Vec<(Vec<u8>, Said)> {
    let mut muxer = Muxer::default();
    muxer.pictures(start, 400, 50);
    let segments = segments_of(&muxer);
    assert!(segments.len() >= 4);
    segments
}

fn look(segments: &[(Vec<u8>, Said)]) -> String {
    let mut transport = Transport::default();
    let mut findings: Vec<_> =
        segments.iter().flat_map(|(bytes, said)| transport.take(bytes, *said)).collect();
    findings.extend(transport.finish());
    told(&findings)
}

/// Move the times of `bytes`, of presentation and where `both`, of decoding.
fn moved(bytes: &[u8], by: i64, both: bool) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for chunk in bytes.chunks_mut(PACKET_LEN) {
        let packet = Packet::new(chunk).unwrap();
        let begins = packet.payload_unit_start() && packet.payload().starts_with(&[0, 0, 1]);
        let at = PACKET_LEN - packet.payload().len();
        if begins {
            for at in [at + 9, at + 14].into_iter().take(1 + usize::from(both)) {
                let time = read(&chunk[at..at + 5]) + by;
                write(&mut chunk[at..at + 5], time);
            }
        }
    }
    bytes
}

fn read(field: &[u8]) -> i64 {
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|n| i64::from(field[n]));
    (a >> 1 & 7) << 30 | b << 22 | c >> 1 << 15 | d << 7 | e >> 1
}

fn write(field: &mut [u8], time: i64) {
    let bits = |shift: u32, mask: i64| u8::try_from(time >> shift & mask).unwrap();
    field[0] = field[0] & 0xF1 | bits(30, 7) << 1;
    (field[1], field[3]) = (bits(22, 0xFF), bits(7, 0xFF));
    (field[2], field[4]) = (bits(15, 0x7F) << 1 | 1, bits(0, 0x7F) << 1 | 1);
}

#[test]
fn time_goes_on_over_the_wrap() {
    assert_eq!(look(&segments(Ticks(90_000))), "");
    assert_eq!(look(&segments(Ticks((1 << 33) - 5 * 90_000))), "");
}

#[test]
fn a_segment_of_another_time_is_told_unless_there_is_a_discontinuity() {
    let mut segments = segments(Ticks(90_000));
    segments.truncate(3);
    segments[1].0 = moved(&segments[1].0, HOUR, true);

    insta::assert_snapshot!(look(&segments), @"
MUST (3): time of PID 0x0100 goes on 3600 s behind where the segment before ended
MUST (3): time of PID 0x0101 goes on 3600 s behind where the segment before ended
MUST (3): time of PID 0x0100 goes on 3600 s before where the segment before ended
MUST (3): time of PID 0x0101 goes on 3600 s before where the segment before ended
");
    segments[1].1.discontinuity = true;
    segments[2].1.discontinuity = true;
    assert_eq!(look(&segments), "");
}

#[test]
fn less_than_a_second_is_no_jump() {
    let mut segments = segments(Ticks(90_000));
    for (bytes, _) in &mut segments[2..] {
        *bytes = moved(bytes, -Ticks::PER_SECOND / 50, true);
    }

    assert_eq!(look(&segments), "");
}

#[test]
fn time_that_jumps_within_a_segment_is_told() {
    let mut segments = segments(Ticks(90_000));
    segments.truncate(1);
    let half = segments[0].0.len() / 2 / PACKET_LEN * PACKET_LEN;
    let later = moved(&segments[0].0[half..], HOUR, true);
    segments[0].0.splice(half.., later);

    insta::assert_snapshot!(look(&segments), @"MUST (3): time of PID 0x0100 jumps within it");
}

#[test]
fn pictures_shown_long_after_they_are_decoded_are_told() {
    let mut segments = segments(Ticks(90_000));
    segments[1].0 = moved(&segments[1].0, HOUR, false);

    insta::assert_snapshot!(look(&segments), @"
MUST (3): its first picture or sound of PID 0x0100 is shown 3600.04 s after it is decoded
MUST (3): its first picture or sound of PID 0x0101 is shown 3600 s after it is decoded
");
}

#[test]
fn tracks_stay_unless_there_is_a_discontinuity() {
    let mut two = Muxer::default();
    two.pictures(Ticks(90_000), 200, 50);
    let mut other = Muxer::new(&[(VIDEO, Codec::H264, 0x1B), (Pid::new(0x102), Codec::Ac3, 0x81)]);
    other.pictures(Ticks(90_000), 400, 50);
    // The same time, as if the audio had been changed between two segments.
    let mut segments = segments_of(&two);
    let at = segments.len();
    segments.extend(segments_of(&other).into_iter().skip(at));
    segments.truncate(at + 1);
    let told = |segments: &[(Vec<u8>, Said)]| {
        let said = look(segments);
        said.lines()
            .filter(|line| line.contains("4.4.4.3"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };

    insta::assert_snapshot!(told(&segments), @"MUST (4.4.4.3): the tracks were h264 in 0x0100, aac in 0x0101, and are h264 in 0x0100, without EXT-X-DISCONTINUITY");
    segments[at].1.discontinuity = true;
    assert_eq!(told(&segments), "");
}

#[test]
fn key_frames_come_every_two_seconds() {
    let with_groups_of = |pictures: u32| {
        let mut muxer = Muxer::default();
        muxer.pictures(Ticks(90_000), 400, pictures);
        look(&segments_of(&muxer))
    };

    assert_eq!(with_groups_of(50), "");
    insta::assert_snapshot!(with_groups_of(75), @"SHOULD (Apple): no key frame for more than two seconds");
}

#[test]
fn durations_are_those_of_the_media() {
    let with = |change: &dyn Fn(&mut Duration)| {
        let mut segments = segments(Ticks(90_000));
        segments.truncate(4);
        for (_, said) in &mut segments {
            change(said.duration.as_mut().unwrap());
        }
        look(&segments)
    };

    assert_eq!(with(&|_| ()), "");
    // One frame, of 40 ms, they may be off together.
    assert_eq!(with(&|duration| *duration += Duration::from_millis(9)), "");
    insta::assert_snapshot!(with(&|duration| *duration += Duration::from_millis(20)), @"SHOULD (4.4.4.1): the media before it play 0.06 s shorter than their durations say");
    insta::assert_snapshot!(with(&|duration| *duration /= 4), @"
MUST (4.4.4.1): the media before it play 1.5 s longer than their durations say
MUST (4.4.4.1): the media before it play 1.5 s longer than their durations say
MUST (4.4.4.1): the media before it play 1.5 s longer than their durations say
MUST (4.4.4.1): the media before it play 1.5 s longer than their durations say
");
    insta::assert_snapshot!(with(&|duration| *duration *= 2), @"
MUST (4.4.4.1): the media before it play 2 s shorter than their durations say
MUST (4.4.4.1): the media before it play 2 s shorter than their durations say
MUST (4.4.4.1): the media before it play 2 s shorter than their durations say
MUST (4.4.4.1): the media before it play 2 s shorter than their durations say
");
}

#[test]
fn what_is_missing_may_be_counted_or_not() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), 125, 50);
    muxer.pictures(Ticks(90_000 + 128 * 3_600), 275, 50);
    let mut segments = segments_of(&muxer);
    assert_eq!(look(&segments), "");

    let duration = segments[2].1.duration.as_mut().unwrap();
    *duration -= Duration::from_millis(120);
    assert_eq!(look(&segments), "");
    *segments[2].1.duration.as_mut().unwrap() -= Duration::from_millis(120);
    insta::assert_snapshot!(look(&segments), @"SHOULD (4.4.4.1): the media before it play 0.12 s longer than their durations say");
}

#[test]
fn seconds_of_which_nothing_came_is_no_other_time() {
    let mut segments = segments(Ticks(90_000));
    segments.truncate(4);
    for (bytes, _) in &mut segments[2..] {
        *bytes = moved(bytes, 3 * Ticks::PER_SECOND, true);
    }

    insta::assert_snapshot!(look(&segments), @"
SHOULD (3): time of PID 0x0100 goes on 3 s behind where the segment before ended
SHOULD (3): time of PID 0x0101 goes on 3 s behind where the segment before ended
");
}

#[test]
fn durations_in_front_of_a_break_are_those_of_the_media_too() {
    let mut segments = segments(Ticks(90_000));
    segments.truncate(2);
    segments[0].1.duration = Some(Duration::from_secs(9));
    segments[1].1.discontinuity = true;

    insta::assert_snapshot!(look(&segments), @"MUST (4.4.4.1): the media before it play 7 s shorter than their durations say");
}
