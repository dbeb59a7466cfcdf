//! Whole streams through the packager: the playlists they give, and what holds for any stream.
#![expect(clippy::print_stdout, reason = "a failing test shows the playlist")]

mod viewer;

use std::{fs, time::Duration};

use bytes::Bytes;
use hls::{Change, Config, Packager, Segment};
use mpegts::{
    Codec, Demuxer, Event, PACKET_LEN, Packet, Pid, Ticks,
    testing::{ADTS, AUDIO, IDR, Muxer, PREDICTED, VIDEO},
};
use proptest::prelude::*;
use viewer::Viewer;

const SECOND: i64 = 90_000;

fn pictures(count: u32, gop: u32) -> Vec<u8> {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(SECOND), count, gop);
    muxer.stream
}

/// The packager behind `stream`; no playlist on the way broke a rule.
fn package(config: Config, stream: &[u8]) -> Packager {
    let (mut packager, mut viewer) = (Packager::new(config, 1_763_802_000), Viewer::default());
    for piece in stream.chunks(4_096) {
        if packager.push(&Bytes::copy_from_slice(piece)) != Change::None {
            viewer.look(&packager);
        }
    }
    assert_eq!(viewer.findings, []);
    packager
}

/// Everything that was ever closed.
fn segments(config: Config, stream: &[u8], piece: usize) -> Vec<Segment> {
    // Where memory is short, a list may be shorter than 6.2.2 allows.
    let may_be_short = config.max_bytes < Config::default().max_bytes;
    let (mut packager, mut viewer) = (Packager::new(config, 5), Viewer::default());
    let mut all = Vec::new();
    for piece in stream.chunks(piece) {
        if packager.push(&Bytes::copy_from_slice(piece)) != Change::None {
            viewer.look(&packager);
        }
        all.extend(packager.closed().iter().map(|segment| Segment::clone(segment)));
    }
    packager.finish();
    viewer.look(&packager);
    viewer.findings.retain(|finding| !(may_be_short && finding.clause == "6.2.2"));
    assert_eq!(viewer.findings, []);
    all.extend(packager.closed().iter().map(|segment| Segment::clone(segment)));
    all
}

#[test]
fn of_what_is_received_only_the_packet_across_a_seam_is_copied() {
    let stream = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/clean.ts")).unwrap();
    // How many bytes of the window do not lie in the blocks that were received, and how many blocks there were.
    let copied = |length: usize| {
        let mut packager = Packager::new(Config::default(), 5);
        let blocks: Vec<Bytes> = stream.chunks(length).map(Bytes::copy_from_slice).collect();
        for block in &blocks {
            packager.push(block);
        }

        let lies_elsewhere = |chunk: &&Bytes| {
            let address = chunk.as_ptr();
            !blocks.iter().any(|block| block.as_ptr_range().contains(&address))
        };
        let parts = packager.window().listed().flat_map(|segment| segment.parts());
        let chunks = parts.flat_map(|part| &part.chunks()[1..]).filter(lies_elsewhere);
        (chunks.map(Bytes::len).sum::<usize>(), blocks.len())
    };
    let ((aligned, _), (unaligned, blocks)) = (copied(349 * PACKET_LEN), copied(349 * PACKET_LEN + 1));
    assert!(unaligned > 0);
    assert!(unaligned <= aligned + blocks * PACKET_LEN);
}

#[test]
fn what_left_the_list_long_ago_goes_when_memory_is_short() {
    let mut packager = package(Config::default(), &pictures(25 * 90, 25));
    let (bytes, playlist) = (packager.window().bytes(), packager.window().playlist());

    packager.reclaim();

    assert!(packager.window().bytes() < bytes && packager.window().playlist() == playlist);
}

#[test]
fn a_stream_starts_with_short_segments_and_goes_on_with_long_ones() {
    let packager = package(Config::default(), &pictures(25 * 25, 25));

    insta::assert_snapshot!(packager.window().playlist());
}

