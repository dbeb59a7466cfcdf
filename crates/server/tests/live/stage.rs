//! A fake engine, a hub that plays from it, and the check that nothing is left of either.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use acestream::{
    ContentId, Engine, Infohash,
    fake::{Channel, Clip, Fake, FakeConfig, Fault},
};
use server::live::{Config, EndReason, Engines, Hub, NotReady, Numbers, Report, Snapshot, State, Stream};

use crate::viewer::Viewer;

/// More than anything here takes; only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Stage {
    pub(crate) fake: Fake,
    /// The engines beside the first.
    pub(crate) others: Vec<Fake>,
    pub(crate) hub: Hub,
    storage: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn new(channels: Vec<Channel>) -> Self {
        Self::with(FakeConfig { channels, ..fake() }, config()).await
    }

    pub(crate) async fn with(fake: FakeConfig, config: Config) -> Self {
        Self::with_engines(fake, [], config, 0).await
    }

    /// Several engines, each of which may have `max_sessions`.
    pub(crate) async fn with_engines(
        fake: FakeConfig,
        others: impl IntoIterator<Item = FakeConfig>,
        config: Config,
        max_sessions: usize,
    ) -> Self {
        let fake = Fake::start(fake).await.unwrap();
        let mut stage_others = Vec::new();
        for other in others {
            stage_others.push(Fake::start(other).await.unwrap());
        }
        let storage = tempfile::tempdir().unwrap();
        let hub = hub(&fake, &stage_others, config, storage.path(), max_sessions).await;
        Self { fake, others: stage_others, hub, storage }
    }

    /// Sessions of all engines that are not over.
    pub(crate) fn sessions_open(&self) -> usize {
        self.fake.sessions_open() + self.others.iter().map(Fake::sessions_open).sum::<usize>()
    }

    pub(crate) fn tune(&self, id: &ContentId) -> Stream {
        self.hub.tune(id).unwrap()
    }

    /// Tune to `id` and wait until it plays.
    pub(crate) async fn watch(&self, id: &ContentId) -> Stream {
        let stream = self.tune(id);
        reach(&stream, is_live).await;
        stream
    }

    /// Wait until the engine is asked for its first session: it takes its time to answer.
    pub(crate) async fn asked_to_start(&self) {
        let polled = async {
            while self.fake.starts_asked() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LIMIT, polled).await.unwrap();
    }

    /// Another hub over the same storage folder and engine, as after a restart of the server.
    pub(crate) async fn restarted(self, config: Config) -> Self {
        self.hub.shutdown().await;
        let hub = hub(&self.fake, &self.others, config, self.storage.path(), 0).await;
        Self { hub, ..self }
    }

    /// Shut down; nothing may be left: no session, no reader, no stream.
    pub(crate) async fn end(self) {
        self.hub.shutdown().await;
        assert_eq!(self.sessions_open(), 0, "sessions left open");
        assert_eq!(self.hub.streams().len(), 0, "streams left in the directory");
        self.fake.shutdown().await;
        for other in self.others {
            other.shutdown().await;
        }
    }
}

async fn hub(fake: &Fake, others: &[Fake], config: Config, storage: &Path, max_sessions: usize) -> Hub {
    let numbers = Numbers::load(storage).await.unwrap();
    let engine = |fake: &Fake| Engine::new(fake.base()).unwrap();
    let engines = Engines::new(engine(fake), others.iter().map(engine), max_sessions);
    Hub::new(config, engines, numbers)
}

/// A fake engine that answers a thousand times faster than a real one.
pub(crate) fn fake() -> FakeConfig {
    FakeConfig { speed: 1000.0, ..FakeConfig::default() }
}

/// Limits of some seconds in place of minutes: long enough for a busy machine.
pub(crate) fn config() -> Config {
    Config {
        start_timeout: Duration::from_millis(100),
        media_timeout: Duration::from_secs(4),
        silence_timeout: Duration::from_secs(5),
        give_up_after: Duration::from_secs(4),
        reconnect_delay: Duration::from_millis(10),
        reconnect_delay_max: Duration::from_millis(50),
        probe_interval: Duration::from_millis(100),
        ..Config::default()
    }
}

pub(crate) fn id(digit: char) -> ContentId {
    String::from(digit).repeat(40).parse().unwrap()
}

/// A channel with a minute of media in its burst.
pub(crate) fn channel(digit: char) -> Channel {
    Channel { burst: Duration::from_secs(60), ..Channel::new(id(digit), clip()) }
}

pub(crate) fn faulty(digit: char, fault: &str) -> Channel {
    Channel { fault: fault.parse().unwrap(), ..channel(digit) }
}

pub(crate) fn no_fault() -> Fault {
    Fault::None
}

pub(crate) fn infohash(digit: char) -> Infohash {
    channel(digit).infohash
}

fn clip() -> Arc<Clip> {
    static CLIP: OnceLock<Arc<Clip>> = OnceLock::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
    Arc::clone(CLIP.get_or_init(|| Arc::new(Clip::new(std::fs::read(path).unwrap()).unwrap())))
}

pub(crate) fn is_live(now: &Snapshot) -> bool {
    now.state == State::Live && !now.window.is_empty()
}

/// Wait until the stream is `ready`; fails with its report when it does not get there. On the way, no version of its
/// playlists breaks a rule.
pub(crate) async fn reach(stream: &Stream, ready: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let viewer = Mutex::<Viewer>::default();
    let looked = |now: &Snapshot| {
        viewer.lock().unwrap().look(now);
        ready(now)
    };
    let reached = stream.until(looked, LIMIT).await;
    reached.unwrap_or_else(|why| panic!("{why}: {:#?}", stream.report()))
}

/// Wait until the stream's report, looked at whenever the stream changes, is as `wanted`.
pub(crate) async fn reports(stream: &Stream, wanted: impl Fn(&Report) -> bool) -> Report {
    reach(stream, |_| wanted(&stream.report())).await;
    stream.report()
}

/// Wait until the stream ends.
pub(crate) async fn end_of(stream: &Stream) -> EndReason {
    match stream.until(|_| false, LIMIT).await {
        Err(NotReady::Ended(reason)) => reason,
        other => panic!("{other:?}: {:#?}", stream.report()),
    }
}

/// Wait until the stream's report is as `wanted`, where no snapshot tells.
pub(crate) async fn shows(stream: &Stream, wanted: impl Fn(&Report) -> bool) {
    let polled = async {
        while !wanted(&stream.report()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, polled).await.unwrap_or_else(|_| panic!("{:#?}", stream.report()));
}
