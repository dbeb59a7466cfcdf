//! The text of a playlist as it is sent: written and compressed once, shared by all who ask.

use std::{io::Write as _, sync::OnceLock};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

/// The text of a playlist.
#[derive(Debug)]
pub struct Text {
    plain: Bytes,
    gzip: OnceLock<Bytes>,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { plain: text.into(), gzip: OnceLock::new() }
    }
}

impl Text {
    /// As it is.
    #[must_use]
    pub fn plain(&self) -> Bytes {
        self.plain.clone()
    }

    /// Compressed: on first request, so that nobody pays for it where nobody can read it.
    pub fn gzip(&self) -> Bytes {
        self.gzip.get_or_init(|| compressed(&self.plain)).clone()
    }
}

fn compressed(plain: &[u8]) -> Bytes {
    // Playlists repeat themselves so much that more effort gains a few bytes.
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    written.expect("a Vec takes everything").into()
}
