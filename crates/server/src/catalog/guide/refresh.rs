//! A guide is read anew: programme by programme into a new edition, which takes the place of the old one at the end.

use std::{collections::HashMap, mem, sync::Arc};

use bytes::Bytes;
use iptv::xmltv::{Item, Reader, Report, SkipReason, Slot};
use tokio::sync::{OwnedRwLockReadGuard, OwnedSemaphorePermit};

use super::{Guide, GuideChannel, GuideState, Programme};
use crate::{
    catalog::{
        Area, Catalog, Error, Name, Origin, Phase, Writing, in_time,
        jobs::{AtWork, Job},
        now,
        store::Turn,
    },
    fetch::{Address, Reply, Request},
};

/// As much text of one guide is read, in bytes, unpacked.
const TEXT_MAX: u64 = 4 << 30;

/// As much is read at once, in bytes, before what was found is written.
const CHUNK: usize = 256 << 10;

/// As many programmes are written at once.
const BATCH: usize = 20_000;

/// As many channels, and names of one, are kept of one guide.
const CHANNELS_MAX: usize = 200_000;
const NAMES_MAX: usize = 8;

/// Programmes that began longer ago are not kept, in seconds.
pub(in crate::catalog) const BACK: i64 = 24 * 3600;

/// Nor are those further ahead.
const AHEAD: i64 = 14 * 24 * 3600;

impl Catalog {
    /// Read a guide anew, from its address, or from what was uploaded.
    ///
    /// # Errors
    /// There is none of this name, or it has no address.
    pub fn refresh_guide(&self, name: &Name, given: Option<Bytes>) -> Result<Job, Error> {
        let guide = self.guide(name)?;
        if given.is_none() && !matches!(guide.origin, Origin::Url { .. }) {
            return Err(Error::NoAddress(name.as_str().to_owned()));
        }
        let (job, is_new) = self.jobs().begin("guide", (guide.id.0, name.as_str()), &self.0.stop);
        if !is_new && given.is_some() {
            return Err(Error::Busy(name.as_str().to_owned()));
        }
        if is_new {
            let (this, at_work) = (self.clone(), job.clone());
            self.0.tasks.spawn(async move {
                let guard = AtWork(at_work.clone());
                this.work_on(guide, given, at_work).await;
                drop(guard);
            });
        }
        Ok(job)
    }

    async fn work_on(self, guide: Guide, given: Option<Bytes>, job: Job) {
        match self.read_guide_anew(&guide, given, &job).await {
            Ok(phase) => job.enter(phase),
            Err(error) => self.fail_guide(&guide, &error, &job).await,
        }
    }

    async fn read_guide_anew(&self, guide: &Guide, given: Option<Bytes>, job: &Job) -> Result<Phase, Error> {
        // What is being saved is saved: only until then can it be cancelled.
        let read = tokio::select! {
            read = self.read_guide(guide, given, job) => read?,
            () = job.cancel.cancelled() => return Err(Error::Cancelled),
        };
        let Some(read) = read else {
            self.keep_state(guide, |state| state.refreshed_at = Some(now())).await?;
            return Ok(Phase::Unchanged);
        };
        job.enter(Phase::Saving);
        self.save_guide(guide, read).await?;
        job.tell(|progress| progress.added = progress.found);
        Ok(Phase::Done)
    }

    /// A new edition of the guide, written but not in use; nothing if it did not change.
    async fn read_guide(
        &self,
        guide: &Guide,
        given: Option<Bytes>,
        job: &Job,
    ) -> Result<Option<Read>, Error> {
        let place = Arc::clone(&self.0.reading).acquire_owned().await.map_err(|_| Error::Cancelled)?;
        let writing_here = Arc::clone(&self.0.editions).read_owned().await;
        let writing_one = in_time(self.0.store.writing_edition()).await?;
        let mut edition = Edition::new(self, job);
        let mut validators = (None, None);
        match (given, &guide.origin) {
            (Some(bytes), _) => {
                job.enter(Phase::Reading);
                job.tell(|progress| progress.total_bytes = Some(bytes.len() as u64));
                for piece in bytes.chunks(CHUNK) {
                    edition.push(piece).await?;
                }
            }
            (None, Origin::Url { url }) => {
                job.enter(Phase::Downloading);
                let mut request = Request::new(url.parse::<Address>()?);
                (request.etag, request.last_modified) =
                    (guide.state.etag.clone(), guide.state.last_modified.clone());
                let Reply::Body(mut body) = self.0.fetcher.get(request).await? else { return Ok(None) };
                job.tell(|progress| progress.total_bytes = body.length);
                validators = (body.etag.clone(), body.last_modified.clone());
                while let Some(piece) = body.chunk().await? {
                    edition.push(&piece).await?;
                }
            }
            (None, _) => return Err(Error::NoAddress(guide.name.as_str().to_owned())),
        }
        let number = edition.number;
        let (channels, report) = edition.finish().await?;
        if report.skipped.iter().any(|it| it.reason == SkipReason::Damaged) {
            return Err(Error::Damaged);
        }
        check_whole(&report, &guide.state)?;
        let state = GuideState {
            refreshed_at: Some(now()),
            tried_at: Some(now()),
            error: None,
            etag: validators.0,
            last_modified: validators.1,
            channels,
            programmes: report.programmes,
            unwanted: report.unwanted,
            skipped: report.skipped_total,
        };
        Ok(Some(Read { number, state, writing_here, writing_one, place }))
    }

