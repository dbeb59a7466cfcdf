//! The playlists of channels.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use iptv::{Entry, Link, M3u};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{Kind, Problem, Services, extract::Path};
use crate::catalog::{Folder, Name};

/// How long a playlist may take to be read, the turns of others included.
const PATIENCE: Duration = Duration::from_secs(15);

/// The playlists there are.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Playlists {
    /// By name.
    playlists: Vec<Summary>,
    /// How many.
    total: usize,
}

/// One playlist.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Summary {
    /// Its name: its file's, without the extension.
    name: String,
}

/// The playlists there are.
#[utoipa::path(get, path = "/api/playlists", operation_id = "list_playlists", tag = "playlists", responses(
        (status = 200, body = Playlists),
        (status = 503, description = "The disk does not answer", content_type = "application/problem+json", body = super::problem::Details),
    ))]
pub(super) async fn list(State(services): State<Services>) -> Result<Json<Playlists>, Problem> {
    let names = in_time(blocking(&services.catalog, |catalog| Ok(catalog.names()?))).await?;
    let playlists: Vec<Summary> =
        names.iter().map(|name| Summary { name: name.as_str().to_owned() }).collect();
    Ok(Json(Playlists { total: playlists.len(), playlists }))
}

/// The channels of a playlist, in its order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Channels<'a> {
    channels: Vec<Channel<'a>>,
    /// How many.
    total: usize,
    /// Whether this answer came without reading the file again.
    cached: bool,
    /// How many lines could not be read.
    skipped_total: usize,
    /// The first of them.
    skipped: Vec<SkippedLine>,
}

/// A channel of a playlist.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Channel<'a> {
    /// Its name.
    name: &'a str,
    /// The URL of its logo.
    logo: Option<&'a str>,
    /// Its ID in the programme guide.
    id: Option<&'a str>,
    /// Its group.
    group: Option<&'a str>,
    /// The ID to play it by; `null` for a channel that needs no engine.
    acestream_hash: Option<&'a str>,
    /// The link as the playlist has it.
    original_url: &'a str,
    /// What the link is: `acestream`, `embed` (a page to be framed), `transport_file` or `http`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// A line of a playlist that could not be read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SkippedLine {
    /// Which, counted from 1.
    line: usize,
    /// Why.
    reason: String,
}

/// At most so many skipped lines are told; they are for people.
const SKIPPED_SHOWN: usize = 100;

impl<'a> Channels<'a> {
    fn of(playlist: &'a M3u, cached: bool) -> Self {
        let skipped = playlist.skipped.iter().take(SKIPPED_SHOWN);
        Self {
            channels: playlist.entries.iter().map(Channel::of).collect(),
            total: playlist.entries.len(),
            cached,
            skipped_total: playlist.skipped_total,
            skipped: skipped.map(|it| SkippedLine { line: it.line, reason: it.reason.to_string() }).collect(),
        }
    }
}

impl<'a> Channel<'a> {
    fn of(entry: &'a Entry<'_>) -> Self {
        Self {
            name: &entry.name,
            logo: entry.logo.as_deref(),
            id: entry.tvg_id.as_deref(),
            group: entry.group.as_deref(),
            acestream_hash: entry.link.acestream_hash(),
            original_url: &entry.url,
            kind: kind(&entry.link),
        }
    }
}

fn kind(link: &Link) -> &'static str {
    match link {
        Link::ContentId(_) | Link::Infohash(_) | Link::Magnet { .. } => "acestream",
        Link::TransportFile(_) | Link::TransportData(_) => "transport_file",
        Link::Embed { .. } => "embed",
        Link::Http(_) => "http",
    }
}

/// The channels of a playlist.
#[utoipa::path(
    get, path = "/api/playlists/{name}/channels", tag = "playlists",
    params(("name" = String, Path, description = "The playlist's name")),
    responses(
        (status = 200, body = Channels<'_>),
        (status = 400, description = "The name is none that a playlist can have", content_type = "application/problem+json", body = super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::problem::Details),
        (status = 413, description = "The playlist's file is too large", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "The disk does not answer", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn channels(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let body = in_time(text(&services.catalog, name.parse()?)).await?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json)], body).into_response())
}

/// The channels of the playlist: as they were written, else read as soon as it is its turn.
async fn text(catalog: &Arc<Folder>, name: Name) -> Result<Bytes, Problem> {
    let asked = name.clone();
    if let Some(text) = blocking(catalog, move |catalog| Ok(catalog.at_hand(&asked)?)).await? {
        return Ok(text);
    }
    let turn = catalog.turn().await;
    // The turn goes along: the work goes on when the client hangs up.
    blocking(catalog, move |catalog| catalog.read(&name, &turn, write)).await
}

fn write(playlist: &M3u, cached: bool) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&Channels::of(playlist, cached))
        .map_err(|error| Problem::new(Kind::Internal, format!("writing channels: {error}")))
}

/// What `work` says, unless the disk takes too long: one that went away may never answer.
pub(super) async fn in_time<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| {
        let detail = format!("The playlists could not be read in {} s.", PATIENCE.as_secs());
        Err(Problem::new(Kind::StorageTimeout, detail))
    })
}

/// Run what waits for the disk where it holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(
    catalog: &Arc<Folder>,
    work: impl FnOnce(&Folder) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (catalog, place) = (Arc::clone(catalog), catalog.place().await);
    // The place goes along, as long as the work takes.
    let work = move || {
        let _place = place;
        work(&catalog)
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Problem::new(Kind::Internal, format!("reading a playlist: {error}"))))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use axum::http::StatusCode;
    use tokio::time::advance;

    use super::*;

    fn folder(place: &tempfile::TempDir) -> Arc<Folder> {
        std::fs::write(place.path().join("tv.m3u"), "#EXTINF:-1,News\nhttp://tv.example/news.ts\n").unwrap();
        Arc::new(Folder::new(place.path().to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_disk_that_hangs_is_waited_for_no_longer_than_people_wait() {
        let place = tempfile::tempdir().unwrap();
        let folder = folder(&place);
        let (comes_back, away) = mpsc::channel::<()>();

        let hangs = blocking(&folder, move |_| {
            away.recv().unwrap();
            Ok(())
        });
        let (answer, ()) = tokio::join!(in_time(hangs), advance(PATIENCE));
        comes_back.send(()).unwrap();

        assert_eq!(answer.unwrap_err().into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_does_not_come_is_waited_for_no_longer_either() {
        let place = tempfile::tempdir().unwrap();
        let folder = folder(&place);
        let turn = folder.turn().await;

        let answer = in_time(text(&folder, "tv".parse().unwrap())).await;
        assert_eq!(answer.unwrap_err().into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        drop(turn);

        assert!(in_time(text(&folder, "tv".parse().unwrap())).await.is_ok());
    }
}
