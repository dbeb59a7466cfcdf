//! The catalogue: playlists, their channels, and what the user makes of them.
//!
//! A list comes in from an address, an upload or the folder (`refresh`), becomes channels (`import`), and is kept
//! (`store`). What is asked often is answered from memory: a [`Snapshot`] of all channels, and what is [`Personal`].
//! Both are frozen: a change puts new ones in their place.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{RwLock, Semaphore},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{clock::now, fetch::Fetcher};

pub mod backup;
mod both;
mod changes;
mod channel;
mod check;
mod config;
mod error;
mod folder;
pub mod guide;
mod health;
pub mod import;
pub mod index;
pub mod jobs;
mod kept;
mod known;
mod name;
mod others;
mod personal;
mod playlist;
mod playlists;
mod query;
mod refresh;
mod schedule;
mod snapshot;
pub mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod xtream;

pub use channel::{Channel, ChannelId, Edit, InvalidId, Listed, More, Options, Patch, Source};
pub use check::Check;
pub use config::{Config, Place, ToCheck};
pub use error::Error;
pub use folder::{Error as FolderError, Folder, InFolder, MAX_BYTES};
use guide::Directory;
pub use health::Health;
pub use jobs::{Jobs, Phase, Progress};
pub use name::{InvalidName, Name};
pub use personal::{Favourites, Personal};
pub use playlist::{Origin, Playlist, PlaylistId, SkippedLine, State};
pub use playlists::Wanted;
pub use query::{Mark, Only, Page, Query, Shape, Sort};
pub use refresh::Given;
pub use snapshot::{Group, List, Snapshot};
pub use store::Store;
use store::{Area, Revisions};

/// So many lists are read at once: each takes memory, and the processor.
const READ_AT_ONCE: usize = 2;

/// Whoever changes something waits for its turn no longer.
const PATIENCE: Duration = Duration::from_secs(75);

/// The catalogue, to be handed around.
#[derive(Debug, Clone)]
pub struct Catalog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    fetcher: Fetcher,
    folder: Arc<Folder>,
    now: Mutex<Now>,
    /// One change at a time: it is made in the store first, then in memory.
    writing: tokio::sync::Mutex<()>,
    /// One look at the folder at a time.
    looking: tokio::sync::Mutex<()>,
    /// Read-locked by those who write an edition of a guide: what is nobody's is removed while nobody does.
    editions: Arc<RwLock<()>>,
    jobs: Jobs,
    reading: Arc<Semaphore>,
    /// Tells this process's snapshots from those of others.
    nonce: u64,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What is in memory at the moment.
#[derive(Debug, Clone, Default)]
struct Now {
    snapshot: Arc<Snapshot>,
    personal: Arc<Personal>,
    directory: Arc<Directory>,
    /// What was in the database when they were read.
    revisions: Revisions,
}

impl Catalog {
    /// Read what is kept in `store`.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn load(store: Store, fetcher: Fetcher, folder: Arc<Folder>) -> Result<Self, Error> {
        let begun = Instant::now();
        // Nobody changes what is being read.
        let turn = in_time(store.turn()).await?;
        let revisions = store.revisions().await?;
        let mut lists = store.load().await?;
        lists.iter_mut().for_each(|saved| saved.playlist.mark_unfinished());
        let read = begun.elapsed();
        let personal = Personal::read(&store, 0).await?;
        turn.end().await?;
        let nothing = Snapshot::default();
        let lists = lists.into_iter().map(|saved| Arc::new(List::of(saved, &nothing))).collect();
        let snapshot = tokio::task::spawn_blocking(move || Snapshot::new(1, lists, None)).await?;
        tracing::info!(
            ?read,
            "{} channels were kept from before, read in {:.1?}",
            snapshot.len(),
            begun.elapsed()
        );
        let now = Now {
            snapshot: Arc::new(snapshot),
            personal: Arc::new(personal),
            directory: Arc::default(),
            revisions,
        };
        let this = Self(Arc::new(Inner {
            store,
            fetcher,
            folder,
            now: Mutex::new(now),
            writing: tokio::sync::Mutex::default(),
            looking: tokio::sync::Mutex::default(),
            editions: Arc::default(),
            jobs: Jobs::default(),
            reading: Arc::new(Semaphore::new(READ_AT_ONCE)),
            nonce: fastrand::u64(..),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }));
        this.write().await?.publish_directory().await?;
        Ok(this)
    }

    /// All channels, as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.now(|now| Arc::clone(&now.snapshot))
    }

    /// What is the user's own, as it is now.
    #[must_use]
    pub fn personal(&self) -> Arc<Personal> {
        self.now(|now| Arc::clone(&now.personal))
    }

    /// The files in the folder of the playlists.
    #[must_use]
    pub fn folder(&self) -> &Arc<Folder> {
        &self.0.folder
    }

    /// A number that tells this process's answers from another's.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        self.0.nonce
    }

    /// What runs, and what ran.
    #[must_use]
    pub fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// End what runs, and the connections to the database.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.store.close().await;
    }

    /// Look at or change what is in memory; for a few lines.
    fn now<T>(&self, look: impl FnOnce(&mut Now) -> T) -> T {
        look(&mut self.0.now.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Do it to its end, also when whoever waits for it goes away: what is in memory is what is kept.
    async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.tasks.spawn(work).await?
    }

    /// Wait until nobody else changes anything, here or on another server with the same database.
    async fn write(&self) -> Result<Writing<'_>, Error> {
        in_time(self.write_now()).await
    }

    async fn write_now(&self) -> Result<Writing<'_>, Error> {
        let here = self.0.writing.lock().await;
        let (told, among_servers) = (Mutex::default(), self.0.store.turn().await?);
        let writing = Writing { catalog: self, told, _among_servers: among_servers, _here: here };
        writing.catch_up().await?;
        Ok(writing)
    }
}

