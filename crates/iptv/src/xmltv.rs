//! Programme guides in XMLTV, read as they arrive, and written.
//!
//! The reader finds `<channel>` and `<programme>` elements by their tags and takes each one apart for itself, so that a
//! broken one is skipped and counted, and one that nobody wants is passed over unread.
//!
//! ```
//! use iptv::xmltv::{Item, Reader};
//!
//! let guide = r#"<tv><programme channel="one" start="20261127210000 +0100"><title>Cup</title></programme></tv>"#;
//! let mut titles = Vec::new();
//! let mut each = |item: Item<'_>| match item {
//!     Item::Channel(_) => {}
//!     Item::Programme(it) => titles.push((it.start, it.titles[0].text.to_string())),
//! };
//! let mut reader = Reader::new(1 << 30);
//! reader.push(guide.as_bytes(), &mut each)?;
//! let report = reader.finish(&mut each)?;
//! assert_eq!((titles, report.programmes), (vec![(1_795_809_600, "Cup".to_owned())], 1));
//! # Ok::<_, iptv::Refusal>(())
//! ```

mod element;
mod ends;
mod frames;
mod item;
mod markup;
mod read;
pub mod time;
mod write;

pub use crate::{Refusal, input::SKIPPED_KEPT};
pub use frames::ELEMENT_MAX;
pub use item::{Channel, Item, Programme, Text};
pub use read::{Reader, Slot};
pub use write::Writer;

/// What is to be said of a guide that has been read, besides what is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many channels it has.
    pub channels: usize,
    /// How many programmes were read.
    pub programmes: usize,
    /// How many programmes the caller did not want.
    pub unwanted: usize,
    /// How many entities (`&nbsp;`) have no meaning here; they stand in the text as they are.
    pub entities: usize,
    /// How many texts are beyond what is kept of one programme, or were cut.
    pub cut: usize,
    /// The first [`SKIPPED_KEPT`] elements that were skipped.
    pub skipped: Vec<Skipped>,
    /// How many elements were skipped in all.
    pub skipped_total: usize,
    /// Whether `</tv>` stands at its end: a guide without it breaks off, or was written without care.
    pub ends: bool,
}

/// A channel or a programme that was skipped.
pub type Skipped = crate::input::Skipped<SkipReason>;

/// Why a channel or a programme was skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// A channel without its `id`, a programme without its `channel` or `start`.
    #[error("<{element}> without {attribute}")]
    Missing {
        /// `channel` or `programme`.
        element: &'static str,
        /// What it has not.
        attribute: &'static str,
    },
    /// A time that is none.
    #[error("{0:?} is no time: YYYYMMDDhhmmss +hhmm")]
    BadTime(String),
    /// An element that does not end before the next begins, or at all.
    #[error("<{0}> without its end")]
    Unclosed(&'static str),
    /// An element longer than [`ELEMENT_MAX`].
    #[error("<{0}> has more than {ELEMENT_MAX} bytes")]
    TooLong(&'static str),
    /// Elements in elements in elements.
    #[error("<{0}> is nested too deep")]
    TooDeep(&'static str),
    /// What is no XML.
    #[error("<{element}> is no XML: {error}")]
    Syntax {
        /// `channel` or `programme`.
        element: &'static str,
        /// What is wrong with it.
        error: &'static str,
    },
    /// Packed data that breaks off or has a wrong checksum. What stood in front of it was read.
    #[error("the gzip data is damaged or not whole: what follows is missing")]
    Damaged,
}

#[cfg(test)]
mod tests;
