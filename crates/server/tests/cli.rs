//! The program as it is called.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

/// More than anything takes; only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(60);

/// The program with an environment that is only what `variables` say.
fn acehls(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acehls"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command
}

fn output(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String, String) {
    told(acehls(arguments, variables).output().unwrap())
}

fn told(output: Output) -> (bool, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// What `look` finds, once it finds something.
fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < LIMIT, "nothing within {LIMIT:?}");
        std::thread::yield_now();
    }
}

/// The client that is at the door, if there is one.
fn client(server: &TcpListener) -> Option<TcpStream> {
    server.set_nonblocking(true).unwrap();
    let (client, _) = match server.accept() {
        Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
        accepted => accepted.unwrap(),
    };
    client.set_nonblocking(false).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.set_write_timeout(Some(LIMIT)).unwrap();
    Some(client)
}

fn clip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts")
}

#[test]
fn check_prints_what_is_in_force_without_secrets() {
    let variables = [
        ("ACEHLS_HTTP__PASSWORD", "0123"),
        ("ACEHLS_LIVE__IDLE_TIMEOUT", "90s"),
        ("ACEHLS_HTTP__TRUSTED_PROXIES", r#"["10.0.0.0/8"]"#),
        ("ACESTREAM_BASE_URL", "http://engine.lan:6878"),
        ("STORAGE_DIR", "/var/lib/acehls"),
        ("PORT", "9000"),
    ];

    let (fine, shown, _) = output(&["--check"], &variables);

    assert!(fine);
    for line in [
        "password = \"***\"",
        "idle_timeout = \"90s\"",
        "trusted_proxies = [\"10.0.0.0/8\"]",
        "base_url = \"http://engine.lan:6878/\"",
        "storage_dir = \"/var/lib/acehls\"",
        "port = 9000",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} in\n{shown}");
    }
    assert!(!shown.contains("0123"));
}

#[test]
fn the_environment_outdoes_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[http]\nport = 7000\n[live]\ntarget = \"2s\"\n").unwrap();
    let config = ["--config", file.path().to_str().unwrap(), "--check"];

    let (_, shown, _) = output(&config, &[("PORT", "7001"), ("ACEHLS_HTTP__PORT", "7002")]);

    assert!(shown.contains("port = 7002"), "{shown}");
    assert!(shown.contains("target = \"2s\""), "{shown}");
}

#[test]
fn a_misspelt_key_is_refused_with_its_name() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[http]\nprot = 7000\n").unwrap();
    let refused = |arguments: &[&str], variables: &[(&str, &str)], said: &str| {
        let (fine, _, complaint) = output(arguments, variables);
        assert!(!fine);
        assert!(complaint.contains("unknown field") && complaint.contains(said), "{complaint}");
    };

    refused(&["--config", file.path().to_str().unwrap()], &[], "found `prot`");
    refused(&[], &[("ACEHLS_LIVE__IDLE_TIMOUT", "90s")], "found `idle_timout`");
    refused(&[], &[("ACEHLS_LIFE__IDLE_TIMEOUT", "90s")], "found `life`");
    refused(&[], &[("ACEHLS_PORT", "80")], "found `port`");
}

#[test]
fn a_value_that_does_not_fit_is_refused_with_its_key() {
    let table = [
        ("ACEHLS_LIVE__IDLE_TIMEOUT", "90", "live.idle_timeout", "such as \"60s\""),
        ("ACEHLS_HTTP__LISTEN", "everywhere", "http.listen", "invalid ip address"),
        ("PORT", "http", "http.port", "expected u16"),
        ("ACEHLS_LIVE__PROBE_INTERVAL", "0s", "live.probe_interval", "takes 10ms to 24h"),
        ("ACEHLS_HTTP__MAX_CONNECTIONS", "9999999999", "http.max_connections", "takes 1 to 1000000"),
        (
            "ACESTREAM_BASE_URL",
            "engine",
            "engine.base_url",
            "an address begins with http://, like http://127.0.0.1:6878",
        ),
        ("ACESTREAM_BASE_URL", "127.0.0.1:6878", "engine.base_url", "an address begins with http://"),
        ("ACESTREAM_BASE_URL", "localhost:6878", "engine.base_url", "an address begins with http://"),
        ("ACESTREAM_BASE_URL", "ftp://engine", "engine.base_url", "speaks only http"),
        ("ACESTREAM_BASE_URL", "http://engine/api", "engine.base_url", "without a path"),
    ];
    for (name, value, key, said) in table {
        let (fine, _, complaint) = output(&["--check"], &[(name, value)]);
        assert!(!fine);
        // Names from the environment are shown as they stand there.
        let complaint = complaint.to_lowercase();
        assert!(complaint.contains(key) && complaint.contains(said), "{name}={value}: {complaint}");
    }
}

