//! Low-latency playlists and the parts they name, as a player sees them while a stream goes on.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hls::{
    Change, Config, Packager, Position, Profile, Window,
    validate::{self, Fetched, Finding, Follower, Said, Severity, Transport},
};
use mpegts::{
    Codec, Demuxer, Event, PACKET_LEN, Pid, Ticks,
    testing::{ADTS, AUDIO, IDR, Muxer, PREDICTED, VIDEO},
};
use proptest::prelude::*;

const SECOND: i64 = 90_000;
const PROFILES: [Profile; 4] = [Profile::Fast, Profile::Balanced, Profile::Smooth, Profile::Solid];

fn packager() -> Packager {
    let mut packager = Packager::new(Config::default(), 1_000);
    packager.set_clock(SystemTime::UNIX_EPOCH + Duration::from_secs(1_763_802_000));
    packager
}

fn pictures(count: u32, gop: u32) -> Vec<u8> {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(SECOND), count, gop);
    muxer.stream
}

/// Push `stream` in pieces of `piece` packets, and look at the window whenever it changes.
fn watch(packager: &mut Packager, stream: &[u8], piece: usize, mut look: impl FnMut(&Packager)) {
    for piece in stream.chunks(piece * PACKET_LEN) {
        if packager.push(&Bytes::copy_from_slice(piece)) != Change::None {
            look(packager);
        }
    }
}

fn musts(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.severity == Severity::Must).collect()
}

/// A viewer of a live playlist who reads each version of it, and every part and segment as it comes.
#[derive(Default)]
struct Reader {
    follower: Follower,
    parts: Transport,
    read: Option<(u64, u64)>,
    whole: Option<u64>,
    findings: Vec<Finding>,
}

impl Reader {
    fn look(&mut self, window: &Window, at: Duration, skip: bool) {
        if !window.is_announced() {
            return;
        }
        let text = window.live_playlist(Profile::Balanced, skip);
        self.findings.extend(self.follower.take(Fetched { at, blocked: false }, &text));
        self.read_parts(window);
        self.read_segments(window);
    }

    fn read_parts(&mut self, window: &Window) {
        let growing = window.unfinished().into_iter();
        for segment in window.listed().chain(growing) {
            for (n, part) in segment.parts().iter().enumerate() {
                let place = (segment.number, n as u64);
                if self.read < Some(place) {
                    let discontinuity = segment.discontinuity && n == 0;
                    let duration = Some(part.duration);
                    let said = Said { discontinuity, is_part: true, independent: part.independent, duration };
                    self.findings.extend(self.parts.take(&part.chunks().concat(), said));
                    self.read = Some(place);
                }
            }
        }
    }

    fn read_segments(&mut self, window: &Window) {
        for segment in window.listed().filter(|segment| self.whole < Some(segment.number)) {
            let parts: Vec<Vec<u8>> = segment.parts().iter().map(|part| part.chunks().concat()).collect();
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let bytes: Vec<u8> = segment.chunks().flatten().copied().collect();
            self.findings.extend(validate::assembled(&parts, &bytes));
        }
        self.whole = window.last();
    }
}

#[test]
fn every_version_of_a_clean_streams_playlist_is_valid_and_follows_the_one_before() {
    let (mut packager, mut reader, mut at) = (packager(), Reader::default(), Duration::ZERO);
    watch(&mut packager, &pictures(2_000, 50), 4, |packager| {
        at = packager.media_time();
        reader.look(packager.window(), at, false);
    });
    assert_eq!(reader.findings, []);
    assert_eq!(packager.window().last(), Some(1_021));
}

/// What the rules say of the live playlist of pictures that are so far apart.
fn findings_of(steps: impl Iterator<Item = i64>) -> Vec<Finding> {
    let (mut muxer, mut dts) = (Muxer::new(&[(VIDEO, Codec::H264, 0x1B)]), Ticks(SECOND));
    for (n, step) in steps.enumerate() {
        if n % 12 == 0 {
            muxer.tables();
        }
        let head = if n % 50 == 0 { IDR } else { PREDICTED };
        muxer.pes(VIDEO, dts, dts, head, 1_500);
        dts = dts + Ticks(step);
    }
    let (mut packager, mut reader) = (packager(), Reader::default());
    watch(&mut packager, &muxer.stream, 4, |packager| {
        reader.look(packager.window(), packager.media_time(), false);
    });
    assert!(packager.window().last() > Some(1_004));
    musts(reader.findings)
}

