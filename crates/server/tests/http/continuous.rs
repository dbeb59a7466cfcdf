//! A stream as one endless answer.

use std::time::Duration;

use acestream::fake::Channel;
use reqwest::{Method, Response};
use serde_json::Value;

use crate::app::{NEWS, NOBODY, TestApp, eventually, faulty, news, problem};

const PACKET: usize = 188;

fn url() -> String {
    format!("/api/stream/{NEWS}/stream.ts")
}

/// Short segments, so that the next one comes soon.
async fn app(channel: Channel) -> TestApp {
    TestApp::with(vec![channel], |config| {
        config.live.target = Duration::from_secs(1);
        config.live.window = Duration::from_secs(12);
    })
    .await
}

/// The next bytes, at least so many.
async fn take(response: &mut Response, least: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < least {
        bytes.extend(response.chunk().await.unwrap().expect("the answer ended"));
    }
    bytes
}

async fn report(app: &TestApp) -> Value {
    app.get(&format!("/api/streams/{NEWS}")).await.json().await.unwrap()
}

fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff
}

/// Whether a packet without payload tells its decoder that what follows continues nothing.
fn says_discontinuity(packet: &[u8]) -> bool {
    packet[3] >> 4 == 2 && packet[5] & 0x80 != 0
}

#[tokio::test]
async fn a_stream_begins_with_its_tables_and_goes_on_in_packets() {
    let app = app(news()).await;

    let mut response = app.get(&url()).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "video/mp2t");
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(!response.headers().contains_key("content-length"));
    let bytes = take(&mut response, 200_000).await;
    assert!(bytes.chunks_exact(PACKET).all(|packet| packet[0] == 0x47));
    assert_eq!(pid(&bytes[..PACKET]), 0, "PAT first");
    // The PMT's PID stands in the PAT: a pointer, eight bytes of head, the program's number.
    let table = &bytes[4..PACKET];
    assert_eq!(pid(&bytes[PACKET..]), u16::from_be_bytes([table[11], table[12]]) & 0x1fff);
    drop(response);
    app.end().await;
}

#[tokio::test]
async fn a_head_request_tells_the_headers_and_starts_nothing() {
    let app = app(news()).await;

    let response = app.request(Method::HEAD, &url()).send().await.unwrap();

    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"video/mp2t".parse().unwrap())
    );
    let streams: Value = app.get("/api/streams").await.json().await.unwrap();
    assert_eq!(streams["total"], 0);
    app.end().await;
}

#[tokio::test]
async fn a_channel_that_nobody_has_is_a_problem_and_no_empty_stream() {
    let app = app(news()).await;

    let refused = app.get(&format!("/api/stream/{NOBODY}/stream.ts")).await;

    assert_eq!(problem(refused).await.1["code"], "bad_content");
    app.end().await;
}

#[tokio::test]
async fn many_readers_share_one_session() {
    let app = app(news()).await;
    app.playlist().await;

    let mut readers = Vec::new();
    for _ in 0..30 {
        readers.push(app.get(&url()).await);
    }
    for reader in &mut readers {
        take(reader, 20_000).await;
    }

    assert_eq!(report(&app).await["viewers"], 1, "of one program behind one address");
    assert_eq!(app.fake.sessions_open(), 1);
    drop(readers);
    app.end().await;
}

#[tokio::test]
async fn who_is_connected_keeps_the_stream_and_who_is_gone_does_not() {
    let idle_timeout = Duration::from_millis(300);
    let channel = Channel { burst: Duration::from_secs(4), ..news() };
    let app = TestApp::with(vec![channel], |config| config.live.idle_timeout = idle_timeout).await;
    let mut reader = app.get(&url()).await;
    let killed = app.get(&url()).await;
    take(&mut reader, 10_000).await;

    drop(killed);
    // More than the burst: the rest takes some seconds, long after the end of a stream that nobody asks for.
    take(&mut reader, 70_000).await;
    let report = report(&app).await;
    assert_eq!((&report["viewers"], &report["phase"]), (&1.into(), &"live".into()));
    drop(reader);

    eventually(async || {
        let streams: Value = app.get("/api/streams").await.json().await.unwrap();
        (streams["total"] == 0).then_some(())
    })
    .await;
    assert_eq!(app.fake.sessions_open(), 0);
    app.end().await;
}

#[tokio::test]
async fn a_source_that_is_lost_and_comes_back_goes_on_in_the_same_answer() {
    let app = app(faulty("eof@32s")).await;
    let mut reader = app.get(&url()).await;

    let mut now = report(&app).await;
    while now["errors"]["reconnects"] == 0 {
        take(&mut reader, PACKET).await;
        now = report(&app).await;
    }
    assert!(now["errors"]["cuts"].as_u64().unwrap() >= 1, "{now}");
    let mut bytes = take(&mut reader, PACKET).await;
    while !bytes.chunks_exact(PACKET).any(says_discontinuity) {
        bytes.extend(take(&mut reader, PACKET).await);
    }
    assert!(bytes.chunks(PACKET).all(|packet| packet[0] == 0x47));
    drop(reader);
    app.end().await;
}

#[tokio::test]
async fn the_answer_ends_with_the_stream() {
    let app = app(news()).await;
    let mut reader = app.get(&url()).await;
    take(&mut reader, 10_000).await;

    let stopped = app.request(Method::DELETE, &format!("/api/streams/{NEWS}")).send().await.unwrap();

    assert_eq!(stopped.status(), 204);
    while let Some(bytes) = reader.chunk().await.unwrap() {
        assert!(!bytes.is_empty());
    }
    app.end().await;
}
