//! `acehls doctor`.

use super::*;

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
fn the_doctor_says_that_the_limit_of_open_files_is_low() {
    let storage = tempfile::tempdir().unwrap();
    let variables = [("STORAGE_DIR", storage.path().to_str().unwrap()), ("PORT", "0")];
    let asked = limited("ulimit -n 256;", &["doctor"], &variables).output().unwrap();

    let (_, shown, _) = told(asked);

    assert!(shown.contains("note   open files: 256 at most, and a full server has 4288"), "{shown}");
    assert!(shown.contains("LimitNOFILE") && shown.contains("http.max_connections"), "{shown}");
}
