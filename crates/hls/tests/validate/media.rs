//! Media playlists.

use std::time::Duration;

use hls::{
    Config, Packager,
    playlist::{Entry, vod},
    validate,
};
use mpegts::{Ticks, testing::Muxer};
use proptest::prelude::*;

use crate::samples::{delta, each_alone, low_latency, told};

const PLAIN: &str = "#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:1000
#EXT-X-DISCONTINUITY-SEQUENCE:7
#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:33.120Z
#EXTINF:4.000000,
segment_1000.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:37.120Z
#EXTINF:4.000000,
segment_1001.ts
#EXTINF:4.000000,
segment_1002.ts
";

const DATED: &str = "#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:HOLD-BACK=12,CAN-SKIP-UNTIL=24,CAN-SKIP-DATERANGES=YES
#EXT-X-DISCONTINUITY-SEQUENCE:7
#EXT-X-START:TIME-OFFSET=-12.5
#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:33.120Z
#EXTINF:4,
1.ts
#EXTINF:4,
2.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:53:33.120Z
#EXTINF:4,
3.ts
#EXTINF:4,
4.ts
";

#[test]
fn our_own_playlists_break_no_rule() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), 1_000, 50);
    let mut packager = Packager::new(Config::default(), 1_763_802_000);
    for piece in muxer.stream.chunks(100_000) {
        packager.push(&bytes::Bytes::copy_from_slice(piece));
        if !packager.window().is_empty() {
            assert_eq!(told(&validate::media(&packager.window().playlist())), "");
        }
    }
    packager.interrupt();
    packager.push(&bytes::Bytes::copy_from_slice(&muxer.stream));
    assert!(packager.window().playlist().contains("#EXT-X-DISCONTINUITY\n"));
    assert_eq!(told(&validate::media(&packager.window().playlist())), "");

    packager.finish();
    assert_eq!(told(&validate::media(&packager.window().playlist())), "");
    let date = std::time::UNIX_EPOCH;
    let entry =
        |number| Entry { number, duration: Duration::from_millis(3_960), discontinuity: number == 2, date };
    assert_eq!(told(&validate::media(&vod(&[entry(1), entry(2)]))), "");
}

#[test]
fn a_playlist_of_low_latency_breaks_no_rule_while_it_grows() {
    for count in 1..12 {
        for parts in 0..14 {
            assert_eq!(told(&validate::media(&low_latency(100, count, parts))), "", "{count}, {parts}");
        }
    }
    assert_eq!(told(&validate::media(&delta(100, 10, 3, 4))), "");
}

#[test]
fn the_form_of_a_playlist() {
    insta::assert_snapshot!(each_alone(
        PLAIN,
        &[
            ("#EXTM3U", "\u{feff}#EXTM3U"),
            ("#EXTM3U\n", "#EXTM3U\n#EXTM3U\n"),
            ("#EXTM3U\n", "\n#EXTM3U\n"),
            ("segment_1001.ts", "segment\u{7f}_1001.ts"),
            ("segment_1001.ts\n", "segment_1001.ts\r# one CR ends no line\n"),
            ("segment_1001.ts", " segment_1001.ts"),
            ("#EXT-X-VERSION:3", "#EXT-X-VERSION:3\n#EXT-X-VERSION:3"),
            ("#EXT-X-VERSION:3", "#EXT-X-VERSION:three"),
            ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4\n#EXT-X-TARGETDURATION:4"),
            ("#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-MEDIA:TYPE=AUDIO,URI=\"a\"\n"),
            ("#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DATERANGE:ID=\"1\", CLASS=\"a\"\n"),
            ("#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DATERANGE:ID=\"1\",ID=\"1\"\n"),
            ("#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DATERANGE:id=\"1\"\n"),
            ("#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DATERANGE:ID=\n"),
            ("#EXT-X-DISCONTINUITY\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DATERANGE:\n"),
        ],
        validate::media
    ));
}

#[test]
fn a_live_playlist_had_better_have_dates() {
    let undated = PLAIN.lines().filter(|line| !line.contains("DATE-TIME")).collect::<Vec<_>>().join("\n");

    insta::assert_snapshot!(told(&validate::media(&undated)), @"SHOULD (Apple): no EXT-X-PROGRAM-DATE-TIME in a live playlist");
    assert_eq!(told(&validate::media(&format!("{undated}\n#EXT-X-ENDLIST\n"))), "");
}

