//! Whether a source repeats what it played, where its engine does not say so.
//!
//! Time jumps back in a source that was lost and begins anew, too; only one that repeats itself lands on the very same
//! pictures twice. Looked at is the beginning of segments behind a break, which is rare.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hasher as _},
    mem,
};

use hls::Segment;
use mpegts::PACKET_LEN;

use super::splice::TABLES;

/// As many breaks are remembered.
const REMEMBERED: usize = 8;

/// So many packets are no coincidence.
const PACKETS: usize = 64;

/// Where the breaks of one connection led to.
#[derive(Debug, Default)]
pub(super) struct Loops {
    landings: VecDeque<u64>,
    found: bool,
}

impl Loops {
    /// `segment` was closed.
    pub(super) fn note(&mut self, segment: &Segment) {
        if !segment.discontinuity {
            return;
        }
        let landing = fingerprint(segment);
        self.found |= self.landings.contains(&landing);
        self.landings.push_front(landing);
        self.landings.truncate(REMEMBERED);
    }

    /// Whether the source was found to repeat itself since this was last asked.
    pub(super) fn take(&mut self) -> bool {
        mem::take(&mut self.found)
    }

    /// The source was connected anew: it may begin where it did before.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }
}

/// The packets that a segment begins with behind our tables, but for their headers' last byte: who repeats pictures may count on.
fn fingerprint(segment: &Segment) -> u64 {
    let bytes = segment.chunks().flat_map(|chunk| chunk.iter().copied());
    let bytes: Vec<u8> = bytes.skip(TABLES * PACKET_LEN).take(PACKETS * PACKET_LEN).collect();
    let mut hasher = DefaultHasher::new();
    for packet in bytes.chunks_exact(PACKET_LEN) {
        hasher.write(&packet[..3]);
        hasher.write(&packet[4..]);
    }
    hasher.finish()
}