#[test]
fn a_segment_grows_from_the_first_random_access_point_on_whatever_came_before() {
    let clip = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/clean.ts")).unwrap();
    let mut packager = Packager::new(Config::default(), 5);
    // Behind the key frame that the clip begins with, and before the next.
    let mut pieces = clip[400 * 188..].chunks(188).map(Bytes::copy_from_slice);

    let kept = pieces.find(|piece| {
        packager.push(piece);
        packager.growing_bytes() > 0
    });
    assert!(kept.is_some() && !packager.is_growing(), "of what came before the key frame");

    let first = pieces.find(|piece| {
        packager.push(piece);
        packager.is_growing()
    });
    assert!(first.is_some() && packager.window().unfinished().is_none());
}

#[test]
fn the_window_slides_and_the_numbers_go_on() {
    let packager = package(Config::default(), &pictures(25 * 90, 50));

    insta::assert_snapshot!(packager.window().playlist());
}

#[test]
fn a_group_of_pictures_longer_than_the_target_sets_the_target_duration() {
    let packager = package(Config::default(), &pictures(25 * 50, 250));

    assert_eq!(packager.window().target_duration(), 10);
    assert!(packager.window().listed().all(|segment| segment.independent));
    assert!(packager.window().playlist().contains("#EXTINF:10.000000,"));
}

#[test]
fn groups_that_do_not_divide_the_target_are_cut_where_they_fit_best() {
    for (gop, seconds) in [(48, 3.84), (75, 3.0), (63, 2.52), (10, 4.0)] {
        let config = Config { fast_start: false, ..Config::default() };
        let all = segments(config, &pictures(25 * 40, gop), 4_096);
        let usual = all[all.len() / 2].duration.as_secs_f64();
        assert!((usual - seconds).abs() < 0.001, "groups of {gop}: {usual} s");
    }
}

#[test]
fn where_no_random_access_comes_the_cut_is_made_by_time() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(SECOND), 100, 50);
    muxer.pictures(Ticks(5 * SECOND), 1_000, 10_000);

    let packager = package(Config::default(), &muxer.stream);

    insta::assert_snapshot!(packager.window().playlist());
    assert!(packager.window().listed().any(|segment| !segment.independent));
}

#[test]
fn a_connection_made_anew_is_a_discontinuity_and_keeps_the_window() {
    let mut packager = package(Config::default(), &pictures(260, 50));
    packager.interrupt();
    let mut later = Muxer::default();
    later.pictures(Ticks(77_000 * SECOND), 160, 50);
    packager.push(&Bytes::from(later.stream));
    packager.finish();

    insta::assert_snapshot!(packager.window().playlist());
}

#[test]
fn a_jump_in_time_is_a_discontinuity_and_the_wrap_is_none() {
    let jump = |to: i64| {
        let mut muxer = Muxer::default();
        muxer.pictures(Ticks((1 << 33) - 5 * SECOND), 100, 50);
        muxer.pictures(Ticks(to), 100, 50);
        segments(Config::default(), &muxer.stream, 9_999)
            .iter()
            .filter(|segment| segment.discontinuity)
            .count()
    };

    assert_eq!(jump((1 << 33) - SECOND), 0);
    assert_eq!(jump((1 << 33) + 60 * SECOND), 1);
    assert_eq!(jump(0), 0);
    assert_eq!(jump((1 << 33) - 60 * SECOND), 1);
}

#[test]
fn other_parameters_begin_a_new_segment_with_a_discontinuity() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 60, 50);
    let other: Vec<u8> = IDR.iter().map(|&byte| if byte == 0x64 { 0x4D } else { byte }).collect();
    muxer.pes(VIDEO, Ticks(60 * 3_600), Ticks(60 * 3_600), &other, 900);
    muxer.pes(VIDEO, Ticks(61 * 3_600), Ticks(61 * 3_600), PREDICTED, 900);

    let all = segments(Config::default(), &muxer.stream, 4_096);

    let last = all.last().unwrap();
    assert!(last.discontinuity && last.independent);
    assert_eq!(last.duration, Duration::from_millis(80));
    assert_eq!(all.iter().map(|segment| segment.duration).sum::<Duration>(), Duration::from_millis(62 * 40));
}

