//! Segment numbers that are never used twice.
//!
//! Segments are served as immutable for a year, so a number must not name two different ones, not even
//! over a restart. A stream's first number is the Unix time, as with FFmpeg's `epoch` start: segments last
//! longer than a second, so the clock outruns the numbers. Where it does not (the burst an engine sends
//! first, a clock that is set back), a high-water mark does: kept in the storage folder and raised there
//! before a number beyond it is published.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync,
    time::{Instant, timeout},
};

/// The mark's file in the storage folder: a decimal number.
const FILE: &str = "media-sequence";

/// The mark runs ahead of use by this many numbers, so that it is written every few minutes only.
const AHEAD: u64 = 60;

/// A mark that could not be written is tried again after this long: every stream asks with every segment, and a
/// full disk does not get better by that.
const WRITE_AGAIN: Duration = Duration::from_secs(5);

/// How long a mark may take to be written: the folder of a storage that went away hangs.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// A mark beyond this is no sequence number any process came to in a lifetime: the file is damaged.
const MAX_MARK: u64 = 1 << 53;

/// Hands out segment numbers; shared by all streams of a process.
#[derive(Debug, Clone)]
pub struct Numbers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// The highest number in use, or that an earlier process may have used.
    used: AtomicU64,
    /// The mark in the file. Locked while it is written, which happens on the blocking pool, also when nobody waits
    /// for that any more.
    written: Arc<sync::Mutex<u64>>,
    /// A copy of `written` for those who only look.
    mark: AtomicU64,
    /// When writing last failed, until it works again. Locked to look or to note, not while writing.
    failed: Mutex<Option<Instant>>,
}

