//! Playlists by address, account, upload or text.

use axum::{
    Json,
    extract::{DefaultBodyLimit, FromRequest as _, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::super::{
    Kind, Problem, Services,
    extract::{Json as Body, Path, Query},
};
use crate::{
    catalog::{Given, List, Name, Origin, Progress, SkippedLine, Wanted},
    fetch::Address,
    live::rfc3339_of,
};

/// Seconds between two refreshes, unless another time is asked for: a day.
pub(super) const REFRESH_S: u32 = 86_400;

/// The largest upload, in bytes. It is in memory until it is read.
pub(super) const UPLOAD_MAX: usize = 256 << 20;

/// An upload may take so many times longer than other bodies.
const UPLOAD_TIMES: u32 = 10;

/// The playlists there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Playlists {
    /// By name.
    playlists: Vec<Playlist>,
    /// How many.
    total: usize,
}

/// A playlist.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Playlist {
    /// Its name.
    name: String,
    /// Where it comes from: `url`, `xtream`, `upload` or `folder`.
    kind: &'static str,
    /// Its address, without what lets us in.
    url: Option<String>,
    /// Seconds between two refreshes; `null` if it is not refreshed.
    refresh_s: Option<u32>,
    /// How many channels it lists.
    channels: usize,
    /// How many it listed in the last 30 days and lists no more.
    vanished: usize,
    /// When what it holds was read, RFC 3339.
    refreshed_at: Option<String>,
    /// When that was last tried.
    tried_at: Option<String>,
    /// Why the last try failed.
    error: Option<String>,
    /// How many channels the list has that was kept back because it shrank so much.
    held_back: Option<usize>,
    /// How many guides it names.
    guides: usize,
    /// How many lines could not be read.
    skipped_total: usize,
    /// The first of them.
    skipped: Vec<SkippedLine>,
}

/// A playlist that is wanted. One of `url`, `xtream` and `text` is given.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewPlaylist)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// What to call it; when not given, its host.
    name: Option<String>,
    /// Where it is, by http or https. A name and a password may stand in front of the host.
    url: Option<String>,
    /// An account at a server that speaks Xtream codes.
    xtream: Option<Account>,
    /// The list itself, or links one a line.
    text: Option<String>,
    /// Seconds between two refreshes, 600 at least, 86400 unless told; 0 is never.
    refresh_s: Option<u32>,
}

/// An account at a server that speaks Xtream codes.
#[derive(Deserialize, ToSchema)]
#[schema(as = XtreamAccount)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    /// The server's address.
    server: String,
    username: String,
    password: String,
}

/// A playlist, and the job that reads it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlaylistAtWork)]
pub(super) struct AtWork {
    playlist: Playlist,
    job: Progress,
}

/// How to refresh.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    /// Take the list as it is, though it shrank.
    #[serde(default)]
    confirm: bool,
}

impl Playlist {
    fn of(list: &List) -> Self {
        let (playlist, state) = (&list.playlist, list.playlist.state.clone());
        let vanished = list.channels.iter().filter(|it| it.vanished_at.is_some()).count();
        Self {
            name: playlist.name.as_str().to_owned(),
            kind: playlist.origin.kind(),
            url: shown(&playlist.origin),
            refresh_s: playlist.refresh_s,
            channels: list.channels.len() - vanished,
            vanished,
            refreshed_at: state.refreshed_at.map(rfc3339_of),
            tried_at: state.tried_at.map(rfc3339_of),
            error: state.error,
            held_back: state.held_back,
            guides: state.guides.len(),
            skipped_total: state.skipped_total,
            skipped: state.skipped,
        }
    }
}

/// The address without what lets us in.
pub(super) fn shown(origin: &Origin) -> Option<String> {
    let (Origin::Url { url } | Origin::Xtream { server: url, .. }) = origin else { return None };
    Some(url.parse::<Address>().map_or_else(|_| "…".to_owned(), |address| address.to_string()))
}

impl New {
    /// Where it comes from, and what is in it already.
    fn origin(self) -> Result<(Origin, Option<Bytes>), Problem> {
        match (self.url, self.xtream, self.text) {
            (Some(url), None, None) => Ok((Origin::Url { url }, None)),
            (None, Some(Account { server, username, password }), None) => {
                Ok((Origin::Xtream { server, username, password }, None))
            }
            (None, None, Some(text)) => Ok((Origin::Upload, Some(text.into()))),
            _ => Err(Problem::new(Kind::InvalidRequest, "Give one of url, xtream and text.")),
        }
    }
}

/// The playlists there are.
#[utoipa::path(get, path = "/api/playlists", operation_id = "list_playlists", tag = "playlists", responses((status = 200, body = Playlists)))]
pub(super) async fn list(State(services): State<Services>) -> Json<Playlists> {
    services.catalog.settle().await;
    let playlists: Vec<Playlist> =
        services.catalog.snapshot().lists().iter().map(|list| Playlist::of(list)).collect();
    Json(Playlists { total: playlists.len(), playlists })
}

