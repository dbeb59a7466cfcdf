//! A source's session at the engine: started, left to others, stopped.

use std::sync::Arc;

use acestream::{Error, Form, Session};
use tokio::time::{Instant, sleep_until};

use super::{Event, Rung, Source, Stage, is_useless};
use crate::live::candidates::Candidate;

impl Source {
    pub(super) async fn start(&mut self, at: Instant) -> Option<Event> {
        self.leave_session();
        self.stop().await;
        sleep_until(at).await;
        if self.starting.is_none()
            && let Some(event) = self.climb()
        {
            return Some(event);
        }
        self.shared.set_place(Some(self.lease.place()));
        let starting = self.starting.get_or_insert_with(|| {
            let Candidate { id, form, .. } = self.ids.current();
            let (engine, id, form) = (self.lease.engine().clone(), id.clone(), *form);
            Box::pin(async move { engine.start_any(&id, form).await })
        });
        let outcome = tokio::select! {
            biased;
            outcome = starting => outcome,
            () = is_useless(&self.lease, &self.hub.engines) => {
                self.leave_start();
                return Some(self.again(Error::Timeout("start")));
            }
        };
        self.starting = None;
        self.lease.health().start_met(&outcome);
        Some(match outcome {
            Ok((session, form)) => self.started(Arc::new(session), form),
            Err(error) if self.ever_flowed => self.again(error),
            Err(error) => self.not_started(error),
        })
    }

    /// An engine that does not answer need not be waited for where another goes on: its session is stopped in the
    /// background.
    fn leave_session(&mut self) {
        if !self.lease.is_down() || self.hub.engines.others(&self.lease) == 0 {
            return;
        }
        if let Some(session) = self.session.take() {
            let lease = self.lease.clone();
            self.hub.tasks.spawn(async move {
                let _lease = lease;
                stop(session).await;
            });
        }
    }

    /// Do what the rung says before a session is started; an event when that concerns the stream.
    fn climb(&mut self) -> Option<Event> {
        let rung = std::mem::replace(&mut self.rung, Rung::NewSession);
        if rung == Rung::OtherEngine || self.lease.is_down() && self.hub.engines.others(&self.lease) > 0 {
            self.change_lease();
        }
        if rung != Rung::NextId {
            return None;
        }
        self.learn_ids();
        self.ids.advance().map(|next| Event::Other(next.id.clone()))
    }

    /// IDs may become known while the stream plays.
    pub(super) fn learn_ids(&mut self) {
        self.chances += self.ids.learn(self.shared.alternatives());
    }

    /// The start that is under way leads nowhere: who finishes it in the background also stops what it opens, unless
    /// its swarm is played there again by then. To stop either session of a swarm could end both.
    fn leave_start(&mut self) {
        let Some(starting) = self.starting.take() else { return };
        self.shared.set_place(None);
        let (lease, hub) = (self.lease.clone(), Arc::clone(&self.hub));
        self.hub.tasks.spawn(async move {
            tokio::select! {
                outcome = starting => if let Ok((session, _)) = outcome
                    && !hub.plays_at(session.infohash(), &lease.place())
                {
                    stop(Arc::new(session)).await;
                },
                () = hub.is_late() => {}
            }
        });
    }

    /// A first start failed: another engine may do better, or another ID.
    pub(super) fn not_started(&mut self, error: Error) -> Event {
        self.learn_ids();
        // One that hangs up is there, and may do so at this broadcast alone.
        let hung_up = matches!(error, Error::HungUp(_));
        let is_silent = matches!(error, Error::Unreachable(_) | Error::NoDescriptor | Error::Timeout(_));
        self.rung = match error {
            _ if self.chances == 0 => return Event::Failed(error.into()),
            _ if (is_silent || hung_up) && self.hub.engines.others(&self.lease) > 0 => Rung::OtherEngine,
            _ if !is_silent && self.ids.others() > 0 => Rung::NextId,
            _ => return Event::Failed(error.into()),
        };
        self.chances -= 1;
        self.complaint = Some(error);
        self.stage = Stage::Start(Instant::now());
        Event::Again { attempt: self.attempt }
    }

    fn started(&mut self, session: Arc<Session>, form: Form) -> Event {
        let now = Instant::now();
        // A first start may take the engine a minute on a poor machine; after a loss, others may do better.
        let is_first = !self.ever_flowed && !self.shared.has_alternatives();
        let patience = if is_first { self.timing.give_up_after / 2 } else { self.timing.silence * 2 };
        self.patience_ends = now + patience.min(self.timing.give_up_after / 2);
        self.prefer(form);
        self.session = Some(Arc::clone(&session));
        self.stage = Stage::Open { at: now, second_chance: false };
        Event::Started { session, form }
    }

    /// No byte came. An engine that repeats the digits it was asked by may know nothing of them: in the other
    /// form they may be right.
    pub(super) fn doubt_form(&mut self) {
        let Some(session) = self.session.as_ref().filter(|_| !self.ever_flowed) else { return };
        let candidate = self.ids.current_mut();
        if session.infohash().as_str() == candidate.id.as_str() {
            candidate.form = candidate.form.map(Form::other);
        }
    }

    /// Stop the session, if there is one: at most 3 s. Dropped half done, it goes on where it was.
    pub(in crate::live) async fn stop(&mut self) {
        // The reader goes first: an engine that is stopped under its reader may cut it off as an error.
        self.stage = Stage::Start(match self.stage {
            Stage::Start(at) => at,
            _ => Instant::now(),
        });
        if let Some(session) = self.session.take() {
            self.stopping = Some(Box::pin(stop(session)));
        }
        if let Some(stopping) = &mut self.stopping {
            stopping.await;
            self.stopping = None;
        }
    }

    /// The session is another stream's: leave it alone.
    pub(in crate::live) fn disown(&mut self) {
        self.session = None;
    }

    /// Let go of the engine: finish what is under way and stop what is open.
    ///
    /// A start under way is waited for, unless `hurry` completes first; what it opens is stopped if `ours`
    /// says so.
    pub(in crate::live) async fn release(
        mut self,
        ours: impl Fn(&Session) -> bool,
        hurry: impl Future<Output = ()>,
    ) {
        self.stop().await;
        let Some(starting) = self.starting.take() else { return };
        let outcome = tokio::select! {
            outcome = starting => outcome,
            () = hurry => return tracing::warn!("left a session of {} to start, unwatched", self.shared.id),
        };
        if let Ok((session, _)) = outcome
            && ours(&session)
        {
            stop(Arc::new(session)).await;
        }
    }
}

async fn stop(session: Arc<Session>) {
    let infohash = session.infohash().clone();
    let Some(session) = Arc::into_inner(session) else {
        return tracing::error!("a session of {infohash} is still in use and runs on");
    };
    if let Err(error) = session.stop().await {
        tracing::warn!(%infohash, "the engine did not stop {infohash}, which will end by itself: {error}");
    }
}
