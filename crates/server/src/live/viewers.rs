//! All viewers of a hub: which stream each watches, and whether there is room for one more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::time::Instant;

use super::{
    Config,
    audience::{Audience, COUNT_AGAIN, Rules},
    limits::{Limit, LimitError, Limits},
};

/// The viewers of all streams. A viewer is in one place: who asks for another stream leaves the one before.
#[derive(Debug)]
pub(super) struct Viewers {
    rules: Rules,
    limits: Arc<Limits>,
    places: Mutex<Places>,
}

#[derive(Debug)]
struct Places {
    of: HashMap<u64, Weak<Audience>>,
    last_count: Instant,
}

impl Viewers {
    pub(super) fn new(config: &Config, limits: Arc<Limits>) -> Self {
        let (idle, max) = (config.idle_timeout, config.max_stream_viewers);
        let rules = Rules { idle, warm: config.warm_for.min(idle), max };
        let places = Places { of: HashMap::new(), last_count: Instant::now() };
        Self { rules, limits, places: Mutex::new(places) }
    }

    /// The audience of a new stream.
    pub(super) fn audience(&self) -> Arc<Audience> {
        Arc::new(Audience::new(self.rules))
    }

    /// Whether `viewer`, who may be known, would be let in.
    pub(super) fn admit(&self, viewer: u64) -> Result<(), LimitError> {
        self.make_room(&mut self.lock(), viewer)
    }

    /// A request of `viewer` to a stream, which counts them from now on.
    pub(super) fn touch(&self, viewer: u64, audience: &Arc<Audience>) -> Result<(), LimitError> {
        let mut places = self.lock();
        self.make_room(&mut places, viewer)?;
        if !audience.touch(viewer) {
            return Err(self.limits.refuse(Limit::StreamViewers));
        }
        let here = Arc::as_ptr(audience);
        if places.of.get(&viewer).is_some_and(|place| place.as_ptr() == here) {
            return Ok(());
        }
        let before = places.of.insert(viewer, Arc::downgrade(audience));
        if let Some(before) = before.and_then(|before| before.upgrade()) {
            before.leave(viewer);
        }
        Ok(())
    }

    /// `viewer` wants to watch something else than before, without being there yet.
    pub(super) fn leave(&self, viewer: u64) {
        let place = self.lock().of.get(&viewer).and_then(Weak::upgrade);
        if let Some(place) = place {
            place.leave(viewer);
        }
    }

    /// How many are remembered, there or gone.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().of.len()
    }

    fn make_room(&self, places: &mut Places, viewer: u64) -> Result<(), LimitError> {
        let max = self.limits.value(Limit::Viewers);
        if places.of.len() < max || places.of.contains_key(&viewer) {
            return Ok(());
        }
        let now = Instant::now();
        if now.saturating_duration_since(places.last_count) >= COUNT_AGAIN {
            places.last_count = now;
            let there = |viewer, place: &Weak<Audience>| place.upgrade().is_some_and(|it| it.has(viewer));
            places.of.retain(|viewer, place| there(*viewer, place));
        }
        if places.of.len() < max { Ok(()) } else { Err(self.limits.refuse(Limit::Viewers)) }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn viewers(config: &Config) -> Viewers {
        Viewers::new(config, Arc::new(Limits::new(config)))
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_for_another_stream_leaves_the_one_before() {
        let viewers = viewers(&Config::default());
        let [news, sport] = [viewers.audience(), viewers.audience()];
        viewers.touch(1, &news).unwrap();

        viewers.touch(1, &sport).unwrap();

        advance(Duration::from_secs(5)).await;
        assert_eq!((news.viewers(), sport.viewers()), (0, 1));
        assert_eq!(news.ends_at(), Instant::now() + Duration::from_secs(15));
        assert_eq!(sport.ends_at(), Instant::now() + Duration::from_secs(55));
    }

    #[tokio::test(start_paused = true)]
    async fn two_behind_one_address_who_ask_in_turn_both_keep_their_stream() {
        let viewers = viewers(&Config::default());
        let [news, sport] = [viewers.audience(), viewers.audience()];

        for _ in 0..30 {
            viewers.touch(1, &news).unwrap();
            advance(Duration::from_secs(2)).await;
            viewers.touch(1, &sport).unwrap();
            advance(Duration::from_secs(2)).await;
            assert_eq!((news.viewers(), sport.viewers()), (1, 1));
        }

        assert!(news.ends_at() > Instant::now() && sport.ends_at() > Instant::now());
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_viewers_are_let_in_than_may_and_who_is_gone_makes_room() {
        let viewers = viewers(&Config { max_viewers: 2, ..Config::default() });
        let [news, sport] = [viewers.audience(), viewers.audience()];
        viewers.touch(1, &news).unwrap();
        let _connected = news.hold(1);
        viewers.touch(2, &sport).unwrap();

        let refused = viewers.touch(3, &sport).unwrap_err();

        assert_eq!(refused, LimitError { limit: Limit::Viewers, value: 2 });
        assert!(viewers.touch(2, &news).is_ok(), "who is known may move");
        advance(Duration::from_secs(15)).await;
        assert!(viewers.touch(3, &sport).is_ok());
        assert_eq!(viewers.admit(4), Err(refused));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_is_full_says_so_and_its_viewer_stays_where_he_was() {
        let viewers = viewers(&Config { max_stream_viewers: 1, ..Config::default() });
        let [news, sport] = [viewers.audience(), viewers.audience()];
        viewers.touch(1, &news).unwrap();
        viewers.touch(2, &sport).unwrap();

        let refused = viewers.touch(1, &sport).unwrap_err();

        assert_eq!(refused, LimitError { limit: Limit::StreamViewers, value: 1 });
        advance(Duration::from_secs(10)).await;
        assert_eq!(news.viewers(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_places_of_streams_that_are_no_more_are_forgotten() {
        let viewers = viewers(&Config { max_viewers: 3, ..Config::default() });
        for viewer in 0..100 {
            advance(COUNT_AGAIN).await;
            viewers.touch(viewer, &viewers.audience()).unwrap();
        }

        assert!(viewers.lock().of.len() <= 3);
    }
}