impl Numbers {
    /// The numbers that follow those used by earlier processes with this storage folder.
    ///
    /// A file that holds no number is logged, and the clock alone decides.
    ///
    /// # Errors
    ///
    /// The mark's file is there and cannot be read, or cannot be written.
    pub async fn load(storage: &Path) -> io::Result<Self> {
        let path = storage.join(FILE);
        let mark = match tokio::fs::read(&path).await {
            Ok(text) => parse(&text).unwrap_or_else(|| {
                tracing::warn!(path = %path.display(), "{} holds no number: starting from the clock", path.display());
                0
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(at("reading the last segment number from", &path, &error)),
        };
        // Better told now than when the first segment is due.
        let mark_file = path.clone();
        tokio::task::spawn_blocking(move || write_whole(&mark_file, mark))
            .await
            .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
            .map_err(|error| at("writing the last segment number to", &path, &error))?;
        Ok(Self(Arc::new(Inner {
            path,
            used: AtomicU64::new(mark),
            written: Arc::new(sync::Mutex::new(mark)),
            mark: AtomicU64::new(mark),
            failed: Mutex::default(),
        })))
    }

    /// The number a new stream begins with.
    pub(super) fn first(&self) -> u64 {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.first_at(clock)
    }

    fn first_at(&self, clock: u64) -> u64 {
        clock.max(self.0.used.load(Ordering::Acquire).saturating_add(1))
    }

    /// `number` is about to be published: returns once a restart would know.
    ///
    /// A mark that cannot be written is logged, once, and does not keep anybody from watching: the clock still
    /// keeps numbers apart in all but a burst. It is tried again every few seconds. A folder that hangs is one that
    /// cannot be written, after 2 s; nobody waits for it again.
    pub(super) async fn publish(&self, number: u64) {
        self.0.used.fetch_max(number, Ordering::AcqRel);
        if number <= self.0.mark.load(Ordering::Acquire) || self.failed_lately() {
            return;
        }
        let outcome = timeout(WRITE_LIMIT, self.raised(number)).await;
        self.note(number, outcome.unwrap_or_else(|_| Err(hangs())));
    }

    /// Raise the file's mark beyond `number`: one at a time, so that a folder that hangs holds one thread up and no
    /// more.
    async fn raised(&self, number: u64) -> io::Result<()> {
        let written = match Arc::clone(&self.0.written).try_lock_owned() {
            Ok(written) => written,
            Err(_) if self.failed().is_some() => {
                return Err(hangs());
            }
            Err(_) => Arc::clone(&self.0.written).lock_owned().await,
        };
        let numbers = self.clone();
        let raised = tokio::task::spawn_blocking(move || numbers.raise(number, written)).await;
        raised.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
    }

    fn failed_lately(&self) -> bool {
        self.failed().is_some_and(|at| at.elapsed() < WRITE_AGAIN)
    }

    /// Log what changed: from good to bad or back.
    fn note(&self, number: u64, outcome: io::Result<()>) {
        let failed = outcome.as_ref().err().map(|_| Instant::now());
        let before = std::mem::replace(&mut *self.failed(), failed);
        let path = self.0.path.display();
        match outcome {
            Err(error) if before.is_none() => {
                tracing::error!(%path, number, "cannot write the last segment number to {path}: {error}");
            }
            Ok(()) if before.is_some() => {
                tracing::info!(%path, number, "the last segment number is written to {path} again");
            }
            Ok(()) | Err(_) => {}
        }
    }

    fn failed(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raise the file's mark beyond `number`. Blocks.
    fn raise(&self, number: u64, mut written: sync::OwnedMutexGuard<u64>) -> io::Result<()> {
        if number <= *written {
            return Ok(());
        }
        let mark = number.saturating_add(AHEAD);
        write_whole(&self.0.path, mark)?;
        *written = mark;
        self.0.mark.store(mark, Ordering::Release);
        Ok(())
    }
}

fn hangs() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the folder hangs")
}

/// `error`, and what met it where.
fn at(doing: &str, path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{doing} {}: {error}", path.display()))
}

fn parse(text: &[u8]) -> Option<u64> {
    let mark = str::from_utf8(text).ok()?.trim().parse().ok()?;
    (mark <= MAX_MARK).then_some(mark)
}

/// The file holds the old number or the new one, at any moment, also when the power fails.
fn write_whole(path: &Path, mark: u64) -> io::Result<()> {
    use io::Write;

    let temporary = path.with_extension("new");
    // Somebody may have removed the folder meanwhile.
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::File::create(&temporary)?;
    writeln!(file, "{mark}")?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, path)?;
    // The new name is an entry of the folder, which has a time of its own to reach the disk.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const CLOCK: u64 = 1_800_000_000;

    #[tokio::test]
    async fn a_new_stream_begins_at_the_unix_time() {
        let storage = tempfile::tempdir().unwrap();

        let numbers = Numbers::load(storage.path()).await.unwrap();

        assert_eq!(numbers.first_at(CLOCK), CLOCK);
    }

    #[tokio::test]
    async fn a_burst_that_outran_the_clock_is_not_repeated_after_a_restart() {
        let storage = tempfile::tempdir().unwrap();
        let before = Numbers::load(storage.path()).await.unwrap();
        before.publish(CLOCK + 500).await;

        let after = Numbers::load(storage.path()).await.unwrap();

        assert!(after.first_at(CLOCK) > CLOCK + 500);
    }

    #[tokio::test]
    async fn a_clock_set_back_does_not_bring_numbers_back() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        numbers.publish(CLOCK).await;

        assert_eq!(numbers.first_at(CLOCK - 3600), CLOCK + 1);
        let restarted = Numbers::load(storage.path()).await.unwrap();
        assert!(restarted.first_at(CLOCK - 3600) > CLOCK);
    }

    #[tokio::test]
    async fn every_published_number_is_below_the_mark_in_the_file() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();

