//! `acehls package`.

use super::*;

#[test]
fn a_file_becomes_an_hls_folder() {
    let folder = tempfile::tempdir().unwrap();
    let hls = folder.path().join("out/hls");

    let (fine, shown, said) = output(&["package", clip().to_str().unwrap(), hls.to_str().unwrap()], &[]);

    assert!(fine, "{said}");
    assert_eq!(shown, "", "standard output is for what was asked");
    assert!(said.starts_with("15 segments, 60.0 s, "), "{said}");
    let playlist = std::fs::read_to_string(hls.join("playlist.m3u8")).unwrap();
    assert!(playlist.starts_with("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-PLAYLIST-TYPE:VOD\n"), "{playlist}");
    assert!(playlist.ends_with("segment_14.ts\n#EXT-X-ENDLIST\n"), "{playlist}");
    for file in playlist.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(std::fs::read(hls.join(file)).unwrap()[0], 0x47);
    }
}

#[test]
fn standard_input_gives_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (from_file, from_stdin) = (folder.path().join("file"), folder.path().join("stdin"));
    output(&["package", clip().to_str().unwrap(), from_file.to_str().unwrap()], &[]);

    let stdin = std::fs::File::open(clip()).unwrap();
    let piped = acehls(&["package", "-", from_stdin.to_str().unwrap()], &[]).stdin(stdin).output().unwrap();

    assert!(piped.status.success());
    for entry in std::fs::read_dir(&from_file).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |folder: &Path| std::fs::read(folder.join(&name)).unwrap();
        assert_eq!(read(&from_file), read(&from_stdin), "{name:?}");
    }
}

#[test]
fn input_that_is_no_transport_stream_leaves_no_playlist() {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");

    let (fine, _, said) =
        output(&["package", source.to_str().unwrap(), folder.path().to_str().unwrap()], &[]);

    assert!(!fine);
    assert!(said.contains("Cargo.toml: no MPEG-TS packet in "), "{said}");
    assert!(!folder.path().join("playlist.m3u8").exists());
}

#[test]
fn a_url_that_breaks_off_leaves_no_playlist() {
    let folder = tempfile::tempdir().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/clip.ts", server.local_addr().unwrap());
    let clip = std::fs::read(clip()).unwrap();

    let (fine, _, said) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut client = eventually(|| client(&server));
            let mut request = [0; 1024];
            let _ = client.read(&mut request).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", clip.len());
            client.write_all(head.as_bytes()).unwrap();
            client.write_all(&clip[..clip.len() / 2]).unwrap();
        });
        output(&["package", &url, folder.path().to_str().unwrap()], &[])
    });

    assert!(!fine);
    assert!(said.contains(&format!("reading {url}")), "{said}");
    assert!(folder.path().join("segment_0.ts").exists());
    assert!(!folder.path().join("playlist.m3u8").exists());
}

#[test]
fn unusable_input_leaves_no_folder_and_an_earlier_one_as_it_was() {
    let place = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let (new, earlier) = (place.path().join("new/hls"), place.path().join("earlier"));
    std::fs::create_dir(&earlier).unwrap();
    std::fs::write(earlier.join("segment_0.ts"), "").unwrap();

    for (folder, more) in [(&new, &[][..]), (&earlier, &["--overwrite"])] {
        let arguments = ["package", source.to_str().unwrap(), folder.to_str().unwrap()];
        assert!(!output(&[&arguments, more].concat(), &[]).0);
    }

    assert!(!place.path().join("new").exists());
    assert!(earlier.join("segment_0.ts").exists());
}

#[test]
fn a_password_in_the_address_of_the_input_is_never_said() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output_dir = folder.path().join("hls");

    for address in [closed.to_string(), "tv:99999".to_owned()] {
        let input = format!("http://tv:sesame@{address}/clip.ts");
        let (well, said, complaint) = output(&["package", &input, output_dir.to_str().unwrap()], &[]);
        assert!(!well && said.is_empty() && complaint.starts_with("acehls: "), "{complaint}");
        assert!(!complaint.contains("sesame"), "{complaint}");
    }
}

#[test]
fn one_segment_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short.ts");
    let clip = std::fs::read(clip()).unwrap();
    std::fs::write(&short, &clip[..clip.len() / 40]).unwrap();

    let (_, _, said) =
        output(&["package", short.to_str().unwrap(), folder.path().join("hls").to_str().unwrap()], &[]);

    assert!(said.starts_with("1 segment, "), "{said}");
}

#[test]
fn a_live_source_is_packaged_until_told_to_stop() {
    for signal in ["-INT", "-TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/live.ts", server.local_addr().unwrap());
        let path = folder.path().to_str().unwrap();
        let mut packaging = Running(
            acehls(&["package", &url, path], &[]).stderr(Stdio::piped()).spawn().unwrap(),
            String::new(),
        );
        let mut source = packaging.until(|| client(&server));
        let _ = source.read(&mut [0; 1024]).unwrap();
        source.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let clip = std::fs::read(clip()).unwrap();
        source.write_all(&clip[..clip.len() / 2]).unwrap();
        packaging.until(|| folder.path().join("segment_0.ts").exists().then_some(()));

        Command::new("kill").args([signal, &packaging.0.id().to_string()]).status().unwrap();

        assert_eq!(packaging.ended().code(), Some(0), "{signal}");
        let playlist = std::fs::read_to_string(folder.path().join("playlist.m3u8")).unwrap();
        assert!(playlist.starts_with("#EXTM3U\n") && playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    }
}

#[test]
fn an_earlier_folder_is_replaced_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (clip, path) = (clip(), folder.path().to_str().unwrap());
    std::fs::write(folder.path().join("segment_99.ts"), "").unwrap();
    std::fs::write(folder.path().join("mine.txt"), "").unwrap();

    let (fine, _, said) = output(&["package", clip.to_str().unwrap(), path], &[]);
    assert!(!fine);
    assert!(said.contains("holds HLS already; --overwrite replaces it"), "{said}");

    let (fine, _, said) = output(&["package", "--overwrite", clip.to_str().unwrap(), path], &[]);
    assert!(fine, "{said}");
    assert!(!folder.path().join("segment_99.ts").exists());
    assert!(folder.path().join("mine.txt").exists());
}
