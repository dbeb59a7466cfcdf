//! Reading a media playlist: every tag that the rules are about, and what is wrong with where it stands.

use std::{ops::Range, time::Duration};

use super::{
    attributes::Attributes,
    finding::{Report, shown},
    lines::{Kind, Tag, lines},
    playlist::{Hint, Part, Playlist, RenditionReport, Segment, ServerControl},
    range::Ranges,
    value::{Date, decimal, integer, whole_seconds},
};

/// Read a media playlist, and note what cannot be read.
pub(super) fn read(text: &str, report: &mut Report) -> Playlist {
    let mut reader = Reader {
        playlist: Playlist::default(),
        next: Next::default(),
        ranges: Ranges::default(),
        part_ranges: Ranges::default(),
        report,
    };
    for line in lines(text) {
        match line.kind() {
            Kind::Nothing => {}
            Kind::Tag(tag) => reader.tag(tag),
            Kind::Uri(uri) => reader.uri(line.number, uri),
        }
    }
    reader.end()
}

struct Reader<'a> {
    playlist: Playlist,
    next: Next<'a>,
    ranges: Ranges,
    part_ranges: Ranges,
    report: &'a mut Report,
}

/// The segment whose URI has not come yet.
#[derive(Default)]
struct Next<'a> {
    segment: Segment,
    has_duration: bool,
    /// Its `EXT-X-BYTERANGE`, which is about a URI that comes later.
    range: Option<Tag<'a>>,
}

impl<'a> Reader<'a> {
    fn tag(&mut self, tag: Tag<'a>) {
        match tag.name {
            "EXT-X-TARGETDURATION" => self.target_duration(tag),
            "EXT-X-MEDIA-SEQUENCE" => {
                self.playlist.media_sequence = self.sequence(tag, "4.4.3.2").unwrap_or(0);
            }
            "EXT-X-DISCONTINUITY-SEQUENCE" => self.discontinuity_sequence(tag),
            "EXT-X-PLAYLIST-TYPE" => self.playlist.kind = Some(tag.value.to_owned()),
            "EXT-X-INDEPENDENT-SEGMENTS" => self.playlist.is_independent = true,
            "EXT-X-ENDLIST" => self.playlist.is_over = true,
            "EXT-X-PART-INF" => self.part_inf(tag),
            "EXT-X-SERVER-CONTROL" => self.server_control(tag),
            "EXT-X-SKIP" => self.skip(tag),
            "EXT-X-PRELOAD-HINT" => self.hint(tag),
            "EXT-X-RENDITION-REPORT" => self.rendition_report(tag),
            "EXTINF" => self.duration(tag),
            "EXT-X-PART" => self.part(tag),
            "EXT-X-DISCONTINUITY" => {
                self.before_parts(tag);
                self.next.segment.discontinuity = true;
            }
            "EXT-X-PROGRAM-DATE-TIME" => self.date(tag),
            "EXT-X-KEY" | "EXT-X-MAP" => self.before_parts(tag),
            "EXT-X-BYTERANGE" => self.next.range = Some(tag),
            "EXT-X-GAP" => self.next.segment.gap = true,
            _ => {}
        }
    }

    /// 4.4.4.1: every segment has its duration in front.
    fn uri(&mut self, line: usize, uri: &str) {
        let Next { segment, has_duration, range } = std::mem::take(&mut self.next);
        if !has_duration {
            self.report.must("4.4.4.1", line, "a segment without EXTINF");
        }
        let is_range = range.is_some();
        let range = self.range(uri, range);
        self.playlist.segments.push(Segment { line, uri: uri.to_owned(), is_range, range, ..segment });
    }

    /// 4.4.4.2: bytes that can be, from an offset or from the end of the segment before on.
    fn range(&mut self, uri: &str, tag: Option<Tag<'_>>) -> Option<Range<u64>> {
        let Some(tag) = tag else {
            self.ranges.whole();
            return None;
        };
        let range = self.ranges.take(uri, tag.value);
        range.unwrap_or_else(|text| {
            self.report.must("4.4.4.2", tag.line, text);
            None
        })
    }