    /// Let the edition that was read take the place of the one before.
    async fn save_guide(&self, guide: &Guide, read: Read) -> Result<(), Error> {
        let (this, guide) = (self.clone(), guide.clone());
        self.whole(async move {
            let Read { number, state, writing_here, writing_one, place } = read;
            let writing = this.write().await?;
            let guide = this.same_guide(&guide).ok_or(Error::Cancelled)?;
            writing.keep_guide(Guide { state, ..guide }, Some(number)).await?;
            drop((writing, writing_here, place));
            if let Err(error) = writing_one.end().await {
                tracing::warn!("a guide is saved, and the connection that wrote it was lost: {error}");
            }
            Ok(())
        })
        .await?;
        // It is saved, whatever becomes of the old one: that goes with the next.
        if let Err(error) = self.sweep_guides().await {
            tracing::warn!("removing the programmes of a guide that were there before: {error}");
        }
        Ok(())
    }

    /// The guide as it is now: renamed maybe. Nothing if it is gone, or is at another address: what was read, or how
    /// that went, is of the one before.
    fn same_guide(&self, guide: &Guide) -> Option<Guide> {
        let directory = self.directory();
        directory.guides().find(|it| it.id == guide.id && it.origin == guide.origin).cloned()
    }

    /// Remove what is no guide's, unless one is being written: then whoever is last does.
    pub(in crate::catalog) async fn sweep_guides(&self) -> Result<(), Error> {
        let lost = {
            let Ok(_alone_here) = self.0.editions.try_write() else { return Ok(()) };
            let Some(alone) = self.0.store.no_edition_written().await? else { return Ok(()) };
            let lost = self.0.store.lost_guide_channels().await?;
            alone.end().await?;
            lost
        };
        // What was nobody's while none was written stays nobody's: new editions have new numbers.
        Ok(self.0.store.remove_guide_channels(&lost).await?)
    }

    async fn keep_state(&self, guide: &Guide, change: impl FnOnce(&mut GuideState)) -> Result<(), Error> {
        let writing = self.write().await?;
        let mut guide = self.same_guide(guide).ok_or(Error::Cancelled)?;
        (guide.state.tried_at, guide.state.error) = (Some(now()), None);
        change(&mut guide.state);
        writing.keep_guide(guide, None).await
    }

    async fn fail_guide(&self, guide: &Guide, error: &Error, job: &Job) {
        let is_cancelled = matches!(error, Error::Cancelled);
        let text = error.to_string();
        if !is_cancelled {
            tracing::warn!("guide {:?} was not refreshed: {text}", guide.name.as_str());
        }
        let told = (!is_cancelled).then(|| text.clone());
        let kept = match self.keep_state(guide, |state| state.error = told).await {
            // There is nobody left to keep it of.
            Err(Error::Cancelled) => Ok(()),
            kept => kept,
        };
        let swept = self.sweep_guides().await;
        if let Err(error) = kept.and(swept) {
            tracing::warn!("keeping how the refresh of a guide went: {error}");
        }
        job.tell(|progress| {
            progress.phase = if is_cancelled { Phase::Cancelled } else { Phase::Failed };
            progress.error = Some(text);
        });
    }
}

impl Writing<'_> {
    /// Keep `guide`; where a new edition is given, that is the guide from now on.
    pub(super) async fn keep_guide(&self, mut guide: Guide, edition: Option<i64>) -> Result<(), Error> {
        guide.edition = edition.or(guide.edition);
        self.changing(Area::Guides).await?.set_guide(&guide).await?;
        self.publish_directory().await
    }
}

/// Refuse what breaks off, or is empty, with less than half of the programmes that were there `before`. Some guides have
/// no end because whoever wrote them forgot it.
fn check_whole(report: &Report, before: &GuideState) -> Result<(), Error> {
    // Of one that was read long ago nothing is left to keep.
    if before.refreshed_at.is_none_or(|at| now() - at > AHEAD) {
        return Ok(());
    }
    let (found, before) = (report.programmes + report.unwanted, before.programmes + before.unwanted);
    let is_whole = report.ends && found > 0;
    if !is_whole && 2 * found < before { Err(Error::Less { found, before }) } else { Ok(()) }
}

