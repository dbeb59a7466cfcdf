//! Times as XMLTV writes them: `20261127204500 +0100`, and as others do, as seconds since 1970 UTC.

use std::fmt;

use crate::input::{trim, trim_start};

const DAY: i64 = 86_400;

/// The names of zones that guides use, in minutes east of Greenwich.
const ZONES: [(&str, i64); 44] = [
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("MET", 60),
    ("MEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("TRT", 180),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("AKST", -540),
    ("AKDT", -480),
    ("HST", -600),
    ("AST", -240),
    ("ADT", -180),
    ("NST", -210),
    ("NDT", -150),
    ("BRT", -180),
    ("ART", -180),
    ("CLT", -240),
    ("CLST", -180),
    ("AEST", 600),
    ("AEDT", 660),
    ("ACST", 570),
    ("ACDT", 630),
    ("AWST", 480),
    ("NZST", 720),
    ("NZDT", 780),
    ("JST", 540),
    ("KST", 540),
    ("SGT", 480),
    ("HKT", 480),
    ("Z", 0),
];

/// Read a time with as many fields as it has, down to the year alone.
///
/// `zone` is where it is meant when it does not say: seconds east of Greenwich. `None` for what is no time.
#[must_use]
pub fn parse(text: &str, zone: i32) -> Option<i64> {
    let text = trim(text);
    let mut rest = text.as_bytes();
    let year = digits::<4>(&mut rest)?;
    let mut fields = [1, 1, 0, 0, 0];
    // ISO 8601 puts these in front of month, day, hour, minute and second.
    for (field, marks) in fields.iter_mut().zip([&b"-"[..], b"-", b"T t", b":", b":"]) {
        let Some(value) = field_behind(&mut rest, marks) else { break };
        *field = value;
    }
    let [month, day, hour, minute, second] = fields;
    let tidy = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let in_day = hour * 3600 + minute * 60 + second;
    if !tidy || minute > 59 || second > 60 || in_day > DAY {
        return None;
    }
    let zone = offset(&text[text.len() - rest.len()..], zone)?;
    Some(days(year, month, day) * DAY + in_day - zone)
}

/// Two digits, with a mark in front of them or without.
fn field_behind(rest: &mut &[u8], marks: &[u8]) -> Option<i64> {
    let mut behind = match rest {
        [mark, behind @ ..] if !mark.is_ascii_digit() && marks.contains(mark) => behind,
        _ => rest,
    };
    let value = digits::<2>(&mut behind)?;
    *rest = behind;
    Some(value)
}

/// The number that the next digits make; they are taken.
fn digits<const N: usize>(rest: &mut &[u8]) -> Option<i64> {
    let (next, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    number(next)
}

/// The number that all of `text` is: one of nine digits at most, as no part of a time has more.
fn number(text: &[u8]) -> Option<i64> {
    let all = text.iter().all(u8::is_ascii_digit) && matches!(text.len(), 1..=9);
    all.then(|| text.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Seconds east of Greenwich: `+0100`, `+01:00`, `+1`, `UTC+1`, `CET`, nothing.
fn offset(text: &str, zone: i32) -> Option<i64> {
    // Fractions of a second.
    let text =
        text.strip_prefix('.').map_or(text, |behind| behind.trim_start_matches(|c: char| c.is_ascii_digit()));
    let text = trim(trim_start(text));
    if text.is_empty() {
        return Some(zone.into());
    }
    let name = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, behind) = text.split_at(name);
    if name.is_empty() {
        return signed(text.as_bytes());
    }
    let seconds = self::zone(name)?;
    if behind.is_empty() { Some(seconds) } else { signed(behind.as_bytes()).filter(|_| seconds == 0) }
}

/// Seconds east of Greenwich of a zone that is called so.
pub(crate) fn zone(name: &str) -> Option<i64> {
    ZONES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, minutes)| minutes * 60)
}

fn signed(text: &[u8]) -> Option<i64> {
    let (sign, text) = text.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match text.iter().position(|c| *c == b':') {
        Some(colon) => (&text[..colon], &text[colon + 1..]),
        None if text.len() > 2 => text.split_at(text.len() - 2),
        None => (text, &b"0"[..]),
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar.
///
/// The year is taken to begin in March, so that the leap day is its last; the 153 days of five months from there on
/// repeat, whence the fraction.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719468 days from the March of year 0.
    year * 365 + leap_days + (since_march * 153 + 2) / 5 + day - 1 - 719_468
}

pub(crate) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A time written as XMLTV wants it: `20261127194500 +0000`. Times outside the years 0 to 9999 become the nearest in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written(
    /// Seconds since 1970 UTC.
    pub i64,
);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.clamp(days(0, 1, 1) * DAY, days(10_000, 1, 1) * DAY - 1);
        let (day, in_day) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, date) = civil(day);
        let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
        write!(f, "{year:04}{month:02}{date:02}{hour:02}{minute:02}{second:02} +0000")
    }
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    // 146097 days have 400 years. The guess is at most a year off.
    let mut year = 1970 + day * 400 / 146_097;
    while days(year, 1, 1) > day {
        year -= 1;
    }
    while days(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= day).unwrap_or(1);
    (year, month, day - days(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-11-27 20:45:00 UTC, by `date -u -d … +%s`.
    const EVENING: i64 = 1_795_812_300;

    #[test]
    fn times_are_read_in_all_the_ways_they_are_written() {
        for text in [
            "20261127204500 +0000",
            "20261127204500",
            "202611272045",
            "20261127214500 +0100",
            "20261127214500 +01:00",
            "20261127214500+0100",
            "20261127214500 +1",
            "20261127214500 CET",
            "20261127154500 EST",
            "20261127181500 -0230",
            "20261127204500 Z",
            "20261127204500 UTC",
            "20261127224500 GMT+2",
            "2026-11-27 20:45:00",
            "2026-11-27T20:45:00.000Z",
            "2026-11-27T21:45:00+01:00",
            " 20261127204500 ",
            "\u{A0}20261127214500\u{A0}+0100\u{3000}",
        ] {
            assert_eq!(parse(text, 0), Some(EVENING), "{text:?}");
        }
        assert_eq!(parse("20261127214500", 3600), Some(EVENING));
        assert_eq!(parse("20261127204500 +0000", 3600), Some(EVENING));
    }

    #[test]
    fn what_a_time_does_not_say_is_its_beginning() {
        let hour = EVENING - 45 * 60;
        assert_eq!(parse("2026112720", 0), Some(hour));
        assert_eq!(parse("20261127", 0), Some(hour - 20 * 3600));
        assert_eq!(parse("20261127 +0100", 0), Some(hour - 21 * 3600));
        assert_eq!(parse("202611", 0), Some(hour - 20 * 3600 - 26 * DAY));
        assert_eq!(parse("2026", 0), Some(1_767_225_600));
        assert_eq!(parse("19700101", 0), Some(0));
        assert_eq!(parse("20240229240000", 0), parse("20240301", 0));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "tomorrow",
            "202",
            "20261301",
            "20260229",
            "20261127204561",
            "20261127206000",
            "20261127240001",
            "20261127204500 XYZ",
            "20261127204500 0100",
            "20261127204500 +99",
            "20261127204500 +",
            "20261127204500 é",
            "20261127204500 CET+1",
        ] {
            assert_eq!(parse(text, 0), None, "{text:?}");
        }
    }

    #[test]
    fn times_outside_the_calendar_are_written_as_its_ends() {
        assert_eq!(Written(EVENING).to_string(), "20261127204500 +0000");
        assert_eq!(Written(i64::MIN).to_string(), "00000101000000 +0000");
        assert_eq!(Written(i64::MAX).to_string(), "99991231235959 +0000");
    }

    proptest! {
        #[test]
        fn a_time_that_is_written_is_read_again(time in -62_167_219_200_i64..253_402_300_800) {
            prop_assert_eq!(parse(&Written(time).to_string(), 3600), Some(time));
        }

        #[test]
        fn no_text_is_too_strange(text in any::<String>(), digits in "[0-9 +:TZ.-]{0,24}") {
            let _ = (parse(&text, 0), parse(&digits, 0));
        }
    }
}
