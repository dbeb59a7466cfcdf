//! Viewers who change channel faster than an engine starts one: afterwards nothing may be left.

use std::{
    path::Path,
    sync::{Arc, Weak},
    time::Duration,
};

use acestream::{
    ContentId, Engine,
    fake::{Channel, Clip, Fake, FakeConfig},
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Config, Hub, Numbers, Snapshot, Stream, hub::Holds};

const CHANNELS: usize = 6;
const VIEWERS: u64 = 8;
const CHANGES: usize = 500;

/// More than it takes; only a failing test waits so long.
const LIMIT: Duration = Duration::from_secs(60);

/// Five times as fast as the fastest thumb, fifty changes a second.
const CHANGE: Duration = Duration::from_millis(4);

fn id(n: usize) -> ContentId {
    format!("{n:040x}").parse().unwrap()
}

/// The channel of a content ID, and a second link to it.
fn links(n: usize) -> [ContentId; 2] {
    [id(n), id(n + 100)]
}

fn channels() -> Vec<Channel> {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
    let clip = Arc::new(Clip::new(std::fs::read(clip).unwrap()).unwrap());
    let channel = |n| Channel {
        ids: links(n).into(),
        start_delay: Duration::from_millis(if n % 2 == 0 { 0 } else { 100 }),
        ..Channel::new(id(n), Arc::clone(&clip))
    };
    (1..=CHANNELS).map(channel).collect()
}

/// Streams end while the test runs; a start takes the engine as long as four changes.
fn config() -> Config {
    Config {
        idle_timeout: Duration::from_millis(300),
        warm_for: Duration::from_millis(60),
        max_streams: 4,
        give_up_after: Duration::from_secs(20),
        ..Config::default()
    }
}

/// Whatever a viewer could have looked at: the windows, and so all media.
#[derive(Default)]
struct Looks(Vec<Weak<Snapshot>>);

impl Looks {
    fn note(&mut self, stream: &Stream) {
        self.0.push(Arc::downgrade(&stream.now()));
    }

    /// How many of them are still in memory.
    fn held(&self) -> usize {
        self.0.iter().filter(|look| look.strong_count() > 0).count()
    }
}

/// One change: of the channel, or that a viewer waits for it a moment, or that it is stopped for all.
async fn change(hub: &Hub, looks: &mut Looks) {
    let (viewer, n) = (fastrand::u64(..VIEWERS), fastrand::usize(1..=CHANNELS));
    // Now and then a link that nobody shares.
    let id = if fastrand::usize(..50) == 0 { id(999) } else { links(n)[fastrand::usize(..2)].clone() };
    // Where there is no room, the viewer goes on to the next channel.
    let Ok(stream) = hub.join(&id, viewer) else { return };
    looks.note(&stream);
    match fastrand::usize(..20) {
        0 => drop(hub.stop(&id)),
        1..5 => {
            let _waits = stream.hold(viewer);
            let _ = stream.until(|now| !now.window.is_empty(), 2 * CHANGE).await;
            looks.note(&stream);
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_who_come_and_go_in_a_hurry_leave_nothing_behind() {
    let fake = FakeConfig { channels: channels(), speed: 30.0, ..FakeConfig::default() };
    let fake = Fake::start(fake).await.unwrap();
    let storage = tempfile::tempdir().unwrap();
    let numbers = Numbers::load(storage.path()).await.unwrap();
    let hub = Hub::new(config(), Engine::new(fake.base()).unwrap(), numbers);

    let mut looks = Looks::default();
    let mut pace = interval(CHANGE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..CHANGES {
        pace.tick().await;
        change(&hub, &mut looks).await;
    }
    let emptied = async {
        while !hub.streams().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, emptied).await.unwrap_or_else(|_| panic!("{:#?}", hub.streams()));

    assert_eq!(fake.sessions_open(), 0);
    let sessions: usize = channels().iter().map(|channel| fake.sessions_started(&channel.infohash)).sum();
    assert!(sessions > CHANNELS, "streams ended and began again, {sessions} sessions");
    let Holds { names, aliases, failures, places, .. } = hub.holds();
    assert_eq!(names, 0);
    assert!(aliases <= 2 * CHANNELS && failures <= 1 && places <= 8, "{aliases} {failures} {places}");
    assert!(hub.usage().iter().all(|usage| usage.used == 0), "{:?}", hub.usage());
    // The tasks return a moment later, and the engine hears of a closed connection when it writes next. Its
    // health is asked for as long as the hub lives.
    let settled = async {
        // A failed stream answers for its ID a while longer; it has no media.
        while hub.holds().tasks > 1 || fake.readers() > 0 || looks.held() > hub.holds().failures {
            tokio::task::yield_now().await;
        }
    };
    let settled = timeout(LIMIT, settled).await;
    settled.unwrap_or_else(|_| {
        panic!("{:?}, {} readers, {} windows", hub.holds(), fake.readers(), looks.held())
    });
    hub.shutdown().await;
    fake.shutdown().await;
}
