//! Where a segment ends and the next begins.

use std::{
    mem,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use mpegts::{AccessUnit, Cause, Discontinuity, Event, Packets, Program, Ticks};

use crate::{
    Config, Part, Segment,
    body::Body,
    clock::{Alone, Clock, GAP},
    growing::{End, Growing},
    jump::Jump,
    playlist::rounded,
    tables::Tables,
};

/// How far a segment may pass the target duration: rounded, it still does not exceed it (4.4.3.1).
const OVER: Ticks = Ticks(Ticks::PER_SECOND * 4 / 10);
/// A segment may miss the target by this much and be called long enough.
const UNDER: Ticks = Ticks(Ticks::PER_SECOND / 10);
/// The shortest of the first segments, so that numbers do not outrun the clock that they come from.
const SHORTEST: Ticks = Ticks(Ticks::PER_SECOND * 95 / 100);
/// A stream without random access begins anyway after this long.
const PATIENCE: Ticks = Ticks(10 * Ticks::PER_SECOND);
/// Announced video that does not come is not waited for longer than this.
const MISSING: Ticks = Ticks(3 * Ticks::PER_SECOND);
/// Pictures that follow each other steadily do so within this: a source may count in milliseconds.
const LATE: Ticks = Ticks(Ticks::PER_SECOND / 1_000);
/// The first parts wait so long for all tracks to show themselves: a track that comes later is a discontinuity.
const TRACKS: Ticks = Ticks(Ticks::PER_SECOND);
/// Bytes to hold while nothing can begin.
const MAX_WAITING: usize = 8 << 20;
/// Bounds are looked at every so many packets.
const BOUND_EVERY: u64 = 32;

/// What a playlist says at its head and never changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    /// `EXT-X-TARGETDURATION`, whole seconds; 0 until the first segment or an announcement fixes it.
    pub(crate) target_duration: u32,
    /// `PART-TARGET`; zero where there are no parts.
    pub(crate) part_target: Duration,
}

/// Cuts the packets of a program into segments.
#[derive(Debug)]
pub(crate) struct Segmenter {
    target: Ticks,
    fast_start: bool,
    max_bytes: usize,
    body: Body,
    tables: Tables,
    state: State,
    clock: Clock,
    alone: Alone,
    /// The track that leads because the one that should does not come.
    substitute: Option<usize>,
    /// Another track has jumped in time, the one that leads not yet.
    jump: Option<Jump>,
    /// What comes next does not continue the newest segment.
    broken: bool,
    number: u64,
    /// How long all segments so far play.
    played: Duration,
    target_duration: Option<u32>,
    /// How long a part should be, where there are parts.
    part_target: Option<Ticks>,
    /// As it was fixed with the first part.
    part_fixed: Option<Ticks>,
    /// The clock on the wall.
    now: SystemTime,
    /// When the newest segment ends.
    end: Option<SystemTime>,
    closed: Vec<Segment>,
}

#[derive(Debug)]
enum State {
    /// Nothing can begin before the first random access; `since` is the first time seen meanwhile.
    Waiting { since: Option<Ticks> },
    /// A segment grows.
    Open(Growing),
}

impl Segmenter {
    /// A segmenter whose first segment will have the number `first`.
    pub(crate) fn new(config: &Config, first: u64) -> Self {
        Self {
            target: Ticks::from_duration(config.target),
            fast_start: config.fast_start,
            // A window lists at least three segments, and one grows.
            max_bytes: config.max_bytes / 4,
            body: Body::default(),
            tables: Tables::default(),
            state: State::Waiting { since: None },
            clock: Clock::default(),
            alone: Alone::default(),
            substitute: None,
            jump: None,
            broken: false,
            number: first,
            played: Duration::ZERO,
            target_duration: None,
            part_target: config.part_target.map(Ticks::from_duration),
            part_fixed: None,
            now: SystemTime::UNIX_EPOCH,
            end: None,
            closed: Vec::new(),
        }
    }

    /// The number that the next segment gets.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The bytes that belong to no closed segment yet.
    pub(crate) fn growing_bytes(&self) -> usize {
        self.body.len() + self.growing().map_or(0, Growing::len)
    }

