//! What is over goes, at the start and every day: programmes, editions of guides that nobody finished, and channels that
//! vanished long ago and whose list does not change, so that no refresh removes them.

use std::sync::Arc;

use super::{Area, Catalog, Error, List, guide::BACK, import::is_forgotten, store::Change};

impl Catalog {
    /// Remove what is over at `now`, in seconds since 1970 UTC. What cannot be removed is there the next time.
    pub(super) async fn sweep(&self, now: i64) {
        let swept = self.sweep_guides().await;
        let forgot = self.0.store.forget_programmes(now - 2 * BACK).await.map_err(Error::from);
        if let Err(error) = swept.and(forgot) {
            tracing::warn!("sweeping old programmes: {error}");
        }
        let this = self.clone();
        if let Err(error) = self.whole(async move { this.sweep_channels(now).await }).await {
            tracing::warn!("sweeping channels that vanished: {error}");
        }
    }

    /// Remove the channels that vanished too long ago.
    async fn sweep_channels(&self, now: i64) -> Result<(), Error> {
        let writing = self.write().await?;
        for list in self.snapshot().lists() {
            let (gone, kept): (Vec<_>, Vec<_>) =
                list.channels.iter().map(Arc::clone).partition(|it| is_forgotten(it, now));
            if gone.is_empty() {
                continue;
            }
            let change = Change {
                removed: gone.iter().map(|it| it.id).collect(),
                ordering: kept.iter().map(|it| it.id).collect(),
                ..Change::default()
            };
            writing.remember(gone.iter()).await?;
            writing.changing(Area::Lists).await?.refresh(&list.playlist, &change).await?;
            writing.publish_list(List { playlist: list.playlist.clone(), channels: kept }).await?;
            tracing::info!("{} channels of {:?} are forgotten", gone.len(), list.playlist.name.as_str());
        }
        Ok(())
    }
}
