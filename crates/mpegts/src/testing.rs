//! A small multiplexer that makes streams for tests: real syntax, pictures that no decoder would like.

use std::collections::HashMap;

use crate::{
    codec::Codec,
    packet::{PACKET_LEN, Pid, SYNC_BYTE},
    program::{Program, Track},
    psi::{pat_packet, pmt_packet},
    ticks::Ticks,
};

/// Where the video of a made stream is.
pub const VIDEO: Pid = Pid::new(0x100);
/// Where the audio of a made stream is.
pub const AUDIO: Pid = Pid::new(0x101);

/// The beginning of an H.264 picture that a decoder can start with: delimiter, parameters, IDR slice.
pub const IDR: &[u8] =
    &[0, 0, 0, 1, 9, 16, 0, 0, 0, 1, 0x67, 0x64, 0, 0x1F, 0, 0, 0, 1, 0x68, 0xCE, 0, 0, 0, 1, 0x65, 0x88];
/// The beginning of an H.264 picture that needs others.
pub const PREDICTED: &[u8] = &[0, 0, 0, 1, 9, 48, 0, 0, 0, 1, 0x41, 0x9A];
/// The beginning of an ADTS frame.
pub const ADTS: &[u8] = &[0xFF, 0xF1, 0x50, 0x80];

/// Writes a transport stream.
#[derive(Debug)]
pub struct Muxer {
    /// What the tables announce.
    pub program: Program,
    /// The bytes so far.
    pub stream: Vec<u8>,
    counters: HashMap<Pid, u8>,
}

impl Default for Muxer {
    fn default() -> Self {
        Self::new(&[(VIDEO, Codec::H264, 0x1B), (AUDIO, Codec::Aac, 0x0F)])
    }
}

impl Muxer {
    /// A stream whose one program has these tracks: PID, codec and `stream_type`.
    #[must_use]
    pub fn new(tracks: &[(Pid, Codec, u8)]) -> Self {
        let tracks: Vec<Track> = tracks
            .iter()
            .map(|&(pid, codec, stream_type)| Track::new(pid, codec, stream_type, &[]))
            .collect();
        let pcr_pid = tracks.first().map_or(Pid::NULL, |track| track.pid);
        let program = Program { number: 1, pmt_pid: Pid::new(0x1000), pcr_pid, tracks, service_name: None };
        Self { program, stream: Vec::new(), counters: HashMap::new() }
    }

    /// Write the tables.
    pub fn tables(&mut self) {
        let (pat, pmt) = (self.count(Pid::PAT), self.count(self.program.pmt_pid));
        self.stream.extend(pat_packet(&self.program, pat));
        self.stream.extend(pmt_packet(&self.program, &self.program.tracks, 0, pmt));
    }

    /// Write a PES packet of `len` bytes that begins with `head`.
    pub fn pes(&mut self, pid: Pid, pts: Ticks, dts: Ticks, head: &[u8], len: usize) {
        let mut pes = vec![0, 0, 1, if pid == AUDIO { 0xC0 } else { 0xE0 }, 0, 0, 0x80, 0xC0, 10];
        pes.extend(timestamp(3, pts));
        pes.extend(timestamp(1, dts));
        pes.extend(head);
        // Neither a start code nor a sync byte.
        pes.resize(pes.len().max(len), 0xA5);
        for (n, chunk) in pes.chunks(PACKET_LEN - 4).enumerate() {
            self.packet(pid, n == 0, chunk);
        }
    }

    /// Write `count` pictures at 25 a second, every `gop`th of them IDR, with audio beside and tables twice a
    /// second, beginning at `start`.
    pub fn pictures(&mut self, start: Ticks, count: u32, gop: u32) {
        for n in 0..count {
            let dts = start + Ticks(3_600 * i64::from(n));
            if n % 12 == 0 {
                self.tables();
            }
            let head = if n % gop == 0 { IDR } else { PREDICTED };
            self.pes(VIDEO, dts + Ticks(3_600), dts, head, 1_500);
            self.pes(AUDIO, dts, dts, ADTS, 300);
        }
    }

    fn packet(&mut self, pid: Pid, start: bool, payload: &[u8]) {
        let counter = self.count(pid);
        let [high, low] = pid.value().to_be_bytes();
        let stuffing = PACKET_LEN - 4 - payload.len();
        let control = if stuffing > 0 { 0x30 } else { 0x10 };
        self.stream.extend([SYNC_BYTE, high | u8::from(start) << 6, low, control | counter]);
        if let Some(length) = stuffing.checked_sub(1) {
            self.stream.push(u8::try_from(length).expect("less than a packet"));
            self.stream.extend([0].iter().chain(&[0xFF; PACKET_LEN]).take(length));
        }
        self.stream.extend(payload);
    }

    fn count(&mut self, pid: Pid) -> u8 {
        let counter = self.counters.entry(pid).or_insert(15);
        *counter = (*counter + 1) & 0x0F;
        *counter
    }
}

fn timestamp(prefix: u8, ticks: Ticks) -> [u8; 5] {
    let bits = |shift: u32, mask: i64| u8::try_from(ticks.0 >> shift & mask).expect("masked to a byte");
    [
        prefix << 4 | bits(30, 7) << 1 | 1,
        bits(22, 0xFF),
        bits(15, 0x7F) << 1 | 1,
        bits(7, 0xFF),
        bits(0, 0x7F) << 1 | 1,
    ]
}
