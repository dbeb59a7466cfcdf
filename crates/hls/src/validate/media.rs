//! What holds for every media playlist (RFC 8216bis, 4.4.3, 4.4.4).

use std::time::Duration;

use super::{
    attributes::Attributes,
    finding::{Report, seconds, shown},
    lines::tags,
    playlist::{Playlist, Segment},
};

/// Dates are as exact as the durations between them; a step back by less than this is no other mapping.
const DATE_TOLERANCE: Duration = Duration::from_millis(500);

pub(super) fn check(text: &str, playlist: &Playlist, report: &mut Report) {
    target_duration(playlist, report);
    discontinuity_sequence(playlist, report);
    kind(text, playlist, report);
    dated(playlist, report);
    dates_go_on(playlist, report);
    dates_behind_discontinuities(playlist, report);
    hold_back(playlist, report);
    start(text, playlist, report);
}

/// 4.4.3.1: it is required, and no segment, rounded, is longer.
fn target_duration(playlist: &Playlist, report: &mut Report) {
    let Some(target) = playlist.target_duration else {
        // One that makes no sense was told when it was read, and 0 stands for it nowhere.
        report.must("4.4.3.1", 0, "no EXT-X-TARGETDURATION that can be used");
        return;
    };
    for segment in &playlist.segments {
        let rounded = (segment.duration + Duration::from_millis(500)).as_secs();
        if rounded > target.as_secs() {
            let text =
                format!("{} round to more than the target of {}", seconds(segment.duration), seconds(target));
            report.must("4.4.3.1", segment.line, text);
        }
    }
}

/// 4.4.3.3: what can lose a discontinuity says how many it lost.
fn discontinuity_sequence(playlist: &Playlist, report: &mut Report) {
    let slides = !playlist.is_over && playlist.kind.is_none();
    let discontinuous = playlist.with_growing().find(|segment| segment.discontinuity);
    if let (true, None, Some(segment)) = (slides, playlist.discontinuity_sequence, discontinuous) {
        let text = "EXT-X-DISCONTINUITY in a live playlist without EXT-X-DISCONTINUITY-SEQUENCE";
        report.must("4.4.3.3", segment.line, text);
    }
}

/// 4.4.3.5: two words, of which one is for playlists that never change.
fn kind(text: &str, playlist: &Playlist, report: &mut Report) {
    let line = tags(text).find(|tag| tag.name == "EXT-X-PLAYLIST-TYPE").map_or(0, |tag| tag.line);
    match playlist.kind.as_deref() {
        Some("VOD") if !playlist.is_over => {
            report.must("4.4.3.5", line, "EXT-X-PLAYLIST-TYPE:VOD in a live playlist");
        }
        None | Some("VOD" | "EVENT") => {}
        Some(other) => {
            report.must(
                "4.4.3.5",
                line,
                format!("EXT-X-PLAYLIST-TYPE is VOD or EVENT, not {}", shown(other)),
            );
        }
    }
}

/// Apple's authoring specification: a live playlist has dates. Of low latency, B.1 says so, too.
fn dated(playlist: &Playlist, report: &mut Report) {
    let is_live = !playlist.is_over && playlist.skipped == 0 && !playlist.has_parts();
    if is_live && !playlist.with_growing().any(|segment| segment.date.is_some()) {
        report.should("Apple", 0, "no EXT-X-PROGRAM-DATE-TIME in a live playlist");
    }
}

/// 4.4.4.6, 6.2.1: dates go on as the durations between them say, and never back.
fn dates_go_on(playlist: &Playlist, report: &mut Report) {
    // The date where the segment ends that was dated last, as far as durations tell.
    let mut end: Option<Duration> = None;
    for segment in playlist.with_growing() {
        if let (Some(date), Some(end)) = (segment.date, end)
            && date.since_epoch + DATE_TOLERANCE < end
        {
            let back = seconds(end - date.since_epoch);
            report.must(
                "4.4.4.6",
                segment.line,
                format!("its date is {back} before the end of the segment before"),
            );
        }
        let begin = segment.date.map(|date| date.since_epoch).or(end);
        end = begin.map(|begin| begin + segment.duration);
    }
}

/// 6.2.1: where there are dates, a segment behind a discontinuity has one.
fn dates_behind_discontinuities(playlist: &Playlist, report: &mut Report) {
    if !playlist.with_growing().any(|segment| segment.date.is_some()) {
        return;
    }
    let undated = |segment: &&Segment| segment.discontinuity && segment.date.is_none();
    for segment in playlist.with_growing().filter(undated) {
        report.should("4.4.4.6", segment.line, "no EXT-X-PROGRAM-DATE-TIME behind EXT-X-DISCONTINUITY");
    }
}

/// 4.4.3.8: `HOLD-BACK` is at least three target durations.
fn hold_back(playlist: &Playlist, report: &mut Report) {
    let Some((control, target)) = playlist.server_control.zip(playlist.target_duration) else { return };
    if let Some(hold_back) = control.hold_back.filter(|&hold_back| hold_back < 3 * target) {
        let text =
            format!("HOLD-BACK of {} is less than three times the target duration", seconds(hold_back));
        report.must("4.4.3.8", control.line, text);
    }
    if let Some(until) = control.can_skip_until.filter(|&until| until < 6 * target) {
        let text = format!("CAN-SKIP-UNTIL of {} is less than six times the target duration", seconds(until));
        report.must("4.4.3.8", control.line, text);
    }
    if control.can_skip_dates && control.can_skip_until.is_none() {
        report.must("4.4.3.8", control.line, "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL");
    }
}

/// 4.4.2.2: `TIME-OFFSET` is required; in a live playlist it stays away from the end.
fn start(text: &str, playlist: &Playlist, report: &mut Report) {
    let Some(tag) = tags(text).find(|tag| tag.name == "EXT-X-START") else { return };
    let attributes = Attributes::read(tag);
    attributes.require(&["TIME-OFFSET"], "4.4.2.2", report);
    let (Some(offset), Some(target)) = (attributes.word("TIME-OFFSET"), playlist.target_duration) else {
        return;
    };
    let Some(offset) = offset.parse().ok().filter(|offset: &f64| offset.is_finite()) else {
        report.must("4.4.2.2", tag.line, format!("TIME-OFFSET is no number: {}", shown(offset)));
        return;
    };
    let length = playlist.duration().as_secs_f64();
    let from_end = if offset < 0.0 { -offset } else { length - offset };
    if !playlist.is_over && from_end < 3.0 * target.as_secs_f64() {
        report.should("4.4.2.2", tag.line, "EXT-X-START within three target durations of a live end");
    }
}
