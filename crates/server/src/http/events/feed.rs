//! The events of one connection: made when the connection takes them.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use acestream::ContentId;
use bytes::Bytes;
use http_body::Frame;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Interval, MissedTickBehavior, interval},
};

use super::told::{Event, Telling};
use crate::{
    catalog::{Catalog, Progress},
    http::health::EngineState,
    live::{Hub, Phase, Stream},
};

/// No stream is told of more often.
const PACE: Duration = Duration::from_millis(500);

/// A connection without a byte for longer is taken for dead by proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a client does not read piles up in the system's buffers, so that no connection goes on for ever.
const MAX_AGE: Duration = Duration::from_secs(600);

/// A comment, which no client shows to anybody (WHATWG HTML, 9.2.6).
const COMMENT: &[u8] = b":\n\n";

/// The events of one connection, as the body of its answer.
///
/// Nothing runs for it: it looks at the streams when the connection has taken what it got before.
pub(super) struct Feed {
    hub: Hub,
    catalog: Catalog,
    /// The streams to tell of; all if there are none here.
    wanted: Option<Vec<ContentId>>,
    told: Option<Told>,
    tick: Interval,
    begun: Instant,
    last_word: Instant,
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    _place: OwnedSemaphorePermit,
}

/// What the client knows.
struct Told {
    streams: BTreeMap<ContentId, (Stream, Telling)>,
    engine: EngineState,
    jobs: BTreeMap<u64, Progress>,
}

impl Feed {
    pub(super) fn new(
        hub: Hub,
        catalog: Catalog,
        wanted: Option<Vec<ContentId>>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let mut tick = interval(PACE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = Instant::now();
        let stopping = Box::pin(hub.stopping());
        Self { hub, catalog, wanted, told: None, tick, begun: now, last_word: now, stopping, _place: place }
    }

    /// What the client does not know yet, if there is anything, or a sign of life when it is time for one.
    fn news(&mut self) -> Option<Bytes> {
        let jobs = self.catalog.jobs().list().into_iter().map(|job| (job.id, job)).collect();
        let now = Told { streams: self.streams(), engine: self.hub.engine().into(), jobs };
        let mut text = match &self.told {
            Some(before) => changes(before, &now),
            None => message(&now.whole()),
        };
        self.told = Some(now);
        if text.is_empty() && self.last_word.elapsed() >= KEEP_ALIVE {
            text.extend_from_slice(COMMENT);
        }
        if text.is_empty() {
            return None;
        }
        self.last_word = Instant::now();
        Some(text.into())
    }

    fn streams(&self) -> BTreeMap<ContentId, (Stream, Telling)> {
        let streams: Vec<(ContentId, Stream)> = match &self.wanted {
            Some(wanted) => wanted.iter().filter_map(|id| Some((id.clone(), self.hub.find(id)?))).collect(),
            // Oldest first: one that ended gives way to the one that has its name now.
            None => self.hub.streams().into_iter().map(|stream| (stream.id(), stream)).collect(),
        };
        let telling = |(id, stream): (ContentId, Stream)| {
            let telling = Telling::of(&stream, id.clone());
            (id, (stream, telling))
        };
        streams.into_iter().map(telling).collect()
    }
}

impl http_body::Body for Feed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if self.stopping.as_mut().poll(cx).is_ready() || self.begun.elapsed() >= MAX_AGE {
                return Poll::Ready(None);
            }
            ready!(self.tick.poll_tick(cx));
            if let Some(news) = self.news() {
                return Poll::Ready(Some(Ok(Frame::data(news))));
            }
        }
    }
}

impl Told {
    fn whole(&self) -> Event {
        let streams = self.streams.values().map(|(_, telling)| telling.clone()).collect();
        Event::State { streams, engine: self.engine.clone(), jobs: self.jobs.values().cloned().collect() }
    }
}

