//! The multivariant playlist of a stream: what a player must know before it asks for media.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
};
use hls::Profile;
use serde::Deserialize;

use super::{
    Kind, Problem, Services,
    extract::{Path, Query, Viewer},
    live, text,
};
use crate::live::{Snapshot, Stream};

/// How the stream is to be watched.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    profile: Option<String>,
    early: Option<bool>,
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
        ("early" = Option<bool>, Query, description = "With `fast`: answer as soon as two parts are there of media that comes as it is played"),
    ),
    responses(
        (status = 200, description = "The playlist", content_type = "application/vnd.apple.mpegurl", body = String),
        (status = 400, description = "The hash is no content ID, or there is no such profile", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The engine refuses the channel, or what it sends cannot be played", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "Nothing to play yet, no room, or no engine", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "Nobody shares the channel, or the engine does not answer in time", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn index(
    State(services): State<Services>,
    Path(hash): Path<String>,
    Query(wish): Query<Wish>,
    viewer: Viewer,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let profile = wish.profile()?;
    let wished = |stream: &Stream| stream.wish(profile);
    let ready = |now: &Snapshot| wish.is_met(profile, now);
    let (stream, now) = live::joined(&services, &hash.parse()?, viewer, wished, ready).await?;
    stream.tell(viewer.0, None);
    let text = hls::multivariant(&now.window, &now.formats, &wish.variant());
    Ok(text::respond(&text.into(), &headers))
}

impl Wish {
    /// What it means.
    pub(super) fn profile(&self) -> Result<Profile, Problem> {
        let Some(name) = self.profile.as_deref() else { return Ok(Profile::default()) };
        let known = name.parse::<Profile>();
        known.map_err(|error| Problem::new(Kind::InvalidRequest, format!("{name:?}: {error}.")))
    }

    /// Whether as much is there as the player waits for.
    pub(super) fn is_met(&self, profile: Profile, now: &Snapshot) -> bool {
        let is_early = profile == Profile::Fast && self.early == Some(true);
        now.is_ready(profile) || is_early && now.window.is_announced() && now.is_begun()
    }

    /// The URI of the media playlist, beside this one. Of a profile that is known.
    fn variant(&self) -> String {
        let profile = self.profile.as_ref().map(|profile| format!("profile={profile}"));
        let early = self.early.map(|early| format!("early={early}"));
        let query = [profile, early].into_iter().flatten().collect::<Vec<_>>().join("&");
        if query.is_empty() { "live.m3u8".to_owned() } else { format!("live.m3u8?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(profile: &str) -> Wish {
        Wish { profile: Some(profile.to_owned()), early: None }
    }

    #[test]
    fn a_profile_is_passed_on_if_there_is_one_of_that_name() {
        assert_eq!(Wish { profile: None, early: None }.variant(), "live.m3u8");
        assert_eq!(Wish { early: Some(true), ..wish("fast") }.variant(), "live.m3u8?profile=fast&early=true");
        assert_eq!(
            (wish("fast").profile().unwrap(), &*wish("fast").variant()),
            (Profile::Fast, "live.m3u8?profile=fast")
        );
        assert!(wish("fast\n#EXT-X-ENDLIST").profile().is_err());
        assert!(wish("").profile().is_err());
    }
}
