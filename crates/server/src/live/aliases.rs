//! What the engine told about the IDs that users type.
//!
//! Forty hexadecimal digits may be a content ID or an infohash, and the engine takes seconds to find out
//! which. What worked once is remembered: the infohash, by which two links to one broadcast are seen to be
//! one, and the form in which the engine took the ID.

use std::collections::{HashMap, VecDeque};

use acestream::{ContentId, Form, Infohash};

/// As many IDs are remembered; the oldest make room.
const MAX_KNOWN: usize = 4096;

/// What an ID turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alias {
    pub(super) infohash: Infohash,
    pub(super) form: Form,
}

impl Alias {
    /// Whether the infohash is only the ID again.
    fn repeats(&self, id: &ContentId) -> bool {
        self.infohash.as_str() == id.as_str()
    }
}

/// The bounded memory of what IDs turned out to be.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    known: HashMap<ContentId, Alias>,
    oldest_first: VecDeque<ContentId>,
}

impl Aliases {
    pub(super) fn get(&self, id: &ContentId) -> Option<&Alias> {
        self.known.get(id)
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.known.len().max(self.oldest_first.len())
    }

    /// An infohash that only repeats the ID replaces no other: an engine that does not know it answers with what
    /// it was asked.
    pub(super) fn remember(&mut self, id: ContentId, mut alias: Alias) {
        if let Some(known) = self.known.get(&id).filter(|_| alias.repeats(&id)) {
            alias.infohash = known.infohash.clone();
        }
        if self.known.insert(id.clone(), alias).is_some() {
            return;
        }
        self.oldest_first.push_back(id);
        if self.oldest_first.len() > MAX_KNOWN
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// What was remembered of `id` did not hold.
    pub(super) fn forget(&mut self, id: &ContentId) {
        if self.known.remove(id).is_some() {
            self.oldest_first.retain(|known| known != id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ContentId {
        format!("{n:040x}").parse().unwrap()
    }

    fn alias(n: usize) -> Alias {
        Alias { infohash: (&id(n)).into(), form: Form::ContentId }
    }

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let mut aliases = Aliases::default();

        (0..=MAX_KNOWN).for_each(|n| aliases.remember(id(n), alias(n)));

        assert_eq!(aliases.get(&id(0)), None);
        assert_eq!(aliases.get(&id(MAX_KNOWN)), Some(&alias(MAX_KNOWN)));
        assert_eq!(aliases.known.len(), MAX_KNOWN);
    }

    #[test]
    fn what_is_learnt_later_replaces_what_was_known() {
        let mut aliases = Aliases::default();
        aliases.remember(id(1), alias(1));

        aliases.remember(id(1), alias(2));

        assert_eq!(aliases.get(&id(1)), Some(&alias(2)));
        assert_eq!(aliases.oldest_first.len(), 1);
    }

    #[test]
    fn an_infohash_that_repeats_the_id_replaces_none_that_says_more() {
        let mut aliases = Aliases::default();
        aliases.remember(id(1), alias(2));

        aliases.remember(id(1), alias(1));

        assert_eq!(aliases.get(&id(1)), Some(&alias(2)));
    }

    #[test]
    fn what_did_not_hold_is_forgotten() {
        let mut aliases = Aliases::default();
        aliases.remember(id(1), alias(1));

        aliases.forget(&id(1));

        assert_eq!((aliases.get(&id(1)), aliases.oldest_first.len()), (None, 0));
    }
}
