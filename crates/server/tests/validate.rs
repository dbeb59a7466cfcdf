//! `acehls validate` as it is called.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// The exit code, what was said, and what was complained of.
fn validate(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_acehls"))
        .arg("validate")
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts")
}

/// A folder that `acehls package` wrote.
fn packaged() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut package = Command::new(env!("CARGO_BIN_EXE_acehls"));
    let output = package.arg("package").args([&clip(), folder.path()]).env_clear().output().unwrap();
    assert!(output.status.success());
    folder
}

#[test]
fn what_we_package_is_clean() {
    let folder = packaged();
    let playlist = folder.path().join("playlist.m3u8");

    let (code, said, complaint) = validate(&[playlist.to_str().unwrap()]);

    assert_eq!((code, said.as_str()), (0, ""));
    assert!(complaint.starts_with("0 MUST, 0 SHOULD not kept: "), "{complaint}");
}

#[test]
fn what_is_forbidden_is_told_with_its_line_and_clause() {
    let folder = packaged();
    let playlist = folder.path().join("playlist.m3u8");
    let text =
        std::fs::read_to_string(&playlist).unwrap().replacen("TARGETDURATION:4", "TARGETDURATION:3", 1);
    std::fs::write(&playlist, text.replace("segment_2.ts", "segment_99.ts")).unwrap();
    let mut segment = std::fs::read(folder.path().join("segment_1.ts")).unwrap();
    segment[188] = 0;
    std::fs::write(folder.path().join("segment_1.ts"), segment).unwrap();

    let (code, said, _) = validate(&[playlist.to_str().unwrap()]);

    assert_eq!(code, 1);
    let told: Vec<&str> = said.lines().collect();
    assert_eq!(told[0], "line 7: MUST (4.4.3.1): 4 s round to more than the target of 3 s");
    assert_eq!(told[1], "line 9: MUST (3.1.1): segment_1.ts: packet 1 does not begin with the sync byte");
    assert!(told[2].starts_with("MUST (6.2.2): segment_99.ts in line 11 cannot be fetched: "), "{said}");
    assert_eq!(told.len(), 3, "{said}");
}

#[test]
fn all_that_a_multivariant_playlist_names_is_looked_at() {
    let folder = packaged();
    let index = folder.path().join("index.m3u8");
    let variant = "#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS=\"avc1.4d401e,mp4a.40.2\"\nplaylist.m3u8\n";
    std::fs::write(&index, format!("#EXTM3U\n{variant}")).unwrap();
    std::fs::write(folder.path().join("segment_0.ts"), "").unwrap();

    let (code, said, _) = validate(&[index.to_str().unwrap()]);

    assert_eq!(code, 1);
    assert_eq!(
        said,
        "line 2: SHOULD (4.4.6.2): a variant with video without RESOLUTION\n\
         line 2: SHOULD (4.4.6.2): a variant with video without FRAME-RATE\n\
         playlist.m3u8: line 7: MUST (3.1.1): segment_0.ts: no bytes\n"
    );
}

#[test]
fn what_a_multivariant_playlist_says_of_its_media_is_looked_at() {
    let folder = packaged();
    let index = folder.path().join("index.m3u8");
    let variant = "#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"hvc1.1.6.L93.B0,mp4a.40.2\",RESOLUTION=16x16,FRAME-RATE=25";
    std::fs::write(&index, format!("#EXTM3U\n{variant}\nplaylist.m3u8\n")).unwrap();

    let (code, said, _) = validate(&[index.to_str().unwrap()]);

    assert_eq!(code, 1);
    let starts = [
        "line 2: MUST (4.4.6.2): BANDWIDTH is 1000, and segments of ",
        "line 2: MUST (4.4.6.2): CODECS does not name avc1.4d401e, which the media have",
        "line 2: SHOULD (4.4.6.2): CODECS names hvc1.1.6.L93.B0, which the media do not have",
        "line 2: MUST (4.4.6.2): RESOLUTION is 16x16, and the media have ",
    ];
    let told: Vec<&str> = said.lines().collect();
    assert_eq!(told.len(), starts.len(), "{said}");
    assert!(told.iter().zip(starts).all(|(told, start)| told.starts_with(start)), "{said}");
}

#[test]
fn what_cannot_be_fetched_has_an_exit_code_of_its_own() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    for input in ["/nowhere/playlist.m3u8", "ftp://tv/playlist.m3u8", &format!("http://{closed}/live.m3u8")] {
        let (code, said, complaint) = validate(&[input]);
        assert_eq!((code, said.as_str()), (2, ""), "{input}");
        assert!(complaint.contains(input), "{complaint}");
    }
}

