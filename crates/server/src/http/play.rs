//! `POST /api/play`: start a channel and say where it plays.

use acestream::ContentId;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Kind, Problem, Services,
    address::Address,
    extract::{Json, Viewer},
};
use crate::{
    catalog::{ChannelId, Source},
    live::{EngineHealth, MAX_ALTERNATIVES},
};

/// What this server runs on, as far as clients care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Railway.
    Railway,
    /// Render.
    Render,
    /// A container.
    Docker,
    /// Anything else.
    Linux,
}

impl Platform {
    /// Look at the environment for what hosts leave there.
    #[must_use]
    pub fn detect() -> Self {
        let set = |name| std::env::var_os(name).is_some();
        if set("RAILWAY_ENVIRONMENT") || set("RAILWAY_ENVIRONMENT_NAME") {
            Self::Railway
        } else if set("RENDER") {
            Self::Render
        } else if ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| std::path::Path::new(mark).exists())
        {
            Self::Docker
        } else {
            Self::Linux
        }
    }

    /// Its name, and the name of the converter on it. Media passes through our own packager: `native`.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Railway => ("Railway", "railway_native"),
            Self::Render => ("Render", "render_native"),
            Self::Docker => ("Docker", "docker_native"),
            Self::Linux => ("Linux", "linux_native"),
        }
    }
}

/// Which channel to play.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Play {
    /// Its content ID: 32 to 64 ASCII letters and digits, usually 40 hexadecimal ones.
    #[schema(example = "d65257bb7856e13b718df1dfe65ee482d90dd384")]
    hash: String,
    /// Other content IDs that lead to the same channel, best first, 8 at most: one of them is played when this
    /// one does not.
    #[serde(default)]
    #[schema(example = json!([]), max_items = 8)]
    alternatives: Vec<String>,
    /// The channel of the catalogue that is meant: it is remembered as played, and its other sources are the
    /// alternatives where none are given.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    channel: Option<ChannelId>,
}

impl Play {
    /// The content IDs in `alternatives`, each once and without the channel's own.
    fn alternatives(&self, own: &ContentId) -> Result<Vec<ContentId>, Problem> {
        if self.alternatives.len() > MAX_ALTERNATIVES {
            let count = self.alternatives.len();
            let detail = format!("alternatives: {count} content IDs, of at most {MAX_ALTERNATIVES}");
            return Err(Problem::new(Kind::InvalidRequest, detail));
        }
        let mut ids: Vec<ContentId> = Vec::new();
        for (index, text) in self.alternatives.iter().enumerate() {
            let invalid =
                |error| Problem::new(Kind::InvalidRequest, format!("alternatives[{index}]: {error}"));
            let id: ContentId = text.parse().map_err(invalid)?;
            if id != *own && !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

impl Play {
    /// The other sources of the channel that is meant.
    fn other_sources(&self, services: &Services, own: &ContentId) -> Vec<ContentId> {
        let Some(channel) = self.channel.and_then(|id| services.catalog.channel(id).ok()) else {
            return Vec::new();
        };
        let hash = |source: &Source| source.link().acestream_hash()?.parse().ok();
        let mut others: Vec<ContentId> = channel.sources().filter_map(hash).filter(|id| id != own).collect();
        others.truncate(MAX_ALTERNATIVES);
        others
    }
}

/// The channel was started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Playing {
    /// Always `success`.
    status: &'static str,
    /// The content ID, lower-cased if it is hexadecimal.
    #[schema(value_type = String)]
    hash: ContentId,
    /// Where the stream plays: an HLS playlist, as an absolute URL.
    stream_url: String,
    /// The same.
    hls_url: String,
    /// How it is played: `hls_conversion`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The platform and the converter: `{railway|render|docker|linux}_native`.
    backend: &'static str,
    /// The same for people.
    message: String,
}

/// Start a channel, and say where it plays.
///
/// The stream starts now, not at the first request for its playlist.
#[utoipa::path(
    post, path = "/api/play", tag = "live", request_body = Play,
    responses(
        (status = 200, description = "The stream plays or starts", body = Playing),
        (status = 400, description = "The body is no JSON, or the hash or an alternative is no content ID", content_type = "application/problem+json", body = super::problem::Details),
        (status = 408, description = "The body did not arrive in time", content_type = "application/problem+json", body = super::problem::Details),
        (status = 413, description = "The body is larger than the server takes", content_type = "application/problem+json", body = super::problem::Details),
        (status = 415, description = "The body is not said to be JSON", content_type = "application/problem+json", body = super::problem::Details),
        (status = 422, description = "The body is JSON of another shape", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "The engine is down, or as many streams play or viewers watch as may", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn play(
    State(services): State<Services>,
    Address(address): Address,
    viewer: Viewer,
    Json(play): Json<Play>,
) -> Result<axum::Json<Playing>, Problem> {
    let hash: ContentId = play.hash.parse()?;
    let mut alternatives = play.alternatives(&hash)?;
    if alternatives.is_empty() {
        alternatives = play.other_sources(&services, &hash);
    }
    if let EngineHealth::Down { reason, .. } = services.hub.ask_engine().await {
        return Err(Problem::engine_down(&format!("The engine does not answer: {reason}")));
    }
    // Somebody asks for this channel now: that it failed a moment ago does not answer them.
    services.hub.forgive(&hash);
    let stream = services.hub.join(&hash, viewer.0)?;
    stream.offer(&alternatives);
    // A player begins, that has no playlist yet, whatever one before it was given.
    stream.tell(viewer.0, None);
    if let Some(channel) = play.channel
        && let Err(error) = services.catalog.add_recent(channel).await
    {
        // It plays all the same.
        tracing::debug!("channel {channel} is not remembered as played: {error}");
    }
    let stream_url = format!("{address}/api/stream/{hash}/playlist.m3u8");
    let (platform, backend) = services.platform.names();
    Ok(axum::Json(Playing {
        status: "success",
        hash,
        hls_url: stream_url.clone(),
        stream_url,
        kind: "hls_conversion",
        backend,
        message: format!("HLS stream ready via {platform} - No AceStream installation required!"),
    }))
}
