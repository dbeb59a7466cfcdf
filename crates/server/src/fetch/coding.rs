//! Packed for the way: `Content-Encoding` (RFC 9110, 8.4). Little by little, so that a small piece cannot become all memory.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// Packed bytes are unpacked so many at a time: each gives a thousand at most.
const PIECE: usize = 2048;

/// Encodings that are in use and that we never ask for.
const UNKNOWN: [&str; 4] = ["br", "compress", "deflate", "zstd"];

/// Unpacks what comes.
#[derive(Debug)]
pub(super) struct Coding {
    gzip: Option<Box<MultiGzDecoder<Vec<u8>>>>,
    /// What came and was not read yet.
    waiting: Bytes,
}

impl Coding {
    /// The encoding `name`, unless it cannot be unpacked.
    pub(super) fn named(name: Option<&str>) -> Result<Self, &'static str> {
        let name = name.unwrap_or_default().trim().to_ascii_lowercase();
        if let Some(unknown) = UNKNOWN.into_iter().find(|unknown| name.ends_with(unknown)) {
            return Err(unknown);
        }
        // All else is none: some servers name the text's encoding here.
        let gzip = matches!(&*name, "gzip" | "x-gzip").then(|| Box::new(MultiGzDecoder::new(Vec::new())));
        Ok(Self { gzip, waiting: Bytes::new() })
    }

    pub(super) fn is_none(&self) -> bool {
        self.gzip.is_none()
    }

    /// Take what came; everything before has been read.
    pub(super) fn push(&mut self, bytes: Bytes) {
        self.waiting = bytes;
    }

    /// The next piece of what came; nothing when more has to come.
    pub(super) fn read(&mut self) -> io::Result<Option<Bytes>> {
        let Some(gzip) = &mut self.gzip else {
            return Ok(some(std::mem::take(&mut self.waiting)));
        };
        while !self.waiting.is_empty() {
            let piece = self.waiting.split_to(PIECE.min(self.waiting.len()));
            gzip.write_all(&piece)?;
            if let Some(plain) = some(std::mem::take(gzip.get_mut()).into()) {
                return Ok(Some(plain));
            }
        }
        Ok(None)
    }

    /// What is left when no more comes.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        let Some(gzip) = self.gzip.take() else { return Ok(None) };
        Ok(some(gzip.finish()?.into()))
    }
}

fn some(bytes: Bytes) -> Option<Bytes> {
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn read(name: &str, bytes: &[u8], cut: usize) -> io::Result<Vec<u8>> {
        let mut coding = Coding::named(Some(name)).unwrap();
        let mut plain = Vec::new();
        for piece in bytes.chunks(cut) {
            coding.push(Bytes::copy_from_slice(piece));
            while let Some(bytes) = coding.read()? {
                plain.extend_from_slice(&bytes);
            }
        }
        plain.extend(coding.finish()?.unwrap_or_default());
        Ok(plain)
    }

    #[test]
    fn what_is_packed_is_unpacked_however_it_is_cut() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let packed = gzip(&plain);

        for cut in [1, 100, 5000, packed.len()] {
            assert!(read(" GZip", &packed, cut).unwrap() == plain, "{cut}");
            assert!(read("utf-8", &packed, cut).unwrap() == packed, "{cut}");
        }
    }

    #[test]
    fn a_small_piece_becomes_no_large_one_at_once() {
        let mut coding = Coding::named(Some("gzip")).unwrap();
        coding.push(gzip(&vec![0; 64 << 20]).into());

        while let Some(bytes) = coding.read().unwrap() {
            assert!(bytes.len() <= PIECE * 1100, "{}", bytes.len());
        }
    }

    #[test]
    fn what_is_damaged_or_cut_off_is_an_error() {
        let packed = gzip(b"#EXTM3U");

        assert!(read("gzip", &packed[..packed.len() - 3], 100).is_err());
        assert!(read("gzip", b"#EXTM3U", 100).is_err());
    }

    #[test]
    fn an_encoding_that_cannot_be_unpacked_is_refused_with_its_name() {
        assert_eq!(Coding::named(Some("gzip, br")).unwrap_err(), "br");
        assert_eq!(Coding::named(Some("zstd")).unwrap_err(), "zstd");
        assert!(Coding::named(None).unwrap().is_none());
    }
}