    /// 4.4.4.9: the same of a part.
    fn part_range(&mut self, uri: &str, attributes: &Attributes<'_>) -> Option<Range<u64>> {
        if !attributes.has("BYTERANGE") {
            self.part_ranges.whole();
            return None;
        }
        let Some(text) = attributes.quoted("BYTERANGE", self.report) else {
            self.part_ranges.unknown();
            return None;
        };
        self.part_ranges.take(uri, text).unwrap_or_else(|text| {
            self.report.must("4.4.4.9", attributes.line(), text);
            None
        })
    }

    /// Number the segments, which only works once all is read: tags may stand anywhere in a bad playlist.
    fn end(mut self) -> Playlist {
        if self.next.has_duration {
            self.report.must("4.4.4.1", self.next.segment.line, "EXTINF without a URI behind it");
        }
        let first = self.playlist.first();
        for (number, segment) in (0..).zip(&mut self.playlist.segments) {
            segment.number = first.saturating_add(number);
        }
        self.playlist.growing = self.next.segment;
        self.playlist.growing.number = first.saturating_add(self.playlist.segments.len() as u64);
        self.playlist
    }

    /// 4.4.3.1: whole seconds, at least one.
    fn target_duration(&mut self, tag: Tag<'_>) {
        let seconds = integer(tag.value).filter(|&seconds| seconds > 0);
        if seconds.is_none() {
            let text = format!("EXT-X-TARGETDURATION is no number of seconds: {}", shown(tag.value));
            self.report.must("4.4.3.1", tag.line, text);
        }
        self.playlist.target_duration = seconds.map(whole_seconds);
    }

    /// 4.4.3.2, 4.4.3.3: a decimal integer, before the first segment.
    fn sequence(&mut self, tag: Tag<'_>, clause: &'static str) -> Option<u64> {
        if self.has_begun() {
            self.report.must(clause, tag.line, format!("{} behind the first segment", tag.name));
        }
        let number = integer(tag.value);
        if number.is_none() {
            self.report.must(clause, tag.line, format!("{} is no number: {}", tag.name, shown(tag.value)));
        }
        number
    }

    /// 4.4.3.3: before any discontinuity.
    fn discontinuity_sequence(&mut self, tag: Tag<'_>) {
        if self.next.segment.discontinuity && !self.has_begun() {
            self.report.must(
                "4.4.3.3",
                tag.line,
                "EXT-X-DISCONTINUITY-SEQUENCE behind an EXT-X-DISCONTINUITY",
            );
        }
        self.playlist.discontinuity_sequence = self.sequence(tag, "4.4.3.3");
    }

    fn has_begun(&self) -> bool {
        !self.playlist.segments.is_empty() || self.next.has_duration || !self.next.segment.parts.is_empty()
    }

    /// 4.4.3.7: `PART-TARGET` is required.
    fn part_inf(&mut self, tag: Tag<'_>) {
        let attributes = Attributes::read(tag);
        attributes.require(&["PART-TARGET"], "4.4.3.7", self.report);
        self.playlist.part_target = attributes.decimal("PART-TARGET", self.report);
    }

    fn server_control(&mut self, tag: Tag<'_>) {
        let attributes = Attributes::read(tag);
        self.playlist.server_control = Some(ServerControl {
            line: tag.line,
            can_block: attributes.is_yes("CAN-BLOCK-RELOAD", &[], self.report),
            can_skip_until: attributes.decimal("CAN-SKIP-UNTIL", self.report),
            can_skip_dates: attributes.is_yes("CAN-SKIP-DATERANGES", &[], self.report),
            hold_back: attributes.decimal("HOLD-BACK", self.report),
            part_hold_back: attributes.decimal("PART-HOLD-BACK", self.report),
        });
    }

