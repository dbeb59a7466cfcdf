//! The sessions of the fake engine: who replaces whom, and when one is over.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Profile, channel::Broadcast};
use crate::Infohash;

/// Ended sessions that are remembered, so that their addresses answer otherwise than ones that never were.
const REMEMBERED: usize = 256;

/// Which kind of playback a session was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Progressive,
    Hls,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    Replaced,
}

/// One session. Its key is in its addresses and differs from its ID.
#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) key: String,
    /// What stands before the key in its addresses.
    pub(super) name: String,
    pub(super) id: String,
    pub(super) content: String,
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) output: Output,
    pub(super) started: Instant,
    /// Cancelled when the session is over.
    pub(super) over: CancellationToken,
    pub(super) end: Option<End>,
    player: String,
    active: Instant,
    timeout: Duration,
    readers: usize,
    /// Whether the media was ever asked for.
    pub(super) is_open: bool,
}

impl Session {
    fn new(wish: Wish) -> Self {
        Self {
            key: wish.key,
            name: wish.name,
            id: format!("{:08x}{:032x}", fastrand::u32(..), fastrand::u128(..)),
            content: format!("{:032x}", fastrand::u128(..)),
            broadcast: wish.broadcast,
            output: wish.output,
            started: Instant::now(),
            over: CancellationToken::new(),
            end: None,
            player: wish.player,
            active: Instant::now(),
            timeout: wish.timeout,
            readers: 0,
            is_open: false,
        }
    }

    /// Somebody watches: the session will not expire for a while.
    pub(super) fn touch(&mut self) {
        self.active = Instant::now();
    }

    /// From now on this long without activity ends the session.
    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Become the one reader, unless there is one.
    pub(super) fn take(&mut self) -> bool {
        let is_first = self.readers == 0;
        self.readers = 1;
        is_first
    }

    /// Become one reader more; the first begins the download.
    pub(super) fn join(&mut self) {
        self.readers += 1;
        if !std::mem::replace(&mut self.is_open, true) {
            self.started = Instant::now();
        }
    }

    /// The reader is gone.
    pub(super) fn release(&mut self) {
        self.readers = self.readers.saturating_sub(1);
        self.touch();
    }

    /// Whether media flows yet.
    pub(super) fn is_ready(&self) -> bool {
        self.broadcast.delay().is_some_and(|delay| self.started.elapsed() >= delay)
    }

    fn infohash(&self) -> &Infohash {
        &self.broadcast.channel.infohash
    }

    fn finish(&mut self, end: End) {
        self.end = Some(end);
        self.over.cancel();
    }
}

/// All sessions, oldest first.
#[derive(Debug, Default)]
pub(super) struct Table {
    sessions: VecDeque<Session>,
    started: HashMap<Infohash, usize>,
    /// Infohashes that were loaded as such: the engine then takes them for content IDs too.
    loaded: HashSet<Infohash>,
}

/// What a start asks for.
pub(super) struct Wish {
    pub(super) broadcast: Arc<Broadcast>,
    pub(super) output: Output,
    /// Empty when the client names no player.
    pub(super) player: String,
    pub(super) timeout: Duration,
    pub(super) name: String,
    pub(super) key: String,
}

impl Table {
    /// Open a session, or find the one this player has of this content.
    pub(super) fn start(&mut self, wish: Wish, profile: Profile) -> Session {
        self.expire();
        let infohash = wish.broadcast.channel.infohash.clone();
        if profile == Profile::Open {
            return self.add(wish);
        }
        let same = self.sessions.iter_mut().find(|session| {
            let is_same = session.player == wish.player && session.output == wish.output;
            session.end.is_none() && is_same && *session.infohash() == infohash
        });
        if let Some(session) = same {
            session.active = Instant::now();
            return session.clone();
        }
        // One player plays one thing; in the older engine one content has one player as well.
        let is_alone = profile == Profile::V323;
        for session in self.sessions.iter_mut().filter(|session| session.end.is_none()) {
            let is_replaced = session.player == wish.player || is_alone && *session.infohash() == infohash;
            if is_replaced {
                session.finish(End::Replaced);
            }
        }
        self.add(wish)
    }

    fn add(&mut self, wish: Wish) -> Session {
        *self.started.entry(wish.broadcast.channel.infohash.clone()).or_default() += 1;
        let session = Session::new(wish);
        self.sessions.push_back(session.clone());
        self.forget_oldest();
        session
    }

    /// The session with this address, over or not.
    pub(super) fn find(&mut self, name: &str, key: &str) -> Option<&mut Session> {
        self.expire();
        self.sessions.iter_mut().find(|session| session.key == key && session.name == name)
    }

    /// The session whose media is at this address, unless it is over.
    pub(super) fn find_content(&mut self, content: &str) -> Option<&mut Session> {
        self.expire();
        self.sessions.iter_mut().find(|session| session.content == content && session.end.is_none())
    }

    /// Sessions that are not over.
    pub(super) fn running(&mut self) -> impl Iterator<Item = &mut Session> {
        self.expire();
        self.sessions.iter_mut().filter(|session| session.end.is_none())
    }

    /// The ID that the statistics of a session of `infohash` show: the newest one's.
    pub(super) fn newest_id(&mut self, infohash: &Infohash) -> Option<String> {
        let of_content = self.running().filter(|session| session.infohash() == infohash);
        of_content.last().map(|session| session.id.clone())
    }

    /// End a session; in the newer engine all others of the content with it.
    pub(super) fn stop(&mut self, key: &str, profile: Profile) {
        let Some(infohash) =
            self.running().find(|session| session.key == key).map(|session| session.infohash().clone())
        else {
            return;
        };
        for session in self.running() {
            if session.key == key || profile == Profile::V3211 && *session.infohash() == infohash {
                session.finish(End::Stopped);
            }
        }
    }

    /// The engine starts anew and knows nothing.
    pub(super) fn forget(&mut self) {
        for session in self.running() {
            session.finish(End::Stopped);
        }
        self.sessions.clear();
        self.loaded.clear();
    }

    pub(super) fn remember_loaded(&mut self, infohash: Infohash) {
        self.loaded.insert(infohash);
    }

    pub(super) fn is_loaded(&self, infohash: &Infohash) -> bool {
        self.loaded.contains(infohash)
    }

    /// How many sessions this content ever had.
    pub(super) fn started(&self, infohash: &Infohash) -> usize {
        self.started.get(infohash).copied().unwrap_or_default()
    }

    /// End what nobody watched for too long.
    fn expire(&mut self) {
        let now = Instant::now();
        for session in
            self.sessions.iter_mut().filter(|session| session.end.is_none() && session.readers == 0)
        {
            if now.duration_since(session.active) >= session.timeout {
                session.finish(End::Stopped);
            }
        }
    }

    fn forget_oldest(&mut self) {
        let ended = self.sessions.iter().filter(|session| session.end.is_some()).count();
        if ended > REMEMBERED
            && let Some(oldest) = self.sessions.iter().position(|session| session.end.is_some())
        {
            self.sessions.remove(oldest);
        }
    }
}
