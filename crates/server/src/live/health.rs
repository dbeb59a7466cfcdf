//! Whether the engine is there: what a probe every few seconds and every start of a session tell.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime},
};

use acestream::{Engine, Error};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// An engine that answered before is down after this many probes in a row without an answer: it does
/// hang for a moment under load.
const MISSES: u32 = 3;

/// An engine that was down is up after this many answers in a row: one that keeps falling over answers once.
const HITS: u32 = 2;

/// Between an answer that may mean that the engine is back, and the next question.
const CONFIRM: Duration = Duration::from_millis(50);

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineHealth {
    /// Not asked yet.
    Unknown,
    /// It answers.
    Up {
        /// What it calls itself; empty where it does not say.
        version: String,
    },
    /// It does not.
    Down {
        /// Since when.
        since: SystemTime,
        /// What a connection to it meets, as a sentence's part.
        reason: String,
    },
}

/// The engine's health, told by those who deal with it.
#[derive(Debug)]
pub(super) struct Health {
    engine: Engine,
    known: watch::Sender<EngineHealth>,
    changed: watch::Sender<()>,
    misses: AtomicU32,
    /// Answers in a row while it was down.
    hits: AtomicU32,
    ask_now: Notify,
}

impl Health {
    /// Nothing is known yet. Whatever is learnt is told by `changed`.
    pub(super) fn new(engine: Engine, changed: watch::Sender<()>) -> Arc<Self> {
        let known = watch::Sender::new(EngineHealth::Unknown);
        Arc::new(Self {
            engine,
            known,
            changed,
            misses: AtomicU32::new(0),
            hits: AtomicU32::new(0),
            ask_now: Notify::new(),
        })
    }

    pub(super) fn now(&self) -> EngineHealth {
        self.known.borrow().clone()
    }

    #[cfg(test)]
    pub(super) fn watch(&self) -> watch::Receiver<EngineHealth> {
        self.known.subscribe()
    }

    /// Ask the engine now, not when its turn comes.
    pub(super) fn ask_now(&self) {
        self.ask_now.notify_one();
    }

    /// Ask the engine every `interval`, more often while it is down, for ever. Safe to drop.
    pub(super) async fn probe(&self, interval: Duration) {
        loop {
            match self.engine.version().await {
                Ok(version) => self.is_up(&version.version),
                // Who refuses to say a version is there.
                Err(Error::Refused(_)) => self.is_up(""),
                Err(error) => self.missed(&error),
            }
            let down = matches!(self.now(), EngineHealth::Down { .. });
            let pause = match (down, self.hits.load(Ordering::Relaxed)) {
                (false, _) => interval,
                (true, 0) => interval / 5,
                (true, _) => CONFIRM.min(interval / 5),
            };
            // A limit reached is the usual case: nobody asked for a probe meanwhile.
            let _ = timeout(pause, self.ask_now.notified()).await;
        }
    }

    /// What a start of a session met.
    pub(super) fn start_met<T>(&self, outcome: &Result<T, Error>) {
        match outcome {
            Err(error) => self.met(error),
            // Only an answer of the version API ends a `Down`: it names the version, and it comes at once.
            Ok(_) if !matches!(*self.known.borrow(), EngineHealth::Up { .. }) => self.ask_now(),
            Ok(_) => {}
        }
    }

    /// What a request met that says nothing of the engine but whether it is there.
    pub(super) fn met(&self, error: &Error) {
        match error {
            Error::Unreachable(reason) => self.is_down(reason),
            // One broadcast may be what it hangs up at, time and again: its next answer says that it is there.
            Error::HungUp(_) => {
                self.missed(error);
                self.ask_now();
            }
            _ => {}
        }
    }

    fn is_up(&self, version: &str) {
        self.misses.store(0, Ordering::Relaxed);
        if matches!(*self.known.borrow(), EngineHealth::Down { .. })
            && self.hits.fetch_add(1, Ordering::Relaxed) + 1 < HITS
        {
            return;
        }
        self.hits.store(0, Ordering::Relaxed);
        let changed = self.known.send_if_modified(|known| {
            let now = EngineHealth::Up { version: version.to_owned() };
            let changed = *known != now;
            *known = now;
            changed
        });
        if changed {
            self.changed.send_replace(());
            let base = self.engine.base();
            tracing::info!(engine.version = version, "the engine at {base} answers");
        }
    }

