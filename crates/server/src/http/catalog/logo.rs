//! The logo of a channel, from this server: small, and the same for a year.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    super::{
        Kind, Problem, Services,
        extract::{Path, Query},
    },
    has,
};
use crate::{
    catalog::{Catalog, Channel},
    logos::{self, Width},
};

/// How large.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Size {
    /// Pixels wide and high at most: 128 unless told; rounded up to 64, 128, 256 or 512.
    w: Option<u32>,
    /// The mark of the logo, as `logo_url` has it: with it, the answer may be kept for a year.
    v: Option<String>,
}

/// Where the channel's logo comes from: its list, else its guide.
pub(super) fn address(catalog: &Catalog, channel: &Channel) -> Option<String> {
    let of_guide = || catalog.directory().find(channel)?.channel.icon.as_deref().map(str::to_owned);
    channel.listed.logo.as_deref().map(str::to_owned).or_else(of_guide)
}

/// The logo of a channel, fetched once and made small.
#[utoipa::path(
    get, path = "/api/channels/{id}/logo", operation_id = "channel_logo", tag = "channels",
    params(("id" = i64, Path, description = "The channel's ID"), Size),
    responses(
        (status = 200, description = "The logo: PNG, or SVG in which nothing runs", content_type = "image/png", body = Vec<u8>),
        (status = 304, description = "It is the one whose ETag came with the request"),
        (status = 400, description = "This is no ID", content_type = "application/problem+json", body = super::super::problem::Details),
        (status = 404, description = "No such channel, or it has no logo that can be had", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn logo(
    State(services): State<Services>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Query(size): Query<Size>,
) -> Result<Response, Problem> {
    let channel = services.catalog.channel(id.parse()?)?;
    let none =
        |why: String| Problem::new(Kind::NotFound, format!("The channel has no logo that can be had: {why}"));
    let address = address(&services.catalog, &channel).ok_or_else(|| none("nobody names one".to_owned()))?;
    let (mark, width) = (logos::mark(&address), Width::at_least(size.w.unwrap_or(128)));
    let tag = HeaderValue::from_str(&format!("\"{mark}-{}\"", width.pixels())).expect("digits and letters");
    let for_a_year = match (size.v.as_deref() == Some(&*mark), services.http.password.is_some()) {
        (true, false) => "public, max-age=31536000, immutable",
        (true, true) => "private, max-age=31536000, immutable",
        (false, _) => "no-cache",
    };
    let about = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(for_a_year))];
    if has(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    let logo = services.logos.get(&address, width).await.map_err(|error| none(error.to_string()))?;
    let kind = match logo.kind {
        logos::Kind::Png => "image/png",
        logos::Kind::Svg => "image/svg+xml",
    };
    let safe = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // A drawing opened by itself is a page, and a stranger's.
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ),
    ];
    Ok((about, safe, logo.bytes).into_response())
}
