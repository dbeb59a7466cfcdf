//! Who watches a stream: told by the requests, of whatever player.
//!
//! Nobody says goodbye over HTTP. A viewer who asks for another channel has left this one, and it is kept warm
//! for a while, should they come back; who merely stops asking may be paused, and is waited for longer.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// A viewer who asked for nothing during this time is gone. Players ask every segment.
const PRESENT: Duration = Duration::from_secs(15);

/// A viewer who asked elsewhere counts here for this much longer: two programs behind one address look like one
/// viewer who asks here and there in turn, every segment.
const MOVED: Duration = Duration::from_secs(5);

/// Those who are gone are looked for this often at most, so that a flood of new viewers cannot make it more.
pub(super) const COUNT_AGAIN: Duration = Duration::from_secs(1);

/// What holds for every audience of a hub.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// A stream nobody asked for during this time ends.
    pub(super) idle: Duration,
    /// A stream whose viewers all moved on ends after this time.
    pub(super) warm: Duration,
    /// How many viewers there may be.
    pub(super) max: usize,
}

/// The viewers of one stream and what they asked for.
#[derive(Debug)]
pub(super) struct Audience {
    rules: Rules,
    requests: AtomicU64,
    seen: Mutex<Seen>,
    /// Told when the stream may end sooner than it was said before.
    sooner: Notify,
}

#[derive(Debug)]
struct Seen {
    viewers: HashMap<u64, Viewer>,
    /// Until when those without a connection are waited for, and how many each time. Requests must not go over all
    /// viewers to find the latest.
    waited_for: BTreeMap<Instant, usize>,
    /// How many have a connection.
    connected: usize,
    /// When somebody last was about to watch who is not counted yet.
    expected: Option<Instant>,
    /// Not before then ends the stream, whatever the viewers above do.
    kept_until: Instant,
    last_count: Instant,
}

#[derive(Debug)]
struct Viewer {
    /// The part that the last playlist they were given was yet to have, by the numbers of its segment and of itself.
    told: Option<(u64, u64)>,
    last_request: Instant,
    /// Answers that have no end, and requests that wait.
    connections: u32,
    /// When the viewer asked for another stream, if not for this one since.
    moved_at: Option<Instant>,
}

impl Audience {
    /// Nobody yet; the stream is kept as long as a warm one, for the first viewer to ask.
    pub(super) fn new(rules: Rules) -> Self {
        let now = Instant::now();
        let kept_until = now + rules.warm;
        let seen = Seen {
            viewers: HashMap::new(),
            waited_for: BTreeMap::new(),
            connected: 0,
            expected: None,
            kept_until,
            last_count: now,
        };
        Self { rules, requests: AtomicU64::new(0), seen: Mutex::new(seen), sooner: Notify::new() }
    }

    /// A request of `viewer`. False when there is no room for one more.
    pub(super) fn touch(&self, viewer: u64) -> bool {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut seen = self.lock();
        if !seen.viewers.contains_key(&viewer) && !seen.has_room(now, &self.rules) {
            return false;
        }
        seen.change(viewer, &self.rules, |known| (known.last_request, known.moved_at) = (now, None));
        true
    }

    /// `viewer`, who was let in, stays until the answer is dropped, asking or not.
    pub(super) fn hold(self: &Arc<Self>, viewer: u64) -> Watching {
        self.lock().change(viewer, &self.rules, |known| known.connections += 1);
        Watching { audience: Arc::clone(self), viewer }
    }

    /// `viewer` asked for another stream.
    pub(super) fn leave(&self, viewer: u64) {
        self.change_known(viewer, |known, now| known.moved_at = Some(now));
    }

    /// Somebody is about to watch, without being counted yet.
    pub(super) fn expect(&self) {
        let (now, mut seen) = (Instant::now(), self.lock());
        seen.expected = Some(now);
        seen.kept_until = seen.kept_until.max(now + self.rules.idle);
    }

