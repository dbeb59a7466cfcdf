//! The directory of live streams.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use acestream::{ContentId, Infohash};
use tokio::{runtime::Handle, time::sleep};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;
#[cfg(test)]
use {
    super::{Snapshot, source::Source},
    tokio::sync::watch,
};

use super::{
    Config, EngineHealth, Numbers, Stream,
    aliases::Alias,
    directory::Directory,
    engines::{EngineReport, Engines, Lease, Place},
    limits::{Blocked, Limit, LimitError, Limits, Usage},
    listing::Listing,
    memory::{self, Needs},
    outcome::{Outcome, Outcomes},
    stream::Shared,
    task::{Beginning, Task},
    viewers::Viewers,
};

/// How long a shutdown waits for a session that an engine is just opening.
const LAST_START: Duration = Duration::from_secs(4);

/// Why a stream could not be tuned in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TuneError {
    /// There is no room. Streams that ended count as long as they have not let go of the engine, though not
    /// fully.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Every engine that is there plays as many streams as it may.
    #[error("{limit} streams play from the engines that are there, which is the limit (engine.max_sessions)")]
    Engines {
        /// How many they may play together.
        limit: usize,
    },
    /// The server is on its way out.
    #[error("the server is shutting down")]
    ShuttingDown,
}

/// All live streams of this server.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

/// What the streams of a hub have in common.
pub(super) struct Inner {
    pub(super) config: Config,
    pub(super) engines: Engines,
    pub(super) numbers: Numbers,
    limits: Arc<Limits>,
    viewers: Arc<Viewers>,
    directory: Mutex<Directory>,
    pub(super) outcomes: Outcomes,
    pub(super) tasks: TaskTracker,
    /// Where the streams run.
    runtime: Handle,
    pub(super) cancel: CancellationToken,
}

impl Hub {
    /// An empty hub, which asks from now on whether its engines are there. To be called on a runtime: that is where its
    /// streams run.
    #[must_use]
    pub fn new(config: Config, engines: impl Into<Engines>, numbers: Numbers) -> Self {
        let limits = Arc::new(Limits::new(&config));
        let hub = Self(Arc::new(Inner {
            viewers: Arc::new(Viewers::new(&config, Arc::clone(&limits))),
            limits,
            directory: Mutex::default(),
            outcomes: Outcomes::default(),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
            cancel: CancellationToken::new(),
            config,
            engines: engines.into(),
            numbers,
        }));
        hub.probe_engines();
        hub
    }

    /// Join the stream `id`, starting it when nobody watches it yet.
    ///
    /// Never waits: the first viewer inserts a stream that is still `Starting`, so those who come
    /// next find it and no second engine session opens. A stream of `id` that failed for good a few seconds ago
    /// is handed out as it is, ended: see [`Hub::forgive`].
    ///
    /// # Errors
    ///
    /// The server plays as many streams as it may, or is shutting down.
    pub fn tune(&self, id: &ContentId) -> Result<Stream, TuneError> {
        let stream = self.stream(id)?;
        stream.expect_viewer();
        Ok(stream)
    }

    /// As [`Hub::tune`], for `viewer`, a hash that tells viewers apart: who watches the stream from now on, and
    /// the one before no more.
    ///
    /// # Errors
    ///
    /// As [`Hub::tune`]; or as many viewers watch already as may.
    pub fn join(&self, id: &ContentId, viewer: u64) -> Result<Stream, TuneError> {
        // First of all: no stream is to begin for a viewer who is not let in.
        self.0.viewers.admit(viewer)?;
        // Who is refused for want of room wants to leave nevertheless, which may make room in a moment.
        let stream = self.stream(id).inspect_err(|_| self.0.viewers.leave(viewer))?;
        stream.touch(viewer)?;
        Ok(stream)
    }

    fn stream(&self, id: &ContentId) -> Result<Stream, TuneError> {
        self.0.with_directory(|directory| {
            let before = directory.find(id).cloned();
            if let Some(stream) = before.as_ref().filter(|stream| !stream.is_over()) {
                return Ok(stream.clone());
            }
            if self.0.cancel.is_cancelled() {
                return Err(TuneError::ShuttingDown);
            }
            if let Some(failed) = directory.failures.get(id) {
                return Ok(failed.clone());
            }
            let limits = &self.0.limits;
            if !directory.makes_room(limits.value(Limit::Streams)) {
                return Err(limits.refuse(Limit::Streams).into());
            }
            if !directory.fits_one_more(limits.value(Limit::WindowBytes)) {
                return Err(limits.refuse(Limit::WindowBytes).into());
            }
            let lease = self.lease(directory)?;
            Ok(self.begin(directory, id, Beginning { before, lease }))
        })
    }

