//! What the server serves keeps to the standard, as its own validator sees it.

use std::time::Duration;

use acestream::fake::Channel;
use tokio::process::Command;

use crate::app::{NEWS, TestApp, news};

/// What `acehls validate` finds in `file` of the channel, segments and parts included.
async fn found(app: &TestApp, file: &str) -> String {
    let url = format!("{}/api/stream/{NEWS}/{file}", app.base);
    let mut program = Command::new(env!("CARGO_BIN_EXE_acehls"));
    let program = program.args(["validate", &url]).env_clear().output().await.unwrap();
    let found = String::from_utf8_lossy(&program.stdout).into_owned();
    assert!(program.status.success(), "{file}: {}\n{found}", String::from_utf8_lossy(&program.stderr));
    found
}

#[tokio::test]
async fn no_playlist_nor_what_it_names_breaks_a_rule() {
    let app = TestApp::start().await;

    for file in [
        "playlist.m3u8",
        "live.m3u8",
        "live.m3u8?profile=fast",
        "live.m3u8?profile=balanced",
        "live.m3u8?profile=smooth",
        "live.m3u8?profile=solid",
        "index.m3u8",
        "index.m3u8?profile=fast",
    ] {
        assert_eq!(found(&app, file).await, "", "{file}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_stream_that_has_hardly_begun_breaks_none_either() {
    let plain = Channel { burst: Duration::ZERO, ..news() };
    let app = TestApp::with(vec![plain], |_| ()).await;

    // The first answer comes before there is a whole segment.
    assert_eq!(found(&app, "index.m3u8?profile=fast").await, "");
    app.end().await;
}
