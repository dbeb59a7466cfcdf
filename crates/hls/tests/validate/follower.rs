//! Versions of one live playlist.

use std::time::Duration;

use hls::validate::{Fetched, Follower};

use crate::samples::{changed, date, delta, low_latency, told};

fn at(milliseconds: u64) -> Fetched {
    Fetched { at: Duration::from_millis(milliseconds), blocked: true }
}

/// What is told of `after` behind `before`, which is fine.
fn behind(before: &str, after: &str) -> String {
    let mut follower = Follower::default();
    assert_eq!(told(&follower.take(at(0), before)), "");
    told(&follower.take(at(320), after))
}

/// What is told when a playlist of ten segments and three parts is followed by itself with one part more, changed.
fn next_with(from: &str, to: &str) -> String {
    behind(&low_latency(100, 10, 3), &changed(&low_latency(100, 10, 4), from, to))
}

#[test]
fn a_playlist_that_grows_and_slides_breaks_no_rule() {
    for with_deltas in [false, true] {
        let mut follower = Follower::default();
        for step in 0..80 {
            let (segment, part) = (step / 13, step % 13);
            let skip = with_deltas && step > 20 && step % 13 > 0;
            let text =
                if skip { delta(100 + segment, 10, part, 4) } else { low_latency(100 + segment, 10, part) };
            assert_eq!(told(&follower.take(at(320 * step), &text)), "", "{step}");
            assert_eq!(follower.playlist().unwrap().segments.len(), 10);
        }
    }
}