/// What `now` has that `before` had not.
fn changes(before: &Told, now: &Told) -> Vec<u8> {
    let known =
        |telling: &Telling| before.streams.get(&telling.hash).is_some_and(|(_, known)| known == telling);
    let changed = now.streams.values().map(|(_, telling)| telling).filter(|telling| !known(telling)).cloned();
    let gone = before.streams.iter().filter(|(id, _)| !now.streams.contains_key(*id));
    let mut events: Vec<Event> =
        changed.chain(gone.filter_map(|(_, told)| last_word(told))).map(Event::Stream).collect();
    if before.engine != now.engine {
        events.push(Event::Engine(now.engine.clone()));
    }
    let jobs = now.jobs.values().filter(|job| before.jobs.get(&job.id) != Some(*job));
    events.extend(jobs.cloned().map(Event::Job));
    events.iter().flat_map(message).collect()
}

/// How a stream ended that is no longer there, unless that was told.
fn last_word((stream, told): &(Stream, Telling)) -> Option<Telling> {
    let mut last = Telling::of(stream, told.hash.clone());
    last.phase = Phase::Ended;
    (told.phase != Phase::Ended).then_some(last)
}

fn message(event: &Event) -> Vec<u8> {
    let json = serde_json::to_string(event).expect("no map in it has keys that are no text");
    format!("data: {json}\n\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use acestream::Engine;
    use http_body::Body as _;
    use tokio::{
        sync::Semaphore,
        time::{advance, timeout},
    };

    use super::*;
    use crate::{
        catalog::{Folder, Store},
        fetch::Fetcher,
        live::{Config, EngineHealth, Numbers},
    };

    /// A feed of a hub whose engine is known to be down, and which has been read up to now.
    async fn feed() -> (Feed, Hub, tempfile::TempDir) {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        let engine = Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
        let hub = Hub::new(Config::default(), engine, numbers);
        hub.until_engine(|known| matches!(known, EngineHealth::Down { .. })).await;
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let store = Store::in_folder(storage.path()).await.unwrap();
        let folder = Arc::new(Folder::new(storage.path().join("playlists")));
        let fetcher = Fetcher::new(&crate::fetch::Config::default());
        let catalog = Catalog::load(store, fetcher, folder).await.unwrap();
        let mut feed = Feed::new(hub.clone(), catalog, None, place);
        let first = next(&mut feed).await.unwrap();
        assert!(
            first.starts_with(r#"data: {"type":"state","streams":[],"engine":{"state":"down","#),
            "{first}"
        );
        (feed, hub, storage)
    }

    /// What comes without waiting, if anything does.
    async fn at_once(feed: &mut Feed) -> Option<String> {
        timeout(Duration::ZERO, next(feed)).await.ok().flatten()
    }

    async fn next(feed: &mut Feed) -> Option<String> {
        let frame = poll_fn(|cx| Pin::new(&mut *feed).poll_frame(cx)).await?;
        Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    }

    fn id(digit: char) -> ContentId {
        String::from(digit).repeat(40).parse().unwrap()
    }

    #[tokio::test]
    async fn what_a_client_was_too_slow_for_is_told_as_one_change() {
        let (mut feed, hub, _storage) = feed().await;
        tokio::time::pause();

        // None of them lasts: there is no engine.
        for digit in ['a', 'b', 'c'] {
            let _ = hub.tune(&id(digit)).unwrap().until(|_| false, Duration::from_secs(60)).await;
        }
        let last = hub.tune(&id('d')).unwrap();
        advance(Duration::from_secs(5)).await;
        let told = at_once(&mut feed).await.unwrap();

        assert_eq!(told.matches("data: ").count(), 1, "{told}");
        assert!(told.contains(last.id().as_str()), "{told}");
        assert_eq!(at_once(&mut feed).await, None);
        hub.shutdown().await;
    }

    #[tokio::test]
    async fn a_quiet_connection_gives_a_sign_of_life_and_does_not_last_for_ever() {
        let (mut feed, _hub, _storage) = feed().await;
        tokio::time::pause();

        assert_eq!(at_once(&mut feed).await, None);
        advance(KEEP_ALIVE).await;
        assert_eq!(at_once(&mut feed).await.as_deref(), Some(":\n\n"));
        assert_eq!(at_once(&mut feed).await, None);
        advance(MAX_AGE).await;

        assert_eq!(next(&mut feed).await, None);
    }

    #[tokio::test]
    async fn it_ends_when_the_hub_shuts_down() {
        let (mut feed, hub, _storage) = feed().await;

        hub.shutdown().await;

        assert_eq!(next(&mut feed).await, None);
    }
}
