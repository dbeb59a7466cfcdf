//! Media time and tracks across consecutive segments or parts (RFC 8216bis, 3, 4.4.4.1, 4.4.4.3, 4.4.4.9).

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use mpegts::{AccessUnit, Cause, Codec, Demuxer, Event, Pid, Program, Ticks};

use super::{
    Said,
    apple::Apple,
    finding::{Report, seconds},
};

/// Time that goes on so far from where it should, does not go on. Sources stutter by less.
const JUMP: Ticks = Ticks(Ticks::PER_SECOND);
/// What goes on within so much is the same time still, of which something is missing.
const LONGEST_HOLE: Ticks = Ticks(10 * Ticks::PER_SECOND);
/// A picture waits no longer than this to be shown once it is decoded (ISO/IEC 13818-1, 2.4.2.6).
const LONGEST_DELAY: Ticks = Ticks(10 * Ticks::PER_SECOND);
/// Durations are written to the millisecond at least: each may be off by half of one.
const ROUNDING: Ticks = Ticks(Ticks::PER_SECOND / 2_000);
/// Steps that differ by less are the same: some sources count in milliseconds.
const SAME: Ticks = Ticks(Ticks::PER_SECOND / 500);
/// Access units further apart are not neighbours.
const LONGEST_FRAME: Ticks = Ticks(Ticks::PER_SECOND);

/// Follows the time of each track.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    demuxer: Demuxer,
    /// The tracks announced since time was broken last.
    tracks: Vec<(Pid, Codec)>,
    clocks: HashMap<Pid, Clock>,
    run: Option<Run>,
    apple: Apple,
    /// How many packets the demultiplexer passed on.
    passed: u64,
}

/// The time of one track.
#[derive(Debug, Clone, Copy)]
struct Clock {
    /// When its first access unit in the newest segment that has one begins.
    start: Ticks,
    /// How long the segments from that one on play, as the playlist says.
    said: Duration,
    last: Ticks,
    /// How far its access units are apart.
    frame: Option<Ticks>,
    /// How far the last two are apart.
    step: Ticks,
}

/// Segments in a row, and how long they play as the playlist says, by the track that leads.
#[derive(Debug, Clone, Copy)]
struct Run {
    pid: Pid,
    start: Ticks,
    said: Duration,
    count: i64,
    /// How much of its time nothing was there: durations may leave that out.
    holes: Ticks,
}

/// An access unit, of the track with this PID.
#[derive(Debug, Clone, Copy)]
struct Unit {
    pid: Pid,
    unit: AccessUnit,
    /// Whether it begins where time jumped.
    jumps: bool,
}

impl Timeline {
    /// Look at the next segment or part.
    pub(super) fn take(&mut self, bytes: &[u8], said: Said, report: &mut Report) {
        if said.discontinuity {
            self.settle(None, report);
            self.forget();
        }
        let units = self.units(bytes, report);
        let leading = self.leading();
        if self.jumps(&units, leading, report) {
            self.apple.forget();
            self.run = None;
        }
        if let Some(first) = units.iter().find(|unit| Some(unit.pid) == leading) {
            self.run_on(first.pid, first.unit.dts, report);
        }
        if !said.is_part {
            self.apple(&units, report);
        }
        self.advance(&units);
        self.say(said.duration);
        // Of another track, a break may come sooner than that of the one that decides where segments end.
        let mut led = units.iter().filter(|unit| Some(unit.pid) == leading).skip(1);
        if let Some(Unit { pid, .. }) = led.find(|unit| unit.jumps) {
            report.must("3", 0, format!("time of PID {pid:?} jumps within it"));
            self.run = None;
        }
    }

    /// What takes the media apart, and knows what they are.
    pub(super) fn demuxer(&self) -> &Demuxer {
        &self.demuxer
    }

    /// What comes next does not continue what came.
    pub(super) fn forget(&mut self) {
        self.demuxer.interrupt();
        self.tracks.clear();
        self.clocks.clear();
        self.run = None;
        self.apple.forget();
    }

    /// Nothing comes next.
    pub(super) fn finish(&mut self, report: &mut Report) {
        self.settle(None, report);
        self.forget();
    }

