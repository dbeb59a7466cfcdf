//! What the server serves keeps to the standard, as its own validator sees it.

use crate::app::{NEWS, TestApp};

#[tokio::test]
async fn the_playlist_and_its_segments_break_no_rule() {
    let app = TestApp::start().await;
    let url = format!("{}/api/stream/{NEWS}/playlist.m3u8", app.base);

    let program = tokio::process::Command::new(env!("CARGO_BIN_EXE_acehls"))
        .args(["validate", &url])
        .env_clear()
        .output()
        .await
        .unwrap();

    assert_eq!(String::from_utf8_lossy(&program.stdout), "");
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
    app.end().await;
}
