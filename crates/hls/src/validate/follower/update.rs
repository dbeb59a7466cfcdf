//! Delta updates made whole (RFC 8216bis, 6.2.5.1).

use crate::validate::{Playlist, Segment, finding::Report};

/// `listed` with the segments it skips, which the version `before` has to have. Their lines are 0.
pub(super) fn whole(mut listed: Playlist, before: Option<&Playlist>, report: &mut Report) -> Playlist {
    if listed.skipped == 0 {
        return listed;
    }
    let skipped = listed.media_sequence..listed.first();
    let known = before.map(|before| before.segments.as_slice()).unwrap_or_default();
    let kept: Vec<Segment> =
        known.iter().filter(|segment| skipped.contains(&segment.number)).map(without_lines).collect();
    if kept.len() as u64 == listed.skipped {
        listed.segments.splice(0..0, kept);
        listed.skipped = 0;
    } else {
        let text =
            format!("it skips {} segments, of which {} were listed before", listed.skipped, kept.len());
        report.must("6.2.5.1", 0, text);
    }
    listed
}

fn without_lines(segment: &Segment) -> Segment {
    let mut segment = segment.clone();
    segment.line = 0;
    for part in &mut segment.parts {
        part.line = 0;
    }
    segment
}