#[test]
fn sound_in_runs_of_frames_of_several_lengths_is_as_long_as_it_is_said_to_be() {
    let (mut muxer, mut time) = (Muxer::new(&[(AUDIO, Codec::Aac, 0x0F)]), SECOND);
    for step in [25_920, 32_400, 32_400].into_iter().cycle().take(120) {
        muxer.tables();
        muxer.pes(AUDIO, Ticks(time), Ticks(time), ADTS, 2_888);
        time += step;
    }
    let (mut packager, mut reader) = (packager(), Reader::default());
    watch(&mut packager, &muxer.stream, 4, |packager| {
        reader.look(packager.window(), packager.media_time(), false);
    });

    assert!(packager.window().last() > Some(1_004));
    let mut findings = reader.parts.finish();
    findings.extend(reader.findings);
    assert_eq!(musts(findings), []);
}

#[test]
fn pictures_that_are_a_tick_late_make_no_part_short() {
    // Four pictures of a fifteenth of a second are a part, three are too few.
    assert_eq!(findings_of([6_006, 6_006, 6_007, 6_005, 6_006].into_iter().cycle().take(600)), []);
}

#[test]
fn pictures_that_are_missing_make_no_part_short() {
    assert_eq!(findings_of((0..1_500).map(|n| if n % 97 == 0 { 10_800 } else { 3_600 })), []);
}

