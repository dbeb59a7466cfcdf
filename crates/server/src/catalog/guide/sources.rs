//! Guides are added, changed and removed; those that playlists name are added by themselves.

use std::{fmt::Write as _, sync::Arc};

use sha2::{Digest as _, Sha256};

use super::{Directory, Guide, GuideState};
use crate::catalog::{Area, Catalog, Error, Name, Origin, Wanted, Writing, guide::GuideId, store};

/// The setting that holds marks of the addresses of guides that somebody removed, the last one at the end: as JSON.
const REMOVED: &str = "guides_removed";

/// As many of them are remembered.
const REMOVED_KEPT: usize = 1000;

/// Guides that playlists name are read so often, in seconds, where the playlist itself is not.
const REFRESH_S: u32 = 86_400;

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
        self.whole(async move { this.write().await?.add_guide(wanted, priority).await }).await
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
                writing.remember_removed(&guide.origin).await?;
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
            writing.remember_removed(&guide.origin).await?;
            writing.changing(Area::Guides).await?.remove_guide(guide.id).await?;
            writing.publish_directory().await?;
            drop(writing);
            this.sweep_guides().await
        })
        .await
    }

    /// Add and read the guides that a playlist names, but for those that are known or were removed. A playlist that is
    /// not refreshed has guides that are.
    pub(crate) async fn add_guides_of(
        &self,
        addresses: &[String],
        refresh_s: Option<u32>,
    ) -> Result<(), Error> {
        let refresh_s = refresh_s.or(Some(REFRESH_S));
        for url in addresses.iter().take(FROM_PLAYLIST) {
            let wanted = Wanted { name: None, origin: Origin::Url { url: url.clone() }, refresh_s };
            match self.add_named(wanted).await {
                Ok(Some(guide)) => drop(self.refresh_guide(&guide.name, None)?),
                Ok(None) => {}
                Err(error) => tracing::warn!("a guide that a playlist names is not used: {error}"),
            }
        }
        Ok(())
    }

    /// Add a guide that a playlist names; nothing if it is known or was removed.
    async fn add_named(&self, wanted: Wanted) -> Result<Option<Guide>, Error> {
        wanted.check()?;
        let this = self.clone();
        self.whole(async move {
            // Two playlists may name one guide at once.
            let writing = this.write().await?;
            let is_known = this.directory().guides().any(|it| it.origin == wanted.origin);
            let mark = mark(&wanted.origin).unwrap_or_default();
            if is_known || writing.removed_guides().await?.contains(&mark) {
                return Ok(None);
            }
            writing.add_guide(wanted, LATER).await.map(Some)
        })
        .await
    }
}

impl Writing<'_> {
    async fn add_guide(&self, wanted: Wanted, priority: i64) -> Result<Guide, Error> {
        let known = self.catalog.directory();
        let is_free = |name: &Name| known.guides().all(|it| it.name != *name);
        let name = match wanted.name {
            Some(name) if is_free(&name) => name,
            Some(name) => return Err(Error::Exists(name.as_str().to_owned())),
            None => wanted.origin.free_name("guide", is_free)?,
        };
        let id = GuideId(fastrand::i64(1..));
        let (origin, refresh_s, state) = (wanted.origin, wanted.refresh_s, GuideState::default());
        let guide = Guide { id, name, origin, refresh_s, priority, state, edition: None };
        self.keep_guide(guide.clone(), None).await?;
        Ok(guide)
    }

    async fn removed_guides(&self) -> Result<Vec<String>, Error> {
        let setting = self.catalog.0.store.setting(REMOVED).await?;
        let kept: Vec<String> = setting.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        // They were kept as addresses once.
        let marked = |it: String| if is_mark(&it) { Some(it) } else { mark(&Origin::Url { url: it }) };
        Ok(kept.into_iter().filter_map(marked).collect())
    }

    /// Keep in mind that nobody wants the guide that was there. Those removed longest ago are forgotten.
    async fn remember_removed(&self, origin: &Origin) -> Result<(), Error> {
        let Some(mark) = mark(origin) else { return Ok(()) };
        let mut removed = self.removed_guides().await?;
        removed.retain(|it| *it != mark && is_mark(it));
        removed.push(mark);
        removed.drain(..removed.len().saturating_sub(REMOVED_KEPT));
        let text = serde_json::to_string(&removed).map_err(store::Error::from)?;
        Ok(self.catalog.0.store.set_setting(REMOVED, &text).await?)
    }
}

/// What stands for the address of a guide: addresses hold names and passwords.
fn mark(origin: &Origin) -> Option<String> {
    let Origin::Url { url } = origin else { return None };
    Some(Sha256::digest(url).iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    }))
}

fn is_mark(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
