//! The client against the fake engine: the ordinary path.

use std::sync::Arc;

use acestream::{
    ContentId, Engine, Selector,
    fake::{Channel, Fake, FakeConfig, Pattern},
};

const ID: &str = "0123456789abcdef0123456789abcdef01234567";

#[tokio::test]
async fn a_session_is_started_read_and_stopped() {
    let id: ContentId = ID.parse().unwrap();
    let channel = Channel::new(id.clone(), Arc::new(Pattern::default().clip()));
    let infohash = channel.infohash.clone();
    let fake = Fake::start(FakeConfig { speed: 1e6, channels: vec![channel], ..FakeConfig::default() })
        .await
        .unwrap();
    let engine = Engine::new(fake.base()).unwrap();

    let session = engine.start(&Selector::ContentId(id)).await.unwrap();
    let mut playback = session.open().await.unwrap();
    let chunk = playback.chunk().await.unwrap().unwrap();

    assert_eq!(chunk[0], 0x47);
    assert_eq!(session.infohash(), &infohash);
    assert_eq!((fake.sessions_open(), fake.sessions_started(&infohash), fake.readers()), (1, 1, 1));
    assert_eq!(session.statistics().await.unwrap().status, "dl");
    session.stop().await.unwrap();
    while playback.chunk().await.unwrap().is_some() {}
    assert_eq!(fake.sessions_open(), 0);
    fake.shutdown().await;
}
