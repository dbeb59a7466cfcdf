//! A local engine: a process that acehls starts, watches, starts again, and ends with itself.
//!
//! It has a process group of its own, so that what the engine starts ends with it. What it prints goes to a file of
//! bounded size. Whoever runs it finds it running, or about to be: nothing here is an error of the server.
//!
//! Who kills acehls by `SIGKILL` leaves the engine behind. The next acehls finds it at its address, plays from it, and
//! starts none beside it, which could not listen there.

use std::{
    collections::VecDeque,
    path::PathBuf,
    pin::pin,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use acestream::{Engine, Error};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The engine's output, in `STORAGE_DIR`; the one before is kept as `engine.log.1`.
const LOG: &str = "engine.log";
const MAX_LOG: u64 = 4 << 20;

/// An engine that answered is hung after this many probes in a row without an answer.
const MISSES: u32 = 3;

/// How long what a process printed last is waited for, where something that it started still holds its pipes.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long everything may take.
#[derive(Debug, Clone)]
struct Timing {
    /// Until a process that was started answers.
    ready: Duration,
    /// Between two looks whether it answers.
    probe: Duration,
    /// Before the first start again; it doubles with each that follows soon.
    pause: Duration,
    /// So many starts again may fall into [`Timing::period`].
    restarts: usize,
    period: Duration,
    /// Between asking it to end and making it.
    stop: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ready: Duration::from_secs(30),
            probe: Duration::from_secs(10),
            pause: Duration::from_secs(1),
            restarts: 3,
            period: Duration::from_secs(3600),
            stop: Duration::from_secs(3),
        }
    }
}

/// An engine process of our own.
#[derive(Debug)]
pub struct Local {
    command: Vec<String>,
    engine: Engine,
    log: PathBuf,
    timing: Timing,
}

/// Why a process is no more of use.
#[derive(Debug)]
enum End {
    /// It ended by itself.
    Exit(Option<ExitStatus>),
    /// It runs and does not answer.
    Silent,
    /// It could not be started.
    NoStart(std::io::Error),
    /// We are told to stop.
    Cancelled,
}

impl Local {
    /// The engine that `command`, a program and its arguments, starts, and that answers as `engine` then. Its output
    /// goes to the folder `storage`.
    #[must_use]
    pub fn new(command: Vec<String>, engine: Engine, storage: &std::path::Path) -> Self {
        Self { command, engine, log: storage.join(LOG), timing: Timing::default() }
    }

