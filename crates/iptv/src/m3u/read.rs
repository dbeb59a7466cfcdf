//! Reads a list line by line, as it arrives.

use std::{borrow::Cow, mem};

use encoding_rs::WINDOWS_1252;

use super::{
    Catchup, Entry, Options, Refusal, Report, SkipReason,
    extinf::{Extinf, attributes},
    lines::{Content, Line, Lines},
    options,
};
use crate::{
    input::{Ending, Input, Skips, decode, html_title, is_html, trim, without_controls},
    link::{self, Link},
};

/// The longest line that is read, in bytes.
pub const LINE_MAX: usize = 1 << 20;

/// The longest name of a group, in bytes. Each channel below an `#EXTGRP` has a copy of it.
const GROUP_MAX: usize = 256;

/// As many guides of a header are kept, and options of a channel, each up to a length in bytes.
const GUIDES_KEPT: usize = 64;
const OPTIONS_KEPT: usize = 32;
const VALUE_MAX: usize = 4096;

/// As many bytes of a web page are kept for its title.
const PAGE_KEPT: usize = 4096;

/// Reads a list that comes in pieces, cut anywhere.
#[derive(Debug)]
pub struct Reader {
    input: Input,
    lines: Lines,
    list: List,
}

impl Reader {
    /// Read at most `limit` bytes of text, counted unpacked.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self { input: Input::new(limit), lines: Lines::new(LINE_MAX), list: List::default() }
    }

    /// Read the next piece and give the channels that end in it to `each`.
    ///
    /// # Errors
    /// When the file cannot be read at all, and so again from then on.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Entry<'_>)) -> Result<(), Refusal> {
        let Self { input, lines, list } = self;
        input.push(bytes, |text| lines.push(text, &mut |line| list.read(&line, &mut each)))
    }

    /// The end of the list.
    ///
    /// # Errors
    /// When this was no list: what [`Reader::push`] refused, and a web page or a stream without any channel.
    pub fn finish(self, mut each: impl FnMut(Entry<'_>)) -> Result<Report, Refusal> {
        let Self { mut input, mut lines, mut list } = self;
        let ending = input.finish(|text| lines.push(text, &mut |line| list.read(&line, &mut each)))?;
        let mut last = 0;
        lines.finish(&mut |line| {
            last = line.number;
            list.read(&line, &mut each);
        });
        list.finish(last, ending)
    }
}

/// The list so far, and what has been said about the channel to come.
#[derive(Debug, Default)]
struct List {
    entries: usize,
    guides: Vec<String>,
    skips: Skips<SkipReason>,
    kind: Kind,
    page: Vec<u8>,
    /// What the header says of all channels.
    shift: Option<i32>,
    catchup: Catchup<'static>,
    /// The line of the `#EXTINF`, and what follows its colon. The strings are used again and again.
    extinf_line: Option<usize>,
    extinf: String,
    /// `#EXTVLCOPT` and `#KODIPROP`, one a line.
    options: String,
    /// `#EXTGRP` behind the `#EXTINF`.
    own_group: Option<String>,
    /// `#EXTGRP` on its own.
    group: Option<String>,
}

/// What the file seems to be.
#[derive(Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    List,
    Html,
    Hls,
}

