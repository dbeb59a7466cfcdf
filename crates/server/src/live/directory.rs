//! Which streams there are, by what names, and which of them gives way where there is no room.

use std::collections::HashMap;

use acestream::ContentId;

use super::{
    Stream,
    aliases::Aliases,
    failures::Failures,
    memory::{self, Needs},
};

/// Who plays what. Locked for a few lines, never while waiting.
#[derive(Default)]
pub(super) struct Directory {
    /// By every name a stream has: the ID it was tuned by and the infohash it found.
    pub(super) names: HashMap<ContentId, Stream>,
    /// Each stream once.
    pub(super) streams: Vec<Stream>,
    pub(super) aliases: Aliases,
    pub(super) failures: Failures,
}

impl Directory {
    /// The stream that plays `id`, under this name or by what the ID is known to mean; else the one that
    /// did last and is not gone yet.
    pub(super) fn find(&self, id: &ContentId) -> Option<&Stream> {
        let by_name = self.names.get(id);
        if by_name.is_some_and(|stream| !stream.is_over()) {
            return by_name;
        }
        let infohash = self.aliases.get(id).map(|alias| ContentId::from(&alias.infohash));
        let by_swarm = infohash.and_then(|infohash| self.names.get(&infohash));
        by_swarm.filter(|stream| !stream.is_over()).or(by_name).or(by_swarm)
    }

    /// Whether a stream may begin, if need be in the place of one that its viewers left. As many again may be
    /// ending: each keeps its last segments until the engine answered, which takes a minute at worst.
    pub(super) fn makes_room(&self, limit: usize) -> bool {
        if self.streams.len() >= limit.saturating_mul(2) {
            return false;
        }
        self.playing().count() < limit || self.dismiss_one(|_| true).is_some()
    }

    /// Whether one more stream fits into `total` bytes, if need be in the place of those that their viewers left.
    pub(super) fn fits_one_more(&self, total: usize) -> bool {
        loop {
            let needs: Vec<Needs> = self.playing().map(Stream::needs).collect();
            if memory::fits_one_more(total, &needs) {
                return true;
            }
            if self.dismiss_one(|_| true).is_none() {
                return false;
            }
        }
    }

    /// How many more streams have room where `streams` may play and hold `total` bytes, though none gives way.
    pub(super) fn room(&self, streams: usize, total: usize) -> usize {
        let needs: Vec<Needs> = self.playing().map(Stream::needs).collect();
        if memory::fits_one_more(total, &needs) { streams.saturating_sub(needs.len()) } else { 0 }
    }

    /// Give up the stream that would end first of those that their viewers left and that `may` go. None when there
    /// is none.
    pub(super) fn dismiss_one(&self, may: impl Fn(&Stream) -> bool) -> Option<&Stream> {
        let mut playing: Vec<&Stream> = self.playing().filter(|stream| may(stream)).collect();
        playing.sort_by_cached_key(|stream| stream.ends_at());
        playing.into_iter().find(|stream| stream.dismiss())
    }

    fn playing(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|stream| !stream.is_ending())
    }

    pub(super) fn remove(&mut self, stream: &Stream) {
        self.names.retain(|_, listed| !listed.same(stream));
        self.streams.retain(|listed| !listed.same(stream));
    }
}
