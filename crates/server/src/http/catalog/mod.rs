//! The catalogue over HTTP: playlists, channels, what is the user's own, and the jobs that read lists.

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

/// The routes of the catalogue.
pub(super) fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .merge(large())
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

/// Those that take more than others: pasted lists, many IDs, backups.
fn large() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(playlists::list, playlists::create))
        .routes(routes!(channels::arrange))
        .routes(routes!(personal::favourites, personal::arrange_favourites))
        .routes(routes!(backup::backup, backup::restore))
        .layer(DefaultBodyLimit::max(LARGE))
}

/// The validator of what is answered from memory: it changes with whatever changes there, and with the process.
fn etag(catalog: &Catalog) -> HeaderValue {
    let (lists, personal) = (catalog.snapshot().version, catalog.personal().version);
    let guides = catalog.directory().version;
    let tag = format!("W/\"{:x}-{lists:x}-{personal:x}-{guides:x}\"", catalog.nonce());
    HeaderValue::from_str(&tag).expect("digits, letters and marks")
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
    use axum::response::IntoResponse as _;
    let tag = etag(catalog);
    let about = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if has(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, axum::Json(answer())).into_response()
}
