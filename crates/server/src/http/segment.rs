//! A segment or a part as a response, whole or a single range of it: the received buffers, uncopied, or the copy in a file.

use std::{
    convert::Infallible,
    iter,
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Kind, Problem, copies::SegmentFile, outgoing::Outgoing};

/// A segment number is never used twice for other bytes, so nobody ever needs to ask again.
const FOR_ALL: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Where one has to give a password, `public` would let a cache hand it to those who have none (RFC 9111, 3.5).
const FOR_ONE: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");
const MPEG_TS: HeaderValue = HeaderValue::from_static("video/mp2t");

/// Where the bytes of a segment are.
pub(super) enum Media {
    Chunks(Vec<Bytes>),
    /// In a file, for one connection.
    File(Arc<SegmentFile>, Outgoing),
}

impl Media {
    fn len(&self) -> usize {
        match self {
            Self::Chunks(chunks) => chunks.iter().map(Bytes::len).sum(),
            Self::File(file, _) => file.len(),
        }
    }

    fn body(self, range: Range<usize>) -> Body {
        let left = range.len();
        match self {
            Self::Chunks(chunks) => Body::new(Pieces { rest: cut(chunks, range), left }),
            Self::File(file, outgoing) => Body::new(Pieces { rest: stand_ins(file, outgoing, range), left }),
        }
    }
}

/// What of `chunks` lies in `range`.
fn cut(chunks: Vec<Bytes>, range: Range<usize>) -> impl Iterator<Item = Bytes> {
    let mut end = 0;
    chunks.into_iter().filter_map(move |chunk| {
        let start = end;
        end += chunk.len();
        let (from, to) = (range.start.max(start), range.end.min(end));
        (from < to).then(|| chunk.slice(from - start..to - start))
    })
}

/// What stands for `range` of `file`. Whoever takes a piece is to write it before the next.
fn stand_ins(
    file: Arc<SegmentFile>,
    outgoing: Outgoing,
    mut range: Range<usize>,
) -> impl Iterator<Item = Bytes> {
    iter::from_fn(move || {
        let piece = (!range.is_empty()).then(|| outgoing.stand_in(&file, &range))?;
        range.start += piece.len();
        Some(piece)
    })
}

/// Answer with `media`, or with the range of it that the headers `asked` ask for, where ranges count at all; `open` is for
/// everyone.
pub(super) fn respond(
    media: Media,
    asked: Option<&HeaderMap>,
    open: bool,
) -> Result<Response<Body>, Problem> {
    let whole = media.len();
    let range = match asked.and_then(asked_range) {
        None => None,
        Some(range) => Some(range.within(whole).ok_or_else(|| unsatisfiable(whole))?),
    };
    let sent = range.clone().unwrap_or(0..whole);
    let length = sent.len();
    let mut response = Response::new(media.body(sent));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, MPEG_TS);
    headers.insert(header::CACHE_CONTROL, if open { FOR_ALL } else { FOR_ONE });
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_LENGTH, length.into());
    if let Some(Range { start, end }) = range {
        headers.insert(header::CONTENT_RANGE, text(&format!("bytes {start}-{}/{whole}", end - 1)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn unsatisfiable(whole: usize) -> Problem {
    Problem::new(Kind::RangeNotSatisfiable, format!("The segment has {whole} bytes."))
        .header(header::CONTENT_RANGE, text(&format!("bytes */{whole}")))
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).expect("digits, slashes and words are a header's value")
}

/// The range a client asks for. Both ends count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// From here, to there or to the end.
    From(usize, Option<usize>),
    /// The last bytes.
    Last(usize),
}

/// The one range in `headers`. Any other request for ranges is answered as if it had none (RFC 9110, 14.2).
fn asked_range(headers: &HeaderMap) -> Option<Asked> {
    let range = headers.get(header::RANGE)?;
    // We give no validator that `If-Range` could name, so it never matches.
    if headers.contains_key(header::IF_RANGE) {
        return None;
    }
    let (first, last) = range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    match (first, last) {
        ("", last) => Some(Asked::Last(digits(last)?)),
        (first, "") => Some(Asked::From(digits(first)?, None)),
        (first, last) => {
            let (first, last) = (digits(first)?, digits(last)?);
            (first <= last).then_some(Asked::From(first, Some(last)))
        }
    }
}

/// A number of digits alone; one too large to count is as good as the largest.
fn digits(text: &str) -> Option<usize> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().unwrap_or(usize::MAX))
}

impl Asked {
    /// The bytes of a body of `length` that are meant, if there are any.
    fn within(self, length: usize) -> Option<Range<usize>> {
        let range = match self {
            Self::From(first, last) => first..last.map_or(length, |last| length.min(last.saturating_add(1))),
            Self::Last(count) => length.saturating_sub(count)..length,
        };
        (range.start < range.end).then_some(range)
    }
}

/// A range of a segment, piece by piece.
struct Pieces<I> {
    rest: I,
    /// How many bytes are to come.
    left: usize,
}

impl<I: Iterator<Item = Bytes> + Unpin> http_body::Body for Pieces<I> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.rest.next();
        self.left -= piece.as_ref().map_or(0, Bytes::len);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str) -> Option<Asked> {
        asked_range(&[(header::RANGE, HeaderValue::from_static(range))].into_iter().collect())
    }

    #[test]
    fn a_single_range_is_understood() {
        assert_eq!(asked("bytes=0-99"), Some(Asked::From(0, Some(99))));
        assert_eq!(asked("bytes=5-"), Some(Asked::From(5, None)));
        assert_eq!(asked("bytes=-7"), Some(Asked::Last(7)));
        assert_eq!(asked("bytes=1-99999999999999999999999"), Some(Asked::From(1, Some(usize::MAX))));
    }

    #[test]
    fn any_range_is_cut_out_of_chunks_of_any_size() {
        let chunks: Vec<Bytes> = ["ab", "", "c", "defg"].map(Bytes::from).into();
        for range in (0..7).flat_map(|from| (from + 1..=7).map(move |to| from..to)) {
            let pieces: Vec<Bytes> = cut(chunks.clone(), range.clone()).collect();
            assert!(pieces.iter().all(|piece| !piece.is_empty()), "{range:?}");
            assert_eq!(pieces.concat(), b"abcdefg"[range]);
        }
    }

    #[test]
    fn what_is_no_single_range_counts_as_none() {
        for odd in ["", "bytes", "bytes=", "bytes=-", "bytes=2-1", "bytes=1-2,4-5", "bytes=+1-2", "lines=1-2"]
        {
            assert_eq!(asked(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_range_ends_where_the_body_ends() {
        assert_eq!(Asked::From(0, Some(99)).within(10), Some(0..10));
        assert_eq!(Asked::From(9, None).within(10), Some(9..10));
        assert_eq!(Asked::From(0, Some(usize::MAX)).within(10), Some(0..10));
        assert_eq!(Asked::Last(3).within(10), Some(7..10));
        assert_eq!(Asked::Last(30).within(10), Some(0..10));
    }

    #[test]
    fn a_range_outside_the_body_has_no_bytes() {
        assert_eq!(Asked::From(10, None).within(10), None);
        assert_eq!(Asked::From(11, Some(12)).within(10), None);
        assert_eq!(Asked::Last(0).within(10), None);
    }
}
