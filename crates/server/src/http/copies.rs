//! Copies of segments that many fetch, in files in memory, from which the kernel sends by itself: see `outgoing`.
//!
//! What one viewer fetches is copied once, into the buffer of a socket. Of what hundreds fetch, the pages of a file go to
//! all sockets as they are, for one copy more.

use std::{
    fs::File,
    io::Write as _,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use hls::Segment;
use rustix::fs::{MemfdFlags, memfd_create};
use tokio::task::spawn_blocking;

/// The third who fetches a segment has the copy made, for those who come then. Before, it might have been for nobody.
const MANY: u32 = 3;

/// All copies together take no more than this: 64 MB, the newest segment or two of some twenty channels.
const MOST: usize = 64 << 20;

/// How many bytes the copies have.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// How often a segment was fetched, and the copy of it.
#[derive(Default)]
struct Fetched {
    times: AtomicU32,
    copy: OnceLock<Arc<SegmentFile>>,
}

/// A segment in a file.
#[derive(Debug)]
pub(super) struct SegmentFile {
    pub(super) file: File,
    len: usize,
}

impl SegmentFile {
    /// The copy of `segment`, which is being fetched once more; if there is one.
    pub(super) fn of(segment: &Arc<Segment>) -> Option<Arc<Self>> {
        let fetched = segment.extra.get::<Fetched>()?;
        if fetched.times.fetch_add(1, Relaxed) + 1 == MANY {
            // Megabytes, which would keep others waiting here; nobody waits for it.
            let segment = Arc::clone(segment);
            spawn_blocking(move || Self::keep(&segment));
        }
        fetched.copy.get().cloned()
    }

    /// Make the copy of `segment` and keep it with it, if there is room for one.
    fn keep(segment: &Segment) {
        let copy = Self::make(segment.chunks(), segment.len(), MOST);
        if let Some((fetched, copy)) = segment.extra.get::<Fetched>().zip(copy) {
            let _ = fetched.copy.set(Arc::new(copy));
        }
    }

    /// None where all copies would have more than `most` bytes, or the system refuses.
    fn make<'a>(mut chunks: impl Iterator<Item = &'a Bytes>, len: usize, most: usize) -> Option<Self> {
        let file = memfd_create("segment", MemfdFlags::CLOEXEC).ok()?.into();
        let others = HELD.fetch_add(len, Relaxed);
        // From here on, dropping it counts it out.
        let copy = Self { file, len };
        let fits = others + len <= most;
        (fits && chunks.try_for_each(|chunk| (&copy.file).write_all(chunk)).is_ok()).then_some(copy)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[cfg(test)]
    pub(super) fn holding(media: &[u8]) -> Arc<Self> {
        Arc::new(Self::make([Bytes::copy_from_slice(media)].iter(), media.len(), usize::MAX).unwrap())
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        HELD.fetch_sub(self.len, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use hls::Packager;

    use super::*;

    fn segment() -> Arc<Segment> {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
        let mut packager = Packager::new(hls::Config::default(), 1);
        packager.push(&std::fs::read(clip).unwrap().into());
        packager.window().segment(1).map(Arc::clone).unwrap()
    }

    #[tokio::test]
    async fn the_third_who_fetches_has_the_copy_made_and_it_goes_with_the_segment() {
        let segment = segment();

        assert!((0..2).all(|_| SegmentFile::of(&segment).is_none()));
        let copy = soon(|| SegmentFile::of(&segment)).await;
        assert_eq!(copy.file.metadata().unwrap().len(), segment.len() as u64);
        let kept = Arc::downgrade(&copy);
        drop(copy);
        assert!(kept.upgrade().is_some());

        drop(segment);
        // Who made it may not have let go of the segment yet.
        soon(|| kept.upgrade().is_none().then_some(())).await;
    }

    /// What `look` finds before long.
    async fn soon<T>(look: impl Fn() -> Option<T>) -> T {
        let found = async {
            loop {
                match look() {
                    Some(found) => return found,
                    None => tokio::task::yield_now().await,
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), found).await.unwrap()
    }

    #[test]
    fn where_copies_would_take_more_than_they_may_none_is_made() {
        let media = [Bytes::from_static(&[1; 1_000])];

        assert!(SegmentFile::make(media.iter(), 1_000, 999).is_none());
        assert!(SegmentFile::make(media.iter(), 1_000, usize::MAX).is_some());
    }
}