    /// Keep the process running until `cancel`, then end it: at most some 3 s. Dropped half done, it takes the
    /// process with it.
    pub async fn run(self, cancel: CancellationToken) {
        let mut budget = Budget::new(&self.timing);
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        loop {
            if cancel.run_until_cancelled(self.address_is_free()).await.is_none() {
                return;
            }
            let end = self.run_once(&cancel).await;
            match &end {
                End::Cancelled => return,
                End::Exit(Some(status)) => tracing::warn!("the engine {program} ended: {status}"),
                End::Exit(None) => tracing::warn!("the engine {program} ended"),
                End::Silent => tracing::warn!("the engine {program} does not answer and was ended"),
                End::NoStart(error) => tracing::error!("the engine {program} cannot be started: {error}"),
            }
            let pause = budget.pause(Instant::now());
            tracing::info!(pause_ms = pause.as_millis(), "starting the engine again in {pause:.0?}");
            if cancel.run_until_cancelled(sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    async fn run_once(&self, cancel: &CancellationToken) -> End {
        let mut child = match self.spawn() {
            Ok(child) => child,
            Err(error) => return End::NoStart(error),
        };
        let group = Group(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let mut log = Log::open(self.log.clone()).await;
        let mut keeping = pin!(log.keep(output, errors));
        let mut work = pin!(async {
            let end = tokio::select! {
                biased;
                () = cancel.cancelled() => End::Cancelled,
                status = child.wait() => End::Exit(status.ok()),
                () = self.is_of_no_use() => End::Silent,
            };
            group.signal(Signal::TERM);
            // A limit reached: the signal that nothing outlives follows, when the group is dropped.
            let _ = timeout(self.timing.stop, child.wait()).await;
            drop(group);
            end
        });
        let end = tokio::select! {
            biased;
            () = &mut keeping => return work.await,
            end = &mut work => end,
        };
        // Why a process ended is what it said last.
        let _ = timeout(LAST_WORDS, keeping).await;
        end
    }

    /// Wait while an engine that is not ours answers at our address.
    async fn address_is_free(&self) {
        if self.is_there().await {
            let base = self.engine.base();
            tracing::warn!("an engine answers at {base} already; none is started as long as it does");
            self.falls_silent().await;
        }
    }

    fn spawn(&self) -> std::io::Result<Child> {
        let (program, arguments) = self.command.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The password is ours, not the engine's.
        command.env_remove("ACEHLS_HTTP__PASSWORD").process_group(0).kill_on_drop(true).spawn()
    }

    /// Wait until the engine did not answer in time after its start, or no more.
    async fn is_of_no_use(&self) {
        if timeout(self.timing.ready, self.answers()).await.is_ok() {
            self.falls_silent().await;
        }
    }

    /// Wait until an engine that answered does no more.
    async fn falls_silent(&self) {
        let mut misses = 0;
        while misses < MISSES {
            sleep(self.timing.probe).await;
            misses = if self.is_there().await { 0 } else { misses + 1 };
        }
    }

    async fn answers(&self) {
        let begun = Instant::now();
        while !self.is_there().await {
            sleep(self.timing.probe / 20).await;
        }
        tracing::info!("the local engine answers after {:.1?}", begun.elapsed());
    }

    async fn is_there(&self) -> bool {
        matches!(self.engine.version().await, Ok(_) | Err(Error::Refused(_)))
    }
}

/// A process and all that it started, which end with this.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // Nobody left to signal is what is wanted.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// When the process may be started again.
#[derive(Debug)]
struct Budget {
    timing: Timing,
    /// The starts again of the last period.
    restarts: VecDeque<Instant>,
}

impl Budget {
    fn new(timing: &Timing) -> Self {
        Self { timing: timing.clone(), restarts: VecDeque::new() }
    }

    /// How long to wait before the next start again, which is counted.
    fn pause(&mut self, now: Instant) -> Duration {
        let period = self.timing.period;
        self.restarts.retain(|at| now.saturating_duration_since(*at) < period);
        let doubled = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX).min(16);
        let mut at = now + self.timing.pause * 2u32.pow(doubled);
        if self.restarts.len() >= self.timing.restarts
            && let Some(oldest) = self.restarts.pop_front()
        {
            at = at.max(oldest + period);
        }
        self.restarts.push_back(at);
        at - now
    }
}

/// The file that the process prints to, in two generations.
struct Log {
    path: PathBuf,
    file: Option<tokio::fs::File>,
    size: u64,
}

impl Log {
    /// Without a file, what is printed is read and lost: the engine goes on.
    async fn open(path: PathBuf) -> Self {
        let file = tokio::fs::OpenOptions::new().create(true).append(true).open(&path).await;
        let file = file.inspect_err(|error| tracing::warn!("{}: {error}", path.display())).ok();
        let size = tokio::fs::metadata(&path).await.map_or(0, |data| data.len());
        Self { path, file, size }
    }

    /// Write down what both pipes bring, until both end.
    async fn keep(&mut self, output: Option<impl AsyncRead + Unpin>, errors: Option<impl AsyncRead + Unpin>) {
        let (mut output, mut errors) = (output, errors);
        let (mut out, mut err) = ([0; 4096], [0; 4096]);
        while output.is_some() || errors.is_some() {
            let count = tokio::select! {
                count = read(&mut output, &mut out) => Ok(count),
                count = read(&mut errors, &mut err) => Err(count),
            };
            match count {
                Ok(count) => self.write(&out[..count]).await,
                Err(count) => self.write(&err[..count]).await,
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) {
        if self.size + bytes.len() as u64 > MAX_LOG {
            let before = self.path.with_extension("log.1");
            // What fails here shows when the file is opened.
            let _ = tokio::fs::rename(&self.path, before).await;
            *self = Self::open(self.path.clone()).await;
        }
        if let Some(file) = &mut self.file
            && file.write_all(bytes).await.is_ok()
        {
            let _ = file.flush().await;
            self.size += bytes.len() as u64;
        }
    }
}

/// The next bytes of a pipe, none at its end; behind that it is not there any more. Safe to drop half done.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, bytes: &mut [u8]) -> usize {
    let Some(open) = pipe else { return std::future::pending().await };
    let count = open.read(bytes).await.unwrap_or(0);
    if count == 0 {
        *pipe = None;
    }
    count
}

#[cfg(test)]
mod tests {
    use acestream::fake::{Fake, FakeConfig};
    use tokio_util::task::TaskTracker;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    fn local(folder: &std::path::Path, script: &str, timing: Timing) -> Local {
        let engine = Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();
        let command = ["sh", "-c", script].map(str::to_owned).into();
        Local { timing, ..Local::new(command, engine, folder) }
    }

    fn quick() -> Timing {
        let probe = Duration::from_millis(20);
        Timing { ready: LIMIT, probe, pause: probe, stop: Duration::from_millis(200), ..Timing::default() }
    }

    /// Wait until the log has `count` lines.
    async fn lines(folder: &std::path::Path, count: usize) -> String {
        let polled = async {
            loop {
                let text = std::fs::read_to_string(folder.join(LOG)).unwrap_or_default();
                if text.lines().count() >= count {
                    return text;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, polled).await.unwrap()
    }

    fn is_alive(process: &str) -> bool {
        let state = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        !state.is_empty() && !state.contains(") Z ")
    }

    #[test]
    fn a_process_that_keeps_ending_is_started_three_times_an_hour_with_growing_pauses() {
        let mut budget = Budget::new(&Timing::default());
        let mut now = Instant::now();
        let begun = now;
        let mut next = || {
            let pause = budget.pause(now);
            now += pause;
            pause.as_secs()
        };

        assert_eq!([next(), next(), next()], [1, 2, 4]);
        assert_eq!(next(), 3600 - 6, "an hour after the first");
        assert!(now >= begun + Duration::from_secs(3600));
    }

    #[tokio::test]
    async fn a_process_that_ends_is_started_again_and_what_it_prints_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let local = local(folder.path(), "echo started; echo failed >&2; sleep 0.05; exit 3", quick());

        let running = TaskTracker::new().spawn(local.run(cancel.clone()));
        let text = lines(folder.path(), 4).await;
        cancel.cancel();

        running.await.unwrap();
        assert_eq!(text.matches("started").count(), 2);
        assert!(text.contains("failed"));
    }

    #[tokio::test]
    async fn what_a_process_says_before_it_dies_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let script = "echo begins; head -c 200000 /dev/zero | tr '\\0' x | fold -w 99; echo; echo its last words; exit 3";

        let running = TaskTracker::new().spawn(local(folder.path(), script, quick()).run(cancel.clone()));
        let again = async {
            while std::fs::read_to_string(folder.path().join(LOG))
                .unwrap_or_default()
                .matches("begins")
                .count()
                < 2
            {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, again).await.unwrap();
        cancel.cancel();
        running.await.unwrap();

        let text = std::fs::read_to_string(folder.path().join(LOG)).unwrap();
        assert!(text.contains("its last words\nbegins\n"), "{} bytes", text.len());
    }

    #[tokio::test]
    async fn no_engine_is_started_beside_one_that_answers_already() {
        let folder = tempfile::tempdir().unwrap();
        let fake = Fake::start(FakeConfig::default()).await.unwrap();
        let (engine, cancel) = (Engine::new(fake.base()).unwrap(), CancellationToken::new());
        let local = Local { engine, ..local(folder.path(), "echo started", quick()) };

        let running = TaskTracker::new().spawn(local.run(cancel.clone()));
        let asked = async {
            while fake.requests() < 10 {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, asked).await.unwrap();
        assert!(!folder.path().join(LOG).exists(), "one was started");

        fake.down().await;
        lines(folder.path(), 1).await;
        cancel.cancel();
        running.await.unwrap();
        fake.shutdown().await;
    }

    #[tokio::test]
    async fn the_process_ends_with_us_and_takes_what_it_started_along() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        // Both ignore the polite signal.
        let script =
            "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & echo $$; wait; wait";
        let running = TaskTracker::new().spawn(local(folder.path(), script, quick()).run(cancel.clone()));
        let processes = lines(folder.path(), 2).await;

        cancel.cancel();
        running.await.unwrap();

        let gone = async {
            while processes.lines().any(is_alive) {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_process_that_never_answers_is_ended_and_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        let timing = Timing { ready: Duration::from_millis(100), ..quick() };
        let local = local(folder.path(), "echo started; exec sleep 1000", timing);

        let running = TaskTracker::new().spawn(local.run(cancel.clone()));
        lines(folder.path(), 2).await;
        cancel.cancel();

        running.await.unwrap();
    }

    #[tokio::test]
    async fn a_log_that_is_full_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(LOG);
        let mut log = Log::open(path.clone()).await;

        for _ in 0..3 {
            log.write(&vec![b'x'; usize::try_from(MAX_LOG).unwrap() / 2]).await;
        }
        log.write(b"last").await;

        let size = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
        assert!(size(&path) < MAX_LOG && size(&folder.path().join("engine.log.1")) <= MAX_LOG);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