#[test]
fn audio_alone_is_cut_by_time() {
    let mut muxer = Muxer::new(&[(AUDIO, Codec::Aac, 0x0F)]);
    muxer.tables();
    for n in 0..1_000 {
        muxer.pes(AUDIO, Ticks(n * 2_160), Ticks(n * 2_160), ADTS, 300);
    }

    let all = segments(Config { fast_start: false, ..Config::default() }, &muxer.stream, 4_096);

    assert_eq!(all.len(), 7);
    assert!(all.iter().all(|segment| segment.independent));
    assert_eq!(all[0].duration, Duration::from_millis(3_912));
}

#[test]
fn announced_video_that_never_comes_does_not_hold_up_the_sound() {
    let mut muxer = Muxer::default();
    muxer.tables();
    for n in 0..600 {
        muxer.pes(AUDIO, Ticks(n * 2_160), Ticks(n * 2_160), ADTS, 300);
    }

    let all = segments(Config::default(), &muxer.stream, 4_096);

    assert!(!all.is_empty());
    assert_eq!(tracks(&all[0]), ["aac"]);
}

#[test]
fn video_that_stops_coming_does_not_hold_up_the_sound() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 100, 50);
    for n in 0..1_000 {
        let dts = Ticks(4 * SECOND + n * 2_160);
        muxer.pes(AUDIO, dts, dts, ADTS, 300);
    }

    let all = segments(Config::default(), &muxer.stream, 4_096);

    let played: Duration = all.iter().map(|segment| segment.duration).sum();
    assert!(played > Duration::from_secs(22), "{played:?}");
    assert!(all.iter().all(|segment| segment.duration < Duration::from_millis(4_500)));
}

#[test]
fn tables_announce_only_what_is_there_and_number_on() {
    // Announced: video, sound, and a second sound of which nothing comes.
    let mut muxer = Muxer::new(&[
        (VIDEO, Codec::H264, 0x1B),
        (AUDIO, Codec::Aac, 0x0F),
        (Pid::new(0x102), Codec::Ac3, 0x81),
    ]);
    muxer.pictures(Ticks(0), 400, 50);

    let all = segments(Config { part_target: None, ..Config::default() }, &muxer.stream, 4_096);

    let mut counter = 0;
    for segment in &all {
        let bytes = bytes_of(segment);
        let packets: Vec<Packet<'_>> =
            bytes.chunks(PACKET_LEN).map(|packet| Packet::new(packet).unwrap()).collect();
        assert_eq!((packets[0].pid(), packets[1].pid()), (Pid::PAT, Pid::new(0x1000)));
        assert!(packets[2..].iter().all(|packet| [VIDEO, AUDIO].contains(&packet.pid())));
        assert_eq!([packets[0].continuity_counter(), packets[1].continuity_counter()], [counter % 16; 2]);
        assert_eq!(tracks(segment), ["h264", "aac"]);
        counter += 1;
    }
    assert!(counter > 3);
}

#[test]
fn tracks_that_change_end_their_segment_under_the_old_tables() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 60, 50);
    let mut other = Muxer::new(&[(VIDEO, Codec::H265, 0x24), (AUDIO, Codec::Aac, 0x0F)]);
    other.tables();
    for n in 60..110_i64 {
        let head: &[u8] = if n == 60 { &[0, 0, 0, 1, 0x26, 1] } else { &[0, 0, 0, 1, 0x02, 1] };
        other.pes(VIDEO, Ticks(n * 3_600), Ticks(n * 3_600), head, 900);
        other.pes(AUDIO, Ticks(n * 3_600), Ticks(n * 3_600), ADTS, 300);
    }
    muxer.stream.extend(&other.stream);

    let all = segments(Config::default(), &muxer.stream, 4_096);

    let found: Vec<(String, bool, u8)> = all
        .iter()
        .map(|segment| (tracks(segment)[0].clone(), segment.discontinuity, map_version(segment)))
        .collect();
    let expected = [("h264", false, 0), ("h264", false, 0), ("h265", true, 1)];
    assert_eq!(
        found,
        expected.map(|(codec, discontinuity, version)| (codec.to_owned(), discontinuity, version))
    );
}

