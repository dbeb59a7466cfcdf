//! The engines of this server: which is there, how much each of them does, and which plays the next stream.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use acestream::{Engine, Error, Found, Search};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use super::{
    health::{EngineHealth, Health},
    report::rfc3339,
    resolve,
};

/// How long who asks waits for an engine where all are thought to be down: one that is there answers sooner.
const SECOND_LOOK: Duration = Duration::from_millis(500);

/// How long who searches waits for those who came before.
const SEARCH_TURN: Duration = Duration::from_secs(5);

/// All engines of a hub, in the order of the configuration. Clones are handles on the same.
#[derive(Debug, Clone)]
pub struct Engines(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    members: Vec<Arc<Member>>,
    /// Sessions that one engine may have; 0 is no limit.
    max_sessions: usize,
    /// Held while an engine is chosen, so that two streams that come at once see each other.
    choosing: Mutex<()>,
    /// Sent whenever something else is known of an engine.
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Member {
    engine: Engine,
    health: Arc<Health>,
    /// Streams that play from it, or are about to.
    sessions: AtomicUsize,
    /// Whose turn it is to ask it about an ID.
    asking: Semaphore,
    /// Whose turn it is to search: one at a time, beside those who ask about an ID.
    searching: Semaphore,
}

/// What is known of one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineReport {
    /// Where it is.
    pub url: String,
    /// Whether it is there.
    pub health: EngineHealth,
    /// Since when it is down, RFC 3339.
    pub down_since: Option<String>,
    /// Streams that play from it, or are about to.
    pub sessions: usize,
    /// How many it may have, where that is limited.
    pub max_sessions: Option<usize>,
}

impl From<Engine> for Engines {
    fn from(engine: Engine) -> Self {
        Self::new(engine, [], 0)
    }
}

impl Engines {
    /// `first` and others, with at most `max_sessions` streams each; 0 is no limit. Nothing is asked yet.
    #[must_use]
    pub fn new(first: Engine, others: impl IntoIterator<Item = Engine>, max_sessions: usize) -> Self {
        let changed = watch::Sender::new(());
        let member = |engine: Engine| {
            let health = Health::new(engine.clone(), changed.clone());
            let asking = Semaphore::new(resolve::MAX_AT_ONCE);
            let searching = Semaphore::new(1);
            Arc::new(Member { engine, health, sessions: AtomicUsize::new(0), asking, searching })
        };
        let members = std::iter::once(first).chain(others).map(member).collect();
        Self(Arc::new(Inner { members, max_sessions, choosing: Mutex::default(), changed }))
    }

    /// What is known of each.
    #[must_use]
    pub fn reports(&self) -> Vec<EngineReport> {
        let max_sessions = Some(self.0.max_sessions).filter(|max| *max > 0);
        let report = |member: &Arc<Member>| {
            let health = member.health.now();
            let down_since = match &health {
                EngineHealth::Down { since, .. } => Some(rfc3339(*since)),
                EngineHealth::Unknown | EngineHealth::Up { .. } => None,
            };
            let (url, sessions) = (member.engine.base().to_string(), member.sessions());
            EngineReport { url, health, down_since, sessions, max_sessions }
        };
        self.0.members.iter().map(report).collect()
    }

    /// What is known of them together: up when one is, down when all are.
    pub(super) fn now(&self) -> EngineHealth {
        let known = self.0.members.iter().map(|member| member.health.now());
        known.min_by_key(rank).unwrap_or(EngineHealth::Unknown)
    }

    /// What a search finds at the first engine that is there. At most 20 s.
    pub(super) async fn search(&self, search: &Search) -> Result<Found, Error> {
        let members = &self.0.members;
        let first = members.iter().min_by_key(|member| rank(&member.health.now())).unwrap_or(&members[0]);
        let Ok(_turn) = timeout(SEARCH_TURN, first.searching.acquire()).await else {
            return Err(Error::Timeout("search"));
        };
        let found = first.engine.search(search).await;
        first.health.start_met(&found);
        found
    }

    /// Wait until what is known of them together is as `wanted`.
    pub(super) async fn until(&self, wanted: impl Fn(&EngineHealth) -> bool) {
        let mut changed = self.0.changed.subscribe();
        // The sender lives in what is borrowed here.
        while !wanted(&self.now()) && changed.changed().await.is_ok() {}
    }

    /// What is known, asked once more where all are thought to be down: one may have come back a moment ago.
    pub(super) async fn asked(&self) -> EngineHealth {
        let is_there = |health: &EngineHealth| !matches!(health, EngineHealth::Down { .. });
        if !is_there(&self.now()) {
            self.0.members.iter().for_each(|member| member.health.ask_now());
            // A limit reached says that none answers still.
            let _ = timeout(SECOND_LOOK, self.until(is_there)).await;
        }
        self.now()
    }

    /// One endless future an engine, which asks it every `interval` whether it is there. Safe to drop.
    pub(super) fn probes(
        &self,
        interval: Duration,
    ) -> impl Iterator<Item = impl Future<Output = ()> + use<>> {
        let healths: Vec<_> = self.0.members.iter().map(|member| Arc::clone(&member.health)).collect();
        healths.into_iter().map(move |health| async move { health.probe(interval).await })
    }

    /// How many streams they may play together, when they play as many.
    pub(super) fn full_at(&self) -> Option<usize> {
        let limit = Some(self.0.max_sessions).filter(|limit| *limit > 0)?;
        let there = || self.0.members.iter().filter(|member| !member.is_down());
        // Where none is there, who asks shall hear that and not of a limit.
        (there().count() > 0 && there().all(|member| member.sessions() >= limit))
            .then(|| limit * there().count())
    }

