//! The text of a media playlist (RFC 8216bis, section 4).

use std::{fmt::Write, time::Duration};

use crate::Segment;

/// A segment as a playlist lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its media sequence number.
    pub number: u64,
    /// How long it plays.
    pub duration: Duration,
    /// Whether it does not continue the one before.
    pub discontinuity: bool,
}

impl From<&Segment> for Entry {
    fn from(segment: &Segment) -> Self {
        Self { number: segment.number, duration: segment.duration, discontinuity: segment.discontinuity }
    }
}

/// The playlist of a recording: all of its segments, and nothing to come.
#[must_use]
pub fn vod(entries: &[Entry]) -> String {
    let longest = entries.iter().map(|entry| rounded(entry.duration)).max().unwrap_or(0);
    let head = Head { target_duration: longest.max(1), discontinuity_sequence: None, kind: Some("VOD") };
    media(head, entries.iter().copied(), true)
}

/// What stands in front of the segments.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// Whole seconds.
    pub(crate) target_duration: u32,
    /// How many discontinuities left the list, where it had any.
    pub(crate) discontinuity_sequence: Option<u64>,
    pub(crate) kind: Option<&'static str>,
}

/// A media playlist with relative URIs; `over` says that no segment will follow.
pub(crate) fn media(head: Head, entries: impl Iterator<Item = Entry> + Clone, over: bool) -> String {
    let mut text = String::with_capacity(1_024);
    write(&mut text, head, entries, over).expect("a String takes everything");
    text
}

fn write(
    text: &mut String,
    head: Head,
    entries: impl Iterator<Item = Entry> + Clone,
    over: bool,
) -> std::fmt::Result {
    let first = entries.clone().next().map_or(0, |entry| entry.number);
    writeln!(text, "#EXTM3U\n#EXT-X-VERSION:3")?;
    if let Some(kind) = head.kind {
        writeln!(text, "#EXT-X-PLAYLIST-TYPE:{kind}")?;
    }
    writeln!(text, "#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{first}", head.target_duration)?;
    if let Some(sequence) = head.discontinuity_sequence {
        writeln!(text, "#EXT-X-DISCONTINUITY-SEQUENCE:{sequence}")?;
    }
    for Entry { number, duration, discontinuity } in entries {
        if discontinuity {
            writeln!(text, "#EXT-X-DISCONTINUITY")?;
        }
        writeln!(text, "#EXTINF:{:.6},\nsegment_{number}.ts", duration.as_secs_f64())?;
    }
    if over {
        writeln!(text, "#EXT-X-ENDLIST")?;
    }
    Ok(())
}

/// `duration` as it is compared with the target duration: the nearest whole second (4.4.3.1).
pub(crate) fn rounded(duration: Duration) -> u32 {
    u32::try_from((duration + Duration::from_millis(500)).as_secs()).unwrap_or(u32::MAX)
}
