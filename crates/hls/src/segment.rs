//! One media segment, and the parts it is made of.

use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use bytes::Bytes;

/// A part of a segment (*partial segment*): what low-latency HLS delivers, never changed once it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How long it plays.
    pub duration: Duration,
    /// Whether it holds a picture that a decoder can start at: `INDEPENDENT=YES`.
    pub independent: bool,
    chunks: Vec<Bytes>,
    /// Of all chunks together: it is asked for again and again.
    len: usize,
}

impl Part {
    pub(crate) fn new(duration: Duration, independent: bool, chunks: Vec<Bytes>) -> Self {
        let len = chunks.iter().map(Bytes::len).sum();
        Self { duration, independent, chunks, len }
    }

    /// Its bytes, in pieces: PAT and PMT, then the packets as they were received.
    #[must_use]
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none, which no part of a stream does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

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
    /// When its first picture came: `EXT-X-PROGRAM-DATE-TIME`. Goes on with the segments' durations where there is no
    /// discontinuity, and never back.
    pub date: SystemTime,
    /// What those who serve it keep with it.
    pub extra: Extra,
    pub(crate) parts: Vec<Arc<Part>>,
}

/// One thing that is kept with a segment, and goes when the segment does. A copy of the segment has none yet.
#[derive(Default)]
pub struct Extra(OnceLock<Box<dyn Any + Send + Sync>>);

impl Extra {
    /// The thing, made when it is first asked for. None where there is one of another type.
    pub fn get<T: Default + Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.get_or_init(|| Box::new(T::default())).downcast_ref()
    }
}

impl Clone for Extra {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extra").finish_non_exhaustive()
    }
}

impl Segment {
    /// Its bytes, in pieces: those of its parts, one behind the other.
    pub fn chunks(&self) -> impl Iterator<Item = &Bytes> {
        self.parts.iter().flat_map(|part| part.chunks())
    }

    /// The parts it is made of: one, where no parts were asked for.
    #[must_use]
    pub fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len()).sum()
    }

    /// Whether it has none, which no segment of a stream does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
