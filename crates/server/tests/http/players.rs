//! Other players on what the server serves. Skipped, with a notice, where they are absent.

mod continuity;
mod exported;
mod player;

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use crate::app::{NEWS, TestApp};

/// What a player wrote to its output, if it is here; it may say nothing else.
async fn run(player: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(player);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = command.kill_on_drop(true).spawn() else {
        println!("NOTICE: skipped, no {player} here");
        return None;
    };
    let output = timeout(Duration::from_secs(150), child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{player}: {}", output.status);
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test]
async fn ffprobe_sees_the_tracks_of_the_channel() {
    let app = TestApp::start().await;
    let url = format!("{}/api/stream/{NEWS}/playlist.m3u8", app.base);

    let entries = "stream=codec_name,width,height,sample_rate";
    let seen = run("ffprobe", &["-v", "error", "-show_entries", entries, "-of", "csv=p=0", &url]).await;

    if let Some(seen) = seen {
        assert!(seen.starts_with("h264,640,360\n") && seen.contains("aac,32000"), "{seen}");
    }
    app.end().await;
}

/// A minute, so that the clip's loop point is passed.
#[tokio::test]
async fn ffmpeg_plays_a_minute_without_an_error() {
    let app = TestApp::start().await;
    let url = format!("{}/api/stream/{NEWS}/playlist.m3u8", app.base);

    let frames =
        run("ffmpeg", &["-v", "error", "-i", &url, "-t", "60", "-map", "0:v", "-f", "framecrc", "-"]).await;

    if let Some(frames) = frames {
        let frames = frames.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(frames, 60 * 25);
    }
    app.end().await;
}

/// As Kodi, Jellyfin and others do: the list by its address, then an entry of it.
#[tokio::test]
async fn ffmpeg_plays_an_entry_of_the_list_for_other_players() {
    let app = TestApp::start().await;
    app.write_playlist("tv.m3u", format!("#EXTINF:-1,News\nacestream://{NEWS}\n"));
    let list = app.get("/playlist.m3u").await.text().await.unwrap();
    let url = list.lines().nth(2).unwrap();

    let frames =
        run("ffmpeg", &["-v", "error", "-i", url, "-t", "5", "-map", "0:v", "-f", "framecrc", "-"]).await;

    if let Some(frames) = frames {
        assert_eq!(frames.lines().filter(|line| !line.starts_with('#')).count(), 5 * 25);
    }
    app.end().await;
}

#[tokio::test]
async fn ffmpeg_plays_the_continuous_stream_without_an_error() {
    let app = TestApp::start().await;
    let url = format!("{}/api/stream/{NEWS}/stream.ts", app.base);

    let arguments = ["-v", "error", "-xerror", "-i", &url, "-t", "20", "-map", "0:v", "-f", "framecrc", "-"];
    let frames = run("ffmpeg", &arguments).await;

    if let Some(frames) = frames {
        let frames = frames.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(frames, 20 * 25);
    }
    app.end().await;
}
