//! Two versions of a playlist, one behind the other.

use std::time::Duration;

use crate::validate::{
    Part, Playlist, Segment, ServerControl,
    finding::{Report, seconds, shown},
};

pub(super) fn check(before: &Playlist, now: &Playlist, report: &mut Report) {
    header(before, now, report);
    sequence(before, now, report);
    discontinuity_sequence(before, now, report);
    length(before, now, report);
    kind(before, now, report);
    let after = |number: u64| {
        let index = usize::try_from(number.checked_sub(now.first())?).ok()?;
        now.segments.get(index).or_else(|| (number == now.growing.number).then_some(&now.growing))
    };
    for old in before.with_growing() {
        let Some(new) = after(old.number) else { continue };
        if !old.uri.is_empty() && !new.uri.is_empty() {
            segment(old, new, report);
        }
        if !(old.uri.is_empty() && old.parts.is_empty()) {
            tags(old, new, report);
        }
        parts(old, new, now, report);
    }
    hint(before, now, report);
}

/// 4.4.3.1, 4.4.3.7, 4.4.3.8: what players time themselves by stays.
fn header(before: &Playlist, now: &Playlist, report: &mut Report) {
    let durations = |old: Option<Duration>, new: Option<Duration>| {
        let shown = |duration: Option<Duration>| duration.map_or("none".to_owned(), seconds);
        (old != new).then(|| format!("changed from {} to {}", shown(old), shown(new)))
    };
    if let Some(change) = durations(before.target_duration, now.target_duration) {
        report.must("4.4.3.1", 0, format!("EXT-X-TARGETDURATION {change}"));
    }
    if let Some(change) = durations(before.part_target, now.part_target) {
        report.must("4.4.3.7", 0, format!("PART-TARGET {change}"));
    }
    // Where it stands is not what it says.
    let said = |control: Option<ServerControl>| control.map(|control| ServerControl { line: 0, ..control });
    if said(before.server_control) != said(now.server_control) {
        let line = now.server_control.map_or(0, |control| control.line);
        report.must("4.4.3.8", line, "EXT-X-SERVER-CONTROL changed");
    }
}

/// 4.4.3.2, 6.2.2: the media sequence never goes back, and no segment leaves at the end.
fn sequence(before: &Playlist, now: &Playlist, report: &mut Report) {
    let (old, new) = (before.media_sequence, now.media_sequence);
    if new < old {
        report.must("4.4.3.2", 0, format!("EXT-X-MEDIA-SEQUENCE went back from {old} to {new}"));
    }
    if now.growing.number < before.growing.number {
        let (last, was) = (now.growing.number.saturating_sub(1), before.growing.number.saturating_sub(1));
        report.must("6.2.2", 0, format!("the last segment is {last}, and was {was}"));
    }
}

/// 4.4.3.3: the discontinuity sequence counts the discontinuities that left with their segments.
fn discontinuity_sequence(before: &Playlist, now: &Playlist, report: &mut Report) {
    let overlaps = (before.media_sequence..=before.growing.number).contains(&now.media_sequence);
    if !overlaps || before.skipped > 0 {
        // What stood between the two was never seen.
        return;
    }
    let left = before.segments.iter().take_while(|segment| segment.number < now.media_sequence);
    let left = left.filter(|segment| segment.discontinuity).count() as u64;
    let (old, new) = (before.discontinuity_sequence.unwrap_or(0), now.discontinuity_sequence.unwrap_or(0));
    if new != old.saturating_add(left) {
        let text =
            format!("EXT-X-DISCONTINUITY-SEQUENCE went from {old} to {new}, and {left} discontinuities left");
        report.must("4.4.3.3", 0, text);
    }
}

/// 6.2.2: no segment leaves that makes the list shorter than three target durations.
fn length(before: &Playlist, now: &Playlist, report: &mut Report) {
    let Some(target) = now.target_duration else { return };
    let length = now.duration();
    if now.media_sequence > before.media_sequence && length < 3 * target && !now.is_over && now.skipped == 0 {
        let text =
            format!("segments left, and {} are listed, less than three target durations", seconds(length));
        report.must("6.2.2", 0, text);
    }
}

