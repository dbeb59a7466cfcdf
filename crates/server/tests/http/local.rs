//! An engine process of our own: it is started, comes back when it is killed, and ends with the server.

use std::{net::TcpListener, path::Path};

use crate::app::{NEWS, TestApp, eventually};

/// A command that writes its process's number to `file` and becomes a fake engine at `port`.
fn engine(port: u16, file: &Path) -> Vec<String> {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
    let (program, file, clip) = (env!("CARGO_BIN_EXE_acehls"), file.display(), clip.display());
    let channel = format!("id={NEWS},clip={clip},burst=60s");
    let script = format!(
        "echo $$ > {file}; exec {program} fake-engine --listen 127.0.0.1:{port} --speed 1000 --channel {channel}"
    );
    ["sh", "-c", &script].map(str::to_owned).into()
}

fn kill(process: &str) {
    assert!(std::process::Command::new("kill").args(["-9", process]).status().unwrap().success());
}

#[tokio::test]
async fn an_engine_of_our_own_that_is_killed_comes_back_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    // Free a moment ago; who else would want it now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = TestApp::with(vec![], |config| {
        config.engine.base_url = format!("http://127.0.0.1:{port}").parse().unwrap();
        config.engine.command = engine(port, &file);
        config.live.give_up_after = std::time::Duration::from_secs(15);
    })
    .await;
    let body = format!(r#"{{"hash": "{NEWS}"}}"#);
    eventually(async || (app.play(&body).await.status() == 200).then_some(())).await;
    let before = app.playlist().await;
    let first = std::fs::read_to_string(&file).unwrap();

    kill(first.trim());

    let is_back = async || {
        let report = app.get(&format!("/api/streams/{NEWS}")).await.text().await.unwrap();
        report.contains(r#""reconnects":1"#).then_some(())
    };
    eventually(is_back).await;
    assert_ne!(app.playlist().await, before);
    let second = std::fs::read_to_string(&file).unwrap();
    assert_ne!(first, second);
    app.end().await;
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok(), "it ended with the server");
}
