//! The only writer of a stream: reads its source, packages the media, publishes snapshots.

use std::{
    convert::Infallible,
    future::pending,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use acestream::{Infohash, Playback, Session, Statistics};
use bytes::Bytes;
use hls::{Change, Packager, Profile};
use mpegts::PACKET_LEN;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Stream,
    burst::Burst,
    engines::Lease,
    failures,
    hub::Inner,
    listing::{Claim, Listing},
    loops::Loops,
    memory::Needs,
    meter::Meter,
    pace::Pace,
    report::{Phase, TrackReport},
    snapshot::{EndReason, Failure, Snapshot, State},
    source::{Event, Loss, Source},
    stream::{Counters, Shared},
};

mod swarm;

/// Statistics are of interest while the viewer waits; later they only inform, if anybody looks,
/// and tell of a loop, if there is another ID to go to.
const ASK_WHILE_STARTING: Duration = Duration::from_secs(1);
const ASK_WHILE_WANTED: Duration = Duration::from_secs(5);
const ASK_WHILE_LIVE: Duration = Duration::from_secs(15);
/// Who looks at figures asks for them again within this time.
const LOOKS: Duration = Duration::from_secs(15);

/// A window is so many times as long as what its players hold back: who falls behind still finds what comes next.
const FALLS_BACK: u32 = 3;
/// Of a broadcast that has an end, so much is packaged at a time.
const PIECE: usize = 44 * PACKET_LEN;
/// And so much of what is live: a block of a thin channel can hold several segments, between which memory is looked at.
const STRETCH: usize = 349 * PACKET_LEN;

/// A source this far behind the clock repeats what it has.
const OLD: Duration = Duration::from_secs(3600);

/// What is under way, or the end of it.
type Going<T = ()> = Result<T, EndReason>;

/// What a task goes on with.
enum Next {
    Event(Event),
    /// The engine says that it repeats old minutes.
    Loop,
    /// The time is up in which a burst is waited for.
    Settled,
}

/// A stream's task, before and while it runs.
pub(super) struct Task {
    listing: Listing,
    shared: Arc<Shared>,
    publish: watch::Sender<Arc<Snapshot>>,
    /// A stream of the same ID that has not let go of its session yet.
    before: Option<Stream>,
    source: Source,
    /// The swarm of another ID that is played in place of the stream's own.
    other: Option<Infohash>,
    meter: Meter,
    packager: Packager,
    state: State,
    /// The attempt at which the stream is since media broke off, also where no viewer noticed.
    broken_off: Option<u32>,
    /// When media last began to flow, or a segment was last closed.
    progress: Option<Instant>,
    /// When media last led to a part, or first came.
    fruitful: Option<Instant>,
    loops: Loops,
    /// When the first segment was published.
    live_since: Option<Instant>,
    burst: Burst,
    /// The broadcast has an end, and comes as fast as the engine has it.
    has_end: bool,
    is_over: bool,
}

/// What a stream begins with.
pub(super) struct Beginning {
    /// A stream of the same ID that has not let go of its session yet.
    pub(super) before: Option<Stream>,
    /// The place where it plays first.
    pub(super) lease: Lease,
}

impl Task {
    pub(super) fn new(
        listing: Listing,
        shared: Arc<Shared>,
        publish: watch::Sender<Arc<Snapshot>>,
        Beginning { before, lease }: Beginning,
    ) -> Self {
        let hub = &listing.hub;
        Self {
            source: Source::new(Arc::clone(hub), Arc::clone(&shared), lease),
            other: None,
            packager: Packager::new(hub.config.packaging(), hub.numbers.first() + hls::GAPS),
            meter: Meter::new(),
            state: State::Starting,
            broken_off: None,
            progress: None,
            fruitful: None,
            loops: Loops::default(),
            live_since: None,
            burst: Burst::new(),
            has_end: false,
            is_over: false,
            listing,
            shared,
            publish,
            before,
        }
    }

