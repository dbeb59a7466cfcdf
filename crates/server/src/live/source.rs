//! An engine's session as a stream of chunks that survives what engines do.
//!
//! The source owns the session: it starts it, opens its playback, and after a loss climbs the [`ladder`]: the same
//! playback once more, a new session with a new player ID, another ID of the same channel, another engine, with
//! growing pauses, until a byte comes or the budget is spent. An engine that is down is left at once where there
//! is another. Nobody else retries.
//!
//! A start or a stop that is under way is never dropped: the engine would be left with a session that
//! nobody can stop. [`Source::next`] may be dropped at any point; [`Source::release`] finishes what is open.

use std::{pin::Pin, sync::Arc, time::Duration};

use acestream::{ContentId, Error, Form, Playback, Session, Taken};
use bytes::Bytes;
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    candidates::Candidates,
    engines::{Engines, Lease},
    hub::Inner,
    ladder::{self, Rung},
    pace::{self, Pace},
    snapshot::Failure,
    stream::Shared,
    supply::Supply,
    timing::Timing,
};

mod session;

/// How soon a playback that is not ready yet is tried again. Engines that have no data yet answer at once.
const OPEN_AGAIN: Duration = Duration::from_millis(200);

type Starting = Pin<Box<dyn Future<Output = Result<(Session, Form), Error>> + Send>>;
type Stopping = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a playback meets that does not answer in time.
const SILENT: Error = Error::Timeout("playback");

/// What comes out of a source.
#[derive(Debug)]
pub(super) enum Event {
    /// The engine opened a session.
    Started {
        session: Arc<Session>,
        /// In which form it took the ID.
        form: Form,
    },
    /// Media, in pieces of any size.
    Data(Bytes),
    /// The media broke off. Let go of the session: it may be stopped next.
    Lost { cause: Loss, attempt: u32 },
    /// The next session is one of another ID: say in which form, or [`Source::skip`] it.
    Other(ContentId),
    /// One more attempt begins. Let go of the session: it is stopped next.
    Again { attempt: u32 },
    /// The broadcast has an end, and this was it.
    Over,
    /// There is no going on.
    Failed(Failure),
}

/// How media can break off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The connection ended or broke.
    Cut,
    /// The connection stayed open and silent.
    Silence,
    /// The engine repeats old minutes.
    Loop,
}

/// One broadcast as the engine delivers it.
pub(super) struct Source {
    hub: Arc<Inner>,
    shared: Arc<Shared>,
    lease: Lease,
    ids: Candidates,
    /// What the next session is to be.
    rung: Rung,
    /// How many failed starts may still lead elsewhere before the first byte.
    chances: usize,
    timing: Timing,
    stage: Stage,
    starting: Option<Starting>,
    stopping: Option<Stopping>,
    session: Option<Arc<Session>>,
    /// When a session that delivers nothing is given up.
    patience_ends: Instant,
    /// Attempts since media last flowed for a while.
    attempt: u32,
    ever_flowed: bool,
    last_byte: Instant,
    /// Since when media is waited for, if it is.
    waits_since: Option<Instant>,
    supply: Supply,
    complaint: Option<Error>,
    pace: Pace,
    /// Nothing more is to be had before the next tick.
    drained: bool,
}

enum Stage {
    /// Stop the old session, if any, and open one, not before this moment.
    Start(Instant),
    /// Open the session's playback, not before `at`.
    Open {
        at: Instant,
        /// It delivered before and broke off: this is its only second chance.
        second_chance: bool,
    },
    /// Connected; no byte yet.
    Await { playback: Playback, second_chance: bool },
    /// Media flows, since this moment.
    Flow { playback: Playback, since: Instant },
}

impl Source {
    /// Of the ID of `shared`, from the engine of `lease`, or from another one later.
    pub(super) fn new(hub: Arc<Inner>, shared: Arc<Shared>, lease: Lease) -> Self {
        let now = Instant::now();
        shared.set_place(Some(lease.place()));
        Self {
            timing: Timing::from(&hub.config),
            ids: Candidates::new(shared.id.clone()),
            rung: Rung::NewSession,
            chances: 1 + hub.engines.others(&lease),
            lease,
            stage: Stage::Start(now),
            starting: None,
            stopping: None,
            session: None,
            patience_ends: now,
            attempt: 0,
            ever_flowed: false,
            last_byte: now,
            waits_since: None,
            supply: Supply::default(),
            complaint: None,
            pace: Pace::Eager,
            drained: false,
            shared,
            hub,
        }
    }

