//! A fake engine: the engine's HTTP API over clips played in an endless loop, with every failure on request.
//!
//! It behaves as public reports say that real engines do: start as JSON or by redirects, one reader of a
//! progressive session, sessions that replace each other, statistics that go from nothing to `dl` by the clock.
//! Nothing public says how a real engine does the following; here it is assumed, and nobody may rely on it:
//!
//! - a session that never was answers 404 to playback and HLS addresses, and as an ended one to the others;
//! - the texts of 403 and 500 on dead lists are `Forbidden` and `download not found`;
//! - `/content` is `video/mp2t` and ends with its connection, without length or chunks;
//! - a session ends by itself after 60 s without reader, list, segment or statistics request;
//! - an event poll is answered `{"response": {}, "error": null}` after 10 s;
//! - an unknown command is refused with `unknown method`;
//! - a broadcast with an end is `vod` among the media files, has no live position, comes as fast as it is read,
//!   from its beginning for every reader, and its connection closes at the end;
//! - a reader that comes again to a running live session begins anew at the live edge less the burst;
//! - the search finds a part of a name, in the order of the channels, one in each result, in a category that there is
//!   not nothing; what is no number or out of range is the default or the nearest; a wrong token is not looked at
//!   where none is wanted, and refused with `access denied` where one is; the token lasts as long as the engine runs;
//! - a replaced session's reader gets the end of its body, and its statistics are those of an unknown session.
//!
//! With [`Profile::Open`] it speaks the dialect of an open re-implementation instead; what is assumed of that one
//! stands in the module `open`.

mod channel;
mod clip;
mod fault;
mod feed;
mod hls;
mod http;
mod json;
mod open;
mod pattern;
mod playback;
mod routes;
mod search;
mod service;
mod sound;
mod status;
mod survey;
mod table;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use reqwest::Url;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{channel::Broadcast, table::Table};
pub use self::{
    channel::{Channel, ChannelArgument, InvalidChannel},
    clip::{Clip, ClipError},
    fault::{Fault, InvalidFault},
    pattern::Pattern,
};
use crate::{ContentId, Infohash};

/// Whose rules for sessions hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Engine 3.2.3: a new player of the same content replaces the old one.
    V323,
    /// Engine 3.2.11: both run, the statistics show the newest session, stopping either ends both.
    #[default]
    V3211,
    /// An open re-implementation, 0.2.0: other words, other answers, sessions that share one download.
    Open,
}

impl Profile {
    /// What it is called, on a command line.
    fn name(self) -> &'static str {
        match self {
            Self::V323 => "3.2.3",
            Self::V3211 => "3.2.11",
            Self::Open => "open",
        }
    }

    fn version(self) -> &'static str {
        if self == Self::Open { "0.2.0" } else { self.name() }
    }
}

/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no engine {0:?} to imitate; there are 3.2.3, 3.2.11 and open")]
pub struct InvalidProfile(String);

impl FromStr for Profile {
    type Err = InvalidProfile;

    fn from_str(text: &str) -> Result<Self, InvalidProfile> {
        let known = [Self::V323, Self::V3211, Self::Open];
        known
            .into_iter()
            .find(|profile| profile.name() == text)
            .ok_or_else(|| InvalidProfile(text.to_owned()))
    }
}

/// What a playback address does before media flows. Real engines do all three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WarmUp {
    /// Keep the request until media flows.
    #[default]
    Hold,
    /// 500 `download not found`, at once.
    NotFound,
    /// 500 `start timeout`, after 7 s.
    StartTimeout,
}

/// How the fake engine is set up.
#[derive(Debug, Clone)]
pub struct FakeConfig {
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// Whose rules hold.
    pub profile: Profile,
    /// The version it says, the profile's where there is none.
    pub version: Option<String>,
    /// How much faster than a real engine it answers (0.5 s known, 4.6 s unknown content, 28 s unknown infohash,
    /// 7 s start timeout). Media, start delays and time-outs are not changed by it.
    pub speed: f64,
    /// What it has.
    pub channels: Vec<Channel>,
    /// How long a session lives without anybody watching.
    pub idle_timeout: Duration,
    /// What playback addresses do before media flows.
    pub warm_up: WarmUp,
    /// Keep the connection open behind a redirect, so that reading the redirect's body never ends.
    pub redirects_hang: bool,
    /// With [`Profile::Open`], how many bytes of media come at a time.
    pub piece: usize,
    /// Whether `/search` wants the API access token, as `method=search` of the service API always does. Real engines
    /// want none of those on their own machine.
    pub search_needs_token: bool,
}

impl Default for FakeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            profile: Profile::default(),
            version: None,
            speed: 1.0,
            channels: Vec::new(),
            idle_timeout: Duration::from_secs(60),
            warm_up: WarmUp::default(),
            redirects_hang: false,
            piece: 1 << 20,
            search_needs_token: false,
        }
    }
}

/// A running fake engine. Dropping it ends it; [`shutdown`](Self::shutdown) also waits for the end.
#[derive(Debug)]
pub struct Fake {
    shared: Arc<Shared>,
    address: SocketAddr,
    tasks: TaskTracker,
    listener: Mutex<Option<(CancellationToken, JoinHandle<()>)>>,
}

impl Fake {
    /// Listen and answer.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(config: FakeConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(config));
        let fake = Self { shared, address, tasks: TaskTracker::new(), listener: Mutex::new(None) };
        fake.listen(listener);
        Ok(fake)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to give to [`Engine::new`](crate::Engine::new).
    #[must_use]
    pub fn base(&self) -> Url {
        Url::parse(&format!("http://{}", self.address)).expect("an address and a port make a URL")
    }