#[test]
fn a_filter_of_the_log_that_says_nothing_is_refused_before_serving_too() {
    let levels =
        "expected one of \"off\", \"error\", \"warn\", \"info\", \"debug\", \"trace\", or a number 0-5";
    let table = [
        ("bogus", "`bogus` is no level"),
        ("warning", "`warning` is no level"),
        ("info,servr", "`servr` is no level"),
        ("info,server::live=bogus", ""),
    ];
    for (filter, said) in table {
        for arguments in [&["--check"][..], &["serve"], &["doctor"]] {
            let (fine, shown, complaint) = output(arguments, &[("ACEHLS_LOG__FILTER", filter)]);
            let complaint = shown + &complaint;
            assert!(!fine, "{filter}");
            assert!(complaint.contains(&format!("log.filter: {said}")), "{complaint}");
            assert_eq!(complaint.matches(levels).count(), 1, "{complaint}");
        }
    }
    for filter in ["off", "Warn", "info,server::live=debug", "server::live", "info,hyper=off"] {
        assert!(output(&["--check"], &[("ACEHLS_LOG__FILTER", filter)]).0, "{filter}");
    }
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[http]\nport = 7000\npassword = \"sesame\"\n").unwrap();
    let config = ["--config", file.path().to_str().unwrap(), "--check"];
    let empty = [
        ("PORT", ""),
        ("ACESTREAM_BASE_URL", ""),
        ("STORAGE_DIR", ""),
        ("ACEHLS_HTTP__PORT", ""),
        ("ACEHLS_HTTP__PASSWORD", ""),
        ("ACEHLS_LIVE__TARGET", ""),
        ("acehls_log__filter", ""),
    ];

    assert_eq!(output(&config, &empty), output(&config, &[]));
}

