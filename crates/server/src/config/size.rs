//! Sizes as people write them: `"512KiB"`, `"64MiB"`. For `#[serde(with = "config::size")]` on any integer, or as
//! a [`Size`] where it may be left open.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{
    Deserializer, Serializer,
    de::{self, Visitor},
    ser,
};

/// The units, longest first, in bytes.
const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Write `value` in the longest unit that holds it exactly.
pub fn serialize<T: Copy + TryInto<u64>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let bytes: u64 = (*value).try_into().map_err(|_| ser::Error::custom("a size fits 64 bits"))?;
    serializer.collect_str(&Written(bytes))
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Written(self.0 as u64).fmt(f)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = parse(text).and_then(|bytes| usize::try_from(bytes).ok());
        bytes
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no size such as \"64MiB\", \"512KiB\" or \"100B\""))
    }
}

/// A number of bytes in the longest unit that holds it exactly.
struct Written(u64);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = *self;
        let (unit, size) =
            UNITS.into_iter().find(|(_, size)| bytes.is_multiple_of(*size)).unwrap_or(("B", 1));
        write!(f, "{}{unit}", bytes / size)
    }
}

/// Read a whole number and its unit.
pub fn deserialize<'de, T: TryFrom<u64>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size with its unit, such as \"64MiB\", \"512KiB\" or \"100B\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        parse(text)
            .and_then(|bytes| T::try_from(bytes).ok())
            .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

fn parse(text: &str) -> Option<u64> {
    let (number, unit) = super::split_unit(text);
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(size)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize, Serialize)]
    struct Holder(#[serde(with = "super")] usize);

    #[test]
    fn sizes_are_read_and_written_with_their_unit() {
        for text in ["100B", "512KiB", "64MiB", "3GiB"] {
            let json = format!("\"{text}\"");
            let read: Holder = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
    }

    #[test]
    fn a_size_that_may_be_left_open_reads_and_writes_the_same() {
        for text in ["100B", "512KiB", "64MiB", "3GiB"] {
            assert_eq!(text.parse::<super::Size>().unwrap().to_string(), text);
        }
        assert!("64".parse::<super::Size>().unwrap_err().contains("such as \"64MiB\""));
    }

    #[test]
    fn a_size_without_a_unit_is_refused_with_an_example() {
        for json in ["64", "\"64\"", "\"64MB\"", "\"MiB\"", "\"99999999999GiB\""] {
            let refused = serde_json::from_str::<Holder>(json).err().unwrap().to_string();
            assert!(refused.contains("such as \"64MiB\""), "{refused}");
        }
    }
}
