//! What both formats share: bytes as they come from strangers, cut anywhere, made into text.

mod charset;
mod inflate;

use std::borrow::Cow;

use charset::Charset;
use inflate::Unpacker;
use memchr::memchr_iter;

pub(crate) use charset::{decode, utf_8};

/// How many skipped lines are kept with their reasons. Those beyond are counted only: a file that is nothing that we
/// know must not cost a multiple of its size.
pub const SKIPPED_KEPT: usize = 1000;

/// Why a file is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A web page with no channel in it: a login, an error, a landing page.
    #[error("this is a web page{}, not what was asked for", titled(title.as_deref()))]
    Html {
        /// What the page calls itself, shortened.
        title: Option<String>,
    },
    /// Packed in a way that is not read; gzip is.
    #[error("this is packed with {0}, which is not read: give it as gzip or as plain text")]
    Packed(&'static str),
    /// More text than the caller allows, unpacked.
    #[error("there are more than {limit} bytes of text")]
    TooLarge {
        /// How many are allowed.
        limit: u64,
    },
    /// The playlist of one stream (RFC 8216), which lists segments, not channels.
    #[error("this is the HLS playlist of one stream, not a list of channels")]
    Hls,
    /// Neither `<tv>` nor a channel or a programme.
    #[error("this is no XMLTV: it has no <tv>")]
    NoGuide,
}

fn titled(title: Option<&str>) -> String {
    title.map(|title| format!(" (\"{title}\")")).unwrap_or_default()
}

/// Something that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Skipped<R> {
    /// The line where it begins, counted from 1.
    pub line: usize,
    /// Why it was skipped.
    pub reason: R,
}

/// The first [`SKIPPED_KEPT`] things that were skipped, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skips<R> {
    pub(crate) kept: Vec<Skipped<R>>,
    pub(crate) total: usize,
}

impl<R> Default for Skips<R> {
    fn default() -> Self {
        Self { kept: Vec::new(), total: 0 }
    }
}

impl<R> Skips<R> {
    pub(crate) fn add(&mut self, line: usize, reason: R) {
        self.total += 1;
        if self.kept.len() < SKIPPED_KEPT {
            self.kept.push(Skipped { line, reason });
        }
    }
}

/// Unpacks gzip and turns UTF-16 into UTF-8. What comes out is UTF-8, or another encoding of one byte a letter that
/// has ASCII in it, without a byte order mark.
#[derive(Debug)]
pub(crate) struct Input {
    unpacker: Unpacker,
    charset: Charset,
    left: u64,
    limit: u64,
    refused: Option<Refusal>,
}

impl Input {
    /// Gives at most `limit` bytes of text.
    pub(crate) fn new(limit: u64) -> Self {
        let (unpacker, charset) = (Unpacker::default(), Charset::default());
        Self { unpacker, charset, left: limit, limit, refused: None }
    }

    /// The text of `bytes`, given to `text` in pieces.
    pub(crate) fn push(&mut self, bytes: &[u8], mut text: impl FnMut(&[u8])) -> Result<(), Refusal> {
        if let Some(refusal) = &self.refused {
            return Err(refusal.clone());
        }
        let (charset, left, limit) = (&mut self.charset, &mut self.left, self.limit);
        let result = self.unpacker.push(bytes, &mut |plain| {
            charge(left, limit, plain)?;
            charset.push(plain, &mut text);
            Ok(())
        });
        self.refused = result.clone().err();
        result
    }

    /// The text that was held back; whether the packed data was whole.
    pub(crate) fn finish(&mut self, mut text: impl FnMut(&[u8])) -> Result<Ending, Refusal> {
        if let Some(refusal) = &self.refused {
            return Err(refusal.clone());
        }
        let (charset, left, limit) = (&mut self.charset, &mut self.left, self.limit);
        let ending = self.unpacker.finish(&mut |plain| {
            charge(left, limit, plain)?;
            charset.push(plain, &mut text);
            Ok(())
        })?;
        self.charset.finish(&mut text);
        Ok(ending)
    }
}

fn charge(left: &mut u64, limit: u64, plain: &[u8]) -> Result<(), Refusal> {
    *left = left.checked_sub(plain.len() as u64).ok_or(Refusal::TooLarge { limit })?;
    Ok(())
}

/// How the packed data ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// The gzip data broke off, or its checksum is wrong.
    Damaged,
}

/// `text.trim()`, quick where nothing is to be trimmed, as hardly ever is.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [] | [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

/// `text.trim_start()` in the same way.
pub(crate) fn trim_start(text: &str) -> &str {
    match text.as_bytes() {
        [b' ', b'!'..=b'~', ..] => &text[1..],
        [] | [b'!'..=b'~', ..] => text,
        _ => text.trim_start(),
    }
}

/// Lines as text, if they are UTF-8 without control characters.
pub(crate) fn plain(lines: &[u8]) -> Option<&str> {
    // Looks at many bytes at once, as nothing ends it early.
    let odd = lines.iter().fold(false, |any, byte| any | is_odd(*byte));
    // C1 controls are 0xC2 and a byte below 0xA0 in UTF-8.
    let c1 = || memchr_iter(0xC2, lines).any(|at| lines.get(at + 1).is_none_or(|next| *next < 0xA0));
    if odd || c1() {
        return None;
    }
    utf_8(lines)
}

/// Whether a byte is a control character that ends no line.
fn is_odd(byte: u8) -> bool {
    (byte < b' ') & (byte != b'\n') & (byte != b'\r') | (byte == 0x7F)
}

/// Without the control characters that some files carry; those that part words become spaces.
pub(crate) fn without_controls(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text;
    }
    let plain = |c: char| if c.is_whitespace() { Some(' ') } else { Some(c).filter(|c| !c.is_control()) };
    Cow::Owned(text.chars().filter_map(plain).collect())
}

/// Whether a file that begins so is a web page.
pub(crate) fn is_html(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|tag| start.get(..tag.len()).is_some_and(|it| it.eq_ignore_ascii_case(tag.as_bytes())))
}

/// What stands in the `<title>` of a page, if all of it is in `html`.
pub(crate) fn html_title(html: &[u8]) -> Option<String> {
    const LONGEST: usize = 80;
    let at = |needle: &[u8], from: usize| {
        html.get(from..)?.windows(needle.len()).position(|it| it.eq_ignore_ascii_case(needle))
    };
    let start = at(b"<title>", 0)? + b"<title>".len();
    let end = start + at(b"</title", start)?;
    let title = String::from_utf8_lossy(&html[start..end]);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title: String = title.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests;