    /// Play until something ends the stream, say what it was, and let go of the engine.
    pub(super) async fn run(mut self) {
        let end = self.end_from_outside();
        let reason = tokio::select! {
            biased;
            reason = end => reason,
            going = self.play() => match going { Err(reason) => reason },
        };
        // A broadcast that is over stays for those who watch its last segments.
        let reason = if self.is_over && reason == EndReason::Idle { EndReason::SourceClosed } else { reason };
        self.end(reason);
        self.release().await;
    }

    /// The ends that do not come from the source. Safe to drop.
    fn end_from_outside(&self) -> impl Future<Output = EndReason> + use<> {
        let (shared, hub) = (Arc::clone(&self.shared), self.hub());
        async move {
            loop {
                tokio::select! {
                    biased;
                    () = hub.cancel.cancelled() => return EndReason::Shutdown,
                    () = shared.cancel.cancelled() => return EndReason::Stopped,
                    () = shared.audience.sooner() => {}
                    () = sleep_until(shared.audience.ends_at()) => {}
                }
                if shared.audience.ends_at() <= Instant::now() {
                    return EndReason::Idle;
                }
            }
        }
    }

    async fn play(&mut self) -> Going<Infallible> {
        self.find_swarm().await?;
        loop {
            match self.next().await {
                Next::Event(event) => self.handle(event).await?,
                Next::Loop => self.leave_loop().await?,
                Next::Settled => {
                    self.burst.settle();
                    self.set_state(self.state.clone());
                }
            }
            if self.loops.take() {
                self.leave_loop().await?;
            }
        }
    }

    async fn leave_loop(&mut self) -> Going {
        match self.source.leave_loop() {
            Some(event) => self.handle(event).await,
            None => Ok(()),
        }
    }

    /// What happens next; the statistics are noted meanwhile.
    async fn next(&mut self) -> Next {
        let settles_at = self.burst.settles_at();
        let every = self.ask_every();
        let mut next = pin!(self.source.next());
        loop {
            let answer = tokio::select! {
                biased;
                event = &mut next => return Next::Event(event),
                () = at(settles_at) => return Next::Settled,
                answer = self.meter.next(every) => answer,
            };
            let is_old = answer.as_ref().is_some_and(is_of_old);
            // An engine that does not answer leaves them unknown: old figures would look like new ones.
            self.shared.details(|details| details.statistics = answer);
            note(&self.shared, &self.packager);
            if is_old && self.state == State::Live {
                return Next::Loop;
            }
        }
    }

    /// How often to ask the engine for statistics: each time is a connection of its own.
    fn ask_every(&self) -> Duration {
        if self.live_since.is_none() {
            return ASK_WHILE_STARTING;
        }
        let looked_at = self.shared.details(|details| details.looked_at);
        let is_looked_at = looked_at.is_some_and(|looked_at| looked_at.elapsed() < LOOKS);
        // They also tell of old minutes, for which another ID is left.
        let is_wanted = is_looked_at || self.shared.has_alternatives();
        if is_wanted { ASK_WHILE_WANTED } else { ASK_WHILE_LIVE }
    }

    async fn handle(&mut self, event: Event) -> Going {
        match event {
            Event::Started { session, form } => return self.started(session, form).await,
            Event::Data(data) => return self.received(data).await,
            Event::Lost { cause, attempt } => return self.lost(cause, attempt).await,
            Event::Again { attempt } => self.again(attempt),
            Event::Other(id) => return self.try_other(id).await,
            Event::Over => return self.over().await,
            Event::Failed(failure) => {
                // An engine may take any digits for an infohash: what never gave a byte proves nothing.
                if matches!(failure, Failure::EngineRefused(_) | Failure::NoPeers(_)) {
                    self.hub().forget(&self.shared.id);
                }
                return Err(failure.into());
            }
        }
        Ok(())
    }

    fn playing(&mut self, session: Arc<Session>) -> Going {
        self.has_end = !session.is_live();
        self.meter.watch(Some(session));
        if self.state == State::Starting {
            self.enter(Phase::Prebuffering);
        }
        Ok(())
    }

