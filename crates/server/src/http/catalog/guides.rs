//! The guides: where programmes come from.

use axum::{
    Json,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        Kind, Problem, Services,
        extract::{Json as Body, Path},
    },
    playlists::{REFRESH_S, UPLOAD_MAX, shown, whole_body},
};
use crate::{
    catalog::{Name, Origin, Progress, Wanted, guide},
    live::rfc3339_of,
};

/// The guides there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Guides {
    /// Those that are asked first first.
    guides: Vec<Guide>,
    /// How many.
    total: usize,
}

/// A guide.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Guide {
    /// Its name.
    name: String,
    /// Where it comes from: `url` or `upload`.
    kind: &'static str,
    /// Its address, without what lets us in.
    url: Option<String>,
    /// Seconds between two refreshes; `null` if it is not refreshed.
    refresh_s: Option<u32>,
    /// The smaller, the sooner it is asked; 100 for those that playlists name.
    priority: i64,
    /// When what it holds was read, RFC 3339.
    refreshed_at: Option<String>,
    /// When that was last tried.
    tried_at: Option<String>,
    /// Why the last try failed.
    error: Option<String>,
    /// How many channels it has.
    channels: usize,
    /// How many programmes of it were kept.
    programmes: usize,
    /// How many it has that are over for more than a day, or more than 14 days ahead.
    unwanted: usize,
    /// How many of its elements could not be read.
    skipped: usize,
}

/// A guide that is wanted.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewGuide)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// What to call it; when not given, its host.
    name: Option<String>,
    /// Where it is, by http or https.
    url: Option<String>,
    /// Seconds between two refreshes, 600 at least, 86400 unless told; 0 is never.
    refresh_s: Option<u32>,
    /// The smaller, the sooner it is asked; 0 unless told.
    priority: Option<i64>,
}

/// A guide, and the job that reads it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuideAtWork)]
pub(super) struct AtWork {
    guide: Guide,
    job: Progress,
}

impl Guide {
    fn of(guide: &guide::Guide) -> Self {
        let state = guide.state.clone();
        Self {
            name: guide.name.as_str().to_owned(),
            kind: guide.origin.kind(),
            url: shown(&guide.origin),
            refresh_s: guide.refresh_s,
            priority: guide.priority,
            refreshed_at: state.refreshed_at.map(rfc3339_of),
            tried_at: state.tried_at.map(rfc3339_of),
            error: state.error,
            channels: state.channels,
            programmes: state.programmes,
            unwanted: state.unwanted,
            skipped: state.skipped,
        }
    }
}

/// The guides there are.
#[utoipa::path(get, path = "/api/guides", operation_id = "list_guides", tag = "guide", responses((status = 200, body = Guides)))]
pub(super) async fn list(State(services): State<Services>) -> Json<Guides> {
    let guides: Vec<Guide> = services.catalog.directory().guides().map(Guide::of).collect();
    Json(Guides { total: guides.len(), guides })
}

