//! Playlists and media in files.

use super::*;

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
