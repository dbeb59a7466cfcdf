//! Guides are added, changed and removed; those that playlists name are added by themselves.

use std::sync::Arc;

use super::{Directory, Guide, GuideState};
use crate::catalog::{Catalog, Error, Name, Origin, Part, Wanted, guide::GuideId};

/// The setting that holds the addresses of guides that came with a playlist and that somebody removed: as JSON.
const REMOVED: &str = "guides_removed";

/// As many guides are taken from one playlist.
const FROM_PLAYLIST: usize = 8;

/// Guides that playlists name are asked after those that somebody added.
const LATER: i64 = 100;

impl Catalog {
    /// The guides and their channels, as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.now(|now| Arc::clone(&now.directory))
    }

    /// The guide called `name`.
    ///
    /// # Errors
    /// There is none.
    pub fn guide(&self, name: &Name) -> Result<Guide, Error> {
        let found = self.directory().guides().find(|it| it.name == *name).cloned();
        found.ok_or_else(|| Error::NoGuide(name.as_str().to_owned()))
    }

    /// Add a guide, without programmes.
    ///
    /// # Errors
    /// The name is taken, or the address is none; and as the store has them.
    pub async fn add_guide(&self, wanted: Wanted, priority: i64) -> Result<Guide, Error> {
        wanted.check()?;
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            let known = this.directory();
            let is_free = |name: &Name| known.guides().all(|it| it.name != *name);
            let name = match wanted.name {
                Some(name) if is_free(&name) => name,
                Some(name) => return Err(Error::Exists(name.as_str().to_owned())),
                None => wanted.origin.free_name("guide", is_free)?,
            };
            let id = GuideId(fastrand::i64(1..));
            let (origin, refresh_s, state) = (wanted.origin, wanted.refresh_s, GuideState::default());
            let guide = Guide { id, name, origin, refresh_s, priority, state, edition: None };
            writing.keep_guide(guide.clone(), None).await?;
            Ok(guide)
        })
        .await
    }

    /// Change what is said of a guide; its programmes stay until it is refreshed.
    ///
    /// # Errors
    /// There is none of this name, or the new name is taken; and as the store has them.
    pub async fn change_guide(&self, name: Name, change: Wanted, priority: i64) -> Result<Guide, Error> {
        change.check()?;
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            let mut guide = this.guide(&name)?;
            if let Some(new) = change.name.filter(|new| *new != name) {
                if this.guide(&new).is_ok() {
                    return Err(Error::Exists(new.as_str().to_owned()));
                }
                guide.name = new;
            }
            if guide.origin != change.origin {
                guide.state = GuideState { etag: None, last_modified: None, ..guide.state };
            }
            (guide.origin, guide.refresh_s, guide.priority) = (change.origin, change.refresh_s, priority);
            writing.keep_guide(guide.clone(), None).await?;
            Ok(guide)
        })
        .await
    }

    /// Remove a guide and its programmes. A playlist that names it does not bring it back.
    ///
    /// # Errors
    /// There is none of this name; and as the store has them.
    pub async fn remove_guide(&self, name: &Name) -> Result<(), Error> {
        let (this, guide) = (self.clone(), self.guide(name)?);
        if let Some(job) = self.jobs().working_on("guide", guide.id.0) {
            job.cancel.cancel();
        }
        self.whole(async move {
            let writing = this.write().await?;
            if let Origin::Url { url } = &guide.origin {
                let mut removed = this.removed_guides().await?;
                removed.push(url.clone());
                this.0
                    .store
                    .set_setting(
                        REMOVED,
                        &serde_json::to_string(&removed).map_err(crate::catalog::store::Error::from)?,
                    )
                    .await?;
            }
            writing.changing(Part::Guides).await?.remove_guide(guide.id).await?;
            writing.publish_directory().await?;
            drop(writing);
            this.sweep_guides().await
        })
        .await
    }

    async fn removed_guides(&self) -> Result<Vec<String>, Error> {
        let setting = self.0.store.setting(REMOVED).await?;
        Ok(setting.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Add and read the guides that a playlist names, but for those that are known or were removed.
    pub(crate) async fn add_guides_of(
        &self,
        addresses: &[String],
        refresh_s: Option<u32>,
    ) -> Result<(), Error> {
        let removed = self.removed_guides().await?;
        for url in addresses.iter().take(FROM_PLAYLIST) {
            let origin = Origin::Url { url: url.clone() };
            let is_known = self.directory().guides().any(|it| it.origin == origin);
            if is_known || removed.contains(url) {
                continue;
            }
            match self.add_guide(Wanted { name: None, origin, refresh_s }, LATER).await {
                Ok(guide) => drop(self.refresh_guide(&guide.name, None)?),
                Err(error) => tracing::warn!("a guide that a playlist names is not used: {error}"),
            }
        }
        Ok(())
    }
}
