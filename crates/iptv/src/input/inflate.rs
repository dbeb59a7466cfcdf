//! Packed files, known by their first bytes.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

use super::{Ending, Refusal};

/// Beginnings of what is not read. The longest decides how many bytes are waited for.
const REFUSED: [(&[u8], &str); 5] = [
    (b"\xFD7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\x28\xB5\x2F\xFD", "zstd"),
    (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
];

const GZIP: &[u8] = b"\x1F\x8B";

/// As many bytes tell what a file is.
const TELLING: usize = 6;

/// Packed bytes are unpacked so many at a time: each gives a thousand at most.
const PIECE: usize = 2048;

/// Passes plain bytes on, unpacks gzip, refuses the rest.
#[derive(Debug)]
pub(super) enum Unpacker {
    /// Too few bytes to tell yet.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    /// The gzip data was damaged: what follows cannot be read, nor up to 32 KiB in front of it.
    Damaged,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Refusal> + 'a;

impl Unpacker {
    pub(super) fn push(&mut self, bytes: &[u8], plain: &mut Sink<'_>) -> Result<(), Refusal> {
        match self {
            Self::Plain => plain(bytes),
            Self::Damaged => Ok(()),
            Self::Gzip(_) => self.unpack(bytes, plain),
            Self::Unknown(head) => {
                let (more, rest) = bytes.split_at(bytes.len().min(TELLING - head.len()));
                head.extend_from_slice(more);
                if head.len() < TELLING {
                    return Ok(());
                }
                self.decide(plain)?;
                self.push(rest, plain)
            }
        }
    }

    pub(super) fn finish(&mut self, plain: &mut Sink<'_>) -> Result<Ending, Refusal> {
        if let Self::Unknown(_) = self {
            self.decide(plain)?;
        }
        let Self::Gzip(decoder) = self else {
            return Ok(if matches!(self, Self::Damaged) { Ending::Damaged } else { Ending::Whole });
        };
        let ending = decoder.try_finish();
        plain(decoder.get_ref())?;
        Ok(if ending.is_ok() { Ending::Whole } else { Ending::Damaged })
    }

    fn decide(&mut self, plain: &mut Sink<'_>) -> Result<(), Refusal> {
        let Self::Unknown(head) = self else { return Ok(()) };
        let head = std::mem::take(head);
        if let Some((_, name)) = REFUSED.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(Refusal::Packed(name));
        }
        let gzip = head.starts_with(GZIP);
        *self = if gzip { Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))) } else { Self::Plain };
        self.push(&head, plain)
    }

    fn unpack(&mut self, bytes: &[u8], plain: &mut Sink<'_>) -> Result<(), Refusal> {
        let Self::Gzip(decoder) = self else { return Ok(()) };
        for piece in bytes.chunks(PIECE) {
            let written = decoder.write_all(piece);
            plain(decoder.get_ref())?;
            decoder.get_mut().clear();
            if written.is_err() {
                *self = Self::Damaged;
                break;
            }
        }
        Ok(())
    }
}
