//! What those who play parts asked for lately, which decides how finely media is taken and how much of it is listed.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use hls::Profile;
use tokio::time::Instant;

/// Who plays parts asks for the next one within this time.
const LATELY: Duration = Duration::from_secs(10);

const PROFILES: [Profile; 4] = [Profile::Fast, Profile::Balanced, Profile::Smooth, Profile::Solid];

/// When the low-latency playlist of each profile was last asked for.
#[derive(Debug)]
pub(super) struct Wishes {
    begun: Instant,
    /// In milliseconds since then, and one; 0 where it never was.
    asked: [AtomicU64; PROFILES.len()],
}

impl Wishes {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), asked: Default::default() }
    }

    /// Somebody asks.
    pub(super) fn note(&self, profile: Profile) {
        self.asked[profile as usize].store(self.now() + 1, Relaxed);
    }

    /// Whether somebody plays `profile`.
    pub(super) fn has(&self, profile: Profile) -> bool {
        let last = self.asked[profile as usize].load(Relaxed);
        last > 0 && Duration::from_millis(self.now().saturating_sub(last)) < LATELY
    }

    /// What the most careful of those who play parts holds back; nothing when nobody does.
    pub(super) fn hold_back(&self) -> Option<Duration> {
        PROFILES.into_iter().filter(|&profile| self.has(profile)).map(Profile::hold_back).max()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_most_careful_of_those_who_ask_counts_as_long_as_it_asks() {
        let wishes = Wishes::new();
        assert_eq!(wishes.hold_back(), None);

        wishes.note(Profile::Solid);
        advance(Duration::from_secs(5)).await;
        wishes.note(Profile::Fast);

        assert!(wishes.has(Profile::Fast) && !wishes.has(Profile::Smooth));
        assert_eq!(wishes.hold_back(), Some(Profile::Solid.hold_back()));
        advance(Duration::from_secs(6)).await;
        assert_eq!(wishes.hold_back(), Some(Profile::Fast.hold_back()));
        advance(Duration::from_secs(6)).await;
        assert_eq!(wishes.hold_back(), None);
    }
}