#[test]
fn a_picture_lost_here_and_there_keeps_segments_within_the_target_duration() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 400, 50);
    // 0.9 s are missing where the next segment would begin.
    muxer.pictures(Ticks(400 * 3_600 + 81_000), 10, 100);
    muxer.pictures(Ticks(410 * 3_600 + 81_000), 200, 50);

    let all = segments(Config::default(), &muxer.stream, 4_096);

    assert!(all.iter().all(|segment| segment.duration < Duration::from_millis(4_500)), "{all:?}");
}

#[test]
fn a_hole_that_a_segment_cannot_span_is_a_discontinuity() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 490, 50);
    muxer.pictures(Ticks(490 * 3_600 + 4 * SECOND), 200, 50);

    let all = segments(Config::default(), &muxer.stream, 4_096);

    assert_eq!(all.iter().filter(|segment| segment.discontinuity).count(), 1);
    let played: Duration = all.iter().map(|segment| segment.duration).sum();
    assert_eq!(played, Duration::from_millis(690 * 40));
}

#[test]
fn a_jump_that_the_sound_makes_first_is_one_discontinuity_and_invents_no_time() {
    for jump in [3_600 * SECOND, 12 * SECOND, 5 * SECOND, -3_600 * SECOND] {
        let mut muxer = Muxer::default();
        muxer.pictures(Ticks(7_200 * SECOND), 260, 50);
        let later = 7_200 * SECOND + 260 * 3_600 + jump;
        for n in 0..20 {
            muxer.pes(AUDIO, Ticks(later + n * 3_600), Ticks(later + n * 3_600), ADTS, 300);
        }
        muxer.pictures(Ticks(later), 260, 50);

        let all = segments(Config::default(), &muxer.stream, 4_096);

        assert_eq!(all.iter().filter(|segment| segment.discontinuity).count(), 1, "jump by {jump}");
        let played: Duration = all.iter().map(|segment| segment.duration).sum();
        assert_eq!(played, Duration::from_millis(520 * 40), "jump by {jump}");
    }
}

#[test]
fn sound_that_jumps_first_is_left_out_of_the_segment_that_ends() {
    for jump in [3_600 * SECOND, -5 * SECOND] {
        let mut muxer = Muxer::default();
        muxer.pictures(Ticks(7_200 * SECOND), 260, 50);
        let later = Ticks(7_200 * SECOND + 260 * 3_600 + jump);
        muxer.pes(AUDIO, later - Ticks(3_600), later - Ticks(3_600), ADTS, 300);
        muxer.pictures(later, 260, 50);

        let all = segments(Config::default(), &muxer.stream, 4_096);

        assert_eq!(all.iter().filter(|segment| segment.discontinuity).count(), 1, "jump by {jump}");
        for segment in &all {
            let times = sound(segment);
            let goes_on = |pair: &[Ticks]| (pair[1] - pair[0]).0 == 3_600;
            assert!(times.len() > 1, "jump by {jump}, segment {}", segment.number);
            assert!(times.windows(2).all(goes_on), "jump by {jump}, segment {}", segment.number);
        }
    }
}

#[test]
fn pictures_stay_whole_where_sound_jumps_within_them() {
    let start = Ticks(7_200 * SECOND);
    let later = start + Ticks(260 * 3_600 + 3_600 * SECOND);
    // Too much in front of the picture itself for its first packet to tell what it is.
    let message = [&IDR[..4], &[6], &[0xA5; 250], IDR].concat();
    for head in [IDR, &message] {
        for within_old in [true, false] {
            let mut muxer = Muxer::default();
            muxer.pictures(start, 260, 50);
            let last = start + Ticks(260 * 3_600);
            let mut apart = |pid, time, head: &[u8], len| {
                let from = muxer.stream.len();
                muxer.pes(pid, time, time, head, len);
                muxer.stream.split_off(from)
            };
            let old = apart(VIDEO, last, PREDICTED, 1_500);
            let new = apart(VIDEO, later, head, 1_500);
            let sound = apart(AUDIO, later, ADTS, 300);
            let at = if within_old { PACKET_LEN } else { old.len() + PACKET_LEN };
            let pictures = [old, new].concat();
            muxer.stream.extend([&pictures[..at], &sound, &pictures[at..]].concat());
            muxer.pictures(later + Ticks(3_600), 260, 50);

            let all = segments(Config::default(), &muxer.stream, 4_096);

            assert_eq!(all.iter().filter(|segment| segment.discontinuity).count(), 1);
            let starts: Vec<Vec<bool>> = all.iter().map(|segment| video(&bytes_of(segment))).collect();
            for (starts, segment) in starts.iter().zip(&all) {
                assert_eq!(starts.first(), Some(&true), "segment {} begins with a picture", segment.number);
            }
            assert_eq!(starts.concat().len(), video(&muxer.stream).len(), "packets of pictures");
        }
    }
}

