//! Bytes cut anywhere, made into lines.

use memchr::{memchr2, memrchr2};

use crate::input::plain;

/// Lines end at `\n`, `\r\n` or `\r`. One that is cut by the end of a piece is put together again.
#[derive(Debug)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come yet; nothing of a line that is too long already.
    begun: Vec<u8>,
    /// How long that line is so far.
    length: usize,
    longest: usize,
    /// The number of the line that has begun, counted from 1.
    number: usize,
    /// The last piece ended with `\r`: a `\n` that follows belongs to it.
    after_return: bool,
}

/// A line without its end.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) content: Content<'a>,
}

/// What stands in it.
pub(super) enum Content<'a> {
    /// Text that has been looked through: UTF-8 without control characters.
    Plain(&'a str),
    Bytes(&'a [u8]),
    TooLong,
}

impl Lines {
    /// Lines of more than `longest` bytes are told without their bytes.
    pub(super) fn new(longest: usize) -> Self {
        Self { begun: Vec::new(), length: 0, longest, number: 1, after_return: false }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Line<'_>)) {
        if self.after_return && !bytes.is_empty() {
            self.after_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        // Many lines are looked through faster at once than one by one.
        let lines = memrchr2(b'\n', b'\r', bytes).map_or(0, |last| last + 1);
        let text = plain(&bytes[..lines]);
        let mut at = 0;
        while let Some(end) = memchr2(b'\n', b'\r', &bytes[at..lines]).map(|end| at + end) {
            match text {
                Some(text) if self.length == 0 => self.whole(&text[at..end], each),
                _ => self.end(&bytes[at..end], each),
            }
            let is_pair = bytes[end..].starts_with(b"\r\n");
            self.after_return = bytes[end..] == *b"\r";
            at = end + if is_pair { 2 } else { 1 };
        }
        self.begin(&bytes[lines..]);
    }

    /// The last line has no end.
    pub(super) fn finish(&mut self, each: &mut impl FnMut(Line<'_>)) {
        self.end(&[], each);
    }

    fn begin(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(bytes.len());
        if self.length > self.longest {
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(bytes);
        }
    }

    /// A line that is plain and in one piece.
    fn whole(&mut self, text: &str, each: &mut impl FnMut(Line<'_>)) {
        let content = if text.len() <= self.longest { Content::Plain(text) } else { Content::TooLong };
        each(Line { number: self.number, content });
        self.number += 1;
    }

    /// A line that ends with `bytes`.
    fn end(&mut self, bytes: &[u8], each: &mut impl FnMut(Line<'_>)) {
        let content = if self.length + bytes.len() > self.longest {
            Content::TooLong
        } else if self.length == 0 {
            Content::Bytes(bytes)
        } else {
            self.begun.extend_from_slice(bytes);
            Content::Bytes(&self.begun)
        };
        each(Line { number: self.number, content });
        self.number += 1;
        self.begun.clear();
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_line_that_is_too_long_nothing_is_kept() {
        let mut lines = Lines::new(100);

        for _ in 0..50 {
            lines.push(&[b'a'; 30], &mut |_| ());
            assert!(lines.begun.capacity() <= 200);
        }

        let mut ends = Vec::new();
        lines.push(b"\nb\n", &mut |line| ends.push((line.number, matches!(line.content, Content::TooLong))));
        assert_eq!(ends, [(1, true), (2, false)]);
    }
}
