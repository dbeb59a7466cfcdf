//! What holds for multivariant playlists (RFC 8216bis, 4.4.6).

use std::collections::HashSet;

use super::{
    attributes::Attributes,
    finding::{Report, shown},
    lines::{Kind, Tag, lines, tags},
    value::integer,
};

/// The first letters of CODECS that are video.
const VIDEO: &[&str] =
    &["avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "vvc1", "vvi1", "av01", "vp08", "vp09", "mp4v"];

/// Which attribute of a variant names a group, and of what `TYPE` the group is.
const GROUPS: &[(&str, &str)] = &[
    ("AUDIO", "AUDIO"),
    ("VIDEO", "VIDEO"),
    ("SUBTITLES", "SUBTITLES"),
    ("CLOSED-CAPTIONS", "CLOSED-CAPTIONS"),
];

/// The URIs of all media playlists that a multivariant playlist names, variants first, each once.
#[must_use]
pub fn media_playlists(text: &str) -> Vec<String> {
    let variants = lines(text).filter_map(|line| match line.kind() {
        Kind::Uri(uri) => Some(uri),
        Kind::Tag(_) | Kind::Nothing => None,
    });
    let renditions = tags(text).filter(|tag| tag.name == "EXT-X-MEDIA");
    let renditions = renditions.filter_map(|tag| Attributes::read(tag).quoted("URI", &mut Report::default()));
    let mut seen = HashSet::new();
    variants.chain(renditions).filter(|uri| seen.insert(*uri)).map(str::to_owned).collect()
}

pub(super) fn check(text: &str, report: &mut Report) {
    uris(text, report);
    let groups = groups(text, report);
    for tag in tags(text) {
        match tag.name {
            "EXT-X-STREAM-INF" => variant(tag, &groups, report),
            "EXT-X-I-FRAME-STREAM-INF" => {
                Attributes::read(tag).require(&["BANDWIDTH", "URI"], "4.4.6.3", report);
            }
            _ => {}
        }
    }
}

/// 4.4.6.2: a variant is a tag and the URI on the line that follows; there is at least one.
fn uris(text: &str, report: &mut Report) {
    let mut open: Option<usize> = None;
    let mut count = 0;
    for line in lines(text) {
        match (line.kind(), open) {
            (Kind::Uri(_), Some(_)) => {
                count += 1;
                open = None;
            }
            (Kind::Uri(_), None) => report.must("4.4.6.2", line.number, "a URI without EXT-X-STREAM-INF"),
            (Kind::Tag(tag), before) => {
                if let Some(line) = before {
                    report.must("4.4.6.2", line, "EXT-X-STREAM-INF without a URI behind it");
                }
                open = (tag.name == "EXT-X-STREAM-INF").then_some(tag.line);
            }
            (Kind::Nothing, _) => {}
        }
    }
    if let Some(line) = open {
        report.must("4.4.6.2", line, "EXT-X-STREAM-INF without a URI behind it");
    } else if count == 0 {
        report.must("4.4.6.2", 0, "no variant");
    }
}

/// 4.4.6.2: what a variant says of itself.
fn variant(tag: Tag<'_>, groups: &HashSet<(&str, &str)>, report: &mut Report) {
    let attributes = Attributes::read(tag);
    attributes.require(&["BANDWIDTH"], "4.4.6.2", report);
    bandwidth(&attributes, report);
    let codecs = attributes.quoted("CODECS", report);
    if !attributes.has("CODECS") {
        report.should("4.4.6.2", tag.line, "a variant without CODECS");
    }
    if codecs.is_some_and(|codecs| codecs.split(',').any(|codec| codec.trim().is_empty())) {
        report.must("4.4.6.2", tag.line, "CODECS with an empty entry");
    }
    let is_video = codecs.is_some_and(|codecs| codecs.split(',').any(is_video));
    for name in ["RESOLUTION", "FRAME-RATE"].iter().filter(|name| is_video && !attributes.has(name)) {
        report.should("4.4.6.2", tag.line, format!("a variant with video without {name}"));
    }
    resolution(&attributes, report);
    attributes.decimal("FRAME-RATE", report);
    for (name, kind) in GROUPS {
        referred(&attributes, name, kind, groups, report);
    }
}

fn is_video(codec: &str) -> bool {
    VIDEO.iter().any(|video| codec.trim().starts_with(video))
}

/// 4.4.6.2: bits per second; the average is no more than the peak.
fn bandwidth(attributes: &Attributes<'_>, report: &mut Report) {
    let peak = attributes.integer("BANDWIDTH", report);
    let average = attributes.integer("AVERAGE-BANDWIDTH", report);
    if peak == Some(0) {
        report.must("4.4.6.2", attributes.line(), "BANDWIDTH of 0 bits per second");
    }
    if peak.zip(average).is_some_and(|(peak, average)| average > peak) {
        report.must("4.4.6.2", attributes.line(), "AVERAGE-BANDWIDTH above BANDWIDTH");
    }
}

/// 4.2: two integers with an `x` between.
fn resolution(attributes: &Attributes<'_>, report: &mut Report) {
    let Some(text) = attributes.word("RESOLUTION") else { return };
    let sides = text.split_once('x').map(|(width, height)| [width, height].map(integer));
    if !matches!(sides, Some([Some(_), Some(_)])) {
        report.must("4.2", attributes.line(), format!("RESOLUTION is no width and height: {}", shown(text)));
    }
}

/// 4.4.6.2: a group that a variant names is there.
fn referred(
    attributes: &Attributes<'_>,
    name: &str,
    kind: &str,
    groups: &HashSet<(&str, &str)>,
    report: &mut Report,
) {
    // CLOSED-CAPTIONS may be the word NONE, without quotes.
    if attributes.word(name) == Some("NONE") {
        return;
    }
    let Some(group) = attributes.quoted(name, report) else { return };
    if !groups.contains(&(kind, group)) {
        report.must(
            "4.4.6.2",
            attributes.line(),
            format!("no EXT-X-MEDIA of the {name} group {}", shown(group)),
        );
    }
}

/// 4.4.6.1: the renditions; returns type and name of each group.
fn groups<'a>(text: &'a str, report: &mut Report) -> HashSet<(&'a str, &'a str)> {
    let (mut groups, mut names, mut defaults) = (HashSet::new(), HashSet::new(), HashSet::new());
    for tag in tags(text).filter(|tag| tag.name == "EXT-X-MEDIA") {
        let attributes = Attributes::read(tag);
        attributes.require(&["TYPE", "GROUP-ID", "NAME"], "4.4.6.1", report);
        let kind = attributes.word("TYPE").unwrap_or_default();
        let group = attributes.quoted("GROUP-ID", report).unwrap_or_default();
        let name = attributes.quoted("NAME", report).unwrap_or_default();
        rendition(&attributes, kind, report);
        if !names.insert((kind, group, name)) {
            report.must(
                "4.4.6.1",
                tag.line,
                format!("two renditions of one group are called {}", shown(name)),
            );
        }
        if attributes.is_yes("DEFAULT", &["NO"], report) && !defaults.insert((kind, group)) {
            report.must(
                "4.4.6.1",
                tag.line,
                format!("two renditions of the group {} are DEFAULT", shown(group)),
            );
        }
        groups.insert((kind, group));
    }
    groups
}

/// 4.4.6.1: what one rendition says of itself.
fn rendition(attributes: &Attributes<'_>, kind: &str, report: &mut Report) {
    let line = attributes.line();
    match kind {
        "SUBTITLES" => attributes.require(&["URI"], "4.4.6.1", report),
        "CLOSED-CAPTIONS" => {
            attributes.require(&["INSTREAM-ID"], "4.4.6.1", report);
            if attributes.has("URI") {
                report.must("4.4.6.1", line, "CLOSED-CAPTIONS with a URI");
            }
        }
        "" | "AUDIO" | "VIDEO" => {}
        other => report.must("4.4.6.1", line, format!("a rendition of the type {}", shown(other))),
    }
    if attributes.word("DEFAULT") == Some("YES") && attributes.word("AUTOSELECT") == Some("NO") {
        report.must("4.4.6.1", line, "DEFAULT=YES with AUTOSELECT=NO");
    }
}
