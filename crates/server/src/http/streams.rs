//! What plays now, and how to stop it.

use acestream::ContentId;
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Kind, Problem, Services, extract::Path};
use crate::live::Report;

/// All streams that play or start.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Streams {
    /// One report a stream.
    streams: Vec<Report>,
    /// How many.
    total: usize,
}

/// What plays now.
#[utoipa::path(get, path = "/api/streams", operation_id = "list_streams", tag = "streams", responses((status = 200, body = Streams)))]
pub(super) async fn list(State(services): State<Services>) -> Json<Streams> {
    let mut streams: Vec<Report> = services.hub.streams().iter().map(crate::live::Stream::report).collect();
    streams.sort_by(|a, b| a.hash.cmp(&b.hash));
    Json(Streams { total: streams.len(), streams })
}

/// How one stream is doing.
#[utoipa::path(
    get, path = "/api/streams/{hash}", operation_id = "show_stream", tag = "streams",
    params(("hash" = String, Path, description = "The channel's content ID")),
    responses(
        (status = 200, body = Report),
        (status = 400, description = "The hash is no content ID", content_type = "application/problem+json", body = super::problem::Details),
        (status = 404, description = "Nobody plays it", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn show(
    State(services): State<Services>,
    Path(hash): Path<String>,
) -> Result<Json<Report>, Problem> {
    let id: ContentId = hash.parse()?;
    services.hub.find(&id).map(|stream| Json(stream.report())).ok_or_else(|| unknown(&id))
}

/// Stop a stream, for all who watch it.
#[utoipa::path(
    delete, path = "/api/streams/{hash}", operation_id = "stop_stream", tag = "streams",
    params(("hash" = String, Path, description = "The channel's content ID")),
    responses(
        (status = 204, description = "It is over"),
        (status = 400, description = "The hash is no content ID", content_type = "application/problem+json", body = super::problem::Details),
        (status = 404, description = "Nobody plays it", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn stop(
    State(services): State<Services>,
    Path(hash): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: ContentId = hash.parse()?;
    if services.hub.stop(&id) { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(&id)) }
}

fn unknown(id: &ContentId) -> Problem {
    Problem::new(Kind::StreamNotFound, format!("The stream {id} does not play."))
}
