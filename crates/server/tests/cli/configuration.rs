//! What is set, and what is refused before anything runs.

use super::*;

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
