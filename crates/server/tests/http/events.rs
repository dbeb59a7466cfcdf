//! Server-sent events: what a page hears of its streams, in order and no later than it can take it.

use std::time::Duration;

use acestream::fake::FakeConfig;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};

use crate::app::{NEWS, NOBODY, TestApp, eventually, faulty, news, problem};

/// One who listens.
struct Listener {
    answer: Response,
    heard: Vec<u8>,
}

impl Listener {
    async fn new(app: &TestApp, query: &str) -> Self {
        let answer = app.get(&format!("/api/events{query}")).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self { answer, heard: Vec::new() }
    }

    /// The next message; none when the connection ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.heard.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = self.heard.drain(..end + 2).collect();
                if let Some(json) = message.strip_prefix(b"data: ") {
                    return Some(serde_json::from_slice(json).unwrap());
                }
                continue;
            }
            let more = timeout(Duration::from_secs(30), self.answer.chunk()).await.unwrap();
            self.heard.extend_from_slice(&more.ok()??);
        }
    }

    /// The next message for which this is so.
    async fn find(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.unwrap();
            if wanted(&message) {
                return message;
            }
        }
    }

    async fn phase(&mut self, phase: &str) -> Value {
        self.find(|message| message["phase"] == phase).await
    }
}

async fn play(app: &TestApp) {
    assert_eq!(app.play(&format!(r#"{{"hash": "{NEWS}"}}"#)).await.status(), 200);
}

#[tokio::test]
async fn a_start_a_loss_and_the_way_back_are_told_in_order() {
    // Slower than a real engine, so that no step is over before anybody looks.
    let fake = FakeConfig { channels: vec![faulty("no-data")], speed: 0.4, ..FakeConfig::default() };
    let app = TestApp::on(fake, |_| {}).await;
    let channel = news().ids[0].clone();
    let mut events = Listener::new(&app, &format!("?streams={NEWS}")).await;
    let first = events.next().await.unwrap();
    assert_eq!((&first["type"], &first["streams"]), (&json!("state"), &json!([])));

    play(&app).await;
    events.phase("starting").await;
    let waits = events.phase("prebuffering").await;
    assert_eq!((&waits["ready_percent"], &waits["hash"]), (&json!(0), &json!(NEWS)));
    app.fake.set_fault(&channel, "none".parse().unwrap());
    let plays = events.phase("live").await;
    assert!(plays["ready_percent"].as_u64().unwrap() > 0, "{plays}");
    app.fake.down().await;
    let broke_off = events.phase("reconnecting").await;
    assert_eq!(broke_off["code"], "source_lost");
    app.fake.up().await.unwrap();
    events.phase("live").await;

    app.end().await;
}

#[tokio::test]
async fn a_stream_that_ends_is_told_once_more_with_the_reason() {
    let app = TestApp::start().await;
    play(&app).await;
    let mut events = Listener::new(&app, "").await;
    events.next().await.unwrap();

    assert_eq!(
        app.request(Method::DELETE, &format!("/api/streams/{NEWS}")).send().await.unwrap().status(),
        204
    );

    let last = events.phase("ended").await;
    assert_eq!((&last["hash"], &last["code"]), (&json!(NEWS), &json!("stopped")));
    app.end().await;
}

#[tokio::test]
async fn another_link_to_the_broadcast_hears_of_it_by_its_own_name() {
    let other = "0123456789012345678901234567890123456789";
    let mut channel = news();
    channel.ids.push(crate::app::id(other));
    let app = TestApp::with(vec![channel], |_| {}).await;
    app.playlist().await;
    app.get(&format!("/api/stream/{other}/playlist.m3u8")).await;

    let state = Listener::new(&app, &format!("?streams={other},{NOBODY}")).await.next().await.unwrap();

    let [stream] = state["streams"].as_array().unwrap().as_slice() else { panic!("{state}") };
    assert_eq!((&stream["hash"], &stream["phase"]), (&json!(other), &json!("live")));
    app.end().await;
}

#[tokio::test]
async fn an_engine_that_goes_away_and_comes_back_is_told() {
    let app = TestApp::start().await;
    let mut events = Listener::new(&app, "").await;

    app.fake.down().await;
    let down = events.find(|message| message["type"] == "engine" && message["state"] == "down").await;
    assert!(down["reason"].is_string(), "{down}");
    app.fake.up().await.unwrap();
    events.find(|message| message["type"] == "engine" && message["state"] == "up").await;

    app.end().await;
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_told_what_is_wrong_with_it() {
    let app = TestApp::start().await;

    let (status, body) = problem(app.get("/api/events?streams=tooshort").await).await;
    assert_eq!((status, &body["type"]), (400, &json!("/problems/invalid-request")));
    let many = vec![NEWS; 33].join(",");
    let (status, body) = problem(app.get(&format!("/api/events?streams={many}")).await).await;

    assert_eq!((status, &body["detail"]), (400, &json!("streams: 33 content IDs are too many, it takes 32")));
    app.end().await;
}

#[tokio::test]
async fn one_listener_too_many_is_told_the_limit_and_a_place_given_back_is_there_again() {
    let app = TestApp::with(vec![], |config| config.http.max_connections = 8).await;
    let first = Listener::new(&app, "").await;
    let _second = Listener::new(&app, "").await;

    let refused = app.get("/api/events").await;
    assert_eq!(refused.headers()["retry-after"], "30");
    let (status, body) = problem(refused).await;
    assert_eq!((status, &body["type"]), (503, &json!("/problems/event-limit")));
    assert_eq!((&body["code"], &body["limit"]), (&json!("limit"), &json!(2)));
    drop(first);

    eventually(async || (app.get("/api/events").await.status() == 200).then_some(())).await;
    app.end().await;
}

#[tokio::test]
async fn who_listens_does_not_hold_up_the_end_of_the_server() {
    let app = TestApp::start().await;
    play(&app).await;
    let mut events = Listener::new(&app, "").await;
    events.next().await;
    // Another one that reads nothing.
    let mut silent = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    silent.write_all(b"GET /api/events HTTP/1.1\r\nhost: tv\r\n\r\n").await.unwrap();
    silent.readable().await.unwrap();

    app.stop.cancel();

    let last = async { while events.next().await.is_some() {} };
    timeout(Duration::from_secs(4), last)
        .await
        .expect("the end comes before connections are closed by force");
    app.end().await;
}