/// For each packet of video whether a picture begins in it.
fn video(stream: &[u8]) -> Vec<bool> {
    let packets = stream.chunks(PACKET_LEN).filter_map(Packet::new);
    packets.filter(|packet| packet.pid() == VIDEO).map(Packet::payload_unit_start).collect()
}

/// When the sound in a segment begins, unit by unit.
fn sound(segment: &Segment) -> Vec<Ticks> {
    let (mut demuxer, mut found) = (Demuxer::default(), Vec::new());
    demuxer.push(&bytes_of(segment), |event| match event {
        Event::AccessUnit(unit) if unit.track == 1 => found.push(unit.dts),
        _ => {}
    });
    found
}

#[test]
fn a_segment_too_large_ends_where_a_picture_begins() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 300, 100);

    // Less than a second of it.
    let all = segments(Config { max_bytes: 4 * 40_000, ..Config::default() }, &muxer.stream, 4_096);

    assert!(all.len() > 12);
    for segment in &all {
        let bytes = bytes_of(segment);
        let mut packets = bytes.chunks(PACKET_LEN).map(|packet| Packet::new(packet).unwrap());
        let first = packets.find(|packet| packet.pid() == VIDEO).unwrap();
        assert!(first.payload_unit_start());
    }
}

#[test]
fn a_list_is_never_shorter_than_three_target_durations() {
    let config = Config { window: Duration::from_secs(5), ..Config::default() };
    // The first segments last a second each.
    let packager = package(config, &pictures(25 * 14, 25));

    assert!(packager.window().duration() >= Duration::from_secs(12));
}

#[test]
fn sound_that_joins_later_is_a_discontinuity() {
    let mut muxer = Muxer::default();
    muxer.tables();
    for n in 0..500_i64 {
        let dts = Ticks(n * 3_600);
        muxer.pes(VIDEO, dts, dts, if n % 50 == 0 { IDR } else { PREDICTED }, 900);
        if n >= 250 {
            muxer.pes(AUDIO, dts, dts, ADTS, 300);
        }
    }

    let all = segments(Config::default(), &muxer.stream, 4_096);

    assert_eq!(tracks(&all[0]), ["h264"]);
    assert_eq!(tracks(all.last().unwrap()), ["h264", "aac"]);
    assert_eq!(all.iter().filter(|segment| segment.discontinuity).count(), 1);
}

#[test]
fn a_stream_without_times_stays_within_its_bytes() {
    let config = Config { max_bytes: 4 << 20, ..Config::default() };
    let mut packager = Packager::new(config, 0);
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 1, 1);
    packager.push(&Bytes::copy_from_slice(&muxer.stream));
    muxer.stream.clear();
    // One endless picture.
    muxer.pes(VIDEO, Ticks(3_600), Ticks(3_600), PREDICTED, 1 << 20);
    for _ in 0..64 {
        packager.push(&Bytes::copy_from_slice(&muxer.stream));
    }

    assert!(packager.window().bytes() <= 4 << 20);
}

/// The version of the map in front of a segment, which stands in its second packet behind the pointer.
fn map_version(segment: &Segment) -> u8 {
    bytes_of(segment)[PACKET_LEN + 5 + 5] >> 1 & 0x1F
}

