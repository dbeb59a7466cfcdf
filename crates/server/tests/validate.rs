//! `acehls validate` as it is called.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
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

/// Answer one request with what `answer` makes of its target.
fn serve(client: &mut TcpStream, answer: impl Fn(&str) -> String) -> String {
    let target = target(client);
    respond(client, answer(&target).as_bytes());
    target
}

/// What the request that comes asks for.
fn target(client: &mut TcpStream) -> String {
    let mut request = [0; 2_048];
    let length = client.read(&mut request).unwrap();
    String::from_utf8_lossy(&request[..length]).split(' ').nth(1).unwrap().to_owned()
}

fn respond(client: &mut TcpStream, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    client.write_all(&[head.as_bytes(), body].concat()).unwrap();
}

#[test]
fn a_live_playlist_is_followed_with_blocking_reloads_to_its_end() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/live.m3u8?profile=fast", server.local_addr().unwrap());
    let hint = |part: usize| format!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_{part}.ts\"\n");
    let asked = Mutex::new(Vec::new());

    let (code, said, complaint) = std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..3 {
                let answer = |target: &str| match target {
                    "/live.m3u8?profile=fast" => live(1, &hint(1)),
                    // The part that was listed has another URI now.
                    target if target.contains("_HLS_part=1") => {
                        live(2, &hint(2)).replace("part_8_0", "part_9_0")
                    }
                    _ => live(2, "#EXT-X-ENDLIST\n").replace("part_8_0", "part_9_0"),
                };
                let target = serve(&mut server.accept().unwrap().0, answer);
                asked.lock().unwrap().push(target);
            }
        });
        validate(&[&url, "--follow", "60"])
    });

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
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/live.m3u8", server.local_addr().unwrap());
    let first = "#EXT-X-PART:DURATION=1.0,URI=\"part_8_0.ts\",INDEPENDENT=YES\n\
                 #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n";
    let first = format!("{}{first}", live(0, ""));
    let second = format!("{}#EXT-X-ENDLIST\n", listed(12, 9, 9));

    let (code, said, complaint) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let part = part();
            for answer in [first.as_bytes(), &part, second.as_bytes(), &part] {
                let mut client = server.accept().unwrap().0;
                target(&mut client);
                respond(&mut client, answer);
            }
        });
        validate(&[&url, "--follow", "60"])
    });

    assert_eq!((code, said.as_str()), (0, ""), "{complaint}");
}

#[test]
fn a_server_that_does_not_block_is_told_of() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/live.m3u8", server.local_addr().unwrap());
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_8_1.ts\"\n";

    let (code, said, _) = std::thread::scope(|scope| {
        scope.spawn(|| {
            for end in [hint, hint, "#EXT-X-ENDLIST\n"] {
                serve(&mut server.accept().unwrap().0, |_| live(1, end));
            }
        });
        validate(&[&url, "--follow", "60"])
    });

    let told = "MUST (6.2.5.2): the answer to a blocking reload is without what was asked for\n";
    assert_eq!((code, said.as_str()), (1, told));
}
