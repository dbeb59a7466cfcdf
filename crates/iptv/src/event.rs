//! The day and the hour in the name of a channel that shows one event: `27/11 21:00 A vs B`, `A v B @ 9:00 PM`.
//!
//! No clock is asked: which year, or which day, is meant when the name does not say is for the caller to decide.
//!
//! ```
//! let event = iptv::event::find("Event 5: 27/11 21:00 A vs B").unwrap();
//! assert_eq!((event.title.as_str(), event.time), ("Event 5: A vs B", Some((21, 0))));
//! assert_eq!(event.day, Some(iptv::event::Day { year: None, month: 11, day: 27 }));
//! assert_eq!(iptv::event::find("Canal 24h"), None);
//! ```

mod parse;
mod words;

use parse::{date, day_and_month, half, is_hour, time};
use words::{Word, words};

use crate::xmltv::time::zone;

/// A name longer than this is no name, in bytes.
const NAME_MAX: usize = 1024;

/// What a name says of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The day, if the name says it.
    pub day: Option<Day>,
    /// Hour and minute, in 24 hours, if the name says them. One of day and time is there.
    pub time: Option<(u8, u8)>,
    /// The zone of the time, in seconds east of Greenwich, if the name says it (`CET`).
    pub zone: Option<i32>,
    /// The name without all that.
    pub title: String,
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The year, if the name says it.
    pub year: Option<u16>,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, and in the month.
    pub day: u8,
}

/// Find an event in the name of a channel.
///
/// A time at the end of a name (`Radio 10:10`) is part of it, unless there is a day or something that parts it from
/// the rest (`@`, `-`, `|`) or two that meet (`A v B`). So is a day without a year or a time: `Friends 24/7`.
#[must_use]
pub fn find(name: &str) -> Option<Event> {
    if name.len() > NAME_MAX {
        return None;
    }
    let words = words(name);
    let mut found = Found::default();
    let mut at = 0;
    while at < words.len() {
        at += found.take(&words[at..]).max(1);
    }
    found.is_event(name, &words).then(|| found.event(name))
}

/// What was found so far, and where.
#[derive(Debug, Default)]
struct Found {
    day: Option<Day>,
    time: Option<(u8, u8)>,
    zone: Option<i32>,
    /// What is no part of the title.
    taken: Vec<(usize, usize)>,
    /// Where the time stands.
    time_at: Option<(usize, usize)>,
}