    /// How many more sessions those that are there may have; `usize::MAX` where there is no limit.
    pub(super) fn room(&self) -> usize {
        let limit = Some(self.0.max_sessions).filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let there = self.0.members.iter().filter(|member| !member.is_down());
        there.map(|member| limit.saturating_sub(member.sessions())).fold(0, usize::saturating_add)
    }

    /// The engine for the next session: one that is there and has room, other than `before` where there is
    /// another, and of these the one that does least. A full one only where there is none but full ones.
    pub(super) fn choose(&self, before: Option<&Lease>) -> Lease {
        let _held = self.0.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = self.0.max_sessions;
        let rank = |member: &&Arc<Member>| {
            let is_before = before.is_some_and(|before| Arc::ptr_eq(&before.0, member));
            // Who has a place keeps it.
            let is_full = limit > 0 && !is_before && member.sessions() >= limit;
            (is_full, member.is_down(), is_before, member.sessions())
        };
        let member = self.0.members.iter().min_by_key(rank).unwrap_or(&self.0.members[0]);
        member.sessions.fetch_add(1, Ordering::Relaxed);
        Lease(Arc::clone(member))
    }

    /// How many others than that of `lease` could take a session.
    pub(super) fn others(&self, lease: &Lease) -> usize {
        let limit = self.0.max_sessions;
        let can = |member: &&Arc<Member>| {
            !Arc::ptr_eq(&lease.0, member) && !member.is_down() && (limit == 0 || member.sessions() < limit)
        };
        self.0.members.iter().filter(can).count()
    }
}

/// How much is to be expected of an engine, the least where most is.
fn rank(health: &EngineHealth) -> u8 {
    match health {
        EngineHealth::Up { .. } => 0,
        EngineHealth::Unknown => 1,
        EngineHealth::Down { .. } => 2,
    }
}

impl Member {
    fn is_down(&self) -> bool {
        matches!(self.health.now(), EngineHealth::Down { .. })
    }

    fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }
}

/// At which engine a place is. Takes none.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<Member>);

impl Place {
    pub(super) fn is_down(&self) -> bool {
        self.0.is_down()
    }

    /// Whether `other` is at the same engine.
    pub(super) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// One more place there, whether there is room or not.
    pub(super) fn lease(&self) -> Lease {
        self.0.sessions.fetch_add(1, Ordering::Relaxed);
        Lease(Arc::clone(&self.0))
    }
}

/// A place at an engine, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Lease(Arc<Member>);

impl Lease {
    pub(super) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// At which engine.
    pub(super) fn place(&self) -> Place {
        Place(Arc::clone(&self.0))
    }

    pub(super) fn health(&self) -> &Health {
        &self.0.health
    }

    /// Whose turn it is to ask the engine about an ID.
    pub(super) fn asking(&self) -> &Semaphore {
        &self.0.asking
    }

    pub(super) fn is_down(&self) -> bool {
        self.0.is_down()
    }
}

/// One more place at the same engine.
impl Clone for Lease {
    fn clone(&self) -> Self {
        self.place().lease()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engines(count: u16, max_sessions: usize) -> Engines {
        let engine = |port| Engine::new(format!("http://127.0.0.1:{port}").parse().unwrap()).unwrap();
        Engines::new(engine(1), (2..=count).map(engine), max_sessions)
    }

    fn fail(lease: &Lease) {
        lease.health().start_met::<()>(&Err(Error::Unreachable("refused".to_owned())));
    }

    fn port(lease: &Lease) -> u16 {
        lease.engine().base().port().unwrap()
    }

    #[test]
    fn streams_are_spread_over_the_engines() {
        let engines = engines(3, 0);

        let leases: Vec<_> = (0..6).map(|_| engines.choose(None)).collect();

        assert_eq!(leases.iter().map(port).collect::<Vec<_>>(), [1, 2, 3, 1, 2, 3]);
        drop(leases);
        assert!(engines.reports().iter().all(|report| report.sessions == 0));
    }

    #[test]
    fn an_engine_that_is_down_gets_nothing_while_another_is_there() {
        let engines = engines(2, 0);
        let first = engines.choose(None);
        fail(&first);

        let moved = engines.choose(Some(&first));
        let next = engines.choose(None);

        assert_eq!((port(&moved), port(&next)), (2, 2));
        assert_eq!((engines.others(&first), engines.others(&moved)), (1, 0));
    }

    #[test]
    fn who_leaves_an_engine_that_is_down_does_not_crowd_into_one_that_is_full() {
        let engines = engines(2, 1);
        let (first, _second) = (engines.choose(None), engines.choose(None));
        fail(&first);

        let moved = engines.choose(Some(&first));

        assert_eq!(port(&moved), 1, "it stays, until the other has room");
    }

    #[test]
    fn where_all_are_down_the_next_one_is_tried() {
        let engines = engines(1, 0);
        let only = engines.choose(None);
        fail(&only);

        assert_eq!(port(&engines.choose(Some(&only))), 1);
        assert!(matches!(engines.now(), EngineHealth::Down { .. }));
    }

    #[test]
    fn a_full_engine_gives_way_and_when_all_are_full_the_limit_is_told() {
        let engines = engines(2, 1);
        assert_eq!(engines.full_at(), None);
        let first = engines.choose(None);
        let _second = engines.choose(None);

        assert_eq!(engines.full_at(), Some(2));
        assert_eq!(engines.others(&first), 0);
        drop(first);
        assert_eq!(engines.full_at(), None);
    }
}
