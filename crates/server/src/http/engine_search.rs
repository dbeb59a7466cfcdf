//! `GET /api/engine/search`: channels that the engine knows, ready to be added.

use std::time::{SystemTime, UNIX_EPOCH};

use acestream::{Availability, FoundChannel, Search};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Kind, Problem, Services, extract::Query};
use crate::live::{EngineHealth, Failure, rfc3339_of};

/// How many results the engine is asked for at once, unless told.
const PAGE_SIZE: u32 = 50;
/// How many it gives at most.
const MAX_PAGE_SIZE: u32 = 200;
/// More pages than an engine has.
const MAX_PAGE: u32 = 10_000;
/// The longest text to look for, in characters.
const MAX_QUERY: usize = 200;
const MAX_CATEGORY: usize = 40;

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// A part of the name, 200 characters at most.
    #[serde(default)]
    #[param(required = true)]
    q: String,
    /// Which page, counted from 0.
    #[serde(default)]
    page: u32,
    /// How many results a page has: 50 unless told, 200 at most.
    page_size: Option<u32>,
    /// One of the engine's categories, such as `sport`, `movies`, `music`, `informational` or `tv`.
    category: Option<String>,
}

impl TryFrom<Wanted> for Search {
    type Error = Problem;

    fn try_from(wanted: Wanted) -> Result<Self, Problem> {
        let refused = |detail: &str| Err(Problem::new(Kind::InvalidRequest, detail));
        let query = wanted.q.trim();
        if query.is_empty() {
            return refused("q: there is nothing to look for.");
        }
        if query.chars().count() > MAX_QUERY {
            return refused("q: more than 200 characters.");
        }
        if wanted.page > MAX_PAGE {
            return refused("page: there are not so many.");
        }
        let page_size = wanted.page_size.unwrap_or(PAGE_SIZE);
        if !(1..=MAX_PAGE_SIZE).contains(&page_size) {
            return refused("page_size: 1 to 200.");
        }
        let category = wanted.category.filter(|category| !category.is_empty());
        if !category.as_deref().is_none_or(is_category) {
            return refused("category: letters, digits and _ only.");
        }
        Ok(Self { query: query.to_owned(), category, page: wanted.page, page_size })
    }
}

fn is_category(text: &str) -> bool {
    text.len() <= MAX_CATEGORY && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One page of what the engine found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineFound)]
pub(super) struct Results {
    /// In the engine's order, the best first.
    results: Vec<SearchResult>,
    /// How many the engine has on all pages together; what it counts as one may be several results here.
    total: Option<u64>,
    /// Which page this is, counted from 0.
    page: u32,
    /// How many the engine is asked for on one page.
    page_size: u32,
}

/// A channel that the engine knows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EngineFoundChannel)]
struct SearchResult {
    /// Its name.
    name: String,
    /// The URL of its logo.
    logo: Option<String>,
    /// Its swarm.
    infohash: String,
    /// The ID to play it by: the infohash.
    acestream_hash: String,
    /// The link to add it by.
    #[schema(example = "acestream:?infohash=d65257bb7856e13b718df1dfe65ee482d90dd384")]
    url: String,
    /// ISO 639-2, as the engine writes them.
    #[schema(example = json!(["eng"]))]
    languages: Vec<String>,
    /// ISO 3166-1, as the engine writes them.
    #[schema(example = json!(["gb"]))]
    countries: Vec<String>,
    /// The engine's categories.
    #[schema(example = json!(["sport"]))]
    categories: Vec<String>,
    /// `green`: it is there; `yellow`: nobody guarantees that; `null` where the engine does not say.
    #[schema(value_type = Option<String>)]
    status: Option<&'static str>,
    /// How much of the time it is there, 0 to 1.
    available: Option<f64>,
    /// When that was looked at, RFC 3339.
    checked_at: Option<String>,
    /// As the engine says it, in a unit of its own.
    bitrate: Option<u64>,
}

impl From<FoundChannel> for SearchResult {
    fn from(found: FoundChannel) -> Self {
        let infohash = found.infohash.to_string();
        Self {
            name: found.name,
            logo: found.icon.map(Into::into),
            url: format!("acestream:?infohash={infohash}"),
            acestream_hash: infohash.clone(),
            infohash,
            languages: found.languages,
            countries: found.countries,
            categories: found.categories,
            status: found.status.map(colour),
            available: found.availability,
            checked_at: found.updated_at.and_then(date),
            bitrate: found.bitrate,
        }
    }
}

fn colour(status: Availability) -> &'static str {
    match status {
        Availability::Green => "green",
        Availability::Yellow => "yellow",
    }
}

fn date(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    seconds.try_into().ok().map(rfc3339_of)
}

/// Look for channels at the engine.
///
/// Asks the first engine that is there, which asks others of its network: at most 20 s. The results can be added to a
/// list by their `url`, or played by their `acestream_hash`.
#[utoipa::path(
    get, path = "/api/engine/search", operation_id = "search_engine", tag = "channels", params(Wanted),
    responses(
        (status = 200, description = "What was found", body = Results),
        (status = 400, description = "There is nothing to look for, or a parameter is none", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The engine refuses, has no search, or makes no sense", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "The engine is down", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "The engine did not answer in time", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn search(
    State(services): State<Services>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Results>, Problem> {
    let search = Search::try_from(wanted)?;
    if let EngineHealth::Down { reason, .. } = services.hub.ask_engine().await {
        return Err(Problem::engine_down(&format!("The engine does not answer: {reason}")));
    }
    let found = services.hub.search(&search).await.map_err(told)?;
    let results = found.results.into_iter().map(SearchResult::from).collect();
    Ok(Json(Results { results, total: found.total, page: search.page, page_size: search.page_size }))
}

/// The engine's error as that of a stream would be told, but without speaking of a channel.
fn told(error: acestream::Error) -> Problem {
    let detail = error.to_string();
    Problem::from(Failure::from(error)).detail(detail)
}