/// Says which programmes are wanted.
type Wanted = Box<dyn FnMut(&Slot<'_>) -> bool + Send>;

/// An edition that is written, and is no guide's yet.
struct Read {
    number: i64,
    /// How the guide is with it.
    state: GuideState,
    /// While these are here, it is not swept away, by this server or another.
    writing_here: OwnedRwLockReadGuard<()>,
    writing_one: Turn,
    /// It holds a connection to the database: there are as many as may be read at once.
    place: OwnedSemaphorePermit,
}

/// An edition while it is written.
struct Edition<'a> {
    catalog: &'a Catalog,
    job: &'a Job,
    number: i64,
    reader: Reader<Wanted>,
    channels: Channels,
    batch: Vec<Programme>,
    found: usize,
}

/// The channels of an edition.
#[derive(Default)]
struct Channels {
    by_id: HashMap<Box<str>, GuideChannel>,
    /// Those that are not written yet: programmes are written behind their channels, so that an edition that is never
    /// finished can be found again.
    unwritten: Vec<Box<str>>,
}

impl<'a> Edition<'a> {
    fn new(catalog: &'a Catalog, job: &'a Job) -> Self {
        let (from, to) = (now() - BACK, now() + AHEAD);
        // A programme that began long ago may be on still.
        let wanted = move |slot: &Slot<'_>| {
            slot.start < to && (slot.start >= from || slot.stop.is_some_and(|stop| stop > from + BACK))
        };
        let reader = Reader::new(TEXT_MAX).wanting(Box::new(wanted) as Wanted);
        let number = fastrand::i64(1..);
        Self { catalog, job, number, reader, channels: Channels::default(), batch: Vec::new(), found: 0 }
    }

    async fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        for piece in piece.chunks(CHUNK) {
            let Self { reader, channels, batch, .. } = self;
            reader.push(piece, |item| take(channels, batch, item))?;
            if self.batch.len() >= BATCH {
                self.write().await?;
            }
            let found = self.found + self.batch.len();
            self.job.tell(|progress| {
                progress.bytes += piece.len() as u64;
                progress.found = found;
            });
            // Reading costs time; others want to run as well.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), Error> {
        let Channels { by_id, unwritten } = &mut self.channels;
        let new: Vec<GuideChannel> = unwritten.drain(..).filter_map(|id| by_id.get(&id).cloned()).collect();
        self.catalog.0.store.add_guide_channels(self.number, &new).await?;
        let batch = mem::take(&mut self.batch);
        self.found += batch.len();
        Ok(self.catalog.0.store.add_programmes(&batch).await?)
    }

    /// Write what is left; says how many channels there are.
    async fn finish(mut self) -> Result<(usize, Report), Error> {
        let reader =
            mem::replace(&mut self.reader, Reader::new(0).wanting(Box::new(|_: &Slot<'_>| false) as Wanted));
        let (channels, batch) = (&mut self.channels, &mut self.batch);
        let report = reader.finish(|item| take(channels, batch, item))?;
        self.write().await?;
        let channels: Vec<GuideChannel> = mem::take(&mut self.channels.by_id).into_values().collect();
        self.catalog.0.store.add_guide_channels(self.number, &channels).await?;
        self.job.tell(|progress| (progress.found, progress.skipped) = (self.found, report.skipped_total));
        Ok((channels.len(), report))
    }
}

fn take(channels: &mut Channels, batch: &mut Vec<Programme>, item: Item<'_>) {
    match item {
        Item::Channel(channel) => {
            if let Some(known) = channels.named(&channel.id) {
                known.names = channel.names.iter().take(NAMES_MAX).map(|it| (*it.text).into()).collect();
                known.icon = channel.icon.as_deref().map(Into::into);
            }
        }
        Item::Programme(programme) => {
            if let Some(channel) = channels.named(&programme.channel).map(|it| it.id) {
                batch.push(Programme::of(&programme, channel));
            }
        }
    }
}

impl Channels {
    /// The channel with this ID, also when the guide does not say more of it; nothing if there are too many.
    fn named(&mut self, id: &str) -> Option<&mut GuideChannel> {
        if !self.by_id.contains_key(id) {
            if self.by_id.len() >= CHANNELS_MAX {
                return None;
            }
            let xmltv_id: Box<str> = id.into();
            let number = fastrand::i64(1..);
            let channel =
                GuideChannel { id: number, xmltv_id: xmltv_id.clone(), names: Vec::new(), icon: None };
            self.unwritten.push(xmltv_id.clone());
            self.by_id.insert(xmltv_id, channel);
        }
        self.by_id.get_mut(id)
    }
}