    /// The segment that grows, as far as its parts are made.
    pub(crate) fn growing_segment(&self) -> Option<Segment> {
        let growing = self.growing().filter(|growing| !growing.is_empty())?;
        Some(growing.segment(self.number, growing.duration()))
    }

    /// How many parts the growing segment has.
    pub(crate) fn growing_parts(&self) -> usize {
        self.growing().map_or(0, Growing::parts)
    }

    /// Whether a segment is open.
    pub(crate) fn is_growing(&self) -> bool {
        self.growing().is_some()
    }

    fn growing(&self) -> Option<&Growing> {
        match &self.state {
            State::Open(growing) => Some(growing),
            State::Waiting { .. } => None,
        }
    }

    /// When the open segment began.
    fn start(&self) -> Option<Ticks> {
        self.growing().map(|growing| growing.start)
    }

    /// What the clock on the wall says.
    pub(crate) fn set_clock(&mut self, now: SystemTime) {
        self.now = now;
    }

    /// Fix the target duration before there is a whole segment. The one that grows may be longer than it should be
    /// already: what is announced holds for it, too.
    pub(crate) fn announce(&mut self) {
        let grown = self.start().zip(self.clock.end()).map(|(start, end)| (end - start).to_duration());
        // Rounded up: its next picture still belongs to it.
        self.fix_target_duration(grown.unwrap_or_default() + Duration::from_millis(499));
    }

    /// How long all segments so far play.
    pub(crate) fn played(&self) -> Duration {
        self.played
    }

    /// What the playlist promises of what is to come.
    pub(crate) fn promise(&self) -> Promise {
        Promise {
            target_duration: self.target_duration.unwrap_or(0),
            part_target: self.part_fixed.map_or(Duration::ZERO, Ticks::to_duration),
        }
    }

