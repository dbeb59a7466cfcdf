//! One pass over a clip's packets that finds everything a loop has to know.

use std::collections::BTreeMap;

use mpegts::{PACKET_LEN, Packet, Pid};

use super::{
    clip::{Tables, distance, micros, pes_time},
    sound::Sound,
};

/// Clock steps longer than this, in 1/90 000 s, are breaks in the clip and take no time.
const LONGEST_STEP: i64 = 10 * 90_000;

/// A timestamp that has to be rewritten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) packet: usize,
    /// From the start of the packet.
    pub(super) offset: usize,
    pub(super) unit: Unit,
}

/// How a timestamp is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    Pcr,
    /// A PTS or a DTS.
    Pes,
}

/// When the packets of a clip are due and how far a round carries.
pub(super) struct Timing {
    /// Of each packet, in microseconds from the start of the round.
    pub(super) due: Vec<u64>,
    /// In microseconds.
    pub(super) round: u64,
    /// In 1/90 000 s.
    pub(super) period: u64,
}

#[derive(Default)]
pub(super) struct Survey {
    pub(super) stamps: Vec<Stamp>,
    /// Packets with the random access indicator where a video access unit begins.
    pub(super) random_access: Vec<usize>,
    counters: BTreeMap<u16, Counter>,
    /// PCR by PID, in 1/90 000 s.
    clocks: BTreeMap<u16, Course>,
    /// DTS, or PTS where there is none, by PID.
    streams: BTreeMap<u16, Course>,
    /// PTS by PID: where pictures come in another order than they are shown, a cut clip shows more than it has.
    shown: BTreeMap<u16, Course>,
    /// Where pictures of the first video stream begin, and their PTS.
    pub(super) pictures: Vec<(usize, u64)>,
    first_video: Option<u16>,
    first_clock: Option<u16>,
}

/// The continuity counters at both ends.
struct Counter {
    first: u8,
    first_has_payload: bool,
    last: u8,
}

/// A clock as it goes on: values unwrapped, counted from the first.
#[derive(Default)]
struct Course {
    previous: u64,
    now: i64,
    least: i64,
    most: i64,
    /// Packet, and time with every break taken out.
    marks: Vec<(usize, i64)>,
    is_media: bool,
    /// Of every stream but video, which has frames of one length instead.
    sound: Option<Sound>,
}

impl Survey {
    pub(super) fn of(packets: &[u8]) -> Self {
        let mut survey = Self::default();
        let packets = packets.chunks_exact(PACKET_LEN).filter_map(Packet::new);
        for (index, packet) in packets.enumerate() {
            survey.visit(index, packet);
        }
        survey
    }

    fn visit(&mut self, index: usize, packet: Packet<'_>) {
        let pid = packet.pid().value();
        let (counter, has_payload) = (packet.continuity_counter(), packet.has_payload());
        let ends = Counter { first: counter, first_has_payload: has_payload, last: counter };
        self.counters.entry(pid).or_insert(ends).last = counter;
        if let Some(pcr) = packet.pcr() {
            self.stamps.push(Stamp { packet: index, offset: 6, unit: Unit::Pcr });
            self.first_clock.get_or_insert(pid);
            self.clocks.entry(pid).or_default().mark(index, pcr / 300);
        }
        if packet.is_scrambled() || packet.transport_error() {
            return;
        }
        if packet.payload_unit_start() {
            self.visit_pes(index, packet);
        } else if let Some(sound) = self.streams.get_mut(&pid).and_then(|course| course.sound.as_mut()) {
            sound.go_on(packet.payload());
        }
    }

    fn visit_pes(&mut self, index: usize, packet: Packet<'_>) {
        let payload = packet.payload();
        let &[0, 0, 1, stream_id, _, _, _, flags, header, ..] = payload else { return };
        let is_video = stream_id & 0xF0 == 0xE0;
        let is_audio = stream_id & 0xE0 == 0xC0;
        // Private streams and extended ones carry AC-3 and others; all the rest has another header.
        if !is_video && !is_audio && stream_id != 0xBD && stream_id != 0xFD {
            return;
        }
        let pid = packet.pid().value();
        let is_first_video = is_video && *self.first_video.get_or_insert(pid) == pid;
        if is_first_video && packet.random_access_indicator() {
            self.random_access.push(index);
        }
        let Some((shown, time)) = self.visit_stamps(index, packet, flags >> 6) else { return };
        self.shown.entry(pid).or_default().mark(index, shown);
        if is_first_video {
            self.pictures.push((index, shown));
        }
        let course = self.streams.entry(pid).or_default();
        course.is_media |= is_video || is_audio;
        course.mark(index, time);
        if !is_video {
            let data = payload.get(9 + usize::from(header)..).unwrap_or_default();
            course.sound.get_or_insert_default().begin(data);
        }
    }

    /// Note the PTS and the DTS that `flags` announce, which are the same when there is only one.
    fn visit_stamps(&mut self, index: usize, packet: Packet<'_>, flags: u8) -> Option<(u64, u64)> {
        let mut visit = |offset: usize| {
            let field = packet.payload().get(offset..offset + 5)?;
            let offset = packet.payload_offset() + offset;
            self.stamps.push(Stamp { packet: index, offset, unit: Unit::Pes });
            Some(pes_time(field))
        };
        let shown = if flags & 2 == 0 { None } else { visit(9) }?;
        let decoded = if flags & 1 == 0 { None } else { visit(14) };
        Some((shown, decoded.unwrap_or(shown)))
    }

