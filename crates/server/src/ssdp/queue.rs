//! Answers that wait for their time, and the limit on how many there are.

use std::{net::SocketAddr, time::Duration};

use tokio::time::Instant;

/// So many answers wait at once, at most.
const MAX_PLANNED: usize = 64;
/// So many answers may be given at once, and one more each [`EVERY`].
const BURST: u32 = 60;
const EVERY: Duration = Duration::from_millis(100);

/// An answer that is to be given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Planned {
    at: Instant,
    pub(super) asker: SocketAddr,
    pub(super) target: String,
}

/// Answers to be given, each at a time of its own.
#[derive(Debug)]
pub(super) struct Queue {
    planned: Vec<Planned>,
    /// Answers that may still be given.
    left: u32,
    /// Since when the next one is being waited for.
    since: Instant,
}

impl Queue {
    pub(super) fn new(now: Instant) -> Self {
        Self { planned: Vec::new(), left: BURST, since: now }
    }

    /// Plan an answer, unless there are too many, or the same one is planned: who looks asks several times.
    pub(super) fn add(&mut self, now: Instant, at: Instant, asker: SocketAddr, target: String) {
        self.refill(now);
        let is_planned = |planned: &Planned| planned.asker == asker && planned.target == target;
        if self.left == 0 || self.planned.len() >= MAX_PLANNED || self.planned.iter().any(is_planned) {
            return;
        }
        self.left -= 1;
        self.planned.push(Planned { at, asker, target });
    }

    /// When the next answer is to be given.
    pub(super) fn next(&self) -> Option<Instant> {
        self.planned.iter().map(|planned| planned.at).min()
    }

    /// An answer whose time has come.
    pub(super) fn take(&mut self, now: Instant) -> Option<Planned> {
        let due = self.planned.iter().position(|planned| planned.at <= now)?;
        Some(self.planned.swap_remove(due))
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        let more = u32::try_from(passed.as_millis() / EVERY.as_millis()).unwrap_or(u32::MAX);
        if more >= BURST - self.left {
            (self.left, self.since) = (BURST, now);
        } else {
            self.left += more;
            self.since += EVERY * more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 168, 1, 2], port))
    }

    fn given(queue: &mut Queue, now: Instant) -> usize {
        std::iter::from_fn(|| queue.take(now)).count()
    }

    #[test]
    fn an_answer_waits_for_its_time() {
        let now = Instant::now();
        let (soon, later) = (now + Duration::from_secs(1), now + Duration::from_secs(2));
        let mut queue = Queue::new(now);
        queue.add(now, later, asker(2000), "b".to_owned());
        queue.add(now, soon, asker(2000), "a".to_owned());

        assert_eq!((queue.next(), queue.take(now)), (Some(soon), None));
        assert_eq!(queue.take(soon).map(|planned| planned.target).as_deref(), Some("a"));
        assert_eq!((queue.next(), queue.take(soon)), (Some(later), None));
    }

    #[test]
    fn who_asks_again_meanwhile_is_answered_once() {
        let now = Instant::now();
        let mut queue = Queue::new(now);

        for port in [2000, 2000, 2001] {
            queue.add(now, now, asker(port), "a".to_owned());
        }

        assert_eq!(given(&mut queue, now), 2);
    }

    #[test]
    fn however_many_ask_few_answers_are_given() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        let mut ask = |now| {
            for port in 2000..3000 {
                queue.add(now, now, asker(port), "a".to_owned());
            }
            given(&mut queue, now)
        };

        assert_eq!((ask(now), ask(now)), (60, 0));
        assert_eq!(ask(now + Duration::from_millis(1050)), 10);
        assert_eq!(ask(now + Duration::from_millis(1100)), 1);
        assert_eq!(ask(now + Duration::from_secs(3600)), 60);
    }

    #[test]
    fn answers_that_wait_are_few_for_however_long_they_do() {
        let now = Instant::now();
        let far = now + Duration::from_secs(36_000);
        let mut queue = Queue::new(now);

        for second in 0..200 {
            queue.add(now + Duration::from_secs(second), far, asker(2000), second.to_string());
        }

        assert_eq!(given(&mut queue, far), MAX_PLANNED);
    }
}
