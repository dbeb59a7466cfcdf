//! A stream as one endless answer.

use std::time::Duration;

use acestream::fake::Channel;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::app::{NEWS, NOBODY, TestApp, eventually, faulty, id, news, problem};

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

/// A channel that sends a minute at once whenever its connection is made anew, and two minutes of which are kept: who
/// reads all of one before the next comes cannot fall behind.
async fn in_minutes(write_timeout: Duration) -> TestApp {
    let channel = Channel { burst: Duration::from_secs(60), ..news() };
    TestApp::with(vec![channel], |config| {
        config.http.write_timeout = write_timeout;
        config.live.target = Duration::from_secs(1);
        config.live.window = Duration::from_secs(120);
        config.live.give_up_after = Duration::from_secs(20);
        config.live.reconnect_delay_max = Duration::from_millis(10);
    })
    .await
}

/// Who reads what comes as it comes, whatever else the test waits for.
struct Reader {
    read: watch::Receiver<Vec<u8>>,
    _reading: JoinSet<()>,
}

impl Reader {
    fn new(mut response: Response) -> Self {
        let (write, read) = watch::channel(Vec::new());
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Some(bytes) = response.chunk().await.unwrap() {
                write.send_modify(|read| read.extend(bytes));
            }
        });
        Self { read, _reading: reading }
    }

    fn length(&self) -> usize {
        self.read.borrow().len()
    }

    /// Wait until so much is read in all.
    async fn has(&mut self, length: usize) {
        let read = self.read.wait_for(|read| read.len() >= length);
        timeout(Duration::from_secs(30), read).await.unwrap().expect("the answer ended");
    }

    /// Let a minute come once more, and wait until it is read.
    async fn one_more(&mut self, app: &TestApp) {
        let cuts = async || report(app).await["errors"]["cuts"].as_u64().unwrap();
        let received = async || report(app).await["received_bytes"].as_u64().unwrap();

        let before = cuts().await;
        app.fake.set_fault(&id(NEWS), "eof@0s".parse().unwrap());
        eventually(async || (cuts().await > before).then_some(())).await;
        let (length, before) = (self.length(), received().await);
        app.fake.set_fault(&id(NEWS), "none".parse().unwrap());
        // What is left of the minute before does not count.
        eventually(async || (received().await > before + 900_000).then_some(())).await;
        self.has(length + 900_000).await;
    }

    /// All that was read.
    fn end(self) -> Vec<u8> {
        self.read.borrow().clone()
    }
}

/// How often a part is missing: each begins with a PAT, and these are counted.
fn missing(bytes: &[u8]) -> usize {
    let tables = bytes.chunks_exact(PACKET).filter(|packet| pid(packet) == 0);
    let counters: Vec<u8> = tables.map(|packet| packet[3] & 0x0f).collect();
    counters.windows(2).filter(|pair| (pair[0] + 1) & 0x0f != pair[1]).count()
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    (0..bytes.len()).step_by(PACKET).find(|at| bytes[*at..].starts_with(wanted))
}

#[tokio::test]
async fn who_is_slow_goes_on_at_a_newer_picture_and_who_is_not_misses_nothing() {
    let app = in_minutes(Duration::from_secs(30)).await;
    let (mut good, mut slow) = (Reader::new(app.get(&url()).await), app.get(&url()).await);
    good.has(1).await;
    // So much that it is found in what the other reads: tables alone are the same again and again.
    let mut late = take(&mut slow, 50_000).await;

    // More than the buffers on the way to the slow one hold, and the window.
    while good.length() < 12_000_000 {
        good.one_more(&app).await;
    }
    let seen = good.end();
    let begun = position(&seen, &late).unwrap();
    while seen[begun..].starts_with(&late) {
        late.extend(take(&mut slow, 50_000).await);
    }
    late.extend(take(&mut slow, 40 * PACKET).await);

    assert_eq!(missing(&seen), 0);
    let both = seen[begun..].iter().zip(&late).take_while(|(one, other)| one == other).count();
    assert!(both < seen.len() - 2_000_000, "it was out of the window after {both} of {} bytes", seen.len());
    let packets: Vec<&[u8]> = late.chunks_exact(PACKET).collect();
    // Tables are counted to sixteen: the two it goes on with may be just those that the other has there.
    let tables = (0..=both / PACKET).rev().take(3).find(|at| pid(packets[*at]) == 0);
    let jump = &packets[tables.expect("it goes on with the tables")..];
    let told = jump[2..].iter().take_while(|packet| says_discontinuity(packet)).count();
    assert!(told > 0, "and says that it continues nothing");
    assert!(jump[2 + told][5] & 0x40 != 0, "with a picture that a decoder can start at");
    drop(slow);
    app.end().await;
}

#[tokio::test]
async fn who_takes_nothing_is_closed_and_who_does_misses_nothing() {
    let app = in_minutes(Duration::from_millis(200)).await;
    let (mut good, mut stuck) = (Reader::new(app.get(&url()).await), app.get(&url()).await);
    good.has(1).await;

    while app.get("/api/metrics").await.json::<Value>().await.unwrap()["connections_cut"] == 0 {
        assert!(good.length() < 100_000_000);
        good.one_more(&app).await;
    }

    while let Ok(Some(_)) = stuck.chunk().await {}
    good.one_more(&app).await;
    assert_eq!(missing(&good.end()), 0);
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
