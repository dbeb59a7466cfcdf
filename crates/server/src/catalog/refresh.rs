//! A playlist is read anew: fetched or taken as given, compared with what is kept, and saved at once or not at all.

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use bytes::Bytes;
use iptv::m3u::{Reader, Report, SkipReason};

use super::{
    Area, Catalog, Channel, Error, List, Listed, Name, Origin, Phase, Playlist, SkippedLine, State,
    import::{Collector, Diff, diff},
    jobs::{AtWork, Job},
    now, xtream,
};
use crate::fetch::{Address, Reply, Request};

/// As much text of one list is read, in bytes, unpacked.
const TEXT_MAX: u64 = 1 << 30;

/// A new playlist can be used as soon as so many channels of it were read, and again when there are so many.
const USABLE: [usize; 3] = [50, 2_000, 20_000];

/// As many skipped lines are kept with their reasons.
const SKIPPED_KEPT: usize = 100;

/// As much of a file is read at once, in bytes.
const CHUNK: usize = 256 << 10;

/// What a refresh reads.
#[derive(Debug)]
pub enum Given {
    /// What is behind the playlist's address.
    Address {
        /// A list that shrank is taken as it is.
        confirmed: bool,
    },
    /// A file that was uploaded, or a text.
    Bytes(Bytes),
    /// A file in the folder, and a mark of its state.
    File(PathBuf, String),
}

/// What was read.
struct Found {
    channels: Vec<Listed>,
    report: Report,
    /// What goes into the state of the playlist.
    validators: (Option<String>, Option<String>),
}

impl Catalog {
    /// Read a playlist anew, in a job of its own; if one is at it already, that is the one.
    ///
    /// # Errors
    /// There is none of this name, or it has no address.
    pub fn refresh(&self, name: &Name, given: Given) -> Result<Job, Error> {
        let playlist = self.list(name)?.playlist.clone();
        if let (Given::Address { .. }, Origin::Upload | Origin::Folder) = (&given, &playlist.origin) {
            return Err(Error::NoAddress(name.as_str().to_owned()));
        }
        let (job, is_new) = self.0.jobs.begin("playlist", (playlist.id.0, name.as_str()), &self.0.stop);
        if !is_new && matches!(given, Given::Bytes(_) | Given::Address { confirmed: true }) {
            return Err(Error::Busy(name.as_str().to_owned()));
        }
        if is_new {
            let (this, at_work) = (self.clone(), job.clone());
            self.0.tasks.spawn(async move {
                let guard = AtWork(at_work.clone());
                this.work(playlist, given, at_work).await;
                drop(guard);
            });
        }
        Ok(job)
    }

    /// Do it, and tell how it ended.
    async fn work(self, playlist: Playlist, given: Given, job: Job) {
        let file = match &given {
            Given::File(_, mark) => Some(mark.clone()),
            _ => None,
        };
        match self.read_anew(&playlist, given, file.clone(), &job).await {
            Ok(phase) => job.enter(phase),
            Err(error) => self.fail(&playlist, &error, file, &job).await,
        }
    }

    async fn read_anew(
        &self,
        playlist: &Playlist,
        given: Given,
        file: Option<String>,
        job: &Job,
    ) -> Result<Phase, Error> {
        let confirmed = !matches!(given, Given::Address { confirmed: false });
        // What is being saved is saved: only until then can it be cancelled.
        let found = tokio::select! {
            found = self.read_in_turn(playlist, given, job) => found?,
            () = job.cancel.cancelled() => return Err(Error::Cancelled),
        };
        let Some(found) = found else {
            self.set_state(playlist, |state| (state.refreshed_at, state.held_back) = (Some(now()), None))
                .await?;
            return Ok(Phase::Unchanged);
        };
        if found.report.skipped.iter().any(|it| it.reason == SkipReason::Damaged) {
            return Err(Error::Damaged);
        }
        if found.channels.is_empty() {
            return Err(Error::Empty(found.report.skipped_total));
        }
        self.save(playlist, found, confirmed, file, job).await
    }

    async fn read_in_turn(
        &self,
        playlist: &Playlist,
        given: Given,
        job: &Job,
    ) -> Result<Option<Found>, Error> {
        let _place = self.0.reading.acquire().await.map_err(|_| Error::Cancelled)?;
        self.read(playlist, given, job).await
    }

