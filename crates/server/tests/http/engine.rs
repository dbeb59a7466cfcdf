//! The engine fails: each way is a problem of its own, and passes when the failure does.

use std::time::Duration;

use reqwest::Response;

use crate::app::{NEWS, TestApp, eventually, faulty, kind_and_detail, news, problem};

async fn playlist_of(fault: &str) -> (u16, String, String) {
    let app = TestApp::with(vec![faulty(fault)], |_| {}).await;

    let found = kind_and_detail(first_answer(&app).await).await;

    app.end().await;
    found
}

/// What asking for the playlist comes to, once it is more than "not yet".
async fn first_answer(app: &TestApp) -> Response {
    eventually(async || {
        let response = app.get(&format!("/api/stream/{NEWS}/playlist.m3u8")).await;
        let not_yet = response.headers().get("retry-after").is_some_and(|seconds| seconds == "2");
        (!not_yet).then_some(response)
    })
    .await
}

#[tokio::test]
async fn each_failure_of_the_engine_is_a_problem_of_its_own() {
    let table = [
        ("failed-to-load", 502, "engine-refused", "the engine refused the channel: failed to load content"),
        ("premium", 502, "engine-refused", "the engine refused the channel: "),
        ("no-peers", 504, "no-peers", "nobody seems to share this channel now: "),
        ("no-data", 504, "no-peers", "nobody seems to share this channel now: "),
        ("scrambled", 502, "no-media", "the channel sends nothing that can be played: "),
        ("status@403", 502, "engine-refused", "the engine refused the channel: "),
    ];
    for (fault, status, kind, detail) in table {
        let found = playlist_of(fault).await;
        assert_eq!((found.0, found.1.as_str()), (status, kind), "{fault}: {}", found.2);
        assert!(found.2.starts_with(detail), "{fault}: {}", found.2);
    }
}

#[tokio::test]
async fn an_engine_of_another_shape_is_a_problem_of_its_own() {
    // A web server that is no engine: our own.
    let other = TestApp::start().await;
    let base = other.base.parse().unwrap();
    let app = TestApp::with(vec![], |config| config.engine.base_url = base).await;

    let (status, kind, detail) = kind_and_detail(first_answer(&app).await).await;

    assert_eq!((status, kind.as_str()), (502, "engine-unexpected"), "{detail}");
    app.end().await;
    other.end().await;
}

#[tokio::test]
async fn an_encrypted_channel_has_a_code_of_its_own() {
    let app = TestApp::with(vec![faulty("scrambled")], |_| {}).await;

    let (_, body) = problem(first_answer(&app).await).await;

    assert_eq!(body["code"], "scrambled");
    app.end().await;
}

#[tokio::test]
async fn until_there_is_a_segment_the_playlist_says_when_to_come_again() {
    let limit = Duration::from_millis(50);
    let app = TestApp::with(vec![faulty("slow@1h")], |config| {
        config.live.start_timeout = limit;
        config.live.give_up_after = Duration::from_secs(600);
    })
    .await;

    let response = app.get(&format!("/api/stream/{NEWS}/playlist.m3u8")).await;

    assert_eq!(response.headers()["retry-after"], "2");
    let (status, kind, _) = kind_and_detail(response).await;
    assert_eq!((status, kind.as_str()), (503, "stream-starting"));
    app.end().await;
}

