//! A validator of what RFC 8216bis (draft 22) wants of playlists and segments, ours and anybody's, and of what Apple
//! wants beyond it.
//!
//! [`media()`] and [`multivariant()`] look at one text, [`Follower`] at the versions of a live playlist, [`Transport`] at
//! the bytes of segments, [`variants()`] at what is said of them. Each check names its clause. Any text can be looked at: what cannot be read is a finding.

mod apple;
mod attributes;
mod contents;
mod finding;
mod follower;
mod form;
mod lines;
mod low_latency;
mod media;
mod multivariant;
mod playlist;
mod range;
mod read;
mod timeline;
mod transport;
mod value;
mod variants;
mod versions;

pub use contents::Contents;
pub use finding::{Finding, Severity};
pub use follower::{Fetched, Follower};
pub use form::is_multivariant;
pub use multivariant::media_playlists;
pub use playlist::{Hint, Part, Playlist, RenditionReport, Segment, ServerControl};
pub use transport::{Said, Transport, assembled};
pub use value::Date;

use finding::Report;

/// What is wrong with a media playlist.
#[must_use]
pub fn media(text: &str) -> Vec<Finding> {
    read(text).1
}

/// A media playlist as far as it can be read, and what is wrong with it.
#[must_use]
pub fn read(text: &str) -> (Playlist, Vec<Finding>) {
    let mut report = Report::default();
    let playlist = read_into(text, &mut report);
    (playlist, report.findings())
}

fn read_into(text: &str, report: &mut Report) -> Playlist {
    form::check(text, report);
    versions::check(text, report);
    let playlist = read::read(text, report);
    media::check(text, &playlist, report);
    low_latency::check(&playlist, report);
    playlist
}

/// What is wrong with a multivariant playlist.
#[must_use]
pub fn multivariant(text: &str) -> Vec<Finding> {
    let mut report = Report::default();
    form::check(text, &mut report);
    versions::check(text, &mut report);
    multivariant::check(text, &mut report);
    report.findings()
}

/// What of that, which a multivariant playlist says of its media, is not true. `contents` are those of a media playlist
/// by its URI as it stands there, where they are known.
#[must_use]
pub fn variants<'a>(text: &str, contents: impl Fn(&str) -> Option<&'a Contents>) -> Vec<Finding> {
    let mut report = Report::default();
    variants::check(text, &contents, &mut report);
    report.findings()
}
