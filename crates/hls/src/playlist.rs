//! The text of a media playlist (RFC 8216bis, section 4).

use std::{
    fmt::{self, Write},
    time::{Duration, SystemTime},
};

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
    /// When its first picture came. Only a live playlist says so.
    pub date: SystemTime,
}

impl From<&Segment> for Entry {
    fn from(segment: &Segment) -> Self {
        let Segment { number, duration, discontinuity, date, .. } = *segment;
        Self { number, duration, discontinuity, date }
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
    for Entry { number, duration, discontinuity, date } in entries {
        if discontinuity {
            writeln!(text, "#EXT-X-DISCONTINUITY")?;
        }
        // Players of recordings show how far into it they are, and nobody looks at the day it was packaged.
        if head.kind.is_none() {
            writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", Date(date))?;
        }
        writeln!(text, "#EXTINF:{:.6},\nsegment_{number}.ts", duration.as_secs_f64())?;
    }
    if over {
        writeln!(text, "#EXT-X-ENDLIST")?;
    }
    Ok(())
}

/// A moment as `EXT-X-PROGRAM-DATE-TIME` writes it (ISO 8601, UTC, milliseconds).
pub(crate) struct Date(pub(crate) SystemTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
            since.subsec_millis()
        )
    }
}

/// Year, month and day of the day that is `days` behind 1970-01-01, in the Gregorian calendar, counted in eras of 400
/// years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day_of_month)
}

/// `duration` as it is compared with the target duration: the nearest whole second (4.4.3.1).
pub(crate) fn rounded(duration: Duration) -> u32 {
    u32::try_from((duration + Duration::from_millis(500)).as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let date = |seconds, millis| {
            let since = Duration::from_secs(seconds) + Duration::from_millis(millis);
            Date(SystemTime::UNIX_EPOCH + since).to_string()
        };
        assert_eq!(date(0, 7), "1970-01-01T00:00:00.007Z");
        assert_eq!(date(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(date(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(date(1_709_251_199, 0), "2024-02-29T23:59:59.000Z");
        assert_eq!(date(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
    }
}
