//! The guide: what is on, by channel and by time. Programmes are in the store; which channel of a guide belongs to which
//! channel of the lists is decided in memory ([`Directory`]).

mod answers;
mod directory;
mod events;
mod refresh;
mod sources;
#[cfg(test)]
mod tests;
mod write;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Name, Origin};

pub use answers::{Grid, NowNext};
pub use directory::{By, Directory, Match, Matches};
pub use events::{Event, Found, Sought};
pub(super) use refresh::BACK;
pub use write::{BrokenOff, Pieces};

/// Names a guide for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GuideId(pub(super) i64);

/// A guide, without its programmes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Its name for the store.
    pub id: GuideId,
    /// What it is called.
    pub name: Name,
    /// Where it comes from.
    pub origin: Origin,
    /// Seconds between two refreshes, if it is refreshed.
    pub refresh_s: Option<u32>,
    /// The smaller, the sooner it is asked.
    pub priority: i64,
    /// How its refreshes went.
    pub state: GuideState,
    /// What of the store is this guide, if it was read.
    pub edition: Option<i64>,
}

/// How the refreshes of a guide went. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GuideState {
    /// When what it holds was read.
    pub refreshed_at: Option<i64>,
    /// When it was last tried.
    pub tried_at: Option<i64>,
    /// Why the last try failed.
    pub error: Option<String>,
    /// The validators of its server's last answer.
    pub etag: Option<String>,
    /// The same, by time.
    pub last_modified: Option<String>,
    /// How many channels it has.
    pub channels: usize,
    /// How many programmes of it are kept.
    pub programmes: usize,
    /// How many it has that lie too far back or ahead.
    pub unwanted: usize,
    /// How many of its elements could not be read.
    pub skipped: usize,
}

/// A channel of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideChannel {
    /// Its number in the store.
    pub id: i64,
    /// Its ID in the guide.
    pub xmltv_id: Box<str>,
    /// What it is called.
    pub names: Vec<Box<str>>,
    /// The address of its logo.
    pub icon: Option<Box<str>>,
}

/// One broadcast. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Programme {
    /// The number of its channel in the store.
    #[serde(skip)]
    pub channel: i64,
    /// When it begins.
    pub start: i64,
    /// When it ends, if that is known.
    pub stop: Option<i64>,
    /// What it is called; empty if nobody says.
    pub title: String,
    /// What else is known.
    #[serde(flatten)]
    pub more: About,
}

/// What else is known of a broadcast.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ProgrammeDetails)]
pub struct About {
    /// The title of the episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_title: Option<String>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Its season, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<u32>,
    /// Its episode, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<u32>,
    /// The address of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The year it was made in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    /// For whom it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    /// It is shown for the first time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
    /// It is shown as it happens.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_live: bool,
    /// It was shown before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_repeat: bool,
}

impl Programme {
    /// What `programme` of the guide says, as one of the channel with this number.
    fn of(programme: &iptv::xmltv::Programme<'_>, channel: i64) -> Self {
        let first = |texts: &[iptv::xmltv::Text<'_>]| texts.first().map(|it| it.text.to_string());
        let (season, episode) = programme.episode();
        let more = About {
            sub_title: first(&programme.sub_titles),
            description: first(&programme.descriptions),
            categories: programme.categories.iter().map(|it| it.text.to_string()).collect(),
            season,
            episode,
            icon: programme.icon.as_deref().map(str::to_owned),
            year: programme.year(),
            rating: programme.rating.as_deref().map(str::to_owned),
            is_new: programme.is_new || programme.is_premiere,
            is_live: programme.is_live,
            is_repeat: programme.is_repeat,
        };
        let title = first(&programme.titles).unwrap_or_default();
        Self { channel, start: programme.start, stop: programme.stop, title, more }
    }

    /// The same, so many seconds later.
    fn shifted(mut self, seconds: i64) -> Self {
        self.start = self.start.saturating_add(seconds);
        self.stop = self.stop.map(|stop| stop.saturating_add(seconds));
        self
    }
}