    /// A person, not a player that asks again by itself, wants `id`: the next [`Hub::tune`] asks the engine
    /// anew, however `id` failed a moment ago.
    pub fn forgive(&self, id: &ContentId) {
        self.0.with_directory(|directory| directory.failures.forget(id));
    }

    /// The stream `id`, if it is playing or starting.
    #[must_use]
    pub fn find(&self, id: &ContentId) -> Option<Stream> {
        self.0.with_directory(|directory| directory.find(id).filter(|stream| !stream.is_over()).cloned())
    }

    /// All streams, oldest first, also those that ended and still let go of their engine session.
    #[must_use]
    pub fn streams(&self) -> Vec<Stream> {
        self.0.with_directory(|directory| directory.streams.clone())
    }

    /// How many more streams could begin now, though none that its viewers left gives way.
    #[must_use]
    pub fn room(&self) -> usize {
        let [streams, bytes] = [Limit::Streams, Limit::WindowBytes].map(|limit| self.0.limits.value(limit));
        let room = self.0.with_directory(|directory| directory.room(streams, bytes));
        room.min(self.0.engines.room())
    }

    /// End the stream `id` for all who watch it. False when there is none. Returns at once.
    pub fn stop(&self, id: &ContentId) -> bool {
        let found = self.find(id);
        if let Some(stream) = &found {
            stream.stop();
        }
        found.is_some()
    }

    /// The requests that wait for media.
    #[must_use]
    pub fn blocked(&self) -> Blocked {
        Blocked(Arc::clone(&self.0.limits))
    }

    /// How each limit is doing.
    #[must_use]
    pub fn usage(&self) -> [Usage; Limit::ALL.len()] {
        let streams = self.streams();
        let viewers: Vec<usize> = streams.iter().map(Stream::viewers).collect();
        Limit::ALL.map(|limit| {
            let used = match limit {
                Limit::Streams => streams.iter().filter(|stream| !stream.is_over()).count(),
                Limit::Viewers => viewers.iter().sum(),
                Limit::StreamViewers => viewers.iter().copied().max().unwrap_or_default(),
                Limit::Blocked => self.blocked().count(),
                Limit::WindowBytes => streams.iter().map(|stream| stream.needs().held).sum(),
            };
            self.0.limits.usage(limit, used)
        })
    }

    /// What is known of the engines together: up when one is, down when all are.
    #[must_use]
    pub fn engine(&self) -> EngineHealth {
        self.0.engines.now()
    }

    /// What is known of each engine, in the order of the configuration.
    #[must_use]
    pub fn engines(&self) -> Vec<EngineReport> {
        self.0.engines.reports()
    }

    /// What is known of the engines together; where all are thought to be down, asked once more, for half a second.
    pub async fn ask_engine(&self) -> EngineHealth {
        self.0.engines.asked().await
    }

    /// What a search finds at the first engine that is there. At most 20 s; safe to drop.
    ///
    /// # Errors
    /// What the engine, or the connection to it, said; `Timeout` too when others search for too long.
    pub async fn search(&self, search: &acestream::Search) -> Result<acestream::Found, acestream::Error> {
        self.0.engines.search(search).await
    }

    /// Wait until what is known of the engines together is as `wanted`.
    pub async fn until_engine(&self, wanted: impl Fn(&EngineHealth) -> bool) {
        self.0.engines.until(wanted).await;
    }

    /// How many streams play at once, at most.
    #[must_use]
    pub fn max_streams(&self) -> usize {
        self.0.config.max_streams
    }

    /// How plays turn out from now on.
    #[must_use]
    pub fn outcomes(&self) -> tokio::sync::broadcast::Receiver<Outcome> {
        self.0.outcomes.listen()
    }

