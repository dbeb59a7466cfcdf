//! What is done without being asked for: lists are refreshed when it is time, and files in the folder are read when
//! they changed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Catalog, Error, Given, List, Origin, Part, Playlist, State, guide::BACK, now};

/// How often it is looked whether something is to be done.
const PACE: Duration = Duration::from_secs(10);

/// A disk that hangs, and a file that is long, are waited for no longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Catalog {
    /// Keep the lists fresh until told to stop. Looks at once for the first time.
    pub async fn keep_fresh(&self) {
        // What an edition left behind that was never finished, and what is over.
        let swept = self.sweep_guides().await;
        let forgot = self.0.store.forget_programmes(now() - 2 * BACK).await.map_err(Error::from);
        if let Err(error) = swept.and(forgot) {
            tracing::warn!("sweeping old programmes: {error}");
        }
        let mut tick = interval(PACE);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = self.0.stop.cancelled() => return,
            }
            self.refresh_due(now());
            self.refresh_guides_due(now());
            match timeout(PATIENCE, self.look_at_folder()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!("looking at the folder of the playlists: {error}"),
                Err(_) => tracing::warn!("looking at the folder of the playlists: the disk does not answer"),
            }
        }
    }

    /// Refresh the lists whose time has come.
    fn refresh_due(&self, now: i64) {
        for list in self.snapshot().lists().iter().filter(|it| is_due(&it.playlist, now)) {
            if let Err(error) = self.refresh(&list.playlist.name, Given::Address { confirmed: false }) {
                tracing::warn!("refreshing {:?}: {error}", list.playlist.name.as_str());
            }
        }
    }

    /// Refresh the guides whose time has come.
    fn refresh_guides_due(&self, now: i64) {
        for guide in self.directory().guides().filter(|it| due(it.refresh_s, it.state.tried_at, now)) {
            if let Err(error) = self.refresh_guide(&guide.name, None) {
                tracing::warn!("refreshing the guide {:?}: {error}", guide.name.as_str());
            }
        }
    }

    /// Look at the folder, and wait a moment for what is new there: who asks for channels now means those too.
    pub async fn settle(&self) {
        let settled = async {
            if let Err(error) = self.look_at_folder().await {
                tracing::warn!("looking at the folder of the playlists: {error}");
            }
            let snapshot = self.snapshot();
            let files = snapshot.lists().iter().filter(|it| it.playlist.origin == Origin::Folder);
            for job in files.filter_map(|it| self.jobs().working_on("playlist", it.playlist.id.0)) {
                job.over().await;
            }
        };
        drop(timeout(PATIENCE, settled).await);
    }

    /// Read the files that are new or changed; forget the playlists of those that are gone.
    pub(super) async fn look_at_folder(&self) -> Result<(), Error> {
        let this = self.clone();
        self.whole(async move { this.look_now().await }).await
    }

    async fn look_now(&self) -> Result<(), Error> {
        // Two who look would both add what is new.
        let turn = timeout(PATIENCE, self.0.looking.lock()).await;
        let Ok(_turn) = turn else { return Err(Error::Invalid("the disk does not answer".to_owned())) };
        let folder = Arc::clone(&self.0.folder);
        let place = folder.place().await;
        // The place goes along: a disk that hangs holds so many threads up and no more.
        let look = move || {
            let _place = place;
            folder.files()
        };
        let files = tokio::task::spawn_blocking(look).await?;
        // A folder that is away for a moment takes no playlist along.
        let Some(files) = files.map_err(|error| Error::Invalid(error.to_string()))? else { return Ok(()) };
        let snapshot = self.snapshot();
        for list in snapshot.lists().iter().filter(|it| it.playlist.origin == Origin::Folder) {
            if !files.iter().any(|(name, ..)| *name == list.playlist.name) {
                self.forget(&list.playlist).await?;
            }
        }
        for (name, file) in files {
            // One that cannot be opened now is there nevertheless.
            let Some((path, mark)) = file else { continue };
            match snapshot.list(&name).map(|it| &it.playlist) {
                Some(known) if known.origin != Origin::Folder => continue,
                Some(known) if !is_changed(known, &mark) => continue,
                Some(_) => {}
                None => self.add_file(name.clone()).await?,
            }
            self.read_file(&name, path, mark)?;
        }
        Ok(())
    }

    fn read_file(&self, name: &super::Name, path: PathBuf, mark: String) -> Result<(), Error> {
        self.refresh(name, Given::File(path, mark)).map(drop)
    }

    async fn add_file(&self, name: super::Name) -> Result<(), Error> {
        let writing = self.write().await?;
        // Another server may have found it.
        if self.list(&name).is_ok() {
            return Ok(());
        }
        let id = self.new_id(&name);
        let playlist =
            Playlist { id, name, origin: Origin::Folder, refresh_s: None, state: State::default() };
        writing.changing(Part::Lists).await?.add_playlist(&playlist).await?;
        writing.publish_list(List { playlist, channels: Vec::new() }).await
    }
}

/// Whether a file is to be read: one that could not be read is not read again until it changes.
fn is_changed(known: &Playlist, mark: &str) -> bool {
    known.state.file.as_deref() != Some(mark)
}

fn is_due(playlist: &Playlist, now: i64) -> bool {
    due(playlist.refresh_s, playlist.state.tried_at, now)
}

/// Whether so many seconds have gone by since it was tried.
fn due(refresh_s: Option<u32>, tried_at: Option<i64>, now: i64) -> bool {
    refresh_s.is_some_and(|seconds| tried_at.is_none_or(|tried| now - tried >= i64::from(seconds)))
}
