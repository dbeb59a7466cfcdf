//! Questions to the catalogue: which channels, in which order, from where to where.

use std::{collections::HashSet, sync::Arc};

use super::{Channel, ChannelId, Name, Personal, Snapshot, index::Bits};

/// Which channels, and how many of them.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The words in their names; all channels if there are none.
    pub text: String,
    /// Those of one playlist.
    pub playlist: Option<Name>,
    /// Those of one group; the empty name is that of the channels without one.
    pub group: Option<String>,
    /// Favourites, or what was played last.
    pub only: Option<Only>,
    /// By how their sources did.
    pub health: Option<Shape>,
    /// Hidden ones too.
    pub hidden: bool,
    /// Their order; when not given, the best first where there is a text, else that of the lists.
    pub sort: Option<Sort>,
    /// How many are passed over.
    pub offset: usize,
    /// How many are wanted, at most.
    pub limit: usize,
}

/// Channels that the user marked, or played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// In their own order, unless another is asked for.
    Favourites,
    /// The latest first, unless another is asked for.
    Recents,
}

/// How a channel did when it was last played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One of its sources worked the last time.
    Working,
    /// All of its sources that were tried failed.
    Failing,
    /// None was tried.
    Unknown,
}

/// The order of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// As the lists have them, or as the user placed them.
    List,
    /// By name.
    Name,
    /// By number; those without come last.
    Number,
}

/// A part of the channels that were asked for.
#[derive(Debug)]
pub struct Page {
    /// How many there are in all.
    pub total: usize,
    /// The part.
    pub channels: Vec<Arc<Channel>>,
}

/// Where a letter begins, for a scrollbar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The letter, or the group.
    pub label: String,
    /// How many channels stand in front of it.
    pub offset: usize,
}

impl Snapshot {
    /// The channels that `query` asks for.
    #[must_use]
    pub fn find(&self, query: &Query, personal: &Personal) -> Page {
        let tiers = self.tiers(query, personal);
        let total = tiers.iter().map(Bits::count).sum();
        let places = self.ordered(&tiers, query, personal).skip(query.offset).take(query.limit);
        Page { total, channels: places.map(|place| Arc::clone(self.at(place))).collect() }
    }

    /// Where each letter begins among the channels that `query` asks for, by name; each group, in the lists' order.
    #[must_use]
    pub fn marks(&self, query: &Query, personal: &Personal) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let tiers = self.tiers(query, personal);
        for (place, offset) in self.ordered(&tiers, query, personal).zip(0..) {
            let label = match query.sort {
                Some(Sort::Name) => self.index().label(place).to_string(),
                _ => self.at(place).group().unwrap_or_default().to_owned(),
            };
            if marks.last().is_none_or(|last| last.label != label) {
                marks.push(Mark { label, offset });
            }
        }
        marks
    }

    /// The channels that are asked for, the best first, where that matters.
    fn tiers(&self, query: &Query, personal: &Personal) -> Vec<Bits> {
        let wanted = self.wanted(query, personal);
        if query.text.trim().is_empty() {
            return vec![wanted];
        }
        let mut tiers = self.index().search(&query.text).tiers;
        tiers.iter_mut().for_each(|tier| tier.and(&wanted));
        if query.sort.is_some() {
            let mut all = Bits::new(self.index().len());
            tiers.iter().for_each(|tier| all.union(tier));
            tiers = vec![all];
        }
        tiers
    }

    /// The channels that are asked for, whatever they are called.
    fn wanted(&self, query: &Query, personal: &Personal) -> Bits {
        let mut wanted = if query.hidden { Bits::full(self.index().len()) } else { self.shown().clone() };
        if let Some(name) = &query.playlist {
            wanted.and(&self.set(self.range(name)));
        }
        if let Some(group) = &query.group {
            wanted.and(&self.group(group));
        }
        if let Some(only) = query.only {
            wanted.and(&self.set(personal.ids(only).filter_map(|id| self.place(id))));
        }
        if let Some(shape) = query.health {
            wanted.and(&self.set(wanted.iter().filter(|place| personal.shape(self.at(*place)) == shape)));
        }
        wanted
    }

    fn set(&self, places: impl Iterator<Item = u32>) -> Bits {
        let mut set = Bits::new(self.index().len());
        places.for_each(|place| set.set(place));
        set
    }

    /// The places of `tiers`, one tier behind the other.
    fn ordered<'a>(
        &'a self,
        tiers: &'a [Bits],
        query: &Query,
        personal: &'a Personal,
    ) -> Box<dyn Iterator<Item = u32> + 'a> {
        if let (Some(only), None) = (query.only, query.sort) {
            let mut seen = HashSet::new();
            let places = personal.ids(only).filter_map(|id| self.place(id));
            let places: Vec<u32> = places.filter(|place| seen.insert(*place)).collect();
            return Box::new(tiers.iter().flat_map(move |tier| {
                places.iter().copied().filter(|place| tier.contains(*place)).collect::<Vec<_>>()
            }));
        }
        let order = match query.sort {
            Some(Sort::Name) => self.index().by_name(),
            Some(Sort::Number) => self.by_number(),
            Some(Sort::List) | None => self.order(),
        };
        Box::new(
            tiers
                .iter()
                .filter(|tier| !tier.is_empty())
                .flat_map(move |tier| order.iter().copied().filter(|place| tier.contains(*place))),
        )
    }
}

impl Personal {
    /// The channels in question, in their own order.
    fn ids(&self, only: Only) -> Box<dyn Iterator<Item = ChannelId> + '_> {
        match only {
            Only::Favourites => Box::new(self.favourites.keys().copied()),
            Only::Recents => Box::new(self.recents.iter().map(|(id, _)| *id)),
        }
    }
}