    /// From now on `fault` is what goes wrong with the channel of `id`, for those who watch it as well.
    ///
    /// Nothing happens when there is no such channel: the answer is `false` then.
    pub fn set_fault(&self, id: &ContentId, fault: Fault) -> bool {
        let Some(broadcast) = self.shared.by_id(id) else { return false };
        broadcast.fault.send_replace(fault);
        true
    }

    /// Whether the whole engine hangs: new requests are taken and never answered. What flows goes on.
    pub fn set_hanging(&self, hangs: bool) {
        self.shared.hangs.store(hangs, Relaxed);
    }

    /// Start anew: every connection closes, every session is forgotten.
    pub fn restart(&self) {
        self.shared.restart();
    }

    /// Go away: as a restart, and from then on nobody listens.
    pub async fn down(&self) {
        let listener = lock(&self.listener).take();
        if let Some((stop, task)) = listener {
            stop.cancel();
            // It only fails when it panicked, and then it listens no more either.
            let _ = task.await;
        }
        self.shared.restart();
    }

    /// Come back on the same port.
    ///
    /// # Errors
    /// When somebody else has taken the port meanwhile.
    pub async fn up(&self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.listen(listener);
        Ok(())
    }

    /// Sessions that are not over.
    #[must_use]
    pub fn sessions_open(&self) -> usize {
        self.shared.table().running().count()
    }

    /// Sessions that this swarm ever had.
    #[must_use]
    pub fn sessions_started(&self, infohash: &Infohash) -> usize {
        self.shared.table().started(infohash)
    }

    /// Readers of progressive media at this moment.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.shared.readers.load(Relaxed)
    }

    /// Requests whose head came whole, ever, answered or not.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Relaxed)
    }

    /// Requests for a session, ever, answered or not.
    #[must_use]
    pub fn starts_asked(&self) -> usize {
        self.shared.starts.load(Relaxed)
    }

    /// Stop listening, close every connection and wait until it is done.
    pub async fn shutdown(self) {
        self.down().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn listen(&self, listener: TcpListener) {
        let stop = CancellationToken::new();
        let task = accept(listener, stop.clone(), Arc::clone(&self.shared), self.tasks.clone());
        let task = self.tasks.spawn(task);
        *lock(&self.listener) = Some((stop, task));
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if let Some((stop, _)) = lock(&self.listener).take() {
            stop.cancel();
        }
        self.shared.restart();
    }
}

async fn accept(listener: TcpListener, stop: CancellationToken, shared: Arc<Shared>, tasks: TaskTracker) {
    loop {
        let socket = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        // Without a socket there is nobody to tell; a moment later there may be file descriptors again.
        let Ok((socket, _)) = socket else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let generation = shared.generation();
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            tokio::select! {
                // First: an engine that is gone ends nothing in good order.
                biased;
                () = generation.cancelled() => {}
                // What goes wrong with a connection concerns its client only, and the client sees it.
                _ = routes::serve(&shared, socket) => {}
            }
        });
    }
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    profile: Profile,
    version: String,
    speed: f64,
    idle_timeout: Duration,
    warm_up: WarmUp,
    redirects_hang: bool,
    piece: usize,
    search_needs_token: bool,
    token: Mutex<String>,
    broadcasts: Vec<Arc<Broadcast>>,
    table: Mutex<Table>,
    readers: AtomicUsize,
    requests: AtomicUsize,
    starts: AtomicUsize,
    hangs: AtomicBool,
    /// Cancelled when the engine starts anew; every connection ends with it.
    generation: Mutex<CancellationToken>,
}

impl Shared {
    fn new(config: FakeConfig) -> Self {
        let broadcasts = config.channels.into_iter().map(|channel| Arc::new(Broadcast::new(channel)));
        Self {
            profile: config.profile,
            version: config.version.unwrap_or_else(|| config.profile.version().to_owned()),
            speed: config.speed,
            idle_timeout: config.idle_timeout,
            warm_up: config.warm_up,
            redirects_hang: config.redirects_hang,
            piece: config.piece,
            search_needs_token: config.search_needs_token,
            token: Mutex::new(random_token()),
            broadcasts: broadcasts.collect(),
            table: Mutex::default(),
            readers: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            starts: AtomicUsize::new(0),
            hangs: AtomicBool::new(false),
            generation: Mutex::default(),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// The API access token of the moment.
    fn token(&self) -> String {
        lock(&self.token).clone()
    }

    fn generation(&self) -> CancellationToken {
        lock(&self.generation).clone()
    }

    fn restart(&self) {
        self.table().forget();
        *lock(&self.token) = random_token();
        std::mem::take(&mut *lock(&self.generation)).cancel();
    }

    fn by_id(&self, id: &ContentId) -> Option<&Arc<Broadcast>> {
        self.broadcasts.iter().find(|broadcast| broadcast.channel.ids.contains(id))
    }

    fn by_infohash(&self, infohash: &Infohash) -> Option<&Arc<Broadcast>> {
        self.broadcasts.iter().find(|broadcast| broadcast.channel.infohash == *infohash)
    }

    /// Wait as long as a real engine takes for something, by the speed.
    async fn take_time(&self, millis: u32) {
        let seconds = f64::from(millis) / 1000.0 / self.speed;
        tokio::time::sleep(Duration::try_from_secs_f64(seconds).unwrap_or_default()).await;
    }
}

fn random_token() -> String {
    format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..))
}

/// A poisoned lock means that a test failed while it held it; the data is whole, no holder leaves it half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
