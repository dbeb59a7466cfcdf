//! The file itself, piece by piece, within the limits.

use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use hyper::{
    HeaderMap,
    body::Incoming,
    header::{self, HeaderName},
};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Address, Config, Error, Reply, Request,
    coding::Coding,
    connect::{Answer, broken},
};

/// How long, and how much.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    silence: Duration,
    total: Duration,
    until: Instant,
    bytes: usize,
}

impl Limits {
    pub(super) fn new(config: &Config, request: &Request) -> Self {
        let bytes = request.max_bytes.map_or(config.max_bytes, |bytes| bytes.min(config.max_bytes));
        let (silence, total) = (config.timeout, config.total_timeout);
        Self { silence, total, until: Instant::now() + total, bytes }
    }

    /// How many bytes it is with these, unless that is too many.
    fn count(&self, before: usize, bytes: &Bytes) -> Result<usize, Error> {
        let now = before.saturating_add(bytes.len());
        if now > self.bytes { Err(Error::TooLarge(self.bytes)) } else { Ok(now) }
    }

    /// What `work` gives, unless that takes too long.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        let now = Instant::now();
        // What is always ready is never interrupted below.
        if now >= self.until {
            return Err(Error::Slow(self.total.as_secs()));
        }
        let silent = now + self.silence;
        timeout_at(silent.min(self.until), work).await.map_err(|_| match silent < self.until {
            true => Error::Silent(self.silence.as_secs()),
            false => Error::Slow(self.total.as_secs()),
        })
    }
}

/// A file that is being fetched. The connection ends when this is dropped.
#[derive(Debug)]
pub struct Body {
    /// Its validator (RFC 9110, 8.8.3).
    pub etag: Option<String>,
    /// The same, by time.
    pub last_modified: Option<String>,
    /// What kind of file its server says that it is.
    pub content_type: Option<String>,
    /// How many bytes it has, if its server says so. Of one that is packed for the way, nobody says.
    pub length: Option<u64>,
    address: Address,
    rest: Incoming,
    coding: Coding,
    /// How many bytes came, and how many those were unpacked.
    came: usize,
    given: usize,
    limits: Limits,
    _connection: AbortOnDropHandle<()>,
}

/// What the answer means.
pub(super) fn reply(address: Address, answer: Answer, limits: Limits) -> Result<Reply, Error> {
    let (head, rest) = answer.response.into_parts();
    match head.status.as_u16() {
        304 => return Ok(Reply::NotModified),
        200 => {}
        status => return Err(Error::Status { host: address.host().to_owned(), status }),
    }
    let coding = text(&head.headers, header::CONTENT_ENCODING);
    let coding = Coding::named(coding.as_deref()).map_err(Error::Packed)?;
    let sent = rest.size_hint().exact();
    if sent.is_some_and(|length| length > limits.bytes as u64) {
        return Err(Error::TooLarge(limits.bytes));
    }
    Ok(Reply::Body(Box::new(Body {
        etag: text(&head.headers, header::ETAG),
        last_modified: text(&head.headers, header::LAST_MODIFIED),
        content_type: text(&head.headers, header::CONTENT_TYPE),
        length: sent.filter(|_| coding.is_none()),
        address,
        rest,
        coding,
        came: 0,
        given: 0,
        limits,
        _connection: answer.connection,
    })))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

impl Body {
    /// The next piece; nothing at the end.
    ///
    /// # Errors
    /// It is too large or too slow, or breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let plain = loop {
            if let Some(plain) = self.coding.read().map_err(|error| self.damaged(&error))? {
                break plain;
            }
            let Some(bytes) = self.sent().await? else {
                match self.coding.finish().map_err(|error| self.damaged(&error))? {
                    Some(plain) => break plain,
                    None => return Ok(None),
                }
            };
            self.coding.push(bytes);
        };
        self.given = self.limits.count(self.given, &plain)?;
        Ok(Some(plain))
    }

    /// The next piece as it is sent.
    async fn sent(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let rest = &mut self.rest;
            let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *rest).poll_frame(cx));
            let Some(frame) = self.limits.in_time(next).await? else { return Ok(None) };
            let frame = frame.map_err(|error| broken(&self.address, &error))?;
            let Ok(bytes) = frame.into_data() else { continue };
            self.came = self.limits.count(self.came, &bytes)?;
            return Ok(Some(bytes));
        }
    }

    fn damaged(&self, error: &std::io::Error) -> Error {
        Error::Broken { host: self.address.host().to_owned(), reason: error.to_string() }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Body::chunk`].
    pub async fn whole(mut self: Box<Self>) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}
