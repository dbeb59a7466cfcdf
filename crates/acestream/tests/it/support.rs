//! A fake engine with one channel and a client, raw requests, and patience without sleeping.

use std::{sync::Arc, time::Duration};

use acestream::{
    ContentId, Engine, Error, Infohash, Playback, Selector, Session,
    fake::{Channel, Clip, Fake, FakeConfig, Fault, Pattern},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub(crate) const ID: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const UNKNOWN: &str = "ffffffffffffffffffffffffffffffffffffffff";

pub(crate) fn id() -> ContentId {
    ID.parse().unwrap()
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A fake engine whose delays are gone, with one channel.
pub(crate) struct Rig {
    pub(crate) fake: Fake,
    pub(crate) engine: Engine,
    pub(crate) clip: Arc<Clip>,
    pub(crate) infohash: Infohash,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with_fault(fault: &str) -> Self {
        let fault: Fault = fault.parse().unwrap();
        Self::with(|config| config.channels[0].fault = fault).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut FakeConfig)) -> Self {
        let clip = Arc::new(Pattern::default().clip());
        let channel = Channel::new(id(), Arc::clone(&clip));
        let mut config = FakeConfig {
            speed: 1e6,
            channels: vec![channel],
            idle_timeout: secs(100_000),
            ..FakeConfig::default()
        };
        change(&mut config);
        let infohash = config.channels[0].infohash.clone();
        let fake = Fake::start(config).await.unwrap();
        let engine = Engine::new(fake.base()).unwrap();
        Self { fake, engine, clip, infohash }
    }

    pub(crate) async fn session(&self) -> Session {
        self.engine.start(&Selector::ContentId(id())).await.unwrap()
    }

    pub(crate) async fn playback(&self) -> (Session, Playback) {
        let session = self.session().await;
        let playback = session.open().await.unwrap();
        (session, playback)
    }

    /// The first `media` of the stream that comes from the burst.
    pub(crate) async fn read(&self, media: Duration) -> Vec<u8> {
        let (_session, mut playback) = self.playback().await;
        read_bytes(&mut playback, self.bytes_of(media)).await
    }

    /// How many bytes the first reader gets before something that happens after `media`.
    pub(crate) fn bytes_of(&self, media: Duration) -> usize {
        let start = self.clip.after(Duration::from_millis(700));
        let end = self.clip.after(self.clip.due(start) + media - Duration::from_micros(1));
        usize::try_from(end - start).unwrap() * 188
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::get(&self.fake, path).await
    }

    /// What `request` ends with when time passes as soon as the fake engine has received it.
    pub(crate) async fn when_time_passes<T>(&self, request: impl Future<Output = T>) -> T {
        let before = self.fake.requests();
        let received = async {
            until(|| self.fake.requests() > before).await;
            tokio::time::pause();
        };
        let (result, ()) = tokio::join!(request, received);
        tokio::time::resume();
        result
    }
}

/// Let `time` pass at once.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Give way to the other tasks until `is_so`; the test runner's limit is the limit.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}

/// Exactly `count` bytes or more, up to the end of a chunk.
pub(crate) async fn read_bytes(playback: &mut Playback, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let chunk = playback.chunk().await.unwrap();
        bytes.extend_from_slice(&chunk.expect("the stream goes on"));
    }
    bytes
}

/// Everything to the end, and how it ended.
pub(crate) async fn read_to_end(playback: &mut Playback) -> (Vec<u8>, Result<(), Error>) {
    let mut bytes = Vec::new();
    loop {
        match playback.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, Ok(())),
            Err(error) => return (bytes, Err(error)),
        }
    }
}

/// What a raw request brings.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn get(fake: &Fake, path: &str) -> Self {
        let mut socket = TcpStream::connect(fake.address()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: engine:6878\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).await.unwrap();
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
        Self { head, body: bytes.split_off(split + 4) }
    }

    pub(crate) fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The path of an address in a JSON answer to a start.
    pub(crate) fn path(&self, name: &str) -> String {
        let json = self.json();
        let url = json["response"][name].as_str().expect("the address is there");
        url.strip_prefix("http://engine:6878").expect("the address has the request's host").to_owned()
    }
}
