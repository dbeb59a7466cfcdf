//! The engine's own HLS: lists with absolute addresses, segments of 4 to 6 s, shared by any number of readers.

use std::fmt::Write as _;

use super::{channel::Broadcast, routes::Reply};

/// A real list has no more entries.
const MAX_ENTRIES: u64 = 17;

/// The segments that can be had now, numbered from where the broadcast was first asked for.
fn window(broadcast: &Broadcast) -> (u64, std::ops::Range<u64>) {
    let clip = &broadcast.channel.clip;
    let first = clip.segment_from(broadcast.channel.offset);
    let edge = broadcast.edge();
    // The segment before the first one that begins behind the edge may be whole or not.
    let mut end = clip.segment_from(edge);
    while end > first && clip.due(clip.segment(end - 1).end) > edge {
        end -= 1;
    }
    let end = end.max(first);
    (first, first.max(end.saturating_sub(MAX_ENTRIES))..end)
}

/// The media playlist, once there is a whole segment.
pub(super) fn list(broadcast: &Broadcast, base: &str) -> Option<String> {
    let (first, numbers) = window(broadcast);
    let clip = &broadcast.channel.clip;
    let start = numbers.clone().next()? - first;
    let duration = |number: u64| {
        let packets = clip.segment(number);
        (clip.due(packets.end) - clip.due(packets.start)).as_secs_f64()
    };
    let longest = numbers.clone().map(duration).fold(0.0, f64::max).ceil();
    let mut list = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{longest}\n#EXT-X-MEDIA-SEQUENCE:{start}\n"
    );
    for number in numbers {
        let infohash = &broadcast.channel.infohash;
        let (length, index) = (duration(number), number - first);
        // Writing to a string does not fail.
        let _ = write!(list, "#EXTINF:{length:.6},\n{base}/ace/c/{infohash}/{index}.ts\n");
    }
    Some(list)
}

/// Segment `index` of the list, tables in front; 404 outside the window.
pub(super) fn segment(broadcast: &Broadcast, index: u64) -> Reply {
    let (first, numbers) = window(broadcast);
    let number = first.saturating_add(index);
    if !numbers.contains(&number) {
        return Reply::not_found();
    }
    let clip = &broadcast.channel.clip;
    let mut bytes = Vec::new();
    for packet in &clip.tables.packets {
        clip.write(*packet as u64..*packet as u64 + 1, 0, &mut bytes);
    }
    clip.write(clip.segment(number), 0, &mut bytes);
    Reply::Whole { status: 200, kind: "video/mp2t", body: bytes }
}