/// A live playlist of one segment and some parts, none of which can be fetched.
fn live(parts: usize, end: &str) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-PART-INF:PART-TARGET=1\n\
                    #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3,CAN-SKIP-UNTIL=24\n\
                    #EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-PROGRAM-DATE-TIME:2026-11-25T03:52:33.120Z\n\
                    #EXT-X-GAP\n#EXTINF:4.0,\nsegment_7.ts\n"
        .to_owned();
    for part in 0..parts {
        text += &format!("#EXT-X-PART:DURATION=1.0,URI=\"part_8_{part}.ts\",GAP=YES\n");
    }
    text + end
}

/// What a server answers, and what `Cache-Control` it sends with it.
struct Answer(u16, &'static str, Vec<u8>);

/// A playlist.
fn text(body: impl Into<String>) -> Answer {
    Answer(200, "no-cache", body.into().into_bytes())
}

/// A segment or part.
fn media(body: impl Into<Vec<u8>>) -> Answer {
    Answer(200, "max-age=24", body.into())
}

fn refused(status: u16) -> Answer {
    Answer(status, "no-store", Vec::new())
}

/// What `acehls validate` says of `path` of a server that answers each request, by its target, with `answer`.
fn served(path: &str, arguments: &[&str], answer: impl Fn(&str) -> Answer + Sync) -> (i32, String, String) {
    served_to("", path, arguments, |request| answer(request.split(' ').nth(1).unwrap()))
}

/// The same where `user`, who may be nobody, asks, and `answer` sees the whole request.
fn served_to(
    user: &str,
    path: &str,
    arguments: &[&str],
    answer: impl Fn(&str) -> Answer + Sync,
) -> (i32, String, String) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{user}{}", server.local_addr().unwrap());
    let (is_done, server, answer) = (AtomicBool::new(false), &server, &answer);
    std::thread::scope(|scope| {
        let _closing = Closing(server, &is_done);
        scope.spawn(|| {
            while let Ok((client, _)) = server.accept() {
                if is_done.load(Ordering::Acquire) {
                    break;
                }
                scope.spawn(move || respond(client, answer));
            }
        });
        let url = format!("{base}{path}");
        validate(&[&[url.as_str()], arguments].concat())
    })
}

/// Ends who accepts from a server when it goes, also when a test fails: the scope waits for its threads.
struct Closing<'a>(&'a TcpListener, &'a AtomicBool);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Release);
        drop(self.0.local_addr().and_then(TcpStream::connect));
    }
}

fn respond(mut client: TcpStream, answer: impl Fn(&str) -> Answer) {
    let mut request = [0; 2_048];
    // A program that ends leaves connections on which it asks nothing.
    let Ok(length @ 1..) = client.read(&mut request) else { return };
    let Answer(status, cache, body) = answer(&String::from_utf8_lossy(&request[..length]));
    let head = format!(
        "HTTP/1.1 {status} OK\r\nconnection: close\r\ncache-control: {cache}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    // Who asked may have gone.
    drop(client.write_all(&[head.as_bytes(), &body].concat()));
}

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

/// The first packets of a segment: tables and the begin of a picture.
fn part() -> Vec<u8> {
    std::fs::read(packaged().path().join("segment_0.ts")).unwrap()[..4 * 188].to_vec()
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

/// The value of a header in a request.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = request.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[test]
fn who_gives_a_password_gives_it_for_all_of_the_same_origin_and_for_no_other() {
    let segment = std::fs::read(packaged().path().join("segment_0.ts")).unwrap();
    let others = Mutex::new(Vec::new());
    let answer = |request: &str| {
        let (target, host) = (request.split(' ').nth(1).unwrap(), header(request, "host").unwrap());
        let given = header(request, "authorization");
        if host.starts_with("localhost:") {
            others.lock().unwrap().push(given.map(str::to_owned));
            return media(&*segment);
        }
        if given != Some("Basic dHY6b3BlbiBzZXNhbWU=") {
            return refused(401);
        }
        let other = host.replace("127.0.0.1", "localhost");
        let list = |uri: &str| {
            format!(
                "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{uri}\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\n\
                 http://{other}/1.ts\n#EXT-X-ENDLIST\n"
            )
        };
        match target {
            "/index.m3u8" => text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9000000\nlist.m3u8\n"),
            "/list.m3u8" => text(list("0.ts")),
            "/0.ts" => media(&*segment),
            _ => refused(404),
        }
    };

    for path in ["/list.m3u8", "/index.m3u8"] {
        let (_, said, complaint) = served_to("tv:open%20sesame@", path, &[], answer);
        assert!(!said.contains("401") && !said.contains("cannot be fetched"), "{said}{complaint}");
    }

    assert_eq!(*others.lock().unwrap(), [None, None]);
}

#[test]
fn a_password_in_an_address_is_never_said() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let list = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://tv:sesame@{closed}/0.ts\n#EXT-X-ENDLIST\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.m3u8");
    std::fs::write(&file, list).unwrap();
    let closed = format!("http://tv:sesame@{closed}/list.m3u8");

    for input in [
        file.to_str().unwrap(),
        &closed,
        "ftp://tv:sesame@tv/list.m3u8",
        "http://tv:sesame@tv:99999/list.m3u8",
        "http://tv:ses/sesame@tv/list.m3u8",
    ] {
        let (code, said, complaint) = validate(&[input]);
        assert_ne!(code, 0, "{input}");
        assert!(!said.contains("sesame") && !complaint.contains("sesame"), "{said}{complaint}");
    }
    let (_, said, complaint) = served_to("tv:sesame@", "/list.m3u8", &[], |_| text("#EXTM3U\n"));
    assert!(!said.contains("sesame") && complaint.contains("http://***@127.0.0.1"), "{said}{complaint}");
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n/dev/zero\n#EXT-X-ENDLIST\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.m3u8");
    std::fs::write(&file, list).unwrap();

    let (code, said, _) = validate(&[file.to_str().unwrap()]);

    let told = "MUST (6.2.2): /dev/zero in line 4 cannot be fetched: it is no regular file\n";
    assert_eq!((code, said.as_str()), (1, told));
    for input in ["/dev/zero", folder.path().to_str().unwrap()] {
        let (code, _, complaint) = validate(&[input]);
        assert_eq!(code, 2);
        assert!(complaint.ends_with(": it is no regular file\n"), "{complaint}");
    }
}

#[test]
fn findings_beyond_ten_thousand_are_counted_and_not_said() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.m3u8");
    let missing: String = (0..10_012).map(|number| format!("#EXTINF:4,\n{number}.ts\n")).collect();
    std::fs::write(&list, format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n{missing}#EXT-X-ENDLIST\n")).unwrap();

    let (code, said, complaint) = validate(&[list.to_str().unwrap()]);

    assert_eq!((code, said.lines().count()), (1, 10_001));
    let last = said.lines().next_back();
    assert_eq!(last, Some("10000 findings were said, and those that follow are counted only"));
    assert!(complaint.starts_with("10012 MUST, 0 SHOULD not kept: "), "{complaint}");
}

/// A playlist of all of `media.ts`, whose segments have these lengths, the first from 0 on.
fn ranged(lengths: &[usize]) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n".to_owned();
    for (index, length) in lengths.iter().enumerate() {
        let offset = if index == 0 { "@0" } else { "" };
        text += &format!("#EXTINF:4.0,\n#EXT-X-BYTERANGE:{length}{offset}\nmedia.ts\n");
    }
    text + "#EXT-X-ENDLIST\n"
}

