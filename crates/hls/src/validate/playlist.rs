//! A media playlist as it was read, however bad it is.

use std::{ops::Range, time::Duration};

use super::value::Date;

/// A media playlist. What is missing or makes no sense is `None`, zero or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Playlist {
    /// `EXT-X-TARGETDURATION`.
    pub target_duration: Option<Duration>,
    /// `EXT-X-MEDIA-SEQUENCE`: the number of the first segment, of those skipped if there are some.
    pub media_sequence: u64,
    /// `EXT-X-DISCONTINUITY-SEQUENCE`.
    pub discontinuity_sequence: Option<u64>,
    /// `EXT-X-PLAYLIST-TYPE`.
    pub kind: Option<String>,
    /// `PART-TARGET` of `EXT-X-PART-INF`.
    pub part_target: Option<Duration>,
    /// `EXT-X-SERVER-CONTROL`.
    pub server_control: Option<ServerControl>,
    /// How many segments `EXT-X-SKIP` stands for.
    pub skipped: u64,
    /// The segments that are whole, oldest first.
    pub segments: Vec<Segment>,
    /// What stands behind the last of them: the parts of a segment to come. It has no URI.
    pub growing: Segment,
    /// `EXT-X-PRELOAD-HINT`.
    pub hints: Vec<Hint>,
    /// `EXT-X-RENDITION-REPORT`.
    pub reports: Vec<RenditionReport>,
    /// Whether there is `EXT-X-INDEPENDENT-SEGMENTS`.
    pub is_independent: bool,
    /// Whether there is `EXT-X-ENDLIST`.
    pub is_over: bool,
}

/// A media segment in a playlist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// The line of its URI, or of the first tag that is about it.
    pub line: usize,
    /// Its media sequence number.
    pub number: u64,
    /// As it stands there; empty for a segment that is not whole.
    pub uri: String,
    /// `EXTINF`.
    pub duration: Duration,
    /// Whether `EXT-X-DISCONTINUITY` stands in front of it.
    pub discontinuity: bool,
    /// `EXT-X-PROGRAM-DATE-TIME`.
    pub date: Option<Date>,
    /// Whether it is a piece of a resource (`EXT-X-BYTERANGE`).
    pub is_range: bool,
    /// Which bytes that are, never none, where it can be told.
    pub range: Option<Range<u64>>,
    /// Whether it is not there (`EXT-X-GAP`).
    pub gap: bool,
    /// Those of its parts that are listed.
    pub parts: Vec<Part>,
}

/// A partial segment in a playlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its line.
    pub line: usize,
    /// As it stands there.
    pub uri: String,
    /// How long it plays.
    pub duration: Duration,
    /// `INDEPENDENT=YES`.
    pub independent: bool,
    /// Whether it is a piece of a resource (`BYTERANGE`).
    pub is_range: bool,
    /// Which bytes that are, never none, where it can be told.
    pub range: Option<Range<u64>>,
    /// Whether it is not there (`GAP=YES`).
    pub gap: bool,
}

/// What `EXT-X-SERVER-CONTROL` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerControl {
    /// Its line.
    pub line: usize,
    /// `CAN-BLOCK-RELOAD=YES`.
    pub can_block: bool,
    /// `CAN-SKIP-UNTIL`.
    pub can_skip_until: Option<Duration>,
    /// `CAN-SKIP-DATERANGES=YES`.
    pub can_skip_dates: bool,
    /// `HOLD-BACK`.
    pub hold_back: Option<Duration>,
    /// `PART-HOLD-BACK`.
    pub part_hold_back: Option<Duration>,
}

/// What `EXT-X-PRELOAD-HINT` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Its line.
    pub line: usize,
    /// `PART` or `MAP`.
    pub kind: String,
    /// As it stands there.
    pub uri: String,
    /// Whether it is a piece of a resource.
    pub is_range: bool,
}

/// What `EXT-X-RENDITION-REPORT` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenditionReport {
    /// Its line.
    pub line: usize,
    /// As it stands there.
    pub uri: String,
    /// `LAST-MSN`.
    pub last_segment: Option<u64>,
    /// `LAST-PART`.
    pub last_part: Option<u64>,
}

impl Playlist {
    /// Whether it has anything of low latency.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        self.part_target.is_some() || self.with_growing().any(|segment| !segment.parts.is_empty())
    }

    /// The segments, and the one that is not whole.
    pub fn with_growing(&self) -> impl Iterator<Item = &Segment> + Clone {
        self.segments.iter().chain([&self.growing])
    }

    /// How long the whole segments listed play.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.segments.iter().map(|segment| segment.duration).sum()
    }

    /// The number of the first segment listed behind those skipped.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.media_sequence.saturating_add(self.skipped)
    }

    /// The whole segments, newest first, and how far the end of each is from the end of the playlist.
    pub(super) fn distances(&self) -> impl Iterator<Item = (&Segment, Duration)> {
        self.segments.iter().rev().scan(self.growing.parts_duration(), |behind, segment| {
            let distance = *behind;
            *behind += segment.duration;
            Some((segment, distance))
        })
    }
}

impl Segment {
    /// How long its parts play.
    #[must_use]
    pub fn parts_duration(&self) -> Duration {
        self.parts.iter().map(|part| part.duration).sum()
    }
}
