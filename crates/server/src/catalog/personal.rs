//! What is the user's own: favourites, what was played last, and how sources did.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::{
    Channel, ChannelId, Health, Shape, Source,
    store::{self, Store},
};

/// Favourites in an order, each with since when it is one, in seconds since 1970 UTC. Two that are equal may differ in
/// their order.
pub type Favourites = IndexMap<ChannelId, i64>;

/// What is the user's own. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Personal {
    /// Counts the changes in this process.
    pub version: u64,
    /// In the user's order.
    pub favourites: Favourites,
    /// The latest first, each with when it was played.
    pub recents: Vec<(ChannelId, i64)>,
    /// By the link of a source.
    pub health: HashMap<String, Health>,
}

impl Personal {
    /// What is kept in `store`.
    ///
    /// # Errors
    /// As the store has them.
    pub(super) async fn read(store: &Store, version: u64) -> Result<Self, store::Error> {
        Ok(Self {
            version,
            favourites: store.favourites().await?,
            recents: store.recents().await?,
            health: store.health().await?,
        })
    }

    /// Whether the channel is a favourite.
    #[must_use]
    pub fn is_favourite(&self, id: ChannelId) -> bool {
        self.favourites.contains_key(&id)
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
