//! Favourites, and what was played last.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{
    super::{
        Problem, Services,
        extract::{Json as Body, Path},
    },
    channels::{Ids, Rows, rows},
    fresh,
};
use crate::catalog::{Only, Query};

/// Those of the user's own channels that are there, all of them.
fn own(only: Only) -> Query {
    Query { only: Some(only), hidden: true, limit: usize::MAX, ..Query::default() }
}

/// The favourites in the user's order.
#[utoipa::path(
    get, path = "/api/favourites", operation_id = "list_favourites", tag = "channels",
    responses(
        (status = 200, body = Rows),
        (status = 304, description = "Nothing has changed since the answer whose ETag came with the request"),
    )
)]
pub(super) async fn favourites(State(services): State<Services>, headers: HeaderMap) -> Response {
    fresh(&headers, &services.catalog, || rows(&services, &own(Only::Favourites)))
}

/// Put the favourites into this order. One that is not named stays, behind them; a channel that is none becomes one.
#[utoipa::path(
    put, path = "/api/favourites", operation_id = "arrange_favourites", tag = "channels", request_body = Ids,
    responses(
        (status = 204, description = "They stand in this order"),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn arrange_favourites(
    State(services): State<Services>,
    Body(order): Body<Ids>,
) -> Result<StatusCode, Problem> {
    services.catalog.arrange_favourites(order.ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a channel a favourite, the last one.
#[utoipa::path(
    put, path = "/api/favourites/{id}", operation_id = "add_favourite", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID")),
    responses(
        (status = 204, description = "It is a favourite"),
        (status = 400, description = "This is no ID", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn add_favourite(
    State(services): State<Services>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    services.catalog.add_favourite(id.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a channel no favourite any more.
#[utoipa::path(
    delete, path = "/api/favourites/{id}", operation_id = "remove_favourite", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID")),
    responses(
        (status = 204, description = "It is no favourite"),
        (status = 400, description = "This is no ID", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn remove_favourite(
    State(services): State<Services>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    services.catalog.remove_favourite(id.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was played last, the latest first.
#[utoipa::path(
    get, path = "/api/recents", operation_id = "list_recents", tag = "channels",
    responses(
        (status = 200, body = Rows),
        (status = 304, description = "Nothing has changed since the answer whose ETag came with the request"),
    )
)]
pub(super) async fn recents(State(services): State<Services>, headers: HeaderMap) -> Response {
    fresh(&headers, &services.catalog, || rows(&services, &own(Only::Recents)))
}

/// Keep that a channel was played, where the server cannot know: one that needs no engine.
#[utoipa::path(
    put, path = "/api/recents/{id}", operation_id = "add_recent", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID")),
    responses(
        (status = 204, description = "It was played just now"),
        (status = 400, description = "This is no ID", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such channel", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn add_recent(
    State(services): State<Services>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    services.catalog.add_recent(id.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget what was played.
#[utoipa::path(
    delete, path = "/api/recents", operation_id = "clear_recents", tag = "channels",
    responses((status = 204, description = "It is forgotten"))
)]
pub(super) async fn clear_recents(State(services): State<Services>) -> Result<StatusCode, Problem> {
    services.catalog.clear_recents().await?;
    Ok(StatusCode::NO_CONTENT)
}
