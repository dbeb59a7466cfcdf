//! A playlist: where it comes from, and how its refreshes went.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Name;

/// Names a playlist for good, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaylistId(pub(super) i64);

/// Where a playlist comes from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Origin {
    /// An address that is asked again. Holds what it needs to let us in: never to be shown.
    Url {
        /// The whole address.
        url: String,
    },
    /// An account at a server that speaks Xtream codes.
    Xtream {
        /// The server's address.
        server: String,
        /// The account's name.
        username: String,
        /// Never to be shown.
        password: String,
    },
    /// A file or a text that was given once.
    Upload,
    /// A file in the folder of the playlists.
    Folder,
}

impl Origin {
    /// `url`, `xtream`, `upload` or `folder`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Url { .. } => "url",
            Self::Xtream { .. } => "xtream",
            Self::Upload => "upload",
            Self::Folder => "folder",
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl Playlist {
    /// Say that nothing is known of what it should hold, where nobody asks for that again: the server ended before it
    /// was read.
    pub(super) fn mark_unfinished(&mut self) {
        if self.origin == Origin::Upload && self.state.refreshed_at.is_none() {
            self.state
                .error
                .get_or_insert_with(|| "the server ended before it was read: upload it again".to_owned());
        }
    }
}

/// How the refreshes of a playlist went. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// When what it holds was read.
    pub refreshed_at: Option<i64>,
    /// When it was last tried.
    pub tried_at: Option<i64>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The validators of its server's last answer (RFC 9110, 8.8).
    pub etag: Option<String>,
    /// The same, by time.
    pub last_modified: Option<String>,
    /// A mark of the file it was read from.
    pub file: Option<String>,
    /// The guides that it names.
    pub guides: Vec<String>,
    /// How many lines could not be read.
    pub skipped_total: usize,
    /// The first of them.
    pub skipped: Vec<SkippedLine>,
    /// The list shrank so much that it was kept back: what it would have held.
    pub held_back: Option<usize>,
}

/// A line of a playlist that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SkippedLine {
    /// Which, counted from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// A playlist of the catalogue, without its channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playlist {
    /// Its name for the store.
    pub id: PlaylistId,
    /// What it is called.
    pub name: Name,
    /// Where it comes from.
    pub origin: Origin,
    /// Seconds between two refreshes, if it is refreshed.
    pub refresh_s: Option<u32>,
    /// How its refreshes went.
    pub state: State,
}
