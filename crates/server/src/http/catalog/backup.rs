//! What the user made, as one file; and what clients keep here.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value};

use super::super::{Problem, Services, extract::Json as Body};
use crate::catalog::backup::{Backup, Restored};

/// Favourites, edits and settings as one file.
#[utoipa::path(
    get, path = "/api/backup", operation_id = "backup", tag = "operation",
    responses((status = 200, description = "To be kept, and given to `PUT /api/backup`, here or on another server", body = Backup))
)]
pub(super) async fn backup(State(services): State<Services>) -> Result<Response, Problem> {
    let name = HeaderValue::from_static("attachment; filename=\"acehls-backup.json\"");
    let about =
        [(header::CONTENT_DISPOSITION, name), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((about, Json(services.catalog.backup().await?)).into_response())
}

/// Take in favourites, edits and settings: channels that have another ID here are found by guide ID, link or name.
#[utoipa::path(
    put, path = "/api/backup", operation_id = "restore", tag = "operation", request_body = Backup,
    responses(
        (status = 200, body = Restored),
        (status = 400, description = "It is no backup, or a text in it is empty or too long", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 413, description = "It is larger than the server takes", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn restore(
    State(services): State<Services>,
    Body(backup): Body<Backup>,
) -> Result<Json<Restored>, Problem> {
    Ok(Json(services.catalog.restore(backup).await?))
}

/// What clients keep here, such as the language of the app.
#[utoipa::path(
    get, path = "/api/settings", operation_id = "settings", tag = "operation",
    responses((status = 200, body = Object))
)]
pub(super) async fn settings(State(services): State<Services>) -> Result<Json<Map<String, Value>>, Problem> {
    Ok(Json(services.catalog.settings().await?))
}

/// Keep something for clients: a name that is not given stays, one that is `null` goes.
#[utoipa::path(
    patch, path = "/api/settings", operation_id = "change_settings", tag = "operation", request_body = Object,
    responses(
        (status = 200, body = Object),
        (status = 400, description = "It is more than the server keeps", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn change_settings(
    State(services): State<Services>,
    Body(change): Body<Map<String, Value>>,
) -> Result<Json<Map<String, Value>>, Problem> {
    Ok(Json(services.catalog.change_settings(change).await?))
}
