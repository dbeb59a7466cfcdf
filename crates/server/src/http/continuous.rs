//! `GET /api/stream/{hash}/stream.ts`: a stream as one endless answer, for players that know no playlists.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderValue, Method, Response, header},
};
use bytes::Bytes;
use http_body::Frame;

use super::{
    Problem, Services,
    connection::Connection,
    extract::{Path, Viewer},
    live,
};
use crate::live::Reader;

const MPEG_TS: HeaderValue = HeaderValue::from_static("video/mp2t");

/// Who takes no byte for this long is gone: the media would run away from them.
const PATIENCE: Duration = Duration::from_secs(15);

/// A channel as one continuous transport stream.
///
/// For VLC, Kodi and televisions. Starts the stream if nobody did, begins with PAT and PMT at the newest picture that a
/// decoder can start at, and ends with the stream. While the source is lost, nothing comes. Who is too slow misses
/// media, and is closed after falling behind three times, or after 15 s without taking a byte. `HEAD` starts nothing.
#[utoipa::path(
    get, path = "/api/stream/{hash}/stream.ts", tag = "live",
    params(("hash" = String, Path, description = "The channel's content ID: 32 to 64 letters and digits")),
    responses(
        (status = 200, description = "MPEG-TS, as long as it plays", content_type = "video/mp2t"),
        (status = 400, description = "The hash is no content ID", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The engine refuses the channel, or what it sends cannot be played", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "Nothing to play yet, no room, or no engine", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "Nobody shares the channel, or the engine does not answer in time", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn stream(
    State(services): State<Services>,
    Path(hash): Path<String>,
    viewer: Viewer,
    method: Method,
    Extension(connection): Extension<Connection>,
) -> Result<Response<Body>, Problem> {
    let id = hash.parse()?;
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let (stream, _) = live::joined(&services, &id, viewer, |_| {}, Reader::can_begin).await?;
        connection.patience.at_most(PATIENCE);
        let watching = stream.hold(viewer.0);
        Body::new(Endless::new(Reader::new(stream, watching)))
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, MPEG_TS);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    Ok(response)
}

type Reading = Pin<Box<dyn Future<Output = (Reader, Option<Vec<Bytes>>)> + Send>>;

/// What a reader reads, as a body. It is asked for more only when the client took what there was.
struct Endless {
    /// What the reader is about to say; `None` when the stream is over.
    reading: Option<Reading>,
    media: VecDeque<Bytes>,
}

impl Endless {
    fn new(reader: Reader) -> Self {
        Self { reading: Some(read(reader)), media: VecDeque::new() }
    }
}

fn read(mut reader: Reader) -> Reading {
    Box::pin(async move {
        let media = reader.next().await;
        (reader, media)
    })
}

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(bytes) = self.media.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
            let (reader, media) = ready!(reading.as_mut().poll(cx));
            self.reading = media.is_some().then(|| read(reader));
            self.media = media.unwrap_or_default().into();
        }
    }
}