    /// All channels of the list; nothing if it did not change.
    async fn read(&self, playlist: &Playlist, given: Given, job: &Job) -> Result<Option<Found>, Error> {
        let mut reading = Reading::new(self, playlist, job);
        let mut validators = (None, None);
        match (given, &playlist.origin) {
            (Given::Bytes(bytes), _) => {
                job.enter(Phase::Reading);
                for piece in bytes.chunks(CHUNK) {
                    reading.push(piece).await?;
                }
            }
            (Given::File(path, _), _) => {
                job.enter(Phase::Reading);
                reading.file(path).await?;
            }
            (Given::Address { .. }, Origin::Xtream { server, username, password }) => {
                job.enter(Phase::Downloading);
                let account = xtream::Account { server: server.parse()?, username, password };
                let report = account.read(&self.0.fetcher, &mut reading.collector, job).await?;
                let channels = reading.collector.into_channels();
                return Ok(Some(Found { channels, report, validators }));
            }
            (Given::Address { confirmed }, Origin::Url { url }) => {
                job.enter(Phase::Downloading);
                let state = if confirmed { State::default() } else { playlist.state.clone() };
                let mut request = Request::new(url.parse::<Address>()?);
                (request.etag, request.last_modified) = (state.etag, state.last_modified);
                let Reply::Body(mut body) = self.0.fetcher.get(request).await? else { return Ok(None) };
                job.tell(|progress| progress.total_bytes = body.length);
                validators = (body.etag.clone(), body.last_modified.clone());
                while let Some(chunk) = body.chunk().await? {
                    reading.push(&chunk).await?;
                }
            }
            (Given::Address { .. }, Origin::Upload | Origin::Folder) => {
                return Err(Error::NoAddress(playlist.name.as_str().to_owned()));
            }
        }
        let (channels, report) = reading.finish()?;
        Ok(Some(Found { channels, report, validators }))
    }

    async fn save(
        &self,
        playlist: &Playlist,
        found: Found,
        confirmed: bool,
        file: Option<String>,
        job: &Job,
    ) -> Result<Phase, Error> {
        job.enter(Phase::Matching);
        let writing = self.write().await?;
        let list = self.still_there(playlist)?;
        let mut playlist = list.playlist.clone();
        let Found { channels, report, validators } = found;
        let (diff, old) = self.compare(list, channels).await?;
        if !confirmed && diff.shrinks(&old) {
            playlist.state.held_back = Some(diff.listed);
            (playlist.state.tried_at, playlist.state.error) = (Some(now()), None);
            writing.set_playlist(&playlist).await?;
            writing.publish_list(List { playlist, channels: old }).await?;
            return Ok(Phase::HeldBack);
        }
        playlist.state = read_whole(report, validators, file);
        job.enter(Phase::Saving);
        let is_same = diff.is_empty(&old);
        if is_same {
            writing.set_playlist(&playlist).await?;
        } else {
            let gone: HashSet<_> = diff.removed.iter().copied().collect();
            writing.remember(old.iter().filter(|it| gone.contains(&it.id))).await?;
            writing.changing(Area::Lists).await?.refresh(&playlist, &diff.change()).await?;
        }
        job.tell(|progress| {
            (progress.added, progress.changed, progress.removed) =
                (diff.added.len(), diff.changed.len(), diff.removed.len());
        });
        let (guides, refresh_s) = (playlist.state.guides.clone(), playlist.refresh_s);
        writing.publish_list(List { playlist, channels: diff.channels }).await?;
        drop(writing);
        // The list is there, whatever becomes of its guides, and of what waited for its channels.
        if !diff.added.is_empty()
            && let Err(error) = self.welcome().await
        {
            tracing::warn!("what was made of channels under other IDs is not theirs yet: {error}");
        }
        if let Err(error) = self.add_guides_of(&guides, refresh_s).await {
            tracing::warn!("the guides that a playlist names are not used: {error}");
        }
        Ok(if is_same { Phase::Unchanged } else { Phase::Done })
    }

    /// The list as it is now: it may have been renamed, or be gone, since its refresh began.
    fn still_there(&self, playlist: &Playlist) -> Result<Arc<List>, Error> {
        let snapshot = self.snapshot();
        let list = snapshot.lists().iter().find(|it| it.playlist.id == playlist.id);
        // From another address, what was read is what was behind the one before.
        list.filter(|it| it.playlist.origin == playlist.origin).map(Arc::clone).ok_or(Error::Cancelled)
    }

