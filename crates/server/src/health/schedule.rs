//! When a channel is checked unasked: the age of what is known of it says so, and that outlives the process.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::check::content_ids;
use crate::{
    catalog::{Catalog, Channel, ChannelId, Check, ToCheck},
    clock::now,
    live::{EngineHealth, Hub},
};

/// How long it rests when there was nothing to do, no room, or a check that was in the way.
const PACE: Duration = Duration::from_secs(60);

/// So many streams could begin beside a check.
const LEFT_FREE: usize = 1;

/// Which channels are checked unasked, and when.
#[derive(Debug)]
pub(super) struct Schedule {
    /// What is known for so long, in seconds, is to be found out anew.
    every: i64,
    which: ToCheck,
    /// When channels were checked here, in seconds since 1970 UTC; no longer ago than `every`.
    tried: Arc<HashMap<ChannelId, i64>>,
    rests_until: Instant,
}

impl Schedule {
    /// Check `which` channels when nothing is known of them for `every`.
    pub(super) fn new(every: Duration, which: ToCheck) -> Self {
        let every = i64::try_from(every.as_secs()).unwrap_or(i64::MAX);
        Self { every, which, tried: Arc::default(), rests_until: Instant::now() }
    }

    /// Wait until a channel is due, the engine is there, and a viewer has room beside the check. The channel counts as
    /// checked. Safe to drop.
    pub(super) async fn next(&mut self, hub: &Hub, catalog: &Catalog) -> ChannelId {
        loop {
            sleep_until(self.rests_until).await;
            hub.until_engine(|engine| matches!(engine, EngineHealth::Up { .. })).await;
            if hub.room() > LEFT_FREE
                && let Some(channel) = self.due(hub, catalog).await
            {
                Arc::make_mut(&mut self.tried).insert(channel, now());
                return channel;
            }
            self.rests_until = Instant::now() + PACE;
        }
    }

    /// The check was in somebody's way: it is made later.
    pub(super) fn put_off(&mut self, channel: ChannelId) {
        Arc::make_mut(&mut self.tried).remove(&channel);
        self.rests_until = Instant::now() + PACE;
    }

    /// The channel that is due, if one is. Hundreds of thousands may have to be looked at.
    async fn due(&mut self, hub: &Hub, catalog: &Catalog) -> Option<ChannelId> {
        let (now, every, which) = (now(), self.every, self.which);
        Arc::make_mut(&mut self.tried).retain(|_, at| (0..every).contains(&(now - *at)));
        let (tried, hub) = (Arc::clone(&self.tried), hub.clone());
        let (snapshot, personal) = (catalog.snapshot(), catalog.personal());
        let look = move || {
            let check = Check { now, every, which, tried: &tried };
            check.first(&snapshot, &personal, |channel| may_play(&hub, channel))
        };
        tokio::task::spawn_blocking(look).await.unwrap_or_else(|error| {
            tracing::error!("looking for a channel to check: {error}");
            None
        })
    }
}

/// Whether the channel is one for the engine, and none that plays: that is known to work, and is left alone.
fn may_play(hub: &Hub, channel: &Channel) -> bool {
    let ids = content_ids(channel);
    !ids.is_empty() && ids.iter().all(|id| hub.find(id).is_none())
}
