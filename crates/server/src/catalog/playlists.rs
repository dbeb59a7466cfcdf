//! Playlists are added, changed and removed.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Area, Catalog, Error, List, Name, Origin, Playlist, PlaylistId, State, jobs::Job};
use crate::fetch::Address;

/// The shortest time between two refreshes, in seconds: the servers of lists are not ours.
const REFRESH_MIN: u32 = 600;

/// A playlist that is wanted.
#[derive(Debug)]
pub struct Wanted {
    /// What to call it; when not given, by where it comes from.
    pub name: Option<Name>,
    /// Where it comes from.
    pub origin: Origin,
    /// Seconds between two refreshes, if it is to be refreshed.
    pub refresh_s: Option<u32>,
}

impl Catalog {
    /// Add a playlist, without channels.
    ///
    /// # Errors
    /// The name is taken, or the address is none; and as the store has them.
    pub async fn add(&self, wanted: Wanted) -> Result<Playlist, Error> {
        let this = self.clone();
        self.whole(async move { this.add_now(wanted).await }).await
    }

    async fn add_now(&self, wanted: Wanted) -> Result<Playlist, Error> {
        wanted.check()?;
        let writing = self.write().await?;
        let name = match wanted.name {
            Some(name) => name,
            None => {
                let snapshot = self.snapshot();
                wanted.origin.free_name("playlist", |name| snapshot.list(name).is_none())?
            }
        };
        if self.snapshot().list(&name).is_some() {
            return Err(Error::Exists(name.as_str().to_owned()));
        }
        let id = self.new_id(&name);
        let Wanted { origin, refresh_s, .. } = wanted;
        let playlist = Playlist { id, name, origin, refresh_s, state: State::default() };
        writing.changing(Area::Lists).await?.add_playlist(&playlist).await?;
        writing.publish_list(List { playlist: playlist.clone(), channels: Vec::new() }).await?;
        Ok(playlist)
    }

    /// Change what is said of a playlist; its channels stay until it is refreshed.
    ///
    /// # Errors
    /// There is none of this name, the new name is taken, it is a file; and as the store has them.
    pub async fn change(&self, name: Name, change: Wanted) -> Result<Playlist, Error> {
        let this = self.clone();
        let (playlist, obsolete) = self.whole(async move { this.change_now(&name, change).await }).await?;
        if let Some(job) = obsolete {
            job.over().await;
        }
        Ok(playlist)
    }

    /// The playlist as it is then; and the job that read it, if that reads from another address.
    async fn change_now(&self, name: &Name, change: Wanted) -> Result<(Playlist, Option<Job>), Error> {
        change.check()?;
        let writing = self.write().await?;
        let list = self.list(name)?;
        let mut playlist = list.playlist.clone();
        if playlist.origin == Origin::Folder {
            return Err(Error::InFolder(name.as_str().to_owned()));
        }
        if let Some(new) = change.name.filter(|new| new != name) {
            if self.snapshot().list(&new).is_some() {
                return Err(Error::Exists(new.as_str().to_owned()));
            }
            playlist.name = new;
        }
        let is_moved = playlist.origin != change.origin;
        if is_moved {
            playlist.state = State { etag: None, last_modified: None, ..playlist.state };
        }
        (playlist.origin, playlist.refresh_s) = (change.origin, change.refresh_s);
        writing.set_playlist(&playlist).await?;
        writing.publish_list(List { playlist: playlist.clone(), channels: list.channels.clone() }).await?;
        let job = self.jobs().working_on("playlist", playlist.id.0);
        if let Some(job) = &job {
            job.tell(|progress| playlist.name.as_str().clone_into(&mut progress.name));
        }
        // What it reads is what was behind the address before.
        let obsolete = job.filter(|_| is_moved).inspect(|job| job.cancel.cancel());
        Ok((playlist, obsolete))
    }

