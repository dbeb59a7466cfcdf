//! A stream's own entries in the directory: the names it plays by, and the swarms it claims.

use std::sync::Arc;

use acestream::{ContentId, Infohash};

use super::{Stream, directory::Directory, hub::Inner};

/// A stream's place in the directory, given up when its task ends, however it ends.
pub(super) struct Listing {
    pub(super) hub: Arc<Inner>,
    pub(super) stream: Stream,
}

/// Who plays a swarm.
#[derive(Debug)]
pub(super) enum Claim {
    /// Who asked, from now on.
    Ours,
    /// Who asked, as soon as this stream, which ended, let go of the swarm.
    After(Stream),
    /// Another stream.
    Taken,
}

impl Listing {
    /// The stream fails for good: who asks for it in the next seconds need not ask the engine.
    pub(super) fn remember_failure(&self) {
        self.hub.with_directory(|directory| directory.failures.remember(self.stream.clone()));
    }

    /// The stream plays the swarm `infohash` no more: who wants that one gets another stream.
    pub(super) fn unclaim(&self, infohash: &Infohash) {
        self.hub.with_directory(|directory| self.take_back(directory, infohash));
    }

    fn take_back(&self, directory: &mut Directory, infohash: &Infohash) {
        let name = ContentId::from(infohash);
        if directory.names.get(&name).is_some_and(|listed| listed.same(&self.stream)) {
            directory.names.remove(&name);
        }
    }

    /// What was offered to this stream is of use to the one that plays the swarm `infohash`.
    pub(super) fn hand_over(&self, infohash: &Infohash, alternatives: &[ContentId]) {
        let player = self.hub.with_directory(|directory| directory.names.get(&infohash.into()).cloned());
        if let Some(player) = player {
            player.offer(alternatives);
        }
    }

    /// The stream does not wait any longer until `before` lets go of the swarm `infohash`: others may, as before.
    pub(super) fn give_back(&self, infohash: &Infohash, before: &Stream) {
        self.hub.with_directory(|directory| {
            self.take_back(directory, infohash);
            if directory.streams.iter().any(|listed| listed.same(before)) {
                directory.names.entry(infohash.into()).or_insert_with(|| before.clone());
            }
        });
    }

    /// Claim the swarm `infohash` for this stream.
    pub(super) fn claim(&self, infohash: &Infohash) -> Claim {
        let name = ContentId::from(infohash);
        self.hub.with_directory(|directory| {
            let other = directory.names.get(&name).filter(|other| !other.same(&self.stream)).cloned();
            match other {
                Some(other) if !other.is_over() => Claim::Taken,
                other => {
                    directory.names.insert(name, self.stream.clone());
                    other.map_or(Claim::Ours, Claim::After)
                }
            }
        })
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        // A newer stream may have taken a name already: `remove` leaves that one alone.
        self.hub.with_directory(|directory| directory.remove(&self.stream));
    }
}
