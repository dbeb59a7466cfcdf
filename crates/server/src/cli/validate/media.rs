//! The segments and parts that a playlist lists, each fetched once and looked into.

use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use hls::validate::{Contents, Finding, Playlist, Said, Segment, Transport, assembled};
use reqwest::Url;

use super::{
    delivery::{Hinted, Removed, media_caching},
    fetch::{Fetch, join},
    told::Told,
};

/// A segment or part as it stands in a playlist.
struct Listed<'a> {
    uri: &'a str,
    line: usize,
    range: Option<&'a Range<u64>>,
}

/// Parts of so many segments are kept for their segment to be compared with.
const MOST_KEPT: usize = 4;

pub(super) struct Media {
    fetch: Fetch,
    segments: Transport,
    parts: Transport,
    hinted: Hinted,
    removed: Removed,
    /// The numbers below this were looked at, and so were the parts in front of this one.
    next_segment: Option<u64>,
    next_part: Option<(u64, usize)>,
    /// Whether the newest of them could not be looked into: what comes next does not continue what was seen.
    missed_segment: bool,
    missed_part: bool,
    /// The parts of segments that are not whole yet.
    kept: BTreeMap<u64, Vec<Bytes>>,
}

impl Media {
    pub(super) fn new(fetch: Fetch) -> Self {
        Self {
            fetch,
            segments: Transport::default(),
            parts: Transport::default(),
            hinted: Hinted::default(),
            removed: Removed::default(),
            next_segment: None,
            next_part: None,
            missed_segment: false,
            missed_part: false,
            kept: BTreeMap::new(),
        }
    }

    /// Look at what `playlist`, which came from `base`, lists and did not list before.
    pub(super) async fn look(&mut self, base: &Url, playlist: &Playlist, told: &mut Told) {
        let contents = self.segments.contents();
        (contents.target_duration, contents.is_over) = (playlist.target_duration, playlist.is_over);
        let mut before = None;
        for segment in playlist.with_growing() {
            self.new_parts(base, playlist, segment, before, told).await;
            before = Some((segment.number, segment.parts.len()));
            let is_new = self.next_segment.is_none_or(|next| segment.number >= next);
            if is_new && !segment.uri.is_empty() {
                self.new_segment(base, playlist, segment, told).await;
            }
        }
        while self.kept.len() > MOST_KEPT {
            self.kept.pop_first();
        }
        self.removed.look(&self.fetch, playlist, told).await;
    }

    /// Ask for the part that `playlist`, which came from `base`, hints at.
    pub(super) fn ask(&mut self, base: &Url, playlist: &Playlist) {
        self.hinted.ask(&self.fetch, base, playlist);
    }

    /// Say what can be said only when no more comes; returns what was in the media.
    pub(super) fn finish(mut self, told: &mut Told) -> Contents {
        for transport in [&mut self.segments, &mut self.parts] {
            told.tell(transport.finish());
        }
        std::mem::take(self.segments.contents())
    }

    /// `before` is the segment before, and how many parts of it are listed.
    async fn new_parts(
        &mut self,
        base: &Url,
        playlist: &Playlist,
        segment: &Segment,
        before: Option<(u64, usize)>,
        told: &mut Told,
    ) {
        for (index, part) in segment.parts.iter().enumerate() {
            let place = (segment.number, index);
            if self.next_part.is_some_and(|next| place < next) {
                continue;
            }
            // Where the list says no more how many parts the segment before had, some may have come and gone unseen.
            let follows =
                self.next_part.is_none_or(|next| next == place || (index == 0 && before == Some(next)));
            self.next_part = Some((segment.number, index + 1));
            let missed = std::mem::replace(&mut self.missed_part, true);
            let listed = Listed { uri: &part.uri, line: part.line, range: part.range.as_ref() };
            if part.gap || part.is_range != listed.range.is_some() {
                continue;
            }
            let Some((_, bytes)) = self.get(base, &listed, playlist, told).await else {
                continue;
            };
            self.missed_part = false;
            if !part.is_range {
                self.hinted.came(&part.uri, &bytes, told).await;
            }
            let said = Said {
                discontinuity: !follows || missed || (index == 0 && segment.discontinuity),
                is_part: true,
                independent: part.independent,
                duration: Some(part.duration),
            };
            told.tell(listed.about(self.parts.take(&bytes, said)));
            let pieces = self.kept.entry(segment.number).or_default();
            if pieces.len() == index {
                pieces.push(bytes);
            }
        }
    }

    async fn new_segment(&mut self, base: &Url, playlist: &Playlist, segment: &Segment, told: &mut Told) {
        let follows = self.next_segment.is_none_or(|next| next == segment.number);
        self.next_segment = Some(segment.number.saturating_add(1));
        let parts = self.kept.remove(&segment.number).unwrap_or_default();
        let missed = std::mem::replace(&mut self.missed_segment, true);
        let listed = Listed { uri: &segment.uri, line: segment.line, range: segment.range.as_ref() };
        if segment.gap || segment.is_range != listed.range.is_some() {
            return;
        }
        let Some((url, bytes)) = self.get(base, &listed, playlist, told).await else {
            return;
        };
        self.missed_segment = false;
        if !segment.is_range {
            self.removed.note(segment.number, url, &bytes);
        }
        let said = Said {
            discontinuity: segment.discontinuity || !follows || missed,
            is_part: false,
            independent: true,
            duration: Some(segment.duration),
        };
        let mut findings = self.segments.take(&bytes, said);
        if !parts.is_empty() && parts.len() == segment.parts.len() {
            let pieces: Vec<&[u8]> = parts.iter().map(|part| &part[..]).collect();
            findings.extend(assembled(&pieces, &bytes));
        }
        told.tell(listed.about(findings));
    }

    /// What is `listed`, and where that is: it can be fetched (6.2.1, 6.2.2).
    async fn get(
        &self,
        base: &Url,
        listed: &Listed<'_>,
        playlist: &Playlist,
        told: &mut Told,
    ) -> Option<(Url, Bytes)> {
        let fetched = async {
            let url = join(base, listed.uri)?;
            let piece = match listed.range {
                Some(range) => self.fetch.range(&url, range).await?,
                None => self.fetch.media(&url).await?,
            };
            anyhow::Ok((url, piece))
        };
        let fetched = fetched.await.inspect_err(|error| {
            let (name, line) = (listed.name(), listed.line);
            told.must("6.2.2", format!("{name} in line {line} cannot be fetched: {error:#}"));
        });
        let (url, piece) = fetched.ok()?;
        if url.scheme() == "http" {
            media_caching(piece.cache.as_deref(), playlist, told);
        }
        Some((url, piece.bytes))
    }
}

impl Listed<'_> {
    /// Its URI, with its range as a playlist has it.
    fn name(&self) -> String {
        let uri = self.uri.escape_debug();
        match self.range {
            Some(range) => format!("{uri} ({}@{})", range.end - range.start, range.start),
            None => uri.to_string(),
        }
    }

    /// Findings about its bytes.
    fn about(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let named = |finding: Finding| Finding {
            line: (self.line > 0).then_some(self.line),
            text: format!("{}: {}", self.name(), finding.text),
            ..finding
        };
        findings.into_iter().map(named).collect()
    }
}
