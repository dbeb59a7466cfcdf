//! The channels: M3U playlists in a folder, read when asked for; what was made of them is kept until the
//! file changes, or others need the room.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::config::unset;

pub mod index;

mod folder;
mod kept;

pub use folder::{Error, Folder, MAX_BYTES};

/// Where the playlists are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of `*.m3u` and `*.m3u8` files; `playlists` in the storage folder when not set.
    #[serde(with = "unset")]
    pub folder: Option<Place>,
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

/// The name of a playlist: its file's, without the extension. Never a way out of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no name of a playlist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a playlist's name has 1 to 200 bytes, does not begin with a dot and holds no slash, backslash or control"
)]
pub struct InvalidName;

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let odd = |c: char| c == '/' || c == '\\' || c.is_control();
        if text.is_empty() || text.len() > 200 || text.starts_with('.') || text.contains(odd) {
            return Err(InvalidName);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        for text in ["", ".", "..", "../etc", "a/b", "a\\b", "a\0", ".hidden", &"x".repeat(201)] {
            assert_eq!(text.parse::<Name>(), Err(InvalidName), "{text:?}");
        }
        for text in ["news", "TV España (HD)", "a..b", "demo.old"] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
    }
}
