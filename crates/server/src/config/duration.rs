//! Durations as people write them: `"500ms"`, `"60s"`, `"2m"`, `"1h"`. For `#[serde(with = "config::duration")]`,
//! or as a [`Span`] where it may be left open.

use std::{fmt, str::FromStr, time::Duration};

use serde::{
    Deserializer, Serializer,
    de::{self, Visitor},
};

/// The units, longest first, in milliseconds.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Write `value` in the longest unit that holds it exactly; below a millisecond is cut off.
pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Span(*value))
}

/// A duration where it may be left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) =
            UNITS.into_iter().find(|(_, size)| ms > 0 && ms.is_multiple_of(*size)).unwrap_or(("s", 1_000));
        write!(f, "{}{unit}", ms / size)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).map(Self).ok_or_else(|| format!("{text:?} is no duration such as \"24h\" or \"30m\""))
    }
}

/// Read a whole number and its unit.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Text)
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration with its unit, such as \"60s\", \"500ms\" or \"2m\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = super::split_unit(text);
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(size)?))
}

/// The longest duration anything may be set to: a day. The clock can add it to any moment.
const LONGEST: Duration = Duration::from_secs(86_400);

/// Refuse a `value` of `key` that is shorter than `least`, or longer than a day.
pub fn check(key: &str, value: Duration, least: Duration) -> anyhow::Result<()> {
    anyhow::ensure!(
        (least..=LONGEST).contains(&value),
        "{key}: {value:?} is out of bounds, it takes {least:?} to 24h"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Deserialize, Serialize)]
    struct Holder(#[serde(with = "super")] Duration);

    #[test]
    fn durations_are_read_and_written_with_their_unit() {
        for text in ["500ms", "60001ms", "90s", "2m", "1h", "0s"] {
            let json = format!("\"{text}\"");
            let read: Holder = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
    }

    #[test]
    fn a_duration_without_a_unit_is_refused_with_an_example() {
        for json in ["60", "\"60\"", "\"s\"", "\"-1s\"", "\"1.5s\"", "\"99999999999999999999h\""] {
            let refused = serde_json::from_str::<Holder>(json).err().unwrap().to_string();
            assert!(refused.contains("such as \"60s\""), "{refused}");
        }
    }
}