    async fn received(&mut self, mut data: Bytes) -> Going {
        Counters::add(&self.shared.counters.received_bytes, data.len() as u64);
        self.progress.get_or_insert_with(Instant::now);
        self.fruitful.get_or_insert_with(Instant::now);
        if let Some(attempt) = self.broken_off.take() {
            self.resumed(attempt);
        }
        self.source.set_pace(self.pace());
        // What has an end is slowed down segment by segment, of which a block can hold several.
        let most = if self.has_end { PIECE } else { STRETCH };
        while !data.is_empty() {
            let piece = data.split_to(most.min(data.len()));
            self.package(&piece).await;
        }
        self.check_progress()
    }

    /// Before the first segment nothing is worth waiting for, and what is in stock comes faster than buffers hold.
    fn pace(&self) -> Pace {
        match self.live_since {
            None => Pace::Eager,
            Some(_) if self.burst.is_bursting() => Pace::Eager,
            Some(_) if self.shared.wishes.has(Profile::Fast) => Pace::Fine,
            Some(_) if self.shared.wishes.hold_back().is_some() => Pace::Steady,
            Some(_) => Pace::Coarse,
        }
    }

    async fn package(&mut self, data: &Bytes) {
        self.packager.set_clock(SystemTime::now());
        let change = self.packager.push(data);
        let growing = self.packager.growing_bytes() as u64;
        self.shared.counters.growing_bytes.store(growing, Ordering::Relaxed);
        if self.packager.is_growing() {
            self.burst.begin();
        }
        if change != Change::None {
            self.fruitful = Some(Instant::now());
            // Now, as what is told next is what viewers have from then on: memory is free at once.
            if Playback::is_short_of_memory() {
                self.packager.reclaim();
            }
        }
        if change == Change::Segment {
            self.progress = self.fruitful;
            self.packager.closed().iter().for_each(|segment| self.loops.note(segment));
            self.window_changed().await;
            sleep(self.lead()).await;
        } else if change == Change::Part {
            self.part_added().await;
        }
    }

    /// How long to wait so that viewers keep up with what has an end: it runs half a window ahead of the
    /// clock, no more. For what is live, no time.
    fn lead(&self) -> Duration {
        let Some(since) = self.live_since.filter(|_| self.has_end) else { return Duration::ZERO };
        let config = &self.listing.hub.config;
        let lead = self.packager.media_time().saturating_sub(since.elapsed() + config.window / 2);
        // Whatever its timestamps say, a segment takes no longer than the longest that viewers were told of.
        lead.min(Duration::from_secs(self.packager.window().target_duration().into()))
    }

    fn resumed(&mut self, attempt: u32) {
        Counters::add(&self.shared.counters.reconnects, 1);
        self.burst.again();
        self.meter.watch(self.source.session());
        if self.state != State::Starting {
            self.enter(Phase::Live);
            self.set_state(State::Live);
        }
        tracing::info!(attempt, "stream {} is back", self.shared.id);
    }

    /// Media that leads to no segment is none.
    fn check_progress(&self) -> Going {
        let Some(since) = self.progress else { return Ok(()) };
        let config = &self.listing.hub.config;
        let scrambled = self.packager.is_scrambled();
        let limit = match (self.packager.window().is_empty(), scrambled) {
            (true, true) => config.media_timeout / 3,
            (true, false) => config.media_timeout,
            (false, _) => config.give_up_after.max(5 * config.target),
        };
        if since.elapsed() < limit {
            return Ok(());
        }
        note(&self.shared, &self.packager);
        let what = if scrambled {
            "it is encrypted".to_owned()
        } else if self.packager.program().is_none() {
            "no program was found in its data".to_owned()
        } else {
            format!("no picture to begin with in {:.0} s", limit.as_secs_f64())
        };
        Err(Failure::NoMedia(what).into())
    }

