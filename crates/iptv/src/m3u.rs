//! Channel lists in M3U, read as tolerantly as televisions do.
//!
//! There is no standard, only habit: `#EXTINF` with attributes, then a link. A line that makes no sense
//! is skipped and reported with its number; the rest of the list is read all the same.

mod write;

use std::mem;

use crate::extinf::Extinf;
use crate::link::{self, Link, LinkError};

pub use write::{M3U_HEAD, write_entry};

/// How many skipped lines are kept with their reasons. Those beyond are counted only: a file that is
/// no list at all must not cost a multiple of its size.
pub const SKIPPED_KEPT: usize = 1000;

/// The longest name of a group, in bytes. Each channel below an `#EXTGRP` has a copy of it.
const GROUP_MAX: usize = 256;

/// A list that has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct M3u {
    /// The channels, in the order of the list. Duplicates are kept.
    pub entries: Vec<Entry>,
    /// The first [`SKIPPED_KEPT`] lines that were skipped.
    pub skipped: Vec<Skipped>,
    /// How many lines were skipped in all.
    pub skipped_total: usize,
}

/// One channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line of its link, counted from 1.
    pub line: usize,
    /// What to call it; never empty. In doubt `tvg-name`, the link's own title, or the link.
    pub name: String,
    /// The address of its logo (`tvg-logo`, `logo`).
    pub logo: Option<String>,
    /// Its name in the guide (`tvg-id`).
    pub id: Option<String>,
    /// Its group (`group-title`, `#EXTGRP`).
    pub group: Option<String>,
    /// Whether the list says that it is radio.
    pub radio: bool,
    /// The link as written.
    pub url: String,
    /// The link as understood.
    pub link: Link,
}

/// A line that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Skipped {
    /// Its number, counted from 1.
    pub line: usize,
    /// Why it was skipped.
    pub reason: SkipReason,
}

/// Why a line was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// A description that nothing follows.
    #[error("#EXTINF without a link")]
    NoLink,
    /// A line that should be a link.
    #[error(transparent)]
    BadLink(#[from] LinkError),
}

/// Read a list: M3U, or bare links, or lines such as `name : <id>`, or HTML with links in it.
///
/// Never fails. Unknown `#` lines are comments. `#EXTGRP` counts for its channel when it stands behind
/// the `#EXTINF`, else for all that follow it; `group-title` outdoes it.
#[must_use]
pub fn parse_m3u(text: &str) -> M3u {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // `\r\n` leaves a `\r` that trimming takes away; old files have nothing but `\r`.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let mut reader = Reader::default();
    for (index, line) in text.split(end).enumerate() {
        reader.line(index + 1, line.trim_matches(|c: char| c.is_whitespace() || c == '\0'));
    }
    reader.finish()
}

/// The list so far, and what has been said about the channel to come.
#[derive(Default)]
struct Reader<'a> {
    list: M3u,
    extinf: Option<(usize, Extinf<'a>)>,
    /// `#EXTGRP` behind the `#EXTINF`.
    own_group: Option<&'a str>,
    /// `#EXTGRP` on its own.
    group: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, number: usize, line: &'a str) {
        if line.is_empty() {
            return;
        }
        if !line.starts_with('#') {
            self.links(number, line);
        } else if let Some(rest) = directive(line, "#EXTINF") {
            self.drop_extinf();
            self.extinf = Some((number, Extinf::parse(rest)));
        } else if let Some(rest) = directive(line, "#EXTGRP") {
            let group = rest.trim();
            let group =
                Some(&group[..group.floor_char_boundary(GROUP_MAX)]).filter(|group| !group.is_empty());
            let place = if self.extinf.is_some() { &mut self.own_group } else { &mut self.group };
            *place = group;
        }
    }

    /// A line that is a link, or text with links in it.
    fn links(&mut self, number: usize, line: &'a str) {
        let error = match link::exact(line) {
            Ok(link) => return self.entry(number, line, link, ""),
            Err(error) => error,
        };
        let before = self.list.entries.len();
        for found in link::find(line) {
            self.entry(number, found.url, found.link, found.name);
        }
        if self.list.entries.len() == before {
            // The `#EXTINF` was meant for this line: it goes with it.
            self.extinf = None;
            self.own_group = None;
            self.skip(number, error.into());
        }
    }

    fn entry(&mut self, line: usize, url: &str, link: Link, beside: &str) {
        let extinf = self.extinf.take().map(|(_, extinf)| extinf).unwrap_or_default();
        let group = extinf.get("group-title").or(mem::take(&mut self.own_group)).or(self.group);
        let name = [extinf.title(), extinf.get("tvg-name").unwrap_or(""), beside].map(clean);
        let name = name.into_iter().find(|name| !name.is_empty()).or_else(|| link::title(url));
        self.list.entries.push(Entry {
            line,
            name: name.unwrap_or_else(|| link.acestream_hash().unwrap_or(url).to_owned()),
            logo: extinf.get("tvg-logo").or_else(|| extinf.get("logo")).map(str::to_owned),
            id: extinf.get("tvg-id").map(str::to_owned),
            group: group.map(clean).filter(|group| !group.is_empty()),
            radio: extinf
                .get("radio")
                .is_some_and(|radio| radio.eq_ignore_ascii_case("true") || radio == "1"),
            url: url.to_owned(),
            link,
        });
    }

    /// An `#EXTINF` that another one follows, or the end.
    fn drop_extinf(&mut self) {
        self.own_group = None;
        if let Some((line, _)) = self.extinf.take() {
            self.skip(line, SkipReason::NoLink);
        }
    }

    fn skip(&mut self, line: usize, reason: SkipReason) {
        self.list.skipped_total += 1;
        if self.list.skipped.len() < SKIPPED_KEPT {
            self.list.skipped.push(Skipped { line, reason });
        }
    }

    fn finish(mut self) -> M3u {
        self.drop_extinf();
        self.list
    }
}

/// What follows the `name` of a directive and its colon, in any case.
fn directive<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let rest = line.get(name.len()..).filter(|_| line[..name.len()].eq_ignore_ascii_case(name))?;
    let rest = rest.strip_prefix(':').or_else(|| rest.starts_with([' ', '\t']).then_some(rest))?;
    Some(rest)
}

/// Without the control characters that some lists carry.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests;
