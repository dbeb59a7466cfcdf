//! Other servers with the same database: what they changed is read again.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{Catalog, Channel, Error, List, Personal, Snapshot, Writing, in_time, store::Saved};

/// How often it is looked whether another server has changed something.
const PACE: Duration = Duration::from_secs(1);

impl Catalog {
    /// Take over what other servers with the same database change, until told to stop; where there can be none, wait.
    pub async fn follow(&self) {
        let mut tick = interval(PACE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.0.store.is_shared() {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.0.stop.cancelled() => return,
            }
            if let Err(error) = self.look_at_others().await {
                tracing::warn!("looking what other servers changed: {error}");
            }
        }
        self.0.stop.cancelled().await;
    }

    /// Take over what others changed, if they did.
    pub(super) async fn look_at_others(&self) -> Result<(), Error> {
        let revisions = in_time(self.0.store.revisions()).await?;
        if revisions != self.now(|now| now.revisions) {
            // Whoever changes something takes over what others changed first.
            drop(self.write().await?);
        }
        Ok(())
    }
}

impl Writing<'_> {
    /// Read again what other servers have changed.
    pub(super) async fn catch_up(&self) -> Result<(), Error> {
        let revisions = self.catalog.0.store.revisions().await?;
        let known = self.catalog.now(|now| now.revisions);
        if revisions.lists != known.lists {
            self.read_lists().await?;
        }
        if revisions.personal != known.personal {
            let version = self.catalog.personal().version + 1;
            let personal = Personal::read(&self.catalog.0.store, version).await?;
            self.catalog.now(|now| now.personal = Arc::new(personal));
        }
        if revisions.guides != known.guides {
            self.publish_directory().await?;
        }
        self.catalog.now(|now| now.revisions = revisions);
        Ok(())
    }

    async fn read_lists(&self) -> Result<(), Error> {
        let (saved, before) = (self.catalog.0.store.load().await?, self.catalog.snapshot());
        let lists =
            saved.into_iter().map(|saved| Arc::new(List::of(saved, &before).shown(&before))).collect();
        self.publish(|all| *all = lists).await
    }
}

impl List {
    /// What is in the database. Channels that are as they were `before` are the same in memory, too.
    pub(super) fn of(saved: Saved, before: &Snapshot) -> Self {
        let channel = |channel: Channel| match before.channel(channel.id) {
            Some(known) if **known == channel => Arc::clone(known),
            _ => Arc::new(channel),
        };
        Self { playlist: saved.playlist, channels: saved.channels.into_iter().map(channel).collect() }
    }

    /// With what is shown of it while it is read for the first time, which is in no database.
    fn shown(self, before: &Snapshot) -> Self {
        let is_read = |list: &Self| list.playlist.state.refreshed_at.is_some();
        let known = before.lists().iter().find(|it| it.playlist.id == self.playlist.id);
        match known.filter(|known| !is_read(known) && !is_read(&self)) {
            Some(known) => Self { channels: known.channels.clone(), ..self },
            None => self,
        }
    }
}
