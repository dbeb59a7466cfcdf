//! Live playlists of a server, followed for a while.

use super::*;

#[test]
fn a_live_playlist_is_followed_with_blocking_reloads_to_its_end() {
    let hint = |part: usize| format!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_{part}.ts\"\n");
    let asked = Mutex::new(Vec::new());
    let answer = |target: &str| {
        if !target.starts_with("/live.m3u8") {
            return refused(404);
        }
        asked.lock().unwrap().push(target.to_owned());
        text(match target {
            "/live.m3u8?profile=fast" => live(1, &hint(1)),
            // The part that was listed has another URI now.
            target if target.contains("_HLS_part=1") => live(2, &hint(2)).replace("part_8_0", "part_9_0"),
            _ => live(2, "#EXT-X-ENDLIST\n").replace("part_8_0", "part_9_0"),
        })
    };

    let (code, said, complaint) = served("/live.m3u8?profile=fast", &["--follow", "60"], answer);

    assert_eq!(code, 1, "{complaint}, {:?}", asked.lock().unwrap());
    assert_eq!(said, "line 11: MUST (6.2.1): part 0 of segment 8 is not what it was\n");
    assert_eq!(
        *asked.lock().unwrap(),
        [
            "/live.m3u8?profile=fast",
            "/live.m3u8?profile=fast&_HLS_msn=8&_HLS_part=1&_HLS_skip=YES",
            "/live.m3u8?profile=fast&_HLS_msn=8&_HLS_part=2"
        ]
    );
}

/// Segments 8 to 12 of four parts each as far as `last`, of which nothing but the first part of `real` is there.
fn listed(last: u64, with_parts: u64, real: u64) -> String {
    let mut text = live(0, "");
    for number in 8..=last {
        for part in (0..4).filter(|_| number >= with_parts) {
            let (gap, independent) =
                if (number, part) == (real, 0) { ("", ",INDEPENDENT=YES") } else { (",GAP=YES", "") };
            text += &format!("#EXT-X-PART:DURATION=1.0,URI=\"part_{number}_{part}.ts\"{gap}{independent}\n");
        }
        text += &format!("#EXT-X-GAP\n#EXTINF:4.0,\nsegment_{number}.ts\n");
    }
    text
}

#[test]
fn parts_that_came_and_went_between_two_reloads_are_no_break() {
    let first = "#EXT-X-PART:DURATION=1.0,URI=\"part_8_0.ts\",INDEPENDENT=YES\n\
                 #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n";
    let first = format!("{}{first}", live(0, ""));
    let second = format!("{}#EXT-X-ENDLIST\n", listed(12, 9, 9));
    let part = part();

    let (code, said, complaint) = served("/live.m3u8", &["--follow", "60"], |target| match target {
        "/live.m3u8" => text(&*first),
        "/part_8_0.ts" | "/part_9_0.ts" => media(&*part),
        target if target.starts_with("/live.m3u8") => text(&*second),
        _ => refused(404),
    });

    assert_eq!((code, said.as_str()), (0, ""), "{complaint}");
}

#[test]
fn a_server_that_does_not_block_is_told_of() {
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n";
    let reloads = AtomicUsize::new(0);

    let (code, said, _) = served("/live.m3u8", &["--follow", "60"], |target| {
        if !target.starts_with("/live.m3u8") {
            return refused(404);
        }
        let is_last = reloads.fetch_add(1, Ordering::Relaxed) == 2;
        text(live(1, if is_last { "#EXT-X-ENDLIST\n" } else { hint }))
    });

    let told = "MUST (6.2.5.2): the answer to a blocking reload is without what was asked for\n";
    assert_eq!((code, said.as_str()), (1, told));
}

#[test]
fn directives_that_make_no_sense_are_to_be_refused() {
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n";

    let (code, said, _) = served("/live.m3u8", &[], |target| match target {
        "/live.m3u8" => text(live(1, hint)),
        _ => refused(400),
    });
    assert_eq!((code, said.as_str()), (0, ""));

    let (code, said, _) = served("/live.m3u8", &[], |_| text(live(1, hint)));
    assert_eq!(code, 1);
    assert_eq!(
        said,
        "MUST (6.2.5.2): _HLS_part without _HLS_msn is to be refused with 400: a playlist\n\
         SHOULD (6.2.5.2): _HLS_msn far ahead had better be refused with 400 at once: a playlist\n"
    );
}

/// A playlist of ten segments that are not there, from `first` on, and how it goes on.
fn long(first: u64, end: &str) -> String {
    let (head, tail) =
        live(0, "").split_once("#EXT-X-GAP").map(|(head, tail)| (head.to_owned(), tail.to_owned())).unwrap();
    let mut text = head.replace("SEQUENCE:7", &format!("SEQUENCE:{first}"));
    for number in first..first + 10 {
        text += &format!("#EXT-X-GAP{}", tail.replace("segment_7", &format!("segment_{number}")));
    }
    text + &format!("#EXT-X-PART:DURATION=1.0,URI=\"part_{}_0.ts\",GAP=YES\n", first + 10) + end
}

