//! Bytes cut anywhere, made into lines.

use memchr::memchr2;

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
    /// `None` for one that is too long.
    pub(super) bytes: Option<&'a [u8]>,
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
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.end(line, each);
            bytes = match rest {
                [b'\r', b'\n', after @ ..] => after,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                _ => &rest[1..],
            };
        }
        self.begin(bytes);
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

    fn end(&mut self, bytes: &[u8], each: &mut impl FnMut(Line<'_>)) {
        let number = self.number;
        self.number += 1;
        if self.length == 0 {
            let bytes = (bytes.len() <= self.longest).then_some(bytes);
            return each(Line { number, bytes });
        }
        self.begin(bytes);
        let whole = self.length <= self.longest;
        each(Line { number, bytes: whole.then_some(&self.begun) });
        self.begun.clear();
        self.length = 0;
    }
}
