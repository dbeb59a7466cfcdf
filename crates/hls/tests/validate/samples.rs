//! Playlists that break no rule, and what is found when they are changed.

use hls::validate::Finding;

/// A playlist of low latency: the segments from `first` on, as many as `count`, and `parts` of the next one. Targets
/// are 4 s and 0.32 s; a segment is twelve parts of 0.32 s and one of 0.16 s; the newest three have their parts.
pub(crate) fn low_latency(first: u64, count: u64, parts: u64) -> String {
    let (end, mut text) = (first + count, HEAD.to_owned());
    text += &format!("#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n");
    for number in first..end {
        text += &segment(number, number + 3 >= end);
    }
    text + &growing(end, parts)
}

/// The same as a delta update that skips `skipped` segments.
pub(crate) fn delta(first: u64, count: u64, parts: u64, skipped: u64) -> String {
    let whole = low_latency(first, count, parts);
    let (head, _) = whole.split_once("#EXT-X-PROGRAM-DATE-TIME").unwrap();
    let from = format!("#EXT-X-PROGRAM-DATE-TIME:{}", date(first + skipped));
    let at = whole.find(&from).unwrap();
    format!("{head}#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n{}", &whole[at..])
}

const HEAD: &str = "#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:4
#EXT-X-PART-INF:PART-TARGET=0.32
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0,HOLD-BACK=12.0,PART-HOLD-BACK=0.96
";

fn segment(number: u64, with_parts: bool) -> String {
    let mut text = format!("#EXT-X-PROGRAM-DATE-TIME:{}\n", date(number));
    for part in (0..13).filter(|_| with_parts) {
        text += &part_line(number, part);
    }
    text + &format!("#EXTINF:4.000000,\nsegment_{number}.ts\n")
}

fn growing(number: u64, parts: u64) -> String {
    let mut text = String::new();
    if parts > 0 {
        text += &format!("#EXT-X-PROGRAM-DATE-TIME:{}\n", date(number));
    }
    for part in 0..parts {
        text += &part_line(number, part);
    }
    text += &format!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_{number}_{parts}.ts\"\n");
    text + "#EXT-X-RENDITION-REPORT:URI=\"other.m3u8\",LAST-MSN=109,LAST-PART=3\n"
}

fn part_line(number: u64, part: u64) -> String {
    let duration = if part == 12 { "0.16" } else { "0.32" };
    let independent = if part == 0 { ",INDEPENDENT=YES" } else { "" };
    format!("#EXT-X-PART:DURATION={duration},URI=\"part_{number}_{part}.ts\"{independent}\n")
}

/// Segments begin 4 s after each other.
pub(crate) fn date(number: u64) -> String {
    let second = number % 21_600 * 4;
    format!("2026-11-25T{:02}:{:02}:{:02}.120Z", second / 3_600, second / 60 % 60, second % 60)
}

/// `text` with the first `from` made `to`, which has to change it.
pub(crate) fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from:?} in\n{text}");
    text.replacen(from, to, 1)
}

pub(crate) fn told(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

/// Make each change alone, and tell what is found behind it.
pub(crate) fn each_alone(
    text: &str,
    changes: &[(&str, &str)],
    look: impl Fn(&str) -> Vec<Finding>,
) -> String {
    assert_eq!(told(&look(text)), "");
    let one =
        |(from, to): &(&str, &str)| format!("{from:?} -> {to:?}\n{}", told(&look(&changed(text, from, to))));
    changes.iter().map(one).collect::<Vec<_>>().join("\n")
}