#[test]
fn who_asks_for_a_delta_update_gets_one() {
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_17_1.ts\"\n";

    let (_, said, _) = served("/live.m3u8", &["--follow", "60"], |target| match target {
        "/live.m3u8" => text(long(7, hint)),
        target if target.contains("_HLS_skip=YES") => {
            let more = "#EXT-X-PART:DURATION=1.0,URI=\"part_17_1.ts\",GAP=YES\n";
            text(long(7, &format!("{more}{}", hint.replace("17_1", "17_2"))))
        }
        target if target.starts_with("/live.m3u8") => text(long(7, "#EXT-X-ENDLIST\n")),
        _ => refused(404),
    });

    assert!(said.contains("MUST (6.2.5.1): the answer to _HLS_skip=YES is without EXT-X-SKIP\n"), "{said}");
}

#[test]
fn a_hinted_part_is_the_one_that_comes() {
    let (hint, part) = ("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n", part());
    let more = "#EXT-X-PART:DURATION=1.0,URI=\"part_8_1.ts\",INDEPENDENT=YES\n#EXT-X-ENDLIST\n";
    let look = |early: &(dyn Fn() -> Answer + Sync)| {
        let asked = (Mutex::new(0), Condvar::new());
        served("/live.m3u8", &["--follow", "60"], |target| match target {
            "/live.m3u8" => text(live(1, hint)),
            "/part_8_1.ts" => {
                let mut count = asked.0.lock().unwrap();
                *count += 1;
                asked.1.notify_all();
                if *count == 1 { early() } else { media(&*part) }
            }
            _ => {
                // The part comes when somebody waits for it; only a failing test waits so long for that.
                let count = asked.0.lock().unwrap();
                drop(
                    asked.1.wait_timeout_while(count, Duration::from_secs(60), |count| *count == 0).unwrap(),
                );
                text(live(1, more))
            }
        })
        .1
    };

    assert_eq!(look(&|| media(&*part)), "");
    assert_eq!(
        look(&|| media(&part[..188])),
        "MUST (6.2.6): part_8_1.ts had 188 bytes by the hint, and others now, 752\n"
    );
    assert_eq!(
        look(&|| refused(404)),
        "MUST (6.2.6): part_8_1.ts could not be fetched by the hint: the server answers 404\n"
    );
}

#[test]
fn a_segment_that_left_can_still_be_fetched() {
    let segment = std::fs::read(packaged().path().join("segment_0.ts")).unwrap();
    let playlist = |first: u64, end: &str| {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{first}\n\
             #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-DISCONTINUITY-SEQUENCE:{first}\n"
        );
        for number in first..first + 4 {
            text += &format!(
                "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:00:{:02}Z\n#EXTINF:4,\n{number}.ts\n",
                number * 4
            );
        }
        text.replace("Z\n", ".000Z\n") + end
    };
    let look = |again: &(dyn Fn() -> Answer + Sync)| {
        let count = AtomicUsize::new(0);
        served("/live.m3u8", &["--follow", "60"], |target| match target {
            "/live.m3u8" => text(playlist(7, "")),
            "/7.ts" if count.fetch_add(1, Ordering::Relaxed) > 0 => again(),
            target if target.ends_with(".ts") => media(&*segment),
            _ => text(playlist(8, "#EXT-X-ENDLIST\n")),
        })
        .1
    };

    assert_eq!(look(&|| media(&*segment)), "");
    assert!(
        look(&|| refused(404))
            .ends_with("/7.ts left the playlist, and cannot be fetched: the server answers 404\n")
    );
    assert!(look(&|| media("other")).ends_with("/7.ts left the playlist, and has other bytes now\n"));
}

#[test]
fn what_may_be_kept_is_said() {
    let (hint, part) = ("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n", part());
    let real = live(1, hint).replace(",GAP=YES", ",INDEPENDENT=YES");
    let look = |list: &'static str, kept: &'static str| {
        served("/live.m3u8", &[], |target| match target {
            "/live.m3u8" => Answer(200, list, real.clone().into_bytes()),
            "/part_8_0.ts" => Answer(200, kept, part.clone()),
            _ => refused(400),
        })
        .1
    };

    assert_eq!(look("max-age=2", "public, max-age=24, immutable"), "");
    assert_eq!(
        look("max-age=3", "max-age=23"),
        "SHOULD (B.1): a playlist comes with Cache-Control: max-age=3: at most 2 s, or no-cache\n\
         SHOULD (B.1): segments and parts come with Cache-Control: max-age=23: better max-age=24 or more\n"
    );
}
