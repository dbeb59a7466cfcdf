//! What a list changes in its playlist.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::matching::{matching, new_id};
use crate::catalog::{Channel, ChannelId, Edit, Listed, store::Change};

/// How long a channel that vanished is kept, in seconds.
const KEPT: i64 = 30 * 24 * 3600;

/// A list that has fewer than half of its channels left is not believed without being asked for, if it had so many.
const SMALL: usize = 20;

/// Whether a channel vanished so long ago that it goes for good at `now`, in seconds since 1970 UTC.
#[must_use]
pub fn is_forgotten(channel: &Channel, now: i64) -> bool {
    channel.vanished_at.is_some_and(|at| now - at > KEPT)
}

/// The channels that a playlist has now, and what of them is new.
#[derive(Debug, Default)]
pub struct Diff {
    /// In the list's order; those that vanished come last.
    pub channels: Vec<Arc<Channel>>,
    /// How many the list holds: the others vanished.
    pub listed: usize,
    /// Those that are new.
    pub added: Vec<ChannelId>,
    /// Those that the list describes in another way, or that came back, or that vanished.
    pub changed: Vec<ChannelId>,
    /// Those that go for good.
    pub removed: Vec<ChannelId>,
}

/// Compare what the playlist called `name` had, `old`, with what its list holds at `now`, in seconds since 1970 UTC.
///
/// A new channel gets none of the IDs that are `taken`.
#[must_use]
pub fn diff(
    name: &str,
    old: &[Arc<Channel>],
    new: Vec<Listed>,
    taken: &HashSet<ChannelId>,
    now: i64,
) -> Diff {
    let known: Vec<&Listed> = old.iter().map(|it| &it.listed).collect();
    let matches = matching(&known, &new);
    let mut is_there = vec![false; old.len()];
    let mut diff = Diff { listed: new.len(), ..Diff::default() };
    let mut taken_now = HashSet::new();
    // The last that was given where many would have the same.
    let mut last: HashMap<ChannelId, ChannelId> = HashMap::new();
    for (listed, place) in new.into_iter().zip(matches) {
        match place {
            Some(place) => {
                is_there[place] = true;
                diff.keep(&old[place], listed);
            }
            None => {
                let first = new_id(name, &listed);
                let mut id = last.get(&first).map_or(first, |last| last.next());
                while taken.contains(&id) || !taken_now.insert(id) {
                    id = id.next();
                }
                last.insert(first, id);
                diff.added.push(id);
                diff.channels.push(Arc::new(Channel { id, listed, edit: None, vanished_at: None }));
            }
        }
    }
    for (channel, _) in old.iter().zip(is_there).filter(|(_, is_there)| !is_there) {
        diff.miss(channel, now);
    }
    diff
}

impl Diff {
    /// Whether the list shrank so much that the user should say whether that is meant.
    #[must_use]
    pub fn shrinks(&self, old: &[Arc<Channel>]) -> bool {
        let had = old.iter().filter(|it| it.vanished_at.is_none()).count();
        had >= SMALL && self.listed < had / 2
    }

    /// The same, with what the user made of channels when they were here before.
    #[must_use]
    pub fn with_edits(mut self, edits: &HashMap<ChannelId, Edit>) -> Self {
        let added: HashSet<&ChannelId> = self.added.iter().collect();
        for channel in self.channels.iter_mut().filter(|it| added.contains(&it.id)) {
            if let Some(edit) = edits.get(&channel.id) {
                Arc::make_mut(channel).edit = Some(Box::new(edit.clone()));
            }
        }
        self
    }

    /// What the store is to write.
    #[must_use]
    pub fn change(&self) -> Change<'_> {
        let (added, changed): (HashSet<_>, HashSet<_>) =
            (self.added.iter().collect(), self.changed.iter().collect());
        let those = |ids: &HashSet<&ChannelId>| {
            let mut those: Vec<&Channel> =
                self.channels.iter().filter(|it| ids.contains(&it.id)).map(AsRef::as_ref).collect();
            // A database adds to the end of an index faster than to its middle.
            those.sort_unstable_by_key(|it| it.id);
            those
        };
        Change {
            added: those(&added),
            changed: those(&changed),
            removed: self.removed.clone(),
            ordering: self.channels.iter().map(|it| it.id).collect(),
        }
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn is_empty(&self, old: &[Arc<Channel>]) -> bool {
        let same_order =
            || old.len() == self.channels.len() && old.iter().zip(&self.channels).all(|(a, b)| a.id == b.id);
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty() && same_order()
    }

