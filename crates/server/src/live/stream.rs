//! A viewer's handle on a live stream.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use acestream::{ContentId, Infohash};
use hls::{Profile, Window};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    Report,
    audience::{Audience, Watching},
    engines::Place,
    limits::LimitError,
    memory::Needs,
    report::Details,
    snapshot::{EndReason, Failure, NotReady, Snapshot, State},
    viewers::Viewers,
    wishes::Wishes,
};

/// As many other IDs of a channel are kept.
pub const MAX_ALTERNATIVES: usize = 8;

/// A handle on a live stream: cheap to clone, never in the stream's way.
#[derive(Debug, Clone)]
pub struct Stream {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    shared: Arc<Shared>,
}

/// What the stream's task and its viewers both see, beside the snapshots.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) id: ContentId,
    pub(super) infohash: OnceLock<Infohash>,
    /// Other IDs of the same channel.
    alternatives: Mutex<Vec<ContentId>>,
    pub(super) started_at: SystemTime,
    pub(super) begun: Instant,
    /// Silence about peers is worth a word after this long.
    pub(super) start_timeout: Duration,
    pub(super) audience: Arc<Audience>,
    viewers: Arc<Viewers>,
    pub(super) counters: Counters,
    /// When somebody last asked for parts: milliseconds after `begun`, and one.
    pub(super) wishes: Wishes,
    details: Mutex<Details>,
    needs: Mutex<Needs>,
    /// At which engine it has a session, or is about to.
    place: Mutex<Option<Place>>,
    /// Cancelled by [`Stream::stop`], and with the hub.
    pub(super) cancel: CancellationToken,
    /// Whether [`Stream::stop`] was called.
    stopped: AtomicBool,
}

/// Counted on the way, without a lock.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) received_bytes: AtomicU64,
    /// The bytes of the segment that grows.
    pub(super) growing_bytes: AtomicU64,
    pub(super) reconnects: AtomicU64,
    pub(super) cuts: AtomicU64,
    pub(super) silences: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}

