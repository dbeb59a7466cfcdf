//! What the user makes of channels: edits, favourites, what was played.

use std::{collections::HashMap, sync::Arc};

use super::{Catalog, Channel, ChannelId, Edit, Error, Health, List, jobs::Job, now};

/// So many that were played last are told.
const RECENTS: usize = 200;

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

    /// Keep what the user makes of channels, in the place of what was made of them before.
    ///
    /// # Errors
    /// One of them is not there, or a text is empty or too long; then nothing has changed. And as the store has them.
    pub async fn edit(&self, edits: Vec<(ChannelId, Edit)>) -> Result<(), Error> {
        for (id, edit) in &edits {
            self.channel(*id)?;
            check(edit)?;
        }
        let this = self.clone();
        self.whole(async move { this.edit_now(edits).await }).await
    }

    pub(super) async fn edit_now(&self, edits: Vec<(ChannelId, Edit)>) -> Result<(), Error> {
        let writing = self.write().await;
        writing.store().set_edits(&edits).await?;
        let edits: HashMap<ChannelId, Edit> = edits.into_iter().collect();
        let list = |list: &Arc<List>| {
            if !list.channels.iter().any(|it| edits.contains_key(&it.id)) {
                return Arc::clone(list);
            }
            let channels = list.channels.iter().map(|it| edited(it, edits.get(&it.id))).collect();
            Arc::new(List { playlist: list.playlist.clone(), channels })
        };
        writing.publish(|lists| *lists = lists.iter().map(list).collect()).await
    }

    /// Put channels in front of all others, in this order; those that were there before and are not named go back.
    ///
    /// # Errors
    /// As [`Catalog::edit`].
    pub async fn arrange(&self, ids: &[ChannelId]) -> Result<(), Error> {
        let places: HashMap<ChannelId, i64> = ids.iter().copied().zip(1..).collect();
        for id in ids {
            self.channel(*id)?;
        }
        let snapshot = self.snapshot();
        let all = snapshot.lists().iter().flat_map(|list| &list.channels);
        let moved = all.filter_map(|it| {
            let edit = it.edit.as_deref().cloned().unwrap_or_default();
            let position = places.get(&it.id).copied();
            (edit.position != position).then_some((it.id, Edit { position, ..edit }))
        });
        self.edit(moved.collect()).await
    }

    /// Make a channel a favourite, the last one, if it is none yet.
    ///
    /// # Errors
    /// It is not there; and as the store has them.
    pub async fn add_favourite(&self, id: ChannelId) -> Result<(), Error> {
        self.channel(id)?;
        self.change_favourites(move |all| {
            if !all.iter().any(|(known, _)| *known == id) {
                all.push((id, now()));
            }
        })
        .await
    }

    /// Make a channel no favourite any more.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn remove_favourite(&self, id: ChannelId) -> Result<(), Error> {
        self.change_favourites(move |all| all.retain(|(known, _)| *known != id)).await
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
            let mut before: HashMap<ChannelId, i64> = all.iter().copied().collect();
            let mut first: Vec<_> = Vec::with_capacity(all.len());
            for id in ids {
                if !first.iter().any(|(known, _)| *known == id) {
                    first.push((id, before.remove(&id).unwrap_or_else(now)));
                }
            }
            first.extend(all.iter().filter(|(id, _)| before.contains_key(id)));
            *all = first;
        })
        .await
    }

    pub(super) async fn change_favourites(
        &self,
        change: impl FnOnce(&mut Vec<(ChannelId, i64)>) + Send + 'static,
    ) -> Result<(), Error> {
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await;
            let mut favourites = this.personal().favourites.clone();
            change(&mut favourites);
            if favourites != this.personal().favourites {
                writing.store().set_favourites(&favourites).await?;
                writing.publish_personal(|personal| personal.favourites = favourites);
            }
            Ok(())
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
            let (writing, at) = (this.write().await, now());
            writing.store().add_recent(id, at).await?;
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
            let writing = this.write().await;
            writing.store().clear_recents().await?;
            writing.publish_personal(|personal| personal.recents.clear());
            Ok(())
        })
        .await
    }

    /// A job that finds out whether the channel works, if none does; the caller does it.
    #[must_use]
    pub fn begin_check(&self, id: ChannelId) -> (Job, bool) {
        self.0.jobs.begin("check", &id.to_string(), &self.0.stop)
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
            let writing = this.write().await;
            let mut health = this.personal().health.get(&link).cloned().unwrap_or_default();
            change(&mut health);
            writing.store().set_health(&link, &health).await?;
            writing.publish_personal(|personal| drop(personal.health.insert(link, health)));
            Ok(())
        })
        .await
    }
}

fn edited(channel: &Arc<Channel>, edit: Option<&Edit>) -> Arc<Channel> {
    let Some(edit) = edit else { return Arc::clone(channel) };
    let edit = (*edit != Edit::default()).then(|| Box::new(edit.clone()));
    Arc::new(Channel { edit, ..(**channel).clone() })
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
