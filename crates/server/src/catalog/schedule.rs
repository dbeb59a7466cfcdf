//! What is done without being asked for: lists are refreshed when it is time, and files in the folder are read when
//! they changed.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Area, Catalog, Error, Given, List, Name, Origin, Playlist, State, now};

/// How often it is looked whether something is to be done.
const PACE: Duration = Duration::from_secs(10);

/// How often what is over is removed.
const SWEEP: Duration = Duration::from_secs(24 * 3600);

/// So many refreshes that were begun are remembered.
const BEGUN_MAX: usize = 10_000;

/// A disk that hangs, and a file that is long, are waited for no longer.
const PATIENCE: Duration = Duration::from_secs(5);

impl Catalog {
    /// Keep the lists fresh until told to stop. Looks at once for the first time.
    pub async fn keep_fresh(&self) {
        let (mut daily, mut tick) = (interval(SWEEP), interval(PACE));
        daily.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut begun = Begun::default();
        loop {
            tokio::select! {
                biased;
                () = self.0.stop.cancelled() => return,
                _ = daily.tick() => {
                    self.sweep(now()).await;
                    continue;
                }
                _ = tick.tick() => {}
            }
            self.refresh_due(now(), &mut begun);
            self.refresh_guides_due(now(), &mut begun);
            match timeout(PATIENCE, self.look_at_folder()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!("looking at the folder of the playlists: {error}"),
                Err(_) => tracing::warn!("looking at the folder of the playlists: the disk does not answer"),
            }
        }
    }

    /// Refresh the lists whose time has come.
    fn refresh_due(&self, now: i64, begun: &mut Begun) {
        for list in self.snapshot().lists() {
            let Playlist { name, refresh_s, state, .. } = &list.playlist;
            if !begun.begin(("playlist", name), *refresh_s, state.tried_at, now) {
                continue;
            }
            if let Err(error) = self.refresh(name, Given::Address { confirmed: false }) {
                tracing::warn!("refreshing {:?}: {error}", name.as_str());
            }
        }
    }

    /// Refresh the guides whose time has come.
    fn refresh_guides_due(&self, now: i64, begun: &mut Begun) {
        for guide in self.directory().guides() {
            if !begun.begin(("guide", &guide.name), guide.refresh_s, guide.state.tried_at, now) {
                continue;
            }
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

    fn read_file(&self, name: &Name, path: PathBuf, mark: String) -> Result<(), Error> {
        self.refresh(name, Given::File(path, mark)).map(drop)
    }

    async fn add_file(&self, name: Name) -> Result<(), Error> {
        let writing = self.write().await?;
        // Another server may have found it.
        if self.list(&name).is_ok() {
            return Ok(());
        }
        let id = self.new_id(&name);
        let playlist =
            Playlist { id, name, origin: Origin::Folder, refresh_s: None, state: State::default() };
        writing.changing(Area::Lists).await?.add_playlist(&playlist).await?;
        writing.publish_list(List { playlist, channels: Vec::new() }).await
    }
}

/// Whether a file is to be read: one that could not be read is not read again until it changes.
fn is_changed(known: &Playlist, mark: &str) -> bool {
    known.state.file.as_deref() != Some(mark)
}

/// What was begun by itself: when, and when the last try before was as far as was known.
///
/// A refresh that left no trace, as when the database takes nothing, is not begun again at once.
#[derive(Debug, Default)]
struct Begun(HashMap<(&'static str, Name), (i64, Option<i64>)>);

impl Begun {
    /// Whether the refresh of `what` is due at `now`; then it counts as begun.
    fn begin(
        &mut self,
        (kind, name): (&'static str, &Name),
        refresh_s: Option<u32>,
        tried_at: Option<i64>,
        now: i64,
    ) -> bool {
        let what = (kind, name.clone());
        let without_trace = self.0.get(&what).filter(|(_, known)| *known == tried_at).map(|(at, _)| *at);
        let is_due = due(refresh_s, without_trace.or(tried_at), now);
        if is_due {
            // What was begun longest ago has left its trace, or is gone.
            if self.0.len() >= BEGUN_MAX
                && let Some(oldest) = self.0.iter().min_by_key(|it| it.1.0).map(|it| it.0.clone())
            {
                self.0.remove(&oldest);
            }
            self.0.insert(what, (now, tried_at));
        }
        is_due
    }
}

/// Whether so many seconds have gone by since it was tried.
fn due(refresh_s: Option<u32>, tried_at: Option<i64>, now: i64) -> bool {
    refresh_s.is_some_and(|seconds| tried_at.is_none_or(|tried| now - tried >= i64::from(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_is_due_again_when_its_time_has_come() {
        assert!(due(Some(100), None, 0));
        assert!(!due(Some(100), Some(0), 99) && due(Some(100), Some(0), 100));
        assert!(!due(None, None, 0));
    }

    #[test]
    fn a_refresh_that_leaves_no_trace_is_not_begun_again_at_once() {
        let (mut begun, name) = (Begun::default(), "tv".parse::<Name>().unwrap());
        let mut begin = |tried_at, now| begun.begin(("playlist", &name), Some(100), tried_at, now);

        assert!(begin(Some(0), 100));
        assert!(!begin(Some(0), 110) && !begin(Some(0), 199));
        assert!(begin(Some(0), 200));

        // The trace that one left counts from then on.
        assert!(!begin(Some(205), 304) && begin(Some(205), 305));
    }

    #[test]
    fn what_was_begun_is_told_apart_by_kind_and_name() {
        let mut begun = Begun::default();
        let (one, other) = ("one".parse::<Name>().unwrap(), "other".parse::<Name>().unwrap());

        for what in [("playlist", &one), ("guide", &one), ("playlist", &other)] {
            assert!(begun.begin(what, Some(100), None, 0), "{what:?}");
            assert!(!begun.begin(what, Some(100), None, 1), "{what:?}");
        }
    }
}
