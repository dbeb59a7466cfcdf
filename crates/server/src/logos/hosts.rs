//! The hosts that logos come from: a few files of each at once, so that one that is slow leaves places to others, and none
//! for a while from one that did not answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// So many files are asked of one host at once.
const PLACES: usize = 4;

/// So long a host that did not answer is not asked again.
pub(super) const AWAY: Duration = Duration::from_secs(120);

/// When so many are known, those that nobody asks are forgotten.
const KNOWN: usize = 1024;

/// The hosts that are being asked, or were not long ago.
#[derive(Debug, Default)]
pub(super) struct Hosts(Mutex<HashMap<String, Arc<Host>>>);

/// One of them.
#[derive(Debug)]
pub(super) struct Host {
    places: Semaphore,
    away_until: Mutex<Option<Instant>>,
}

impl Default for Host {
    fn default() -> Self {
        Self { places: Semaphore::new(PLACES), away_until: Mutex::default() }
    }
}

impl Hosts {
    pub(super) fn host(&self, origin: &str) -> Arc<Host> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= KNOWN && !hosts.contains_key(origin) {
            hosts.retain(|_, host| Arc::strong_count(host) > 1);
        }
        Arc::clone(hosts.entry(origin.to_owned()).or_default())
    }
}

impl Host {
    /// Wait for a place; there is none while the host is away.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let place = self.places.acquire().await.ok()?;
        // Those who asked before us may have found out.
        let until = *self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_none_or(|until| until <= Instant::now()).then_some(place)
    }

    pub(super) fn did_not_answer(&self) {
        *self.away_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + AWAY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_host_has_few_places_and_another_has_its_own() {
        let hosts = Hosts::default();
        let slow = hosts.host("http://slow.example");
        let mut held = Vec::new();
        for _ in 0..PLACES {
            held.push(slow.turn().await.unwrap());
        }

        let again = hosts.host("http://slow.example");
        assert!(tokio::time::timeout(AWAY, again.turn()).await.is_err());
        assert!(hosts.host("http://other.example").turn().await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_host_learns_that_it_is_away() {
        let host = Host::default();
        let mut held = Vec::new();
        for _ in 0..PLACES {
            held.push(host.turn().await.unwrap());
        }

        let (waited, ()) = tokio::join!(host.turn(), async {
            host.did_not_answer();
            held.clear();
        });

        assert!(waited.is_none());
        tokio::time::advance(AWAY).await;
        assert!(host.turn().await.is_some());
    }

    #[test]
    fn hosts_that_nobody_asks_are_forgotten() {
        let hosts = Hosts::default();
        let asked = hosts.host("http://asked.example");
        for number in 0..KNOWN * 3 {
            hosts.host(&format!("http://{number}.example"));
        }

        assert!(hosts.0.lock().unwrap().len() <= KNOWN);
        assert!(Arc::ptr_eq(&asked, &hosts.host("http://asked.example")));
    }
}
