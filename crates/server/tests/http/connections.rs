//! Connections: clients that are slow, and the end of the server.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use server::{
    catalog::{Catalog, Folder, Store},
    fetch::{self, Fetcher},
    health::Memory,
    http::{self, Parts, Server, Services},
    live::{self, Hub, Numbers},
    logos::Logos,
};

use crate::app::{NEWS, TestApp, eventually, faulty, news};

async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap()
}

async fn figure(app: &TestApp, name: &str) -> u64 {
    let figures: serde_json::Value = app.get("/api/metrics").await.json().await.unwrap();
    figures[name].as_u64().unwrap()
}

/// The figures, asked for over a connection that stays open.
async fn figures_over(tcp: &mut TcpStream) -> serde_json::Value {
    tcp.write_all(b"GET /api/metrics HTTP/1.1\r\nhost: tv\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // One object without others in it ends the answer.
    while !answer.ends_with(b"}") {
        assert!(tcp.read_buf(&mut answer).await.unwrap() > 0);
    }
    let body = answer.iter().position(|byte| *byte == b'{').unwrap();
    serde_json::from_slice(&answer[body..]).unwrap()
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let patience = Duration::from_millis(100);
    let app = TestApp::with(vec![news()], |config| config.http.write_timeout = patience).await;
    let segment = app.first_segment().await;

    // Asks for far more than the buffers between here and there can hold, and reads none of it.
    let mut tcp = connect(&app).await;
    let request = format!("GET {segment} HTTP/1.1\r\nhost: tv\r\n\r\n");
    tcp.write_all(request.repeat(1000).as_bytes()).await.unwrap();

    eventually(async || (figure(&app, "connections_cut").await > 0).then_some(())).await;
    app.playlist().await;
    drop(tcp);
    app.end().await;
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_cut_off() {
    let patience = Duration::from_millis(50);
    let app = TestApp::with(vec![], |config| config.http.header_timeout = patience).await;

    let mut tcp = connect(&app).await;
    tcp.write_all(b"GET /health HTTP/1.1\r\nhost: tv\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tcp.read_to_end(&mut answer).await;

    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    app.end().await;
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let app = TestApp::start().await;

    let mut tcp = connect(&app).await;
    let request = format!("GET /health HTTP/1.1\r\nhost: tv\r\nx-long: {}\r\n\r\n", "x".repeat(300_000));
    // The server may hang up before all of it went out, and its answer may get lost with the connection.
    let _ = tcp.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tcp.read_to_end(&mut answer).await;

    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    app.end().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_room() {
    let app = TestApp::with(vec![], |config| config.http.max_connections = 1).await;
    let mut first = connect(&app).await;
    let alone = figures_over(&mut first).await;

    let mut second = connect(&app).await;
    second.write_all(b"GET /health HTTP/1.1\r\nhost: tv\r\nconnection: close\r\n\r\n").await.unwrap();
    // Each time round the server looks at its listener, where the second one stands.
    for _ in 0..10 {
        assert_eq!(figures_over(&mut first).await["connections"], 1);
    }
    let requests = figures_over(&mut first).await["total_requests"].as_u64().unwrap();
    assert_eq!(requests, alone["total_requests"].as_u64().unwrap() + 11, "all of them the first one's");

    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    app.end().await;
}

#[tokio::test]
async fn stopping_answers_those_who_wait_for_a_stream() {
    let app = TestApp::with(vec![faulty("slow@1h")], |config| {
        config.live.give_up_after = Duration::from_secs(600);
        config.live.start_timeout = Duration::from_secs(600);
    })
    .await;
    let path = format!("/api/stream/{NEWS}/playlist.m3u8");
    let stop = async {
        let started = async || {
            app.get("/health").await;
            (app.fake.sessions_open() > 0).then_some(())
        };
        eventually(started).await;
        app.stop.cancel();
    };

    let (waited, ()) = tokio::join!(app.get(&path), stop);

    assert_eq!(waited.status(), 503);
    assert!(waited.text().await.unwrap().contains("/problems/shutting-down"));
    app.end().await;
}

#[tokio::test]
async fn stopping_lets_a_request_at_hand_finish() {
    let app = TestApp::start().await;
    let line = format!("#EXTINF:-1,A channel with quite a long name\nacestream://{NEWS}\n");
    app.write_playlist("large.m3u", line.repeat(100_000));
    app.get("/api/playlists/large/channels").await;
    let whole = app.get("/api/playlists/large/channels").await.bytes().await.unwrap();

    // The answer is larger than what the buffers hold, and is read only after the server was told to stop.
    let mut tcp = connect(&app).await;
    tcp.write_all(b"GET /api/playlists/large/channels HTTP/1.1\r\nhost: tv\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 12];
    tcp.read_exact(&mut answer).await.unwrap();
    app.stop.cancel();
    tcp.read_to_end(&mut answer).await.unwrap();

    assert!(whole.len() > 10_000_000, "{}", whole.len());
    assert!(answer.ends_with(&whole));
    app.end().await;
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_every_session() {
    let app = TestApp::start().await;
    app.playlist().await;
    let mut idle = connect(&app).await;
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: tv\r\n\r\n").await.unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();

    app.stop.cancel();

    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn a_connection_that_takes_too_long_to_finish_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!("#EXTINF:-1,A channel with quite a long name\nacestream://{NEWS}\n");
    std::fs::write(folder.path().join("large.m3u"), line.repeat(100_000)).unwrap();
    let engine = acestream::Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
    let hub = Hub::new(live::Config::default(), engine, Numbers::load(folder.path()).await.unwrap());
    let http = http::Config { port: 0, ..http::Config::default() };
    let store = Store::in_folder(folder.path()).await.unwrap();
    let fetcher = Fetcher::new(&fetch::Config::default());
    let logos = Logos::new(fetcher.clone(), folder.path().join("logos"));
    let lists = Arc::new(Folder::new(folder.path().to_owned()));
    let catalog = Catalog::load(store, fetcher, lists).await.unwrap();
    let (_memory, checks) = Memory::new(hub.clone(), catalog.clone());
    let (start_timeout, hdhomerun) = (Duration::from_secs(1), http::hdhomerun::Config::default());
    let hub_of = hub.clone();
    let services =
        Services::new(Parts { hub: hub_of, catalog, checks, logos, http, hdhomerun, start_timeout });
    let server = Server::bind(services).await.unwrap();
    let mut tcp = TcpStream::connect(server.address().unwrap()).await.unwrap();
    tcp.write_all(b"GET /api/playlists/large/channels HTTP/1.1\r\nhost: tv\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 12];
    tokio::select! {
        () = server.accept() => {}
        read = tcp.read_exact(&mut answer) => drop(read.unwrap()),
    }

    server.drain(Duration::from_millis(50)).await;

    let _ = tcp.read_to_end(&mut answer).await;
    assert!(answer.len() < 10_000_000, "the answer was cut: {} bytes came", answer.len());
    hub.shutdown().await;
}
