//! A transport stream made up on the spot: a grey square and silence, for tests that need media but no files.

use std::time::Duration;

use mpegts::{PACKET_LEN, SYNC_BYTE};

use super::Clip;

const PMT: u16 = 0x1000;
const VIDEO: u16 = 0x100;
const AUDIO: u16 = 0x101;

/// 25 frames a second, in 1/90 000 s.
const FRAME: u64 = 3600;
/// 1024 samples at 48 kHz, in 1/90 000 s.
const AUDIO_FRAME: u64 = 1920;
/// What both frame lengths divide: clips of whole units loop without a seam.
const UNIT: u64 = 16 * FRAME;
/// How far the clock runs ahead of the presentation.
const LEAD: u64 = 45_000;

/// A side of the picture, in macroblocks of 16 by 16.
const SIDE: u32 = 4;

/// A clip of H.264 and AAC that decoders take: 64 by 64, a shade of grey for each group of pictures, silence.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// How long it is, rounded up to a multiple of 640 ms, so that it loops exactly.
    pub length: Duration,
    /// From one key frame to the next, rounded up to a multiple of 40 ms.
    pub gop: Duration,
    /// The least a frame has, made up with filler: 20 000 are 4 Mbit/s.
    pub frame_bytes: usize,
    /// The first PTS, in 1/90 000 s.
    pub start_ticks: u64,
    /// How many frames of sound share a PES packet; the length should be whole packets.
    pub sound_frames: u32,
}

impl Default for Pattern {
    /// 5.12 s in groups of 1.28 s, about 0.2 Mbit/s.
    fn default() -> Self {
        Self {
            length: Duration::from_millis(5120),
            gop: Duration::from_millis(1280),
            frame_bytes: 0,
            start_ticks: 900_000,
            sound_frames: 1,
        }
    }
}

impl Pattern {
    /// The clip, ready to play.
    #[must_use]
    pub fn clip(&self) -> Clip {
        Clip::new(self.transport_stream()).expect("the pattern is a transport stream with a clock")
    }

    /// How long it really is, in 1/90 000 s.
    #[must_use]
    pub fn length_ticks(&self) -> u64 {
        ticks(self.length).div_ceil(UNIT).max(1) * UNIT
    }

    /// The packets.
    #[must_use]
    pub fn transport_stream(&self) -> Vec<u8> {
        let frames = self.length_ticks() / FRAME;
        let gop = ticks(self.gop).div_ceil(FRAME).max(1);
        let mut muxer = Muxer::default();
        let mut audio_time = 0;
        for frame in 0..frames {
            let (group, in_group) = (frame / gop, frame % gop);
            let time = frame * FRAME;
            if in_group == 0 {
                muxer.section(0, &pat());
                muxer.section(PMT, &pmt());
            }
            let picture = picture(group, in_group, self.frame_bytes);
            let clock = (self.start_ticks + time + CYCLE - LEAD) % CYCLE;
            let pes = pes(0xE0, self.start_ticks + time, &picture);
            muxer.pes(VIDEO, &pes, Some((clock, in_group == 0)));
            while audio_time < time + FRAME {
                let frames = self.sound_frames.max(1);
                let sound = silence().repeat(usize::try_from(frames).unwrap_or_default());
                muxer.pes(AUDIO, &self::pes(0xC0, self.start_ticks + audio_time, &sound), None);
                audio_time += AUDIO_FRAME * u64::from(frames);
            }
        }
        muxer.packets
    }
}

const CYCLE: u64 = 1 << 33;

fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros() * 9 / 100).unwrap_or(u64::MAX)
}

#[derive(Default)]
struct Muxer {
    packets: Vec<u8>,
    counters: std::collections::HashMap<u16, u8>,
}

impl Muxer {
    fn section(&mut self, pid: u16, section: &[u8]) {
        let mut payload = vec![0];
        payload.extend_from_slice(section);
        payload.resize(PACKET_LEN - 4, 0xFF);
        self.packet(pid, true, &[], &payload);
    }

