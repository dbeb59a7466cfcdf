//! A transport stream that can be played for ever: what has to be rewritten where, and when each packet is due.

use std::{ops::Range, time::Duration};

use mpegts::{PACKET_LEN, Packet};

use super::survey::{self, Stamp, Survey, Unit};

/// Length of the clock's cycle in units of 1/90 000 s (ISO/IEC 13818-1, 2.4.3.7).
const CYCLE: u64 = 1 << 33;

const MICROS_PER_SECOND: u64 = 1_000_000;
/// A shorter round is no broadcast but a flood.
const SHORTEST_ROUND: u64 = MICROS_PER_SECOND / 10;
const TICKS_PER_SECOND: u64 = 90_000;

/// Why bytes cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClipError {
    /// There are no transport stream packets.
    #[error("no transport stream: {0} bytes without two packets in a row")]
    NoPackets(usize),
    /// There are packets, but nothing says how fast to play them.
    #[error("no clock: PCR, DTS and PTS of {0} packets do not span a tenth of a second")]
    NoClock(usize),
    /// Timestamps span longer than the clip index can count.
    #[error("too long: at most one hour can be played in a loop")]
    TooLong,
}

/// A piece of transport stream that is played in an endless loop, at its own rate.
///
/// Packets are numbered on and on: packet `n` of the broadcast is packet `n % len` of the clip. Over the seam
/// PTS, DTS and PCR go on as if the broadcast did, and so do the continuity counters. A PES header that is torn
/// over two packets keeps its old timestamps.
#[derive(Debug)]
pub struct Clip {
    packets: Box<[u8]>,
    /// When each packet is due, in microseconds from the start of the round.
    due: Box<[u32]>,
    /// How long one round takes, in microseconds.
    round: u64,
    /// How far timestamps go on per round, in 1/90 000 s.
    period: u64,
    stamps: Box<[Stamp]>,
    /// How far the continuity counter of each PID goes on per round.
    counters: Box<[u8]>,
    pub(super) tables: Tables,
    /// Packets where a segment of the engine's own HLS begins, the first is 0.
    segments: Box<[usize]>,
    /// Packets at which a decoder can begin.
    keys: Box<[usize]>,
    /// What the pictures' clock shows when the broadcast begins, in 1/90 000 s: no picture goes out before its PTS.
    clock: u64,
}

/// Where the clip's program tables are.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The PIDs of PAT and PMT.
    pub(super) pids: Vec<u16>,
    /// One packet of each.
    pub(super) packets: Vec<usize>,
}

impl Clip {
    /// Index the packets in `bytes`. What is no packet is left out, so is everything behind 188 bytes in packets
    /// of 192 or 204.
    ///
    /// # Errors
    /// Without packets, or without a clock to play them by.
    pub fn new(bytes: Vec<u8>) -> Result<Self, ClipError> {
        let len = bytes.len();
        let packets = in_sync(bytes);
        let count = packets.len() / PACKET_LEN;
        if count < 2 {
            return Err(ClipError::NoPackets(len));
        }
        let survey = Survey::of(&packets);
        let timing = survey.timing(count).filter(|timing| timing.round >= SHORTEST_ROUND);
        let timing = timing.ok_or(ClipError::NoClock(count))?;
        let mut clip = Self {
            clock: clock(&survey.pictures, &timing.due),
            due: timing
                .due
                .iter()
                .map(|due| u32::try_from(*due))
                .collect::<Result<_, _>>()
                .map_err(|_| ClipError::TooLong)?,
            round: timing.round,
            period: timing.period,
            counters: survey.counter_steps(),
            tables: survey::tables(&packets),
            stamps: survey.stamps.into(),
            segments: Box::default(),
            keys: survey.random_access.clone().into(),
            packets: packets.into(),
        };
        clip.segments = clip.cut(&survey.random_access);
        Ok(clip)
    }

