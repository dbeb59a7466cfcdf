//! The entries of a list as channels: what names one thing twice is one channel with several sources.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
};

use iptv::{Entry, name::fold};

use crate::catalog::{Error, Listed};

/// A channel has as many sources at most: beyond, the list does not mean one thing by one name.
const SOURCES_MAX: usize = 32;

/// As many channels one list has at most: each takes hundreds of bytes.
const CHANNELS_MAX: usize = 1_000_000;

/// The channels of a list as far as it has been read.
#[derive(Debug, Default)]
pub struct Collector {
    channels: Vec<Listed>,
    /// Where the channel is that has an AceStream ID, or a guide's ID and a name.
    places: HashMap<u64, usize>,
    hasher: RandomState,
    acestream: usize,
    groups: HashSet<u64>,
}

impl Collector {
    /// Take in the next entry.
    pub fn add(&mut self, entry: &Entry<'_>) {
        let keys = self.keys(entry);
        let known = keys.iter().flatten().find_map(|key| self.places.get(key).copied());
        let known = known.filter(|place| self.channels[*place].sources.len() < SOURCES_MAX);
        let listed = Listed::of(entry);
        let place = known.unwrap_or(self.channels.len());
        match self.channels.get_mut(place) {
            Some(channel) => channel.add_sources(listed),
            None => {
                self.acestream += usize::from(keys[0].is_some());
                self.groups.extend(listed.group.as_deref().map(|group| self.hasher.hash_one(group)));
                self.channels.push(listed);
            }
        }
        for key in keys.into_iter().flatten() {
            self.places.insert(key, place);
        }
    }

    /// Refuse more channels than can be kept.
    ///
    /// # Errors
    /// There are too many.
    pub fn check(&self) -> Result<(), Error> {
        if self.channels.len() > CHANNELS_MAX {
            return Err(Error::Invalid(format!("it has more than {CHANNELS_MAX} channels")));
        }
        Ok(())
    }

    /// The channels so far, in the order in which each was first named.
    #[must_use]
    pub fn channels(&self) -> &[Listed] {
        &self.channels
    }

    /// How many of them are AceStream channels.
    #[must_use]
    pub const fn acestream(&self) -> usize {
        self.acestream
    }

    /// How many groups they are in.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The channels.
    #[must_use]
    pub fn into_channels(self) -> Vec<Listed> {
        self.channels
    }

    fn keys(&self, entry: &Entry<'_>) -> [Option<u64>; 2] {
        let by_id = entry.link.acestream_hash().map(|id| self.hasher.hash_one(("id", id)));
        let by_name = |tvg_id| self.hasher.hash_one(("name", tvg_id, fold(&entry.name)));
        [by_id, entry.tvg_id.as_deref().map(by_name)]
    }
}

impl Listed {
    /// Take in the sources of another entry of the same channel, and what this one does not say.
    fn add_sources(&mut self, other: Self) {
        for source in other.sources {
            if !self.sources.iter().any(|known| known.url == source.url) {
                self.sources.push(source);
            }
        }
        self.logo = self.logo.take().or(other.logo);
        self.tvg_id = self.tvg_id.take().or(other.tvg_id);
        self.group = self.group.take().or(other.group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name and sources of each channel.
    fn collected(list: &str) -> Vec<String> {
        let mut collector = Collector::default();
        iptv::parse_m3u(list).entries.iter().for_each(|entry| collector.add(entry));
        let urls = |it: &Listed| {
            it.sources.iter().map(|source| source.url.to_string()).collect::<Vec<_>>().join(" ")
        };
        collector.channels().iter().map(|it| format!("{}: {}", it.name, urls(it))).collect()
    }

    const ID: &str = "d65257bb7856e13b718df1dfe65ee482d90dd384";

    #[test]
    fn one_acestream_id_is_one_channel_whatever_its_links_and_names() {
        let list = format!(
            "#EXTINF:-1,One\nacestream://{ID}\n#EXTINF:-1,Uno\nhttp://127.0.0.1:6878/ace/getstream?id={ID}\n\
             #EXTINF:-1,Eins\nacestream://{ID}\n"
        );

        let sources = format!("One: acestream://{ID} http://127.0.0.1:6878/ace/getstream?id={ID}");
        assert_eq!(collected(&list), [sources]);
    }

    #[test]
    fn one_guide_id_with_one_name_is_one_channel() {
        let entry =
            |id: &str, name: &str, url: u8| format!("#EXTINF:-1 tvg-id=\"{id}\",{name}\nhttp://a/{url}\n");
        let list = [
            entry("la1", "La 1", 1),
            entry("la1", "LA 1", 2),
            entry("la1", "La 1 HD", 3),
            entry("", "La 1", 4),
        ];

        let channels = ["La 1: http://a/1 http://a/2", "La 1 HD: http://a/3", "La 1: http://a/4"];
        assert_eq!(collected(&list.concat()), channels);
    }

    #[test]
    fn a_name_that_means_everything_does_not_make_one_channel_of_it() {
        let list: String =
            (0..70).map(|n| format!("#EXTINF:-1 tvg-id=\"x\",Event\nhttp://a/{n}\n")).collect();

        assert_eq!(collected(&list).len(), 3);
    }
}
