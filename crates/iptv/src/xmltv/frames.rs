//! Finds the elements that matter in a guide that comes in pieces, by their tags alone.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use memchr::{memchr, memchr_iter, memchr3, memmem};

use super::{
    SkipReason,
    ends::{End, Names},
    markup::{is_allowed, simple_tag_end},
};
use crate::input::utf_8;

/// The longest channel or programme that is read, in bytes.
pub const ELEMENT_MAX: usize = 1 << 20;

/// The longest tag.
const TAG_MAX: usize = 16 << 10;

/// As many bytes are taken in at a time.
const PIECE: usize = 64 << 10;

/// As many bytes tell tags apart.
const TELLING: usize = b"</programme>".len();

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Channel,
    Programme,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Programme => "programme",
        }
    }
}

/// An element, still in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    /// The line where it begins.
    pub(super) line: usize,
    /// All of it but its end tag.
    pub(super) bytes: &'a [u8],
    /// The same as text, where all that came with it is UTF-8 and has nothing in it that is banned.
    pub(super) text: Option<&'a str>,
    /// How long its start tag is.
    pub(super) tag: usize,
    /// The encoding of what is not UTF-8.
    pub(super) encoding: &'static Encoding,
}

/// What was found.
pub(super) enum Found<'a> {
    Element(Frame<'a>),
    Skipped(usize, SkipReason),
}

