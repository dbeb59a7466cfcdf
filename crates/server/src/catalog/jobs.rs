//! Long work that people look at: what runs, how far it is, and how it ended.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// As many jobs of each kind that are over are remembered.
const REMEMBERED: usize = 64;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Others run.
    Waiting,
    /// Bytes come in, and are read.
    Downloading,
    /// What is here already is read.
    Reading,
    /// What was found is compared with what is known.
    Matching,
    /// It goes into the database.
    Saving,
    /// It is over, and all is well.
    Done,
    /// It is over: nothing was new.
    Unchanged,
    /// It is over: the list shrank so much that the old one stays until that is confirmed.
    HeldBack,
    /// It is over, and nothing has changed: `error` says why.
    Failed,
    /// Somebody ended it, and nothing has changed.
    Cancelled,
}

impl Phase {
    /// Whether the job is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Unchanged | Self::HeldBack | Self::Failed | Self::Cancelled)
    }
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// Its number.
    pub id: u64,
    /// The ID of what it works for, which stays when the name changes.
    #[serde(skip)]
    #[schema(ignore)]
    pub about: i64,
    /// `playlist`, `guide` or `check`.
    pub kind: &'static str,
    /// The name of what it works for; of a channel that is checked, its ID.
    pub name: String,
    /// What it does.
    pub phase: Phase,
    /// How many bytes came in.
    pub bytes: u64,
    /// How many there are, if that is known.
    pub total_bytes: Option<u64>,
    /// How many channels, or programmes, were found.
    pub found: usize,
    /// How many of them are AceStream channels.
    pub acestream: usize,
    /// How many groups they are in.
    pub groups: usize,
    /// How many lines could not be read.
    pub skipped: usize,
    /// How many are new, when it is over.
    pub added: usize,
    /// How many are described in another way, or vanished.
    pub changed: usize,
    /// How many went for good.
    pub removed: usize,
    /// Why it failed.
    pub error: Option<String>,
}

/// A job, for whoever does it and whoever looks at it.
#[derive(Debug, Clone)]
pub struct Job {
    progress: watch::Sender<Progress>,
    /// Cancelled when somebody wants it to end.
    pub cancel: CancellationToken,
}

impl Job {
    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Tell how far it is.
    pub fn tell(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_modify(change);
    }

    /// Wait until it is over.
    pub async fn over(&self) {
        // The sender is here, so it does not go away.
        drop(self.progress.subscribe().wait_for(|progress| progress.phase.is_over()).await);
    }

    fn works_on(&self, kind: &str, about: i64) -> bool {
        let progress = self.progress.borrow();
        progress.kind == kind && progress.about == about && !progress.phase.is_over()
    }

    /// Tell what it does now.
    pub fn enter(&self, phase: Phase) {
        self.tell(|progress| progress.phase = phase);
    }
}

/// Whoever does a job holds this: a job that breaks off is over, and says so.
#[derive(Debug)]
pub struct AtWork(pub Job);

impl Drop for AtWork {
    fn drop(&mut self) {
        if !self.0.progress().phase.is_over() {
            self.0.tell(|progress| {
                progress.phase = Phase::Failed;
                progress.error = Some("the work broke off".to_owned());
            });
        }
    }
}

/// All jobs: those that run, and the last that ran.
#[derive(Debug, Default)]
pub struct Jobs(Mutex<BTreeMap<u64, Job>>);

impl Jobs {
    /// The job that works on this, if one does; else a new one, and `true`.
    pub fn begin(
        &self,
        kind: &'static str,
        (about, name): (i64, &str),
        parent: &CancellationToken,
    ) -> (Job, bool) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = jobs.values().find(|job| job.works_on(kind, about)) {
            return (job.clone(), false);
        }
        let id = jobs.last_key_value().map_or(1, |(id, _)| id + 1);
        let job =
            Job { progress: watch::Sender::new(new(id, kind, about, name)), cancel: parent.child_token() };
        jobs.insert(id, job.clone());
        forget(&mut jobs, kind);
        (job, true)
    }

    /// The job that works on this, if one does.
    pub fn working_on(&self, kind: &str, about: i64) -> Option<Job> {
        self.at_work().into_iter().find(|job| job.works_on(kind, about))
    }

    /// The job with this number.
    pub fn find(&self, id: u64) -> Option<Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Those that run.
    pub fn at_work(&self) -> Vec<Job> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.values().filter(|job| !job.progress().phase.is_over()).cloned().collect()
    }

    /// How far each is, the oldest first.
    pub fn list(&self) -> Vec<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().map(Job::progress).collect()
    }
}

/// Forget the oldest of one kind that are over, if they are too many: checks come in hundreds, and nobody wants to miss
/// for them how a list was read.
fn forget(jobs: &mut BTreeMap<u64, Job>, kind: &str) {
    let is_old = |job: &Job| {
        let progress = job.progress.borrow();
        progress.kind == kind && progress.phase.is_over()
    };
    let over: Vec<u64> = jobs.iter().filter(|(_, job)| is_old(job)).map(|(id, _)| *id).collect();
    for id in over.iter().take(over.len().saturating_sub(REMEMBERED)) {
        jobs.remove(id);
    }
}

fn new(id: u64, kind: &'static str, about: i64, name: &str) -> Progress {
    Progress {
        id,
        about,
        kind,
        name: name.to_owned(),
        phase: Phase::Waiting,
        bytes: 0,
        total_bytes: None,
        found: 0,
        acestream: 0,
        groups: 0,
        skipped: 0,
        added: 0,
        changed: 0,
        removed: 0,
        error: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worked_on_is_not_begun_twice() {
        let (jobs, token) = (Jobs::default(), CancellationToken::new());

        let (first, is_new) = jobs.begin("playlist", (1, "tv"), &token);
        assert!(is_new);
        assert!(!jobs.begin("playlist", (1, "tv"), &token).1);
        assert!(jobs.begin("guide", (1, "tv"), &token).1);

        first.enter(Phase::Failed);
        assert!(jobs.begin("playlist", (1, "tv"), &token).1);
    }

    #[test]
    fn a_job_that_breaks_off_is_over() {
        let (job, _) = Jobs::default().begin("playlist", (1, "tv"), &CancellationToken::new());

        drop(AtWork(job.clone()));
        assert_eq!((job.progress().phase, job.progress().error.is_some()), (Phase::Failed, true));

        job.enter(Phase::Done);
        drop(AtWork(job.clone()));
        assert_eq!(job.progress().phase, Phase::Done);
    }

    #[test]
    fn the_oldest_jobs_are_forgotten_but_none_that_runs() {
        let (jobs, token) = (Jobs::default(), CancellationToken::new());
        jobs.begin("playlist", (-1, "runs"), &token);
        jobs.begin("guide", (-1, "another"), &token).0.enter(Phase::Done);
        for number in 0..i64::try_from(REMEMBERED).unwrap() + 10 {
            jobs.begin("playlist", (number, "over"), &token).0.enter(Phase::Done);
        }

        let names: Vec<String> = jobs.list().into_iter().map(|it| it.name).collect();
        // The last one was at work when the others were counted.
        assert_eq!(names.len(), REMEMBERED + 3);
        assert_eq!(names[..2], ["runs", "another"]);
    }
}
