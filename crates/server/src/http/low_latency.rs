//! Low-latency HLS: the live playlist, which answers when there is news, and the parts it names (RFC 8216bis, 6.2.5).

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, Method, Response, request::Parts},
};
use hls::{DirectiveError, Directives, Position};

use super::{
    Kind, Problem, Services,
    extract::{Path, Query, Viewer},
    index::Wish,
    live, segment, text,
};
use crate::live::{NotReady, Snapshot, Stream};

/// A request is blocked no longer than this many target durations (6.2.5.2).
const BLOCKED: u32 = 3;
/// And one that need not be blocked, no longer than this.
const LONGEST_COURTESY: Duration = Duration::from_secs(2);

/// The low-latency media playlist of a channel.
///
/// The segments of `playlist.m3u8`, and their parts. With `_HLS_msn` and `_HLS_part` the answer waits until the playlist
/// holds that part; with `_HLS_skip` it leaves out what the player knows. `profile` says how far from live a player should
/// stay, and how much must be there before the first answer. Where supply fails, who was given all that is listed
/// waits without directives, too: half a target duration at most, or 2 s.
#[utoipa::path(
    get, path = "/api/stream/{hash}/live.m3u8", tag = "live",
    params(
        ("hash" = String, Path, description = "The channel's content ID: 32 to 64 letters and digits"),
        ("_HLS_msn" = Option<u64>, Query, description = "Wait for this segment"),
        ("_HLS_part" = Option<u64>, Query, description = "Wait for this part of it"),
        ("_HLS_skip" = Option<String>, Query, description = "`YES` or `v2`: only what is new"),
        ("profile" = Option<String>, Query, description = "How far from live: `fast`, `balanced`, `smooth` or `solid`"),
        ("early" = Option<bool>, Query, description = "With `fast`: answer as soon as two parts are there of media that comes as it is played"),
    ),
    responses(
        (status = 200, description = "The playlist", content_type = "application/vnd.apple.mpegurl", body = String),
        (status = 400, description = "The hash is no content ID, or directives that make no sense or are too far ahead", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The engine refuses the channel, or what it sends cannot be played", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "Nothing to play yet, no news in time, no room, or no engine", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "Nobody shares the channel, or the engine does not answer in time", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn playlist(
    State(services): State<Services>,
    Path(hash): Path<String>,
    Query(wish): Query<Wish>,
    RawQuery(query): RawQuery,
    viewer: Viewer,
    method: Method,
    headers: HeaderMap,
) -> Result<Response<Body>, Problem> {
    let profile = wish.profile()?;
    let directives = Directives::parse(&query.unwrap_or_default())?;
    let ready = |now: &Snapshot| wish.is_met(profile, now);
    let wished = |stream: &Stream| stream.wish(profile);
    let (stream, mut now) = live::joined(&services, &hash.parse()?, viewer, wished, ready).await?;
    now = match directives.position {
        Some(position) => reached(&services, &stream, now, position).await?,
        None if method == Method::GET => fresh(&services, &stream, now, viewer).await?,
        None => now,
    };
    if method == Method::GET {
        stream.tell(viewer.0, Some(&now));
    }
    Ok(text::respond(now.live_playlist(profile, directives.skip), &headers))
}

/// The stream once its playlist holds `position`.
async fn reached(
    services: &Services,
    stream: &Stream,
    now: Arc<Snapshot>,
    position: Position,
) -> Result<Arc<Snapshot>, Problem> {
    if now.window.reached(position) {
        return Ok(now);
    }
    if now.window.is_too_far(position) {
        let text = format!("Segment {} is too far ahead of the playlist.", position.segment);
        return Err(Problem::new(Kind::InvalidRequest, text));
    }
    blocked(services, stream, &now, |now| now.window.reached(position)).await
}

/// The stream once there is news of it, where supply fails and `viewer` was given all that is listed; else, and when none comes
/// soon, as it is.
///
/// hls.js gives a blocked request up after 0.8 target durations, and from then on asks twice a target duration, without
/// directives. Asked thus, too, the playlist tells at once that supply is back: a picture that stands still waits for it.
async fn fresh(
    services: &Services,
    stream: &Stream,
    now: Arc<Snapshot>,
    viewer: Viewer,
) -> Result<Arc<Snapshot>, Problem> {
    let half = Duration::from_secs(now.window.target_duration().into()) / 2;
    let is_late = now.age() >= half && stream.was_told(viewer.0, &now) && !now.window.is_over();
    let place = is_late.then(|| services.hub.blocked().enter_if_quiet()).flatten();
    let Some(_waiting) = place else { return Ok(now) };
    let news = |later: &Snapshot| later.window.next() != now.window.next() || later.window.is_over();
    match stream.until(news, half.min(LONGEST_COURTESY)).await {
        Ok(later) => Ok(later),
        Err(NotReady::Timeout) => Ok(stream.now()),
        Err(ended @ NotReady::Ended(_)) => Err(live::explained(ended, stream)),
    }
}

/// The stream, which is at `now`, once there is `news` of it.
async fn blocked(
    services: &Services,
    stream: &Stream,
    now: &Snapshot,
    news: impl Fn(&Snapshot) -> bool,
) -> Result<Arc<Snapshot>, Problem> {
    let _waiting = services.hub.blocked().try_enter()?;
    let limit = BLOCKED * Duration::from_secs(now.window.target_duration().max(1).into());
    stream.until(news, limit).await.map_err(|error| match error {
        // The stream plays: what is said of one that starts is not true of it.
        NotReady::Timeout => Problem::from(error).detail(format!("Nothing new came within {limit:?}.")),
        ended @ NotReady::Ended(_) => live::explained(ended, stream),
    })
}

/// A part of a segment.
///
/// The one that comes next, which the playlist hints at, is waited for, unless its segment ends without it (RFC 8216bis,
/// 6.2.6). A part is never used for other bytes, so the answer may be kept for ever. `HEAD` works, and `GET` with a single
/// `Range`.
#[utoipa::path(
    get, path = "/api/stream/{hash}/part_{n}_{i}.ts", tag = "live",
    params(
        ("hash" = String, Path, description = "The channel's content ID"),
        ("n" = u64, Path, description = "The segment's number, as the playlist says it"),
        ("i" = u64, Path, description = "Which part of it, counted from 0"),
        ("Range" = Option<String>, Header, description = "A single range of bytes"),
    ),
    responses(
        (status = 200, description = "The part", content_type = "video/mp2t"),
        (status = 206, description = "The range asked for", content_type = "video/mp2t"),
        (status = 400, description = "The hash is no content ID, or a number is none", content_type = "application/problem+json", body = super::problem::Details),
        (status = 404, description = "Not in the window and not the next, or nobody plays the stream", content_type = "application/problem+json", body = super::problem::Details),
        (status = 416, description = "The range lies outside the part", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The channel broke off while the part was waited for", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "No news in time, or as many viewers watch or requests wait as may", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "The engine did not answer while the part was waited for", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn part(
    services: &Services,
    stream: &Stream,
    (number, part): (u64, u64),
    asked: &Parts,
) -> Result<Response<Body>, Problem> {
    let mut now = stream.now();
    if now.window.is_coming(number, part) {
        now = blocked(services, stream, &now, |now| !now.window.is_coming(number, part)).await?;
    }
    let part = now.window.part(number, part).ok_or_else(|| {
        Problem::new(Kind::SegmentNotFound, format!("Part {part} of segment {number} is not there."))
    })?;
    let ranged = (asked.method == Method::GET).then_some(&asked.headers);
    segment::respond(segment::Media::Chunks(part.chunks().to_vec()), ranged, services.http.password.is_none())
}

impl From<DirectiveError> for Problem {
    fn from(error: DirectiveError) -> Self {
        Self::new(Kind::InvalidRequest, format!("{error}."))
    }
}
