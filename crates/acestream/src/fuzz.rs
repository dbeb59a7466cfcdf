//! What an engine says, from bytes in place of a connection: for the fuzz target, which holds what is promised here.
//!
//! Nothing of its own: the functions that read from engines, one behind the other as they are called there.

use std::{
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use reqwest::Url;
use tokio::io::{AsyncRead, ReadBuf};

use crate::{Engine, Error, Found, MediaFiles, Session, Statistics, Version, answer, wire};

/// The answer to a request for media, as far as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Media {
    /// Its HTTP status.
    pub status: u16,
    /// Its content type.
    pub kind: String,
    /// Where it leads, if it is a redirect.
    pub redirect: Option<Result<Url, Error>>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body is whole, may end here, or does not even say how long it is.
    pub end: End,
}

/// How a body ended where its bytes did.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// No byte follows.
    Over,
    /// The end of the connection is its end.
    Open,
    /// More should have come.
    Cut,
    /// Its chunks are damaged.
    Damaged,
}

/// What a JSON answer says, whatever it was asked for.
#[derive(Debug)]
pub struct Words {
    /// Taken for that of a version.
    pub version: Result<Version, Error>,
    /// Taken for that of a broadcast's files.
    pub files: Result<MediaFiles, Error>,
    /// Taken for what a search found.
    pub found: Result<Found, Error>,
    /// Taken for the start of a session: its addresses.
    pub session: Result<Vec<Url>, Error>,
    /// Taken for that of statistics.
    pub statistics: Result<Statistics, Error>,
}

/// Read `input`, of which reads give as many bytes as `next` says, as the answer of `engine` to a request for media.
///
/// # Errors
/// It has no whole head of HTTP.
pub fn media(engine: &Engine, input: &[u8], next: &mut dyn FnMut() -> usize) -> Result<Media, Error> {
    let mut pieces = Pieces { rest: input, next };
    let (head, mut begun) = now(wire::head(&mut pieces))?;
    let redirect = head.redirect().map(|location| engine.connection().resolve(engine.base(), location));
    let mut framing = head.framing.clone();
    let mut body = Vec::new();
    let end = loop {
        match framing.piece(&mut begun) {
            Err(_) => break End::Damaged,
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) if framing.is_over() => break End::Over,
            Ok(None) if pieces.rest.is_empty() => break if framing.may_end() { End::Open } else { End::Cut },
            Ok(None) => begun = Bytes::copy_from_slice(pieces.take(usize::MAX)),
        }
    };
    Ok(Media { status: head.status, kind: head.content_type, redirect, body, end })
}

/// Read `body`, the JSON that `engine` answers with `status`.
#[must_use]
pub fn words(engine: &Engine, status: u16, body: &[u8]) -> Words {
    let asked = "0123456789abcdef0123456789abcdef01234567";
    let [response, result] = ["response", "result"].map(|name| answer::read(status, body, name));
    let connection = engine.connection();
    let session = |value: &_| Session::read(connection.clone(), value, asked).map(|it| it.addresses());
    Words {
        version: result.as_ref().map_err(Error::clone).and_then(Version::read),
        found: result.as_ref().map_err(Error::clone).map(Found::read),
        files: result.map(|value| MediaFiles::read(&value)),
        session: response.as_ref().map_err(Error::clone).and_then(session),
        statistics: response.map(|value| Statistics::read(&value)),
    }
}

/// Bytes in pieces, always there.
struct Pieces<'a> {
    rest: &'a [u8],
    next: &'a mut dyn FnMut() -> usize,
}

impl<'a> Pieces<'a> {
    fn take(&mut self, most: usize) -> &'a [u8] {
        let (piece, rest) = self.rest.split_at((self.next)().min(most).min(self.rest.len()));
        self.rest = rest;
        piece
    }
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = self.take(buf.remaining());
        buf.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

/// The outcome of `work`, which has nothing to wait for.
fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("its bytes are always there"),
    }
}