/// The first two segments of a folder, one behind the other, and how long they are.
fn joined() -> (Vec<u8>, [usize; 2]) {
    let folder = packaged();
    let [first, second] =
        [0, 1].map(|number| std::fs::read(folder.path().join(format!("segment_{number}.ts"))).unwrap());
    let lengths = [first.len(), second.len()];
    ([first, second].concat(), lengths)
}

#[test]
fn segments_that_are_ranges_of_a_file_are_looked_at() {
    let (media, [first, second]) = joined();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("media.ts"), media).unwrap();
    let list = folder.path().join("list.m3u8");
    let look = |lengths: &[usize]| {
        std::fs::write(&list, ranged(lengths)).unwrap();
        validate(&[list.to_str().unwrap()]).1
    };

    assert_eq!(look(&[first, second]), "");
    assert_eq!(
        look(&[first, second + 188]),
        format!(
            "MUST (6.2.2): media.ts ({}@{first}) in line 9 cannot be fetched: {second} bytes came of {} from {first} on\n",
            second + 188,
            second + 188
        )
    );
    assert_eq!(
        look(&[first, second - 1]),
        format!(
            "line 9: MUST (3.1.1): media.ts ({}@{first}): {} bytes, not whole packets of 188\n",
            second - 1,
            second - 1
        )
    );
    assert!(
        look(&[first, usize::MAX])
            .starts_with("line 8: MUST (4.4.4.2): a range that ends beyond all numbers: ")
    );
}

#[test]
fn segments_that_are_ranges_are_asked_for_as_such() {
    let (bytes, [first, second]) = joined();
    let look = |status: u16, length: usize| {
        let (_, said, complaint) = served_to("", "/list.m3u8", &[], |request| {
            if !request.contains("/media.ts") {
                return text(ranged(&[first, length]));
            }
            let range = header(request, "range").unwrap().strip_prefix("bytes=").unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
            match bytes.get(start..=end) {
                Some(_) if status == 200 => media(&*bytes),
                Some(piece) => Answer(status, "max-age=24", piece.to_vec()),
                None => refused(416),
            }
        });
        assert!(!complaint.is_empty());
        said
    };

    assert_eq!(look(206, second), "");
    assert!(look(206, second + 188).ends_with(" in line 9 cannot be fetched: the server answers 416\n"));
    assert!(look(200, second).starts_with(&format!(
        "MUST (6.2.2): media.ts ({first}@0) in line 6 cannot be fetched: the server answers with the whole"
    )));
}