    /// Is over when the hub begins to shut down.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        self.0.cancel.clone().cancelled_owned()
    }

    /// End every stream and wait until each has let go of its engine session: at most some 8 s.
    pub async fn shutdown(&self) {
        // Under the lock, so that no tune in flight adds a task that nobody waits for.
        self.0.with_directory(|_| self.0.cancel.cancel());
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// A place for one more stream; where all engines are full, that of one which its viewers left.
    fn lease(&self, directory: &Directory) -> Result<Lease, TuneError> {
        let Some(limit) = self.0.engines.full_at() else { return Ok(self.0.engines.choose(None)) };
        let is_there = |stream: &Stream| stream.place().is_some_and(|place| !place.is_down());
        let dismissed = directory.dismiss_one(is_there).and_then(|stream| stream.place());
        dismissed.map(|place| place.lease()).ok_or(TuneError::Engines { limit })
    }

    /// Insert a stream that is `Starting` and spawn its task, which waits until the one before is gone.
    fn begin(&self, directory: &mut Directory, id: &ContentId, beginning: Beginning) -> Stream {
        let cancel = self.0.cancel.child_token();
        let (limit, viewers) = (self.0.config.start_timeout, &self.0.viewers);
        let shared = Arc::new(Shared::new(id.clone(), limit, viewers, cancel));
        let (publish, stream) = Stream::new(Arc::clone(&shared));
        directory.names.insert(id.clone(), stream.clone());
        directory.streams.push(stream.clone());

        let listing = Listing { hub: Arc::clone(&self.0), stream: stream.clone() };
        let task = Task::new(listing, shared, publish, beginning);
        let span = tracing::info_span!("stream", content.id = %id);
        self.0.tasks.spawn_on(Box::pin(task.run()).instrument(span), &self.0.runtime);
        stream
    }

    fn probe_engines(&self) {
        for probe in self.0.engines.probes(self.0.config.probe_interval) {
            let cancel = self.0.cancel.clone();
            self.0.tasks.spawn(async move { cancel.run_until_cancelled_owned(probe).await });
        }
    }

    /// A stream in the directory whose task is the caller.
    #[cfg(test)]
    pub(super) fn listed(&self, id: &ContentId) -> (Listing, watch::Sender<Arc<Snapshot>>, Stream) {
        let (listing, _, publish) = self.list(id);
        let stream = listing.stream.clone();
        (listing, publish, stream)
    }

    /// A source of `id`, whose task is the caller.
    #[cfg(test)]
    pub(super) fn source(&self, id: &ContentId) -> (Listing, watch::Sender<Arc<Snapshot>>, Source) {
        let (listing, shared, publish) = self.list(id);
        let source = Source::new(Arc::clone(&self.0), shared, self.0.engines.choose(None));
        (listing, publish, source)
    }

    /// The task of a stream in the directory, which the caller runs.
    #[cfg(test)]
    pub(super) fn task(&self, id: &ContentId) -> Task {
        let (listing, shared, publish) = self.list(id);
        let beginning = Beginning { before: None, lease: self.0.engines.choose(None) };
        Task::new(listing, shared, publish, beginning)
    }

    #[cfg(test)]
    fn list(&self, id: &ContentId) -> (Listing, Arc<Shared>, watch::Sender<Arc<Snapshot>>) {
        let cancel = self.0.cancel.child_token();
        let shared = Arc::new(Shared::new(id.clone(), Duration::ZERO, &self.0.viewers, cancel));
        let (publish, stream) = Stream::new(Arc::clone(&shared));
        self.0.with_directory(|directory| {
            directory.names.insert(id.clone(), stream.clone());
            directory.streams.push(stream.clone());
        });
        (Listing { hub: Arc::clone(&self.0), stream }, shared, publish)
    }

    /// How many of each thing the hub holds.
    #[cfg(test)]
    pub(super) fn holds(&self) -> Holds {
        let (tasks, places) = (self.0.tasks.len(), self.0.viewers.count());
        self.0.with_directory(|directory| Holds {
            names: directory.names.len(),
            tasks,
            aliases: directory.aliases.count(),
            failures: directory.failures.count(),
            places,
        })
    }
}

