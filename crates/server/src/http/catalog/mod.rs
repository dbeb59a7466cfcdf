//! The catalogue over HTTP: playlists, channels, what is the user's own, and the jobs that read lists.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use axum::{
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Services;
use crate::catalog::Catalog;

mod backup;
mod channels;
mod contents;
mod export;
mod guide;
mod guides;
mod jobs;
mod logo;
mod personal;
mod playlists;
mod row;

/// The largest body of those that take more than others, in bytes.
const LARGE: usize = 16 << 20;

/// The largest backup, in bytes: what was made of some 400,000 channels.
const BACKUP: usize = 128 << 20;

/// The routes of the catalogue.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .merge(large())
        .merge(
            OpenApiRouter::new()
                .routes(routes!(backup::backup, backup::restore))
                .layer(DefaultBodyLimit::max(BACKUP)),
        )
        .routes(routes!(playlists::show, playlists::change, playlists::remove))
        .routes(routes!(playlists::refresh))
        .merge(playlists::upload_route())
        .routes(routes!(contents::channels))
        .routes(routes!(channels::list))
        .routes(routes!(channels::marks))
        .routes(routes!(channels::show, channels::edit))
        .routes(routes!(channels::check))
        .routes(routes!(logo::logo))
        .routes(routes!(channels::groups))
        .routes(routes!(personal::add_favourite, personal::remove_favourite))
        .routes(routes!(personal::recents, personal::clear_recents))
        .routes(routes!(personal::add_recent))
        .routes(routes!(guides::list, guides::create))
        .routes(routes!(guides::show, guides::change, guides::remove))
        .routes(routes!(guides::refresh))
        .merge(guides::upload_route())
        .routes(routes!(guide::on_now))
        .routes(routes!(guide::grid))
        .routes(routes!(guide::events))
        .routes(routes!(guide::xmltv))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::show, jobs::cancel))
        .routes(routes!(export::export))
        .routes(routes!(backup::settings, backup::change_settings))
}

/// Those that take more than others: pasted lists, many IDs.
fn large() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(playlists::list, playlists::create))
        .routes(routes!(channels::arrange))
        .routes(routes!(personal::favourites, personal::arrange_favourites))
        .layer(DefaultBodyLimit::max(LARGE))
}

/// What the validator of an answer is made of: it changes with whatever changes in memory, and with the process.
struct Tag(String);

impl Tag {
    fn of(catalog: &Catalog) -> Self {
        let (lists, personal) = (catalog.snapshot().version, catalog.personal().version);
        let guides = catalog.directory().version;
        Self(format!("{:x}-{lists:x}-{personal:x}-{guides:x}", catalog.nonce()))
    }

    /// That of an answer that changes with `more` as well.
    fn with(self, more: &impl Hash) -> HeaderValue {
        // The same within this process: those of others differ anyway.
        let mut hasher = DefaultHasher::new();
        more.hash(&mut hasher);
        Self(format!("{}-{:x}", self.0, hasher.finish())).value()
    }

    fn value(self) -> HeaderValue {
        HeaderValue::from_str(&format!("W/\"{}\"", self.0)).expect("digits, letters and marks")
    }
}

/// The validator of what is answered from memory.
fn etag(catalog: &Catalog) -> HeaderValue {
    Tag::of(catalog).value()
}

/// Whether the client has what the tag stands for (RFC 9110, 13.1.2).
fn has(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.as_bytes() == tag.as_bytes())
}

/// An answer that is asked for again each time, and given only when it changed.
fn fresh<T>(headers: &HeaderMap, catalog: &Catalog, answer: impl FnOnce() -> T) -> axum::response::Response
where
    axum::Json<T>: axum::response::IntoResponse,
{
    fresh_as(headers, &etag(catalog), answer)
}

/// The same of an answer with a validator of its own.
fn fresh_as<T>(headers: &HeaderMap, tag: &HeaderValue, answer: impl FnOnce() -> T) -> axum::response::Response
where
    axum::Json<T>: axum::response::IntoResponse,
{
    use axum::response::IntoResponse as _;
    let about = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if has(headers, tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, axum::Json(answer())).into_response()
}
