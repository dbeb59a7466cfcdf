//! Watching: the playlist of a stream and its segments.

use std::sync::Arc;

use acestream::ContentId;
use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, Response, request::Parts},
    response::IntoResponse as _,
};

use super::{
    Kind, Problem, Services,
    connection::Connection,
    copies::SegmentFile,
    extract::{Path, Viewer},
    low_latency,
    segment::{self, Media},
    text,
};
use crate::live::{EndReason, NotReady, Snapshot, Stream};

/// The media playlist of a channel.
///
/// Starts the stream if nobody did, and waits for its first segment. Until there is one the answer is 503
/// `stream-starting` with `Retry-After`.
#[utoipa::path(
    get, path = "/api/stream/{hash}/playlist.m3u8", tag = "live",
    params(("hash" = String, Path, description = "The channel's content ID: 32 to 64 letters and digits")),
    responses(
        (status = 200, description = "The playlist", content_type = "application/vnd.apple.mpegurl", body = String),
        (status = 400, description = "The hash is no content ID", content_type = "application/problem+json", body = super::problem::Details),
        (status = 502, description = "The engine refuses the channel, or what it sends cannot be played", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "Nothing to play yet, no room, or no engine", content_type = "application/problem+json", body = super::problem::Details),
        (status = 504, description = "Nobody shares the channel, or the engine does not answer in time", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn playlist(
    State(services): State<Services>,
    Path(hash): Path<String>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (parts, _) = request.into_parts();
    playlist_of(&services, &hash, &parts).await
}

async fn playlist_of(services: &Services, hash: &str, asked: &Parts) -> Result<Response<Body>, Problem> {
    let viewer = Viewer::of(asked, services);
    let playable = |now: &Snapshot| !now.window.is_empty();
    let (_, now) = joined(services, &hash.parse()?, viewer, |_| (), playable).await?;
    Ok(text::respond(now.playlist(), &asked.headers))
}

/// What players fetch again and again, as a plain request names it: the channel, and the file of it.
///
/// It is answered past the router, whose way would cost a good part of what such a small answer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted<'a> {
    hash: &'a str,
    file: &'a str,
}

impl<'a> Wanted<'a> {
    /// What a request begins with that asks for such a file; `None` of any other, which is the router's.
    pub(super) fn of(method: &Method, path: &'a str) -> Option<Self> {
        let (hash, file) = path.strip_prefix("/api/stream/")?.split_once('/')?;
        let is_known = file == "playlist.m3u8" || file.starts_with("segment_") || file.starts_with("part_");
        let is_plain = method == Method::GET && !path.contains('%') && !file.contains('/');
        (is_known && is_plain).then_some(Self { hash, file })
    }

    /// The answer to the request that begins with `asked`, the same as the router's.
    pub(super) async fn answer(self, services: &Services, asked: &Parts) -> Response<Body> {
        let Self { hash, file } = self;
        let answer = match file {
            "playlist.m3u8" => playlist_of(services, hash, asked).await,
            media => media_of(services, hash, media, asked).await,
        };
        answer.into_response()
    }
}

/// The stream `id`, and what it shows once it is `ready`; `begun` looks at it before it is waited for.
///
/// A stream that ended because nobody watched, or because another one plays the same swarm, is tuned in to
/// again, once: this viewer is no part of that.
pub(super) async fn joined(
    services: &Services,
    id: &ContentId,
    viewer: Viewer,
    begun: impl Fn(&Stream),
    ready: impl Fn(&Snapshot) -> bool,
) -> Result<(Stream, Arc<Snapshot>), Problem> {
    let mut again = true;
    loop {
        let stream = services.hub.join(id, viewer.0)?;
        // Who waits is there, whatever other programs behind the same address ask for meanwhile.
        let _waits = stream.hold(viewer.0);
        begun(&stream);
        let now = stream.now();
        if ready(&now) {
            return Ok((stream, now));
        }
        let _waiting = services.hub.blocked().try_enter()?;
        match stream.until(&ready, services.start_timeout).await {
            Ok(now) => return Ok((stream.clone(), now)),
            Err(NotReady::Ended(EndReason::Idle | EndReason::SameAs(_))) if again => again = false,
            Err(error) => return Err(explained(error, &stream)),
        }
    }
}

/// What keeps the stream from playing, in the words of its report where that knows more: whether nobody shares the
/// channel, whether it is encrypted.
pub(super) fn explained(error: NotReady, stream: &Stream) -> Problem {
    let (waits, failed) =
        (error == NotReady::Timeout, matches!(error, NotReady::Ended(EndReason::Failed(_))));
    let (problem, report) = (Problem::from(error), stream.report());
    match (report.code, report.reason) {
        (Some(code), Some(reason)) if waits => problem.code(code).detail(reason),
        (Some(code), _) if failed => problem.code(code),
        _ => problem,
    }
}

/// A segment of a stream that plays.
///
/// A number is never used for other bytes, so the answer may be kept for ever. `HEAD` works, and `GET` with a single `Range`.
#[utoipa::path(
    get, path = "/api/stream/{hash}/segment_{n}.ts", tag = "live",
    params(
        ("hash" = String, Path, description = "The channel's content ID"),
        ("n" = u64, Path, description = "The segment's number, as the playlist says it"),
        ("Range" = Option<String>, Header, description = "A single range of bytes"),
    ),
    responses(
        (status = 200, description = "The segment", content_type = "video/mp2t"),
        (status = 206, description = "The range asked for", content_type = "video/mp2t"),
        (status = 400, description = "The hash is no content ID, or the number is none", content_type = "application/problem+json", body = super::problem::Details),
        (status = 404, description = "Not in the window, or nobody plays the stream", content_type = "application/problem+json", body = super::problem::Details),
        (status = 416, description = "The range lies outside the segment", content_type = "application/problem+json", body = super::problem::Details),
        (status = 503, description = "As many viewers watch already as may", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn segment(
    State(services): State<Services>,
    Path((hash, file)): Path<(String, String)>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (parts, _) = request.into_parts();
    media_of(&services, &hash, &file, &parts).await
}

async fn media_of(
    services: &Services,
    hash: &str,
    file: &str,
    asked: &Parts,
) -> Result<Response<Body>, Problem> {
    let id = hash.parse()?;
    let wanted = Name::parse(file)?;
    let stream = services.hub.find(&id).ok_or_else(|| {
        Problem::new(Kind::SegmentNotFound, format!("The stream {id} does not play. Its playlist starts it."))
    })?;
    stream.touch(Viewer::of(asked, services).0)?;
    let number = match wanted {
        Name::Part(part) => return low_latency::part(services, &stream, part, asked).await,
        Name::Segment(number) => number,
    };
    let now = stream.now();
    let segment = now.window.segment(number).ok_or_else(|| gone(&now, number))?;
    // Ranges are defined for GET alone (RFC 9110, 14.2).
    let ranged = (asked.method == Method::GET).then_some(&asked.headers);
    // HEAD fetches nothing, and has nothing sent.
    let connection = ranged.and_then(|_| asked.extensions.get::<Connection>());
    let in_file = connection
        .and_then(|connection| Some(Media::File(SegmentFile::of(segment)?, connection.outgoing.clone())));
    let media = in_file.unwrap_or_else(|| Media::Chunks(segment.chunks().cloned().collect()));
    segment::respond(media, ranged, services.http.password.is_none())
}

/// What the last piece of a media URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// `segment_{n}.ts`.
    Segment(u64),
    /// `part_{n}_{i}.ts`: a segment and the part of it.
    Part((u64, u64)),
}

impl Name {
    fn parse(file: &str) -> Result<Self, Problem> {
        let name = file.strip_suffix(".ts").unwrap_or_default();
        if let Some(segment) = name.strip_prefix("segment_") {
            return Ok(Self::Segment(number(segment, file)?));
        }
        if let Some((segment, part)) = name.strip_prefix("part_").and_then(|rest| rest.split_once('_')) {
            return Ok(Self::Part((number(segment, file)?, number(part, file)?)));
        }
        let known = "A stream has playlist.m3u8, live.m3u8, index.m3u8, stream.ts, segment_{n}.ts and part_{n}_{i}.ts";
        Err(Problem::new(Kind::NotFound, format!("{known}, there is no {file:?}.")))
    }
}

/// Digits alone, as the playlist writes them.
fn number(digits: &str, file: &str) -> Result<u64, Problem> {
    let canonical =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| canonical).ok_or_else(|| {
        Problem::new(Kind::InvalidRequest, format!("{digits:?} in {file:?} is no segment number."))
    })
}

fn gone(now: &Snapshot, number: u64) -> Problem {
    let detail = match now.window.first().zip(now.window.last()) {
        Some((first, last)) => {
            format!("Segment {number} is not there. The playlist lists {first} to {last}.")
        }
        None => format!("Segment {number} is not there. The stream has none yet."),
    };
    Problem::new(Kind::SegmentNotFound, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_request_for_what_players_fetch_goes_past_the_router() {
        fn wanted(path: &str) -> Option<Wanted<'_>> {
            Wanted::of(&Method::GET, path)
        }

        for file in ["playlist.m3u8", "segment_17.ts", "part_17_3.ts", "segment_x"] {
            let path = format!("/api/stream/abc/{file}");
            assert_eq!(wanted(&path), Some(Wanted { hash: "abc", file }));
        }
        for other in [
            "/api/stream/abc/segment_17%2Ets",
            "/api/stream/%61bc/playlist.m3u8",
            "/api/stream/abc/segment_17.ts/",
            "/api/stream/abc//segment_17.ts",
            "/api/stream/abc/live.m3u8",
            "/api/stream/playlist.m3u8",
            "/api/streams/abc/playlist.m3u8",
        ] {
            assert_eq!(wanted(other), None, "{other}");
        }
        assert_eq!(Wanted::of(&Method::HEAD, "/api/stream/abc/playlist.m3u8"), None);
    }

    #[test]
    fn a_segment_number_is_read_strictly() {
        assert_eq!(Name::parse("segment_1763802000.ts").unwrap(), Name::Segment(1_763_802_000));
        assert_eq!(Name::parse("segment_0.ts").unwrap(), Name::Segment(0));
        assert_eq!(Name::parse("part_17_3.ts").unwrap(), Name::Part((17, 3)));
        for odd in [
            "segment_.ts",
            "segment_-1.ts",
            "segment_+1.ts",
            "segment_01.ts",
            "segment_1.5.ts",
            "segment_x.ts",
            "segment_18446744073709551616.ts",
            "segment_1",
            "segment_1.ts.ts",
            "part_1.ts",
            "part_1_.ts",
            "part_1_2_3.ts",
            "part_1_02.ts",
            "part_1_2",
            "playlist.mpd",
            "",
        ] {
            assert!(Name::parse(odd).is_err(), "{odd:?}");
        }
    }
}