/// The tracks that a segment announces.
fn tracks(segment: &Segment) -> Vec<String> {
    let (mut demuxer, mut found) = (Demuxer::new(), Vec::new());
    demuxer.push(&bytes_of(segment), |event| {
        if let Event::Program(program) = event {
            found = program.tracks.iter().map(|track| track.codec.to_string()).collect();
        }
    });
    found
}

/// A stream of groups of pictures of any lengths and frame rates, with holes and jumps in time.
fn any_stream() -> impl Strategy<Value = Vec<u8>> {
    let frame = prop_oneof![6 => Just(3_600_i64), 1 => Just(1_800), 1 => Just(30_000), 1 => Just(60_000)];
    let jump = prop_oneof![
        8 => Just(0_i64),
        3 => 0_i64..2 * SECOND,
        1 => -20 * SECOND..20 * SECOND,
        1 => Just(40_000 * SECOND)
    ];
    prop::collection::vec((1_u32..160, frame, jump), 1..30).prop_map(|groups| {
        let (mut muxer, mut time) = (Muxer::default(), 100 * SECOND);
        for (pictures, frame, jump) in groups {
            time += jump;
            muxer.tables();
            for n in 0..pictures {
                let head = if n == 0 { IDR } else { PREDICTED };
                muxer.pes(VIDEO, Ticks(time), Ticks(time), head, 400);
                muxer.pes(AUDIO, Ticks(time), Ticks(time), ADTS, 100);
                time += frame;
            }
        }
        muxer.stream
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    // RFC 8216bis 4.4.3.1, 4.4.4.3, 6.2.1.
    #[test]
    fn what_a_playlist_promises_holds(stream in any_stream()) {
        let (mut packager, mut viewer) = (Packager::new(Config::default(), 5), Viewer::default());
        let mut all: Vec<Segment> = Vec::new();
        let mut listed_last = Vec::new();
        let mut target = 0;
        for piece in stream.chunks(20_000) {
            packager.push(&Bytes::copy_from_slice(piece));
            viewer.look(&packager);
            all.extend(packager.closed().iter().map(|segment| Segment::clone(segment)));
            let window = packager.window();
            let listed: Vec<u64> = window.listed().map(|segment| segment.number).collect();
            // A list loses segments at its head and gains them at its end, nothing else.
            prop_assert!(listed.windows(2).all(|pair| pair[1] == pair[0] + 1));
            prop_assert!(listed.first() >= listed_last.first() && listed.last() >= listed_last.last());
            prop_assert!(target == 0 || window.target_duration() == target);
            (listed_last, target) = (listed, window.target_duration());
        }
        prop_assert_eq!(viewer.findings, []);
        for (n, segment) in all.iter().enumerate() {
            prop_assert_eq!(segment.number, 5 + n as u64);
            prop_assert!(segment.duration.as_secs_f64().round() <= f64::from(target));
            prop_assert!(!segment.duration.is_zero());
        }
    }

    #[test]
    fn the_received_packets_are_in_the_segments_once_and_in_order(
        pictures in 60_u32..400,
        gop in 1_u32..120,
        piece in 1_usize..9_000,
    ) {
        let stream = self::pictures(pictures, gop);
        let media = |bytes: &[u8]| -> Vec<u8> {
            let packets = bytes.chunks(PACKET_LEN).filter(|packet| {
                [VIDEO, AUDIO].contains(&Packet::new(packet).unwrap().pid())
            });
            packets.flatten().copied().collect()
        };

        let all = segments(Config::default(), &stream, piece);

        let packaged: Vec<u8> = all.iter().flat_map(|segment| media(&bytes_of(segment))).collect();
        prop_assert!(packaged == media(&stream));
        let played: Duration = all.iter().map(|segment| segment.duration).sum();
        let wanted = Duration::from_millis(u64::from(pictures) * 40);
        prop_assert!(played.abs_diff(wanted) < Duration::from_micros(100));
    }
}

fn bytes_of(segment: &Segment) -> Vec<u8> {
    segment.chunks().flatten().copied().collect()
}
