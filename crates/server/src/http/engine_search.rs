//! `GET /api/engine/search`: the engine's own search for channels.

use acestream::{FoundBroadcast, Search};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Kind, Problem, Services, extract::Query};
use crate::live::{Failure, rfc3339_of};

/// The longest text that is searched for, in bytes.
const TEXT_MAX: usize = 200;

/// What to search for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// Words.
    q: String,
    /// One of the engine's categories, such as `sport`, `movies` or `music`.
    category: Option<String>,
    /// Which page, counted from 0.
    #[serde(default)]
    page: u32,
    /// How many results a page has: 50 unless told, up to 200.
    page_size: Option<u32>,
}

/// What the engine found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineFound)]
pub(super) struct Found {
    results: Vec<FoundChannel>,
    /// How many channels there are in all, as the engine counts.
    total: u64,
    /// Which page this is.
    page: u32,
}

/// A broadcast that was found: its `url` can be put into a playlist as it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineFoundChannel)]
pub(super) struct FoundChannel {
    /// What it is called.
    name: String,
    /// The address of its logo.
    logo: Option<String>,
    /// The ID to play it by: an infohash.
    acestream_hash: String,
    /// Its link.
    url: String,
    /// Whether the engine is sure that it is there.
    sure: bool,
    /// How often it was there, 0 to 1.
    availability: Option<f64>,
    /// When that was found out, RFC 3339.
    checked_at: Option<String>,
    /// Three letters each.
    languages: Vec<String>,
    /// Two letters each.
    countries: Vec<String>,
    /// The engine's words for its kind.
    categories: Vec<String>,
    /// Bits a second.
    bitrate_bps: Option<u64>,
}

impl From<FoundBroadcast> for FoundChannel {
    fn from(it: FoundBroadcast) -> Self {
        Self {
            name: it.name,
            logo: it.icon,
            url: format!("acestream:?infohash={}", it.infohash.as_str()),
            acestream_hash: it.infohash.as_str().to_owned(),
            sure: it.is_sure,
            availability: it.availability,
            checked_at: it.checked_at.and_then(|at| i64::try_from(at).ok()).map(rfc3339_of),
            languages: it.languages,
            countries: it.countries,
            categories: it.categories,
            bitrate_bps: it.bitrate,
        }
    }
}

/// Search for channels with the engine, which knows those of its network.
#[utoipa::path(
    get, path = "/api/engine/search", operation_id = "search_engine", tag = "channels", params(Asked),
    responses(
        (status = 200, body = Found),
        (status = 400, description = "There is nothing to search for, or a parameter does not fit", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The engine refuses, or its answer makes no sense", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "The engine is not there", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "The engine does not answer in time", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn search(
    State(services): State<Services>,
    Query(asked): Query<Asked>,
) -> Result<Json<Found>, Problem> {
    let (text, page_size) = (asked.q.trim(), asked.page_size.unwrap_or(50));
    if text.is_empty() || text.len() > TEXT_MAX || !(1..=200).contains(&page_size) {
        let detail = format!("q: 1 to {TEXT_MAX} bytes to search for; page_size: 1 to 200");
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let search = Search { text: text.to_owned(), category: asked.category, page: asked.page, page_size };
    let found = services.hub.any_engine().search(&search).await.map_err(Failure::from)?;
    let results = found.broadcasts.into_iter().map(Into::into).collect();
    Ok(Json(Found { results, total: found.total, page: asked.page }))
}