    /// What of `channels` is new in the list, and the channels that it has.
    async fn compare(
        &self,
        list: Arc<List>,
        channels: Vec<Listed>,
    ) -> Result<(Diff, Vec<Arc<Channel>>), Error> {
        let snapshot = self.snapshot();
        let edits = self.0.store.all_edits().await?.into_iter().collect();
        let work = move || {
            let mut taken = snapshot.ids();
            let name = list.playlist.name.as_str();
            // What is shown of a list that was never read to its end is not kept anywhere.
            let is_kept = list.playlist.state.refreshed_at.is_some();
            let old = if is_kept { list.channels.clone() } else { Vec::new() };
            if old.is_empty() {
                list.channels.iter().for_each(|it| _ = taken.remove(&it.id));
            }
            (diff(name, &old, channels, &taken, now()).with_edits(&edits), old)
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }

    /// Nothing has changed but that it was tried.
    async fn fail(&self, playlist: &Playlist, error: &Error, file: Option<String>, job: &Job) {
        let is_cancelled = matches!(error, Error::Cancelled);
        let text = error.to_string();
        if !is_cancelled {
            tracing::warn!("playlist {:?} was not refreshed: {text}", playlist.name.as_str());
        }
        let kept = self.set_state(playlist, |state| {
            // An empty list says why it is empty.
            if !is_cancelled || state.refreshed_at.is_none() {
                state.error = Some(text.clone());
            }
            if !is_cancelled {
                // A file that cannot be read is not tried again until it changes.
                state.file = file;
            }
        });
        if let Err(error) = kept.await {
            tracing::warn!("keeping how the refresh of a playlist went: {error}");
        }
        job.tell(|progress| {
            progress.phase = if is_cancelled { Phase::Cancelled } else { Phase::Failed };
            progress.error = Some(text);
        });
    }

    /// Keep that it was tried, and what else there is to say; what is shown of a first list that was not read to its
    /// end goes.
    async fn set_state(&self, playlist: &Playlist, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        let writing = self.write().await?;
        let Ok(list) = self.still_there(playlist) else { return Ok(()) };
        let mut playlist = list.playlist.clone();
        let channels = if playlist.state.refreshed_at.is_some() { list.channels.clone() } else { Vec::new() };
        (playlist.state.tried_at, playlist.state.error) = (Some(now()), None);
        change(&mut playlist.state);
        let kept = writing.set_playlist(&playlist).await;
        // In memory it was tried even so: a database that takes nothing must not make it be tried again at once.
        writing.publish_list(List { playlist, channels }).await?;
        kept
    }

    /// Show what was read so far of a list that has never been read to its end.
    async fn show(&self, playlist: &Playlist, channels: Vec<Listed>) -> Result<(), Error> {
        let writing = self.write().await?;
        let Ok(list) = self.still_there(playlist) else { return Ok(()) };
        let playlist = list.playlist.clone();
        if playlist.state.refreshed_at.is_some() {
            return Ok(());
        }
        let (found, _) = self.compare(list, channels).await?;
        writing.publish_list(List { playlist, channels: found.channels }).await
    }
}

/// A list while it is read.
struct Reading<'a> {
    catalog: &'a Catalog,
    playlist: &'a Playlist,
    job: &'a Job,
    reader: Reader,
    collector: Collector,
    shown: usize,
}

impl<'a> Reading<'a> {
    fn new(catalog: &'a Catalog, playlist: &'a Playlist, job: &'a Job) -> Self {
        let (reader, collector) = (Reader::new(TEXT_MAX), Collector::default());
        Self { catalog, playlist, job, reader, collector, shown: 0 }
    }

    async fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        let collector = &mut self.collector;
        self.reader.push(piece, |entry| collector.add(&entry))?;
        collector.check()?;
        let (found, acestream, groups) =
            (collector.channels().len(), collector.acestream(), collector.groups());
        self.job.tell(|progress| {
            progress.bytes += piece.len() as u64;
            (progress.found, progress.acestream, progress.groups) = (found, acestream, groups);
        });
        let usable = USABLE.get(self.shown).is_some_and(|count| found >= *count);
        if usable && self.playlist.state.refreshed_at.is_none() {
            self.shown += 1;
            self.catalog.show(self.playlist, self.collector.channels().to_vec()).await?;
        }
        // Reading costs time; others want to run as well.
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn file(&mut self, path: PathBuf) -> Result<(), Error> {
        use tokio::io::AsyncReadExt as _;
        let mut file = tokio::fs::File::open(path).await?;
        let mut piece = vec![0; CHUNK];
        loop {
            let length = file.read(&mut piece).await?;
            if length == 0 {
                return Ok(());
            }
            self.push(&piece[..length]).await?;
        }
    }

    fn finish(self) -> Result<(Vec<Listed>, Report), Error> {
        let Self { reader, mut collector, job, .. } = self;
        let report = reader.finish(|entry| collector.add(&entry))?;
        job.tell(|progress| {
            progress.found = collector.channels().len();
            (progress.acestream, progress.groups) = (collector.acestream(), collector.groups());
            progress.skipped = report.skipped_total;
        });
        Ok((collector.into_channels(), report))
    }
}

/// The state of a playlist that was read to its end.
fn read_whole(report: Report, validators: (Option<String>, Option<String>), file: Option<String>) -> State {
    State {
        refreshed_at: Some(now()),
        tried_at: Some(now()),
        error: None,
        etag: validators.0,
        last_modified: validators.1,
        file,
        guides: report.guides,
        skipped_total: report.skipped_total,
        skipped: report.skipped.iter().take(SKIPPED_KEPT).map(skipped).collect(),
        held_back: None,
    }
}

fn skipped(line: &iptv::m3u::Skipped) -> SkippedLine {
    SkippedLine { line: line.line, reason: line.reason.to_string() }
}