    /// Over as many packets as it takes; the first has the clock and says whether a decoder can start.
    fn pes(&mut self, pid: u16, pes: &[u8], clock: Option<(u64, bool)>) {
        let mut rest = pes;
        let mut field = clock.map(|(clock, is_key)| adaptation(clock, is_key)).unwrap_or_default();
        let mut is_first = true;
        while !rest.is_empty() {
            let room = PACKET_LEN - 4 - if field.is_empty() { 0 } else { 1 + field.len() };
            let (now, later) = rest.split_at(room.min(rest.len()));
            let stuffing = room - now.len();
            self.stuffed(pid, is_first, &field, stuffing, now);
            (rest, is_first) = (later, false);
            field.clear();
        }
    }

    fn stuffed(&mut self, pid: u16, is_first: bool, field: &[u8], stuffing: usize, payload: &[u8]) {
        let mut bytes = Vec::with_capacity(PACKET_LEN);
        if !field.is_empty() || stuffing > 0 {
            // Without a field, its length byte is the first byte of stuffing and its flags are the second.
            let stuffing = if field.is_empty() { stuffing - 1 } else { stuffing };
            bytes.push(low(field.len() as u64 + stuffing as u64));
            bytes.extend_from_slice(field);
            bytes.extend((0..stuffing).map(|index| if field.is_empty() && index == 0 { 0 } else { 0xFF }));
        }
        self.packet(pid, is_first, &bytes, payload);
    }

    fn packet(&mut self, pid: u16, is_first: bool, field: &[u8], payload: &[u8]) {
        let counter = self.counters.entry(pid).or_default();
        let flags = if field.is_empty() { 0x10 } else { 0x30 };
        let [high, low] = pid.to_be_bytes();
        self.packets.extend_from_slice(&[SYNC_BYTE, high | u8::from(is_first) << 6, low, flags | *counter]);
        self.packets.extend_from_slice(field);
        self.packets.extend_from_slice(payload);
        *counter = (*counter + 1) & 0x0F;
    }
}

fn adaptation(clock: u64, is_key: bool) -> Vec<u8> {
    let base = clock << 15 | 0x7E00;
    let mut field = vec![if is_key { 0x50 } else { 0x10 }];
    field.extend_from_slice(&base.to_be_bytes()[2..]);
    field
}

fn pat() -> Vec<u8> {
    let [high, low] = PMT.to_be_bytes();
    section(0x00, 1, &[0, 1, 0xE0 | high, low])
}

fn pmt() -> Vec<u8> {
    let mut body = vec![0xE0 | 1, 0x00, 0xF0, 0];
    for (kind, pid) in [(0x1B, VIDEO), (0x0F, AUDIO)] {
        let [high, low] = pid.to_be_bytes();
        body.extend_from_slice(&[kind, 0xE0 | high, low, 0xF0, 0]);
    }
    section(0x02, 1, &body)
}

/// A long section of version 0 (ISO/IEC 13818-1, 2.4.4).
fn section(table: u8, number: u8, body: &[u8]) -> Vec<u8> {
    let mut section = vec![table, 0xB0, low(body.len() as u64 + 9), 0, number, 0xC1, 0, 0];
    section.extend_from_slice(body);
    let crc = crc(&section);
    section.extend_from_slice(&crc.to_be_bytes());
    section
}

/// CRC-32 as in ISO/IEC 13818-1, annex A.
fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 }
        })
    })
}

fn pes(stream: u8, time: u64, data: &[u8]) -> Vec<u8> {
    // A video packet may leave its length open; a sound packet's is short.
    let length = if stream == 0xE0 { 0 } else { u16::try_from(data.len() + 8).unwrap_or_default() };
    let [high, low_length] = length.to_be_bytes();
    let time = time % CYCLE;
    let stamp = [
        0x21 | low(time >> 29 & 0x0E),
        low(time >> 22),
        1 | low(time >> 14 & 0xFE),
        low(time >> 7),
        1 | low(time << 1 & 0xFE),
    ];
    let mut pes = vec![0, 0, 1, stream, high, low_length, 0x80, 0x80, 5];
    pes.extend_from_slice(&stamp);
    pes.extend_from_slice(data);
    pes
}