    /// Remove a playlist and its channels. What the user made of them comes back with them.
    ///
    /// # Errors
    /// There is none of this name, it is a file; and as the store has them.
    pub async fn remove(&self, name: &Name) -> Result<(), Error> {
        let playlist = self.list(name)?.playlist.clone();
        if playlist.origin == Origin::Folder {
            return Err(Error::InFolder(name.as_str().to_owned()));
        }
        if let Some(job) = self.jobs().working_on("playlist", playlist.id.0) {
            job.cancel.cancel();
            job.over().await;
        }
        let this = self.clone();
        self.whole(async move { this.forget(&playlist).await }).await
    }

    pub(super) async fn forget(&self, playlist: &Playlist) -> Result<(), Error> {
        let writing = self.write().await?;
        let snapshot = self.snapshot();
        let lists = snapshot.lists().iter().filter(|it| it.playlist.id == playlist.id);
        writing.remember(lists.flat_map(|list| &list.channels)).await?;
        writing.changing(Area::Lists).await?.remove_playlist(playlist.id).await?;
        writing.publish(|lists| lists.retain(|it| it.playlist.id != playlist.id)).await
    }

    /// End a job.
    ///
    /// # Errors
    /// There is none with this number.
    pub fn cancel(&self, job: u64) -> Result<(), Error> {
        self.0.jobs.find(job).ok_or(Error::NoJob(job))?.cancel.cancel();
        Ok(())
    }

    /// The playlist called `name`.
    ///
    /// # Errors
    /// There is none.
    pub fn list(&self, name: &Name) -> Result<Arc<List>, Error> {
        let found = self.snapshot().list(name).map(Arc::clone);
        found.ok_or_else(|| Error::NoPlaylist(name.as_str().to_owned()))
    }

    /// By the name it has first: so the same on every server, if it is free.
    pub(super) fn new_id(&self, name: &Name) -> PlaylistId {
        let digest = Sha256::digest(name.as_str());
        let mut id = i64::from_le_bytes(*digest.first_chunk().expect("a digest has 32 bytes"));
        let snapshot = self.snapshot();
        while snapshot.lists().iter().any(|it| it.playlist.id.0 == id) {
            id = id.wrapping_add(1);
        }
        PlaylistId(id)
    }
}

impl Origin {
    /// A name that `is_free`: the host's, or `otherwise`.
    pub(super) fn free_name(&self, otherwise: &str, is_free: impl Fn(&Name) -> bool) -> Result<Name, Error> {
        let host = |url: &str| url.parse::<Address>().ok().map(|address| address.host().to_owned());
        let stem = match self {
            Self::Url { url } => host(url),
            Self::Xtream { server, .. } => host(server),
            Self::Upload | Self::Folder => None,
        };
        let stem = stem.unwrap_or_else(|| otherwise.to_owned()).replace([':', '[', ']'], "");
        let names = std::iter::once(stem.clone()).chain((2..).map(|number| format!("{stem} {number}")));
        let mut free = names.take(10_000).filter_map(|name| name.parse().ok()).filter(is_free);
        free.next().ok_or_else(|| Error::Invalid("give it a name".to_owned()))
    }
}

impl Wanted {
    /// Refuse what cannot be fetched, or too often.
    pub(super) fn check(&self) -> Result<(), Error> {
        match &self.origin {
            Origin::Url { url } => drop(url.parse::<Address>()?),
            Origin::Xtream { server, .. } => drop(server.parse::<Address>()?),
            Origin::Upload | Origin::Folder if self.refresh_s.is_some() => {
                return Err(Error::Invalid("only what has an address can be refreshed".to_owned()));
            }
            Origin::Upload | Origin::Folder => {}
        }
        match self.refresh_s {
            Some(seconds) if seconds < REFRESH_MIN => {
                Err(Error::Invalid(format!("refresh_s: every {REFRESH_MIN} s at most")))
            }
            _ => Ok(()),
        }
    }
}
