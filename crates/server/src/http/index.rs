//! The multivariant playlist of a stream: what a player must know before it asks for media.

use axum::{body::Body, extract::State, http::Response};
use serde::Deserialize;

use super::{
    Kind, Problem, Services,
    extract::{Path, Query, Viewer},
    live,
};

/// How the stream is to be watched.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    profile: Option<String>,
}

/// The multivariant playlist of a channel.
///
/// Codecs, size, frame rate and bandwidth as they are in the stream; what is not known is left out. Its one variant
/// is `live.m3u8`, with the same profile. Starts the stream if nobody did, and waits for its first segment. Until
/// there is one the answer is 503 `stream-starting` with `Retry-After`.
#[utoipa::path(
    get, path = "/api/stream/{hash}/index.m3u8", tag = "live",
    params(
        ("hash" = String, Path, description = "The channel's content ID: 32 to 64 letters and digits"),
        ("profile" = Option<String>, Query, description = "How far from live: `fast`, `balanced`, `smooth` or `solid`"),
    ),
    responses(
        (status = 200, description = "The playlist", content_type = "application/vnd.apple.mpegurl", body = String),
        (status = 400, description = "There is no such profile", body = super::problem::Details),
        (status = 503, description = "Nothing to play yet", body = super::problem::Details),
    )
)]
pub(super) async fn index(
    State(services): State<Services>,
    Path(hash): Path<String>,
    Query(wish): Query<Wish>,
    viewer: Viewer,
) -> Result<Response<Body>, Problem> {
    let variant = variant(wish.profile.as_deref())?;
    let now = live::first_segment(&services, &hash.parse()?, viewer).await?;
    Ok(live::playlist_response(hls::multivariant(&now.window, &now.formats, &variant)))
}

/// The URI of the media playlist, beside this one.
fn variant(profile: Option<&str>) -> Result<String, Problem> {
    let Some(profile) = profile else { return Ok("live.m3u8".to_owned()) };
    // Only a name that is known goes into the text.
    let known = profile.parse::<hls::Profile>();
    known.map_err(|error| Problem::new(Kind::InvalidRequest, format!("{profile:?}: {error}.")))?;
    Ok(format!("live.m3u8?profile={profile}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_passed_on_if_there_is_one_of_that_name() {
        assert_eq!(variant(None).unwrap(), "live.m3u8");
        assert_eq!(variant(Some("fast")).unwrap(), "live.m3u8?profile=fast");
        assert!(variant(Some("fast\n#EXT-X-ENDLIST")).is_err());
        assert!(variant(Some("")).is_err());
    }
}