    /// The place is needed: who left is not waited for any longer. False when somebody is there, or may be.
    pub(super) fn dismiss(&self) -> bool {
        let (now, mut seen) = (Instant::now(), self.lock());
        let expected = seen.expected.is_some_and(|at| now.saturating_duration_since(at) < PRESENT);
        let somebody = expected || seen.viewers.values().any(|viewer| viewer.is_here(now));
        if somebody || seen.ends_at(now, &self.rules) > now + self.rules.warm {
            return false;
        }
        seen.viewers.clear();
        seen.waited_for.clear();
        seen.kept_until = now;
        self.sooner.notify_one();
        true
    }

    /// When the stream ends, as long as nobody asks again.
    pub(super) fn ends_at(&self) -> Instant {
        self.lock().ends_at(Instant::now(), &self.rules)
    }

    /// Wait until [`Audience::ends_at`] may be sooner than it was. Safe to drop.
    pub(super) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// Requests since the stream began.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many watch now.
    pub(super) fn viewers(&self) -> usize {
        let now = Instant::now();
        self.lock().viewers.values().filter(|viewer| viewer.is_here(now)).count()
    }

    /// Whether `viewer` watches now.
    pub(super) fn has(&self, viewer: u64) -> bool {
        self.lock().viewers.get(&viewer).is_some_and(|viewer| viewer.is_here(Instant::now()))
    }

    /// `viewer` is given a playlist that is yet to have the part `next`; with `None` he begins, and has none.
    pub(super) fn tell(&self, viewer: u64, next: Option<(u64, u64)>) {
        if let Some(known) = self.lock().viewers.get_mut(&viewer) {
            known.told = next;
        }
    }

    /// Which part the last playlist that `viewer` was given was yet to have.
    pub(super) fn told(&self, viewer: u64) -> Option<(u64, u64)> {
        self.lock().viewers.get(&viewer)?.told
    }

    fn let_go(&self, viewer: u64) {
        self.change_known(viewer, |known, now| {
            known.connections -= 1;
            known.last_request = now;
            known.moved_at = known.moved_at.map(|_| now);
        });
    }

