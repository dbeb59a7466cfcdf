//! Numbers and dates, as attribute values and tags have them (RFC 8216bis, 4.2).

use std::time::Duration;

/// Times beyond this many seconds (32 years) are no times of a playlist.
const LONGEST: u64 = 1_000_000_000;

/// A decimal integer of 64 bits, without a sign.
pub(super) fn integer(text: &str) -> Option<u64> {
    is_digits(text).then(|| text.parse().ok()).flatten()
}

/// A decimal number of seconds, exact to the nanosecond.
pub(super) fn decimal(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = integer(whole).filter(|&whole| whole <= LONGEST)?;
    if !is_digits(fraction) {
        return None;
    }
    let nanoseconds: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some(Duration::new(whole, nanoseconds.parse().ok()?))
}

/// Whole seconds, cut to what can be calculated with.
pub(super) fn whole_seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(LONGEST))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A date of `EXT-X-PROGRAM-DATE-TIME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Since 1970, UTC. Dates before it and time zones left out count as if they were none.
    pub since_epoch: Duration,
    /// Whether it names its time zone and is exact to the millisecond, as it should.
    pub(super) is_precise: bool,
}

impl Date {
    /// Read ISO 8601, such as `2026-11-25T03:52:33.120Z` or `2026-11-25T04:52:33.120+01:00`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('T')?;
        let at = time.find(['Z', '+', '-']).unwrap_or(time.len());
        let (time, zone) = time.split_at(at);
        let (hms, fraction) = time.split_once('.').unwrap_or((time, ""));
        let [hour, minute, second] = numbers(hms, ':', [2, 2, 2])?;
        let fraction_read = decimal(&format!("0.{fraction}0"))?;
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days(numbers(day, '-', [4, 2, 2])?)?;
        let local = days * 86_400 + i64::try_from(hour * 3_600 + minute * 60 + second).ok()?;
        let since_epoch = u64::try_from(local - offset(zone)?).unwrap_or(0);
        Some(Self {
            since_epoch: Duration::from_secs(since_epoch) + fraction_read,
            is_precise: !zone.is_empty() && fraction.len() >= 3,
        })
    }
}

/// Three numbers of these lengths.
fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[u64; 3]> {
    let mut found = [0; 3];
    let mut pieces = text.split(separator);
    for (number, length) in found.iter_mut().zip(lengths) {
        *number = integer(pieces.next().filter(|piece| piece.len() == length)?)?;
    }
    pieces.next().is_none().then_some(found)
}

/// Days from 1970 to this year, month and day: years begin in March, so that the leap day is the last.
fn days([year, month, day]: [u64; 3]) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let [year, month, day] = [year, month, day].map(|number| i64::try_from(number).unwrap_or(0));
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468,
    )
}

/// Seconds ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    let sign = match zone.chars().next() {
        None => return Some(0),
        Some('Z') => return (zone == "Z").then_some(0),
        Some('-') => -1,
        Some(_) => 1,
    };
    let digits = zone[1..].replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { 0 } else { integer(minutes).filter(|&minutes| minutes < 60)? };
    let ahead = integer(hours)?.checked_mul(3_600)? + minutes * 60;
    Some(sign * i64::try_from(ahead).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_have_no_sign() {
        assert_eq!(decimal("4"), Some(Duration::from_secs(4)));
        assert_eq!(decimal("0.32"), Some(Duration::from_millis(320)));
        assert_eq!(decimal("3.9999999999"), Some(Duration::new(3, 999_999_999)));
        for text in ["", ".5", "4.", "-1", "+1", "1e3", "1.5s", "99999999999", "1.²"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_in_any_time_zone() {
        let read = |text: &str| Date::read(text).map(|date| (date.since_epoch.as_millis(), date.is_precise));

        assert_eq!(read("2026-11-25T03:52:33.120Z"), Some((1_795_578_753_120, true)));
        assert_eq!(read("2026-11-25T04:52:33.120+01:00"), Some((1_795_578_753_120, true)));
        assert_eq!(read("2026-11-24T23:22:33.120-0430"), Some((1_795_578_753_120, true)));
        assert_eq!(read("2024-02-29T00:00:00.000+00"), Some((1_709_164_800_000, true)));
        assert_eq!(read("2026-11-25T03:52:33Z"), Some((1_795_578_753_000, false)));
        assert_eq!(read("2026-11-25T03:52:33.120"), Some((1_795_578_753_120, false)));
        for text in ["", "T", "2026-11-25", "2026-13-25T03:52:33Z", "2026-11-25T24:00:00Z", "26-11-25T0:0:0Z"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("2026-11-25T03:52:33.1é0Z"), None);
        assert_eq!(read("2026-11-25T03:52:33+0é"), None);
    }
}
