//! The segment that grows, and where its parts end.

use std::{
    mem,
    sync::Arc,
    time::{Duration, SystemTime},
};

use mpegts::{AccessUnit, Ticks};

use crate::{Part, Segment};

/// A segment that has begun.
#[derive(Debug)]
pub(crate) struct Growing {
    pub(crate) start: Ticks,
    independent: bool,
    /// When it began, by the clock on the wall.
    opened: SystemTime,
    /// What stands in front of it, once its first part was made.
    head: Option<Head>,
    parts: Vec<Arc<Part>>,
    bytes: usize,
    /// Where parts end that cannot be made yet.
    ends: Vec<End>,
    part_start: Ticks,
    /// The packet that the part's first access unit that a decoder can start at begins with.
    part_access: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    discontinuity: bool,
    date: SystemTime,
}

/// Where a part ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// The number of the packet that is the first of the next one.
    pub(crate) packet: u64,
    pub(crate) duration: Duration,
    pub(crate) independent: bool,
}

impl Growing {
    /// What begins at `start`; a decoder can start at it if it begins with packet number `access`.
    pub(crate) fn new(start: Ticks, access: Option<u64>, opened: SystemTime) -> Self {
        Self {
            start,
            independent: access.is_some(),
            opened,
            head: None,
            parts: Vec::new(),
            bytes: 0,
            ends: Vec::new(),
            part_start: start,
            part_access: access,
        }
    }

    /// When the part that grows began.
    pub(crate) fn part_start(&self) -> Ticks {
        self.part_start
    }

    /// The part that grows ends at packet number `packet`, where the next begins at `at`; it plays at most `most`.
    pub(crate) fn end_part(&mut self, packet: u64, at: Ticks, most: Ticks) {
        let duration = (at - self.part_start).min(most).to_duration();
        self.ends.push(End { packet, duration, independent: self.is_independent(packet) });
        self.part_start = at;
        self.part_access = None;
    }

    /// An access unit joined the part that grows.
    pub(crate) fn join(&mut self, unit: &AccessUnit) {
        self.part_access = self.part_access.or(unit.random_access.then_some(unit.first_packet));
    }

    /// Whether a decoder can start in the part that grows, if it ends at packet number `end`: a source that breaks off
    /// takes its last picture with it.
    fn is_independent(&self, end: u64) -> bool {
        self.part_access.is_some_and(|access| access < end)
    }

    /// The ends of the parts that can be made now, and of one that ends here.
    pub(crate) fn take_ends(&mut self) -> Vec<End> {
        mem::take(&mut self.ends)
    }

    /// The end of the last part, where the segment ends: what is left of `duration`, at most `most`.
    pub(crate) fn last_end(&self, packet: u64, duration: Duration, most: Option<Duration>) -> End {
        let left = duration.saturating_sub(self.duration()).max(Duration::from_millis(1));
        End {
            packet,
            duration: most.map_or(left, |most| left.min(most)),
            independent: self.is_independent(packet),
        }
    }

    /// Whether nothing was made of it yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(crate) fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// Settle what stands in front of it. It continues what ended at `before`, unless it is a `discontinuity`.
    pub(crate) fn set_head(&mut self, discontinuity: bool, before: Option<SystemTime>) {
        let date = match before {
            Some(before) if discontinuity => before.max(self.opened),
            Some(before) => before,
            None => self.opened,
        };
        self.head = Some(Head { discontinuity, date });
    }

    pub(crate) fn push(&mut self, part: Part) {
        self.bytes += part.len();
        self.parts.push(Arc::new(part));
    }

    pub(crate) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// How long its parts play.
    pub(crate) fn duration(&self) -> Duration {
        self.parts.iter().map(|part| part.duration).sum()
    }

    /// How many bytes its parts have.
    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    /// The segment as far as it came.
    pub(crate) fn segment(&self, number: u64, duration: Duration) -> Segment {
        let head = self.head.unwrap_or(Head { discontinuity: false, date: self.opened });
        Segment {
            number,
            duration,
            discontinuity: head.discontinuity,
            independent: self.independent,
            date: head.date,
            extra: crate::Extra::default(),
            parts: self.parts.clone(),
        }
    }
}