    /// The access units that begin in `bytes`, and whether the tracks are still those announced.
    fn units(&mut self, bytes: &[u8], report: &mut Report) -> Vec<Unit> {
        let begin = self.passed;
        let (mut units, mut programs, mut jumps) = (Vec::new(), Vec::new(), false);
        let mut pids: Vec<Pid> = self.demuxer.program().map(pids).unwrap_or_default();
        let mut on = |event: Event<'_>| match event {
            Event::Program(program) => {
                pids = self::pids(program);
                programs.push(tracks(program));
            }
            Event::Packets(packets) => self.passed += packets.len() as u64,
            Event::Discontinuity(found) => jumps = found.cause == Cause::Timeline,
            Event::AccessUnit(unit) => {
                let jumps = std::mem::take(&mut jumps);
                // One may begin in the segment before, and be known only now.
                if let Some(&pid) = pids.get(unit.track).filter(|_| unit.first_packet >= begin) {
                    units.push(Unit { pid, unit, jumps });
                }
            }
        };
        self.demuxer.push(bytes, &mut on);
        self.demuxer.finish(&mut on);
        if let (true, Some(program)) = (programs.is_empty(), self.demuxer.program()) {
            programs.push(tracks(program));
        }
        for announced in programs {
            self.announced(announced, report);
        }
        units
    }

    /// 4.4.4.3: the number, type and identifiers of tracks stay.
    fn announced(&mut self, tracks: Vec<(Pid, Codec)>, report: &mut Report) {
        if !self.tracks.is_empty() && self.tracks != tracks {
            let (was, is) = (shown(&self.tracks), shown(&tracks));
            let text = format!("the tracks were {was}, and are {is}, without EXT-X-DISCONTINUITY");
            report.must("4.4.4.3", 0, text);
            self.clocks.clear();
            self.run = None;
        }
        self.tracks = tracks;
    }

    fn apple(&mut self, units: &[Unit], report: &mut Report) {
        let program = self.demuxer.program();
        let video = program.and_then(|program| Some(program.tracks[program.video()?].pid));
        let pictures = units.iter().filter(|unit| Some(unit.pid) == video);
        self.apple.pictures(pictures.map(|it| (it.unit.dts, it.unit.random_access)), report);
        self.apple.formats(&self.demuxer, report);
    }

    fn leading(&self) -> Option<Pid> {
        let program = self.demuxer.program()?;
        Some(program.tracks[program.leading()?].pid)
    }

    /// 3: the time of each track goes on from segment to segment; returns whether that of the one that leads does not.
    fn jumps(&self, units: &[Unit], leading: Option<Pid>, report: &mut Report) -> bool {
        let mut jumped = false;
        for Unit { pid, unit, .. } in firsts(units) {
            delay(*pid, unit, report);
            let Some(off) = self.clocks.get(pid).and_then(|clock| clock.jump(unit.dts)) else { continue };
            let off_by = by(off, "behind", "before");
            let text = format!("time of PID {pid:?} goes on {off_by} where the segment before ended");
            if off > Ticks(0) && off <= LONGEST_HOLE {
                report.should("3", 0, text);
            } else {
                report.must("3", 0, text);
                jumped |= Some(*pid) == leading;
            }
        }
        jumped
    }

    /// The track that leads goes on at `start`.
    fn run_on(&mut self, pid: Pid, start: Ticks, report: &mut Report) {
        if self.run.is_some_and(|run| run.pid == pid) {
            self.settle(Some(start), report);
        } else {
            self.run = None;
        }
        self.run.get_or_insert(Run { pid, start, said: Duration::ZERO, count: 0, holes: Ticks(0) });
    }

    /// 4.4.4.1, and Apple's rules: durations say how long the media play, together to one frame. What came ended at
    /// `end`, which can only be guessed where nothing continues it.
    fn settle(&mut self, end: Option<Ticks>, report: &mut Report) {
        let Some(run) = self.run.filter(|run| run.count > 0) else { return };
        let Some(clock) = self.clocks.get(&run.pid) else { return };
        let frame = clock.frame.unwrap_or(LONGEST_FRAME);
        let guessed = if end.is_none() { frame } else { Ticks(0) };
        let end = end.unwrap_or(clock.last + frame);
        let hole = clock.hole(end);
        let off = run.off(end, hole);
        if hole > Ticks(0) || run.holes > Ticks(0) {
            self.run = None;
        }
        if distance(off) > frame + guessed + Ticks(ROUNDING.0 * (run.count + 1)) {
            let text =
                format!("the media before it play {} than their durations say", by(off, "longer", "shorter"));
            // So much is no rounding.
            if distance(off) > JUMP + frame + guessed {
                report.must("4.4.4.1", 0, text);
            } else {
                report.should("4.4.4.1", 0, text);
            }
            self.run = None;
        }
    }

    fn advance(&mut self, units: &[Unit]) {
        for Unit { pid, unit, .. } in firsts(units) {
            let new = Clock::new(unit.dts);
            let clock = self.clocks.entry(*pid).or_insert(new);
            (clock.start, clock.said, clock.last) = (new.start, new.said, new.last);
        }
        for Unit { pid, unit, .. } in units {
            let Some(clock) = self.clocks.get_mut(pid) else { continue };
            if let Some(run) = self.run.as_mut().filter(|run| run.pid == *pid) {
                run.holes = run.holes + clock.hole(unit.dts);
            }
            clock.advance(unit.dts);
        }
    }

    /// What was looked at plays for so long, as the playlist says.
    fn say(&mut self, duration: Option<Duration>) {
        let Some(duration) = duration else {
            self.run = None;
            return;
        };
        for clock in self.clocks.values_mut() {
            clock.said += duration;
        }
        if let Some(run) = &mut self.run {
            run.said += duration;
            run.count += 1;
        }
    }
}

