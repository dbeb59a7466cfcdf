//! Channel lists in M3U, read as tolerantly as televisions do, and written.
//!
//! There is no standard, only habit: `#EXTINF` with attributes, then a link. A line that makes no sense
//! is skipped and reported with its number; the rest of the list is read all the same.
//!
//! ```
//! let mut reader = iptv::m3u::Reader::new(1 << 30);
//! let mut names = Vec::new();
//! for piece in ["#EXTM3U\n#EXTINF:-1,Ne", "ws\nhttp://tv.example/1.ts"] {
//!     reader.push(piece.as_bytes(), |entry| names.push(entry.name.into_owned()))?;
//! }
//! let report = reader.finish(|entry| names.push(entry.name.into_owned()))?;
//! assert_eq!((names, report.entries), (vec!["News".to_owned()], 1));
//! # Ok::<_, iptv::Refusal>(())
//! ```

mod entry;
mod extinf;
mod lines;
mod options;
mod read;
mod write;

use crate::link::LinkError;
pub use crate::{Refusal, input::SKIPPED_KEPT};
pub use entry::{Catchup, Entry};
pub use options::Options;
pub use read::{LINE_MAX, Reader};
pub use write::{Writer, attribute_text};

/// As much text is made of a packed list by [`parse_m3u`], in bytes.
const UNPACKED_MAX: u64 = 256 << 20;

/// What is to be said of a list that has been read, besides its channels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The addresses of guides in its header (`url-tvg`, `x-tvg-url`), each once.
    pub guides: Vec<String>,
    /// How many channels it has, duplicates included.
    pub entries: usize,
    /// The first [`SKIPPED_KEPT`] lines that were skipped.
    pub skipped: Vec<Skipped>,
    /// How many lines were skipped in all.
    pub skipped_total: usize,
}

/// A line that was skipped.
pub type Skipped = crate::input::Skipped<SkipReason>;

/// Why a line was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// A description that nothing follows.
    #[error("#EXTINF without a link")]
    NoLink,
    /// A line that should be a link.
    #[error(transparent)]
    BadLink(#[from] LinkError),
    /// A line longer than [`LINE_MAX`].
    #[error("the line has more than {LINE_MAX} bytes")]
    TooLong,
    /// Packed data that breaks off or has a wrong checksum. What stood in front of it was read.
    #[error("the gzip data is damaged or not whole: what follows is missing")]
    Damaged,
    /// The whole file.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A list that has been read into memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct M3u {
    /// The channels, in the order of the list. Duplicates are kept.
    pub entries: Vec<Entry<'static>>,
    /// The addresses of guides in its header.
    pub guides: Vec<String>,
    /// The first [`SKIPPED_KEPT`] lines that were skipped.
    pub skipped: Vec<Skipped>,
    /// How many lines were skipped in all.
    pub skipped_total: usize,
}

/// Read a list at once: M3U, or bare links, or lines such as `name : <id>`, or HTML with links in it.
///
/// Never fails: a file that is refused is a list with nothing but a skipped line that says so. For a long list, and to
/// tell a refusal, use [`Reader`].
#[must_use]
pub fn parse_m3u(list: impl AsRef<[u8]>) -> M3u {
    let mut entries = Vec::new();
    let mut keep = |entry: Entry<'_>| entries.push(entry.into_owned());
    let mut reader = Reader::new(UNPACKED_MAX);
    match reader.push(list.as_ref(), &mut keep).and_then(|()| reader.finish(&mut keep)) {
        Ok(Report { guides, skipped, skipped_total, .. }) => M3u { entries, guides, skipped, skipped_total },
        Err(refusal) => {
            let skipped = vec![Skipped { line: 1, reason: refusal.into() }];
            M3u { skipped, skipped_total: 1, ..M3u::default() }
        }
    }
}

#[cfg(test)]
mod tests;