impl Inner {
    pub(super) fn with_directory<T>(&self, work: impl FnOnce(&mut Directory) -> T) -> T {
        work(&mut self.directory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How much each stream may hold, where not all fit into memory as they are.
    pub(super) fn memory_share(&self) -> Option<usize> {
        let needs: Vec<Needs> =
            self.with_directory(|directory| directory.streams.iter().map(Stream::needs).collect());
        memory::share(self.limits.value(Limit::WindowBytes), &needs)
    }

    /// Whether a stream has a swarm, and so a session that another one could replace.
    pub(super) fn something_plays(&self) -> bool {
        let plays = |stream: &Stream| !stream.is_over() && stream.infohash().is_some();
        self.with_directory(|directory| directory.streams.iter().any(plays))
    }

    /// Whether a stream has a session of the swarm `infohash` at the engine of `place`, or is about to.
    pub(super) fn plays_at(&self, infohash: &Infohash, place: &Place) -> bool {
        let player = self.with_directory(|directory| directory.names.get(&infohash.into()).cloned());
        // One that is over ends its session itself.
        let player = player.filter(|player| !player.is_over());
        player.and_then(|player| player.place()).is_some_and(|its| its.same(place))
    }

    /// What `id` turned out to be, earlier.
    pub(super) fn known(&self, id: &ContentId) -> Option<Alias> {
        self.with_directory(|directory| directory.aliases.get(id).cloned())
    }

    /// Remember what `id` turned out to be.
    pub(super) fn remember(&self, id: &ContentId, alias: Alias) {
        self.with_directory(|directory| directory.aliases.remember(id.clone(), alias));
    }

    /// What was known of `id` did not hold.
    pub(super) fn forget(&self, id: &ContentId) {
        self.with_directory(|directory| directory.aliases.forget(id));
    }

    /// Returns a while after the server was told to stop: so long is a session waited for that an engine is just opening.
    pub(super) async fn is_late(&self) {
        self.cancel.cancelled().await;
        sleep(LAST_START).await;
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("config", &self.config)
            .field("engines", &self.engines)
            .finish_non_exhaustive()
    }
}

/// How many of each thing a hub holds.
#[cfg(test)]
#[derive(Debug)]
pub(super) struct Holds {
    pub(super) names: usize,
    pub(super) tasks: usize,
    pub(super) aliases: usize,
    pub(super) failures: usize,
    pub(super) places: usize,
}

#[cfg(test)]
mod tests {
    use acestream::Engine;

    use super::*;
    use crate::live::{EndReason, Failure, NotReady, State, listing::Claim};

    async fn hub(config: Config) -> (Hub, tempfile::TempDir) {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        let engine = Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
        (Hub::new(config, engine, numbers), storage)
    }

    fn id(digit: char) -> ContentId {
        String::from(digit).repeat(40).parse().unwrap()
    }

    #[tokio::test]
    async fn a_stream_whose_task_panics_gives_its_place_back_and_answers_who_waits() {
        let (hub, _storage) = hub(Config::default()).await;
        let (listing, publish, stream) = hub.listed(&id('a'));

        hub.0.tasks.spawn(async move {
            let _held = (listing, publish);
            panic!("a bug, made for this test");
        });
        let waited = stream.until(|_| false, Duration::from_secs(20)).await;

        assert!(matches!(waited, Err(NotReady::Ended(EndReason::Failed(Failure::SourceLost(_))))));
        hub.shutdown().await;
        assert!(hub.streams().is_empty());
        assert!(stream.is_over());
    }

    #[tokio::test]
    async fn a_new_stream_asks_the_engine_nothing_before_the_old_one_let_go_of_it() {
        let (hub, _storage) = hub(Config::default()).await;
        let (old, publish, _) = hub.listed(&id('a'));
        let ended = State::Ended(EndReason::Stopped);
        publish.send_replace(Arc::new(Snapshot::new(ended, hls::Window::default())));

        let new = hub.tune(&id('a')).unwrap();
        // Nobody listens where the engine should be, so who asks it fails at once.
        assert_eq!(new.until(|_| false, Duration::from_millis(100)).await.unwrap_err(), NotReady::Timeout);
        drop((old, publish));
        let failed = new.until(|_| false, Duration::from_secs(20)).await;

        let unreachable = |failure: &Failure| matches!(failure, Failure::EngineUnreachable(_));
        assert!(matches!(failed, Err(NotReady::Ended(EndReason::Failed(failure))) if unreachable(&failure)));
        hub.shutdown().await;
    }

    #[tokio::test]
    async fn streams_that_ended_make_room_but_not_without_bound() {
        let (hub, _storage) = hub(Config { max_streams: 2, ..Config::default() }).await;
        let ending: Vec<_> = ['a', 'b', 'c'].map(|digit| hub.listed(&id(digit))).into();
        for (_, publish, _) in &ending {
            let ended = State::Ended(EndReason::Stopped);
            publish.send_replace(Arc::new(Snapshot::new(ended, hls::Window::default())));
        }

        assert!(hub.tune(&id('d')).is_ok(), "three that end and one that plays are four");
        let limit = LimitError { limit: Limit::Streams, value: 2 };
        assert_eq!(hub.tune(&id('e')).unwrap_err(), TuneError::Limit(limit));
        drop(ending);

        assert!(hub.tune(&id('e')).is_ok());
        hub.shutdown().await;
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_engines_are_full_a_stream_begins_at_the_one_whose_stream_makes_room() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        let engine = |port| Engine::new(format!("http://127.0.0.1:{port}").parse().unwrap()).unwrap();
        let hub = Hub::new(Config::default(), Engines::new(engine(1), [engine(2)], 1), numbers);
        let (_one, _other) = (hub.source(&id('a')), hub.source(&id('b')));
        for (digit, viewer) in [('a', 1), ('b', 2)] {
            hub.find(&id(digit)).unwrap().touch(viewer).unwrap();
        }
        hub.0.viewers.leave(2);
        tokio::time::advance(Duration::from_secs(5)).await;

        hub.tune(&id('c')).unwrap();

        // The second engine's old stream has not let go of it yet.
        let sessions: Vec<_> = hub.engines().iter().map(|engine| engine.sessions).collect();
        assert_eq!(sessions, [1, 2]);
        assert!(hub.find(&id('a')).is_some_and(|stream| !stream.is_ending()));
    }

    #[tokio::test]
    async fn the_room_is_what_streams_and_engines_leave() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        let engine = |port| Engine::new(format!("http://127.0.0.1:{port}").parse().unwrap()).unwrap();
        let config = Config { max_streams: 5, ..Config::default() };
        let hub = Hub::new(config.clone(), Engines::new(engine(1), [engine(2)], 2), numbers);
        assert_eq!(hub.room(), 4);

        let one = hub.source(&id('a'));
        assert_eq!(hub.room(), 3);
        let _others = ['b', 'c', 'd'].map(|digit| hub.source(&id(digit)));
        assert_eq!(hub.room(), 0);
        drop(one);
        assert_eq!(hub.room(), 1);

        let numbers = Numbers::load(storage.path()).await.unwrap();
        let unlimited = Hub::new(config, engine(1), numbers);
        let _listed = ['a', 'b'].map(|digit| unlimited.listed(&id(digit)));
        assert_eq!(unlimited.room(), 3);
    }

    #[tokio::test]
    async fn a_stream_that_is_stopped_is_found_no_more_even_before_its_task_noticed() {
        let (hub, _storage) = hub(Config::default()).await;
        let stream = hub.tune(&id('a')).unwrap();

        // Nothing else runs between these lines.
        assert!(hub.stop(&id('a')));
        assert!(!hub.stop(&id('a')));
        assert!(!hub.tune(&id('a')).unwrap().same(&stream));
        hub.shutdown().await;
    }

    #[tokio::test]
    async fn an_old_stream_that_goes_leaves_the_place_of_its_successor_alone() {
        let (hub, _storage) = hub(Config::default()).await;
        let (old, _, _) = hub.listed(&id('a'));
        let (_new, _publish, stream) = hub.listed(&id('a'));

        drop(old);

        assert!(hub.find(&id('a')).is_some_and(|found| found.same(&stream)));
        assert_eq!(hub.streams().len(), 1);
    }

    #[tokio::test]
    async fn a_swarm_is_claimed_by_one_stream_and_passes_on_when_that_one_is_over() {
        let (hub, _storage) = hub(Config::default()).await;
        let swarm = (&id('f')).into();
        let (one, publish, _) = hub.listed(&id('a'));
        let (other, _publish, _) = hub.listed(&id('b'));

        assert!(matches!(one.claim(&swarm), Claim::Ours));
        assert!(matches!(one.claim(&swarm), Claim::Ours));
        assert!(matches!(other.claim(&swarm), Claim::Taken));
        drop(publish);
        assert!(matches!(other.claim(&swarm), Claim::After(_)));

        assert!(hub.find(&id('f')).is_some_and(|found| found.id() == id('b')));
    }

    #[tokio::test]
    async fn a_link_that_is_known_to_mean_a_playing_swarm_finds_its_stream() {
        let (hub, _storage) = hub(Config::default()).await;
        let (listing, _publish, stream) = hub.listed(&id('a'));
        let alias = Alias { infohash: (&id('f')).into(), form: acestream::Form::ContentId };
        listing.claim(&alias.infohash);

        hub.0.remember(&id('c'), alias);

        assert!(hub.tune(&id('c')).unwrap().same(&stream));
    }
}
