//! What holds for media playlists of low latency (RFC 8216bis, 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5, B.1).

use std::{collections::HashSet, time::Duration};

use super::{
    finding::{Report, seconds, shown},
    playlist::{Part, Playlist, ServerControl},
};

/// How far the parts' durations, each of them rounded, may be from that of their segment.
const ROUNDING: Duration = Duration::from_millis(20);

pub(super) fn check(playlist: &Playlist, report: &mut Report) {
    skip(playlist, report);
    hints_of_one_type(playlist, report);
    rendition_reports(playlist, report);
    if !playlist.has_parts() {
        return;
    }
    part_target(playlist, report);
    part_durations(playlist, report);
    parts_and_segment(playlist, report);
    old_parts(playlist, report);
    independent_parts(playlist, report);
    server_control(playlist, report);
    dated(playlist, report);
    hint(playlist, report);
}

/// 4.4.3.7: parts need `EXT-X-PART-INF`.
fn part_target(playlist: &Playlist, report: &mut Report) {
    let first = playlist.with_growing().find_map(|segment| segment.parts.first());
    if let (None, Some(part)) = (playlist.part_target, first) {
        report.must("4.4.3.7", part.line, "EXT-X-PART without EXT-X-PART-INF");
    }
}

/// 4.4.4.9: no part is longer than the target, and few are much shorter.
fn part_durations(playlist: &Playlist, report: &mut Report) {
    let Some(target) = playlist.part_target else { return };
    for parts in playlist.with_growing().map(|segment| segment.parts.as_slice()) {
        for (index, part) in parts.iter().enumerate() {
            let length = seconds(part.duration);
            if part.duration > target {
                report.must("4.4.4.9", part.line, format!("a part of {length}, more than PART-TARGET"));
            } else if part.duration * 100 < target * 85 && !may_be_short(part, parts.get(index + 1)) {
                report.must(
                    "4.4.4.9",
                    part.line,
                    format!("a part of {length}, less than 85 % of PART-TARGET"),
                );
            }
        }
    }
}

/// Whether a part need not be 85 % of the target: the last of its segment, independent, a gap, or before one.
fn may_be_short(part: &Part, next: Option<&Part>) -> bool {
    part.independent || part.gap || next.is_none_or(|next| next.gap)
}

/// 4.4.4.9: the parts of a segment are the segment. Of an old one, the first may be gone.
fn parts_and_segment(playlist: &Playlist, report: &mut Report) {
    let Some(target) = playlist.target_duration else { return };
    for (segment, behind) in playlist.distances().filter(|(segment, _)| !segment.parts.is_empty()) {
        let parts = segment.parts_duration();
        let all_listed = behind + segment.duration <= 3 * target;
        if parts > segment.duration + ROUNDING || (all_listed && parts + ROUNDING < segment.duration) {
            let text =
                format!("its parts play {}, the segment {}", seconds(parts), seconds(segment.duration));
            report.must("4.4.4.9", segment.line, text);
        }
    }
}

/// 6.2.1: parts more than three target durations from the end are listed no more.
fn old_parts(playlist: &Playlist, report: &mut Report) {
    let Some(target) = playlist.target_duration else { return };
    for (segment, behind) in playlist.distances() {
        if let Some(part) = segment.parts.first().filter(|_| behind > 3 * target && !playlist.is_over) {
            let text = format!("parts {} from the end, more than three target durations", seconds(behind));
            report.should("6.2.1", part.line, text);
        }
    }
}

/// 4.4.4.9: what begins with a picture that stands alone says so. All segments here do, says the playlist.
fn independent_parts(playlist: &Playlist, report: &mut Report) {
    if !playlist.is_independent {
        return;
    }
    let Some(target) = playlist.target_duration else { return };
    // Of an old segment, the first part may be gone.
    let young = playlist.distances().filter(|(segment, behind)| *behind + segment.duration <= 3 * target);
    let firsts = young
        .map(|(segment, _)| segment)
        .chain([&playlist.growing])
        .filter_map(|segment| segment.parts.first());
    for part in firsts.filter(|part| !part.independent && !part.gap) {
        report.should(
            "4.4.4.9",
            part.line,
            "the first part of an independent segment without INDEPENDENT=YES",
        );
    }
}

/// 4.4.3.8, B.1: the server blocks reloads and says how far to hold back.
fn server_control(playlist: &Playlist, report: &mut Report) {
    let Some(control) = playlist.server_control else {
        report.must("4.4.3.8", 0, "parts without EXT-X-SERVER-CONTROL");
        return;
    };
    if !control.can_block {
        report.must("B.1", control.line, "parts without CAN-BLOCK-RELOAD=YES");
    }
    match (control.part_hold_back, playlist.part_target) {
        (Some(hold_back), Some(target)) => part_hold_back(hold_back, target, control, report),
        (None, _) => report.must("4.4.3.8", control.line, "parts without PART-HOLD-BACK"),
        (Some(_), None) => {}
    }
}