/// The text that has not been gone through yet, and the state at its beginning.
#[derive(Debug)]
pub(super) struct Frames {
    text: Vec<u8>,
    /// The number of the line at the beginning of the text.
    line: usize,
    /// The text begins within a comment.
    comment: bool,
    /// Where the search for the end of the first element goes on.
    searched: usize,
    /// Up to here no comment and no CDATA section of it is open.
    outside: usize,
    encoding: &'static Encoding,
    names: Names,
    pub(super) saw_tv: bool,
    pub(super) saw_end: bool,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            line: 1,
            comment: false,
            searched: 0,
            outside: 0,
            encoding: WINDOWS_1252,
            names: Names::default(),
            saw_tv: false,
            saw_end: false,
        }
    }
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &[u8], each: &mut impl FnMut(Found<'_>)) {
        for piece in bytes.chunks(PIECE) {
            self.text.extend_from_slice(piece);
            self.go_through(false, each);
        }
    }

    /// The number of the last line.
    pub(super) fn finish(&mut self, each: &mut impl FnMut(Found<'_>)) -> usize {
        self.go_through(true, each);
        self.line
    }

    fn go_through(&mut self, last: bool, each: &mut impl FnMut(Found<'_>)) {
        let text = std::mem::take(&mut self.text);
        // Many elements are looked through faster at once than one by one; what may still grow, not before it is whole.
        let mut clean = None;
        let mut at = 0;
        // Lines are counted up to here.
        let mut counted = 0;
        while let Some(step) = self.step(&text[at..], last) {
            if !matches!(step.what, What::Nothing) {
                let begin = at + step.begin;
                self.line += memchr_iter(b'\n', &text[counted..begin]).count();
                counted = begin;
                let (from, clean) = *clean.get_or_insert_with(|| (begin, self::clean(&text[begin..])));
                self.tell(&step, &text[begin..], clean.get(begin - from..), each);
            }
            at += step.length;
        }
        self.line += memchr_iter(b'\n', &text[counted..at]).count();
        self.text = text;
        self.text.drain(..at);
    }

    /// Tell what stands at the beginning of `text`, which is `clean` as far as that goes.
    fn tell(&self, step: &Step, text: &[u8], clean: Option<&str>, each: &mut impl FnMut(Found<'_>)) {
        let (line, encoding) = (self.line, self.encoding);
        match &step.what {
            What::Nothing => {}
            What::Element { kind, tag, body } => {
                let (kind, tag, all) = (*kind, *tag, tag + body);
                let (bytes, text) = (&text[..all], clean.and_then(|clean| clean.get(..all)));
                each(Found::Element(Frame { kind, line, bytes, text, tag, encoding }));
            }
            What::Skipped(reason) => each(Found::Skipped(line, reason.clone())),
        }
    }

    /// What comes next in `text`; `None` when more of it is needed to tell.
    fn step(&mut self, text: &[u8], last: bool) -> Option<Step> {
        if self.comment {
            return self.step_in_comment(text);
        }
        let Some(begin) = memchr(b'<', text) else {
            return (!text.is_empty()).then_some(Step::over(text.len()));
        };
        let tag = &text[begin..];
        if tag.len() < TELLING && !last {
            return None;
        }
        if tag.starts_with(b"<!--") {
            self.comment = true;
            return Some(Step::over(begin + 4));
        }
        let kind = element(tag);
        let end = match tag_end(tag) {
            Tag::Ends(end) => end,
            Tag::Broken(length) => {
                return Some(Step { begin, length: begin + length, what: What::broken(kind) });
            }
            Tag::Open if last || tag.len() > TAG_MAX => {
                return Some(Step { begin, length: begin + 1, what: What::broken(kind) });
            }
            Tag::Open => return None,
        };
        match kind {
            Some(kind) => self.step_element(kind, begin, tag, end, last),
            None => {
                self.look_at(&tag[..end]);
                Some(Step::over(begin + end))
            }
        }
    }

    /// All but what may be the beginning of its end is passed over.
    fn step_in_comment(&mut self, text: &[u8]) -> Option<Step> {
        if let Some(end) = memmem::find(text, b"-->") {
            self.comment = false;
            return Some(Step::over(end + 3));
        }
        let length = text.len().saturating_sub(2);
        (length > 0).then_some(Step::over(length))
    }

    fn step_element(
        &mut self,
        kind: Kind,
        begin: usize,
        text: &[u8],
        tag: usize,
        last: bool,
    ) -> Option<Step> {
        if text[..tag].ends_with(b"/>") {
            return Some(Step { begin, length: begin + tag, what: What::Element { kind, tag, body: 0 } });
        }
        let ahead = |at: usize| at.saturating_sub(begin).clamp(tag, text.len());
        let mut outside = ahead(self.outside);
        let from = ahead(self.searched).max(outside);
        let skip = |length, reason| Some(Step { begin, length: begin + length, what: What::Skipped(reason) });
        (self.searched, self.outside) = (0, 0);
        match self.names.end(kind, text, from, &mut outside, last) {
            // What follows its name in the end tag is text between elements.
            End::Here(end) if end <= ELEMENT_MAX => {
                let what = What::Element { kind, tag, body: end - tag };
                Some(Step { begin, length: begin + end + 2 + kind.name().len(), what })
            }
            End::Here(end) => skip(end, SkipReason::TooLong(kind.name())),
            End::Another(next) => skip(next, SkipReason::Unclosed(kind.name())),
            End::NotYet if text.len() > ELEMENT_MAX => skip(tag, SkipReason::TooLong(kind.name())),
            End::NotYet if last => skip(text.len(), SkipReason::Unclosed(kind.name())),
            end => {
                let again = if let End::Hidden(at) = end { at } else { text.len().saturating_sub(TELLING) };
                self.searched = begin + again;
                self.outside = begin + outside;
                None
            }
        }
    }

    /// A tag that is neither of a channel nor of a programme.
    fn look_at(&mut self, tag: &[u8]) {
        let is_tv = starts_element(tag, b"<tv");
        self.saw_tv |= is_tv;
        self.saw_end |= starts_element(tag, b"</tv") || (is_tv && tag.ends_with(b"/>"));
        if tag.starts_with(b"<?xml") {
            let named = declared(tag).and_then(Encoding::for_label);
            // Text that is read here has ASCII in it, so it is not UTF-16 whatever it says.
            self.encoding =
                named.filter(|it| it.is_ascii_compatible() && *it != UTF_8).unwrap_or(self.encoding);
        }
    }
}

/// The beginning of `bytes` that is UTF-8, unless something in it is banned.
fn clean(bytes: &[u8]) -> &str {
    // The last letter may be cut.
    let valid = &bytes[..Encoding::utf8_valid_up_to(bytes)];
    utf_8(valid).filter(|text| is_allowed(text)).unwrap_or("")
}

/// What stands at `begin`; `length` goes on behind it.
struct Step {
    begin: usize,
    length: usize,
    what: What,
}

enum What {
    Nothing,
    /// An element with a start tag and a body of so many bytes.
    Element {
        kind: Kind,
        tag: usize,
        body: usize,
    },
    Skipped(SkipReason),
}

impl What {
    fn broken(kind: Option<Kind>) -> Self {
        let error = "the tag does not end";
        kind.map_or(Self::Nothing, |kind| Self::Skipped(SkipReason::Syntax { element: kind.name(), error }))
    }
}

impl Step {
    const fn over(length: usize) -> Self {
        Self { begin: 0, length, what: What::Nothing }
    }
}

fn element(tag: &[u8]) -> Option<Kind> {
    if starts_element(tag, b"<programme") {
        return Some(Kind::Programme);
    }
    starts_element(tag, b"<channel").then_some(Kind::Channel)
}

fn starts_element(tag: &[u8], name: &[u8]) -> bool {
    let behind = tag.strip_prefix(name).and_then(|behind| behind.first());
    behind.is_some_and(|c| c.is_ascii_whitespace() || b">/".contains(c))
}

enum Tag {
    /// Behind so many bytes.
    Ends(usize),
    /// Another begins behind so many.
    Broken(usize),
    Open,
}

/// Where the tag that `text` begins with ends: `<…>`, `<?…?>`, `<!DOCTYPE … [ … ]>`.
fn tag_end(text: &[u8]) -> Tag {
    if text.starts_with(b"<?") {
        return memmem::find(text, b"?>").map_or(Tag::Open, |at| Tag::Ends(at + 2));
    }
    if text.starts_with(b"<!") {
        return doctype_end(text);
    }
    if let Some(end) = simple_tag_end(text) {
        return Tag::Ends(end);
    }
    let (mut at, mut seen) = (1, 1);
    while let Some(next) = memchr3(b'>', b'"', b'\'', &text[at..]).map(|next| at + next) {
        let end = match text[next] {
            b'>' => Some(next + 1),
            quote => {
                let Some(closing) = memchr(quote, &text[next + 1..]) else { break };
                at = next + closing + 2;
                None
            }
        };
        // No attribute has a `<` in it (XML, 3.1), so a quote is missing.
        if let Some(other) = memchr(b'<', &text[seen..end.unwrap_or(at)]) {
            return Tag::Broken(seen + other);
        }
        seen = at;
        if let Some(end) = end {
            return Tag::Ends(end);
        }
    }
    memchr(b'<', &text[seen..]).map_or(Tag::Open, |other| Tag::Broken(seen + other))
}

/// What is declared between the brackets is passed over: entities are not expanded.
fn doctype_end(text: &[u8]) -> Tag {
    let Some(end) = memchr(b'>', text) else { return Tag::Open };
    if memchr(b'[', &text[..end]).is_none() {
        return Tag::Ends(end + 1);
    }
    let closing = memchr_iter(b']', text).find_map(|at| {
        let behind = text[at + 1..].trim_ascii_start();
        behind.starts_with(b">").then(|| text.len() - behind.len() + 1)
    });
    closing.map_or(Tag::Open, Tag::Ends)
}

/// The encoding that `<?xml … encoding="…"?>` names.
fn declared(tag: &[u8]) -> Option<&[u8]> {
    let behind = &tag[memmem::find(tag, b"encoding")? + b"encoding".len()..];
    let behind = behind.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = behind.split_first()?;
    Some(&value[..memchr(*quote, value)?])
}