#[test]
fn delta_updates_leave_out_what_is_older_than_the_skip_boundary() {
    let (mut packager, mut reader, mut skipped) = (packager(), Reader::default(), 0);
    watch(&mut packager, &pictures(2_000, 50), 4, |packager| {
        let window = packager.window();
        reader.look(window, packager.media_time(), reader.whole.is_some());
        let text = window.live_playlist(Profile::Balanced, true);
        skipped += usize::from(text.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS="));
    });
    assert_eq!(reader.findings, []);
    assert!(skipped > 50, "{skipped}");
}

#[test]
fn a_live_playlist_reads_as_the_rules_say() {
    let mut packager = packager();
    packager.push(&Bytes::from(pictures(170, 50)));

    insta::assert_snapshot!(packager.window().live_playlist(Profile::Fast, false));
}

#[test]
fn gaps_stand_in_front_of_a_stream_that_has_no_whole_segment_for_those_close_to_live_only() {
    let mut packager = packager();
    packager.push(&Bytes::from(pictures(30, 50)));
    assert!(!packager.window().is_announced() && packager.window().is_empty());
    packager.announce();
    let window = packager.window();

    insta::assert_snapshot!(window.live_playlist(Profile::Fast, false));
    assert_eq!(musts(validate::media(&window.live_playlist(Profile::Fast, false))), []);
    assert!(!window.live_playlist(Profile::Balanced, false).contains("GAP"));
}

#[test]
fn gaps_go_for_good_and_the_numbers_go_on() {
    let (mut packager, mut follower, mut seen) = (packager(), Follower::default(), Vec::new());
    let stream = pictures(1_500, 50);
    let (head, rest) = stream.split_at(100 * PACKET_LEN);
    packager.push(&Bytes::copy_from_slice(head));
    packager.announce();
    watch(&mut packager, rest, 4, |packager| {
        let text = packager.window().live_playlist(Profile::Fast, false);
        seen.push(text.contains("GAP"));
        let findings = follower.take(Fetched { at: packager.media_time(), blocked: false }, &text);
        assert_eq!(musts(findings), [], "{text}");
    });
    let first_without = seen.iter().position(|gap| !gap).unwrap();
    assert!(first_without > 0 && seen[first_without..].iter().all(|gap| !gap));
}

#[test]
fn a_first_segment_that_is_announced_late_is_no_longer_than_the_list_says() {
    // One group of pictures lasts 20 s; somebody asks for parts when so many pictures of it are there.
    for pictures_there in (100..290).step_by(7) {
        let (mut packager, mut follower) = (packager(), Follower::default());
        let (head, all) = (pictures(pictures_there, 500), pictures(1_500, 500));
        packager.push(&Bytes::copy_from_slice(&head));
        packager.announce();
        watch(&mut packager, &all[head.len()..], 4, |packager| {
            let text = packager.window().live_playlist(Profile::Fast, false);
            let findings = follower.take(Fetched { at: packager.media_time(), blocked: false }, &text);
            assert_eq!(musts(findings), [], "{pictures_there}: {text}");
        });
    }
}

#[test]
fn parts_end_where_pictures_do() {
    let mut packager = packager();
    packager.push(&Bytes::from(pictures(400, 50)));

    for segment in packager.window().listed() {
        for part in segment.parts() {
            let bytes = part.chunks().concat();
            // The first packet of the video in a part begins a PES packet.
            let video = bytes
                .chunks(PACKET_LEN)
                .find(|packet| Pid::new(u16::from_be_bytes([packet[1], packet[2]])) == VIDEO);
            assert!(video.is_some_and(|packet| packet[1] & 0x40 != 0));
            assert!(part.duration <= Duration::from_millis(320));
        }
    }
}

#[test]
fn the_first_parts_wait_for_sound_that_is_announced_and_comes_late() {
    let mut muxer = Muxer::default();
    muxer.tables();
    let mut time = SECOND;
    for n in 0..50 {
        let head = if n == 0 { IDR } else { PREDICTED };
        muxer.pes(VIDEO, Ticks(time), Ticks(time), head, 400);
        if n >= 20 {
            muxer.pes(AUDIO, Ticks(time - SECOND / 2), Ticks(time - SECOND / 2), ADTS, 100);
        }
        time += 3_600;
    }
    let mut packager = packager();
    packager.push(&Bytes::from(muxer.stream));

    let window = packager.window();
    let first = window.part(1_000, 0).unwrap().chunks().concat();
    let mut demuxer = Demuxer::new();
    let mut tracks = Vec::new();
    demuxer.push(&first, |event| {
        if let Event::Program(program) = event {
            tracks = program.tracks.iter().map(|track| track.codec).collect();
        }
    });
    assert_eq!(tracks, [Codec::H264, Codec::Aac]);
    assert!(!window.unfinished().unwrap().discontinuity);
}

#[test]
fn a_slow_frame_rate_makes_parts_of_whole_frames() {
    // 15 pictures a second: four of them last 267 ms, less than 85 % of 320.
    let (mut muxer, mut time) = (Muxer::new(&[(VIDEO, Codec::H264, 0x1B)]), SECOND);
    muxer.tables();
    for n in 0..200 {
        muxer.pes(VIDEO, Ticks(time), Ticks(time), if n % 30 == 0 { IDR } else { PREDICTED }, 400);
        time += 6_000;
    }
    let mut packager = packager();
    packager.push(&Bytes::from(muxer.stream));

    assert_eq!(packager.window().part_target(), Duration::from_nanos(266_666_666));
    assert_eq!(validate::media(&packager.window().live_playlist(Profile::Balanced, false)), []);
}

#[test]
fn a_position_is_reached_with_its_part_and_too_far_beyond_what_comes_next() {
    let mut packager = packager();
    // Four segments of 2 s, less one picture; then parts of the fifth.
    packager.push(&Bytes::from(pictures(230, 50)));
    let window = packager.window();
    let at = |segment, part| Position { segment, part };
    assert_eq!(window.edge(), Some((1_004, 2)));
    assert_eq!(window.next(), Some((1_004, 3)));

    assert!(window.reached(at(1_003, None)) && !window.reached(at(1_004, None)));
    assert!(window.reached(at(1_004, Some(2))) && !window.reached(at(1_004, Some(3))));
    // Behind the end of its segment: the first part of the next one.
    assert!(window.reached(at(1_003, Some(50))));
    assert!(window.reached(at(7, Some(3))), "long gone");
    assert!(!window.is_too_far(at(1_005, None)) && window.is_too_far(at(1_006, None)));
    assert!(!window.is_too_far(at(1_004, Some(12))) && window.is_too_far(at(1_004, Some(13))));
}

/// Groups of so many pictures, each behind a jump in time.
fn groups(groups: &[(u32, i64)]) -> Vec<u8> {
    let (mut muxer, mut time) = (Muxer::default(), 100 * SECOND);
    for &(pictures, jump) in groups {
        time += jump;
        muxer.tables();
        for n in 0..pictures {
            muxer.pes(VIDEO, Ticks(time), Ticks(time), if n == 0 { IDR } else { PREDICTED }, 400);
            time += 3_600;
        }
    }
    muxer.stream
}

#[test]
fn a_part_is_promised_its_length_even_where_it_is_a_single_picture() {
    let mut packager = packager();
    let mut versions = Vec::new();
    watch(&mut packager, &groups(&[(1, 0), (200, 15 * SECOND)]), 1, |packager| {
        versions.push(packager.window().live_playlist(Profile::Balanced, false));
    });

    let first = versions.iter().find(|text| text.contains("segment_1000.ts")).unwrap();
    assert!(first.contains("PART-TARGET=0.320000") && first.contains("DURATION=0.040000"), "{first}");
    assert_eq!(musts(validate::media(first)), []);
}

#[test]
fn a_part_whose_only_picture_that_stands_alone_was_cut_off_is_not_independent() {
    // Groups of 2 s, two in a segment. The source breaks off in the first picture of the second one, and in the next.
    for count in [351, 352] {
        let mut packager = packager();
        packager.push(&Bytes::from(pictures(count, 50)));
        packager.announce();
        packager.interrupt();

        let mut reader = Reader::default();
        reader.look(packager.window(), packager.media_time(), false);
        assert_eq!(reader.findings, [], "{count}");
    }
}

/// Groups of pictures with holes, jumps and cuts of the source.
fn any_stream() -> impl Strategy<Value = Vec<(Vec<u8>, bool)>> {
    // Rates of which a whole number of frames fills a part: a promise of 85 % cannot be kept over any change of rate.
    let frame = prop_oneof![6 => Just(3_600_i64), 1 => Just(1_800)];
    let jump = prop_oneof![8 => Just(0_i64), 3 => 0_i64..2 * SECOND, 1 => -20 * SECOND..20 * SECOND];
    prop::collection::vec((1_u32..160, frame, jump, prop::bool::weighted(0.1)), 1..20).prop_map(|groups| {
        let (mut muxer, mut time) = (Muxer::default(), 100 * SECOND);
        let piece = |(pictures, frame, jump, cut)| {
            time += jump;
            muxer.tables();
            for n in 0..pictures {
                muxer.pes(VIDEO, Ticks(time), Ticks(time), if n == 0 { IDR } else { PREDICTED }, 400);
                muxer.pes(AUDIO, Ticks(time), Ticks(time), ADTS, 100);
                time += frame;
            }
            (std::mem::take(&mut muxer.stream), cut)
        };
        groups.into_iter().map(piece).collect()
    })
}

/// What no stutter excuses: a source that stutters is late, and its parts are short where it broke.
fn beyond_stutter(findings: Vec<Finding>) -> Vec<Finding> {
    let excused = |finding: &Finding| {
        finding.clause == "6.2.1" && finding.text.contains("late") || finding.text.contains("less than 85 %")
    };
    musts(findings).into_iter().filter(|finding| !excused(finding)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_no_version_of_the_playlist_breaks_a_promise(stream in any_stream(), piece in 1_usize..200) {
        let (mut packager, mut reader) = (packager(), Reader::default());
        for (stream, cut) in stream {
            watch(&mut packager, &stream, piece, |packager| {
                reader.look(packager.window(), packager.media_time(), false);
            });
            if cut {
                packager.interrupt();
                reader.look(packager.window(), packager.media_time(), false);
            }
        }
        packager.finish();
        reader.look(packager.window(), packager.media_time(), false);
        prop_assert_eq!(beyond_stutter(reader.findings), []);
        for profile in PROFILES {
            let text = packager.window().live_playlist(profile, false);
            if !packager.window().is_empty() {
                prop_assert_eq!(beyond_stutter(validate::media(&text)), []);
            }
        }
    }
}

#[test]
fn a_window_that_is_asked_to_be_longer_grows_and_goes_back() {
    let (mut packager, mut reader) = (packager(), Reader::default());
    let stream = pictures(6_000, 50);
    let mut longest = Duration::ZERO;
    watch(&mut packager, &stream[..stream.len() / 2], 4, |packager| {
        reader.look(packager.window(), packager.media_time(), false);
    });
    assert_eq!(packager.window().duration(), Duration::from_secs(40));

    packager.set_window(Duration::from_secs(90));
    watch(&mut packager, &stream[stream.len() / 2..stream.len() / 10 * 9], 4, |packager| {
        reader.look(packager.window(), packager.media_time(), false);
        longest = longest.max(packager.window().duration());
    });
    packager.set_window(Duration::from_secs(40));
    watch(&mut packager, &stream[stream.len() / 10 * 9..], 4, |packager| {
        reader.look(packager.window(), packager.media_time(), false);
    });

    assert!(longest > Duration::from_secs(80), "{longest:?}");
    assert_eq!(packager.window().duration(), Duration::from_secs(40));
    assert_eq!(musts(reader.findings), []);
}
