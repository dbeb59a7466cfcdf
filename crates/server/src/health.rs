//! Which channels work: what real plays tell, and what is found out on request.
//!
//! A check plays the channel as a viewer would, one at a time; a channel that somebody watches is not touched, for the
//! engine dies of two sessions of one swarm. "Alive" is said with data received only.

use std::time::Duration;

use acestream::ContentId;
use tokio::sync::{broadcast::error::RecvError, mpsc};

use crate::{
    catalog::{Catalog, Channel, ChannelId, Phase, Source, jobs::Job},
    clock::now,
    live::{Failure, Hub, Outcome, State},
};

/// So many checks wait for their turn.
const QUEUE: usize = 1000;

/// A channel that has not played until then does not work.
const PATIENCE: Duration = Duration::from_secs(90);

/// Asks for checks.
#[derive(Debug, Clone)]
pub struct Checks(mpsc::Sender<(ChannelId, Job)>);

/// Remembers how plays turned out, and makes the checks that were asked for.
#[derive(Debug)]
pub struct Memory {
    hub: Hub,
    catalog: Catalog,
    queue: mpsc::Receiver<(ChannelId, Job)>,
}

/// As many checks wait as may.
#[derive(Debug, thiserror::Error)]
#[error("{QUEUE} channels wait to be checked already")]
pub struct Full;

impl Checks {
    /// Have the channel checked when its turn has come; `job` tells how far that is.
    ///
    /// # Errors
    /// Too many wait.
    pub fn ask(&self, channel: ChannelId, job: Job) -> Result<(), Full> {
        self.0.try_send((channel, job)).map_err(|_| Full)
    }
}

impl Memory {
    /// The memory of what `hub` plays of `catalog`, and the way to ask for checks.
    #[must_use]
    pub fn new(hub: Hub, catalog: Catalog) -> (Self, Checks) {
        let (sender, queue) = mpsc::channel(QUEUE);
        (Self { hub, catalog, queue }, Checks(sender))
    }

    /// Do so until dropped.
    pub async fn run(self) {
        let Self { hub, catalog, mut queue } = self;
        let remember = async {
            let mut outcomes = hub.outcomes();
            loop {
                match outcomes.recv().await {
                    Ok(outcome) => keep(&catalog, outcome).await,
                    // Some of many: the next play tells again.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let check = async {
            while let Some((channel, job)) = queue.recv().await {
                job.enter(Phase::Reading);
                let checked = tokio::select! {
                    biased;
                    () = job.cancel.cancelled() => Checked::Cancelled,
                    checked = check(&hub, &catalog, channel) => checked,
                };
                checked.tell(&job);
            }
        };
        tokio::join!(remember, check);
    }
}

async fn keep(catalog: &Catalog, outcome: Outcome) {
    let at = now();
    let link = outcome.id.as_str().to_owned();
    let kept = match outcome.result {
        Ok(took) => {
            let took = i64::try_from(took.as_millis()).ok();
            catalog.add_health(link, move |it| (it.worked_at, it.took_ms) = (Some(at), took)).await
        }
        Err(failure) if is_its_own(&failure) => {
            let code = failure.code().to_owned();
            catalog.add_health(link, move |it| (it.failed_at, it.failure) = (Some(at), Some(code))).await
        }
        Err(_) => return,
    };
    if let Err(error) = kept {
        tracing::warn!("keeping how a channel did: {error}");
    }
}

/// Whether the channel failed, and not the engine.
const fn is_its_own(failure: &Failure) -> bool {
    match failure {
        Failure::EngineRefused(_) | Failure::NoPeers(_) | Failure::NoMedia(_) | Failure::SourceLost(_) => {
            true
        }
        Failure::EngineUnreachable(_) | Failure::EngineTimeout(_) | Failure::EngineUnexpected(_) => false,
    }
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
            let is_live = |now: &crate::live::Snapshot| now.state == State::Live;
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

fn content_ids(channel: &Channel) -> Vec<ContentId> {
    let hash = |source: &Source| source.link().acestream_hash().and_then(|hash| hash.parse().ok());
    channel.sources().filter_map(hash).collect()
}
