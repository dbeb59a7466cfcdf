//! The program that is passed on, and the tables of our own that announce it.

use bytes::Bytes;
use mpegts::{PACKET_LEN, Pid, Program, Track, pat_packet, pmt_packet};

/// PAT and PMT with the tracks that are really there: hls.js takes the first entry of a PAT for the PMT, reads one packet
/// of it, and Safari refuses a track that is announced and never comes.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    program: Option<Program>,
    /// The tracks that had data since the program was chosen.
    seen: Vec<Pid>,
    /// The tracks that are announced.
    announced: Vec<Pid>,
    /// The map as it was last announced.
    last: Option<[u8; PACKET_LEN]>,
    counter: u8,
    version: u8,
}

impl Tables {
    /// The program that is passed on.
    pub(crate) fn program(&self) -> Option<&Program> {
        self.program.as_ref()
    }

    /// Whether `program` has other tracks than the one that is passed on.
    pub(crate) fn differ(&self, program: &Program) -> bool {
        let same = |old: &Program| passed(old).eq(passed(program)) && clocked(old) == clocked(program);
        !self.program.as_ref().is_some_and(same)
    }

    /// Pass `program` on.
    pub(crate) fn adopt(&mut self, program: &Program) {
        if self.differ(program) {
            self.seen.clear();
        }
        self.program = Some(program.clone());
    }

    /// This track had data.
    pub(crate) fn note(&mut self, track: usize) {
        let pid = self.program.as_ref().and_then(|program| program.tracks.get(track)).map(|track| track.pid);
        if let Some(pid) = pid.filter(|pid| !self.seen.contains(pid)) {
            self.seen.push(pid);
        }
    }

    /// Whether every track that is passed on had data.
    pub(crate) fn are_complete(&self) -> bool {
        self.program
            .as_ref()
            .is_some_and(|program| passed(program).all(|track| self.seen.contains(&track.pid)))
    }

    /// Announce from now on what is there now. True when that differs from what was announced.
    pub(crate) fn renew(&mut self) -> bool {
        self.announced.clone_from(&self.seen);
        let Some(map) = self.map(self.version) else { return false };
        // Behind the packet's header, which holds the counter.
        let differs = self.last.is_some_and(|last| last[4..] != map[4..]);
        if differs {
            // A player reads a map of another version only.
            self.version = self.version.wrapping_add(1);
        }
        self.last = self.map(self.version);
        differs
    }

    /// The two packets. Their counters go on from part to part and from segment to segment (3.1.1).
    pub(crate) fn packets(&mut self) -> Bytes {
        let (Some(program), Some(map)) = (&self.program, self.map(self.version)) else { return Bytes::new() };
        let pat = pat_packet(program, self.counter);
        self.counter = self.counter.wrapping_add(1);
        Bytes::from([pat, map].concat())
    }

    fn map(&self, version: u8) -> Option<[u8; PACKET_LEN]> {
        let program = self.program.as_ref()?;
        let tracks = passed(program).filter(|track| self.announced.contains(&track.pid));
        Some(pmt_packet(program, tracks, version, self.counter))
    }
}

/// The tracks whose packets are passed on.
fn passed(program: &Program) -> impl Iterator<Item = &Track> {
    program.tracks.iter().enumerate().filter(|(n, _)| program.is_passed(*n)).map(|(_, track)| track)
}

/// What else our own tables say of a program.
fn clocked(program: &Program) -> (u16, Pid, Pid) {
    (program.number, program.pmt_pid, program.pcr_pid)
}
