//! `GET /api/events`: what streams and the engine do, told as it changes.
//!
//! One connection a page, for all that it shows. It gets the newest state, never a backlog: what changed while
//! a slow client took nothing is told as one change.

use std::sync::Arc;

use acestream::ContentId;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, Response, header},
};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::IntoParams;

use super::{Kind, Problem, Services, extract::Query};

mod feed;
mod told;

use feed::Feed;
use told::Event;

/// Of the connections that are served at once, one in so many may be one that listens to events.
const SHARE: usize = 4;

/// More channels than any page shows in detail.
const MAX_STREAMS: usize = 32;

/// The room there is for those who listen.
#[derive(Debug)]
pub(crate) struct Room {
    places: Arc<Semaphore>,
    limit: usize,
}

/// Which streams to tell of.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Content IDs with commas between them, 32 at most. Without it, all streams.
    streams: Option<String>,
}

/// What streams and the engine do, as server-sent events.
///
/// Each message is a JSON object whose `type` says what it is: first `state`, with everything; then `stream`,
/// `engine` and `job`, each with all that is known of the one that changed, at most twice a second. A stream that ends is
/// told once more, with the phase `ended` and the reason. The connection ends after ten minutes: come again.
#[utoipa::path(
    get, path = "/api/events", tag = "streams", params(Asked),
    responses(
        (status = 200, description = "The events", content_type = "text/event-stream", body = Event),
        (status = 400, description = "A content ID is none, or they are too many", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "Too many listen already", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn events(
    State(services): State<Services>,
    Query(asked): Query<Asked>,
) -> Result<Response<Body>, Problem> {
    let feed =
        Feed::new(services.hub.clone(), services.catalog.clone(), asked.streams()?, services.events.enter()?);
    let mut response = Response::new(Body::new(feed));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Proxies of nginx's kind would gather events until a buffer is full.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

impl Asked {
    fn streams(&self) -> Result<Option<Vec<ContentId>>, Problem> {
        let Some(list) = &self.streams else { return Ok(None) };
        let streams = list.split(',').map(str::parse).collect::<Result<Vec<_>, _>>()?;
        if streams.len() > MAX_STREAMS {
            let detail =
                format!("streams: {} content IDs are too many, it takes {MAX_STREAMS}", streams.len());
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        Ok(Some(streams))
    }
}

impl Room {
    /// Room for a share of `max_connections`.
    pub(super) fn new(max_connections: usize) -> Self {
        let limit = (max_connections / SHARE).max(1);
        Self { places: Arc::new(Semaphore::new(limit)), limit }
    }

    fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let limit = self.limit;
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let detail =
                format!("{limit} pages listen to events, which is the limit. Ask for reports instead.");
            Problem::new(Kind::EventLimit, detail).code("limit").limit(limit)
        })
    }
}
