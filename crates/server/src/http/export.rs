//! `GET /playlist.m3u`: the channels of all playlists for other players, with addresses of this server.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use iptv::{Entry, Link, M3u, m3u::Writer};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Kind, Problem, Services,
    address::Address,
    extract::Query,
    playlists::{blocking, in_time},
};
use crate::catalog::{Folder, Name};

/// The longest list that is written, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// Which channels, and how they are to be played.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// The name of one playlist; all of them when not given.
    playlist: Option<String>,
    /// The channels of this group alone, as the playlist writes it.
    group: Option<String>,
    /// What the addresses lead to: `ts`, one endless transport stream, or `hls`, a playlist of segments.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// How a channel is delivered to the player.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
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
/// out. The playlists come in the order of their names.
#[utoipa::path(
    get, path = "/playlist.m3u", tag = "playlists", params(Wish),
    responses(
        (status = 200, description = "The list", content_type = "audio/x-mpegurl", body = String),
        (status = 400, description = "There is no such format or parameter, or no playlist can have this name", content_type = "application/problem+json", body = super::problem::Details),
        (status = 404, description = "No such playlist", content_type = "application/problem+json", body = super::problem::Details),
        (status = 413, description = "A playlist's file, or the list, is too large", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "The disk does not answer", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn export(
    State(services): State<Services>,
    Address(address): Address,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let text = Writer::new(String::new(), &[]).expect("a String takes any text");
    let list = List { text, address, group: wish.group, format: wish.format };
    let text = in_time(whole(&services.catalog, wish.playlist, list)).await?;
    let mpegurl = HeaderValue::from_static("audio/x-mpegurl; charset=utf-8");
    let no_cache = HeaderValue::from_static("no-cache");
    Ok(([(header::CONTENT_TYPE, mpegurl), (header::CACHE_CONTROL, no_cache)], text).into_response())
}

/// The channels of the playlist `only`, or of all, behind those in `list`.
async fn whole(catalog: &Arc<Folder>, only: Option<String>, mut list: List) -> Result<String, Problem> {
    let names: Vec<Name> = match only {
        Some(name) => vec![name.parse()?],
        None => blocking(catalog, |catalog| Ok(catalog.names()?)).await?,
    };
    for name in names {
        let turn = catalog.turn().await;
        list = blocking(catalog, move |catalog| list.with(&catalog.parse(&name, &turn)?)).await?;
    }
    Ok(list.text.into_inner())
}

/// The list so far.
struct List {
    text: Writer<String>,
    address: String,
    group: Option<String>,
    format: Format,
}

impl List {
    fn with(mut self, playlist: &M3u) -> Result<Self, Problem> {
        for entry in &playlist.entries {
            let Some(url) = self.url(entry).filter(|_| self.is_wanted(entry)) else { continue };
            self.text.entry(entry, &url).expect("a String takes any text");
            if self.text.get_ref().len() > MAX_BYTES {
                let detail =
                    format!("The list has more than {MAX_BYTES} bytes: ask for one playlist or group.");
                return Err(Problem::new(Kind::TooLarge, detail));
            }
        }
        Ok(self)
    }

    fn is_wanted(&self, entry: &Entry<'_>) -> bool {
        self.group.is_none() || self.group.as_deref() == entry.group.as_deref()
    }

    /// Where the channel plays, if this server, or nobody, is needed for it.
    fn url(&self, entry: &Entry<'_>) -> Option<String> {
        match (&entry.link, entry.link.acestream_hash()) {
            (_, Some(hash)) => Some(format!("{}/api/stream/{hash}/{}", self.address, self.format.file())),
            (Link::Http(url), None) => Some(url.clone()),
            _ => None,
        }
    }
}
