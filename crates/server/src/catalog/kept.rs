//! What was written of playlists, kept for whoever asks next, within a bound.

use bytes::Bytes;

use super::{Name, folder::Version};

/// Texts by playlist, the one asked for last at the end.
#[derive(Debug)]
pub(super) struct Kept {
    texts: Vec<(Name, Version, Bytes)>,
    /// The bytes of all texts, at most.
    room: usize,
}

impl Kept {
    pub(super) const fn new(room: usize) -> Self {
        Self { texts: Vec::new(), room }
    }

    /// The text of the playlist `name`, if it is of this `version`.
    pub(super) fn find(&mut self, name: &Name, version: &Version) -> Option<Bytes> {
        let at = self.texts.iter().position(|(known, of, _)| known == name && of == version)?;
        let found = self.texts.remove(at);
        let text = found.2.clone();
        self.texts.push(found);
        Some(text)
    }

    /// Keep `text`, at the cost of those nobody asked for the longest. One beyond the room is not kept.
    pub(super) fn keep(&mut self, name: Name, version: Version, text: Bytes) {
        self.forget(&name);
        if text.len() > self.room {
            return;
        }
        while self.bytes() > self.room - text.len() {
            self.texts.remove(0);
        }
        self.texts.push((name, version, text));
    }

    pub(super) fn forget(&mut self, name: &Name) {
        self.texts.retain(|(known, ..)| known != name);
    }

    fn bytes(&self) -> usize {
        self.texts.iter().map(|(.., text)| text.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn version() -> Version {
        Version { path: PathBuf::new(), modified: None, bytes: 0 }
    }

    fn keep(kept: &mut Kept, text: &str, length: usize) {
        kept.keep(name(text), version(), vec![0; length].into());
    }

    #[test]
    fn what_nobody_asked_for_the_longest_makes_room() {
        let mut kept = Kept::new(10);
        keep(&mut kept, "a", 4);
        keep(&mut kept, "b", 4);
        assert!(kept.find(&name("a"), &version()).is_some());

        keep(&mut kept, "c", 4);

        assert!(kept.find(&name("a"), &version()).is_some());
        assert!(kept.find(&name("b"), &version()).is_none());
        assert_eq!(kept.bytes(), 8);
    }

    #[test]
    fn what_is_larger_than_the_room_is_not_kept() {
        let mut kept = Kept::new(10);
        keep(&mut kept, "a", 4);

        keep(&mut kept, "b", 11);

        assert!(kept.find(&name("a"), &version()).is_some());
        assert!(kept.find(&name("b"), &version()).is_none());
    }
}
