//! Who is asked with a password, and who hears of it.

use super::*;

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
