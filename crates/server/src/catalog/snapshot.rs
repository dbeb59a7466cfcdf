//! The catalogue at one moment, in memory: what is asked often is answered from here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Channel, ChannelId, Name, Playlist,
    both::both,
    index::{Bits, Index},
};

/// A playlist and its channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// The playlist.
    pub playlist: Playlist,
    /// In the list's order; those that vanished come last.
    pub channels: Vec<Arc<Channel>>,
}

/// A group of channels, in all playlists that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is called; nothing for the channels without one.
    pub name: Option<Box<str>>,
    /// How many channels of it are shown.
    pub channels: usize,
}

/// All playlists and channels. A channel is known by its place, counted from 0 over all playlists in order.
#[derive(Debug)]
pub struct Snapshot {
    /// Counts the snapshots of this process.
    pub version: u64,
    lists: Vec<Arc<List>>,
    body: Arc<Body>,
}

/// What is made of the channels of all lists.
#[derive(Debug)]
struct Body {
    channels: Vec<Arc<Channel>>,
    /// Where the channels of each list begin.
    starts: Vec<u32>,
    names: Arc<Names>,
    arrangement: Arrangement,
}

/// What is shown of the channels, in which order and group.
#[derive(Debug)]
struct Arrangement {
    groups: Vec<Group>,
    group_of: Vec<u32>,
    shown: Bits,
    /// The places in the order in which lists show them.
    order: Vec<u32>,
    /// The same, by number.
    by_number: Vec<u32>,
}

/// Which channel is where, and what each is called.
#[derive(Debug)]
struct Names {
    places: HashMap<ChannelId, u32>,
    index: Index,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self::new(0, Vec::new(), None)
    }
}

impl Snapshot {
    /// Put the lists together. Takes a third of a second for 300,000 channels, unless they are those of `before`, and
    /// a fifth of that if they are called the same.
    #[must_use]
    pub fn new(version: u64, mut lists: Vec<Arc<List>>, before: Option<&Self>) -> Self {
        lists.sort_by(|a, b| a.playlist.name.cmp(&b.playlist.name));
        let body = match before.filter(|before| before.has_channels_of(&lists)) {
            Some(before) => Arc::clone(&before.body),
            None => Arc::new(Body::of(&lists, before.map(|before| &*before.body))),
        };
        Self { version, lists, body }
    }

    fn has_channels_of(&self, lists: &[Arc<List>]) -> bool {
        let same = |a: &List, b: &List| {
            let (a, b) = (&a.channels, &b.channels);
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        self.lists.len() == lists.len() && self.lists.iter().zip(lists).all(|(a, b)| same(a, b))
    }

    /// The playlists by name.
    #[must_use]
    pub fn lists(&self) -> &[Arc<List>] {
        &self.lists
    }

    /// The playlist called `name`.
    #[must_use]
    pub fn list(&self, name: &Name) -> Option<&Arc<List>> {
        self.lists.iter().find(|it| it.playlist.name == *name)
    }

    /// How many channels there are, hidden and vanished ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.body.channels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.channels.is_empty()
    }

    /// The IDs that are taken.
    #[must_use]
    pub fn ids(&self) -> HashSet<ChannelId> {
        self.body.names.places.keys().copied().collect()
    }

    /// The channel with this ID.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&Arc<Channel>> {
        self.place(id).map(|place| self.at(place))
    }

    /// The playlist of the channel with this ID.
    #[must_use]
    pub fn playlist_of(&self, id: ChannelId) -> Option<&Playlist> {
        let place = self.place(id)?;
        let list = self.body.starts.partition_point(|start| *start <= place).checked_sub(1)?;
        Some(&self.lists[list].playlist)
    }

    /// The groups in the order in which lists first name them. The channels of a list alone are counted if it is given.
    #[must_use]
    pub fn groups(&self, of: Option<&Name>) -> Vec<Group> {
        let Some(name) = of else {
            return self.body.arrangement.groups.iter().filter(|it| it.channels > 0).cloned().collect();
        };
        let mut counts = vec![0; self.body.arrangement.groups.len()];
        self.range(name).filter(|place| self.body.arrangement.shown.contains(*place)).for_each(|place| {
            counts[self.body.arrangement.group_of[place as usize] as usize] += 1;
        });
        let group = |(group, channels): (&Group, usize)| Group { name: group.name.clone(), channels };
        self.body
            .arrangement
            .groups
            .iter()
            .zip(counts)
            .filter(|(_, channels)| *channels > 0)
            .map(group)
            .collect()
    }

    pub(super) fn place(&self, id: ChannelId) -> Option<u32> {
        self.body.names.places.get(&id).copied()
    }

    pub(super) fn at(&self, place: u32) -> &Arc<Channel> {
        &self.body.channels[place as usize]
    }

    /// The places of the channels of the playlist called `name`.
    pub(super) fn range(&self, name: &Name) -> std::ops::Range<u32> {
        let Some(list) = self.lists.iter().position(|it| it.playlist.name == *name) else { return 0..0 };
        let end = self.body.starts.get(list + 1).copied().unwrap_or(count(self.body.channels.len()));
        self.body.starts[list]..end
    }

    /// The places of the group called `name`; of the channels without one if it is empty.
    pub(super) fn group(&self, name: &str) -> Bits {
        let mut bits = Bits::new(count(self.body.channels.len()));
        let group =
            self.body.arrangement.groups.iter().position(|it| it.name.as_deref().unwrap_or_default() == name);
        if let Some(group) = group.map(count) {
            let places = self.body.arrangement.group_of.iter().zip(0..).filter(|(of, _)| **of == group);
            places.for_each(|(_, place)| bits.set(place));
        }
        bits
    }

    /// The channels that are not hidden.
    pub(super) fn shown(&self) -> &Bits {
        &self.body.arrangement.shown
    }

    pub(super) fn index(&self) -> &Index {
        &self.body.names.index
    }

    pub(super) fn order(&self) -> &[u32] {
        &self.body.arrangement.order
    }

    pub(super) fn by_number(&self) -> &[u32] {
        &self.body.arrangement.by_number
    }
}

