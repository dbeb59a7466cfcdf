//! What the access units tell of time.

use mpegts::{AccessUnit, Ticks};

/// Pictures further apart than this do not follow each other, and video that stays away for longer has stopped.
pub(crate) const GAP: Ticks = Ticks(Ticks::PER_SECOND);
/// How long a picture lasts when there was only one.
const USUAL_FRAME: Ticks = Ticks(Ticks::PER_SECOND / 25);

/// How long another track has gone on without the leading one, by its own steady time: neither a jump nor a hole in
/// it counts, since both reach one track before the other.
#[derive(Debug, Default)]
pub(crate) struct Alone {
    track: Option<usize>,
    last: Ticks,
    pub(crate) run: Ticks,
}

impl Alone {
    pub(crate) fn note(&mut self, unit: &AccessUnit, leads: bool) {
        if leads {
            self.run = Ticks(0);
        } else if self.track.get_or_insert(unit.track) == &unit.track {
            let step = unit.dts - self.last;
            if step > Ticks(0) && step <= GAP {
                self.run = self.run + step;
            }
            self.last = unit.dts;
        }
    }
}

/// What the leading track's access units tell of time.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    pub(crate) last: Option<Ticks>,
    /// The number of the packet that the last one begins in.
    pub(crate) last_packet: u64,
    pub(crate) frame: Ticks,
    pub(crate) random_access: Option<Ticks>,
    /// The last distance between random access points.
    pub(crate) gop: Ticks,
}

impl Clock {
    pub(crate) fn advance(&mut self, unit: &AccessUnit) {
        let step = self.step(unit);
        if step > Ticks(0) && step < GAP {
            self.frame = step;
        }
        if unit.random_access
            && let Some(last) = self.random_access.replace(unit.dts)
        {
            self.gop = unit.dts - last;
        }
        self.last = Some(unit.dts);
        self.last_packet = unit.first_packet;
    }

    fn step(&self, unit: &AccessUnit) -> Ticks {
        self.last.map_or(Ticks(0), |last| unit.dts - last)
    }

    /// How long `unit` may take, as far as it and the one before tell.
    pub(crate) fn frame_before(&self, unit: &AccessUnit) -> Ticks {
        let step = self.step(unit);
        if step < GAP { self.frame.max(step) } else { self.frame }
    }

    /// The same, the least that it may take.
    pub(crate) fn least_frame(&self, unit: &AccessUnit) -> Ticks {
        let step = self.step(unit);
        if step > Ticks(0) { self.frame.min(step) } else { self.frame }
    }

    /// When the last access unit ends.
    pub(crate) fn end(&self) -> Option<Ticks> {
        let frame = if self.frame == Ticks(0) { USUAL_FRAME } else { self.frame };
        self.last.map(|last| last + frame)
    }
}