/// 4.4.3.8: `PART-HOLD-BACK` is at least two part targets, and better three.
fn part_hold_back(hold_back: Duration, target: Duration, control: ServerControl, report: &mut Report) {
    let length = seconds(hold_back);
    if hold_back < 2 * target {
        report.must(
            "4.4.3.8",
            control.line,
            format!("PART-HOLD-BACK of {length} is less than twice PART-TARGET"),
        );
    } else if hold_back < 3 * target {
        let text = format!("PART-HOLD-BACK of {length} is less than three times PART-TARGET");
        report.should("4.4.3.8", control.line, text);
    }
}

/// B.1: playlists of low latency have dates.
fn dated(playlist: &Playlist, report: &mut Report) {
    // A delta update may have skipped the only one.
    if playlist.skipped == 0 && !playlist.with_growing().any(|segment| segment.date.is_some()) {
        report.must("B.1", 0, "no EXT-X-PROGRAM-DATE-TIME");
    }
}

/// 4.4.5.3, B.1: the part that comes next is hinted at, unless none comes.
fn hint(playlist: &Playlist, report: &mut Report) {
    let hints = || playlist.hints.iter().filter(|hint| hint.kind == "PART");
    if !playlist.is_over && hints().next().is_none() {
        report.must("B.1", 0, "no EXT-X-PRELOAD-HINT of the part that comes next");
    }
    let parts = playlist.with_growing().flat_map(|segment| &segment.parts).filter(|part| !part.is_range);
    let listed: HashSet<&str> = parts.map(|part| part.uri.as_str()).collect();
    for hint in hints().filter(|hint| !hint.is_range && listed.contains(hint.uri.as_str())) {
        report.must("4.4.5.3", hint.line, format!("a hint at a part that is there: {}", shown(&hint.uri)));
    }
}

/// 4.4.5.3: one hint of a type, and none where nothing comes.
fn hints_of_one_type(playlist: &Playlist, report: &mut Report) {
    let mut types = HashSet::new();
    for hint in &playlist.hints {
        if !types.insert(hint.kind.as_str()) {
            report.must("4.4.5.3", hint.line, format!("a second hint of the type {}", shown(&hint.kind)));
        } else if playlist.is_over {
            report.must("4.4.5.3", hint.line, "a hint in a playlist with EXT-X-ENDLIST");
        }
    }
}

/// 4.4.5.2, 6.2.5.1: only a server that said so skips, nothing within the skip boundary, and nothing of what is over.
fn skip(playlist: &Playlist, report: &mut Report) {
    if playlist.skipped == 0 {
        return;
    }
    if playlist.is_over {
        report.must("6.2.5.1", 0, "EXT-X-SKIP in a playlist with EXT-X-ENDLIST");
    }
    let Some(boundary) = playlist.server_control.and_then(|control| control.can_skip_until) else {
        report.must("6.2.5.1", 0, "EXT-X-SKIP without CAN-SKIP-UNTIL");
        return;
    };
    let listed = playlist.duration() + playlist.growing.parts_duration();
    if listed < boundary {
        let text = format!("only {} listed behind EXT-X-SKIP, less than CAN-SKIP-UNTIL", seconds(listed));
        report.must("6.2.5.1", 0, text);
    }
}

/// 4.4.5.4: a report has a relative URI, the last segment and, with parts, the last part; one a rendition.
fn rendition_reports(playlist: &Playlist, report: &mut Report) {
    let mut seen = HashSet::new();
    for rendition in &playlist.reports {
        let (line, uri) = (rendition.line, shown(&rendition.uri));
        if rendition.uri.contains("://") || rendition.uri.starts_with("//") {
            report.must("4.4.5.4", line, format!("EXT-X-RENDITION-REPORT with an absolute URI: {uri}"));
        }
        if rendition.last_segment.is_none() {
            report.must("4.4.5.4", line, "EXT-X-RENDITION-REPORT without LAST-MSN");
        }
        if rendition.last_part.is_none() && playlist.part_target.is_some() {
            report.must("4.4.5.4", line, "EXT-X-RENDITION-REPORT without LAST-PART");
        }
        if !seen.insert(rendition.uri.as_str()) {
            report.must("B.1", line, format!("a second EXT-X-RENDITION-REPORT of {uri}"));
        }
    }
}