/// Add a guide in XMLTV, and read it in a job.
#[utoipa::path(
    post, path = "/api/guides", operation_id = "create_guide", tag = "guide", request_body = New,
    responses(
        (status = 202, description = "It is being read", body = AtWork),
        (status = 400, description = "The name or the address is none", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "There is a guide of this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn create(
    State(services): State<Services>,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let Some(url) = new.url else {
        return Err(Problem::new(
            Kind::InvalidRequest,
            "url: where the guide is; one that is a file is uploaded.",
        ));
    };
    let name = new.name.as_deref().map(str::parse).transpose()?;
    let refresh_s = new.refresh_s.or(Some(REFRESH_S)).filter(|seconds| *seconds > 0);
    let wanted = Wanted { name, origin: Origin::Url { url }, refresh_s };
    let guide = services.catalog.add_guide(wanted, new.priority.unwrap_or(0)).await?;
    at_work(&services, &guide.name, None)
}

/// One guide.
#[utoipa::path(
    get, path = "/api/guides/{name}", operation_id = "show_guide", tag = "guide",
    params(("name" = String, Path, description = "The guide's name")),
    responses(
        (status = 200, body = Guide),
        (status = 400, description = "No guide can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such guide", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn show(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<Json<Guide>, Problem> {
    Ok(Json(Guide::of(&services.catalog.guide(&name.parse()?)?)))
}

/// Change a guide's name, address, priority, or how often it is refreshed; what is not given stays.
#[utoipa::path(
    put, path = "/api/guides/{name}", operation_id = "change_guide", tag = "guide", request_body = New,
    params(("name" = String, Path, description = "The guide's name")),
    responses(
        (status = 200, body = Guide),
        (status = 400, description = "A name or the address is none", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such guide", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "There is a guide of the new name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn change(
    State(services): State<Services>,
    Path(name): Path<String>,
    Body(new): Body<New>,
) -> Result<Json<Guide>, Problem> {
    let name: Name = name.parse()?;
    let before = services.catalog.guide(&name)?;
    let wanted = Wanted {
        name: new.name.as_deref().map(str::parse).transpose()?,
        origin: new.url.map_or(before.origin, |url| Origin::Url { url }),
        refresh_s: new.refresh_s.map_or(before.refresh_s, |seconds| Some(seconds).filter(|it| *it > 0)),
    };
    let changed =
        services.catalog.change_guide(name, wanted, new.priority.unwrap_or(before.priority)).await?;
    Ok(Json(Guide::of(&changed)))
}

/// Remove a guide. A playlist that names it does not bring it back.
#[utoipa::path(
    delete, path = "/api/guides/{name}", operation_id = "remove_guide", tag = "guide",
    params(("name" = String, Path, description = "The guide's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "No guide can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such guide", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn remove(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    services.catalog.remove_guide(&name.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read a guide anew, in a job.
#[utoipa::path(
    post, path = "/api/guides/{name}/refresh", operation_id = "refresh_guide", tag = "guide",
    params(("name" = String, Path, description = "The guide's name")),
    responses(
        (status = 202, description = "It is being read; by a job that was at it already, if one was", body = AtWork),
        (status = 400, description = "No guide can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such guide", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "It has no address", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn refresh(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    at_work(&services, &name.parse()?, None)
}

/// Put a guide in the place of an uploaded one, or upload a new one: XMLTV, or gzip of it.
#[utoipa::path(
    put, path = "/api/guides/{name}/content", operation_id = "upload_guide", tag = "guide",
    params(("name" = String, Path, description = "The guide's name")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "It is being read", body = AtWork),
        (status = 400, description = "No guide can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 408, description = "The body did not arrive in time", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "The guide of this name is none that was uploaded", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 413, description = "The guide is larger than the server takes", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn upload(
    State(services): State<Services>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let name: Name = name.parse()?;
    let is_uploaded = services.catalog.guide(&name).map(|guide| guide.origin == Origin::Upload);
    if let Ok(false) = is_uploaded {
        let detail = format!("The guide {:?} was not uploaded.", name.as_str());
        return Err(Problem::new(Kind::PlaylistExists, detail));
    }
    let body = whole_body(request, &services).await?;
    if is_uploaded.is_err() {
        let wanted = Wanted { name: Some(name.clone()), origin: Origin::Upload, refresh_s: None };
        services.catalog.add_guide(wanted, 0).await?;
    }
    at_work(&services, &name, Some(body))
}

/// The route of [`upload`], which takes more than others.
pub(super) fn upload_route() -> OpenApiRouter<Services> {
    OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::max(UPLOAD_MAX))
}

fn at_work(services: &Services, name: &Name, given: Option<Bytes>) -> Result<Response, Problem> {
    let job = services.catalog.refresh_guide(name, given)?.progress();
    let guide = Guide::of(&services.catalog.guide(name)?);
    Ok((StatusCode::ACCEPTED, Json(AtWork { guide, job })).into_response())
}