    /// Packets in one round.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.due.len() as u64
    }

    /// Never: a clip has packets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// How long one round takes.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.round)
    }

    /// How far PTS, DTS and PCR advance in one round, in units of 1/90 000 s.
    #[must_use]
    pub fn period_ticks(&self) -> u64 {
        self.period
    }

    /// Bytes per second on average.
    #[must_use]
    pub fn byte_rate(&self) -> u64 {
        self.packets.len() as u64 * MICROS_PER_SECOND / self.round.max(1)
    }

    /// How far timestamps have to be moved for the pictures' clock to show `ticks` when the broadcast begins. A picture's
    /// PTS is then when it was sent, or a little earlier where pictures come in another order than they are shown.
    pub(super) fn set_clock(&self, ticks: u64) -> i64 {
        distance(self.clock, ticks % CYCLE)
    }

    /// When packet `number` of the broadcast is due, from the broadcast's start.
    #[must_use]
    pub fn due(&self, number: u64) -> Duration {
        let (round, packet) = self.place(number);
        Duration::from_micros(round * self.round + u64::from(self.due[packet]))
    }

    /// The first packet of the broadcast that is due later than `time`.
    #[must_use]
    pub fn after(&self, time: Duration) -> u64 {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let (round, rest) = (micros / self.round, micros % self.round);
        round * self.len() + self.due.partition_point(|due| u64::from(*due) <= rest) as u64
    }

    /// Append packets of the broadcast to `out`, timestamps moved by `shift` units of 1/90 000 s.
    pub fn write(&self, numbers: Range<u64>, shift: i64, out: &mut Vec<u8>) {
        let mut next = numbers.start;
        while next < numbers.end {
            let (round, first) = self.place(next);
            let last = self.due.len().min(first + usize::try_from(numbers.end - next).unwrap_or(usize::MAX));
            self.write_round(round, first..last, shift, out);
            next += (last - first) as u64;
        }
    }

    fn write_round(&self, round: u64, packets: Range<usize>, shift: i64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.packets[packets.start * PACKET_LEN..packets.end * PACKET_LEN]);
        let moved = moved_by(round, self.period, shift);
        if round == 0 && moved == 0 {
            return;
        }
        let written = &mut out[start..];
        for packet in written.chunks_exact_mut(PACKET_LEN) {
            let pid = usize::from(u16::from_be_bytes([packet[1] & 0x1F, packet[2]]));
            let counter = u64::from(packet[3] & 0x0F) + u64::from(self.counters[pid]) * (round & 0x0F);
            packet[3] = packet[3] & 0xF0 | low_byte(counter & 0x0F);
        }
        let stamps = self.stamps.partition_point(|stamp| stamp.packet < packets.start);
        for stamp in self.stamps[stamps..].iter().take_while(|stamp| stamp.packet < packets.end) {
            let at = (stamp.packet - packets.start) * PACKET_LEN + stamp.offset;
            stamp.unit.advance(&mut written[at..], moved);
        }
    }

    /// The round and the packet in it.
    fn place(&self, number: u64) -> (u64, usize) {
        let packet = usize::try_from(number % self.len()).unwrap_or_default();
        (number / self.len(), packet)
    }

    /// The packets of segment `number` of the broadcast, of its kind the engine's own segmenter makes.
    pub(super) fn segment(&self, number: u64) -> Range<u64> {
        self.segment_start(number)..self.segment_start(number + 1)
    }

    /// The first segment of the broadcast that begins at `time` or later.
    pub(super) fn segment_from(&self, time: Duration) -> u64 {
        let count = self.segments.len() as u64;
        let round = u64::try_from(time.as_micros()).unwrap_or(u64::MAX) / self.round;
        let candidates = round * count..=(round + 1) * count;
        candidates
            .clone()
            .find(|number| self.due(self.segment_start(*number)) >= time)
            .unwrap_or(*candidates.end())
    }

    fn segment_start(&self, number: u64) -> u64 {
        let count = self.segments.len() as u64;
        let index = usize::try_from(number % count).unwrap_or_default();
        number / count * self.len() + self.segments[index] as u64
    }

    /// The first packet of the broadcast, `number` or later, at which a decoder can begin; `number` where there is
    /// none.
    pub(super) fn key_from(&self, number: u64) -> u64 {
        let (round, packet) = self.place(number);
        let next = self.keys.get(self.keys.partition_point(|key| *key < packet));
        let key = next.map(|key| round * self.len() + *key as u64);
        let over = || self.keys.first().map(|key| (round + 1) * self.len() + *key as u64);
        key.or_else(over).unwrap_or(number)
    }

    /// Segments of at least 4 s that begin at random access, of 6 s where none comes.
    fn cut(&self, random_access: &[usize]) -> Box<[usize]> {
        const SHORTEST: u32 = 4_000_000;
        const LONGEST: u32 = 6_000_000;
        let mut starts = vec![0];
        let mut start = 0;
        while u64::from(self.due[start] + SHORTEST) < self.round {
            let earliest = self.due[start] + SHORTEST;
            let latest = self.due[start] + LONGEST;
            let key = random_access.iter().find(|key| self.due[**key] >= earliest);
            let key = key.filter(|key| self.due[**key] <= latest).copied();
            start = key.unwrap_or_else(|| self.due.partition_point(|due| *due < latest));
            if start >= self.due.len() {
                break;
            }
            starts.push(start);
        }
        starts.into()
    }
}

