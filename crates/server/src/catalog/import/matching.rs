//! Which channel of a list is which of those that are known: by the ID of the guide, else by the link, else by name and
//! group, by the address last, for addresses change most. The surest matches are made first.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher as _, RandomState},
};

use iptv::name::fold;
use sha2::{Digest as _, Sha256};

use crate::catalog::{ChannelId, Listed};

/// What channels are compared by, the surest first.
const KEYS: [Key; 6] = [
    Key { of: |it, hash| Some(hash.hash_one((&it.tvg_id, &it.name, &it.group, url(it)))), alone: false },
    Key { of: |it, hash| Some(hash.hash_one((it.tvg_id.as_deref()?, fold(&it.name)))), alone: false },
    // Some lists give one ID to many channels: those say nothing by it.
    Key { of: |it, hash| Some(hash.hash_one(it.tvg_id.as_deref()?)), alone: true },
    Key { of: |it, hash| Some(hash.hash_one(it.acestream_hash()?)), alone: false },
    Key { of: |it, hash| Some(hash.hash_one((fold(&it.name), &it.group))), alone: false },
    Key { of: |it, hash| Some(hash.hash_one(url(it))), alone: false },
];

struct Key {
    /// What of a channel is compared, if it has it.
    of: fn(&Listed, &RandomState) -> Option<u64>,
    /// Whether it counts only where one channel alone has it.
    alone: bool,
}

/// For each channel of `new` the place in `old` of the one that it is.
pub(super) fn matching(old: &[&Listed], new: &[Listed]) -> Vec<Option<usize>> {
    let hasher = RandomState::new();
    let mut found = vec![None; new.len()];
    let mut is_taken = vec![false; old.len()];
    for key in KEYS {
        if found.iter().all(Option::is_some) {
            break;
        }
        let free = |(place, _): &(usize, &&Listed)| key.alone || !is_taken[*place];
        let mut places = by_key(&key, old.iter().enumerate().filter(free).map(|(at, it)| (at, *it)), &hasher);
        if places.is_empty() {
            continue;
        }
        let unknown = |(place, _): &(usize, &Listed)| key.alone || found[*place].is_none();
        let wanted = by_key(&key, new.iter().enumerate().filter(unknown), &hasher);
        for (hash, those) in wanted {
            let Some(candidates) = places.remove(&hash) else { continue };
            if key.alone && !(those.others.is_empty() && candidates.others.is_empty()) {
                continue;
            }
            for (new, old) in those.iter().zip(candidates.iter()) {
                if found[new].is_none() && !is_taken[old] {
                    found[new] = Some(old);
                    is_taken[old] = true;
                }
            }
        }
    }
    found
}

/// Where channels are, in order. Nearly all keys are of one.
struct Places {
    first: usize,
    others: Vec<usize>,
}

