//! The engine's statistics of a session, asked for beside the media and never in its way.

use std::{future::pending, pin::Pin, sync::Arc, time::Duration};

use acestream::{Error, Session, Statistics};
use tokio::time::{Instant, sleep_until};

type Answer = Pin<Box<dyn Future<Output = Result<Statistics, Error>> + Send>>;

/// Asks for the statistics of one session at a time.
pub(super) struct Meter {
    session: Option<Arc<Session>>,
    /// When the last answer was there, or the session was new.
    since: Instant,
    answer: Option<Answer>,
}

impl Meter {
    /// Idle, until it has a session.
    pub(super) fn new() -> Self {
        Self { session: None, since: Instant::now(), answer: None }
    }

    /// Ask about `session` from now on.
    pub(super) fn watch(&mut self, session: Option<Arc<Session>>) {
        self.answer = None;
        self.session = session;
        self.since = Instant::now();
    }

    /// Let go of the session: it is about to be stopped.
    pub(super) fn rest(&mut self) {
        self.watch(None);
    }

    /// The next answer, `every` so often, `None` when the engine had none. Safe to drop half done: an answer under way is
    /// kept.
    pub(super) async fn next(&mut self, every: Duration) -> Option<Statistics> {
        let Some(session) = &self.session else { return pending().await };
        if self.answer.is_none() {
            sleep_until(self.since + every).await;
            let session = Arc::clone(session);
            self.answer = Some(Box::pin(async move { session.statistics().await }));
        }
        let answered = match &mut self.answer {
            Some(answer) => answer.await,
            None => return None,
        };
        self.answer = None;
        self.since = Instant::now();
        answered.ok()
    }
}
