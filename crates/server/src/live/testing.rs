//! An engine that is a fake, and a hub that plays from it, for tests that look inside.

use std::{path::Path, sync::Arc, time::Duration};

use acestream::{
    ContentId, Engine,
    fake::{Channel, Clip, Fake, FakeConfig},
};

use super::{Config, Engines, Hub, Numbers};

/// More than anything takes; only a failing test waits so long.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn id(digit: char) -> ContentId {
    String::from(digit).repeat(40).parse().unwrap()
}

/// A channel with a minute of media in its burst.
pub(super) fn channel(digit: char) -> Channel {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
    let clip = Clip::new(std::fs::read(clip).unwrap()).unwrap();
    Channel { burst: Duration::from_secs(60), ..Channel::new(id(digit), Arc::new(clip)) }
}

/// An engine that answers so many times faster than a real one.
pub(super) async fn fake(channels: Vec<Channel>, speed: f64) -> Fake {
    Fake::start(FakeConfig { channels, speed, ..FakeConfig::default() }).await.unwrap()
}

/// A hub, and the folder it keeps its numbers in, which is there as long as it is held.
pub(super) async fn hub<'a>(
    fakes: impl IntoIterator<Item = &'a Fake>,
    config: Config,
) -> (Hub, tempfile::TempDir) {
    let storage = tempfile::tempdir().unwrap();
    let numbers = Numbers::load(storage.path()).await.unwrap();
    let mut engines = fakes.into_iter().map(|fake| Engine::new(fake.base()).unwrap());
    let first = engines.next().unwrap();
    (Hub::new(config, Engines::new(first, engines, 0), numbers), storage)
}

/// No engine is asked whether it is there once it was, and nobody waits long before another attempt.
pub(super) fn config() -> Config {
    let (hour, moment) = (Duration::from_secs(3600), Duration::from_millis(1));
    Config { probe_interval: hour, reconnect_delay: moment, reconnect_delay_max: moment, ..Config::default() }
}
