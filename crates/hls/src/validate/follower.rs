//! What may not change between the versions of a live playlist (RFC 8216bis, 6.2.1, 6.2.2).

mod changes;
mod time;
mod update;

use std::time::Duration;

use super::{Finding, Playlist, finding::Report, read_into};
use time::Arrivals;

/// When a version of a playlist was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// When its answer came, by any clock that goes on.
    pub at: Duration,
    /// Whether the server held the request until there was something new (6.2.5.2): then what is new came at `at`,
    /// and otherwise at any time since the version before.
    pub blocked: bool,
}

/// Follows one live media playlist through its versions. Has no clock, and remembers one version.
#[derive(Debug, Default)]
pub struct Follower {
    /// The version before, whole, also where delta updates came.
    playlist: Option<Playlist>,
    text: String,
    arrivals: Arrivals,
}

impl Follower {
    /// Take the next version; returns what is wrong with it, and with how it follows the one before. Lines are those
    /// of `text`; what stands in it no more has none.
    pub fn take(&mut self, fetched: Fetched, text: &str) -> Vec<Finding> {
        let mut report = Report::default();
        let listed = read_into(text, &mut report);
        let before = self.playlist.take();
        let now = update::whole(listed, before.as_ref(), &mut report);
        if let Some(before) = &before {
            if before.is_over && text != self.text {
                report.must("6.2.1", 0, "it changed behind EXT-X-ENDLIST");
            }
            changes::check(before, &now, &mut report);
        }
        self.arrivals.check(fetched, &now, &mut report);
        self.playlist = Some(now);
        text.clone_into(&mut self.text);
        report.findings()
    }

    /// The newest version, with the segments that a delta update skipped.
    #[must_use]
    pub fn playlist(&self) -> Option<&Playlist> {
        self.playlist.as_ref()
    }
}
