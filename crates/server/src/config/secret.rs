//! A text that no log, no error and no `--check` shows.

use std::{fmt, str::FromStr};

/// A password, or what holds one. `Debug` and `Display` show `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for whoever has to send it on.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `given` is this secret, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
        // An empty secret is never made, so the cycle below always has a byte to compare with.
        let differ = given.iter().zip(own.iter().cycle()).fold(0, |differ, (a, b)| differ | (a ^ b));
        std::hint::black_box(differ) == 0 && given.len() == own.len()
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() { Err("a password is not empty") } else { Ok(Self(text.to_owned())) }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_text_matches() {
        let secret: Secret = "open sesame".parse().unwrap();

        assert!(secret.matches(b"open sesame"));
        for wrong in [&b""[..], b"open", b"open sesam\xff", b"open sesameopen sesame", b"Open sesame"] {
            assert!(!secret.matches(wrong));
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret: Secret = "open sesame".parse().unwrap();

        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }
}
