//! Encodings. UTF-16 becomes UTF-8 as it comes; all others have ASCII in them, so that lines and tags are found first
//! and each is decoded for itself.

use std::borrow::Cow;

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// As many bytes tell what a text is.
const TELLING: usize = 3;

/// Takes the byte order mark away and UTF-16 apart.
#[derive(Debug)]
pub(super) enum Charset {
    /// Too few bytes to tell yet.
    Unknown(Vec<u8>),
    /// Passed on as it is.
    Bytes,
    Utf16(Box<Utf16>),
}

impl Default for Charset {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Charset {
    pub(super) fn push(&mut self, bytes: &[u8], text: &mut impl FnMut(&[u8])) {
        match self {
            Self::Bytes => text(bytes),
            Self::Utf16(decoder) => decoder.push(bytes, false, text),
            Self::Unknown(head) => {
                // The rest of the bytes goes the way of the head.
                let (more, rest) = bytes.split_at(bytes.len().min(TELLING - head.len()));
                head.extend_from_slice(more);
                if head.len() == TELLING {
                    self.decide(text);
                    self.push(rest, text);
                }
            }
        }
    }

    pub(super) fn finish(&mut self, text: &mut impl FnMut(&[u8])) {
        if let Self::Unknown(_) = self {
            self.decide(text);
        }
        if let Self::Utf16(decoder) = self {
            decoder.push(&[], true, text);
        }
    }

    fn decide(&mut self, text: &mut impl FnMut(&[u8])) {
        let Self::Unknown(head) = self else { return };
        let head = std::mem::take(head);
        let (charset, mark) = match &head[..] {
            [0xEF, 0xBB, 0xBF] => (Self::Bytes, 3),
            [0xFF, 0xFE, ..] => (Self::utf_16(UTF_16LE), 2),
            [0xFE, 0xFF, ..] => (Self::utf_16(UTF_16BE), 2),
            // Lists begin with `#`, guides with `<`.
            [b'#' | b'<', 0, ..] => (Self::utf_16(UTF_16LE), 0),
            [0, b'#' | b'<', ..] => (Self::utf_16(UTF_16BE), 0),
            _ => (Self::Bytes, 0),
        };
        *self = charset;
        self.push(&head[mark..], text);
    }

    fn utf_16(encoding: &'static Encoding) -> Self {
        Self::Utf16(Box::new(Utf16(encoding.new_decoder_without_bom_handling())))
    }
}

/// Half letters wait in the decoder for their other half.
pub(super) struct Utf16(Decoder);

impl std::fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Utf16").field(&self.0.encoding().name()).finish()
    }
}

impl Utf16 {
    fn push(&mut self, mut bytes: &[u8], last: bool, text: &mut impl FnMut(&[u8])) {
        let mut piece = [0; 4096];
        loop {
            let (result, read, written, _) = self.0.decode_to_utf8(bytes, &mut piece, last);
            text(&piece[..written]);
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

/// `bytes` as text: UTF-8, else in the `other` encoding.
///
/// What is declared is often wrong, but text in another encoding is hardly ever valid UTF-8.
pub(crate) fn decode<'a>(bytes: &'a [u8], other: &'static Encoding) -> Cow<'a, str> {
    utf_8(bytes).map_or_else(|| other.decode_without_bom_handling(bytes).0, Cow::Borrowed)
}

/// As `std::str::from_utf8`, but quicker.
pub(crate) fn utf_8(bytes: &[u8]) -> Option<&str> {
    match UTF_8.decode_without_bom_handling_and_without_replacement(bytes)? {
        Cow::Borrowed(text) => Some(text),
        Cow::Owned(_) => None,
    }
}
