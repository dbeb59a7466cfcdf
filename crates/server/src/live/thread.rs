//! The thread on which streams run.

use std::{
    io,
    thread::{self, JoinHandle},
};

use tokio::{
    runtime::{Builder, EnterGuard, Handle, Runtime},
    sync::oneshot,
};

/// One thread for all streams, with a runtime of its own, beside those that answer requests.
///
/// A stream takes half a thousandth of a core, in small pieces, and all of them at the same tick: on several threads
/// they would wake one another, and find what they know in another core's cache. That costs more than the work.
#[derive(Debug)]
pub struct Thread {
    handle: Handle,
    /// Dropped, it ends the thread, and with it whatever runs there.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Thread {
    /// Begin it.
    ///
    /// # Errors
    ///
    /// The system has no thread, or no descriptors, to give.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("streams".to_owned()).spawn(|| run(runtime, stopped))?;
        Ok(Self { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// As long as the guard lives, who asks for the current runtime is given that of this thread.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }
}

impl Drop for Thread {
    /// Wait until nothing runs there any more.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(runtime: Runtime, stopped: oneshot::Receiver<()>) {
    let _ = runtime.block_on(stopped);
    // What still reads a file on the blocking pool keeps nobody.
    runtime.shutdown_background();
}

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;

    #[tokio::test]
    async fn what_is_begun_there_runs_there_and_ends_with_it() {
        let thread = Thread::start().unwrap();
        let (tell, told) = oneshot::channel();
        let runs = async {
            tell.send(thread::current().name().map(str::to_owned)).unwrap();
            std::future::pending::<()>().await;
        };
        let there = {
            let _there = thread.enter();
            Handle::current()
        };
        let runs = TaskTracker::new().spawn_on(runs, &there);

        assert_eq!(told.await.unwrap().as_deref(), Some("streams"));
        drop(thread);
        assert!(runs.await.unwrap_err().is_cancelled());
    }
}