    /// The budget of the first start begins now, not when others were waited for.
    pub(super) fn begin(&mut self) {
        self.last_byte = Instant::now();
    }

    /// The engine is known to take the ID that is played in this form.
    pub(super) fn prefer(&mut self, form: Form) {
        self.ids.current_mut().form = Some(form);
    }

    /// The ID that is played.
    pub(super) fn id(&self) -> &ContentId {
        &self.ids.current().id
    }

    /// The place at the engine that plays.
    pub(super) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The ID that is to be played next cannot be: take the one after it.
    pub(super) fn skip(&mut self) {
        self.stage = Stage::Start(Instant::now() + self.timing.pause(self.attempt));
        self.rung = Rung::NextId;
        self.chances = self.chances.saturating_sub(1);
    }

    /// Go to another engine: this one does not answer. False when there is no other.
    pub(super) fn change_engine(&mut self) -> bool {
        let has_other = self.hub.engines.others(&self.lease) > 0 && self.chances > 0;
        if has_other {
            self.chances -= 1;
            self.change_lease();
        }
        has_other
    }

    fn change_lease(&mut self) {
        self.lease = self.hub.engines.choose(Some(&self.lease));
        self.shared.set_place(Some(self.lease.place()));
    }

    /// What is played repeats old minutes: leave it, if there is an ID that may not.
    pub(super) fn leave_loop(&mut self) -> Option<Event> {
        self.learn_ids();
        if !self.ids.doubt() {
            return None;
        }
        self.attempt += 1;
        self.rung = Rung::NextId;
        self.drained = false;
        self.stage = Stage::Start(Instant::now());
        Some(Event::Lost { cause: Loss::Loop, attempt: self.attempt })
    }

