//! Which protocol version a playlist has to name for what it uses (RFC 8216bis, 8).

use super::{
    attributes::Attributes,
    finding::Report,
    lines::{Tag, tags},
    value::integer,
};

/// 8: the version named is at least what each tag needs. Without `EXT-X-VERSION` it is 1.
pub(super) fn check(text: &str, report: &mut Report) {
    let named = tags(text).find(|tag| tag.name == "EXT-X-VERSION");
    let version = named.map_or(Some(1), |tag| integer(tag.value)).unwrap_or(u64::MAX);
    let only_i_frames = tags(text).any(|tag| tag.name == "EXT-X-I-FRAMES-ONLY");
    // One finding for each thing that is used, not for each time.
    let mut told = Vec::new();
    for tag in tags(text) {
        let Some((needed, what)) = needs(tag, only_i_frames) else { continue };
        if version < needed && !told.contains(&what) {
            told.push(what);
            report.must("8", tag.line, format!("{what} needs EXT-X-VERSION {needed}, not {version}"));
        }
    }
}

fn needs(tag: Tag<'_>, only_i_frames: bool) -> Option<(u64, &'static str)> {
    match tag.name {
        "EXTINF" if tag.value.split(',').next()?.contains('.') => Some((3, "an EXTINF with a fraction")),
        "EXT-X-BYTERANGE" => Some((4, "EXT-X-BYTERANGE")),
        "EXT-X-I-FRAMES-ONLY" => Some((4, "EXT-X-I-FRAMES-ONLY")),
        "EXT-X-MAP" if only_i_frames => Some((5, "EXT-X-MAP with EXT-X-I-FRAMES-ONLY")),
        "EXT-X-MAP" => Some((6, "EXT-X-MAP")),
        "EXT-X-SKIP" if Attributes::read(tag).has("RECENTLY-REMOVED-DATERANGES") => {
            Some((10, "EXT-X-SKIP with RECENTLY-REMOVED-DATERANGES"))
        }
        "EXT-X-SKIP" => Some((9, "EXT-X-SKIP")),
        _ => None,
    }
}