/// One mono frame of AAC-LC at 48 kHz in ADTS: a channel without a single scale factor band, and the end.
fn silence() -> [u8; 11] {
    [0xFF, 0xF1, 0x4C, 0x40, 0x01, 0x7F, 0xFC, 0, 0, 0, 0x07]
}

/// An access unit: delimiter, what a decoder needs to start, the slice, filler.
fn picture(group: u64, in_group: u64, least: usize) -> Vec<u8> {
    let mut unit = vec![0, 0, 0, 1, 0x09, 0xF0];
    if in_group == 0 {
        nal(&mut unit, 0x67, &sequence_parameters());
        nal(&mut unit, 0x68, &picture_parameters());
        nal(&mut unit, 0x65, &key_slice(group));
    } else {
        nal(&mut unit, 0x41, &still_slice(in_group));
    }
    if unit.len() < least {
        let filler = vec![0xFF; (least - unit.len()).saturating_sub(6)];
        unit.extend_from_slice(&[0, 0, 0, 1, 0x0C]);
        unit.extend_from_slice(&filler);
        unit.push(0x80);
    }
    unit
}

/// Append a NAL unit with its start code and emulation prevention (ITU-T H.264, 7.4.1).
fn nal(out: &mut Vec<u8>, head: u8, payload: &[u8]) {
    out.extend_from_slice(&[0, 0, 0, 1, head]);
    let mut zeros = 0;
    for byte in payload {
        if zeros == 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
}

/// Constrained baseline, level 3, frames in the order they are decoded.
fn sequence_parameters() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.fixed(8, 66).fixed(8, 0xC0).fixed(8, 30);
    bits.ue(0).ue(12).ue(2).ue(1).fixed(1, 0);
    bits.ue(SIDE - 1).ue(SIDE - 1);
    bits.fixed(1, 1).fixed(1, 1).fixed(1, 0).fixed(1, 0);
    bits.finish()
}

fn picture_parameters() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.ue(0).ue(0).fixed(2, 0).ue(0).ue(0).ue(0).fixed(3, 0);
    bits.ue(0).ue(0).ue(0).fixed(1, 1).fixed(2, 0);
    bits.finish()
}

/// Every macroblock as plain samples, which needs no transform and no tables.
fn key_slice(group: u64) -> Vec<u8> {
    const I_PCM: u32 = 25;
    let mut bits = Bits::default();
    bits.ue(0).ue(7).ue(0).fixed(16, 0).ue(u32::from(low(group & 1)));
    bits.fixed(2, 0).ue(0).ue(1);
    let shade = 40 + low(group % 10) * 16;
    for _ in 0..SIDE * SIDE {
        bits.ue(I_PCM).align();
        bits.bytes.extend_from_slice(&[shade; 256]);
        bits.bytes.extend_from_slice(&[128; 128]);
    }
    bits.finish()
}

/// Every macroblock as before.
fn still_slice(in_group: u64) -> Vec<u8> {
    let mut bits = Bits::default();
    let number = u32::try_from(in_group & 0xFFFF).unwrap_or_default();
    bits.ue(0).ue(5).ue(0).fixed(16, number).fixed(1, 0).fixed(1, 0).fixed(1, 0);
    bits.ue(0).ue(1).ue(SIDE * SIDE);
    bits.finish()
}

/// Writes bits, the first into the highest place.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Bits used in the last byte; 0 when it is full.
    used: u32,
}

impl Bits {
    fn fixed(&mut self, count: u32, value: u32) -> &mut Self {
        for place in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(value >> place & 1 == 1) << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
        self
    }

    /// An Exp-Golomb code (ITU-T H.264, 9.1). Signed zero is written the same.
    fn ue(&mut self, value: u32) -> &mut Self {
        let length = (value + 1).ilog2();
        self.fixed(length, 0).fixed(length + 1, value + 1)
    }

    fn align(&mut self) {
        self.used = 0;
    }

    /// With the stop bit behind.
    fn finish(mut self) -> Vec<u8> {
        self.fixed(1, 1);
        self.bytes
    }
}

fn low(value: u64) -> u8 {
    value.to_le_bytes()[0]
}