    /// From now on take media like this.
    pub(super) fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// The session that is open now.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.session.clone()
    }

    /// What comes next. Waits as long as the configuration says, then fails.
    pub(super) async fn next(&mut self) -> Event {
        if matches!(self.stage, Stage::Flow { .. })
            && let Some(event) = self.flow().await
        {
            return event;
        }
        let deadline = self.last_byte + self.timing.give_up_after;
        let Ok(event) = timeout_at(deadline, self.reach()).await else {
            return Event::Failed(self.exhausted());
        };
        event
    }

    async fn reach(&mut self) -> Event {
        loop {
            let event = match self.stage {
                Stage::Start(at) => self.start(at).await,
                Stage::Open { at, second_chance } => self.open(at, second_chance).await,
                Stage::Await { .. } => self.first_byte().await,
                Stage::Flow { .. } => self.flow().await,
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    async fn open(&mut self, at: Instant, second_chance: bool) -> Option<Event> {
        sleep_until(at).await;
        let Some(session) = &self.session else {
            self.stage = Stage::Start(at);
            return None;
        };
        let opened = tokio::select! {
            biased;
            opened = session.open() => opened,
            () = is_useless(&self.lease, &self.hub.engines) => Err(SILENT),
        };
        match opened {
            Ok(playback) => self.stage = Stage::Await { playback, second_chance },
            Err(error) if !self.ever_flowed && is_final(&error) => return Some(self.not_started(error)),
            Err(error) => {
                self.lease.health().met(&error);
                return self.not_yet(error, second_chance);
            }
        }
        None
    }

    async fn first_byte(&mut self) -> Option<Event> {
        let Stage::Await { playback, second_chance } = &mut self.stage else { return None };
        let second_chance = *second_chance;
        let found = tokio::select! {
            biased;
            found = timeout_at(self.patience_ends, playback.chunk()) => found.unwrap_or(Err(SILENT)),
            () = is_useless(&self.lease, &self.hub.engines) => Err(SILENT),
        };
        let error = match found {
            Ok(Some(data)) => return Some(self.received(data)),
            Ok(None) => Error::Cut("closed before the first byte".to_owned()),
            Err(error) => error,
        };
        self.not_yet(error, second_chance)
    }

    async fn flow(&mut self) -> Option<Event> {
        let found = match self.pace {
            Pace::Eager => self.wait_for_media().await?,
            pace => self.watch_for_media(pace).await?,
        };
        Some(match found {
            Ok(Some(data)) => self.received(data),
            Ok(None) if self.session.as_ref().is_some_and(|session| !session.is_live()) => Event::Over,
            Ok(None) => self.lost(Loss::Cut, Error::Cut("the connection was closed".to_owned())),
            Err(error @ Error::Timeout(_)) => self.lost(Loss::Silence, error),
            Err(error) => self.lost(Loss::Cut, error),
        })
    }

    /// Media as soon as it comes.
    async fn wait_for_media(&mut self) -> Option<Result<Option<Bytes>, Error>> {
        let silence = self.silent_at();
        let Stage::Flow { playback, .. } = &mut self.stage else { return None };
        let chunk = timeout_at(silence, playback.chunk()).await;
        Some(chunk.unwrap_or(Err(SILENT)))
    }

    /// Media that gathered until a tick of the grid.
    async fn watch_for_media(&mut self, pace: Pace) -> Option<Result<Option<Bytes>, Error>> {
        let silence = self.silent_at();
        let Stage::Flow { playback, .. } = &mut self.stage else { return None };
        // While there is stock nothing here waits for anything; others want to run.
        yield_now().await;
        loop {
            if self.drained {
                // What an engine that had to wait still has comes now; at the next tick there would be no room again.
                pace::tick(if playback.was_full() { Pace::Fine } else { pace }).await;
                self.drained = false;
            }
            match playback.take(pace.least(self.last_byte.elapsed())) {
                Ok(Taken::Data(data)) => return Some(Ok(Some(data))),
                Ok(Taken::End) => return Some(Ok(None)),
                Ok(Taken::Nothing) if Instant::now() >= silence => {
                    return Some(Err(SILENT));
                }
                Ok(Taken::Nothing) => self.drained = true,
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// When the wait for media that is under way is silence. However often it is broken off, it goes on.
    fn silent_at(&mut self) -> Instant {
        *self.waits_since.get_or_insert_with(Instant::now) + self.timing.patience(&self.supply)
    }

    fn received(&mut self, data: Bytes) -> Event {
        let now = Instant::now();
        self.waits_since = None;
        self.stage = match std::mem::replace(&mut self.stage, Stage::Start(now)) {
            Stage::Await { playback, .. } => {
                self.supply.begin();
                Stage::Flow { playback, since: now }
            }
            stage => stage,
        };
        if self.attempt > 0 && self.flows_well(now) {
            self.attempt = 0;
        }
        self.ever_flowed = true;
        self.last_byte = now;
        self.supply.received(now);
        Event::Data(data)
    }

    /// Whether this connection proved itself: one that ends at once again and again did not.
    fn flows_well(&self, now: Instant) -> bool {
        matches!(self.stage, Stage::Flow { since, .. } if now - since >= self.timing.silence / 2)
    }

    fn lost(&mut self, cause: Loss, error: Error) -> Event {
        let now = Instant::now();
        self.attempt += 1;
        self.complaint = Some(error);
        self.drained = false;
        self.learn_ids();
        self.rung = self.next_rung();
        // An engine that closed a playback may serve on at the same address: one more chance for it, until
        // media flowed for a while again.
        self.stage = if self.rung == Rung::SamePlayback {
            self.patience_ends = now + self.timing.silence;
            Stage::Open { at: now, second_chance: true }
        } else {
            Stage::Start(now + self.timing.pause(self.attempt))
        };
        Event::Lost { cause, attempt: self.attempt }
    }

    /// The playback gave nothing: try it again, or a new session when patience ends.
    fn not_yet(&mut self, error: Error, second_chance: bool) -> Option<Event> {
        let at = Instant::now() + OPEN_AGAIN;
        let is_useless = self.lease.is_down() && self.hub.engines.others(&self.lease) > 0;
        if second_chance || is_useless || at >= self.patience_ends {
            return Some(self.again(error));
        }
        self.complaint = Some(error);
        self.stage = Stage::Open { at, second_chance };
        None
    }

    fn again(&mut self, error: Error) -> Event {
        self.learn_ids();
        self.doubt_form();
        self.attempt += 1;
        self.rung = self.next_rung();
        self.complaint = Some(error);
        self.stage = Stage::Start(Instant::now() + self.timing.pause(self.attempt));
        Event::Again { attempt: self.attempt }
    }

    fn next_rung(&self) -> Rung {
        let (ids, engines) = (self.ids.others(), self.hub.engines.others(&self.lease));
        // What never gave a byte is not worth a second session while there is something else.
        let attempt = if self.ever_flowed { self.attempt } else { self.attempt.saturating_add(2) };
        ladder::rung(attempt, ids, engines)
    }

    /// Why the budget was not enough.
    fn exhausted(&mut self) -> Failure {
        let complaint = self.complaint.take();
        let seconds = self.timing.give_up_after.as_secs_f64();
        if self.ever_flowed {
            let error = complaint.map_or_else(|| "silence".to_owned(), |error| error.to_string());
            return Failure::SourceLost(error);
        }
        match complaint {
            None if self.starting.is_some() => Error::Timeout("start").into(),
            Some(error @ (Error::Unreachable(_) | Error::NoDescriptor | Error::HungUp(_))) => error.into(),
            _ => Failure::NoPeers(format!("no data in {seconds:.0} s")),
        }
    }
}

/// Wait until the engine is down while another could take over. With one engine, for ever.
async fn is_useless(lease: &Lease, engines: &Engines) {
    engines.until(|_| lease.is_down() && engines.others(lease) > 0).await;
}

/// Whether the engine's answer to a first playback leaves no hope. It says 404 and 500 to 504 while it has
/// no data yet.
fn is_final(error: &Error) -> bool {
    match error {
        Error::Playback { status, .. } => !matches!(status, 404 | 408 | 429 | 500..),
        Error::Refused(_) | Error::Unexpected(_) | Error::Base(_) => true,
        Error::Unreachable(_)
        | Error::NoDescriptor
        | Error::HungUp(_)
        | Error::Timeout(_)
        | Error::Cut(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use acestream::fake::Channel;
    use tokio::time::timeout;

    use super::*;
    use crate::live::{
        Config,
        testing::{LIMIT, channel, config, fake, hub, id},
    };

    /// Leave a start behind with its engine, at which the swarm may be played again before it is over; how many
    /// sessions are left there.
    async fn left_behind(is_played_again: bool) -> usize {
        let (fake, other) = (fake(vec![channel('a')], 5.0).await, fake(vec![channel('a')], 1000.0).await);
        let (hub, _storage) = hub([&fake, &other], config()).await;
        let (_listing, _publish, mut source) = hub.source(&id('a'));
        tokio::select! {
            event = source.next() => panic!("{event:?}"),
            () = until(|| fake.starts_asked() > 0) => {}
        }
        source.lease.health().met(&Error::Unreachable("made for this test".to_owned()));
        let left = source.lease.clone();
        assert!(matches!(source.next().await, Event::Again { .. }));

        let (listing, _publish, mut player) = hub.source(&id('b'));
        if is_played_again {
            listing.claim(&channel('a').infohash);
            player.lease = left.place().lease();
            player.shared.set_place(Some(left.place()));
            let by = acestream::Selector::ContentId(id('a'));
            let _plays = left.engine().start(&by).await.unwrap();
        }
        // Only those are left that ask the engines whether they are there.
        until(|| hub.holds().tasks == 2).await;
        let sessions = fake.sessions_open();
        hub.shutdown().await;
        sessions
    }

    async fn until(is_so: impl Fn() -> bool) {
        let polled = async {
            while !is_so() {
                yield_now().await;
            }
        };
        timeout(LIMIT, polled).await.unwrap();
    }

    #[tokio::test]
    async fn a_start_that_is_left_behind_is_stopped_but_never_under_who_plays_the_swarm_there() {
        assert_eq!(left_behind(false).await, 0);
        assert_eq!(left_behind(true).await, 2);
    }

    #[tokio::test]
    async fn silence_is_noticed_however_often_the_wait_for_media_is_broken_off() {
        // Behind its burst nothing comes.
        let fake = fake(vec![Channel { lump: Duration::from_secs(3600), ..channel('a') }], 1000.0).await;
        let silence = Duration::from_millis(400);
        let (hub, _storage) = hub([&fake], Config { silence_timeout: silence, ..config() }).await;
        for pace in [Pace::Eager, Pace::Fine] {
            let (_listing, _publish, mut source) = hub.source(&id('a'));

            let lost = timeout(LIMIT, async {
                loop {
                    source.set_pace(if source.ever_flowed { pace } else { Pace::Eager });
                    if let Ok(Event::Lost { cause, .. }) = timeout(silence / 4, source.next()).await {
                        break cause;
                    }
                }
            });

            assert_eq!(lost.await, Ok(Loss::Silence));
            source.release(|_| true, std::future::pending()).await;
        }
        hub.shutdown().await;
        fake.shutdown().await;
    }
}
