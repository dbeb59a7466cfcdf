//! A channel as lists show it.

use std::sync::Arc;

use iptv::Link;
use serde::Serialize;
use utoipa::ToSchema;

use super::guide::{OnChannel, Programme};
use crate::{
    catalog::{
        Catalog, Channel, ChannelId, Health, Personal, Shape, Snapshot, Source,
        guide::{Directory, NowNext},
    },
    live::rfc3339_of,
    logos,
};

/// A channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelRow)]
pub(super) struct Row {
    /// Its name for programs; stays, whatever its playlist does.
    #[schema(value_type = i64)]
    id: ChannelId,
    /// What to call it.
    name: String,
    /// Its group.
    group: Option<String>,
    /// Its number on a remote control.
    number: Option<String>,
    /// The address of its logo: its list's, else its guide's.
    logo: Option<String>,
    /// The same from this server, small, for a year; another size is asked for with `&w=256`.
    logo_url: Option<String>,
    /// Its playlist.
    playlist: String,
    /// What its first source is: `acestream`, `embed`, `transport_file` or `http`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The ID to play it by; `null` for a channel that needs no engine.
    acestream_hash: Option<String>,
    /// The link of its first source as the playlist has it.
    original_url: String,
    /// How many sources it has.
    sources: usize,
    /// It has no picture.
    radio: bool,
    /// It is a favourite.
    favourite: bool,
    /// It is left out of lists.
    hidden: bool,
    /// Since when its playlist lists it no more, RFC 3339.
    vanished_at: Option<String>,
    /// How it did when it was last played: `working`, `failing` or `unknown`.
    health: &'static str,
    /// When one of its sources last worked, RFC 3339.
    worked_at: Option<String>,
    /// How long it took then until there was a picture, in milliseconds.
    took_ms: Option<i64>,
    /// Why it last failed, as a stable word.
    failure: Option<String>,
    /// What is on, where that is asked for with `now=true` and a guide knows.
    now: Option<Programme>,
    /// What comes next, likewise.
    next: Option<Programme>,
}

/// What rows are made of, at one moment.
#[derive(Debug)]
pub(super) struct View {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) personal: Arc<Personal>,
    directory: Arc<Directory>,
}

fn logo_url(id: ChannelId, address: &str) -> String {
    format!("/api/channels/{id}/logo?v={}", logos::mark(address))
}

/// The address without a user and a password, which are this server's to use.
fn without_credentials(address: &str) -> String {
    match address.parse::<reqwest::Url>() {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Only an address without a host refuses.
            _ = url.set_username("").and_then(|()| url.set_password(None));
            url.into()
        }
        _ => address.to_owned(),
    }
}

/// A source of a channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelSource)]
pub(super) struct SourceRow {
    /// The link as the playlist has it.
    url: String,
    /// What it is: `acestream`, `embed`, `transport_file` or `http`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The ID to play it by.
    acestream_hash: Option<String>,
    /// When it last worked, RFC 3339.
    worked_at: Option<String>,
    /// How long it took then until there was a picture, in milliseconds.
    took_ms: Option<i64>,
    /// When it last failed, RFC 3339.
    failed_at: Option<String>,
    /// Why, as a stable word.
    failure: Option<String>,
}

impl View {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let (snapshot, personal) = (catalog.snapshot(), catalog.personal());
        Self { snapshot, personal, directory: catalog.directory() }
    }

    pub(super) fn row(&self, channel: &Arc<Channel>) -> Row {
        let Self { snapshot, personal, directory } = self;
        let of_guide = || directory.belonging(channel)?.icon.as_deref();
        let logo = channel.listed.logo.as_deref().or_else(of_guide);
        let first = channel.sources().next();
        let link = first.map(Source::link);
        let health: Vec<&Health> =
            channel.listed.sources.iter().filter_map(|source| personal.health(source)).collect();
        let worked = health.iter().filter(|it| it.worked_at.is_some()).max_by_key(|it| it.worked_at);
        let failed = health.iter().filter(|it| it.failed_at.is_some()).max_by_key(|it| it.failed_at);
        Row {
            id: channel.id,
            name: channel.name().to_owned(),
            group: channel.group().map(str::to_owned),
            number: channel.number().map(str::to_owned),
            logo: logo.map(without_credentials),
            logo_url: logo.map(|logo| logo_url(channel.id, logo)),
            playlist: snapshot.playlist_of(channel.id).map_or("", |it| it.name.as_str()).to_owned(),
            kind: link.as_ref().map_or("http", kind),
            acestream_hash: link.as_ref().and_then(Link::acestream_hash).map(str::to_owned),
            original_url: first.map_or("", |source| &source.url).to_owned(),
            sources: channel.listed.sources.len(),
            radio: channel.listed.more.as_ref().is_some_and(|more| more.radio),
            favourite: personal.is_favourite(channel.id),
            hidden: channel.is_hidden(),
            vanished_at: channel.vanished_at.map(rfc3339_of),
            health: shape(personal.shape(channel)),
            worked_at: worked.and_then(|it| it.worked_at).map(rfc3339_of),
            took_ms: worked.and_then(|it| it.took_ms),
            failure: failed.and_then(|it| it.failure.clone()),
            now: None,
            next: None,
        }
    }

    /// One row a channel.
    pub(super) fn rows(&self, channels: &[Arc<Channel>]) -> Vec<Row> {
        channels.iter().map(|channel| self.row(channel)).collect()
    }
}

impl Row {
    /// The same, with what is on.
    pub(super) fn with(self, on: NowNext) -> Self {
        let OnChannel { now, next } = on.into();
        Self { now, next, ..self }
    }
}

impl SourceRow {
    pub(super) fn of(source: &Source, personal: &Personal) -> Self {
        let (link, health) = (source.link(), personal.health(source).cloned().unwrap_or_default());
        Self {
            url: source.url.to_string(),
            kind: kind(&link),
            acestream_hash: link.acestream_hash().map(str::to_owned),
            worked_at: health.worked_at.map(rfc3339_of),
            took_ms: health.took_ms,
            failed_at: health.failed_at.map(rfc3339_of),
            failure: health.failure,
        }
    }
}

pub(super) fn kind(link: &Link) -> &'static str {
    match link {
        Link::ContentId(_) | Link::Infohash(_) | Link::Magnet { .. } => "acestream",
        Link::TransportFile(_) | Link::TransportData(_) => "transport_file",
        Link::Embed { .. } => "embed",
        Link::Http(_) => "http",
    }
}

const fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Working => "working",
        Shape::Failing => "failing",
        Shape::Unknown => "unknown",
    }
}
