//! Where the body of an HTTP/1.1 answer lies in the bytes of its connection (RFC 9112, section 6).

use std::mem;

use bytes::Bytes;

/// The longest line in front of a chunk, extensions included, that is read.
const MAX_LINE: usize = 256;

/// How a body is delimited, and how much of it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Framing {
    /// It ends with the connection.
    Close,
    /// So many bytes are still to come.
    Length(u64),
    /// It comes in chunks that say how long they are.
    Chunked(Chunk),
}

/// Where in a chunked body the next byte lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// In the line in front of a chunk, which began like this.
    Size(Vec<u8>),
    /// In a chunk of which so many bytes are to come.
    Data(u64),
    /// In the line end behind a chunk.
    DataEnd,
    /// Behind the last chunk. Trailers are not read.
    Over,
}

/// A chunk that does not say how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chunks of the answer are damaged")]
pub(crate) struct Damaged;

impl Framing {
    pub(crate) fn new(chunked: bool, length: Option<u64>) -> Self {
        match length {
            _ if chunked => Self::Chunked(Chunk::Size(Vec::new())),
            Some(length) => Self::Length(length),
            None => Self::Close,
        }
    }

    /// Whether the body is whole, so that no byte follows.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Over))
    }

    /// Whether the body may end where the connection does.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self, Self::Close) || self.is_over()
    }

    /// The next piece of the body in `input`, which is taken from it; `None` when more bytes are needed.
    pub(crate) fn piece(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, Damaged> {
        let piece = match self {
            Self::Close => mem::take(input),
            Self::Length(left) => take(input, left),
            Self::Chunked(chunk) => chunk.piece(input)?,
        };
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}

impl Chunk {
    fn piece(&mut self, input: &mut Bytes) -> Result<Bytes, Damaged> {
        while !input.is_empty() {
            *self = match self {
                Self::Size(line) => size(line, input)?,
                Self::Data(0) => Self::DataEnd,
                Self::Data(left) => return Ok(take(input, left)),
                Self::DataEnd => match input.split_to(1)[0] {
                    b'\n' => Self::Size(Vec::new()),
                    b'\r' => Self::DataEnd,
                    _ => return Err(Damaged),
                },
                Self::Over => break,
            };
        }
        Ok(Bytes::new())
    }
}

/// At most `left` bytes of `input`.
fn take(input: &mut Bytes, left: &mut u64) -> Bytes {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    *left -= length as u64;
    input.split_to(length)
}

/// One more byte of the line in front of a chunk.
fn size(line: &mut Vec<u8>, input: &mut Bytes) -> Result<Chunk, Damaged> {
    match input.split_to(1)[0] {
        b'\n' => {}
        _ if line.len() >= MAX_LINE => return Err(Damaged),
        byte => {
            line.push(byte);
            return Ok(Chunk::Size(mem::take(line)));
        }
    }
    let text = str::from_utf8(line).map_err(|_| Damaged)?;
    let digits = text.split(';').next().unwrap_or_default().trim();
    // The standard library takes a sign for a part of the number.
    if digits.starts_with('+') {
        return Err(Damaged);
    }
    match u64::from_str_radix(digits, 16).map_err(|_| Damaged)? {
        0 => Ok(Chunk::Over),
        length => Ok(Chunk::Data(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body in `input`, given in pieces of `piece` bytes.
    fn read(mut framing: Framing, input: &[u8], piece: usize) -> Result<(Vec<u8>, Framing), Damaged> {
        let mut body = Vec::new();
        for piece in input.chunks(piece) {
            let mut piece = Bytes::copy_from_slice(piece);
            while let Some(found) = framing.piece(&mut piece)? {
                body.extend_from_slice(&found);
            }
        }
        Ok((body, framing))
    }

    #[test]
    fn chunks_are_joined_however_they_are_cut() {
        let input = b"3\r\nabc\r\n00A;x=y\r\n0123456789\r\n0\r\n\r\n";
        for piece in 1..=input.len() {
            let (body, framing) = read(Framing::new(true, None), input, piece).unwrap();
            assert_eq!((&*body, framing.is_over()), (&b"abc0123456789"[..], true), "pieces of {piece}");
        }
    }

    #[test]
    fn a_body_of_a_known_length_ends_there() {
        let (body, framing) = read(Framing::new(false, Some(4)), b"abcdef", 3).unwrap();
        assert_eq!((&*body, framing.is_over()), (&b"abcd"[..], true));

        let (_, framing) = read(Framing::new(false, Some(4)), b"abc", 3).unwrap();
        assert!(!framing.may_end());
    }

    #[test]
    fn a_body_without_a_length_never_ends_by_itself() {
        let (body, framing) = read(Framing::new(false, None), b"abcdef", 4).unwrap();
        assert_eq!((&*body, framing.is_over(), framing.may_end()), (&b"abcdef"[..], false, true));
    }

    #[test]
    fn damaged_chunks_are_told() {
        let long = [b'1'; MAX_LINE + 1];
        for input in [&b"x\r\n"[..], b"3\r\nabcd", b"-1\r\n", b"+1\r\n", b"fffffffffffffffff\r\n", &long] {
            assert_eq!(read(Framing::new(true, None), input, 2), Err(Damaged));
        }
    }
}
