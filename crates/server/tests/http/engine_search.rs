//! The engine's own search, and what plays tell of channels.

use acestream::fake::{Channel, Fault};
use serde_json::{Value, json};

use crate::app::{NEWS, TestApp, clip, eventually, id, news};

#[tokio::test]
async fn what_the_engine_finds_can_be_put_into_a_playlist() {
    let app = TestApp::start().await;

    let found = app.value("/api/engine/search?q=a").await;
    let name = found["results"][0]["name"].as_str().unwrap();
    let url = found["results"][0]["url"].as_str().unwrap();
    app.upload("found", format!("#EXTINF:-1,{name}\n{url}\n")).await;

    assert_eq!(app.names("").await, [name]);
    let row = &app.value("/api/channels").await["channels"][0];
    assert_eq!(row["acestream_hash"], found["results"][0]["acestream_hash"]);
    for query in ["q=", "q=a&page_size=0", "q=a&page_size=201", "q=a&colour=red"] {
        assert_eq!(app.get(&format!("/api/engine/search?{query}")).await.status(), 400, "{query}");
    }
    app.end().await;
}

#[tokio::test]
async fn an_engine_that_is_down_is_told_as_the_reason() {
    let app = TestApp::with(Vec::new(), |config| {
        config.engine.base_url = reqwest::Url::parse("http://127.0.0.1:1").unwrap().into();
    })
    .await;

    assert_eq!(app.get("/api/engine/search?q=a").await.status(), 503);
    app.end().await;
}

const DEAD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

async fn with_a_dead_one() -> TestApp {
    let dead = Channel { fault: Fault::FailedToLoad, ..Channel::new(id(DEAD), clip()) };
    let app = TestApp::with(vec![news(), dead], |_| {}).await;
    app.upload("tv", format!("#EXTINF:-1,Alive\nacestream://{NEWS}\n#EXTINF:-1,Dead\nacestream://{DEAD}\n"))
        .await;
    app
}

/// The channel's row, when it is known how it did.
async fn known(app: &TestApp, name: &str) -> Value {
    eventually(async || {
        let page = app.value(&format!("/api/channels?q={name}")).await;
        let row = page["channels"][0].clone();
        (row["health"] != "unknown").then_some(row)
    })
    .await
}

#[tokio::test]
async fn real_plays_tell_which_channels_work() {
    let app = with_a_dead_one().await;

    app.playlist().await;
    app.get(&format!("/api/stream/{DEAD}/playlist.m3u8")).await;

    let (alive, dead) = (known(&app, "alive").await, known(&app, "dead").await);
    assert_eq!((&alive["health"], alive["took_ms"].is_number()), (&json!("working"), true), "{alive}");
    assert_eq!((&dead["health"], dead["failure"].is_string()), (&json!("failing"), true), "{dead}");
    let app = app.restart().await;
    assert_eq!(app.names("?health=working").await, ["Alive"]);
    assert_eq!(app.names("?health=failing").await, ["Dead"]);
    app.end().await;
}

#[tokio::test]
async fn a_check_plays_a_channel_for_a_moment_and_leaves_nothing_behind() {
    let app = with_a_dead_one().await;

    let mut ended = Vec::new();
    for name in ["Alive", "Dead"] {
        let id = app.id_of(name).await;
        let asked = app.send(reqwest::Method::POST, &format!("/api/channels/{id}/check"), json!({})).await;
        assert_eq!(asked.status(), 202);
        let job: Value = asked.json().await.unwrap();
        ended.push(app.job_over(&job["id"]).await["phase"].clone());
    }

    assert_eq!(ended, ["done", "failed"]);
    assert_eq!(known(&app, "alive").await["health"], "working");
    eventually(async || (app.fake.sessions_open() == 0).then_some(())).await;
    app.end().await;
}

#[tokio::test]
async fn a_check_leaves_a_channel_alone_that_somebody_watches() {
    let app = with_a_dead_one().await;
    app.playlist().await;

    let id = app.id_of("Alive").await;
    let asked = app.send(reqwest::Method::POST, &format!("/api/channels/{id}/check"), json!({})).await;
    let job: Value = asked.json().await.unwrap();

    assert_eq!(app.job_over(&job["id"]).await["phase"], "done");
    assert_eq!(app.value("/api/streams").await["total"], 1);
    app.end().await;
}

#[tokio::test]
async fn what_is_played_from_the_catalogue_is_remembered() {
    let app = with_a_dead_one().await;
    let id = app.id_of("Alive").await;

    app.play(&json!({ "hash": NEWS, "channel": id }).to_string()).await;
    let app = app.restart().await;

    assert_eq!(app.names("?only=recents").await, ["Alive"]);
    app.request(reqwest::Method::DELETE, "/api/recents").send().await.unwrap();
    assert_eq!(app.value("/api/recents").await["total"], 0);
    app.end().await;
}

/// The last check of the channel, when `is_it` so.
async fn last_check(app: &TestApp, id: i64, is_it: impl Fn(&Value) -> bool) -> Value {
    let name = &id.to_string();
    eventually(async || {
        let jobs = app.value("/api/jobs").await;
        let mut its = jobs["jobs"].as_array().unwrap().iter().rev();
        let its = its.find(|job| job["kind"] == "check" && job["name"] == *name).cloned();
        its.filter(|job| is_it(job))
    })
    .await
}

/// Alive is a favourite, and nobody knows whether it works; what is not known is found out every day.
async fn with_a_schedule(alive: Fault) -> TestApp {
    let alive = Channel { fault: alive, ..news() };
    let app = TestApp::with(vec![alive, Channel::new(id(DEAD), clip())], |config| {
        config.catalog.check_every = Some("24h".parse().unwrap());
        config.live.give_up_after = std::time::Duration::from_secs(60);
    })
    .await;
    app.upload("tv", format!("#EXTINF:-1,Alive\nacestream://{NEWS}\n#EXTINF:-1,Other\nacestream://{DEAD}\n"))
        .await;
    let id = app.id_of("Alive").await;
    app.send(reqwest::Method::PUT, &format!("/api/favourites/{id}"), json!({})).await;
    app.restart().await
}

#[tokio::test]
async fn a_favourite_is_checked_unasked_and_others_are_not() {
    let app = with_a_schedule(Fault::None).await;

    let alive = known(&app, "alive").await;

    assert_eq!(alive["health"], "working", "{alive}");
    last_check(&app, app.id_of("Alive").await, |job| job["phase"] == "done").await;
    eventually(async || (app.fake.sessions_open() == 0).then_some(())).await;
    assert_eq!(app.value("/api/channels?q=other").await["channels"][0]["health"], "unknown");
    app.end().await;
}

#[tokio::test]
async fn a_check_that_somebody_asks_for_goes_before_one_that_nobody_did() {
    let app = with_a_schedule(Fault::NoPeers).await;
    let (alive, other) = (app.id_of("Alive").await, app.id_of("Other").await);
    last_check(&app, alive, |job| job["phase"] == "reading").await;

    let asked = app.send(reqwest::Method::POST, &format!("/api/channels/{other}/check"), json!({})).await;
    assert_eq!(asked.status(), 202);

    last_check(&app, other, |job| job["phase"] == "done").await;
    assert_eq!(last_check(&app, alive, |_| true).await["phase"], "cancelled");
    app.end().await;
}
