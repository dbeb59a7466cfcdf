//! Pieces of resources, as `EXT-X-BYTERANGE` and `BYTERANGE` name them (RFC 8216bis, 4.4.4.2, 4.4.4.9).

use std::ops::Range;

use super::{finding::shown, value::integer};

/// Reads the ranges of consecutive segments, or parts: each may begin where the one before it ends.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    before: Before,
}

/// What stands before a range.
#[derive(Debug, Default)]
enum Before {
    /// Nothing, or a resource as a whole.
    #[default]
    Whole,
    /// What was skipped, or makes no sense itself.
    Unknown,
    /// A range of this resource with this end.
    Range(String, u64),
}

impl Ranges {
    /// What comes next has no range.
    pub(super) fn whole(&mut self) {
        self.before = Before::Whole;
    }

    /// What comes next follows something that cannot be told.
    pub(super) fn unknown(&mut self) {
        self.before = Before::Unknown;
    }

    /// The bytes of `uri` that `text` names; never none. `Ok(None)` where they begin behind something unknown, an
    /// error says what is wrong with them.
    pub(super) fn take(&mut self, uri: &str, text: &str) -> Result<Option<Range<u64>>, String> {
        let before = std::mem::replace(&mut self.before, Before::Unknown);
        let (length, offset) = text.split_once('@').map_or((text, None), |(length, at)| (length, Some(at)));
        let (Some(length), offset) = (integer(length), offset.map(integer)) else {
            return Err(format!("{} is no range of bytes", shown(text)));
        };
        let start = match (offset, before) {
            (Some(Some(offset)), _) => offset,
            (Some(None), _) => return Err(format!("{} is no range of bytes", shown(text))),
            (None, Before::Range(resource, end)) if resource == uri => end,
            (None, Before::Unknown) => return Ok(None),
            (None, Before::Whole | Before::Range(..)) => {
                return Err(format!(
                    "a range without an offset behind what is no range of {}: {}",
                    shown(uri),
                    shown(text)
                ));
            }
        };
        if length == 0 {
            return Err(format!("a range of no bytes: {}", shown(text)));
        }
        let Some(end) = start.checked_add(length) else {
            return Err(format!("a range that ends beyond all numbers: {length} bytes from {start} on"));
        };
        self.before = Before::Range(uri.to_owned(), end);
        Ok(Some(start..end))
    }
}
