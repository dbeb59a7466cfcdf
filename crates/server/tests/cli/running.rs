//! Servers and fake engines that run.

use super::*;

#[test]
fn the_demo_plays_without_anything_else() {
    let demo = Running::start(&["demo"], &[("PORT", "0")]);

    let playlists = demo.get("/api/playlists");
    let channels = demo.get("/api/playlists/demo/channels");
    let playlist = demo.get("/api/stream/99b9c95a51f50cad6fde5b8a30d28172f051a042/playlist.m3u8");

    assert!(playlists.contains(r#"{"playlists":[{"name":"demo","kind":"folder""#), "{playlists}");
    assert!(channels.contains(r#""total":3"#), "{channels}");
    assert!(playlist.contains("#EXTINF:"), "{playlist}");
    assert!(demo.stop(), "SIGTERM ends it in order");
}

#[test]
fn systemd_is_told_when_the_server_is_ready_and_when_it_stops() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("notify");
    let systemd = std::os::unix::net::UnixDatagram::bind(&place).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let heard = || {
        let mut message = [0; 64];
        let length = systemd.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    let storage = folder.path().join("storage");
    let variables = [
        ("NOTIFY_SOCKET", place.to_str().unwrap()),
        ("STORAGE_DIR", storage.to_str().unwrap()),
        ("PORT", "0"),
    ];
    let server = acehls(&["serve"], &variables).stderr(Stdio::null()).spawn().unwrap();
    let server = Running(server, String::new());

    assert_eq!(heard(), "READY=1");
    assert!(server.stop());
    assert_eq!(heard(), "STOPPING=1");
}

/// What a server that was just started says first: that it listens, or why it does not.
fn first_word(server: &mut Running) -> String {
    let mut lines = BufReader::new(server.0.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    lines.find(|line| line.contains("listening on") || line.starts_with("acehls: ")).unwrap()
}

#[test]
fn of_twelve_servers_on_one_storage_folder_one_runs() {
    let folder = tempfile::tempdir().unwrap();
    let storage = folder.path().join("storage");
    let variables = [("STORAGE_DIR", storage.to_str().unwrap()), ("PORT", "0")];
    let start =
        |_| Running(acehls(&["serve"], &variables).stderr(Stdio::piped()).spawn().unwrap(), String::new());

    let mut servers: Vec<Running> = (0..12).map(start).collect();
    let said: Vec<String> = servers.iter_mut().map(first_word).collect();

    let refusal = format!("acehls: another acehls uses the storage folder {}", storage.display());
    assert_eq!(said.iter().filter(|line| line.starts_with(&refusal)).count(), 11, "{said:#?}");
    assert_eq!(said.iter().filter(|line| line.contains("listening on")).count(), 1, "{said:#?}");
    let (_, examined, _) = output(&["doctor"], &variables);
    assert!(examined.contains("ok     storage: "), "{examined}");
}

#[test]
fn the_folder_of_the_playlists_is_made_where_nobody_named_one() {
    let storage = tempfile::tempdir().unwrap();
    let variables = [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", "0")];
    let server = acehls(&["serve"], &variables).stderr(Stdio::piped()).spawn().unwrap();

    first_word(&mut Running(server, String::new()));

    assert!(storage.path().join("playlists").is_dir());
}

#[test]
fn a_folder_of_playlists_that_is_not_there_is_told_of() {
    let storage = tempfile::tempdir().unwrap();
    let folder = storage.path().join("nowhere");
    let variables = [
        ("STORAGE_DIR", storage.path().to_str().unwrap()),
        ("PORT", "0"),
        ("ACEHLS_CATALOG__FOLDER", folder.to_str().unwrap()),
    ];

    let (_, examined, _) = output(&["doctor"], &variables);
    let server = acehls(&["serve"], &variables).stderr(Stdio::piped()).spawn().unwrap();
    let mut server = Running(server, String::new());
    let mut stderr = BufReader::new(server.0.stderr.take().unwrap());
    let mut told = String::new();
    // The folder is looked at beside the start: what the log says of it comes before or after the port.
    while !told.contains("listening on") && stderr.read_line(&mut told).unwrap() > 0 {}
    assert!(server.stop());
    stderr.read_to_string(&mut told).unwrap();
    let warning = told.lines().find(|line| line.contains("WARN")).unwrap_or_default();

    let said = format!("catalog.folder: {} is not there", folder.display());
    assert!(examined.contains(&format!("note   {said}")), "{examined}");
    assert!(warning.contains(&said), "{told}");
    assert!(!folder.exists());
}

#[test]
fn the_server_raises_its_limit_of_open_files() {
    let storage = tempfile::tempdir().unwrap();
    let variables = [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", "0")];
    let limits = "ulimit -S -n 64; ulimit -H -n 256;";
    let server = limited(limits, &["serve"], &variables).stderr(Stdio::piped()).spawn().unwrap();
    let mut server = Running(server, String::new());
    first_word(&mut server);

    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.0.id())).unwrap();

    let open = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(open.split_whitespace().nth(3), Some("256"), "{open}");
}

#[test]
fn the_fake_engine_runs_on_its_own() {
    let clip = format!("id=d65257bb7856e13b718df1dfe65ee482d90dd384,clip={},name=News", clip().display());
    let engine = Running::start(&["fake-engine", "--listen", "127.0.0.1:0", "--channel", &clip], &[]);

    let version = engine.get("/webui/api/service?method=get_version");

    assert!(version.contains("3.2.11"), "{version}");
    assert!(engine.stop());
}
