//! Which channels work: what real plays tell, and what is found out on request, or on a schedule.
//!
//! A check plays the channel as a viewer would, one at a time; a channel that somebody watches is not touched, for the
//! engine dies of two sessions of one swarm. "Alive" is said with data received only.

mod check;
mod schedule;

use tokio::sync::{broadcast::error::RecvError, mpsc};

use crate::{
    catalog::{self, Catalog, ChannelId, jobs::Job},
    clock::now,
    live::{Failure, Hub, Outcome},
};
use check::{Asked, Checker};
use schedule::Schedule;

/// So many checks wait for their turn.
const QUEUE: usize = 1000;

/// Asks for checks.
#[derive(Debug, Clone)]
pub struct Checks(mpsc::Sender<Asked>);

/// Remembers how plays turned out, and makes the checks that were asked for, or that are due.
#[derive(Debug)]
pub struct Memory(Checker);

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
        (Self(Checker { hub, catalog, queue, schedule: None }), Checks(sender))
    }

    /// The same, which also checks unasked what `config` says, if it does.
    #[must_use]
    pub fn scheduled(mut self, config: &catalog::Config) -> Self {
        self.0.schedule = config.check_every.map(|every| Schedule::new(every.0, config.check_channels));
        self
    }

    /// Do so until dropped.
    pub async fn run(self) {
        let Self(checker) = self;
        tokio::join!(remember(checker.hub.clone(), checker.catalog.clone()), checker.run());
    }
}

/// Keep how plays turn out, until dropped.
async fn remember(hub: Hub, catalog: Catalog) {
    let mut outcomes = hub.outcomes();
    loop {
        match outcomes.recv().await {
            Ok(outcome) => keep(&catalog, outcome).await,
            // Some of many: the next play tells again.
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
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