/// The least that a clock can show at the start so that every picture, at a packet that is `due`, is sent at its PTS or
/// later.
fn clock(pictures: &[(usize, u64)], due: &[u64]) -> u64 {
    let starts = pictures.iter().map(|(packet, shown)| (shown + CYCLE - ticks(due[*packet]) % CYCLE) % CYCLE);
    starts
        .reduce(|latest, start| if distance(latest, start) > 0 { start } else { latest })
        .unwrap_or_default()
}

/// How far timestamps are moved in `round`, as a distance forward on the cycle.
fn moved_by(round: u64, period: u64, shift: i64) -> u64 {
    let forward = u128::from(round) * u128::from(period) % u128::from(CYCLE);
    let shift = u64::try_from(shift.rem_euclid(CYCLE.cast_signed())).unwrap_or_default();
    (u64::try_from(forward).unwrap_or_default() + shift) % CYCLE
}

impl Unit {
    /// Rewrite the timestamp at the head of `field`, `by` units of 1/90 000 s later.
    fn advance(self, field: &mut [u8], by: u64) {
        match self {
            Self::Pcr => {
                let base = u64::from(u32::from_be_bytes([field[0], field[1], field[2], field[3]])) << 1
                    | u64::from(field[4] >> 7);
                let base = (base + by) % CYCLE;
                for (index, byte) in field[..4].iter_mut().enumerate() {
                    *byte = low_byte(base >> (25 - 8 * index));
                }
                field[4] = field[4] & 0x7F | low_byte((base & 1) << 7);
            }
            Self::Pes => {
                let time = (pes_time(field) + by) % CYCLE;
                field[0] = field[0] & 0xF1 | low_byte(time >> 29 & 0x0E);
                field[1] = low_byte(time >> 22);
                field[2] = field[2] & 0x01 | low_byte(time >> 14 & 0xFE);
                field[3] = low_byte(time >> 7);
                field[4] = field[4] & 0x01 | low_byte(time << 1 & 0xFE);
            }
        }
    }
}

/// A PTS or DTS in the five bytes at the head of `field` (ISO/IEC 13818-1, 2.4.3.6).
pub(super) fn pes_time(field: &[u8]) -> u64 {
    u64::from(field[0] >> 1 & 7) << 30
        | u64::from(field[1]) << 22
        | u64::from(field[2] >> 1) << 15
        | u64::from(field[3]) << 7
        | u64::from(field[4] >> 1)
}

/// From `from` to `to` the shorter way round the cycle, in 1/90 000 s.
pub(super) fn distance(from: u64, to: u64) -> i64 {
    let forward = (to + CYCLE - from) % CYCLE;
    if forward < CYCLE / 2 { forward.cast_signed() } else { forward.cast_signed() - CYCLE.cast_signed() }
}

/// Microseconds of a number of 1/90 000 s.
pub(super) fn micros(ticks: u64) -> u64 {
    ticks * (MICROS_PER_SECOND / 10_000) / (TICKS_PER_SECOND / 10_000)
}

/// Units of 1/90 000 s of a number of microseconds.
pub(super) fn ticks(micros: u64) -> u64 {
    micros * (TICKS_PER_SECOND / 10_000) / (MICROS_PER_SECOND / 10_000)
}

fn low_byte(value: u64) -> u8 {
    value.to_le_bytes()[0]
}

/// Only the whole packets of `bytes`.
fn in_sync(bytes: Vec<u8>) -> Vec<u8> {
    let is_clean = bytes.len().is_multiple_of(PACKET_LEN)
        && bytes.chunks_exact(PACKET_LEN).all(|packet| Packet::new(packet).is_some());
    if is_clean {
        return bytes;
    }
    let mut packets = Vec::with_capacity(bytes.len());
    let mut rest = &bytes[..];
    while let Some(next) = rest.get(1..) {
        match Packet::new(rest).filter(|_| is_followed(rest)) {
            Some(packet) => {
                packets.extend_from_slice(packet.bytes());
                rest = &rest[PACKET_LEN..];
            }
            None => rest = next,
        }
    }
    packets
}

/// Whether another packet comes behind the one at the head, of 188, 192 or 204 bytes, or no whole one.
fn is_followed(bytes: &[u8]) -> bool {
    let next = [PACKET_LEN, 192, 204];
    bytes.len() < 2 * PACKET_LEN || next.iter().any(|len| bytes.get(*len) == Some(&mpegts::SYNC_BYTE))
}