impl List {
    fn read(&mut self, line: &Line<'_>, each: &mut impl FnMut(Entry<'_>)) {
        let text = match line.content {
            Content::Plain(text) => Cow::Borrowed(text),
            Content::Bytes(bytes) => without_controls(decode(bytes, WINDOWS_1252)),
            Content::TooLong => {
                self.forget();
                return self.skips.add(line.number, SkipReason::TooLong);
            }
        };
        let text = trim(&text);
        if text.is_empty() {
            return;
        }
        self.guess(text);
        if text.starts_with('#') {
            self.directive(line.number, text);
        } else {
            self.links(line.number, text, each);
        }
    }

    fn guess(&mut self, text: &str) {
        if self.kind == Kind::Unknown {
            self.kind = if is_html(text.as_bytes()) { Kind::Html } else { Kind::List };
        }
        if self.kind == Kind::Html && self.page.len() < PAGE_KEPT {
            let more = text.len().min(PAGE_KEPT - self.page.len());
            self.page.extend_from_slice(&text.as_bytes()[..more]);
            self.page.push(b' ');
        }
    }

    fn directive(&mut self, number: usize, line: &str) {
        if let Some(rest) = directive(line, "#EXTINF") {
            if self.extinf_line.is_some() {
                self.drop_extinf();
            }
            self.extinf_line = Some(number);
            self.extinf.clear();
            self.extinf.push_str(rest);
        } else if let Some(rest) = directive(line, "#EXTGRP") {
            self.extgrp(rest.trim());
        } else if directive(line, "#EXTVLCOPT").or_else(|| directive(line, "#KODIPROP")).is_some() {
            self.option(line);
        } else if let Some(rest) = directive(line, "#EXTM3U") {
            self.extm3u(rest);
        } else if directive(line, "#EXT-X-TARGETDURATION").is_some()
            || directive(line, "#EXT-X-STREAM-INF").is_some()
        {
            self.kind = Kind::Hls;
        }
    }

    fn extgrp(&mut self, group: &str) {
        let group = &group[..group.floor_char_boundary(GROUP_MAX)];
        let group = Some(trim(group).to_owned()).filter(|group| !group.is_empty());
        let place = if self.extinf_line.is_some() { &mut self.own_group } else { &mut self.group };
        *place = group;
    }

    fn option(&mut self, line: &str) {
        let room = OPTIONS_KEPT * VALUE_MAX - self.options.len().min(OPTIONS_KEPT * VALUE_MAX);
        if line.len() <= room.min(VALUE_MAX) {
            self.options.push_str(line);
            self.options.push('\n');
        }
    }

    fn extm3u(&mut self, rest: &str) {
        // Addresses in a list of them have commas between; only a title's comma ends the attributes.
        let mut guides = Vec::new();
        attributes(rest, |key, value| {
            if ["url-tvg", "x-tvg-url", "tvg-url"].iter().any(|known| key.eq_ignore_ascii_case(known)) {
                guides.extend(addresses(value));
            }
        });
        for guide in guides {
            if self.guides.len() < GUIDES_KEPT && !self.guides.iter().any(|known| known == guide) {
                self.guides.push(guide.to_owned());
            }
        }
        if rest.len() <= VALUE_MAX {
            let header = Extinf::parse(rest);
            self.shift = shift(header.shift);
            self.catchup = catchup(&header, &Catchup::default()).unwrap_or_default().into_owned();
        }
    }

    /// A line that is a link, or text with links in it.
    fn links(&mut self, number: usize, line: &str, each: &mut impl FnMut(Entry<'_>)) {
        let (url, suffix) = options::split(line);
        let error = match link::exact(url) {
            Ok(link) => {
                self.entry(Place { line: number, url, suffix, beside: "" }, link, each);
                return self.forget();
            }
            Err(error) => error,
        };
        let before = self.entries;
        for found in link::find(line) {
            let place = Place { line: number, url: found.url, suffix: None, beside: found.name };
            self.entry(place, found.link, each);
            // The description is of the first.
            self.forget();
        }
        if self.entries == before {
            // The `#EXTINF` was meant for this line: it goes with it.
            self.forget();
            self.skips.add(number, error.into());
        }
    }

    fn entry(&mut self, place: Place<'_>, link: Link, each: &mut impl FnMut(Entry<'_>)) {
        self.entries += 1;
        let extinf = Extinf::parse(if self.extinf_line.is_some() { &self.extinf } else { "" });
        let group = text(extinf.group).or_else(|| self.own_group.as_deref().map(Cow::Borrowed));
        let options = place.options(&self.options).or(text(extinf.user_agent), text(extinf.referrer));
        each(Entry {
            line: place.line,
            name: place.name(&extinf, &link),
            tvg_id: text(extinf.tvg_id),
            tvg_name: text(extinf.tvg_name),
            logo: text(extinf.tvg_logo).or_else(|| text(extinf.logo)),
            group: group.or_else(|| self.group.as_deref().map(Cow::Borrowed)),
            number: text(extinf.number),
            shift: shift(extinf.shift).or(self.shift),
            radio: extinf.radio.eq_ignore_ascii_case("true") || extinf.radio == "1",
            catchup: catchup(&extinf, &self.catchup),
            options,
            url: Cow::Borrowed(place.url),
            link,
        });
    }

    /// What was said of a channel is said.
    fn forget(&mut self) {
        self.extinf_line = None;
        self.own_group = None;
        self.options.clear();
    }

    /// An `#EXTINF` that another one follows, or the end.
    fn drop_extinf(&mut self) {
        if let Some(line) = self.extinf_line {
            self.skips.add(line, SkipReason::NoLink);
        }
        self.forget();
    }

    fn finish(mut self, last: usize, ending: Ending) -> Result<Report, Refusal> {
        match self.kind {
            Kind::Html if self.entries == 0 => return Err(Refusal::Html { title: html_title(&self.page) }),
            Kind::Hls if self.entries == 0 => return Err(Refusal::Hls),
            _ => self.drop_extinf(),
        }
        if ending == Ending::Damaged {
            self.skips.add(last, SkipReason::Damaged);
        }
        let Skips { kept, total } = mem::take(&mut self.skips);
        Ok(Report { guides: self.guides, entries: self.entries, skipped: kept, skipped_total: total })
    }
}

