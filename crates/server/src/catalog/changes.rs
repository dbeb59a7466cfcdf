//! What the user makes of channels: edits, favourites, what was played.

use std::{collections::HashMap, sync::Arc};

use super::{
    Area, Catalog, Channel, ChannelId, Edit, Error, Favourites, Health, List, Patch, Snapshot, Writing,
    jobs::Job, now,
};

/// So many that were played last are told.
const RECENTS: usize = 200;

/// How so many sources did is remembered.
const HEALTH_MAX: usize = 20_000;

/// The longest text of an edit, in bytes.
const TEXT_MAX: usize = 1024;

impl Catalog {
    /// The channel with this ID.
    ///
    /// # Errors
    /// There is none.
    pub fn channel(&self, id: ChannelId) -> Result<Arc<Channel>, Error> {
        self.snapshot().channel(id).map(Arc::clone).ok_or(Error::NoChannel(id))
    }

    /// Change what the user makes of a channel.
    ///
    /// # Errors
    /// It is not there, or a text is empty or too long; then nothing has changed. And as the store has them.
    pub async fn edit(&self, id: ChannelId, patch: Patch) -> Result<(), Error> {
        self.change_edits(move |snapshot| {
            let channel = snapshot.channel(id).ok_or(Error::NoChannel(id))?;
            let mut edit = channel.edit.as_deref().cloned().unwrap_or_default();
            patch.apply(&mut edit);
            check(&edit)?;
            check_source(channel, &edit)?;
            let is_new = channel.edit.as_deref().map_or(edit != Edit::default(), |before| *before != edit);
            Ok(if is_new { vec![(id, edit)] } else { Vec::new() })
        })
        .await
    }

    /// Keep the edits that `change` makes of the channels as they are when nobody else changes them.
    pub(super) async fn change_edits(
        &self,
        change: impl FnOnce(&Snapshot) -> Result<Vec<(ChannelId, Edit)>, Error> + Send + 'static,
    ) -> Result<(), Error> {
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            let edits = change(&this.snapshot())?;
            writing.put_edits(edits).await
        })
        .await
    }

    /// Put channels in front of all others, in this order; those that were there before and are not named go back.
    ///
    /// # Errors
    /// As [`Catalog::edit`].
    pub async fn arrange(&self, ids: Vec<ChannelId>) -> Result<(), Error> {
        self.change_edits(move |snapshot| {
            if let Some(id) = ids.iter().find(|id| snapshot.channel(**id).is_none()) {
                return Err(Error::NoChannel(*id));
            }
            let places: HashMap<ChannelId, i64> = ids.into_iter().zip(1..).collect();
            let all = snapshot.lists().iter().flat_map(|list| &list.channels);
            let moved = all.filter_map(|it| {
                let edit = it.edit.as_deref().cloned().unwrap_or_default();
                let position = places.get(&it.id).copied();
                (edit.position != position).then_some((it.id, Edit { position, ..edit }))
            });
            Ok(moved.collect())
        })
        .await
    }

    /// Make a channel a favourite, the last one, if it is none yet.
    ///
    /// # Errors
    /// It is not there; and as the store has them.
    pub async fn add_favourite(&self, id: ChannelId) -> Result<(), Error> {
        self.channel(id)?;
        self.change_favourites(move |all| _ = all.entry(id).or_insert_with(now)).await
    }

    /// Make a channel no favourite any more.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn remove_favourite(&self, id: ChannelId) -> Result<(), Error> {
        self.change_favourites(move |all| _ = all.shift_remove(&id)).await
    }

    /// Put the favourites into this order. One that is not named stays, behind them; one that is new becomes one.
    ///
    /// # Errors
    /// A channel is not there; and as the store has them.
    pub async fn arrange_favourites(&self, ids: Vec<ChannelId>) -> Result<(), Error> {
        let known = self.personal();
        for id in ids.iter().filter(|id| !known.is_favourite(**id)) {
            self.channel(*id)?;
        }
        self.change_favourites(move |all| {
            let before = std::mem::take(all);
            let named = ids.into_iter().map(|id| (id, before.get(&id).copied().unwrap_or_else(now)));
            all.extend(named);
            before.into_iter().for_each(|(id, at)| _ = all.entry(id).or_insert(at));
        })
        .await
    }

    pub(super) async fn change_favourites(
        &self,
        change: impl FnOnce(&mut Favourites) + Send + 'static,
    ) -> Result<(), Error> {
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            let mut favourites = this.personal().favourites.clone();
            change(&mut favourites);
            writing.put_favourites(favourites).await
        })
        .await
    }

    /// Keep that the channel was played.
    ///
    /// # Errors
    /// It is not there; and as the store has them.
    pub async fn add_recent(&self, id: ChannelId) -> Result<(), Error> {
        self.channel(id)?;
        let this = self.clone();
        self.whole(async move {
            let (writing, at) = (this.write().await?, now());
            writing.changing(Area::Personal).await?.add_recent(id, at).await?;
            writing.publish_personal(|personal| {
                personal.recents.retain(|(known, _)| *known != id);
                personal.recents.insert(0, (id, at));
                personal.recents.truncate(RECENTS);
            });
            Ok(())
        })
        .await
    }

    /// Forget what was played.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn clear_recents(&self) -> Result<(), Error> {
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            writing.changing(Area::Personal).await?.clear_recents().await?;
            writing.publish_personal(|personal| personal.recents.clear());
            Ok(())
        })
        .await
    }

    /// A job that finds out whether the channel works, if none does; the caller does it.
    #[must_use]
    pub fn begin_check(&self, id: ChannelId) -> (Job, bool) {
        self.0.jobs.begin("check", (id.0, &id.to_string()), &self.0.stop)
    }

    /// Keep how the source behind `link`, its AceStream ID or its address, did.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn add_health(
        &self,
        link: String,
        change: impl FnOnce(&mut Health) + Send + 'static,
    ) -> Result<(), Error> {
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            let known = this.personal();
            // IDs that nobody has can be made up without end.
            if known.health.len() >= HEALTH_MAX && !known.health.contains_key(&link) {
                return Ok(());
            }
            let mut health = known.health.get(&link).cloned().unwrap_or_default();
            change(&mut health);
            writing.changing(Area::Personal).await?.set_health(&link, &health).await?;
            writing.publish_personal(|personal| drop(personal.health.insert(link, health)));
            Ok(())
        })
        .await
    }
}