    /// The growing segment has one more part: publish it, once its number is on record.
    async fn part_added(&mut self) {
        self.note_burst();
        self.listing.hub.numbers.publish(self.packager.next_number()).await;
        let is_waited_for = self.shared.wishes.has(Profile::Fast) && !self.packager.window().is_announced();
        if is_waited_for && self.snapshot().is_begun() {
            self.packager.announce();
        }
        self.set_state(self.state.clone());
    }

    fn note_burst(&mut self) {
        let window = self.packager.window();
        let growing = window.unfinished().map_or(Duration::ZERO, |growing| growing.duration);
        self.burst.note(self.packager.media_time() + growing, !window.is_empty());
    }

    /// A segment was closed: publish it, once its number is on record.
    async fn window_changed(&mut self) {
        self.take_memory();
        self.note_burst();
        self.listing.hub.numbers.publish(self.packager.next_number()).await;
        if !self.packager.window().is_empty() && self.state == State::Starting {
            self.went_live();
        }
        note(&self.shared, &self.packager);
        self.set_state(self.state.clone());
    }

    /// Say what the window takes, and keep to what is there for it.
    fn take_memory(&mut self) {
        let needs = Needs::of(self.packager.window());
        self.shared.set_needs(needs);
        let hub = &self.listing.hub;
        let share = hub.memory_share();
        if share.is_some() {
            while self.packager.reclaim() {}
        }
        let most = share.map_or(usize::MAX, |share| share.saturating_sub(needs.growing));
        self.packager.set_max_bytes(most.min(hub.config.max_window_bytes));
        let held_back = self.shared.wishes.hold_back().unwrap_or_default();
        self.packager.set_window(hub.config.window.max(FALLS_BACK * held_back));
    }

    fn went_live(&mut self) {
        self.state = State::Live;
        self.live_since = Some(Instant::now());
        self.enter(Phase::Live);
        let (id, took) = (&self.shared.id, self.shared.begun.elapsed());
        let peers = self.shared.details(|details| details.statistics.as_ref().map(|known| known.peers));
        tracing::info!(peers, "stream {id} is live after {took:.1?}");
        self.listing.hub.outcomes.tell(id, Ok(took));
    }

    async fn lost(&mut self, cause: Loss, attempt: u32) -> Going {
        let counters = &self.shared.counters;
        match cause {
            Loss::Cut => Counters::add(&counters.cuts, 1),
            Loss::Silence => Counters::add(&counters.silences, 1),
            Loss::Loop => {}
        }
        self.progress = None;
        self.broken_off = Some(attempt);
        tracing::warn!(?cause, attempt, "stream {} broke off", self.shared.id);
        if self.packager.interrupt() == Change::Segment {
            self.fruitful = Some(Instant::now());
            self.window_changed().await;
        }
        self.loops.begin();
        self.again(attempt);
        self.check_fruit()
    }

    /// A source that comes back again and again, with nothing that can be played, is as good as one that does not.
    fn check_fruit(&self) -> Going {
        let limit = self.listing.hub.config.give_up_after;
        if self.fruitful.is_none_or(|since| since.elapsed() < limit) {
            return Ok(());
        }
        let what = format!("nothing that can be played came in {:.0} s", limit.as_secs_f64());
        Err(Failure::SourceLost(what).into())
    }

    fn again(&mut self, attempt: u32) {
        self.meter.rest();
        self.shared.details(|details| details.statistics = None);
        self.broken_off = self.broken_off.map(|_| attempt);
        tracing::debug!(attempt, "connecting again");
        if self.state != State::Starting {
            self.enter(Phase::Reconnecting);
            self.set_state(State::Reconnecting { attempt });
        }
    }

    /// Keep what is left for those who watch, until nobody does.
    async fn over(&mut self) -> Going {
        self.meter.rest();
        self.is_over = true;
        self.packager.finish();
        self.window_changed().await;
        if self.packager.window().is_empty() {
            return Err(Failure::NoMedia("it ended before the first picture".to_owned()).into());
        }
        self.set_state(self.state.clone());
        self.source.stop().await;
        pending().await
    }

