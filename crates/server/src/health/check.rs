//! The checks: those that somebody asked for, and between them those whose time has come.

use std::time::Duration;

use acestream::ContentId;
use tokio::{sync::mpsc, time::sleep};

use super::schedule::Schedule;
use crate::{
    catalog::{
        Catalog, Channel, ChannelId, Phase, Source,
        jobs::{AtWork, Job},
    },
    live::{Hub, Snapshot, State},
};

/// A channel that has not played until then does not work.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often a check that nobody asked for looks whether it is in a viewer's way.
const LOOK: Duration = Duration::from_secs(1);

/// A check that somebody asked for.
pub(super) type Asked = (ChannelId, Job);

/// Makes the checks, one at a time.
#[derive(Debug)]
pub(super) struct Checker {
    pub(super) hub: Hub,
    pub(super) catalog: Catalog,
    pub(super) queue: mpsc::Receiver<Asked>,
    pub(super) schedule: Option<Schedule>,
}

impl Checker {
    /// Do so until nobody can ask any more.
    pub(super) async fn run(mut self) {
        let mut asked = None;
        loop {
            if let Some((channel, job)) = asked.take() {
                make(&self.hub, &self.catalog, channel, &job).await;
                continue;
            }
            asked = tokio::select! {
                biased;
                asked = self.queue.recv() => match asked {
                    Some(asked) => Some(asked),
                    None => return,
                },
                // Nothing is lost with a search for the next one.
                channel = next(&mut self.schedule, &self.hub, &self.catalog) => self.make_unasked(channel).await,
            };
        }
    }

    /// Make a check that nobody asked for. It gives way to viewers, and to one that somebody asks for: that is returned.
    async fn make_unasked(&mut self, channel: ChannelId) -> Option<Asked> {
        let (job, is_new) = self.catalog.begin_check(channel);
        if !is_new {
            // Somebody asked for it: it waits in the queue.
            return None;
        }
        let _guard = AtWork(job.clone());
        let asked = tokio::select! {
            biased;
            asked = self.queue.recv() => asked,
            () = until_full(&self.hub) => None,
            () = make(&self.hub, &self.catalog, channel, &job) => return None,
        };
        Checked::Cancelled.tell(&job);
        self.schedule.iter_mut().for_each(|schedule| schedule.put_off(channel));
        asked
    }
}

/// Wait for the next channel that is to be checked unasked.
async fn next(schedule: &mut Option<Schedule>, hub: &Hub, catalog: &Catalog) -> ChannelId {
    match schedule {
        Some(schedule) => schedule.next(hub, catalog).await,
        None => std::future::pending().await,
    }
}

/// Wait until no viewer of another channel could be let in.
async fn until_full(hub: &Hub) {
    while hub.room() > 0 {
        sleep(LOOK).await;
    }
}

async fn make(hub: &Hub, catalog: &Catalog, channel: ChannelId, job: &Job) {
    job.enter(Phase::Reading);
    let checked = tokio::select! {
        biased;
        () = job.cancel.cancelled() => Checked::Cancelled,
        checked = check(hub, catalog, channel) => checked,
    };
    checked.tell(job);
}

/// How a check ended.
enum Checked {
    Alive,
    Dead(String),
    Cancelled,
}

impl Checked {
    fn tell(self, job: &Job) {
        job.tell(|progress| match self {
            Self::Alive => (progress.phase, progress.found) = (Phase::Done, 1),
            Self::Dead(why) => (progress.phase, progress.error) = (Phase::Failed, Some(why)),
            Self::Cancelled => progress.phase = Phase::Cancelled,
        });
    }
}

/// Play the channel until there is media. What comes of it is remembered as with any other play.
async fn check(hub: &Hub, catalog: &Catalog, id: ChannelId) -> Checked {
    let channel = match catalog.channel(id) {
        Ok(channel) => channel,
        Err(error) => return Checked::Dead(error.to_string()),
    };
    let mut why = "none of its sources is an AceStream channel".to_owned();
    for id in content_ids(&channel) {
        let _stop = hub.find(&id).is_none().then(|| StopUnwatched { hub, id: id.clone() });
        hub.forgive(&id);
        let played = async {
            let stream = hub.tune(&id).map_err(|error| error.to_string())?;
            let is_live = |now: &Snapshot| now.state == State::Live;
            stream.until(is_live, PATIENCE).await.map(drop).map_err(|error| error.to_string())
        };
        match played.await {
            Ok(()) => return Checked::Alive,
            Err(error) => why = error,
        }
    }
    Checked::Dead(why)
}

/// Ends the stream that a check began, however the check ends, unless somebody watches it by now.
struct StopUnwatched<'a> {
    hub: &'a Hub,
    id: ContentId,
}

impl Drop for StopUnwatched<'_> {
    fn drop(&mut self) {
        if self.hub.find(&self.id).is_some_and(|stream| stream.report().viewers == 0) {
            self.hub.stop(&self.id);
        }
    }
}

/// The AceStream IDs of its sources, the first choice first.
pub(super) fn content_ids(channel: &Channel) -> Vec<ContentId> {
    let hash = |source: &Source| source.link().acestream_hash().and_then(|hash| hash.parse().ok());
    channel.sources().filter_map(hash).collect()
}
