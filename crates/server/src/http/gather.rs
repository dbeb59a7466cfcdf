//! The frames of a body that is there already, put together, so that one write takes all of them.
//!
//! A segment lies in blocks of 128 kB, and hyper writes as soon as it has 64 kB: block by block, each of them ending in
//! the middle of what TCP sends at once.

use std::{
    collections::VecDeque,
    io::IoSlice,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

/// So many bytes are as good as any more: hardly a socket takes as many at once.
const ENOUGH: usize = 1 << 20;
/// So many buffers hyper hands to one write, of which the head is one.
const MOST: usize = 63;

/// A body in as few frames as possible, if it knows its length: then it is there already. What is made only as it is
/// taken stays as it comes, or a slow client would hold a megabyte of it.
pub(super) struct Gathered<B: Body> {
    body: B,
    /// What came behind data that was handed out first.
    held: Option<Result<Frame<Bytes>, B::Error>>,
    is_over: bool,
    /// How many bytes a frame is to have.
    enough: usize,
}

impl<B: Body> Gathered<B> {
    pub(super) fn new(body: B) -> Self {
        let enough = if body.size_hint().exact().is_some() { ENOUGH } else { 1 };
        Self { body, held: None, is_over: false, enough }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Gathered<B> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.held.take() {
            Some(held) => Poll::Ready(Some(held)),
            None if self.is_over => Poll::Ready(None),
            None => Pin::new(&mut self.body).poll_frame(cx),
        }
    }
}

impl<B: Body<Data = Bytes, Error: Unpin> + Unpin> Body for Gathered<B> {
    type Data = Buffers;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Buffers>, B::Error>>> {
        let mut buffers = Buffers::default();
        while buffers.left < self.enough && buffers.rest.len() + 1 < MOST {
            match self.poll_next(cx) {
                Poll::Ready(Some(Ok(frame))) if frame.is_data() => {
                    buffers.push(frame.into_data().unwrap_or_default());
                }
                Poll::Ready(Some(other)) if buffers.is_empty() => {
                    return Poll::Ready(Some(other.map(|frame| frame.map_data(Buffers::from))));
                }
                Poll::Ready(Some(other)) => {
                    self.held = Some(other);
                    break;
                }
                Poll::Ready(None) => {
                    self.is_over = true;
                    break;
                }
                Poll::Pending if buffers.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready((!buffers.is_empty()).then(|| Ok(Frame::data(buffers))))
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_none() && (self.is_over || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes that lie in several places; none of them is empty.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    first: Bytes,
    rest: VecDeque<Bytes>,
    left: usize,
}

impl Buffers {
    fn push(&mut self, bytes: Bytes) {
        self.left += bytes.len();
        if self.first.is_empty() {
            self.first = bytes;
        } else if !bytes.is_empty() {
            self.rest.push_back(bytes);
        }
    }

    fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl From<Bytes> for Buffers {
    fn from(bytes: Bytes) -> Self {
        Self { left: bytes.len(), first: bytes, rest: VecDeque::new() }
    }
}

impl Buf for Buffers {
    fn remaining(&self) -> usize {
        self.left
    }

    fn chunk(&self) -> &[u8] {
        &self.first
    }

    fn chunks_vectored<'a>(&'a self, slots: &mut [IoSlice<'a>]) -> usize {
        let buffers = std::iter::once(&self.first).chain(&self.rest).filter(|slice| !slice.is_empty());
        slots.iter_mut().zip(buffers).map(|(slot, slice)| *slot = IoSlice::new(slice)).count()
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.left, "{count} of {} bytes", self.left);
        self.left -= count;
        while count >= self.first.len() && !self.first.is_empty() {
            count -= self.first.len();
            self.first = self.rest.pop_front().unwrap_or_default();
        }
        self.first.advance(count);
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, task::Waker};

    use super::*;

    /// What a body does, one step after the other; pending behind the last.
    struct Script {
        steps: VecDeque<Option<Result<Frame<Bytes>, &'static str>>>,
        size: SizeHint,
    }

    impl Body for Script {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            self.steps.pop_front().map_or(Poll::Pending, Poll::Ready)
        }

        fn size_hint(&self) -> SizeHint {
            self.size
        }
    }

    fn data(bytes: &'static [u8]) -> Option<Result<Frame<Bytes>, &'static str>> {
        Some(Ok(Frame::data(Bytes::from_static(bytes))))
    }

    fn gathered<const N: usize>(
        steps: [Option<Result<Frame<Bytes>, &'static str>>; N],
        size: SizeHint,
    ) -> impl FnMut() -> Poll<Option<Result<Vec<u8>, &'static str>>> {
        let mut body = Gathered::new(Script { steps: steps.into(), size });
        move || {
            let frame = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
            frame.map_ok(|frame| {
                let mut buffers = frame.into_data().unwrap();
                buffers.copy_to_bytes(buffers.remaining()).into()
            })
        }
    }

    fn ready(bytes: &[u8]) -> Poll<Option<Result<Vec<u8>, &'static str>>> {
        Poll::Ready(Some(Ok(bytes.to_vec())))
    }

    #[test]
    fn what_is_there_comes_at_once_and_what_is_not_is_not_waited_for() {
        let mut next = gathered([data(b"ab"), data(b""), data(b"c")], SizeHint::with_exact(3));

        assert_eq!(next(), ready(b"abc"));
        assert_eq!(next(), Poll::Pending);
    }

    #[test]
    fn what_does_not_know_its_length_stays_as_it_comes() {
        let mut next = gathered([data(b"ab"), data(b"c")], SizeHint::default());

        assert_eq!(next(), ready(b"ab"));
        assert_eq!(next(), ready(b"c"));
    }

    #[test]
    fn an_end_and_an_error_come_behind_the_data_before_them() {
        let mut next = gathered([data(b"a"), None], SizeHint::with_exact(1));
        assert_eq!(next(), ready(b"a"));
        assert_eq!(next(), Poll::Ready(None), "though the body is not asked again behind its end");

        let mut next = gathered([data(b"a"), Some(Err("broken")), data(b"b")], SizeHint::with_exact(2));
        assert_eq!(next(), ready(b"a"));
        assert_eq!(next(), Poll::Ready(Some(Err("broken"))));
        assert_eq!(next(), ready(b"b"));
    }

    #[test]
    fn a_frame_does_not_grow_without_bound() {
        let block: Bytes = vec![7; ENOUGH / 2].into();
        let frames: Vec<Result<_, Infallible>> = (0..5).map(|_| Ok(Frame::data(block.clone()))).collect();
        let steps = frames.into_iter().map(|frame| Some(frame.map_err(|never| match never {})));
        let mut body = Gathered::new(Script { steps: steps.collect(), size: SizeHint::with_exact(5) });
        let mut lengths = Vec::new();
        while let Poll::Ready(Some(Ok(frame))) =
            Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()))
        {
            lengths.push(frame.into_data().unwrap().remaining());
        }

        assert_eq!(lengths, [ENOUGH, ENOUGH, ENOUGH / 2]);
    }

    #[test]
    fn buffers_are_taken_in_order_wherever_a_write_ends() {
        for taken in 0..=6 {
            let mut buffers = Buffers::default();
            for bytes in [&b"abc"[..], b"", b"d", b"ef"] {
                buffers.push(Bytes::from_static(bytes));
            }
            buffers.advance(taken);
            let mut slots = [IoSlice::new(&[]); 4];
            let count = buffers.chunks_vectored(&mut slots);

            let seen: Vec<u8> = slots[..count].iter().flat_map(|slot| slot.to_vec()).collect();
            assert_eq!(seen, b"abcdef"[taken..], "behind {taken}");
            assert!(slots[..count].iter().all(|slot| !slot.is_empty()));
            assert_eq!(buffers.remaining(), 6 - taken);
        }
    }
}