    /// 4.4.5.2: `SKIPPED-SEGMENTS` is required; the tag stands for the segments in front of those listed.
    fn skip(&mut self, tag: Tag<'_>) {
        let attributes = Attributes::read(tag);
        attributes.require(&["SKIPPED-SEGMENTS"], "4.4.5.2", self.report);
        if self.has_begun() {
            self.report.must("4.4.5.2", tag.line, "EXT-X-SKIP behind a segment");
        }
        self.ranges.unknown();
        self.part_ranges.unknown();
        self.playlist.skipped = attributes.integer("SKIPPED-SEGMENTS", self.report).unwrap_or(0);
    }

    /// 4.4.5.3: `TYPE` and `URI` are required, and the type is one of two.
    fn hint(&mut self, tag: Tag<'_>) {
        let attributes = Attributes::read(tag);
        attributes.require(&["TYPE", "URI"], "4.4.5.3", self.report);
        let kind = attributes.word("TYPE").unwrap_or_default();
        if !matches!(kind, "" | "PART" | "MAP") {
            self.report.must("4.4.5.3", tag.line, format!("a hint of the type {}", shown(kind)));
        }
        self.playlist.hints.push(Hint {
            line: tag.line,
            kind: kind.to_owned(),
            uri: attributes.quoted("URI", self.report).unwrap_or_default().to_owned(),
            is_range: attributes.has("BYTERANGE-START") || attributes.has("BYTERANGE-LENGTH"),
        });
    }

    fn rendition_report(&mut self, tag: Tag<'_>) {
        let attributes = Attributes::read(tag);
        attributes.require(&["URI"], "4.4.5.4", self.report);
        self.playlist.reports.push(RenditionReport {
            line: tag.line,
            uri: attributes.quoted("URI", self.report).unwrap_or_default().to_owned(),
            last_segment: attributes.integer("LAST-MSN", self.report),
            last_part: attributes.integer("LAST-PART", self.report),
        });
    }

    /// 4.4.4.1: a duration, then a comma.
    fn duration(&mut self, tag: Tag<'_>) {
        let (number, comma) =
            tag.value.split_once(',').map_or((tag.value, false), |(number, _)| (number, true));
        let duration = decimal(number);
        if duration.is_none() || !comma {
            let text = format!("EXTINF is not a number of seconds and a comma: {}", shown(tag.value));
            self.report.must("4.4.4.1", tag.line, text);
        }
        self.next.segment.duration = duration.unwrap_or(Duration::ZERO);
        self.next.segment.line = tag.line;
        self.next.has_duration = true;
    }

    /// 4.4.4.9: `URI` and `DURATION` are required.
    fn part(&mut self, tag: Tag<'_>) {
        let attributes = Attributes::read(tag);
        attributes.require(&["URI", "DURATION"], "4.4.4.9", self.report);
        let uri = attributes.quoted("URI", self.report).unwrap_or_default().to_owned();
        let range = self.part_range(&uri, &attributes);
        self.next.segment.parts.push(Part {
            line: tag.line,
            uri,
            duration: attributes.decimal("DURATION", self.report).unwrap_or(Duration::ZERO),
            independent: attributes.is_yes("INDEPENDENT", &[], self.report),
            is_range: attributes.has("BYTERANGE"),
            range,
            gap: attributes.is_yes("GAP", &[], self.report),
        });
    }

    /// 4.4.4.6: a date of ISO 8601, with its time zone and milliseconds.
    fn date(&mut self, tag: Tag<'_>) {
        self.before_parts(tag);
        let date = Date::read(tag.value);
        match date {
            None => {
                let text = format!("EXT-X-PROGRAM-DATE-TIME is no date: {}", shown(tag.value));
                self.report.must("4.4.4.6", tag.line, text);
            }
            Some(date) if !date.is_precise => {
                let text = format!("a date without its time zone or its milliseconds: {}", shown(tag.value));
                self.report.should("4.4.4.6", tag.line, text);
            }
            Some(_) => {}
        }
        self.next.segment.date = date;
    }

    /// 4.4.4.9: what is about the whole segment stands before its first part.
    fn before_parts(&mut self, tag: Tag<'_>) {
        if !self.next.segment.parts.is_empty() {
            self.report.must("4.4.4.9", tag.line, format!("{} behind a part of its segment", tag.name));
        }
    }
}