    /// `None` when nothing in the clip tells the time.
    pub(super) fn timing(&self, count: usize) -> Option<Timing> {
        let video =
            self.first_video.and_then(|pid| self.streams.get(&pid)).filter(|course| course.marks.len() > 1);
        let media =
            || self.streams.values().filter(|course| course.is_media).max_by_key(|course| course.natural());
        let lead =
            video.or_else(media).or_else(|| self.streams.values().max_by_key(|course| course.natural()));
        let clock =
            self.first_clock.and_then(|pid| self.clocks.get(&pid)).filter(|course| course.marks.len() > 1);
        let pacer = clock.or(lead).filter(|course| course.marks.len() > 1)?;
        let spans =
            self.clocks.values().chain(self.streams.values()).chain(self.shown.values()).map(Course::span);
        let period = spans.fold(lead.unwrap_or(pacer).natural(), i64::max).cast_unsigned();
        Some(pacer.pace(count, period))
    }

    /// How far each PID's continuity counter goes on per round.
    pub(super) fn counter_steps(&self) -> Box<[u8]> {
        let mut steps = vec![0; 1 << 13];
        for (pid, ends) in &self.counters {
            let next = ends.last + u8::from(ends.first_has_payload);
            steps[usize::from(*pid)] = next.wrapping_sub(ends.first) & 0x0F;
        }
        steps.into()
    }
}

impl Course {
    fn mark(&mut self, packet: usize, time: u64) {
        let Some(&(_, paced)) = self.marks.last() else {
            self.previous = time;
            self.marks.push((packet, 0));
            return;
        };
        let step = distance(self.previous, time);
        self.previous = time;
        self.now += step;
        self.least = self.least.min(self.now);
        self.most = self.most.max(self.now);
        let step = if (0..=LONGEST_STEP).contains(&step) { step } else { 0 };
        self.marks.push((packet, paced + step));
    }

    /// The least length at which nothing jumps back or overlaps over the seam.
    fn span(&self) -> i64 {
        let sound = self.sound.as_ref().map_or(0, |sound| sound.last_length(self.now));
        self.most - self.least + sound.max(1)
    }

    /// The length with as much room behind the last mark as there is between two on average.
    fn natural(&self) -> i64 {
        if self.sound.is_some() {
            return self.span();
        }
        let count = i64::try_from(self.marks.len()).unwrap_or(i64::MAX);
        if count < 2 { 0 } else { (self.now * count + (count - 1) / 2) / (count - 1) }
    }

    /// Packets between two marks are spread evenly; those before the first are due at once.
    fn pace(&self, count: usize, period: u64) -> Timing {
        let span = self.marks.last().map_or(0, |(_, time)| time.cast_unsigned());
        // A clip with breaks has a period that says nothing about how long it plays.
        let is_whole = period >= span && period - span < 90_000;
        let round = if is_whole { period } else { span + span / self.marks.len() as u64 + 1 };
        let mut due = vec![0; count];
        let mut marks = self
            .marks
            .iter()
            .map(|(packet, time)| (*packet, micros(time.cast_unsigned())))
            .collect::<Vec<_>>();
        marks.push((count, micros(round)));
        for pair in marks.windows(2) {
            let ((from, start), (to, end)) = (pair[0], pair[1]);
            let packets = (to - from).max(1) as u64;
            for (step, due) in due[from..to].iter_mut().enumerate() {
                *due = start + (end - start) * step as u64 / packets;
            }
        }
        Timing { due, round: micros(round), period }
    }
}

/// PAT and PMT, as far as they fit into their first packets.
pub(super) fn tables(packets: &[u8]) -> Tables {
    let mut tables = Tables::default();
    let find = |wanted: u16| {
        let mut packets = packets.chunks_exact(PACKET_LEN).filter_map(Packet::new);
        packets.position(|packet| packet.pid().value() == wanted && packet.payload_unit_start())
    };
    let Some(index) = find(Pid::PAT.value()) else { return tables };
    tables.pids.push(Pid::PAT.value());
    tables.packets.push(index);
    let pat =
        packets.get(index * PACKET_LEN..).and_then(Packet::new).map(Packet::payload).unwrap_or_default();
    for pid in pmt_pids(pat) {
        tables.pids.push(pid);
        tables.packets.extend(find(pid));
    }
    tables
}

/// The PMT PIDs of a program association section that fits into one packet.
fn pmt_pids(payload: &[u8]) -> Vec<u16> {
    let pointer = payload.first().map_or(0, |pointer| usize::from(*pointer));
    let Some(section) = payload.get(1 + pointer..) else { return Vec::new() };
    let &[0, a, b, ..] = section else { return Vec::new() };
    let end = 3 + usize::from(u16::from_be_bytes([a & 0x0F, b]));
    // Eight bytes of header before the programs, four of CRC behind.
    let programs = section.get(8..end.saturating_sub(4)).unwrap_or_default();
    let is_program = |entry: &&[u8]| entry[..2] != [0, 0];
    let pid = |entry: &[u8]| u16::from_be_bytes([entry[2] & 0x1F, entry[3]]);
    programs.chunks_exact(4).filter(is_program).map(pid).collect()
}