#[test]
fn a_password_in_an_address_is_refused_and_never_shown() {
    let table = [
        ("ACESTREAM_BASE_URL", "http://me:sesame@engine:6878", "engine.base_url"),
        ("ACESTREAM_BASE_URL", "http://me:sesame@engine:99999", "engine.base_url"),
        ("ACEHLS_HTTP__PUBLIC_URL", "https://me:sesame@tv.example", "http.public_url"),
        ("ACEHLS_HTTP__PUBLIC_URL", "ftp://me:sesame@tv.example", "http.public_url"),
        ("ACEHLS_HTTP__PUBLIC_URL", "https://me:sesame@tv.example:99999", "http.public_url"),
        ("ACEHLS_HTTP__ALLOWED_ORIGINS", r#"["https://me:sesame@tv.example"]"#, "http.allowed_origins"),
    ];
    for (name, value, key) in table {
        for command in ["--check", "doctor"] {
            let (fine, shown, complaint) = output(&[command], &[(name, value)]);
            let said = format!("{shown}{complaint}");
            assert!(!fine, "{name}={value}: {said}");
            assert!(said.to_lowercase().contains(key), "{name}={value}: {said}");
            assert!(!said.contains("sesame"), "{name}={value}: {said}");
        }
    }
}

#[test]
fn a_door_that_nobody_meant_to_open_stays_shut() {
    let (fine, _, complaint) = output(&["serve"], &[("ACEHLS_HTTP__LISTEN", "0.0.0.0")]);

    assert!(!fine);
    assert_eq!(
        complaint,
        "acehls: http.listen = \"0.0.0.0\" lets other machines in, and there is no password. Set http.password \
         (everyone who watches then has to give it), or set http.open = true to say that anyone on the network may \
         watch.\n"
    );
}

#[test]
fn the_version_and_the_api_are_told() {
    let (_, version, _) = output(&["--version"], &[]);
    assert_eq!(version, format!("acehls {}\n", env!("CARGO_PKG_VERSION")));

    let (fine, document, _) = output(&["openapi"], &[]);
    assert!(fine);
    assert!(document.contains("\"/api/stream/{hash}/playlist.m3u8\""));
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let storage = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let engine = format!("http://{closed}");
    let variables =
        [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", &port), ("ACESTREAM_BASE_URL", &engine)];
    // Whoever has the port hangs up on those who ask who they are.
    let asked = std::thread::scope(|scope| {
        scope.spawn(|| drop(eventually(|| client(&taken))));
        output(&["doctor"], &variables)
    });

    let (fine, shown, _) = asked;
    assert!(!fine);
    assert!(shown.contains("WRONG  port: another program has 127.0.0.1:"), "{shown}");
    assert!(shown.contains("ok     storage: "), "{shown}");
    assert!(shown.contains("WRONG  engine: ") && shown.contains("Start the AceStream engine"), "{shown}");
}

#[test]
fn the_doctor_looks_at_each_engine() {
    let storage = tempfile::tempdir().unwrap();
    // Held until both are known: a port that is let go of may be given out again.
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [one, other] = held.map(|closed| closed.local_addr().unwrap());
    let engines = format!("http://{one}, http://{other}");
    let variables =
        [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", "0"), ("ACESTREAM_BASE_URL", &engines)];

    let (_, shown, _) = output(&["doctor"], &variables);

    for engine in [one, other] {
        assert!(shown.contains(&format!("WRONG  engine: http://{engine}/: ")), "{shown}");
    }
}

#[test]
fn the_doctor_takes_an_engine_that_keeps_its_version_to_itself_for_there() {
    let storage = tempfile::tempdir().unwrap();
    let engine = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", engine.local_addr().unwrap());
    let variables =
        [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", "0"), ("ACESTREAM_BASE_URL", &base)];

    let asked = std::thread::scope(|scope| {
        scope.spawn(|| refuse(&engine));
        output(&["doctor"], &variables)
    });

    let (fine, shown, _) = asked;
    assert!(fine, "{shown}");
    let note = format!("note   engine: {base}/ answers, and refuses to say its version: unknown method");
    assert!(shown.contains(&note), "{shown}");
}

/// Answer one request as an engine that does not know it.
fn refuse(engine: &TcpListener) {
    let mut client = eventually(|| client(engine));
    let request = BufReader::new(client.try_clone().unwrap()).lines().map_while(Result::ok);
    request.take_while(|line| !line.is_empty()).for_each(drop);
    let body = r#"{"result": null, "error": "unknown method"}"#;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    write!(client, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
}

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
fn what_was_asked_for_and_cannot_be_written_is_an_error() {
    for command in ["openapi", "--check"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();

        let (fine, _, said) =
            told(acehls(&[command], &[]).stdout(full).stderr(Stdio::piped()).output().unwrap());

        assert!(!fine, "{command}");
        assert!(said.starts_with("acehls: writing to standard output: "), "{said}");
    }
}

#[test]
fn a_speed_that_is_no_factor_is_refused() {
    for speed in ["inf", "nan", "0", "-1"] {
        let (fine, _, said) =
            output(&["fake-engine", "--listen", "127.0.0.1:0", &format!("--speed={speed}")], &[]);
        assert!(!fine && said.contains("is no factor above 0"), "{said}");
    }
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

/// A program that runs until the test ends, and the address it printed.
struct Running(Child, String);

impl Running {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child =
            acehls(arguments, variables).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_once("http://").unwrap().1.split('/').next().unwrap().to_owned();
        Self(child, address)
    }

    fn get(&self, path: &str) -> String {
        let mut tcp = TcpStream::connect(&self.1).unwrap();
        write!(tcp, "GET {path} HTTP/1.1\r\nhost: tv\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stop as a service manager does; true when the program ended well.
    fn stop(mut self) -> bool {
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        self.ended().success()
    }

    /// What `look` finds while the program runs.
    fn until<T>(&mut self, mut look: impl FnMut() -> Option<T>) -> T {
        eventually(|| {
            let ended = self.0.try_wait().unwrap();
            let found = look();
            assert!(found.is_some() || ended.is_none(), "it ended with {ended:?}: {}", self.complaint());
            found
        })
    }

    fn ended(&mut self) -> ExitStatus {
        eventually(|| self.0.try_wait().unwrap())
    }

    /// What a program that ended complained of.
    fn complaint(&mut self) -> String {
        self.0.stderr.take().map(|said| std::io::read_to_string(said).unwrap()).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_plays_without_anything_else() {
    let demo = Running::start(&["demo"], &[("PORT", "0")]);

    let playlists = demo.get("/api/playlists");
    let channels = demo.get("/api/playlists/demo/channels");
    let playlist = demo.get("/api/stream/99b9c95a51f50cad6fde5b8a30d28172f051a042/playlist.m3u8");

    assert!(playlists.contains(r#"{"playlists":[{"name":"demo"}],"total":1}"#), "{playlists}");
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
    let mut server = acehls(&["serve"], &variables).stderr(Stdio::piped()).spawn().unwrap();
    let first = BufReader::new(server.stderr.as_mut().unwrap()).lines().next().unwrap().unwrap();
    drop(Running(server, String::new()));

    let said = format!("catalog.folder: {} is not there", folder.display());
    assert!(examined.contains(&format!("note   {said}")), "{examined}");
    assert!(first.contains("WARN") && first.contains(&said), "{first}");
    assert!(!folder.exists());
}

/// The program under these limits of open files.
fn limited(limits: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{limits} exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_acehls")]).args(arguments);
    command.env_clear().envs(variables.iter().copied());
    command
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
fn the_doctor_says_that_the_limit_of_open_files_is_low() {
    let storage = tempfile::tempdir().unwrap();
    let variables = [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", "0")];
    let asked = limited("ulimit -n 256;", &["doctor"], &variables).output().unwrap();

    let (_, shown, _) = told(asked);

    assert!(shown.contains("note   open files: 256 at most, and a full server has 4288"), "{shown}");
    assert!(shown.contains("LimitNOFILE") && shown.contains("http.max_connections"), "{shown}");
}

#[test]
fn the_fake_engine_runs_on_its_own() {
    let clip = format!("id=d65257bb7856e13b718df1dfe65ee482d90dd384,clip={},name=News", clip().display());
    let engine = Running::start(&["fake-engine", "--listen", "127.0.0.1:0", "--channel", &clip], &[]);

    let version = engine.get("/webui/api/service?method=get_version");

    assert!(version.contains("3.2.11"), "{version}");
    assert!(engine.stop());
}
