//! Whether what is new comes in time (RFC 8216bis, 6.2.1).

use std::time::Duration;

use super::Fetched;
use crate::validate::{
    Playlist,
    finding::{Report, seconds},
};

/// What the way to us may take longer one time than the next.
const SLACK: Duration = Duration::from_millis(250);

/// When the newest segment and the newest part were seen first.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    segment: Arrival,
    part: Arrival,
    last_fetch: Option<Duration>,
}

/// When something that has a place in the playlist was seen first.
#[derive(Debug, Default)]
struct Arrival(Option<((u64, usize), Duration)>);

impl Arrivals {
    /// 6.2.1: a segment comes no later than 1.5 target durations after the one before, a part within one part target.
    pub(super) fn check(&mut self, fetched: Fetched, now: &Playlist, report: &mut Report) {
        let last_fetch = self.last_fetch.replace(fetched.at).unwrap_or(fetched.at);
        let without_it = if fetched.blocked { fetched.at } else { last_fetch };
        let (segment, part) = places(now);
        let waited = self.segment.take(segment, fetched.at, without_it);
        if let Some((waited, target)) = waited.zip(now.target_duration)
            && !now.is_over
            && waited > target * 3 / 2 + SLACK
        {
            let waited = seconds(waited);
            report.must("6.2.1", 0, format!("no segment for {waited}, more than 1.5 target durations"));
        }
        let waited = self.part.take(part, fetched.at, without_it);
        if let Some((waited, target)) = waited.zip(now.part_target)
            && !now.is_over
            && waited > target + SLACK
        {
            report.should("6.2.1", 0, format!("no part for {}, more than PART-TARGET", seconds(waited)));
        }
    }
}

/// The place of the newest segment, and of the newest part.
fn places(now: &Playlist) -> ((u64, usize), (u64, usize)) {
    let number = now.growing.number;
    ((number, 0), (number, now.growing.parts.len()))
}

impl Arrival {
    /// Note what is the newest `at`; returns for how long there was surely nothing new. `without_it` is when something
    /// that is new now was surely not there.
    fn take(&mut self, place: (u64, usize), at: Duration, without_it: Duration) -> Option<Duration> {
        let Some((newest, since)) = self.0 else {
            self.0 = Some((place, at));
            return None;
        };
        if place == newest {
            return Some(at.saturating_sub(since));
        }
        self.0 = Some((place, at));
        Some(without_it.saturating_sub(since))
    }
}