/// Where the link of a channel stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    line: usize,
    url: &'a str,
    /// The options behind it.
    suffix: Option<&'a str>,
    /// The text beside it.
    beside: &'a str,
}

impl<'a> Place<'a> {
    fn name(&self, extinf: &Extinf<'a>, link: &Link) -> Cow<'a, str> {
        text(extinf.title)
            .or_else(|| text(extinf.tvg_name))
            .or_else(|| text(self.beside))
            .or_else(|| {
                link::title(self.url)
                    .and_then(|title| Some(clean(&title).into_owned()).filter(|it| !it.is_empty()))
                    .map(Cow::Owned)
            })
            .unwrap_or_else(|| link.acestream_hash().map_or(self.url.into(), |hash| hash.to_owned().into()))
    }

    fn options(&self, lines: &'a str) -> Options<'a> {
        let mut options = Options::default();
        // Most have none.
        if !lines.is_empty() {
            lines.lines().for_each(|line| options.add_line(line));
        }
        if let Some(suffix) = self.suffix {
            options.add_suffix(suffix);
        }
        options
    }
}

/// What the line says, and `all` where it says nothing.
fn catchup<'a>(extinf: &Extinf<'a>, all: &'a Catchup<'a>) -> Option<Catchup<'a>> {
    let either =
        |own: &'a str, all: &'a Option<Cow<'a, str>>| text(own).or(all.as_deref().map(Cow::Borrowed));
    let catchup = Catchup {
        kind: either(extinf.catchup, &all.kind),
        source: either(extinf.catchup_source, &all.source),
        days: extinf.catchup_days.parse().ok().filter(|days| *days > 0).or(all.days),
    };
    (catchup != Catchup::default()).then_some(catchup)
}

/// Hours, `-1` or `+5.5`, as seconds. What is beyond a day is a mistake.
fn shift(hours: &str) -> Option<i32> {
    if hours.is_empty() {
        return None;
    }
    let hours: f64 = hours.replace(',', ".").parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "within a day either way")]
    (hours.abs() <= 24.0).then(|| (hours * 3600.0).round() as i32)
}

/// The addresses in a list of them. A comma that no address follows belongs to the one in front of it.
fn addresses(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        (!rest.is_empty()).then_some(())?;
        let mut commas = rest.match_indices([',', ';', ' ']).map(|(at, _)| at);
        let end = commas.find(|at| link::is_web(rest[at + 1..].trim_start())).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or("").trim_start();
        Some(address.trim_matches([',', ';', ' ']))
    })
    .filter(|address| link::is_web(address) && address.len() <= VALUE_MAX)
}

/// What follows the `name` of a directive and its colon, in any case.
fn directive<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (begin, rest) = line.split_at_checked(name.len())?;
    // Nearly all are in upper case.
    (begin == name || begin.eq_ignore_ascii_case(name)).then_some(())?;
    let rest = rest.strip_prefix(':').or_else(|| rest.starts_with([' ', '\t']).then_some(rest))?;
    Some(rest)
}

/// A text that says something.
fn text(value: &str) -> Option<Cow<'_, str>> {
    let value = trim(value);
    (!value.is_empty()).then_some(Cow::Borrowed(value))
}

/// A text from elsewhere than a line of the list.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    match without_controls(Cow::Borrowed(text)) {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
    }
}
