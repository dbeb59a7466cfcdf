//! One media segment.

use std::time::Duration;

use bytes::Bytes;

/// A media segment: a few seconds of the program, never changed once it is there.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its media sequence number.
    pub number: u64,
    /// How long it plays.
    pub duration: Duration,
    /// Whether it does not continue the one before: `EXT-X-DISCONTINUITY` stands in front of it.
    pub discontinuity: bool,
    /// Whether it begins where a decoder can start.
    pub independent: bool,
    pub(crate) chunks: Vec<Bytes>,
}

impl Segment {
    /// Its bytes, in pieces: PAT and PMT, then the packets as they were received.
    #[must_use]
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }

    /// Whether it has none, which no segment of a stream does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