impl Found {
    /// Take what the words begin with; says how many it takes.
    fn take(&mut self, words: &[Word<'_>]) -> usize {
        let taken = self.take_time(words).or_else(|| self.take_day(words)).unwrap_or(0);
        if let [first, .., last] | [first @ last] = &words[..taken] {
            self.taken.push((first.start, last.end()));
        }
        taken
    }

    fn take_time(&mut self, words: &[Word<'_>]) -> Option<usize> {
        let [first, behind @ ..] = words else { return None };
        if self.time.is_some() {
            return None;
        }
        let next = behind.first().map_or("", |word| word.text);
        let (clock, mut taken) = match time(first.text) {
            Some(clock) => half(next).map_or(Some((clock, 1)), |half| Some((clock.in_half(half)?, 2)))?,
            // `9 PM`
            None => (time(&format!("{}:00", first.text))?.in_half(half(next)?)?, 2),
        };
        self.time = Some((clock.hour, clock.minute));
        // `20:45 Uhr`
        taken += usize::from(words.get(taken).is_some_and(|word| is_hour(word.text)));
        if let Some(zone) = words.get(taken).and_then(|word| zone_of(word.text)) {
            (self.zone, taken) = (Some(zone), taken + 1);
        }
        self.time_at = Some((first.start, words[taken - 1].end()));
        Some(taken)
    }

    fn take_day(&mut self, words: &[Word<'_>]) -> Option<usize> {
        let [first, behind @ ..] = words else { return None };
        if self.day.is_some() {
            return None;
        }
        let next = behind.first().map_or("", |word| word.text);
        // `2026-11-27T20:45`
        let (whole, clock) =
            first.text.split_once('T').map_or((first.text, None), |(day, clock)| (day, time(clock)));
        if let Some(day) = date(whole) {
            self.day = Some(day);
            if let Some(clock) = clock {
                self.time = Some((clock.hour, clock.minute));
            }
            return Some(1);
        }
        self.day = Some(day_and_month(first.text, next).or_else(|| day_and_month(next, first.text))?);
        Some(2)
    }

    fn is_event(&self, name: &str, words: &[Word<'_>]) -> bool {
        let meet = words
            .iter()
            .any(|word| ["v", "vs", "vs.", "x"].iter().any(|v| word.text.eq_ignore_ascii_case(v)));
        let Some((start, end)) = self.time_at else {
            // A day alone: one with a year, or one on which two meet.
            return self.day.is_some_and(|day| day.year.is_some() || self.time.is_some() || meet);
        };
        let before = name[..start].trim_end();
        let at_end = name[end..].chars().all(|c| !c.is_alphanumeric());
        let parted = before.ends_with(['@', '-', '–', '|', ':', '(', '[', '/']);
        self.day.is_some() || meet || !at_end || (parted && !before.is_empty())
    }

    fn event(&self, name: &str) -> Event {
        let mut title = String::with_capacity(name.len());
        let mut from = 0;
        for (start, end) in &self.taken {
            title.push_str(&name[from..*start]);
            title.push(' ');
            from = *end;
        }
        title.push_str(&name[from..]);
        Event { day: self.day, time: self.time, zone: self.zone, title: tidy(&title) }
    }
}

fn zone_of(word: &str) -> Option<i32> {
    let is_name = word.len() >= 3 && word.bytes().all(|c| c.is_ascii_uppercase());
    is_name.then(|| zone(word)).flatten().and_then(|seconds| seconds.try_into().ok())
}

/// Without empty brackets and the marks that parted what was taken out.
fn tidy(title: &str) -> String {
    let title = without_empty(&without_empty(title, '(', ')'), '[', ']');
    let title = title.trim_matches(|c: char| c.is_whitespace() || "-–|:@,;/".contains(c));
    title.trim_start_matches('.').split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without brackets in which no word stands.
fn without_empty(title: &str, open: char, close: char) -> String {
    let mut pieces = title.split(open);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once(close) {
            Some((inner, behind)) if !inner.contains(char::is_alphanumeric) => text.push_str(behind),
            _ => text.extend([open.encode_utf8(&mut [0; 4]), piece]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Said<'a> = (Option<(Option<u16>, u8, u8)>, Option<(u8, u8)>, &'a str);

    fn said<'a>(event: &'a Option<Event>) -> Option<Said<'a>> {
        let Event { day, time, title, .. } = event.as_ref()?;
        Some((day.map(|it| (it.year, it.month, it.day)), *time, title))
    }

    #[test]
    fn events_are_found_however_they_are_written() {
        let november = Some((None, 11, 27));
        let this_year = Some((Some(2026), 11, 27));
        for (name, day, time, title) in [
            ("Event 21:00 A - B", None, Some((21, 0)), "Event A - B"),
            ("27/11 21:00 A vs B", november, Some((21, 0)), "A vs B"),
            ("2026-11-27 20:45 A - B", this_year, Some((20, 45)), "A - B"),
            ("A v B @ 9:00 PM", None, Some((21, 0)), "A v B"),
            ("21h00 A v B", None, Some((21, 0)), "A v B"),
            ("A v B (27.11.2026, 20:45 Uhr)", this_year, Some((20, 45)), "A v B"),
            ("27.11. 20:45 A - B", november, Some((20, 45)), "A - B"),
            ("11/27 8:05am A x B", november, Some((8, 5)), "A x B"),
            ("27 Nov 9 PM: A v B", november, Some((21, 0)), "A v B"),
            ("A - B | November 27th | 12:30 AM", november, Some((0, 30)), "A - B"),
            ("27 de noviembre", None, None, ""),
            ("Liga: A-B - 21:00h", None, Some((21, 0)), "Liga: A-B"),
            ("2026-11-27T20:45 A", this_year, Some((20, 45)), "A"),
            ("A vs B 27/11", november, None, "A vs B"),
            ("Gala 27-11-2026", this_year, None, "Gala"),
            ("21:00 Cup", None, Some((21, 0)), "Cup"),
            ("Cup [21:00]", None, Some((21, 0)), "Cup"),
            ("24/7 21:00 A v B", Some((None, 7, 24)), Some((21, 0)), "A v B"),
        ] {
            let expected = (day.is_some() || time.is_some()).then_some((day, time, title));
            assert_eq!(said(&find(name)), expected, "{name}");
        }
    }

    #[test]
    fn the_zone_of_a_time_is_told() {
        let event = find("A v B 21:00 CET").unwrap();

        assert_eq!((event.zone, event.title.as_str()), (Some(3600), "A v B"));
    }

    #[test]
    fn names_of_channels_are_no_events() {
        for name in [
            "Canal 24h",
            "Canal 24 h",
            "Radio 10:10",
            "Friends 24/7",
            "Part 1/2",
            "5.1 Radio",
            "La 1",
            "M6 1080p50",
            "BBC One",
            "24 Horas",
            "Channel 4 +1",
            "",
            "21:75",
            "25:00 A v",
            "3/24",
            "TV3 16:9 x",
            "Mar 1",
            "PM 9",
            "Event 12",
        ] {
            assert_eq!(find(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_can_be_looked_at(name in any::<String>(), likely in "[0-9 :/.@-]{0,9}[apv ]{0,3}[0-9:hT-]{0,9}") {
            for name in [name, likely] {
                if let Some(Event { day, time, .. }) = find(&name) {
                    prop_assert!(day.is_some() || time.is_some());
                    prop_assert!(time.is_none_or(|(hour, minute)| hour < 24 && minute < 60));
                    prop_assert!(day.is_none_or(|day| (1..=12).contains(&day.month) && (1..=31).contains(&day.day)));
                }
            }
        }
    }
}
