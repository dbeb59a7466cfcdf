//! The `[catalog]` section.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::config::{Secret, unset};

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