    fn missed(&self, error: &Error) {
        if *error == Error::NoDescriptor {
            return;
        }
        self.hits.store(0, Ordering::Relaxed);
        let misses = self.misses.fetch_add(1, Ordering::Relaxed) + 1;
        if misses >= MISSES || matches!(*self.known.borrow(), EngineHealth::Unknown) {
            self.is_down(&error.to_string());
        }
    }

    fn is_down(&self, reason: &str) {
        let changed = self.known.send_if_modified(|known| {
            let changed = !matches!(known, EngineHealth::Down { .. });
            if changed {
                *known = EngineHealth::Down { since: SystemTime::now(), reason: reason.to_owned() };
            }
            changed
        });
        if changed {
            self.changed.send_replace(());
            tracing::error!(reason, "the engine at {} is down: {reason}", self.engine.base());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Arc<Health> {
        let engine = Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
        Health::new(engine, watch::Sender::new(()))
    }

    fn hangs() -> Error {
        Error::Timeout("version")
    }

    #[tokio::test]
    async fn an_engine_that_never_answered_is_down_after_one_miss() {
        let health = health();

        health.missed(&hangs());

        assert!(matches!(health.now(), EngineHealth::Down { .. }));
    }

    #[tokio::test]
    async fn an_engine_that_answered_may_miss_twice() {
        let health = health();
        health.is_up("3.2.3");

        health.missed(&hangs());
        health.missed(&hangs());
        assert!(matches!(health.now(), EngineHealth::Up { .. }));
        health.missed(&hangs());

        assert!(matches!(health.now(), EngineHealth::Down { .. }));
    }

    #[tokio::test]
    async fn a_start_without_a_connection_says_down_at_once_and_two_answers_up() {
        let health = health();
        health.is_up("3.2.3");

        health.start_met::<()>(&Err(Error::Unreachable("connection refused".to_owned())));
        assert!(matches!(health.now(), EngineHealth::Down { reason, .. } if reason == "connection refused"));
        health.is_up("3.2.11");
        assert!(matches!(health.now(), EngineHealth::Down { .. }), "one answer is not enough");
        health.is_up("3.2.11");

        assert_eq!(health.now(), EngineHealth::Up { version: "3.2.11".to_owned() });
    }

    #[tokio::test]
    async fn an_engine_that_hangs_up_at_one_broadcast_is_there_as_long_as_it_answers() {
        let health = health();
        health.is_up("3.2.3");
        let hung_up = Error::HungUp("the connection was closed".to_owned());

        for _ in 0..10 {
            health.met(&hung_up);
            health.start_met::<()>(&Err(hung_up.clone()));
            assert!(matches!(health.now(), EngineHealth::Up { .. }));
            health.is_up("3.2.3");
        }
        (0..MISSES).for_each(|_| health.met(&hung_up));

        assert!(matches!(health.now(), EngineHealth::Down { .. }));
    }

    #[tokio::test]
    async fn want_of_descriptors_here_says_nothing_of_the_engine() {
        let want = Error::NoDescriptor;
        let health = health();
        health.is_up("3.2.3");

        health.start_met::<()>(&Err(want.clone()));
        health.met(&want);
        for _ in 0..MISSES {
            health.missed(&want);
        }

        assert_eq!(health.now(), EngineHealth::Up { version: "3.2.3".to_owned() });
    }

    #[tokio::test]
    async fn a_probe_of_a_closed_port_says_down() {
        let health = health();
        let mut known = health.watch();

        let down = known.wait_for(|known| matches!(known, EngineHealth::Down { .. }));
        tokio::select! {
            down = down => assert!(down.is_ok()),
            () = health.probe(Duration::from_secs(10)) => {}
        }
    }
}
