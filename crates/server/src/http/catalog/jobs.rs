//! Long work: what runs, how far it is, and its end.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Problem, Services, extract::Path};
use crate::catalog::{Error, Progress};

/// What runs, and the last that ran.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Jobs {
    /// The oldest first.
    jobs: Vec<Progress>,
    /// How many.
    total: usize,
}

/// What runs, and the last that ran. The same is told as it changes by `GET /api/events`.
#[utoipa::path(get, path = "/api/jobs", operation_id = "list_jobs", tag = "jobs", responses((status = 200, body = Jobs)))]
pub(super) async fn list(State(services): State<Services>) -> Json<Jobs> {
    let jobs = services.catalog.jobs().list();
    Json(Jobs { total: jobs.len(), jobs })
}

/// How far a job is.
#[utoipa::path(
    get, path = "/api/jobs/{id}", operation_id = "show_job", tag = "jobs",
    params(("id" = u64, Path, description = "The job's number")),
    responses(
        (status = 200, body = Progress),
        (status = 400, description = "This is no number", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such job", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn show(
    State(services): State<Services>,
    Path(id): Path<u64>,
) -> Result<Json<Progress>, Problem> {
    Ok(Json(services.catalog.jobs().find(id).ok_or(Error::NoJob(id))?.progress()))
}

/// End a job: what it read is thrown away. What is being saved already is saved.
#[utoipa::path(
    delete, path = "/api/jobs/{id}", operation_id = "cancel_job", tag = "jobs",
    params(("id" = u64, Path, description = "The job's number")),
    responses(
        (status = 204, description = "It ends, if it has not ended yet"),
        (status = 400, description = "This is no number", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such job", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn cancel(
    State(services): State<Services>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Problem> {
    services.catalog.cancel(id)?;
    Ok(StatusCode::NO_CONTENT)
}