    /// The segments closed since this was last asked.
    pub(crate) fn take_closed(&mut self) -> std::vec::Drain<'_, Segment> {
        self.closed.drain(..)
    }

    /// The packets of the events that come next lie in `source`, or anywhere else.
    pub(crate) fn enter(&mut self, source: &Bytes) {
        self.body.enter(source);
    }

    /// The source is taken apart.
    pub(crate) fn leave(&mut self) {
        self.body.leave();
    }

    pub(crate) fn on(&mut self, event: Event<'_>) {
        match event {
            Event::Program(program) => self.adopt(program),
            Event::Packets(packets) => self.keep(packets),
            Event::Discontinuity(found) => self.break_at(found),
            Event::AccessUnit(unit) => self.unit(&unit),
        }
    }

    fn keep(&mut self, mut packets: Packets<'_>) {
        while !packets.is_empty() {
            // Wherever the bytes were cut that came, bounds are looked at in the same places.
            let room = BOUND_EVERY - self.body.end() % BOUND_EVERY;
            let (fit, rest) = packets.split_at(usize::try_from(room).unwrap_or(1));
            self.pass(fit);
            self.body.push(fit);
            if self.body.end().is_multiple_of(BOUND_EVERY) {
                self.bound();
            }
            packets = rest;
        }
    }

    /// Packets are kept next, of which some may be of the leading track.
    fn pass(&mut self, packets: Packets<'_>) {
        let Some(mut jump) = self.jump else { return };
        let pid = self.leader().zip(self.tables.program()).map(|(track, program)| program.tracks[track].pid);
        for (number, packet) in (self.body.end()..).zip(packets.iter()) {
            if pid == Some(packet.pid()) {
                jump.pass(number, packet.payload_unit_start());
            }
        }
        self.jump = Some(jump);
    }

    /// The source broke: what was received of the last picture is not whole, and what comes is another timeline.
    pub(crate) fn interrupt(&mut self) {
        if let (Some(start), Some(last)) = (self.start(), self.clock.last) {
            let whole = self.clock.last_packet;
            self.close(whole, (last - start).to_duration());
        }
        self.restart(u64::MAX);
    }

    /// The stream ended: what was received is the last segment.
    pub(crate) fn finish(&mut self) {
        self.close_open(self.body.end());
        self.restart(u64::MAX);
    }

    fn adopt(&mut self, program: &Program) {
        let (changed, end) = (self.tables.differ(program), self.body.end());
        if changed {
            // What was received belongs to the old tracks, and so do the tables in front of it.
            self.close_open(end);
        }
        self.tables.adopt(program);
        if changed {
            self.substitute = None;
            self.restart(u64::MAX);
        }
    }

    /// The segment ends where the leading track breaks, or earlier, where another has jumped already: sound of the new
    /// time is no part of it.
    fn break_at(&mut self, found: Discontinuity) {
        let first = found.first_packet;
        if self.leads(found.track) {
            self.close_open(self.jump.map_or(first, |jump| jump.end(first)));
            self.restart(first);
        } else if found.cause == Cause::Timeline {
            self.jump.get_or_insert(Jump::new(first));
        }
    }

    /// Whether segments begin with this track.
    fn leads(&self, track: usize) -> bool {
        self.leader() == Some(track)
    }

    fn is_led_by_sound(&self) -> bool {
        let tracks = self.tables.program().map(|program| &program.tracks);
        self.leader().zip(tracks).is_some_and(|(track, tracks)| tracks[track].codec.is_audio())
    }

    /// The track that segments begin with now.
    fn leader(&self) -> Option<usize> {
        self.substitute.or_else(|| self.leading())
    }

    /// The one that should.
    fn leading(&self) -> Option<usize> {
        self.tables.program().and_then(Program::leading)
    }

    fn unit(&mut self, unit: &AccessUnit) {
        self.tables.note(unit.track);
        self.return_to(unit);
        let leads = self.leads(unit.track);
        self.alone.note(unit, leads);
        if leads {
            self.jump = self.jump.filter(|jump| !jump.is_over(unit.first_packet));
            self.mend_hole(unit);
        }
        match &self.state {
            State::Waiting { since } => self.wait(unit, leads, since.unwrap_or(unit.dts)),
            State::Open(growing) if leads => self.grow(unit, unit.dts - growing.start),
            State::Open(growing) => self.stand_in(unit, growing.start),
        }
        if self.leads(unit.track) {
            self.clock.advance(unit);
        }
    }

    /// Another track came. If it goes on and on alone, the one that leads has stopped: this one takes its place.
    fn stand_in(&mut self, unit: &AccessUnit, start: Ticks) {
        if self.alone.run <= GAP || unit.dts - start < self.limit() {
            return;
        }
        let passed = self.clock.last.map_or(Ticks(0), |last| unit.dts - last);
        if passed <= self.alone.run + GAP {
            self.cut(unit, unit.dts - start, false);
        } else {
            // Time jumped meanwhile as well.
            self.close_open(unit.first_packet);
            self.restart(unit.first_packet);
        }
        self.substitute = Some(unit.track);
        self.jump = None;
    }

    /// The track that should lead comes again: it leads from where a decoder can start on it.
    fn return_to(&mut self, unit: &AccessUnit) {
        if self.substitute.is_none() || self.leading() != Some(unit.track) || !unit.random_access {
            return;
        }
        self.substitute = None;
        match self.start() {
            Some(start) if unit.dts > start => self.cut(unit, unit.dts - start, true),
            _ => self.restart(unit.first_packet),
        }
        self.clock = Clock::default();
    }

    /// Where so much is missing before `unit` that the open segment cannot reach it, the segment ends with what it
    /// has. Behind more than a moment, nothing goes on before random access.
    fn mend_hole(&mut self, unit: &AccessUnit) {
        let (Some(start), Some(last), Some(end)) = (self.start(), self.clock.last, self.clock.end()) else {
            return;
        };
        if unit.dts - start <= self.limit() {
            return;
        }
        if unit.dts - last > GAP {
            self.close_open(unit.first_packet);
            self.restart(unit.first_packet);
        } else if unit.dts > end {
            self.close(unit.first_packet, (end - start).to_duration());
            self.open(unit.dts, unit.random_access.then_some(unit.first_packet));
        }
    }

    /// Begin with `unit` if a decoder can start there, or if there is no point in waiting any longer.
    fn wait(&mut self, unit: &AccessUnit, leads: bool, since: Ticks) {
        let waited = unit.dts - since;
        let missing = !leads && self.clock.last.is_none() && self.alone.run > MISSING;
        if (leads && (unit.random_access || waited > PATIENCE)) || missing {
            drop(self.body.take_until(unit.first_packet));
            self.open(unit.dts, (leads && unit.random_access).then_some(unit.first_packet));
            self.substitute = self.substitute.or((!leads).then_some(unit.track));
        } else {
            if leads {
                drop(self.body.take_until(unit.first_packet));
            }
            self.state = State::Waiting { since: Some(since) };
        }
    }

    /// End the open segment before `unit` if it is long enough; `long` is how long it would be.
    fn grow(&mut self, unit: &AccessUnit, long: Ticks) {
        if unit.random_access && self.is_enough(unit, long) {
            self.cut(unit, long, true);
        } else if long + self.clock.frame_before(unit) > self.limit() {
            self.cut(unit, long, unit.random_access);
        } else {
            self.grow_part(unit);
        }
    }

    /// End the open part before `unit` if with it the part would be longer than parts may be.
    fn grow_part(&mut self, unit: &AccessUnit) {
        let frame = self.clock.frame_before(unit);
        let Some(target) = self.part_target_for(frame) else { return };
        let complete = self.tables.are_complete();
        let State::Open(growing) = &mut self.state else { return };
        let long = unit.dts - growing.part_start();
        // A part is as short as that only where the next picture is sure not to fit: a hole behind the last one, or
        // one that is late, tells little of it.
        let frame = if long.0 * 100 < target.0 * 85 { self.clock.least_frame(unit) - LATE } else { frame };
        if long > Ticks(0) && long + frame > target {
            growing.end_part(unit.first_packet, unit.dts, target);
        }
        growing.join(unit);
        if complete || growing.has_head() || unit.dts - growing.start >= TRACKS {
            self.make_parts();
        }
    }

    /// How long a part may be. Fixed with the first one, at a multiple of the frame that leaves no part shorter than
    /// 85 % of it (4.4.4.9): a player that was told never sees another.
    fn part_target_for(&mut self, frame: Ticks) -> Option<Ticks> {
        let target = self.part_target?;
        if frame == Ticks(0) {
            return self.part_fixed.or(Some(target));
        }
        let frames = (target.0 / frame.0).max(1);
        if frames == 1 && self.is_led_by_sound() {
            // Such runs of frames are seldom of one length, and a part that is independent may be short.
            return Some(*self.part_fixed.get_or_insert(target.max(Ticks(frame.0 * 3 / 2))));
        }
        let fits = frames * frame.0 * 100 >= target.0 * 85 && frame <= target;
        Some(*self.part_fixed.get_or_insert(if fits { target } else { Ticks(frames * frame.0) }))
    }

    fn make_parts(&mut self) {
        let State::Open(growing) = &mut self.state else { return };
        for end in growing.take_ends() {
            self.make_part(end);
        }
    }

    /// Make the packets before `end` a part.
    fn make_part(&mut self, end: End) {
        let packets = self.body.take_until(end.packet);
        let State::Open(growing) = &mut self.state else { return };
        if packets.is_empty() {
            return;
        }
        // A single picture does not tell how long pictures are.
        self.part_fixed = self.part_fixed.or(self.part_target);
        if !growing.has_head() {
            // Tracks that come or go are a discontinuity (4.4.4.3).
            self.broken |= self.tables.renew() && !self.played.is_zero();
            growing.set_head(mem::take(&mut self.broken), self.end);
        }
        let mut chunks = vec![self.tables.packets()];
        chunks.extend(packets);
        growing.push(Part::new(end.duration, end.independent, chunks));
    }

    /// A segment begins at `start`, with packet number `access` if a decoder can start there.
    fn open(&mut self, start: Ticks, access: Option<u64>) {
        self.state = State::Open(Growing::new(start, access, self.now));
    }

    /// Whether a segment that could end here should.
    fn is_enough(&self, unit: &AccessUnit, long: Ticks) -> bool {
        let begun = self.played >= self.target.to_duration() * 3;
        if self.fast_start && !begun && long >= SHORTEST {
            return true;
        }
        let since = self.clock.random_access.map_or(Ticks(0), |last| unit.dts - last);
        let next = long + self.clock.gop.max(since);
        long >= self.target - UNDER || next > self.most() + OVER
    }

    /// The longest that a segment should be, whole seconds.
    fn most(&self) -> Ticks {
        self.target_duration.map_or(self.target, |seconds| Ticks(i64::from(seconds) * Ticks::PER_SECOND))
    }

    /// The longest that a segment may be where no random access comes. The first one may take its time: its group
    /// of pictures decides the target duration.
    fn limit(&self) -> Ticks {
        match self.target_duration {
            Some(_) => self.most() + OVER,
            None => Ticks(self.target.0.saturating_mul(3)),
        }
    }

    fn cut(&mut self, unit: &AccessUnit, long: Ticks, independent: bool) {
        // Tracks that lead in turns may be apart; what is announced stays within what was promised.
        self.close(unit.first_packet, long.min(self.limit()).to_duration());
        self.open(unit.dts, independent.then_some(unit.first_packet));
    }

    /// Close the open segment, if there is one, before packet number `end`.
    fn close_open(&mut self, end: u64) {
        if let (Some(start), Some(last)) = (self.start(), self.clock.end()) {
            self.close(end, (last - start).to_duration());
        }
    }

    /// Nothing before packet number `from` goes on: wait for random access, and say that there was a break.
    fn restart(&mut self, from: u64) {
        // Parts that were made are part of a segment.
        self.close(0, Duration::ZERO);
        drop(self.body.take_until(from));
        self.state = State::Waiting { since: None };
        self.clock = Clock { gop: self.clock.gop, frame: self.clock.frame, ..Clock::default() };
        self.alone = Alone::default();
        self.jump = None;
        self.broken = !self.played.is_zero();
    }

    /// What was received before packet number `end` is a segment, which plays for `duration`.
    fn close(&mut self, end: u64, duration: Duration) {
        self.make_parts();
        let State::Open(growing) = &self.state else { return drop(self.body.take_until(end)) };
        if growing.is_empty() && duration.is_zero() {
            // What is left out is missing between its neighbours.
            self.broken |= !self.body.take_until(end).is_empty() && !self.played.is_zero();
            return;
        }
        let most = self.part_target.map(|target| self.part_fixed.unwrap_or(target).to_duration());
        let last = growing.last_end(end, duration, most);
        self.make_part(last);
        let State::Open(growing) = &self.state else { return };
        if growing.is_empty() {
            return;
        }
        // A hole is in no part, and a segment is as long as its parts.
        let duration = if self.part_target.is_some() { growing.duration() } else { duration };
        let segment = growing.segment(self.number, duration);
        self.fix_target_duration(duration);
        self.end = Some(segment.date + duration);
        self.number += 1;
        self.played += duration;
        self.closed.push(segment);
        self.state = State::Waiting { since: None };
    }

    /// `EXT-X-TARGETDURATION` never changes (4.4.3.1), so the first segment settles it: it spans every group of
    /// pictures seen by then.
    fn fix_target_duration(&mut self, first: Duration) {
        let target = self.target.to_duration();
        self.target_duration.get_or_insert_with(|| rounded(target.max(first)).max(1));
    }

    fn bound(&mut self) {
        match self.state {
            State::Waiting { .. } if self.body.len() > MAX_WAITING => drop(self.body.take_until(u64::MAX)),
            State::Open(_) if self.growing_bytes() > self.max_bytes => self.cut_by_size(),
            _ => {}
        }
    }

    /// Cut where the last access unit begins: within one, players would take half a picture for a whole one.
    fn cut_by_size(&mut self) {
        match (self.start(), self.clock.last) {
            (Some(start), Some(last)) if last > start => {
                let first = self.clock.last_packet;
                self.close(first, (last - start).to_duration());
                self.open(last, (self.clock.random_access == Some(last)).then_some(first));
            }
            _ => self.restart(u64::MAX),
        }
    }
}
