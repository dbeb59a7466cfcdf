//! The channels of one playlist, as front ends were written for it.

use std::{borrow::Cow, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use iptv::{Entry, Link, M3u};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{
    super::{Kind, Problem, Services, extract::Path},
    row::kind,
};
use crate::catalog::{self, Folder, List, Name, Origin, SkippedLine, Source};

/// How long a playlist may take to be read, the turns of others included.
const PATIENCE: Duration = Duration::from_secs(15);

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
    acestream_hash: Option<Cow<'a, str>>,
    /// The link as the playlist has it.
    original_url: &'a str,
    /// What the link is: `acestream`, `embed` (a page to be framed), `transport_file` or `http`.
    #[serde(rename = "type")]
    kind: &'static str,
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

    /// As the catalogue has them: what was uploaded, or fetched, is not read again.
    fn kept(list: &'a List) -> Self {
        let listed = list.channels.iter().filter(|it| it.vanished_at.is_none());
        let channels: Vec<Channel<'_>> = listed.map(|it| Channel::kept(it)).collect();
        let state = &list.playlist.state;
        let skipped = state.skipped.clone();
        Self { total: channels.len(), channels, cached: true, skipped_total: state.skipped_total, skipped }
    }
}

impl<'a> Channel<'a> {
    fn of(entry: &'a Entry<'_>) -> Self {
        Self {
            name: &entry.name,
            logo: entry.logo.as_deref(),
            id: entry.tvg_id.as_deref(),
            group: entry.group.as_deref(),
            acestream_hash: entry.link.acestream_hash().map(Cow::Borrowed),
            original_url: &entry.url,
            kind: kind(&entry.link),
        }
    }

    fn kept(channel: &'a catalog::Channel) -> Self {
        let (listed, source) = (&channel.listed, channel.sources().next());
        let link = source.map(Source::link);
        Self {
            name: channel.name(),
            logo: listed.logo.as_deref(),
            id: listed.tvg_id.as_deref(),
            group: channel.group(),
            acestream_hash: link.as_ref().and_then(Link::acestream_hash).map(|hash| hash.to_owned().into()),
            original_url: source.map_or("", |source| &source.url),
            kind: link.as_ref().map_or("http", kind),
        }
    }
}

/// The channels of a playlist.
#[utoipa::path(
    get, path = "/api/playlists/{name}/channels", tag = "playlists",
    params(("name" = String, Path, description = "The playlist's name")),
    responses(
        (status = 200, body = Channels<'_>),
        (status = 400, description = "The name is none that a playlist can have", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 413, description = "The playlist's file is too large", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 503, description = "The disk does not answer", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn channels(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let name = name.parse()?;
    let body = match services.catalog.list(&name) {
        Ok(list) if list.playlist.origin != Origin::Folder => json(&Channels::kept(&list))?.into(),
        _ => in_time(text(services.catalog.folder(), name)).await?,
    };
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
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
    json(&Channels::of(playlist, cached))
}

fn json(channels: &Channels<'_>) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(channels)
        .map_err(|error| Problem::new(Kind::Internal, format!("writing channels: {error}")))
}

/// What `work` says, unless the disk takes too long: one that went away may never answer.
async fn in_time<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| {
        let detail = format!("The playlists could not be read in {} s.", PATIENCE.as_secs());
        Err(Problem::new(Kind::StorageTimeout, detail))
    })
}

/// Run what waits for the disk where it holds nobody up.
async fn blocking<T: Send + 'static>(
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