    /// Change what is known of `viewer`, and tell the stream if it may end sooner for that.
    fn change_known(&self, viewer: u64, change: impl FnOnce(&mut Viewer, Instant)) {
        let (now, mut seen) = (Instant::now(), self.lock());
        if !seen.viewers.contains_key(&viewer) {
            return;
        }
        let before = seen.ends_at(now, &self.rules);
        seen.change(viewer, &self.rules, |known| change(known, now));
        if seen.ends_at(now, &self.rules) < before {
            self.sooner.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// Whether one more viewer may come, after those who are gone were forgotten if need be.
    fn has_room(&mut self, now: Instant, rules: &Rules) -> bool {
        if self.viewers.len() < rules.max {
            return true;
        }
        if now.saturating_duration_since(self.last_count) >= COUNT_AGAIN {
            self.last_count = now;
            self.forget_the_gone(now, rules);
        }
        self.viewers.len() < rules.max
    }

    /// They do not count any more, but the stream is kept for them as long as before.
    fn forget_the_gone(&mut self, now: Instant, rules: &Rules) {
        let gone: Vec<Viewer> =
            self.viewers.extract_if(|_, viewer| !viewer.is_here(now)).map(|(_, viewer)| viewer).collect();
        for viewer in gone {
            self.kept_until = self.kept_until.max(viewer.waited_for_until(rules));
            self.discount(&viewer, rules);
        }
    }

    fn ends_at(&self, now: Instant, rules: &Rules) -> Instant {
        let watched = (self.connected > 0).then(|| now + rules.idle);
        let waited_for = self.waited_for.last_key_value().map(|(until, _)| *until);
        self.kept_until.max(watched.or(waited_for).unwrap_or(self.kept_until))
    }

    /// Change what is known of `viewer`, who may be new.
    fn change(&mut self, viewer: u64, rules: &Rules, change: impl FnOnce(&mut Viewer)) {
        let known = self.viewers.remove(&viewer);
        if let Some(known) = &known {
            self.discount(known, rules);
        }
        let newcomer = || Viewer { told: None, last_request: Instant::now(), connections: 0, moved_at: None };
        let mut known = known.unwrap_or_else(newcomer);
        change(&mut known);
        self.count(&known, rules);
        self.viewers.insert(viewer, known);
    }

    fn count(&mut self, viewer: &Viewer, rules: &Rules) {
        if viewer.connections > 0 {
            self.connected += 1;
        } else {
            *self.waited_for.entry(viewer.waited_for_until(rules)).or_default() += 1;
        }
    }

    /// Take back [`Seen::count`].
    fn discount(&mut self, viewer: &Viewer, rules: &Rules) {
        if viewer.connections > 0 {
            self.connected -= 1;
            return;
        }
        let until = viewer.waited_for_until(rules);
        if let Some(others) = self.waited_for.get_mut(&until) {
            *others -= 1;
            if *others == 0 {
                self.waited_for.remove(&until);
            }
        }
    }
}

impl Viewer {
    fn is_here(&self, now: Instant) -> bool {
        let within = |at: Instant, time| now.saturating_duration_since(at) < time;
        self.connections > 0
            || within(self.last_request, PRESENT) && self.moved_at.is_none_or(|at| within(at, MOVED))
    }

    /// How long the stream is kept for a viewer without a connection.
    fn waited_for_until(&self, rules: &Rules) -> Instant {
        match self.moved_at {
            Some(moved_at) => moved_at + rules.warm,
            None => self.last_request + rules.idle,
        }
    }
}

/// A viewer whose answer goes on, or who waits for one: there until this is dropped.
#[derive(Debug)]
pub struct Watching {
    audience: Arc<Audience>,
    viewer: u64,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.audience.let_go(self.viewer);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const IDLE: Duration = Duration::from_secs(60);
    const WARM: Duration = Duration::from_secs(20);

    fn audience() -> Arc<Audience> {
        Arc::new(Audience::new(Rules { idle: IDLE, warm: WARM, max: 10_000 }))
    }

    fn left(audience: &Audience) -> Duration {
        audience.ends_at().saturating_duration_since(Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_viewer_counts_once_however_often_he_asks() {
        let audience = audience();

        assert!([1, 1, 2].into_iter().all(|viewer| audience.touch(viewer)));

        assert_eq!((audience.viewers(), audience.requests()), (2, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_viewer_who_stopped_asking_is_gone_and_waited_for() {
        let audience = audience();
        audience.touch(1);
        advance(Duration::from_secs(10)).await;
        audience.touch(2);

        advance(Duration::from_secs(6)).await;

        assert_eq!(audience.viewers(), 1);
        assert_eq!(left(&audience), IDLE - Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_viewer_was_told_is_known_until_he_begins_anew() {
        let audience = audience();
        audience.tell(1, Some((7, 3)));
        assert_eq!(audience.told(1), None, "he was never let in");

        audience.touch(1);
        audience.tell(1, Some((7, 3)));
        audience.touch(1);
        assert_eq!((audience.told(1), audience.told(2)), (Some((7, 3)), None));

        audience.tell(1, None);
        assert_eq!(audience.told(1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_viewer_who_moved_on_leaves_the_stream_warm() {
        let audience = audience();
        audience.touch(1);
        advance(Duration::from_secs(30)).await;
        audience.touch(1);

        audience.leave(1);

        assert_eq!(left(&audience), WARM);
        assert_eq!(audience.viewers(), 1, "it may be two behind one address");
        advance(MOVED).await;
        assert_eq!((audience.viewers(), left(&audience)), (0, WARM - MOVED));
    }

    #[tokio::test(start_paused = true)]
    async fn a_viewer_who_comes_back_is_there_as_before() {
        let audience = audience();
        audience.touch(1);
        audience.leave(1);
        advance(Duration::from_secs(19)).await;

        audience.touch(1);

        assert_eq!((audience.viewers(), left(&audience)), (1, IDLE));
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_merely_stopped_asking_keeps_what_another_left() {
        let audience = audience();
        audience.touch(1);
        audience.touch(2);

        audience.leave(2);

        assert_eq!(left(&audience), IDLE);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_the_end_hears_that_it_comes_sooner() {
        let audience = audience();
        audience.touch(1);

        audience.leave(1);

        audience.sooner().await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_connected_stays_without_asking() {
        let audience = audience();
        audience.touch(1);
        let watching = audience.hold(1);
        audience.leave(1);

        advance(10 * IDLE).await;
        assert_eq!((audience.viewers(), left(&audience)), (1, IDLE));
        drop(watching);

        assert_eq!(left(&audience), WARM, "he moved on before");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_viewers_come_than_may_until_others_are_gone() {
        let audience = audience();
        let came = (0..20_000).filter(|viewer| audience.touch(*viewer)).count();
        assert_eq!((came, audience.viewers(), audience.requests()), (10_000, 10_000, 20_000));

        advance(PRESENT).await;

        assert!(audience.touch(20_000));
        assert_eq!(audience.viewers(), 1);
        assert_eq!(audience.lock().viewers.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_are_forgotten_are_waited_for_as_before() {
        let audience = Audience::new(Rules { idle: IDLE, warm: WARM, max: 1 });
        audience.touch(1);
        advance(PRESENT).await;

        audience.touch(2);
        audience.leave(2);

        assert_eq!(left(&audience), IDLE - PRESENT);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_expected_keeps_the_stream_but_does_not_count() {
        let audience = audience();
        advance(Duration::from_secs(5)).await;

        audience.expect();

        assert_eq!(left(&audience), IDLE);
        assert_eq!((audience.viewers(), audience.requests()), (0, 0));
        assert!(!audience.dismiss());
    }

    /// Whether the stream is told that it may end sooner.
    async fn is_told(audience: &Audience) -> bool {
        tokio::select! {
            biased;
            () = audience.sooner() => true,
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_who_makes_the_stream_end_sooner_wakes_its_task() {
        let audience = audience();
        for viewer in [1, 2] {
            audience.touch(viewer);
        }

        drop(audience.hold(1));
        assert!(!is_told(&audience).await, "a request that waited is over");
        audience.leave(1);
        assert!(!is_told(&audience).await, "another viewer is there");
        audience.leave(2);
        assert!(is_told(&audience).await, "the last one moved on");

        let watches = audience.hold(3);
        audience.leave(3);
        assert!(!is_told(&audience).await, "its answer goes on");
        drop(watches);
        assert!(is_told(&audience).await);
        assert_eq!(left(&audience), WARM);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_is_that_of_the_viewer_who_is_waited_for_longest_whatever_each_does() {
        let audience = audience();
        let mut holds = Vec::new();
        for step in 0..2_000 {
            let viewer = fastrand::u64(..20);
            match fastrand::usize(..5) {
                0 | 1 => drop(audience.touch(viewer)),
                2 => audience.leave(viewer),
                3 => holds.push(audience.hold(viewer)),
                _ if holds.is_empty() => {}
                _ => drop(holds.swap_remove(fastrand::usize(..holds.len()))),
            }
            advance(Duration::from_millis(fastrand::u64(..2_000))).await;

            let (now, rules) = (Instant::now(), audience.rules);
            let seen = audience.lock();
            let kept_until = |viewer: &Viewer| match viewer.connections {
                0 => viewer.waited_for_until(&rules),
                _ => now + rules.idle,
            };
            let latest = seen.viewers.values().map(kept_until).chain([seen.kept_until]).max();
            assert_eq!(Some(seen.ends_at(now, &rules)), latest, "after {step} steps");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_stream_that_is_left_is_given_up_for_another() {
        let audience = audience();
        audience.touch(1);
        assert!(!audience.dismiss());
        audience.leave(1);
        assert!(!audience.dismiss());

        advance(MOVED).await;

        assert!(audience.dismiss());
        assert_eq!(left(&audience), Duration::ZERO);
    }
}
