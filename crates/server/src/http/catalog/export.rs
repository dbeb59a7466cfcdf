//! `GET /playlist.m3u`: the channels for other players, with addresses of this server.

use std::collections::{HashMap, HashSet};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use iptv::{
    Entry, Link,
    m3u::{self, Writer},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    super::{Kind, Problem, Services, address::Address, extract::Query},
    etag, has,
};
use crate::catalog::{self, Channel, ChannelId, Only};

/// The longest list that is written, in bytes.
const MAX_BYTES: usize = 256 << 20;

/// Which channels, and how they are to be played.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// The name of one playlist; all of them when not given.
    playlist: Option<String>,
    /// The channels of this group alone; empty for those without one.
    group: Option<String>,
    /// Words of the channels' names.
    #[serde(default)]
    q: String,
    /// The favourites alone, in their order.
    #[serde(default)]
    favourites: bool,
    /// What the addresses lead to: `ts`, one endless transport stream, or `hls`, a playlist of segments.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// How a channel is delivered to the player.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// `stream.ts`: VLC, Kodi, televisions, other servers.
    #[default]
    Ts,
    /// `playlist.m3u8`.
    Hls,
}

impl Format {
    const fn file(self) -> &'static str {
        match self {
            Self::Ts => "stream.ts",
            Self::Hls => "playlist.m3u8",
        }
    }
}

/// The channels as an M3U list, to be played by this server.
///
/// For VLC, Kodi, TiviMate, Jellyfin, or another acehls: any program that takes an M3U list by its address. Channels
/// that need no engine keep their own address; those that are transport files, which the server does not play, are left
/// out, and so are those that are hidden or vanished.
#[utoipa::path(
    get, path = "/playlist.m3u", tag = "playlists", params(Wish),
    responses(
        (status = 200, description = "The list", content_type = "audio/x-mpegurl", body = String),
        (status = 304, description = "Nothing has changed since the answer whose ETag came with the request"),
        (status = 400, description = "There is no such format or parameter, or no playlist can have this name", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 413, description = "The list is too large", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn export(
    State(services): State<Services>,
    Address(address): Address,
    headers: HeaderMap,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    services.catalog.settle().await;
    let query = wish.query()?;
    if let Some(name) = &query.playlist {
        services.catalog.list(name)?;
    }
    let tag = etag(&services.catalog);
    let about = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // mpv knows the type without a charset alone, and not by its name where a query follows.
        (header::CONTENT_TYPE, HeaderValue::from_static("audio/x-mpegurl")),
    ];
    if has(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let (snapshot, personal) = (services.catalog.snapshot(), services.catalog.personal());
    let catalog = services.catalog.clone();
    let written = tokio::task::spawn_blocking(move || {
        let ids = catalog.guide_ids(&snapshot);
        let page = snapshot.find(&query, &personal);
        let channels = page.channels.iter().filter(|it| it.vanished_at.is_none());
        written(channels.map(AsRef::as_ref), &ids, &address, wish.format)
    });
    let text = written.await.map_err(|error| Problem::new(Kind::Internal, error.to_string()))??;
    Ok((about, text).into_response())
}

impl Wish {
    fn query(&self) -> Result<catalog::Query, Problem> {
        Ok(catalog::Query {
            text: self.q.clone(),
            playlist: self.playlist.as_deref().map(str::parse).transpose()?,
            group: self.group.clone(),
            only: self.favourites.then_some(Only::Favourites),
            limit: usize::MAX,
            ..catalog::Query::default()
        })
    }
}

fn written<'a>(
    channels: impl Iterator<Item = &'a Channel>,
    guide_ids: &HashMap<ChannelId, String>,
    address: &str,
    format: Format,
) -> Result<String, Problem> {
    let guide = format!("{address}/xmltv.xml");
    let taken: HashSet<String> = guide_ids.values().map(|id| id.to_lowercase()).collect();
    let mut list = Writer::new(String::new(), &[&guide]).expect("a String takes any text");
    for channel in channels {
        let Some(mut entry) = channel.entry() else { continue };
        if let Some(id) = guide_ids.get(&channel.id) {
            entry.tvg_id = Some((&**id).into());
        } else if entry.tvg_id.as_deref().is_some_and(|id| taken.contains(&same(id))) {
            // In the guide that goes out, it is another's.
            entry.tvg_id = None;
        }
        let Some(url) = url(&entry, address, format) else { continue };
        list.entry(&entry, &url).expect("a String takes any text");
        if list.get_ref().len() > MAX_BYTES {
            let detail = format!("The list has more than {MAX_BYTES} bytes: ask for one playlist or group.");
            return Err(Problem::new(Kind::TooLarge, detail));
        }
    }
    Ok(list.into_inner())
}

/// What is left of an ID that programs take for the same.
fn same(id: &str) -> String {
    m3u::attribute_text(id).to_lowercase()
}

/// Where the channel plays, if this server, or nobody, is needed for it.
fn url(entry: &Entry<'_>, address: &str, format: Format) -> Option<String> {
    match (&entry.link, entry.link.acestream_hash()) {
        (_, Some(hash)) => Some(format!("{address}/api/stream/{hash}/{}", format.file())),
        (Link::Http(url), None) => Some(url.clone()),
        _ => None,
    }
}
