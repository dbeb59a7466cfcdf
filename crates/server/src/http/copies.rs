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
use rustix::{
    fs::{MemfdFlags, memfd_create, sendfile},
    io::{Errno, pread},
    net::{SendFlags, send},
};
use tokio::task::spawn_blocking;

/// The third who fetches a segment has the copy made, for those who come then. Before, it might have been for nobody.
const MANY: u32 = 3;

/// All copies together take no more than this: 64 MB, the newest segment or two of some twenty channels.
const MOST: usize = 64 << 20;

/// So much is sent at a time where the kernel does not send files.
const BY_HAND: usize = 64 << 10;

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
        let most = piece.range.len().min(most);
        let sent = match sendfile(&socket, &piece.copy.file, Some(&mut at), most) {
            // Some sandboxes know no such call.
            Err(Errno::INVAL | Errno::NOSYS) => {
                let mut bytes = vec![0; most.min(BY_HAND)];
                let count = pread(&piece.copy.file, &mut bytes[..], at)?;
                send(&socket, &bytes[..count], SendFlags::NOSIGNAL)?
            }
            sent => sent?,
        };
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
    use std::{
        io::Read as _,
        net::{TcpListener, TcpStream},
        path::Path,
        task::Waker,
        thread,
        time::Duration,
    };

    use hls::Packager;

    use super::*;

    fn segment() -> Arc<Segment> {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
        let mut packager = Packager::new(hls::Config::default(), 1);
        packager.push(&std::fs::read(clip).unwrap().into());
        packager.window().segment(1).map(Arc::clone).unwrap()
    }

    fn copy(media: &[u8]) -> Copy {
        Copy::make([Bytes::copy_from_slice(media)].iter(), media.len(), usize::MAX).unwrap()
    }

    /// The frames of a body, of which each is there at once.
    fn frames(mut body: FromFile) -> Vec<Bytes> {
        let next = || match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(frame) => frame.map(|frame| frame.unwrap().into_data().unwrap()),
            Poll::Pending => panic!("it is there"),
        };
        std::iter::from_fn(next).collect()
    }

    #[tokio::test]
    async fn the_third_who_fetches_has_the_copy_made_and_it_goes_with_the_segment() {
        let segment = segment();

        assert!((0..2).all(|_| Copy::of(&segment).is_none()));
        let copy = soon(|| Copy::of(&segment)).await;
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

        assert!(Copy::make(media.iter(), 1_000, 999).is_none());
        assert!(Copy::make(media.iter(), 1_000, usize::MAX).is_some());
    }

    #[test]
    fn a_range_of_several_frames_is_sent_whatever_the_socket_takes_at_a_time() {
        let media: Vec<u8> = (0..251).cycle().take(3 * STAND_IN.len()).collect();
        let (outgoing, range) = (Outgoing::default(), 5..2 * STAND_IN.len() + 77);
        let body = FromFile::new(Arc::new(copy(&media)), outgoing.clone(), range.clone());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut viewer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();

        let send = move || {
            for mut frame in frames(body) {
                while !frame.is_empty() {
                    assert!(Outgoing::stands_in(&frame));
                    let sent = outgoing.send(&socket, frame.len().min(100_000)).unwrap();
                    drop(frame.split_to(sent));
                }
            }
        };
        let mut received = Vec::new();
        thread::scope(|scope| {
            scope.spawn(send);
            viewer.read_to_end(&mut received).unwrap();
        });

        assert!(received == media[range]);
    }

    #[test]
    fn what_stands_in_is_known_by_its_place_alone() {
        let body = FromFile::new(Arc::new(copy(&[1; 10])), Outgoing::default(), 5..10);
        let frame = frames(body).pop().unwrap();

        assert!(frame.len() == 5 && Outgoing::stands_in(&frame[1..]));
        assert!(!Outgoing::stands_in(&[0; 5]) && !Outgoing::stands_in(&frame[5..]));
    }

    #[test]
    fn nothing_is_sent_that_was_not_asked_for() {
        let sent = Outgoing::default().send(File::open("/dev/null").unwrap(), 5);

        assert_eq!(sent.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