#[tokio::test]
async fn an_engine_that_is_down_is_told_and_plays_again_when_it_is_back() {
    let app = TestApp::start().await;
    app.fake.down().await;

    let body = format!(r#"{{"hash": "{NEWS}"}}"#);
    let play = async |status: u16| {
        let response = app.play(&body).await;
        (response.status() == status).then_some(response)
    };
    let response = eventually(async || play(503).await).await;
    assert_eq!(response.headers()["retry-after"], "5");
    let (_, problem) = problem(response).await;
    assert_eq!(
        (&problem["type"], &problem["code"]),
        (&"/problems/engine-unreachable".into(), &"engine_down".into())
    );

    app.fake.up().await.unwrap();
    eventually(async || play(200).await).await;
    eventually(async || (first_answer(&app).await.status() == 200).then_some(())).await;
    app.end().await;
}

#[tokio::test]
async fn a_failing_channel_leaves_the_others_alone() {
    let other = "0123456789012345678901234567890123456789";
    let mut bad = faulty("failed-to-load");
    bad.ids = vec![crate::app::id(other)];
    bad.infohash = other.parse().unwrap();
    let app = TestApp::with(vec![news(), bad], |_| {}).await;
    app.playlist().await;

    let failed = app.get(&format!("/api/stream/{other}/playlist.m3u8")).await;

    assert_eq!(failed.status(), 502);
    assert!(app.playlist().await.contains("#EXTINF"));
    app.end().await;
}

#[tokio::test]
async fn one_stream_too_many_is_told_the_limit() {
    let app = TestApp::with(vec![news()], |config| config.live.max_streams = 1).await;
    app.playlist().await;

    let response = app.play(r#"{"hash": "0123456789012345678901234567890123456789"}"#).await;

    assert_eq!(response.headers()["retry-after"], "10");
    let (status, body) = problem(response).await;
    assert_eq!((status, &body["type"]), (503, &"/problems/stream-limit".into()));
    assert_eq!((&body["code"], &body["limit"]), (&"limit".into(), &1.into()));
    app.end().await;
}

#[tokio::test]
async fn a_viewer_of_a_stream_that_nobody_watched_finds_it_again() {
    let app =
        TestApp::with(vec![news()], |config| config.live.idle_timeout = Duration::from_millis(200)).await;
    assert_eq!(first_answer(&app).await.status(), 200);
    eventually(async || {
        let streams = app.get("/api/streams").await.text().await.unwrap();
        streams.contains(r#""total":0"#).then_some(())
    })
    .await;

    assert_eq!(first_answer(&app).await.status(), 200);
    assert!(app.fake.sessions_started(&news().infohash) >= 2);
    app.end().await;
}

#[tokio::test]
async fn two_links_to_one_broadcast_are_one_session() {
    let other = "0123456789012345678901234567890123456789";
    let mut channel = news();
    channel.ids.push(crate::app::id(other));
    let app = TestApp::with(vec![channel], |_| {}).await;

    let first = app.playlist().await;
    let second = app.get(&format!("/api/stream/{other}/playlist.m3u8")).await;

    assert_eq!(second.status(), 200);
    let file = first.lines().find(|line| !line.starts_with('#')).unwrap();
    assert_eq!(app.get(&format!("/api/stream/{other}/{file}")).await.status(), 200);
    assert_eq!(app.fake.sessions_started(&news().infohash), 1);
    app.end().await;
}

#[tokio::test]
async fn who_presses_play_again_is_not_answered_with_the_failure_before() {
    let app = TestApp::with(vec![faulty("failed-to-load")], |_| {}).await;
    assert_eq!(first_answer(&app).await.status(), 502);
    app.fake.set_fault(&NEWS.parse().unwrap(), "none".parse().unwrap());

    // A player that asks by itself gets the failure once more.
    assert_eq!(first_answer(&app).await.status(), 502);
    assert_eq!(app.play(&format!(r#"{{"hash": "{NEWS}"}}"#)).await.status(), 200);

    assert_eq!(first_answer(&app).await.status(), 200);
    app.end().await;
}

#[tokio::test]
async fn each_engine_is_listed_with_what_it_does() {
    let app = TestApp::with(vec![news()], |config| {
        let second = "http://127.0.0.1:1";
        config.engine.base_url = format!("{} {second}", config.engine.base_url).parse().unwrap();
        config.engine.max_sessions = 3;
    })
    .await;
    app.playlist().await;

    let listed = eventually(async || {
        let list: serde_json::Value = app.get("/api/engine").await.json().await.unwrap();
        (list["engines"][1]["state"] == "down").then_some(list)
    })
    .await;

    assert_eq!(listed["total"], 2);
    let (first, second) = (&listed["engines"][0], &listed["engines"][1]);
    assert_eq!((&first["state"], &first["version"]), (&"up".into(), &"3.2.11".into()));
    assert_eq!((&first["sessions"], &first["capacity"]), (&1.into(), &3.into()));
    assert_eq!((&second["url"], &second["sessions"]), (&"http://127.0.0.1:1/".into(), &0.into()));
    assert!(second["reason"].is_string() && second["down_since"].is_string(), "{second}");
    app.end().await;
}

#[tokio::test]
async fn a_channel_that_does_not_load_is_played_by_another_of_its_ids() {
    let other = "0123456789012345678901234567890123456789";
    let mut good = news();
    good.ids = vec![crate::app::id(other)];
    good.infohash = other.parse().unwrap();
    let app = TestApp::with(vec![faulty("failed-to-load"), good], |_| {}).await;

    let played = app.play(&format!(r#"{{"hash": "{NEWS}", "alternatives": ["{other}"]}}"#)).await;

    assert_eq!(played.status(), 200);
    assert_eq!(first_answer(&app).await.status(), 200);
    app.end().await;
}

#[tokio::test]
async fn alternatives_are_content_ids_and_few() {
    let app = TestApp::start().await;
    let refused = async |alternatives: &str| {
        let body = format!(r#"{{"hash": "{NEWS}", "alternatives": {alternatives}}}"#);
        kind_and_detail(app.play(&body).await).await
    };

    let (status, kind, detail) = refused(r#"["abc"]"#).await;
    assert_eq!((status, kind.as_str()), (400, "invalid-request"));
    assert!(detail.starts_with("alternatives[0]: a content ID has "), "{detail}");
    let many = serde_json::to_string(&[NEWS; 9]).unwrap();
    let (status, _, detail) = refused(&many).await;
    assert_eq!((status, detail.as_str()), (400, "alternatives: 9 content IDs, of at most 8"));
    app.end().await;
}

#[tokio::test]
async fn health_names_the_reason_of_each_engine_that_is_down() {
    // Held until both are known: a port that is let go of may be given out again.
    let held = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let [one, other] = held.map(|closed| closed.local_addr().unwrap());
    let engines = format!("http://{one} http://{other}");
    let app = TestApp::with(vec![], |config| config.engine.base_url = engines.parse().unwrap()).await;

    let down = async || {
        let health: serde_json::Value = app.get("/health").await.json().await.unwrap();
        (health["engine"]["state"] == "down").then_some(health)
    };
    let health = eventually(down).await;

    let reason = health["engine"]["reason"].as_str().unwrap();
    let (first, second) = reason.split_once("; ").unwrap();
    assert!(first.starts_with("engine 1: the engine cannot be reached"), "{reason}");
    assert!(second.starts_with("engine 2: the engine cannot be reached"), "{reason}");
    app.end().await;
}
