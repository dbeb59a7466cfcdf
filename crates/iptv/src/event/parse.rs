//! Days and times, each in a word or two.

use super::Day;
use crate::xmltv::time::days_in;

/// What a clock shows, in 12 or in 24 hours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) hour: u8,
    pub(super) minute: u8,
}

/// Half of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Am,
    Pm,
}

impl Clock {
    /// In 24 hours, when this is in 12.
    pub(super) fn in_half(self, half: Half) -> Option<Self> {
        let hour = (1..=12).contains(&self.hour).then_some(self.hour % 12)?;
        Some(Self { hour: if half == Half::Pm { hour + 12 } else { hour }, ..self })
    }
}

/// `AM`, `p.m`.
pub(super) fn half(word: &str) -> Option<Half> {
    match word.to_ascii_lowercase().as_str() {
        "am" | "a.m" => Some(Half::Am),
        "pm" | "p.m" => Some(Half::Pm),
        _ => None,
    }
}

/// What some write behind a time.
pub(super) fn is_hour(word: &str) -> bool {
    ["h", "hs", "hrs", "uhr"].iter().any(|it| word.eq_ignore_ascii_case(it))
}

/// `21:00`, `21:00h`, `9:00pm`, `9pm`, `21h00`.
pub(super) fn time(word: &str) -> Option<Clock> {
    let end = word.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (clock, behind) = word.split_at(end);
    let half = half(behind);
    let tidy = half.is_some() || behind.is_empty() || is_hour(behind);
    let (hour, minute) = match clock.split_once([':', 'h', 'H']) {
        Some((hour, minute)) => (number(hour, 1..=2)?, number(minute, 2..=2)?),
        None => (number(clock, 1..=2).filter(|_| half.is_some())?, 0),
    };
    let hour = u8::try_from(hour).ok().filter(|hour| *hour < 24)?;
    let minute = u8::try_from(minute).ok().filter(|minute| *minute < 60)?;
    let clock = tidy.then_some(Clock { hour, minute })?;
    half.map_or(Some(clock), |half| clock.in_half(half))
}

/// `27/11`, `27.11`, `27/11/26`, `27-11-2026`, `2026-11-27`. Day or month comes first, as it can be; in doubt the day.
pub(super) fn date(word: &str) -> Option<Day> {
    let mark = word.chars().find(|c| !c.is_ascii_digit()).filter(|c| "/.-".contains(*c))?;
    let mut parts = word.split(mark);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    if let (Some(year), Some(third)) = (number(first, 4..=4), third) {
        return day(Some(year), number(second, 1..=2)?, number(third, 1..=2)?);
    }
    let year = match third {
        Some(year) => Some(number(year, 4..=4).or_else(|| Some(2000 + number(year, 2..=2)?))?),
        // `5-1` is a result.
        None => (mark != '-').then_some(None)?,
    };
    let (first, second) = (number(first, 1..=2)?, number(second, 1..=2)?);
    if second > 12 { day(year, first, second) } else { day(year, second, first) }
}

/// `27` and `Nov`, `27th` and `November`, in some languages.
pub(super) fn day_and_month(date: &str, month: &str) -> Option<Day> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "ene", "gen"],
        &["feb", "fev", "fév"],
        &["mar", "mär"],
        &["apr", "abr", "avr"],
        &["may", "mai", "mag"],
        &["jun", "jui", "giu"],
        &["jul", "lug"],
        &["aug", "ago", "aou", "aoû"],
        &["sep", "set"],
        &["oct", "okt", "out", "ott"],
        &["nov"],
        &["dec", "dic", "dez", "déc"],
    ];
    let month = month.to_lowercase();
    let begin: String = month.chars().take(3).collect();
    let place = MONTHS.iter().position(|names| names.contains(&begin.as_str()))?;
    // French has two months that begin alike.
    let place = if month.starts_with("juil") { 6 } else { place };
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|end| date.strip_suffix(end)).unwrap_or(date);
    day(None, u16::try_from(place + 1).ok()?, number(digits, 1..=2)?)
}

fn day(year: Option<u16>, month: u16, day: u16) -> Option<Day> {
    // A leap year, where it does not say.
    let longest = days_in(year.unwrap_or(2000).into(), month.into());
    let is_day = (1..=12).contains(&month) && day >= 1 && i64::from(day) <= longest;
    let is_near = year.is_none_or(|year| (1970..2200).contains(&year));
    (is_day && is_near).then_some(Day { year, month: month.try_into().ok()?, day: day.try_into().ok()? })
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let tidy = digits.contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    tidy.then(|| text.parse().ok()).flatten()
}
