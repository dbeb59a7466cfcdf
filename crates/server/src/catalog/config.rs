//! The `[catalog]` section.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::config::{Secret, duration::Span, unset};

/// Channels are checked no more often by themselves: each check is a session at the engine.
const CHECK_LEAST: Duration = Duration::from_secs(600);

/// And at least so often, if at all: 30 days.
const CHECK_MOST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Where the playlists are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of `*.m3u` and `*.m3u8` files; `playlists` in the storage folder when not set.
    #[serde(with = "unset")]
    pub folder: Option<Place>,
    /// The address of a PostgreSQL database for what is kept; SQLite in the storage folder when not set.
    #[serde(with = "unset")]
    pub database_url: Option<Secret>,
    /// Whether a channel works is found out by playing it for a moment when it is not known for so long; not set: only
    /// when somebody asks for it.
    #[serde(with = "unset")]
    pub check_every: Option<Span>,
    /// Which channels that is done with.
    pub check_channels: ToCheck,
}

/// Which channels are checked by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToCheck {
    /// The favourites, and what was played last.
    #[default]
    Favourites,
    /// These first, then all others that lists show.
    All,
}

impl Config {
    /// Refuse what cannot work, with the name of its key.
    pub fn check(&self) -> anyhow::Result<()> {
        let Some(every) = self.check_every else { return Ok(()) };
        anyhow::ensure!(
            (CHECK_LEAST..=CHECK_MOST).contains(&every.0),
            "catalog.check_every: {every} is out of bounds, it takes {} to {}",
            Span(CHECK_LEAST),
            Span(CHECK_MOST)
        );
        Ok(())
    }
}

/// A path in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub PathBuf);

impl FromStr for Place {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_neither_too_frequent_nor_never() {
        let checked = |text: &str| {
            let config = Config { check_every: Some(text.parse().unwrap()), ..Config::default() };
            config.check().map_err(|error| error.to_string())
        };

        assert_eq!((checked("10m"), checked("24h"), checked("720h")), (Ok(()), Ok(()), Ok(())));
        for text in ["599s", "721h", "0s"] {
            assert!(checked(text).unwrap_err().starts_with("catalog.check_every: "), "{text}");
        }
        assert!(Config::default().check().is_ok());
    }
}