impl Clock {
    fn new(start: Ticks) -> Self {
        Self { start, said: Duration::ZERO, last: start, frame: None, step: Ticks(0) }
    }

    fn advance(&mut self, dts: Ticks) {
        let step = dts - self.last;
        // One step that is longer is a hole, two of them are another rate.
        let is_usual =
            self.frame.is_none_or(|frame| step.0 <= frame.0 * 2) || distance(step - self.step) < SAME;
        if step > Ticks(0) && step < LONGEST_FRAME && is_usual {
            self.frame = Some(step);
        }
        (self.step, self.last) = (step, dts);
    }

    /// How far from where it should the track goes on at `dts`: neither behind its last access unit, nor where the
    /// durations say. What is missing in between is no jump, as long as they count it.
    fn jump(&self, dts: Ticks) -> Option<Ticks> {
        let frame = self.frame?;
        let off = dts - self.last - frame;
        let by_durations = dts - self.start - Ticks::from_duration(self.said);
        let jumps = distance(off).min(distance(by_durations)) > JUMP + frame;
        jumps.then_some(off)
    }

    /// How much is missing between its last access unit and one at `dts`.
    fn hole(&self, dts: Ticks) -> Ticks {
        let step = dts - self.last;
        let (least, frame) = self.frame.map_or((LONGEST_FRAME, Ticks(0)), |frame| (frame + frame, frame));
        if step > least { step - frame } else { Ticks(0) }
    }
}

impl Run {
    /// How much longer than said the media play that end at `end`, behind a `hole`.
    fn off(&self, end: Ticks, hole: Ticks) -> Ticks {
        let off = end - self.start - Ticks::from_duration(self.said);
        let holes = self.holes + hole;
        // With all that is missing they may be too long, and without it too short.
        if off > holes { off - holes } else { off.min(Ticks(0)) }
    }
}

/// The first access unit of each track.
fn firsts(units: &[Unit]) -> impl Iterator<Item = &Unit> {
    let mut seen = HashSet::new();
    units.iter().filter(move |unit| seen.insert(unit.pid))
}

/// 3: what is decoded is shown soon, and never before.
fn delay(pid: Pid, unit: &AccessUnit, report: &mut Report) {
    let delay = unit.pts - unit.dts;
    if delay > LONGEST_DELAY || delay < Ticks(0) - JUMP {
        let text = format!(
            "its first picture or sound of PID {pid:?} is shown {} it is decoded",
            by(delay, "after", "before")
        );
        report.must("3", 0, text);
    }
}

fn pids(program: &Program) -> Vec<Pid> {
    program.tracks.iter().map(|track| track.pid).collect()
}

fn tracks(program: &Program) -> Vec<(Pid, Codec)> {
    let mut tracks: Vec<_> = program.tracks.iter().map(|track| (track.pid, track.codec)).collect();
    tracks.sort_by_key(|(pid, _)| pid.value());
    tracks
}

fn shown(tracks: &[(Pid, Codec)]) -> String {
    let shown: Vec<String> = tracks.iter().map(|(pid, codec)| format!("{codec} in {pid:?}")).collect();
    shown.join(", ")
}

fn distance(ticks: Ticks) -> Ticks {
    Ticks(ticks.0.saturating_abs())
}

/// So much, in one direction or the other.
fn by(ticks: Ticks, ahead: &str, back: &str) -> String {
    let direction = if ticks > Ticks(0) { ahead } else { back };
    let milliseconds = distance(ticks).to_duration().as_millis();
    let rounded = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX));
    format!("{} {direction}", seconds(rounded))
}
