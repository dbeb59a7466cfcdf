//! What is the user's own: favourites, what was played last, and how sources did.

use std::collections::HashMap;

use super::{Channel, ChannelId, Health, Shape, Source};

/// What is the user's own. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Personal {
    /// Counts the changes in this process.
    pub version: u64,
    /// In the user's order, each with since when it is one.
    pub favourites: Vec<(ChannelId, i64)>,
    /// The latest first, each with when it was played.
    pub recents: Vec<(ChannelId, i64)>,
    /// By the link of a source.
    pub health: HashMap<String, Health>,
}

impl Personal {
    /// Whether the channel is a favourite.
    #[must_use]
    pub fn is_favourite(&self, id: ChannelId) -> bool {
        self.favourites.iter().any(|(favourite, _)| *favourite == id)
    }

    /// How a source did.
    #[must_use]
    pub fn health(&self, source: &Source) -> Option<&Health> {
        if self.health.is_empty() { None } else { self.health.get(&*source.key()) }
    }

    /// How a channel did.
    #[must_use]
    pub fn shape(&self, channel: &Channel) -> Shape {
        let mut shape = Shape::Unknown;
        for health in channel.listed.sources.iter().filter_map(|source| self.health(source)) {
            if health.worked_at > health.failed_at {
                return Shape::Working;
            }
            shape = Shape::Failing;
        }
        shape
    }
}

impl Source {
    /// What its health is remembered by: its AceStream ID, whatever the link looks like, else its address.
    #[must_use]
    pub fn key(&self) -> std::borrow::Cow<'_, str> {
        match self.link().acestream_hash() {
            Some(hash) => hash.to_owned().into(),
            None => (&*self.url).into(),
        }
    }
}