/// Add a playlist, and read it in a job. The channels can be used while it is read.
#[utoipa::path(
    post, path = "/api/playlists", operation_id = "create_playlist", tag = "playlists", request_body = New,
    responses(
        (status = 202, description = "It is being read", body = AtWork),
        (status = 400, description = "The name or the address is none, or there is no address", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "There is a playlist of this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 413, description = "The text is larger than the server takes: upload it", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn create(
    State(services): State<Services>,
    Body(new): Body<New>,
) -> Result<Response, Problem> {
    let name = new.name.as_deref().map(str::parse).transpose()?;
    let refresh = new.refresh_s;
    let (origin, text) = new.origin()?;
    let refresh_s = match origin {
        Origin::Upload => None,
        _ => refresh.or(Some(REFRESH_S)).filter(|seconds| *seconds > 0),
    };
    let playlist = services.catalog.add(Wanted { name, origin, refresh_s }).await?;
    let given = text.map_or(Given::Address { confirmed: false }, Given::Bytes);
    at_work(&services, &playlist.name, given)
}

/// One playlist.
#[utoipa::path(
    get, path = "/api/playlists/{name}", operation_id = "show_playlist", tag = "playlists",
    params(("name" = String, Path, description = "The playlist's name")),
    responses(
        (status = 200, body = Playlist),
        (status = 400, description = "No playlist can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn show(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<Json<Playlist>, Problem> {
    Ok(Json(Playlist::of(&*services.catalog.list(&name.parse()?)?)))
}

/// Change a playlist's name, address, or how often it is refreshed; what is not given stays. Its channels stay too, until
/// they are read from another address: that begins at once.
#[utoipa::path(
    put, path = "/api/playlists/{name}", operation_id = "change_playlist", tag = "playlists", request_body = New,
    params(("name" = String, Path, description = "The playlist's name")),
    responses(
        (status = 200, body = Playlist),
        (status = 400, description = "A name or the address is none", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "There is a playlist of the new name, or it is a file in the folder", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn change(
    State(services): State<Services>,
    Path(name): Path<String>,
    Body(new): Body<New>,
) -> Result<Json<Playlist>, Problem> {
    let name: Name = name.parse()?;
    let before = services.catalog.list(&name)?.playlist.clone();
    let new_name = new.name.as_deref().map(str::parse).transpose()?;
    let refresh_s = new.refresh_s.map_or(before.refresh_s, |seconds| Some(seconds).filter(|it| *it > 0));
    let origin = match (&new.url, &new.xtream, &new.text) {
        (None, None, None) => before.origin.clone(),
        (_, _, Some(_)) => {
            return Err(Problem::new(Kind::InvalidRequest, "text: put the list itself to …/content."));
        }
        _ => new.origin()?.0,
    };
    let changed = services.catalog.change(name, Wanted { name: new_name, origin, refresh_s }).await?;
    if changed.origin != before.origin {
        services.catalog.refresh(&changed.name, Given::Address { confirmed: false })?;
    }
    Ok(Json(Playlist::of(&*services.catalog.list(&changed.name)?)))
}

/// Remove a playlist and its channels. What was made of them comes back should they come back.
#[utoipa::path(
    delete, path = "/api/playlists/{name}", operation_id = "remove_playlist", tag = "playlists",
    params(("name" = String, Path, description = "The playlist's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "No playlist can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "It is a file in the folder: remove the file", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn remove(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    services.catalog.remove(&name.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read a playlist anew, in a job. A list that shrank to less than half is kept back unless that is confirmed.
#[utoipa::path(
    post, path = "/api/playlists/{name}/refresh", operation_id = "refresh_playlist", tag = "playlists",
    params(("name" = String, Path, description = "The playlist's name"), How),
    responses(
        (status = 202, description = "It is being read; by a job that was at it already, if one was", body = AtWork),
        (status = 400, description = "No playlist can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "It has no address", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn refresh(
    State(services): State<Services>,
    Path(name): Path<String>,
    Query(how): Query<How>,
) -> Result<Response, Problem> {
    at_work(&services, &name.parse()?, Given::Address { confirmed: how.confirm })
}

/// Put a list in the place of an uploaded playlist's, or upload a new one: M3U, gzip of it, or links one a line.
#[utoipa::path(
    put, path = "/api/playlists/{name}/content", operation_id = "upload_playlist", tag = "playlists",
    params(("name" = String, Path, description = "The playlist's name")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 202, description = "It is being read", body = AtWork),
        (status = 400, description = "No playlist can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 408, description = "The body did not arrive in time", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 409, description = "The playlist of this name is none that was uploaded", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 413, description = "The list is larger than the server takes", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn upload(
    State(services): State<Services>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let name: Name = name.parse()?;
    if let Ok(list) = services.catalog.list(&name)
        && list.playlist.origin != Origin::Upload
    {
        let detail = format!("The playlist {:?} was not uploaded.", name.as_str());
        return Err(Problem::new(Kind::PlaylistExists, detail));
    }
    let body = whole_body(request, &services).await?;
    if services.catalog.list(&name).is_err() {
        let wanted = Wanted { name: Some(name.clone()), origin: Origin::Upload, refresh_s: None };
        services.catalog.add(wanted).await?;
    }
    at_work(&services, &name, Given::Bytes(body))
}

/// The body of a request that uploads a file.
pub(super) async fn whole_body(request: Request, services: &Services) -> Result<Bytes, Problem> {
    let limit = services.http.body_timeout * UPLOAD_TIMES;
    let body = timeout(limit, Bytes::from_request(request, services)).await.map_err(|_| {
        Problem::new(Kind::InvalidRequest, format!("The body did not arrive within {limit:?}."))
            .status(StatusCode::REQUEST_TIMEOUT)
    })?;
    Ok(body?)
}

/// The route of [`upload`], which takes more than others.
pub(super) fn upload_route() -> OpenApiRouter<Services> {
    OpenApiRouter::new().routes(routes!(upload)).layer(DefaultBodyLimit::max(UPLOAD_MAX))
}

fn at_work(services: &Services, name: &Name, given: Given) -> Result<Response, Problem> {
    let job = services.catalog.refresh(name, given)?.progress();
    let playlist = Playlist::of(&*services.catalog.list(name)?);
    Ok((StatusCode::ACCEPTED, Json(AtWork { playlist, job })).into_response())
}