        for number in CLOCK..CLOCK + 200 {
            numbers.publish(number).await;
            let mark = parse(&std::fs::read(storage.path().join(FILE)).unwrap()).unwrap();
            assert!(mark >= number, "{number} is out, the file says {mark}");
        }
    }

    #[tokio::test]
    async fn numbers_below_the_mark_cost_no_write() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        numbers.publish(CLOCK).await;
        std::fs::remove_file(storage.path().join(FILE)).unwrap();

        numbers.publish(CLOCK + AHEAD).await;

        assert!(!storage.path().join(FILE).exists());
    }

    #[tokio::test]
    async fn a_damaged_file_leaves_the_clock_in_charge() {
        for damaged in ["", "twelve", "-1", "99999999999999999999999", "18446744073709551615", "\u{0}"] {
            let storage = tempfile::tempdir().unwrap();
            std::fs::write(storage.path().join(FILE), damaged).unwrap();

            let numbers = Numbers::load(storage.path()).await.unwrap();

            assert_eq!(numbers.first_at(CLOCK), CLOCK, "{damaged:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_an_error_with_its_path() {
        let storage = tempfile::tempdir().unwrap();
        std::fs::create_dir(storage.path().join(FILE)).unwrap();

        let error = Numbers::load(storage.path()).await.unwrap_err();

        assert!(error.to_string().contains(FILE), "{error}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_an_error_at_once() {
        let storage = tempfile::tempdir().unwrap();
        // Nobody, not even root, makes a file where a folder stands.
        std::fs::create_dir(storage.path().join(FILE).with_extension("new")).unwrap();

        let error = Numbers::load(storage.path()).await.unwrap_err();

        assert!(error.to_string().starts_with("writing"), "{error}");
    }

    #[tokio::test]
    async fn a_mark_that_cannot_be_written_keeps_nobody_from_watching() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        std::fs::create_dir(storage.path().join(FILE).with_extension("new")).unwrap();

        numbers.publish(CLOCK).await;

        assert_eq!(numbers.first_at(CLOCK), CLOCK + 1);
    }

    #[tokio::test]
    async fn a_folder_that_went_away_is_made_again() {
        let storage = tempfile::tempdir().unwrap();
        let folder = storage.path().join("storage");
        std::fs::create_dir(&folder).unwrap();
        let numbers = Numbers::load(&folder).await.unwrap();
        std::fs::remove_dir_all(&folder).unwrap();

        numbers.publish(CLOCK).await;

        let restarted = Numbers::load(&folder).await.unwrap();
        assert_eq!(restarted.first_at(CLOCK), CLOCK + AHEAD + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_mark_that_could_not_be_written_is_tried_again_after_a_while_and_not_at_once() {
        let storage = tempfile::tempdir().unwrap();
        let in_the_way = storage.path().join(FILE).with_extension("new");
        let numbers = Numbers::load(storage.path()).await.unwrap();
        std::fs::create_dir(&in_the_way).unwrap();
        numbers.publish(CLOCK).await;
        std::fs::remove_dir(&in_the_way).unwrap();
        std::fs::remove_file(storage.path().join(FILE)).unwrap();

        numbers.publish(CLOCK + 1).await;
        assert!(!storage.path().join(FILE).exists(), "written at once");
        advance(WRITE_AGAIN).await;
        numbers.publish(CLOCK + 2).await;

        let restarted = Numbers::load(storage.path()).await.unwrap();
        assert!(restarted.first_at(CLOCK) > CLOCK + 2);
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_folder_that_hangs_is_waited_for_once_and_holds_nobody_up_then() {
        let storage = tempfile::tempdir().unwrap();
        let numbers = Numbers::load(storage.path()).await.unwrap();
        // To open a pipe for writing takes until somebody reads from it.
        let pipe = storage.path().join(FILE).with_extension("new");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());

        tokio::join!(numbers.publish(CLOCK), advance(WRITE_LIMIT));
        numbers.publish(CLOCK + 1).await;
        advance(WRITE_AGAIN).await;
        numbers.publish(CLOCK + 2).await;

        assert_eq!(numbers.first_at(CLOCK), CLOCK + 3);
        std::fs::File::open(&pipe).unwrap();
    }
}