/// Do what waits for others, or for a database that may be away, and no longer than is patient.
async fn in_time<T, E: Into<Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, Error> {
    timeout(PATIENCE, work).await.map_err(|_| Error::Occupied)?.map_err(Into::into)
}

/// The right to change the catalogue.
struct Writing<'a> {
    catalog: &'a Catalog,
    /// What is about to change, and how often it has been: known as soon as it is in memory, too.
    told: Mutex<Vec<(Area, i64)>>,
    _among_servers: store::Turn,
    _here: tokio::sync::MutexGuard<'a, ()>,
}

impl Writing<'_> {
    /// The store, to change an area of what is in it.
    ///
    /// # Errors
    /// As the store has them; and another server changed it since: the database lost the connection that held our turn.
    async fn changing(&self, area: Area) -> Result<&Store, Error> {
        let store = &self.catalog.0.store;
        let number = store.tell(area).await?;
        if store.is_shared() && number != self.catalog.now(|now| now.revisions.of(area)) + 1 {
            return Err(Error::Overtaken);
        }
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push((area, number));
        Ok(store)
    }

    /// What was changed is in memory, too. What is not, because it failed, is read again before the next change.
    fn published(&self, area: Area) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, number) in told.iter().filter(|it| it.0 == area) {
            self.catalog.now(|now| now.revisions.note(area, *number));
        }
    }

    /// Keep what is said of a playlist.
    async fn set_playlist(&self, playlist: &Playlist) -> Result<(), Error> {
        Ok(self.changing(Area::Lists).await?.set_playlist(playlist).await?)
    }

    /// Change the lists in memory.
    async fn publish(&self, change: impl FnOnce(&mut Vec<Arc<List>>)) -> Result<(), Error> {
        let before = self.catalog.snapshot();
        let (version, mut lists) = (before.version + 1, before.lists().to_vec());
        change(&mut lists);
        let snapshot =
            tokio::task::spawn_blocking(move || Arc::new(Snapshot::new(version, lists, Some(&before))))
                .await?;
        self.catalog.now(|now| now.snapshot = snapshot);
        self.published(Area::Lists);
        Ok(())
    }

    /// Put `list` where the playlist with its ID is.
    async fn publish_list(&self, list: List) -> Result<(), Error> {
        self.publish(|lists| {
            lists.retain(|it| it.playlist.id != list.playlist.id);
            lists.push(Arc::new(list));
        })
        .await
    }

    /// Bring the guides in memory to what is kept.
    async fn publish_directory(&self) -> Result<(), Error> {
        let store = &self.catalog.0.store;
        let mut guides = Vec::new();
        for guide in store.guides().await? {
            let channels = match guide.edition {
                Some(edition) => store.guide_channels(edition).await?,
                None => Vec::new(),
            };
            guides.push((guide, channels));
        }
        let version = self.catalog.directory().version + 1;
        let directory =
            tokio::task::spawn_blocking(move || Arc::new(Directory::new(version, guides))).await?;
        self.catalog.now(|now| now.directory = directory);
        self.published(Area::Guides);
        Ok(())
    }

    /// Change what is the user's own in memory.
    fn publish_personal(&self, change: impl FnOnce(&mut Personal)) {
        let mut personal = (*self.catalog.personal()).clone();
        personal.version += 1;
        change(&mut personal);
        self.catalog.now(|now| now.personal = Arc::new(personal));
        self.published(Area::Personal);
    }
}
