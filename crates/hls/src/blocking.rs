//! Requests that wait for what is not there yet (RFC 8216bis, 6.2.5.2).

use std::{cmp::Ordering, time::Duration};

use crate::{Position, Window};

impl Window {
    /// Whether a playlist of this window answers a request that waits for `position`. A part behind the end of its
    /// segment is the first of the next.
    #[must_use]
    pub fn reached(&self, position: Position) -> bool {
        let Position { segment, part } = position;
        let whole = self.last().is_some_and(|last| last >= segment);
        let Some(part) = part else { return self.is_over() || whole };
        let behind = || self.segment(segment).is_some_and(|segment| segment.parts().len() as u64 <= part);
        let wanted = if whole && behind() { (segment + 1, 0) } else { (segment, part) };
        self.is_over() || self.edge().is_some_and(|edge| edge >= wanted)
    }

    /// Whether the part `part` of `segment` is the one that comes next: what the playlist hints at. No longer, once it is
    /// there, or its segment ended without it.
    #[must_use]
    pub fn is_coming(&self, segment: u64, part: u64) -> bool {
        !self.is_over() && self.next() == Some((segment, part))
    }

    /// Whether `position` is further ahead than a player may ask for: more than two segments behind the last whole one,
    /// or more parts than play in three seconds (three parts, where they are longer than a second).
    #[must_use]
    pub fn is_too_far(&self, position: Position) -> bool {
        let Some((edge, newest)) = self.edge().filter(|_| !self.is_over()) else { return false };
        let grows = self.unfinished().is_some();
        let farthest = edge.saturating_add(if grows { 1 } else { 2 });
        if position.segment > farthest {
            return true;
        }
        let Some(part) = position.part.filter(|_| grows || position.segment > edge) else { return false };
        // The growing segment may end now: then the next one has all the parts in between.
        let ahead = match position.segment.cmp(&edge) {
            Ordering::Less => 0,
            Ordering::Equal => part.saturating_sub(newest),
            Ordering::Greater => part.saturating_add(1),
        };
        u128::from(ahead) > self.advance_limit()
    }

    /// The Advance Part Limit.
    fn advance_limit(&self) -> u128 {
        let part = self.part_target().clamp(Duration::from_millis(10), Duration::from_secs(1));
        Duration::from_secs(3).as_micros().div_ceil(part.as_micros())
    }
}