    fn enter(&self, phase: Phase) {
        self.shared.details(|details| details.phase = phase);
    }

    /// Publish the state and the window as they are now.
    fn set_state(&mut self, state: State) {
        self.state = state;
        self.publish.send_replace(Arc::new(self.snapshot().with_formats(self.packager.formats())));
    }

    fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::new(self.state.clone(), self.packager.window().clone());
        snapshot.settled = self.burst.is_settled();
        snapshot.steady = self.burst.is_steady();
        snapshot.keep_age_of(&self.publish.borrow());
        snapshot
    }

    fn end(&mut self, reason: EndReason) {
        let (id, took) = (&self.shared.id, self.shared.begun.elapsed());
        match &reason {
            EndReason::Failed(failure) => {
                tracing::warn!(code = failure.code(), "stream {id} ended after {took:.1?}: {reason}");
                self.listing.hub.outcomes.tell(id, Err(failure.clone()));
            }
            _ => tracing::info!("stream {id} ended after {took:.1?}: {reason}"),
        }
        if failures::lasts(&reason) {
            self.listing.remember_failure();
        }
        if let EndReason::SameAs(infohash) = &reason {
            self.listing.hand_over(infohash, &self.shared.alternatives());
        }
        self.enter(Phase::Ended);
        self.set_state(State::Ended(reason));
    }

    async fn release(mut self) {
        self.meter.rest();
        // The engine may take a minute; of the media, the last snapshot is all that anybody can want meanwhile.
        drop(self.packager);
        let hub = Arc::clone(&self.listing.hub);
        // Whoever has taken a swarm over that was claimed here waits until it is let go of.
        let ours = |session: &Session| {
            self.shared.infohash.get() == Some(session.infohash())
                || !matches!(self.listing.claim(session.infohash()), Claim::Taken)
        };
        self.source.release(ours, hub.is_late()).await;
        // Only now the snapshots' sender is dropped, by which others see that the session is stopped.
    }

    fn hub(&self) -> Arc<Inner> {
        Arc::clone(&self.listing.hub)
    }
}

/// Whether the engine says that the newest it has is old: it repeats what it has.
fn is_of_old(statistics: &Statistics) -> bool {
    let Some(position) = &statistics.live_position else { return false };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs().saturating_sub(position.last) > OLD.as_secs()
}

/// That moment, if there is one.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// Tell reports what is known now.
fn note(shared: &Shared, packager: &Packager) {
    let program = packager.program();
    shared.details(|details| {
        details.media = packager.stats();
        details.scrambled = packager.is_scrambled();
        if let Some(program) = program {
            details.service_name.clone_from(&program.service_name);
            let tracks = program.tracks.iter().enumerate();
            details.tracks = tracks.map(|(n, track)| TrackReport::new(track, packager.format(n))).collect();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::{channel, config, fake, hub, id};

    #[tokio::test]
    async fn who_looks_at_the_figures_of_what_is_live_has_newer_ones() {
        let fake = fake(vec![channel('a')], 1000.0).await;
        let (hub, _storage) = hub([&fake], config()).await;
        let mut task = hub.task(&id('a'));
        tokio::time::pause();
        assert_eq!(task.ask_every(), ASK_WHILE_STARTING);

        task.live_since = Some(Instant::now());
        assert_eq!(task.ask_every(), ASK_WHILE_LIVE);
        let _looked_at = hub.find(&id('a')).unwrap().report();
        assert_eq!(task.ask_every(), ASK_WHILE_WANTED);
        tokio::time::advance(LOOKS).await;
        assert_eq!(task.ask_every(), ASK_WHILE_LIVE);
        hub.find(&id('a')).unwrap().offer(&[id('b')]);
        assert_eq!(task.ask_every(), ASK_WHILE_WANTED);

        tokio::time::resume();
        task.release().await;
        hub.shutdown().await;
        fake.shutdown().await;
    }
}