impl Places {
    fn iter(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

/// Where the channels are by what `key` compares.
fn by_key<'a>(
    key: &Key,
    channels: impl Iterator<Item = (usize, &'a Listed)>,
    hasher: &RandomState,
) -> HashMap<u64, Places> {
    let mut places: HashMap<u64, Places> = HashMap::with_capacity(channels.size_hint().1.unwrap_or(0));
    for (place, channel) in channels {
        if let Some(hash) = (key.of)(channel, hasher) {
            match places.entry(hash) {
                Entry::Vacant(entry) => drop(entry.insert(Places { first: place, others: Vec::new() })),
                Entry::Occupied(mut entry) => entry.get_mut().others.push(place),
            }
        }
    }
    places
}

fn url(listed: &Listed) -> &str {
    listed.sources.first().map_or("", |source| &source.url)
}

/// An ID for a new channel: the same wherever and whenever the list is read, unless another has it.
pub(super) fn new_id(playlist: &str, channel: &Listed) -> ChannelId {
    let group = channel.group.as_deref().unwrap_or_default();
    let key = match (&channel.tvg_id, channel.acestream_hash()) {
        (Some(tvg_id), _) => format!("{tvg_id}\n{}", fold(&channel.name)),
        (None, Some(hash)) => hash,
        (None, None) => format!("{}\n{group}", channel.name),
    };
    let digest = Sha256::digest(format!("{playlist}\n{key}"));
    let number = i64::from_le_bytes(*digest.first_chunk().expect("a digest has 32 bytes")) & ChannelId::MAX;
    ChannelId(number.max(1))
}

impl Listed {
    /// The AceStream ID of its first source.
    pub(super) fn acestream_hash(&self) -> Option<String> {
        Some(self.sources.first()?.link().acestream_hash()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(list: &str) -> Vec<Listed> {
        iptv::parse_m3u(list).entries.iter().map(Listed::of).collect()
    }

    fn entry(tvg_id: &str, name: &str, url: &str) -> String {
        format!("#EXTINF:-1 tvg-id=\"{tvg_id}\",{name}\n{url}\n")
    }

    /// Which of `old` each of `new` is.
    fn matched(old: &[String], new: &[String]) -> Vec<Option<usize>> {
        let (old, new) = (listed(&old.concat()), listed(&new.concat()));
        matching(&old.iter().collect::<Vec<_>>(), &new)
    }

    #[test]
    fn a_channel_is_known_by_its_guide_id_when_name_and_address_changed() {
        let old = [entry("one", "One", "http://a/1"), entry("two", "Two", "http://a/2")];
        let new = [entry("two", "Dos", "http://b/9"), entry("one", "Uno", "http://b/8")];

        assert_eq!(matched(&old, &new), [Some(1), Some(0)]);
    }

    #[test]
    fn a_guide_id_that_many_have_says_nothing() {
        let old = [entry("x", "One", "http://a/1"), entry("x", "Two", "http://a/2")];
        let new = [entry("x", "Three", "http://b/3"), entry("x", "Two", "http://b/2")];

        assert_eq!(matched(&old, &new), [None, Some(1)]);
    }

    #[test]
    fn a_channel_is_known_by_its_link_when_its_name_changed() {
        let link = "acestream://d65257bb7856e13b718df1dfe65ee482d90dd384";

        assert_eq!(matched(&[entry("", "One", link)], &[entry("", "Uno", link)]), [Some(0)]);
    }

    #[test]
    fn a_channel_is_known_by_its_name_when_its_address_changed() {
        let old = [entry("", "One", "http://a/1?token=1"), entry("", "Two", "http://a/2?token=1")];
        let new = [entry("", "Two", "http://a/2?token=2"), entry("", "One", "http://a/1?token=2")];

        assert_eq!(matched(&old, &new), [Some(1), Some(0)]);
    }

    #[test]
    fn channels_of_one_name_keep_their_order_and_their_addresses() {
        let old = [entry("", "Event", "http://a/1"), entry("", "Event", "http://a/2")];
        let new = [
            entry("", "Event", "http://a/2"),
            entry("", "Event", "http://a/1"),
            entry("", "Event", "http://a/3"),
        ];

        assert_eq!(matched(&old, &new), [Some(1), Some(0), None]);
    }

    #[test]
    fn an_address_is_the_last_thing_to_know_a_channel_by() {
        let old = [entry("", "One", "http://a/1"), entry("", "Two", "http://a/2")];
        let new = [entry("", "Two", "http://a/1"), entry("", "Zwei", "http://a/2")];

        // "Two" moved to the address of "One".
        assert_eq!(matched(&old, &new), [Some(1), None]);
    }

    #[test]
    fn an_id_is_the_same_each_time() {
        let channels = listed(&[entry("one", "One", "http://a/1"), entry("", "One", "http://a/1")].concat());

        let id = new_id("tv", &channels[0]);
        assert_eq!(new_id("tv", &channels[0]), id);
        assert_ne!(new_id("tv", &channels[1]), id);
        assert_ne!(new_id("tv2", &channels[0]), id);
    }
}