impl Shared {
    pub(super) fn new(
        id: ContentId,
        start_timeout: Duration,
        viewers: &Arc<Viewers>,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            id,
            infohash: OnceLock::new(),
            alternatives: Mutex::default(),
            started_at: SystemTime::now(),
            begun: Instant::now(),
            start_timeout,
            audience: viewers.audience(),
            viewers: Arc::clone(viewers),
            counters: Counters::default(),
            wishes: Wishes::new(),
            details: Mutex::default(),
            needs: Mutex::default(),
            place: Mutex::default(),
            cancel,
            stopped: AtomicBool::new(false),
        }
    }

    /// Other IDs that lead to the same channel, best first.
    pub(super) fn alternatives(&self) -> Vec<ContentId> {
        self.alternatives.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether other IDs lead to the same channel.
    pub(super) fn has_alternatives(&self) -> bool {
        !self.alternatives.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Look at or change what reports tell; for a few lines.
    pub(super) fn details<T>(&self, look: impl FnOnce(&mut Details) -> T) -> T {
        look(&mut self.details.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// At which engine it has a session from now on, or is about to.
    pub(super) fn set_place(&self, place: Option<Place>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }

    /// What the media takes from now on.
    pub(super) fn set_needs(&self, needs: Needs) {
        *self.needs.lock().unwrap_or_else(PoisonError::into_inner) = needs;
    }
}

impl Stream {
    /// A stream that is `Starting`, and the end its snapshots go in at.
    pub(super) fn new(shared: Arc<Shared>) -> (watch::Sender<Arc<Snapshot>>, Self) {
        let first = Snapshot::new(State::Starting, Window::default());
        let (publish, snapshot) = watch::channel(Arc::new(first));
        (publish, Self { snapshot, shared })
    }

    /// The ID it was tuned by.
    #[must_use]
    pub fn id(&self) -> ContentId {
        self.shared.id.clone()
    }

    /// The swarm it plays, once that is known.
    #[must_use]
    pub fn infohash(&self) -> Option<Infohash> {
        self.shared.infohash.get().cloned()
    }

    /// Wait until the stream satisfies `ready`, at most `limit`.
    ///
    /// # Errors
    ///
    /// The limit passed, or the stream ended without getting there.
    pub async fn until(
        &self,
        ready: impl Fn(&Snapshot) -> bool,
        limit: Duration,
    ) -> Result<Arc<Snapshot>, NotReady> {
        let mut snapshots = self.snapshot.clone();
        let found = timeout(limit, snapshots.wait_for(|now| ready(now) || now.end().is_some()))
            .await
            .map_err(|_| NotReady::Timeout)?
            .map_err(|_| NotReady::Ended(vanished()))?;
        match found.end() {
            Some(reason) if !ready(&found) => Err(NotReady::Ended(reason.clone())),
            _ => Ok(Arc::clone(&found)),
        }
    }

    /// The stream as it is now.
    #[must_use]
    pub fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// Whether the stream ended. It may still be stopping its engine session: see [`Stream::gone`].
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.end().is_some()
    }

    /// Why the stream ended, if it did.
    #[must_use]
    pub fn end(&self) -> Option<EndReason> {
        let end = self.now().end().cloned();
        // Who was told that it is stopped is not to find it again because its task has not found the time yet.
        let end = end.or_else(|| self.shared.stopped.load(Ordering::Relaxed).then_some(EndReason::Stopped));
        // A task that panicked said nothing, but its end of the channel is gone.
        end.or_else(|| self.snapshot.has_changed().is_err().then(vanished))
    }

    /// Wait until the stream ended and its engine session is stopped.
    pub async fn gone(&self) {
        let mut snapshots = self.snapshot.clone();
        while snapshots.changed().await.is_ok() {}
    }

    /// A request of `viewer`, a hash that tells viewers apart: it keeps the stream alive, and takes the viewer
    /// from the stream that was asked for before.
    ///
    /// # Errors
    ///
    /// As many viewers watch already as may, this stream or all.
    pub fn touch(&self, viewer: u64) -> Result<(), LimitError> {
        self.shared.viewers.touch(viewer, &self.shared.audience)
    }

    /// Until the answer is dropped `viewer`, who was let in, watches, asking or not.
    #[must_use]
    pub fn hold(&self, viewer: u64) -> Watching {
        self.shared.audience.hold(viewer)
    }

    /// `viewer` is given the playlist of `now`; one who begins has none yet. Two viewers who cannot be told apart are one.
    pub fn tell(&self, viewer: u64, now: Option<&Snapshot>) {
        self.shared.audience.tell(viewer, now.and_then(|now| now.window.next()));
    }

    /// Whether `viewer` was given all that `now` lists.
    #[must_use]
    pub fn was_told(&self, viewer: u64, now: &Snapshot) -> bool {
        self.shared.audience.told(viewer).is_some_and(|next| now.window.next() == Some(next))
    }

    /// A request for the low-latency playlist of `profile`. For a while media is taken as finely as parts need it, and
    /// as much of it is listed as a player of it may fall back to.
    pub fn wish(&self, profile: Profile) {
        self.shared.wishes.note(profile);
    }

    /// Other IDs that lead to the same channel, best first: one of them is played when its own does not. Those
    /// given last are kept, as many as a request may name.
    pub fn offer(&self, alternatives: &[ContentId]) {
        if !alternatives.is_empty() {
            let mut known = self.shared.alternatives.lock().unwrap_or_else(PoisonError::into_inner);
            *known = alternatives.iter().take(MAX_ALTERNATIVES).cloned().collect();
        }
    }

    /// What the stream is doing, for people and programs.
    #[must_use]
    pub fn report(&self) -> Report {
        Report::of(&self.shared, &self.now(), self.end())
    }

    /// End the stream. Returns at once.
    pub(super) fn stop(&self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.shared.cancel.cancel();
    }

    /// Somebody tuned in: they will ask soon.
    pub(super) fn expect_viewer(&self) {
        self.shared.audience.expect();
    }

    /// How many watch now.
    pub(super) fn viewers(&self) -> usize {
        self.shared.audience.viewers()
    }

    /// What memory its media takes.
    pub(super) fn needs(&self) -> Needs {
        *self.shared.needs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At which engine it has a session, or is about to.
    pub(super) fn place(&self) -> Option<Place> {
        self.shared.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the stream is over, or ends as soon as its task finds the time.
    pub(super) fn is_ending(&self) -> bool {
        self.is_over() || self.shared.audience.ends_at() <= Instant::now()
    }

    /// Give the stream up if its viewers all moved on. False when somebody may still want it.
    pub(super) fn dismiss(&self) -> bool {
        self.shared.audience.dismiss()
    }

    /// When the stream ends if nobody asks for it any more.
    pub(super) fn ends_at(&self) -> Instant {
        self.shared.audience.ends_at()
    }

    /// Whether `other` is a handle on the very same stream.
    pub(super) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

/// The end of a stream whose task panicked.
fn vanished() -> EndReason {
    EndReason::Failed(Failure::SourceLost("an internal error ended it".to_owned()))
}