impl Body {
    fn of(lists: &[Arc<List>], before: Option<&Self>) -> Self {
        let channels: Vec<_> = lists.iter().flat_map(|list| &list.channels).map(Arc::clone).collect();
        let starts =
            lists.iter().scan(0, |at, list| Some(std::mem::replace(at, *at + count(list.channels.len()))));
        let starts = starts.collect();
        // A channel that is hidden, or moved, is found where it was.
        let known = before.filter(|before| are_called_the_same(&before.channels, &channels));
        let (names, arrangement) = match known {
            Some(before) => (Arc::clone(&before.names), Arrangement::of(&channels)),
            None => {
                let index = || Index::build(channels.iter().map(|it| it.name()));
                let rest =
                    || (channels.iter().map(|it| it.id).zip(0..).collect(), Arrangement::of(&channels));
                let (index, (places, arrangement)) = both(index, rest);
                (Arc::new(Names { places, index }), arrangement)
            }
        };
        Self { channels, starts, names, arrangement }
    }
}

/// Whether these are the same channels in the same places, and none was renamed.
fn are_called_the_same(before: &[Arc<Channel>], now: &[Arc<Channel>]) -> bool {
    let same =
        |(a, b): (&Arc<Channel>, &Arc<Channel>)| Arc::ptr_eq(a, b) || (a.id == b.id && a.name() == b.name());
    before.len() == now.len() && before.iter().zip(now).all(same)
}

impl Arrangement {
    fn of(channels: &[Arc<Channel>]) -> Self {
        let mut this = Self {
            groups: Vec::new(),
            group_of: Vec::with_capacity(channels.len()),
            shown: Bits::new(count(channels.len())),
            order: order(channels),
            by_number: by_number(channels),
        };
        this.fill_groups(channels);
        this
    }

    fn fill_groups(&mut self, channels: &[Arc<Channel>]) {
        let mut known: HashMap<Option<&str>, u32> = HashMap::new();
        for (channel, place) in channels.iter().zip(0..) {
            let group = *known.entry(channel.group()).or_insert_with(|| {
                self.groups.push(Group { name: channel.group().map(Into::into), channels: 0 });
                count(self.groups.len() - 1)
            });
            self.group_of.push(group);
            if !channel.is_hidden() {
                self.shown.set(place);
                self.groups[group as usize].channels += 1;
            }
        }
    }
}

/// The places as lists show them: channels to which the user gave one come first.
fn order(channels: &[Arc<Channel>]) -> Vec<u32> {
    let given = |it: &Channel| it.edit.as_deref().and_then(|edit| edit.position);
    let all = channels.iter().zip(0..).map(|(it, place)| (given(it), place));
    let (mut first, others): (Vec<_>, Vec<_>) = all.partition(|(given, _)| given.is_some());
    first.sort_by_key(|(given, _)| *given);
    first.into_iter().chain(others).map(|(_, place)| place).collect()
}

/// The places in the order of the channels' numbers; those without one come last.
fn by_number(channels: &[Arc<Channel>]) -> Vec<u32> {
    let all = channels.iter().zip(0..).map(|(it, place)| (it.number().and_then(parts), place));
    let (mut with, without): (Vec<_>, Vec<_>) = all.partition(|(number, _)| number.is_some());
    with.sort_unstable();
    with.into_iter().chain(without).map(|(_, place)| place).collect()
}

/// `5.1` as numbers that compare as people count.
fn parts(number: &str) -> Option<(u64, u64)> {
    let (whole, part) = number.split_once(['.', '-']).unwrap_or((number, "0"));
    Some((whole.trim().parse().ok()?, part.trim().parse().ok()?))
}

/// As a place. There are fewer channels than 2^32: each takes hundreds of bytes.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