#[test]
fn the_version_that_a_playlist_needs() {
    let low_latency = delta(100, 10, 3, 4);
    let plain = each_alone(
        PLAIN,
        &[
            ("#EXT-X-VERSION:3\n", "#EXT-X-VERSION:2\n"),
            ("#EXT-X-VERSION:3\n", ""),
            ("segment_1001.ts", "#EXT-X-BYTERANGE:188@0\nsegment_1001.ts"),
            ("#EXTINF", "#EXT-X-MAP:URI=\"init\"\n#EXTINF"),
            ("#EXT-X-VERSION:3\n", "#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"init\"\n"),
            ("#EXT-X-VERSION:3\n", "#EXT-X-VERSION:3\n#EXT-X-I-FRAMES-ONLY\n"),
        ],
        validate::media,
    );
    let skipping = each_alone(
        &low_latency,
        &[
            ("#EXT-X-VERSION:9\n", "#EXT-X-VERSION:8\n"),
            ("SEGMENTS=4", "SEGMENTS=4,RECENTLY-REMOVED-DATERANGES=\"1\""),
        ],
        validate::media,
    );
    insta::assert_snapshot!(format!("{plain}\n{skipping}"));
}

#[test]
fn ranges_of_bytes_that_cannot_be() {
    let ranged = |first: &str, second: &str| {
        let text = format!(
            "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{first}\n#EXTINF:4,\n{second}\n\
             #EXTINF:4,\n#EXT-X-BYTERANGE:188\na.ts\n#EXT-X-ENDLIST\n"
        );
        let (playlist, findings) = validate::read(&text);
        let ranges = playlist.segments.into_iter().map(|segment| segment.range);
        format!("{:?}\n{}", ranges.collect::<Vec<_>>(), told(&findings))
    };
    let first = "#EXT-X-BYTERANGE:376@188\na.ts";

    insta::assert_snapshot!(
        [
            ranged(first, "#EXT-X-BYTERANGE:188\na.ts"),
            ranged(first, "#EXT-X-BYTERANGE:18446744073709551615@188\na.ts"),
            ranged(first, "#EXT-X-BYTERANGE:0@188\na.ts"),
            ranged(first, "#EXT-X-BYTERANGE:188@\na.ts"),
            ranged(first, "#EXT-X-BYTERANGE:-188@0\na.ts"),
            ranged(first, "#EXT-X-BYTERANGE:188\nb.ts"),
            ranged("b.ts", "a.ts"),
        ]
        .join("\n")
    );
}

#[test]
fn ranges_of_parts_that_cannot_be() {
    insta::assert_snapshot!(each_alone(
        &low_latency(100, 10, 3),
        &[
            (",URI=\"part_109_0.ts\"", ",URI=\"part_109_0.ts\",BYTERANGE=\"188@0\""),
            (",URI=\"part_109_0.ts\"", ",URI=\"part_109_0.ts\",BYTERANGE=\"188\""),
            (",URI=\"part_109_0.ts\"", ",URI=\"part_109_0.ts\",BYTERANGE=188@0"),
            (",URI=\"part_109_0.ts\"", ",URI=\"part_109_0.ts\",BYTERANGE=\"1@18446744073709551615\""),
        ],
        validate::media
    ));
}

#[test]
fn the_tags_of_any_media_playlist() {
    insta::assert_snapshot!(each_alone(
        PLAIN,
        &[
            ("#EXT-X-TARGETDURATION:4\n", ""),
            ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:4.0"),
            ("#EXT-X-TARGETDURATION:4", "#EXT-X-TARGETDURATION:0"),
            ("#EXTINF:4.000000", "#EXTINF:4.500000"),
            ("#EXTINF:4.000000,\n", ""),
            ("#EXTINF:4.000000,", "#EXTINF:4.000000"),
            ("#EXTINF:4.000000,", "#EXTINF:four,"),
            ("segment_1002.ts\n", ""),
            ("#EXT-X-MEDIA-SEQUENCE:1000", "#EXT-X-MEDIA-SEQUENCE:-1"),
            ("segment_1002.ts\n", "segment_1002.ts\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n"),
            (
                "#EXT-X-MEDIA-SEQUENCE:1000\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:33.120Z\n#EXTINF:4.000000,\nsegment_1000.ts\n",
                "#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:33.120Z\n#EXTINF:4.000000,\nsegment_1000.ts\n#EXT-X-MEDIA-SEQUENCE:1000\n"
            ),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:7\n", "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n"),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:7\n", "#EXT-X-DISCONTINUITY-SEQUENCE:seven\n"),
            ("#EXT-X-DISCONTINUITY-SEQUENCE:7\n", ""),
            ("#EXT-X-VERSION:3", "#EXT-X-VERSION:3\n#EXT-X-PLAYLIST-TYPE:VOD"),
            ("#EXT-X-VERSION:3", "#EXT-X-VERSION:3\n#EXT-X-PLAYLIST-TYPE:LIVE"),
        ],
        validate::media
    ));
}

