//! The channels for other players: `/playlist.m3u`.

use serde_json::json;

use crate::app::{NEWS, TestApp, problem};

/// Channels of every kind of link.
fn lists(app: &TestApp) {
    app.write_playlist(
        "tv.m3u",
        format!(
            "#EXTM3U\n\
             #EXTINF:-1 tvg-id=\"news1\" tvg-logo=\"https://example.com/news.png\" group-title=\"News\",News, \"One\"\n\
             acestream://{NEWS}\n\
             #EXTINF:-1 group-title=\"Sport\",Plain\n\
             http://tv.example/plain.m3u8\n\
             #EXTINF:-1 group-title=\"Sport\",File\n\
             http://tv.example/cup.acelive\n"
        ),
    );
    app.write_playlist("radio.m3u", "#EXTINF:-1 radio=\"true\",Radio\nhttp://tv.example/radio.mp3\n");
}

#[tokio::test]
async fn the_channels_of_all_playlists_are_there_for_other_players() {
    let app = TestApp::start().await;
    lists(&app);

    let response = app.get("/playlist.m3u").await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "audio/x-mpegurl");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let base = &app.base;
    assert_eq!(
        response.text().await.unwrap(),
        format!(
            "#EXTM3U url-tvg=\"{base}/xmltv.xml\"\n\
             #EXTINF:-1 radio=\"true\",Radio\n\
             http://tv.example/radio.mp3\n\
             #EXTINF:-1 tvg-id=\"news1\" tvg-logo=\"https://example.com/news.png\" group-title=\"News\",News, \"One\"\n\
             {base}/api/stream/{NEWS}/stream.ts\n\
             #EXTINF:-1 group-title=\"Sport\",Plain\n\
             http://tv.example/plain.m3u8\n"
        )
    );
    app.end().await;
}

#[tokio::test]
async fn a_part_of_the_channels_can_be_asked_for() {
    let app = TestApp::start().await;
    lists(&app);

    let hls = app.get("/playlist.m3u?playlist=tv&group=News&format=hls").await.text().await.unwrap();
    let none = app.get("/playlist.m3u?playlist=radio&group=News").await.text().await.unwrap();

    let lines: Vec<&str> = hls.lines().collect();
    assert_eq!(lines.len(), 3, "{hls}");
    assert_eq!(lines[2], format!("{}/api/stream/{NEWS}/playlist.m3u8", app.base));
    assert_eq!(none.lines().count(), 1, "{none}");
    app.end().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let app = TestApp::start().await;

    for (query, status, kind) in [
        ("playlist=nowhere", 404, "playlist-not-found"),
        ("playlist=..%2Fsecret", 400, "invalid-request"),
        ("format=dash", 400, "invalid-request"),
        ("grupo=News", 400, "invalid-request"),
    ] {
        let (answered, body) = problem(app.get(&format!("/playlist.m3u?{query}")).await).await;
        assert_eq!(
            (answered, &body["type"]),
            (status, &json!(format!("/problems/{kind}"))),
            "{query}: {body}"
        );
    }
    app.end().await;
}