impl Writing<'_> {
    /// Keep these edits in the place of those of the same channels.
    pub(super) async fn put_edits(&self, edits: Vec<(ChannelId, Edit)>) -> Result<(), Error> {
        if edits.is_empty() {
            return Ok(());
        }
        self.changing(Area::Lists).await?.set_edits(&edits).await?;
        self.publish_edits(&edits.into_iter().collect()).await
    }

    /// Keep these favourites, in this order, in the place of those that there were.
    pub(super) async fn put_favourites(&self, favourites: Favourites) -> Result<(), Error> {
        // Their order counts, too.
        if favourites.as_slice() != self.catalog.personal().favourites.as_slice() {
            self.changing(Area::Personal).await?.set_favourites(&favourites).await?;
            self.publish_personal(|personal| personal.favourites = favourites);
        }
        Ok(())
    }

    /// Put edits onto their channels in memory.
    async fn publish_edits(&self, edits: &HashMap<ChannelId, Edit>) -> Result<(), Error> {
        let list = |list: &Arc<List>| {
            if !list.channels.iter().any(|it| edits.contains_key(&it.id)) {
                return Arc::clone(list);
            }
            let channels = list.channels.iter().map(|it| edited(it, edits.get(&it.id))).collect();
            Arc::new(List { playlist: list.playlist.clone(), channels })
        };
        self.publish(|lists| *lists = lists.iter().map(list).collect()).await
    }
}

fn edited(channel: &Arc<Channel>, edit: Option<&Edit>) -> Arc<Channel> {
    let Some(edit) = edit else { return Arc::clone(channel) };
    let edit = (*edit != Edit::default()).then(|| Box::new(edit.clone()));
    Arc::new(Channel { edit, ..(**channel).clone() })
}

/// Refuse to choose a source that the channel has not.
fn check_source(channel: &Channel, edit: &Edit) -> Result<(), Error> {
    let (chosen, before) =
        (edit.source.as_deref(), channel.edit.as_deref().and_then(|it| it.source.as_deref()));
    let is_its = |url: &str| channel.listed.sources.iter().any(|source| &*source.url == url);
    match chosen {
        // One that was there may be away for a while.
        Some(url) if chosen != before && !is_its(url) => {
            Err(Error::Invalid("source: none of the channel's sources has this link".to_owned()))
        }
        _ => Ok(()),
    }
}

pub(super) fn check(edit: &Edit) -> Result<(), Error> {
    let texts = [&edit.name, &edit.number, &edit.group, &edit.guide, &edit.source];
    for text in texts.into_iter().flatten() {
        if text.trim().is_empty() || text.len() > TEXT_MAX || text.chars().any(char::is_control) {
            let detail =
                format!("a name, number, group, guide or source has 1 to {TEXT_MAX} bytes on one line");
            return Err(Error::Invalid(detail));
        }
    }
    Ok(())
}