#[test]
fn dates_hold_back_and_start() {
    insta::assert_snapshot!(each_alone(
        DATED,
        &[
            ("2026-11-25T03:53:33.120Z", "2026-11-25T03:52:40.000Z"),
            ("2026-11-25T03:53:33.120Z", "2026-11-25T03:53:33.120"),
            ("2026-11-25T03:53:33.120Z", "2026-11-25T03:53:33Z"),
            ("2026-11-25T03:53:33.120Z", "yesterday"),
            ("#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:53:33.120Z\n", ""),
            ("HOLD-BACK=12,", "HOLD-BACK=11.9,"),
            ("HOLD-BACK=12,", "HOLD-BACK=\"12\","),
            ("CAN-SKIP-UNTIL=24", "CAN-SKIP-UNTIL=23.9"),
            ("CAN-SKIP-UNTIL=24,", ""),
            ("DATERANGES=YES", "DATERANGES=NO"),
            ("TIME-OFFSET=-12.5", "TIME-OFFSET=-8"),
            ("TIME-OFFSET=-12.5", "TIME-OFFSET=8"),
            ("TIME-OFFSET=-12.5", "TIME-OFFSET=soon"),
            ("TIME-OFFSET=-12.5", "PRECISE=YES"),
        ],
        validate::media
    ));
}

#[test]
fn parts_and_what_comes_with_them() {
    let part =
        |number: u64, part: u64| format!("#EXT-X-PART:DURATION=0.32,URI=\"part_{number}_{part}.ts\"\n");
    let last = part(110, 2);
    let text = low_latency(100, 10, 3);
    insta::assert_snapshot!(each_alone(
        &text,
        &[
            ("#EXT-X-PART-INF:PART-TARGET=0.32\n", ""),
            ("#EXT-X-PART-INF:PART-TARGET=0.32\n", "#EXT-X-PART-INF:\n"),
            (&part(109, 5), &part(109, 5).replace("0.32", "0.33")),
            (&part(109, 5), &part(109, 5).replace("DURATION=0.32,", "")),
            (&part(110, 1), &part(110, 1).replace("0.32", "0.271")),
            (&part(110, 1), &part(110, 1).replace(",URI=\"part_110_1.ts\"", "")),
            (&part(110, 1), &part(110, 1).replace("\"\n", "\",INDEPENDENT=NO\n")),
            (&part(110, 1), &part(110, 1).replace("\"\n", "\",GAP=NO\n")),
            (&part(109, 5), ""),
            (&part(107, 5), ""),
            (&part(109, 5), &part(109, 5).repeat(2)),
            (
                "#EXTINF:4.000000,\nsegment_104.ts\n",
                "#EXT-X-PART:DURATION=0.32,URI=\"a\",INDEPENDENT=YES\n#EXTINF:4.000000,\nsegment_104.ts\n"
            ),
            ("\"part_109_0.ts\",INDEPENDENT=YES", "\"part_109_0.ts\""),
            ("\"part_110_0.ts\",INDEPENDENT=YES", "\"part_110_0.ts\""),
            (&last, &format!("{last}#EXT-X-DISCONTINUITY\n")),
            (&last, &format!("{last}#EXT-X-PROGRAM-DATE-TIME:2026-11-25T00:07:20.120Z\n")),
            (&last, &format!("{last}#EXT-X-KEY:METHOD=NONE\n")),
            (&part(109, 11), &format!("{}#EXT-X-MAP:URI=\"a\"\n", part(109, 11))),
        ],
        validate::media
    ));
}

#[test]
fn parts_may_be_short_where_that_has_a_reason() {
    let text = low_latency(100, 10, 4);
    let short = |part: &str, more: &str| {
        let line = format!("#EXT-X-PART:DURATION=0.32,URI=\"part_110_{part}.ts\"");
        let new = format!("#EXT-X-PART:DURATION=0.1,URI=\"part_110_{part}.ts\"{more}");
        told(&validate::media(&crate::samples::changed(&text, &line, &new)))
    };

    assert_eq!(short("3", ""), "");
    assert_eq!(short("1", ",INDEPENDENT=YES"), "");
    assert_eq!(short("1", ",GAP=YES"), "");
    assert_eq!(short("1", "\n#EXT-X-PART:DURATION=0.32,URI=\"gap\",GAP=YES"), "");
    assert_eq!(short("1", "").lines().count(), 1);
}