/// 4.4.3.5, 6.2.2: from a playlist that has a type, nothing leaves.
fn kind(before: &Playlist, now: &Playlist, report: &mut Report) {
    if now.kind.is_some() && now.media_sequence > before.media_sequence {
        report.must("4.4.3.5", 0, "segments left a playlist with EXT-X-PLAYLIST-TYPE");
    }
}

/// 6.2.1, 6.3.4: a number is one segment, which never changes.
fn segment(old: &Segment, new: &Segment, report: &mut Report) {
    let number = old.number;
    if old.uri != new.uri {
        let text = format!("segment {number} was {}, and is {}", shown(&old.uri), shown(&new.uri));
        report.must("6.2.1", new.line, text);
    } else if old.duration != new.duration {
        let (was, is) = (seconds(old.duration), seconds(new.duration));
        report.must("6.2.1", new.line, format!("segment {number} played {was}, and plays {is}"));
    }
}

/// 6.2.1, 4.4.4.6: nor does what stands in front of it, once it was listed.
fn tags(old: &Segment, new: &Segment, report: &mut Report) {
    let number = old.number;
    if old.discontinuity != new.discontinuity {
        report.must("6.2.1", new.line, format!("the EXT-X-DISCONTINUITY of segment {number} came or went"));
    }
    if old.date.map(|date| date.since_epoch) != new.date.map(|date| date.since_epoch) {
        report.must("4.4.4.6", new.line, format!("segment {number} has another date"));
    }
}

/// 6.2.1: parts stay as they are, as long as they are within three target durations of the end.
fn parts(old: &Segment, new: &Segment, now: &Playlist, report: &mut Report) {
    let kept = old.parts.iter().position(|part| new.parts.first().is_some_and(|first| first.uri == part.uri));
    let gone = if new.parts.is_empty() { old.parts.len() } else { kept.unwrap_or(0) };
    gone_early(old, gone, now, report);
    for (index, old_part) in old.parts.iter().enumerate().skip(gone) {
        match new.parts.get(index - gone) {
            Some(new_part) if same(old_part, new_part) => {}
            Some(new_part) => {
                let text = format!("part {index} of segment {} is not what it was", old.number);
                report.must("6.2.1", new_part.line, text);
            }
            None => {
                report.must("6.2.1", new.line, format!("part {index} of segment {} is gone", old.number));
            }
        }
    }
}

fn same(old: &Part, new: &Part) -> bool {
    let what = |part: &Part| (part.duration, part.independent, part.is_range, part.gap);
    old.uri == new.uri && what(old) == what(new)
}

/// 6.2.1: whether the newest of the parts that are `gone` is near the end still.
fn gone_early(old: &Segment, gone: usize, now: &Playlist, report: &mut Report) {
    let (Some(target), Some(index)) = (now.target_duration, gone.checked_sub(1)) else { return };
    let into: Duration = old.parts[..index].iter().map(|part| part.duration).sum();
    let mut listed = now.distances().chain([(&now.growing, Duration::ZERO)]);
    let Some((new, behind)) = listed.find(|(segment, _)| segment.number == old.number) else { return };
    let from_end = behind + new.duration.saturating_sub(into);
    if from_end <= 3 * target && !now.is_over {
        let text = format!("part {index} of segment {} left {} from the end", old.number, seconds(from_end));
        report.must("6.2.1", new.line, text);
    }
}

/// 4.4.5.3: the part that comes is the one hinted at.
fn hint(before: &Playlist, now: &Playlist, report: &mut Report) {
    let Some(hint) = before.hints.iter().find(|hint| hint.kind == "PART") else { return };
    let (number, count) = (before.growing.number, before.growing.parts.len());
    let Some(segment) = now.with_growing().find(|segment| segment.number == number) else { return };
    if let Some(part) = segment.parts.get(count).filter(|part| part.uri != hint.uri) {
        let (hinted, came) = (shown(&hint.uri), shown(&part.uri));
        report.should("4.4.5.3", part.line, format!("{hinted} was hinted at, and {came} came"));
    }
}