    fn keep(&mut self, old: &Arc<Channel>, listed: Listed) {
        if old.listed == listed && old.vanished_at.is_none() {
            self.channels.push(Arc::clone(old));
            return;
        }
        self.changed.push(old.id);
        self.channels.push(Arc::new(Channel {
            id: old.id,
            listed,
            edit: old.edit.clone(),
            vanished_at: None,
        }));
    }

    fn miss(&mut self, old: &Arc<Channel>, now: i64) {
        match old.vanished_at {
            Some(_) if is_forgotten(old, now) => self.removed.push(old.id),
            Some(_) => self.channels.push(Arc::clone(old)),
            None => {
                self.changed.push(old.id);
                self.channels.push(Arc::new(Channel { vanished_at: Some(now), ..(**old).clone() }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Edit;

    const DAY: i64 = 24 * 3600;

    fn listed(names: &[&str]) -> Vec<Listed> {
        let entry = |name: &&str| format!("#EXTINF:-1,{name}\nhttp://tv.example/{name}\n");
        let list: String = names.iter().map(entry).collect();
        iptv::parse_m3u(list).entries.iter().map(Listed::of).collect()
    }

    fn step(old: &[Arc<Channel>], names: &[&str], now: i64) -> Diff {
        diff("tv", old, listed(names), &old.iter().map(|it| it.id).collect(), now)
    }

    fn names(diff: &Diff) -> Vec<String> {
        let mark = |it: &Channel| if it.vanished_at.is_some() { " (gone)" } else { "" };
        diff.channels.iter().map(|it| format!("{}{}", it.name(), mark(it))).collect()
    }

    #[test]
    fn a_list_that_did_not_change_changes_nothing() {
        let first = step(&[], &["a", "b"], 0);
        assert_eq!((first.added.len(), first.listed), (2, 2));

        let again = step(&first.channels, &["a", "b"], 1);
        assert!(again.is_empty(&first.channels));
        assert!(!step(&first.channels, &["b", "a"], 1).is_empty(&first.channels));
    }

    #[test]
    fn a_channel_that_vanished_stays_for_thirty_days() {
        let first = step(&[], &["a", "b"], 0);
        let gone = step(&first.channels, &["b"], DAY);
        assert_eq!((names(&gone), gone.changed.len()), (vec!["b".to_owned(), "a (gone)".to_owned()], 1));

        let later = step(&gone.channels, &["b"], 31 * DAY);
        assert!(later.is_empty(&gone.channels));
        let last = step(&later.channels, &["b"], 31 * DAY + 1);
        assert_eq!((names(&last), last.removed), (vec!["b".to_owned()], vec![first.channels[0].id]));
    }

    #[test]
    fn a_channel_that_comes_back_is_the_one_it_was() {
        let mut first = step(&[], &["a", "b"], 0);
        Arc::make_mut(&mut first.channels[0]).edit = Some(Box::new(Edit { hidden: true, ..Edit::default() }));

        let gone = step(&first.channels, &["b"], DAY);
        let back = step(&gone.channels, &["b", "a"], 2 * DAY);

        assert_eq!(names(&back), ["b", "a"]);
        assert_eq!(back.channels[1], first.channels[0]);
    }

    #[test]
    fn channels_that_are_alike_get_ids_of_their_own() {
        let same = diff("tv", &[], [listed(&["a"]), listed(&["a"])].concat(), &HashSet::new(), 0);

        assert_eq!(same.added.iter().collect::<HashSet<_>>().len(), 2);
    }

    #[test]
    fn a_list_that_lost_more_than_half_shrinks() {
        let all: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let first = step(&[], &all, 0);

        assert!(!step(&first.channels, &all[..20], 1).shrinks(&first.channels));
        assert!(step(&first.channels, &all[..19], 1).shrinks(&first.channels));
        assert!(step(&first.channels, &[], 1).shrinks(&first.channels));
        let small = step(&[], &all[..19], 0);
        assert!(!step(&small.channels, &[], 1).shrinks(&small.channels));
    }
}