#[test]
fn server_control_hints_skips_and_reports() {
    let text = low_latency(100, 10, 3);
    let control = text.lines().find(|line| line.starts_with("#EXT-X-SERVER-CONTROL")).unwrap();
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_110_3.ts\"\n";
    let report = "#EXT-X-RENDITION-REPORT:URI=\"other.m3u8\",LAST-MSN=109,LAST-PART=3\n";
    let first = "#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n";
    let whole = each_alone(
        &text,
        &[
            (&format!("{control}\n"), ""),
            ("CAN-BLOCK-RELOAD=YES,", ""),
            (",PART-HOLD-BACK=0.96", ""),
            ("PART-HOLD-BACK=0.96", "PART-HOLD-BACK=0.95"),
            ("PART-HOLD-BACK=0.96", "PART-HOLD-BACK=0.63"),
            (hint, ""),
            (hint, &hint.replace("PART,", "MAP,")),
            (hint, &hint.replace("110_3", "110_2")),
            (hint, &format!("{hint}{}", hint.replace("110_3", "110_4"))),
            (hint, &format!("{hint}#EXT-X-ENDLIST\n")),
            (hint, &format!("{hint}#EXT-X-PRELOAD-HINT:TYPE=SOON,URI=\"a\"\n")),
            (hint, &format!("{hint}#EXT-X-PRELOAD-HINT:TYPE=MAP\n")),
            (hint, &format!("{hint}#EXT-X-PRELOAD-HINT:URI=\"a\"\n")),
            (first, &format!("{first}#EXT-X-SKIP:SKIPPED-SEGMENTS=4,SKIPPED-SEGMENTS=4\n")),
            (report, &report.replace("other", "http://tv/other")),
            (report, &report.replace("LAST-MSN=109,", "")),
            (report, &report.replace(",LAST-PART=3", "")),
            (report, &report.replace("URI=\"other.m3u8\",", "")),
            (report, &report.repeat(2)),
        ],
        validate::media,
    );
    let skipping = each_alone(
        &delta(100, 10, 3, 4),
        &[
            ("CAN-SKIP-UNTIL=24.0,", ""),
            ("CAN-SKIP-UNTIL=24.0,", "CAN-SKIP-UNTIL=25.0,"),
            ("SKIPPED-SEGMENTS=4", "SKIPPED-SEGMENTS=four"),
            ("SKIPPED-SEGMENTS=4", "SKIPPED=4"),
            ("#EXT-X-PRELOAD", "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-PRELOAD"),
            ("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_110_3.ts\"\n", "#EXT-X-ENDLIST\n"),
        ],
        validate::media,
    );
    let undated = told(&validate::media(&text.replace("#EXT-X-PROGRAM-DATE-TIME", "#no date")));
    insta::assert_snapshot!(format!("{whole}\n{skipping}\nwithout dates\n{undated}"));
}

#[test]
fn what_is_shown_of_a_playlist_is_short_and_harmless() {
    let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:\u{1b}[31m{}\n", "9".repeat(10_000));

    for finding in validate::media(&text) {
        assert!(finding.to_string().len() < 300 && !finding.text.contains('\u{1b}'), "{finding}");
    }
    let bad = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{}", "uri\n".repeat(10_000));
    assert_eq!(validate::media(&bad).len(), 500);
}

/// Lines of the tags there are, with any values.
fn any_playlist() -> impl Strategy<Value = String> {
    let whole = low_latency(u64::MAX - 20, 10, 3);
    let lines: Vec<String> = whole
        .lines()
        .map(str::to_owned)
        .chain(
            [
                "#EXT-X-START:TIME-OFFSET=-1e9",
                "#EXT-X-SKIP:SKIPPED-SEGMENTS=18446744073709551615",
                "#EXT-X-ENDLIST",
                "#EXT-X-DISCONTINUITY",
                "#EXTINF:999999999.999999999,",
                "#EXT-X-TARGETDURATION:18446744073709551615",
                "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1\"",
                "#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"a\",GROUP-ID=\"a\"",
                "#EXT-X-PART:DURATION=1000000000,URI=\"",
                "#EXT-X-PROGRAM-DATE-TIME:0000-01-01T00:00:00.000+99:59",
            ]
            .map(str::to_owned),
        )
        .collect();
    let line =
        prop_oneof![4 => proptest::sample::select(lines), 1 => "#EXT-X-[A-Z-]{1,9}:.{0,20}", 1 => ".{0,30}"];
    proptest::collection::vec(line, 0..60).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_can_be_looked_at(text in any_playlist()) {
        for finding in validate::media(&text).into_iter().chain(validate::multivariant(&text)) {
            prop_assert!(finding.line.is_none_or(|line| line <= text.lines().count().max(1)));
        }
        let _ = validate::media_playlists(&text);
    }
}
