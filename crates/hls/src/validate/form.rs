//! The form of any playlist (RFC 8216bis, 4.1, 4.2, 4.4.1): text, lines, attribute lists, tags that stand there once.

use std::collections::HashSet;

use super::{
    attributes,
    finding::{Report, shown},
    lines::{lines, tags},
    value::integer,
};

/// Tags whose value is an attribute list.
const WITH_ATTRIBUTES: &[&str] = &[
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-START",
    "EXT-X-DEFINE",
    "EXT-X-KEY",
    "EXT-X-MAP",
    "EXT-X-PART",
    "EXT-X-DATERANGE",
    "EXT-X-SKIP",
    "EXT-X-PRELOAD-HINT",
    "EXT-X-RENDITION-REPORT",
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-SESSION-DATA",
    "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
];

/// Tags of which a playlist has one, and the clause.
const ONCE: &[(&str, &str)] = &[
    ("EXTM3U", "4.4.1.1"),
    ("EXT-X-VERSION", "4.4.1.2"),
    ("EXT-X-INDEPENDENT-SEGMENTS", "4.4.2"),
    ("EXT-X-START", "4.4.2"),
    ("EXT-X-TARGETDURATION", "4.4.3"),
    ("EXT-X-MEDIA-SEQUENCE", "4.4.3"),
    ("EXT-X-DISCONTINUITY-SEQUENCE", "4.4.3"),
    ("EXT-X-ENDLIST", "4.4.3"),
    ("EXT-X-PLAYLIST-TYPE", "4.4.3"),
    ("EXT-X-I-FRAMES-ONLY", "4.4.3"),
    ("EXT-X-PART-INF", "4.4.3"),
    ("EXT-X-SERVER-CONTROL", "4.4.3"),
    ("EXT-X-SKIP", "4.4.5.2"),
];

/// Tags of multivariant playlists alone (4.4.6).
const MULTIVARIANT: &[&str] = &[
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-SESSION-DATA",
    "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
];

/// Tags of both kinds of playlist (4.4.1, 4.4.2).
const ANYWHERE: &[&str] =
    &["EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START", "EXT-X-DEFINE"];

/// Whether this is a multivariant playlist, by its tags.
#[must_use]
pub fn is_multivariant(text: &str) -> bool {
    tags(text).any(|tag| MULTIVARIANT.contains(&tag.name))
}

pub(super) fn check(text: &str, report: &mut Report) {
    characters(text, report);
    first_line(text, report);
    white_space(text, report);
    once(text, report);
    version(text, report);
    one_kind(text, report);
    for tag in tags(text).filter(|tag| WITH_ATTRIBUTES.contains(&tag.name)) {
        attributes::check(tag, report);
    }
}

/// 4: UTF-8 without a byte order mark and without control characters but the ends of lines.
fn characters(text: &str, report: &mut Report) {
    if text.starts_with('\u{feff}') {
        report.must("4", 1, "a byte order mark");
    }
    for line in lines(text) {
        if let Some(control) = line.text.chars().find(|c| c.is_control()) {
            report.must("4", line.number, format!("a control character: {}", control.escape_debug()));
        }
    }
}

/// 4.4.1.1: `EXTM3U` is the first line.
fn first_line(text: &str, report: &mut Report) {
    if lines(text).next().is_none_or(|line| line.text.trim_end() != "#EXTM3U") {
        report.must("4.4.1.1", 1, "the first line is not #EXTM3U");
    }
}

/// 4.1: no white space but where it is allowed, which it is not around tags and URIs.
fn white_space(text: &str, report: &mut Report) {
    for line in lines(text).filter(|line| !line.text.starts_with('#') || line.text.starts_with("#EXT")) {
        if line.text != line.text.trim() {
            report.must("4.1", line.number, "white space at the begin or end of the line");
        }
    }
}

/// 4.4.1.2, 4.4.2, 4.4.3: some tags stand in a playlist once.
fn once(text: &str, report: &mut Report) {
    let mut seen = HashSet::new();
    for tag in tags(text) {
        let Some((name, clause)) = ONCE.iter().find(|(name, _)| *name == tag.name) else { continue };
        if !seen.insert(name) {
            report.must(clause, tag.line, format!("{name} is there twice"));
        }
    }
}

/// 4.4.1.2: the version is a decimal integer.
fn version(text: &str, report: &mut Report) {
    for tag in tags(text).filter(|tag| tag.name == "EXT-X-VERSION" && integer(tag.value).is_none()) {
        report.must("4.4.1.2", tag.line, format!("EXT-X-VERSION is no number: {}", shown(tag.value)));
    }
}

/// 4.1: a playlist is a media playlist or a multivariant one, not both.
fn one_kind(text: &str, report: &mut Report) {
    if !is_multivariant(text) {
        return;
    }
    let foreign = |name: &str| {
        name == "EXTINF"
            || name.starts_with("EXT-X-") && !ANYWHERE.contains(&name) && !MULTIVARIANT.contains(&name)
    };
    if let Some(tag) = tags(text).find(|tag| foreign(tag.name)) {
        report.must(
            "4.1",
            tag.line,
            format!("{} of a media playlist in a multivariant one", shown(tag.name)),
        );
    }
}
