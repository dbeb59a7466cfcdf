//! Copies of segments that many fetch, in files in memory: the kernel sends from them by itself.
//!
//! What one viewer fetches is copied once, into the buffer of a socket. Of what hundreds fetch, the pages of a file go to
//! all sockets as they are (sendfile(2)), for one copy more.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fs::File,
    io::{self, Write as _},
    ops::Range,
    os::fd::AsFd,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use hls::Segment;
use http_body::{Body, Frame, SizeHint};
use rustix::fs::{MemfdFlags, memfd_create, sendfile};

/// Who fetches a segment as the third makes the copy. Before, it might have been for nobody.
const MANY: u32 = 3;

/// All copies together take no more than this: 64 MB, the newest segment or two of some twenty channels.
const MOST: usize = 64 << 20;

/// How many bytes the copies have.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// What hyper is given in place of a file's bytes. Its pages are never touched: [`Outgoing`] knows it by its address.
static STAND_IN: [u8; 1 << 20] = [0; 1 << 20];

/// How often a segment was fetched, and the copy of it.
#[derive(Default)]
struct Fetched {
    times: AtomicU32,
    copy: OnceLock<Arc<Copy>>,
}

/// A segment in a file.
#[derive(Debug)]
pub(super) struct Copy {
    file: File,
    len: usize,
}

impl Copy {
    /// The copy of `segment`, which is being fetched once more; if there is one.
    pub(super) fn of(segment: &Segment) -> Option<Arc<Self>> {
        let fetched = segment.extra.get::<Fetched>()?;
        if fetched.times.fetch_add(1, Relaxed) + 1 == MANY
            && let Some(copy) = Self::make(segment, MOST)
        {
            let _ = fetched.copy.set(Arc::new(copy));
        }
        fetched.copy.get().cloned()
    }

    /// None where all copies would have more than `most` bytes, or the system refuses.
    fn make(segment: &Segment, most: usize) -> Option<Self> {
        let len = segment.len();
        if HELD.fetch_add(len, Relaxed) + len > most {
            HELD.fetch_sub(len, Relaxed);
            return None;
        }
        // From here on, dropping it counts it out.
        let copy = Self { file: memfd_create("segment", MemfdFlags::CLOEXEC).ok()?.into(), len };
        segment.chunks().try_for_each(|chunk| (&copy.file).write_all(chunk)).ok()?;
        Some(copy)
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        HELD.fetch_sub(self.len, Relaxed);
    }
}

/// What a connection sends from files, in the order of its answers. Every request of the connection has it among its
/// extensions.
#[derive(Debug, Clone, Default)]
pub(super) struct Outgoing(Arc<Mutex<VecDeque<Piece>>>);

/// A range of a copy that is still to be sent.
#[derive(Debug)]
struct Piece {
    copy: Arc<Copy>,
    range: Range<usize>,
}

impl Outgoing {
    /// Whether `bytes` stand for what comes next out of a file.
    pub(super) fn stands_in(bytes: &[u8]) -> bool {
        !bytes.is_empty() && STAND_IN.as_ptr_range().contains(&bytes.as_ptr())
    }

    /// Send what comes next, at most `most` bytes, without waiting; how many were sent.
    pub(super) fn send(&self, socket: impl AsFd, most: usize) -> io::Result<usize> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(piece) = pieces.front_mut() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let mut at = piece.range.start as u64;
        let sent = sendfile(socket, &piece.copy.file, Some(&mut at), piece.range.len().min(most))?;
        if sent == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.range.start += sent;
        if piece.range.is_empty() {
            pieces.pop_front();
        }
        Ok(sent)
    }

    fn push(&self, copy: &Arc<Copy>, range: Range<usize>) {
        let piece = Piece { copy: Arc::clone(copy), range };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(piece);
    }
}

/// A range of a copy as a body, for the connection of `outgoing` alone.
pub(super) struct FromFile {
    copy: Arc<Copy>,
    outgoing: Outgoing,
    left: Range<usize>,
}

impl FromFile {
    pub(super) fn new(copy: Arc<Copy>, outgoing: Outgoing, range: Range<usize>) -> Self {
        Self { copy, outgoing, left: range }
    }
}

impl Body for FromFile {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Range { start, end } = self.left;
        if start >= end {
            return Poll::Ready(None);
        }
        let next = end.min(start + STAND_IN.len());
        self.outgoing.push(&self.copy, start..next);
        self.left.start = next;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&STAND_IN[..next - start])))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, task::Waker};

    use hls::Packager;

    use super::*;

    fn segment() -> Arc<Segment> {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
        let mut packager = Packager::new(hls::Config::default(), 1);
        packager.push(&std::fs::read(clip).unwrap().into());
        packager.window().segment(1).map(Arc::clone).unwrap()
    }

    #[test]
    fn the_third_who_fetches_makes_the_copy_and_it_goes_with_the_segment() {
        let segment = segment();

        assert!(Copy::of(&segment).is_none() && Copy::of(&segment).is_none());
        let copy = Copy::of(&segment).unwrap();
        assert!(Arc::ptr_eq(&Copy::of(&segment).unwrap(), &copy));
        assert_eq!(
            std::fs::metadata(format!("/proc/self/fd/{}", fd(&copy))).unwrap().len(),
            segment.len() as u64
        );

        let kept = Arc::downgrade(&copy);
        drop(copy);
        assert!(kept.upgrade().is_some());
        drop(segment);
        assert!(kept.upgrade().is_none());
    }

    fn fd(copy: &Copy) -> i32 {
        use std::os::fd::AsRawFd as _;
        copy.file.as_raw_fd()
    }

    #[test]
    fn where_copies_take_all_they_may_no_more_are_made() {
        let segment = segment();

        assert!(Copy::make(&segment, segment.len() - 1).is_none());
        assert!(Copy::make(&segment, MOST).is_some());
    }

    #[test]
    fn what_stands_in_is_known_by_its_place_alone() {
        let (copy, outgoing) = (Copy::make(&segment(), MOST).unwrap(), Outgoing::default());
        let mut body = FromFile::new(Arc::new(copy), outgoing.clone(), 5..10);

        let Poll::Ready(Some(Ok(frame))) =
            Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("a frame")
        };
        let data = frame.into_data().unwrap();
        assert!(data.len() == 5 && Outgoing::stands_in(&data[1..]) && body.is_end_stream());
        assert!(!Outgoing::stands_in(&[0; 5]) && !Outgoing::stands_in(&data[5..]));
        assert!(outgoing.send(std::fs::File::open("/dev/null").unwrap(), 5).is_err(), "no socket");
    }

    #[test]
    fn nothing_is_sent_that_was_not_asked_for() {
        let sent = Outgoing::default().send(std::fs::File::open("/dev/null").unwrap(), 5);

        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
