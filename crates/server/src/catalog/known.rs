//! What channels are known by where their IDs are not: in a backup, and when one that was away comes back under another.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use iptv::name::fold;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Catalog, Channel, ChannelId, Edit, Error, Favourites, Snapshot, Writing};

/// A channel, and what it is known by where its ID is not.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its ID.
    #[schema(value_type = i64)]
    pub id: ChannelId,
    /// What its playlist calls it.
    #[serde(default)]
    pub name: String,
    /// Its group there.
    #[serde(default)]
    pub group: Option<String>,
    /// Its ID in the guide.
    #[serde(default)]
    pub tvg_id: Option<String>,
    /// The link of its first source.
    #[serde(default)]
    pub link: Option<String>,
}

impl Known {
    pub(super) fn of(channel: &Channel) -> Self {
        let listed = &channel.listed;
        Self {
            id: channel.id,
            name: listed.name.to_string(),
            group: listed.group.as_deref().map(str::to_owned),
            tvg_id: listed.tvg_id.as_deref().map(str::to_owned),
            link: listed.sources.first().map(|source| source.key().into_owned()),
        }
    }

    /// One whose channel is not here.
    pub(super) const fn unknown(id: ChannelId) -> Self {
        Self { id, name: String::new(), group: None, tvg_id: None, link: None }
    }
}

impl Catalog {
    /// Give channels that are there now what the user made of them under other IDs, while they were not.
    ///
    /// # Errors
    /// As the store has them.
    pub(super) async fn welcome(&self) -> Result<(), Error> {
        // Nobody waits for a look that finds nothing.
        if self.recognised().await?.is_empty() {
            return Ok(());
        }
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            writing.rename(&this.recognised().await?).await
        })
        .await
    }

    /// Strangers that are there now, and under which IDs.
    async fn recognised(&self) -> Result<HashMap<ChannelId, ChannelId>, Error> {
        let (strangers, snapshot) = (self.0.store.strangers().await?, self.snapshot());
        if strangers.is_empty() {
            return Ok(HashMap::new());
        }
        let look = move || {
            let here = Here::of(&snapshot);
            let found = strangers.values().filter_map(|known| Some((known.id, here.find(known)?)));
            found.collect()
        };
        Ok(tokio::task::spawn_blocking(look).await?)
    }
}

impl Writing<'_> {
    /// Keep what these channels are known by, who are about to go, if the user made something of them.
    pub(super) async fn remember(&self, gone: impl Iterator<Item = &Arc<Channel>>) -> Result<(), Error> {
        let personal = self.catalog.personal();
        let known: Vec<Known> = gone
            .filter(|it| it.edit.is_some() || personal.is_favourite(it.id))
            .map(|it| Known::of(it))
            .collect();
        Ok(self.catalog.0.store.add_strangers(&known).await?)
    }

    /// Put what was made of channels by one ID to their other; they are strangers no more.
    async fn rename(&self, ids: &HashMap<ChannelId, ChannelId>) -> Result<(), Error> {
        let edits = moved(ids, &self.catalog.0.store.all_edits().await?.into_iter().collect());
        let before = &self.catalog.personal().favourites;
        let favourites: Favourites =
            before.iter().map(|(id, at)| (ids.get(id).copied().unwrap_or(*id), *at)).collect();
        self.put_edits(edits).await?;
        self.put_favourites(favourites).await?;
        // At last: who breaks off before begins again.
        Ok(self.catalog.0.store.remove_strangers(ids.keys().copied()).await?)
    }
}

/// The edits of these channels under their other IDs, where they have none there yet.
fn moved(ids: &HashMap<ChannelId, ChannelId>, edits: &HashMap<ChannelId, Edit>) -> Vec<(ChannelId, Edit)> {
    let others = ids.iter().filter(|(from, to)| from != to);
    let both = |(from, to): (&ChannelId, &ChannelId)| {
        let edit = edits.get(from)?;
        let kept = edits.get(to).unwrap_or(edit);
        Some([(*from, Edit::default()), (*to, kept.clone())])
    };
    others.filter_map(both).flatten().collect()
}

/// The channels that are here, by all that they are known by.
pub(super) struct Here {
    ids: HashSet<ChannelId>,
    by_link: HashMap<String, ChannelId>,
    by_tvg_id: HashMap<(String, String), ChannelId>,
    by_name: HashMap<(String, Option<String>), ChannelId>,
}

impl Here {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut this = Self {
            ids: HashSet::new(),
            by_link: HashMap::new(),
            by_tvg_id: HashMap::new(),
            by_name: HashMap::new(),
        };
        // What is shown of a list that was never read to its end may go again.
        let lists = snapshot.lists().iter().filter(|it| it.playlist.state.refreshed_at.is_some());
        for channel in lists.flat_map(|list| &list.channels) {
            this.ids.insert(channel.id);
            let known = Known::of(channel);
            let name = fold(&known.name);
            if let Some(tvg_id) = known.tvg_id {
                this.by_tvg_id.entry((tvg_id, name.clone())).or_insert(channel.id);
            }
            if let Some(link) = known.link {
                this.by_link.entry(link).or_insert(channel.id);
            }
            this.by_name.entry((name, known.group)).or_insert(channel.id);
        }
        this
    }

    pub(super) fn find(&self, known: &Known) -> Option<ChannelId> {
        if self.ids.contains(&known.id) {
            return Some(known.id);
        }
        let name = fold(&known.name);
        let by_tvg_id = known.tvg_id.as_ref().and_then(|id| self.by_tvg_id.get(&(id.clone(), name.clone())));
        let by_link = || known.link.as_ref().and_then(|link| self.by_link.get(link));
        let by_name = || self.by_name.get(&(name.clone(), known.group.clone())).filter(|_| !name.is_empty());
        by_tvg_id.or_else(by_link).or_else(by_name).copied()
    }
}