#[test]
fn what_players_time_themselves_by_stays() {
    insta::assert_snapshot!(next_with("TARGETDURATION:4", "TARGETDURATION:3"), @"
MUST (4.4.3.1): EXT-X-TARGETDURATION changed from 4 s to 3 s
line 11: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 14: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 17: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 20: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 23: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 26: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 29: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 31: SHOULD (6.2.1): parts 9.28 s from the end, more than three target durations
line 45: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 61: MUST (4.4.3.1): 4 s round to more than the target of 3 s
line 77: MUST (4.4.3.1): 4 s round to more than the target of 3 s
");
    insta::assert_snapshot!(next_with("PART-TARGET=0.32", "PART-TARGET=0.321"), @"
MUST (4.4.3.7): PART-TARGET changed from 0.32 s to 0.321 s
line 6: SHOULD (4.4.3.8): PART-HOLD-BACK of 0.96 s is less than three times PART-TARGET
");
    insta::assert_snapshot!(next_with("PART-HOLD-BACK=0.96", "PART-HOLD-BACK=1"), @"line 6: MUST (4.4.3.8): EXT-X-SERVER-CONTROL changed");
}

#[test]
fn a_number_stays_one_segment() {
    insta::assert_snapshot!(next_with("segment_105.ts", "segment_205.ts"), @"line 26: MUST (6.2.1): segment 105 was segment_105.ts, and is segment_205.ts");
    insta::assert_snapshot!(next_with("4.000000,\nsegment_105", "3.900000,\nsegment_105"), @"line 26: MUST (6.2.1): segment 105 played 4 s, and plays 3.9 s");
    let dated = format!("#EXT-X-PROGRAM-DATE-TIME:{}\n", date(105));
    insta::assert_snapshot!(next_with(&dated, &format!("#EXT-X-DISCONTINUITY\n{dated}")), @"line 27: MUST (6.2.1): the EXT-X-DISCONTINUITY of segment 105 came or went");
    insta::assert_snapshot!(next_with(&dated, &dated.replace(".120", ".130")), @"line 26: MUST (4.4.4.6): segment 105 has another date");
}

#[test]
fn sequences_count_what_left() {
    let before = low_latency(100, 10, 3);
    insta::assert_snapshot!(behind(&before, &low_latency(99, 11, 3)), @"MUST (4.4.3.2): EXT-X-MEDIA-SEQUENCE went back from 100 to 99");
    insta::assert_snapshot!(behind(&before, &low_latency(100, 9, 12)), @"
MUST (6.2.2): the last segment is 108, and was 109
MUST (6.2.1): part 12 of segment 109 is gone
");
    // One left, and was counted twice.
    insta::assert_snapshot!(behind(&before, &changed(&low_latency(101, 10, 0), ":101", ":102")), @"
line 11: MUST (6.2.1): segment 102 was segment_102.ts, and is segment_101.ts
line 11: MUST (4.4.4.6): segment 102 has another date
line 14: MUST (6.2.1): segment 103 was segment_103.ts, and is segment_102.ts
line 14: MUST (4.4.4.6): segment 103 has another date
line 17: MUST (6.2.1): segment 104 was segment_104.ts, and is segment_103.ts
line 17: MUST (4.4.4.6): segment 104 has another date
line 20: MUST (6.2.1): segment 105 was segment_105.ts, and is segment_104.ts
line 20: MUST (4.4.4.6): segment 105 has another date
line 23: MUST (6.2.1): segment 106 was segment_106.ts, and is segment_105.ts
line 23: MUST (4.4.4.6): segment 106 has another date
line 26: MUST (6.2.1): segment 107 was segment_107.ts, and is segment_106.ts
line 26: MUST (4.4.4.6): segment 107 has another date
line 29: MUST (6.2.1): segment 108 was segment_108.ts, and is segment_107.ts
line 29: MUST (4.4.4.6): segment 108 has another date
line 31: MUST (6.2.1): part 0 of segment 109 is not what it was
line 32: MUST (6.2.1): part 1 of segment 109 is not what it was
line 33: MUST (6.2.1): part 2 of segment 109 is not what it was
line 34: MUST (6.2.1): part 3 of segment 109 is not what it was
line 35: MUST (6.2.1): part 4 of segment 109 is not what it was
line 36: MUST (6.2.1): part 5 of segment 109 is not what it was
line 37: MUST (6.2.1): part 6 of segment 109 is not what it was
line 38: MUST (6.2.1): part 7 of segment 109 is not what it was
line 39: MUST (6.2.1): part 8 of segment 109 is not what it was
line 40: MUST (6.2.1): part 9 of segment 109 is not what it was
line 41: MUST (6.2.1): part 10 of segment 109 is not what it was
line 42: MUST (6.2.1): part 11 of segment 109 is not what it was
line 43: MUST (6.2.1): part 12 of segment 109 is not what it was
line 45: MUST (6.2.1): segment 109 was segment_109.ts, and is segment_108.ts
line 45: MUST (4.4.4.6): segment 109 has another date
line 47: MUST (6.2.1): part 0 of segment 110 is not what it was
line 48: MUST (6.2.1): part 1 of segment 110 is not what it was
line 49: MUST (6.2.1): part 2 of segment 110 is not what it was
line 50: SHOULD (4.4.5.3): part_110_3.ts was hinted at, and part_109_3.ts came
line 61: MUST (4.4.4.6): segment 110 has another date
");

    let dated = format!("#EXT-X-PROGRAM-DATE-TIME:{}\n", date(100));
    let discontinuous = changed(&before, &dated, &format!("#EXT-X-DISCONTINUITY\n{dated}"));
    let left = low_latency(101, 10, 0);
    insta::assert_snapshot!(behind(&discontinuous, &left), @"MUST (4.4.3.3): EXT-X-DISCONTINUITY-SEQUENCE went from 2 to 2, and 1 discontinuities left");
    assert_eq!(behind(&discontinuous, &changed(&left, "SEQUENCE:2", "SEQUENCE:3")), "");
    insta::assert_snapshot!(behind(&before, &changed(&left, "SEQUENCE:2", "SEQUENCE:3")), @"MUST (4.4.3.3): EXT-X-DISCONTINUITY-SEQUENCE went from 2 to 3, and 0 discontinuities left");
}

#[test]
fn a_list_keeps_three_target_durations() {
    assert_eq!(behind(&low_latency(100, 4, 12), &low_latency(102, 3, 0)), "");
    insta::assert_snapshot!(behind(&low_latency(100, 3, 12), &low_latency(102, 2, 0)), @"MUST (6.2.2): segments left, and 8 s are listed, less than three target durations");
}

#[test]
fn parts_stay_while_they_are_near_the_end() {
    let part =
        |number: u64, part: u64| format!("#EXT-X-PART:DURATION=0.32,URI=\"part_{number}_{part}.ts\"\n");
    insta::assert_snapshot!(next_with("\"part_109_4.ts\"", "\"other.ts\""), @"line 67: MUST (6.2.1): part 4 of segment 109 is not what it was");
    insta::assert_snapshot!(next_with(&part(110, 2), &part(110, 2).replace("0.32", "0.31")), @"line 81: MUST (6.2.1): part 2 of segment 110 is not what it was");

    let whole = low_latency(100, 10, 4);
    let (head, tail) = whole.split_once("#EXT-X-PART:DURATION=0.32,URI=\"part_108_0.ts\"").unwrap();
    let without = format!("{head}{}", &tail[tail.find("#EXTINF").unwrap()..]);
    insta::assert_snapshot!(behind(&low_latency(100, 10, 3), &without), @"line 48: MUST (6.2.1): part 12 of segment 108 left 5.44 s from the end");
    let (head, tail) = whole.split_once("#EXT-X-PART:DURATION=0.32,URI=\"part_110_0.ts\"").unwrap();
    let without = format!("{head}{}", &tail[tail.find("#EXT-X-PRELOAD").unwrap()..]);
    insta::assert_snapshot!(behind(&low_latency(100, 10, 3), &without), @"MUST (6.2.1): part 2 of segment 110 left 0 s from the end");
}

#[test]
fn the_part_that_comes_is_the_one_hinted_at() {
    insta::assert_snapshot!(next_with("\"part_110_3.ts\"", "\"other.ts\""), @"line 82: SHOULD (4.4.5.3): part_110_3.ts was hinted at, and other.ts came");
}

#[test]
fn nothing_leaves_a_playlist_with_a_type_and_nothing_comes_behind_its_end() {
    let event = |text: String| changed(&text, "#EXT-X-TARGET", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-TARGET");
    insta::assert_snapshot!(behind(&event(low_latency(100, 10, 12)), &event(low_latency(101, 10, 0))), @"MUST (4.4.3.5): segments left a playlist with EXT-X-PLAYLIST-TYPE");

    let text = low_latency(100, 10, 0);
    let hint = text.lines().find(|line| line.contains("PRELOAD")).unwrap();
    let ended = changed(&text, hint, "#EXT-X-ENDLIST");
    assert_eq!(behind(&ended, &ended), "");
    insta::assert_snapshot!(behind(&ended, &format!("{ended}# more\n")), @"MUST (6.2.1): it changed behind EXT-X-ENDLIST");
}

#[test]
fn a_delta_update_skips_what_was_listed_before() {
    insta::assert_snapshot!(behind(&low_latency(102, 8, 3), &delta(100, 10, 4, 4)), @"
MUST (6.2.5.1): it skips 4 segments, of which 2 were listed before
MUST (4.4.3.2): EXT-X-MEDIA-SEQUENCE went back from 102 to 100
");
}

#[test]
fn what_is_new_comes_in_time() {
    let late = |blocked, times: &[(u64, u64, u64)]| {
        let mut follower = Follower::default();
        let take = |&(milliseconds, first, parts): &(u64, u64, u64)| {
            let fetched = Fetched { at: Duration::from_millis(milliseconds), blocked };
            told(&follower.take(fetched, &low_latency(first, 10, parts)))
        };
        times.iter().map(take).collect::<String>()
    };

    assert_eq!(late(true, &[(0, 100, 3), (560, 100, 4)]), "");
    insta::assert_snapshot!(late(true, &[(0, 100, 3), (580, 100, 4)]), @"SHOULD (6.2.1): no part for 0.58 s, more than PART-TARGET");
    // Whoever only asks now and then cannot know when it came.
    assert_eq!(late(false, &[(0, 100, 3), (4_000, 101, 3), (8_000, 102, 3)]), "");
    insta::assert_snapshot!(late(false, &[(0, 100, 3), (4_000, 100, 3)]), @"SHOULD (6.2.1): no part for 4 s, more than PART-TARGET");
    insta::assert_snapshot!(late(false, &[(0, 100, 3), (6_300, 100, 3)]), @"
MUST (6.2.1): no segment for 6.3 s, more than 1.5 target durations
SHOULD (6.2.1): no part for 6.3 s, more than PART-TARGET
");
    insta::assert_snapshot!(late(true, &[(0, 100, 3), (6_300, 101, 0)]), @"
MUST (6.2.1): no segment for 6.3 s, more than 1.5 target durations
SHOULD (6.2.1): no part for 6.3 s, more than PART-TARGET
");
}
