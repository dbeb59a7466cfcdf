//! Errors as the API shows them: RFC 9457 problem details. The only place that knows a status code for an error.

use acestream::InvalidContentId;
use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    catalog,
    live::{
        EndReason, Failure, NotReady, TuneError,
        limits::{Limit, LimitError},
    },
};

/// The kinds of problem. `docs/problems.md` has a section for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their titles, below, say it")]
pub enum Kind {
    InvalidRequest,
    Unauthorized,
    NotFound,
    MethodNotAllowed,
    PlaylistNotFound,
    ChannelNotFound,
    GuideNotFound,
    JobNotFound,
    StreamNotFound,
    SegmentNotFound,
    PlaylistExists,
    TooLarge,
    RangeNotSatisfiable,
    InvalidPlaylist,
    EngineRefused,
    EngineUnexpected,
    SourceFailed,
    NoMedia,
    StreamStarting,
    StreamLimit,
    ViewerLimit,
    WaitingLimit,
    MemoryLimit,
    EventLimit,
    CatalogueBusy,
    EngineUnreachable,
    StorageTimeout,
    ShuttingDown,
    EngineTimeout,
    NoPeers,
    Internal,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 31] = [
        Self::InvalidRequest,
        Self::Unauthorized,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::PlaylistNotFound,
        Self::ChannelNotFound,
        Self::GuideNotFound,
        Self::JobNotFound,
        Self::StreamNotFound,
        Self::SegmentNotFound,
        Self::PlaylistExists,
        Self::TooLarge,
        Self::RangeNotSatisfiable,
        Self::InvalidPlaylist,
        Self::EngineRefused,
        Self::EngineUnexpected,
        Self::SourceFailed,
        Self::NoMedia,
        Self::StreamStarting,
        Self::StreamLimit,
        Self::ViewerLimit,
        Self::WaitingLimit,
        Self::MemoryLimit,
        Self::EventLimit,
        Self::CatalogueBusy,
        Self::EngineUnreachable,
        Self::StorageTimeout,
        Self::ShuttingDown,
        Self::EngineTimeout,
        Self::NoPeers,
        Self::Internal,
    ];

    /// Where the kind is described, its usual status, its title, and when to try again in seconds.
    const fn about(self) -> (&'static str, u16, &'static str, Option<u32>) {
        match self {
            Self::InvalidRequest => {
                ("/problems/invalid-request", 400, "The request does not fit the API", None)
            }
            Self::Unauthorized => ("/problems/unauthorized", 401, "This server asks for a password", None),
            Self::NotFound => ("/problems/not-found", 404, "There is nothing at this address", None),
            Self::MethodNotAllowed => {
                ("/problems/method-not-allowed", 405, "This address does not take this method", None)
            }
            Self::PlaylistNotFound => {
                ("/problems/playlist-not-found", 404, "There is no such playlist", None)
            }
            Self::ChannelNotFound => ("/problems/channel-not-found", 404, "There is no such channel", None),
            Self::GuideNotFound => ("/problems/guide-not-found", 404, "There is no such guide", None),
            Self::JobNotFound => ("/problems/job-not-found", 404, "There is no such job", None),
            Self::PlaylistExists => {
                ("/problems/playlist-exists", 409, "The name is taken, or means something else", None)
            }
            Self::InvalidPlaylist => ("/problems/invalid-playlist", 422, "This is no list of channels", None),
            Self::StreamNotFound => ("/problems/stream-not-found", 404, "No such stream is playing", None),
            Self::SegmentNotFound => ("/problems/segment-not-found", 404, "The segment is not there", None),
            Self::TooLarge => ("/problems/too-large", 413, "That is more than the server takes", None),
            Self::RangeNotSatisfiable => {
                ("/problems/range-not-satisfiable", 416, "The range lies outside the segment", None)
            }
            Self::EngineRefused => ("/problems/engine-refused", 502, "The engine refused the channel", None),
            Self::EngineUnexpected => {
                ("/problems/engine-unexpected", 502, "The engine's answer makes no sense", None)
            }
            Self::SourceFailed => ("/problems/source-failed", 502, "The channel broke off", None),
            Self::NoMedia => {
                ("/problems/no-media", 502, "The channel holds nothing that can be played", None)
            }
            Self::StreamStarting => {
                ("/problems/stream-starting", 503, "The stream has nothing to play yet", Some(2))
            }
            Self::StreamLimit => {
                ("/problems/stream-limit", 503, "The server plays as many streams as it may", Some(10))
            }
            Self::ViewerLimit => ("/problems/viewer-limit", 503, "As many viewers watch as may", Some(15)),
            Self::WaitingLimit => {
                ("/problems/waiting-limit", 503, "As many requests wait for media as may", Some(1))
            }
            Self::MemoryLimit => {
                ("/problems/memory-limit", 503, "There is no memory for one more stream", Some(30))
            }
            Self::EventLimit => ("/problems/event-limit", 503, "As many listen to events as may", Some(30)),
            Self::CatalogueBusy => {
                ("/problems/catalogue-busy", 503, "Others change the catalogue at the moment", Some(5))
            }
            Self::EngineUnreachable => {
                ("/problems/engine-unreachable", 503, "The AceStream engine is not there", Some(5))
            }
            Self::StorageTimeout => {
                ("/problems/storage-timeout", 503, "The disk did not answer in time", Some(10))
            }
            Self::ShuttingDown => ("/problems/shutting-down", 503, "The server is shutting down", Some(5)),
            Self::EngineTimeout => {
                ("/problems/engine-timeout", 504, "The engine did not answer in time", None)
            }
            Self::NoPeers => ("/problems/no-peers", 504, "Nobody is sharing this channel right now", None),
            Self::Internal => ("/problems/internal", 500, "Something is wrong in the server", None),
        }
    }

    /// The last part of the kind's address: its section in `docs/problems.md`.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.about().0.trim_start_matches("/problems/")
    }
}

/// An `application/problem+json` answer.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Kind,
    status: StatusCode,
    detail: String,
    code: Option<&'static str>,
    limit: Option<usize>,
    limit_name: Option<&'static str>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// What an error looks like: RFC 9457 problem details.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Details {
    /// Where this kind of problem is explained.
    #[serde(rename = "type")]
    #[schema(example = "/problems/stream-starting")]
    kind: &'static str,
    /// The kind in a few words, the same every time.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// The request's ID; the server's log has it too.
    instance: String,
    /// A stable word for programs, on what a person can meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The limit that was reached, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
    /// The name of that limit: its key in the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "max_streams")]
    limit_name: Option<&'static str>,
}

/// What the log says about a problem. Rides on the response, for whoever knows the request.
#[derive(Debug, Clone)]
pub(super) struct Report {
    pub(super) problem: Problem,
    pub(super) instance: String,
}

impl Problem {
    /// A problem of this kind, and what went wrong this time, in a sentence.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(kind.about().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (code, limit, limit_name) = (None, None, None);
        Self { kind, status, detail: detail.into(), code, limit, limit_name, headers: Vec::new() }
    }

    /// The same, with another status than is usual for its kind.
    #[must_use]
    pub(super) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same, with a stable code for programs.
    #[must_use]
    pub(super) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// The same, explained by another sentence.
    #[must_use]
    pub(super) fn detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }

    /// The same, with the limit that was reached.
    #[must_use]
    pub(super) fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The same, with a header.
    #[must_use]
    pub(super) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The engine is known to be down.
    pub(super) fn engine_down(reason: &str) -> Self {
        Self::new(Kind::EngineUnreachable, reason).code("engine_down")
    }

    /// One line for the log. What a client can do again and again must not fill it.
    pub(super) fn log(&self, instance: &str, method: &Method, path: &str) {
        let (status, detail) = (self.status.as_u16(), &self.detail);
        match self.kind {
            Kind::Internal => {
                tracing::error!(request.id = instance, status, "{method} {path}: {detail}");
            }
            _ => tracing::debug!(request.id = instance, status, "{method} {path}: {detail}"),
        }
    }
}

impl From<InvalidContentId> for Problem {
    fn from(error: InvalidContentId) -> Self {
        let link = matches!(error, InvalidContentId::Character { character: ':', .. });
        let hint = if link { ". Give the ID alone, without what stands in front of it." } else { "" };
        Self::new(Kind::InvalidRequest, format!("hash: {error}{hint}"))
    }
}

impl From<catalog::InvalidName> for Problem {
    fn from(error: catalog::InvalidName) -> Self {
        Self::new(Kind::InvalidRequest, format!("name: {error}"))
    }
}

impl From<catalog::InvalidId> for Problem {
    fn from(error: catalog::InvalidId) -> Self {
        Self::new(Kind::InvalidRequest, format!("id: {error}"))
    }
}

impl From<catalog::FolderError> for Problem {
    fn from(error: catalog::FolderError) -> Self {
        let kind = match error {
            catalog::FolderError::NotFound(_) => Kind::PlaylistNotFound,
            catalog::FolderError::TooLarge { .. } => Kind::TooLarge,
            catalog::FolderError::Io { .. } => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<catalog::Error> for Problem {
    fn from(error: catalog::Error) -> Self {
        use catalog::Error as E;
        let kind = match error {
            E::NoPlaylist(_) => Kind::PlaylistNotFound,
            E::NoGuide(_) => Kind::GuideNotFound,
            E::NoChannel(_) => Kind::ChannelNotFound,
            E::NoJob(_) => Kind::JobNotFound,
            E::Exists(_) | E::InFolder(_) | E::NoAddress(_) | E::Busy(_) => Kind::PlaylistExists,
            E::Name(_) | E::Invalid(_) | E::Fetch(_) => Kind::InvalidRequest,
            E::Refused(_) | E::Empty(_) | E::Damaged | E::Less { .. } => Kind::InvalidPlaylist,
            E::Xtream(_) => Kind::SourceFailed,
            E::Occupied | E::Overtaken => Kind::CatalogueBusy,
            E::Cancelled => Kind::ShuttingDown,
            E::File(_) | E::Store(_) | E::Broken(_) => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<TuneError> for Problem {
    fn from(error: TuneError) -> Self {
        match error {
            TuneError::Limit(error) => error.into(),
            TuneError::Engines { limit } => {
                let problem = Self::new(Kind::StreamLimit, error.to_string()).code("limit").limit(limit);
                Self { limit_name: Some("max_sessions"), ..problem }
            }
            TuneError::ShuttingDown => Self::new(Kind::ShuttingDown, error.to_string()),
        }
    }
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        let kind = match error.limit {
            Limit::Streams => Kind::StreamLimit,
            Limit::Viewers | Limit::StreamViewers => Kind::ViewerLimit,
            Limit::Blocked => Kind::WaitingLimit,
            Limit::WindowBytes => Kind::MemoryLimit,
        };
        let (limit, limit_name) = (Some(error.value), Some(error.limit.key()));
        Self { limit, limit_name, ..Self::new(kind, error.to_string()).code("limit") }
    }
}

impl From<NotReady> for Problem {
    fn from(error: NotReady) -> Self {
        match error {
            NotReady::Timeout => Self::new(
                Kind::StreamStarting,
                "The engine has not sent a whole segment yet. It may still be looking for peers.",
            )
            .code("stream_starting"),
            NotReady::Ended(reason) => reason.into(),
        }
    }
}

impl From<EndReason> for Problem {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Failed(failure) => failure.into(),
            EndReason::SourceClosed => {
                Self::new(Kind::SourceFailed, "The engine closed the stream before a segment was whole.")
                    .code("source_closed")
            }
            // What starts a stream may never say 404: players give up on that.
            EndReason::Stopped => {
                Self::new(Kind::StreamStarting, "Somebody stopped the stream. Asking again starts it anew.")
                    .code("stopped")
            }
            EndReason::Shutdown => Self::new(Kind::ShuttingDown, "The server is shutting down."),
            EndReason::Idle | EndReason::SameAs(_) => {
                Self::new(Kind::StreamStarting, "The stream starts anew.").code("stream_starting")
            }
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::EngineUnreachable(_) => Kind::EngineUnreachable,
            Failure::EngineTimeout(_) => Kind::EngineTimeout,
            Failure::EngineRefused(_) => Kind::EngineRefused,
            Failure::EngineUnexpected(_) => Kind::EngineUnexpected,
            Failure::NoPeers(_) => Kind::NoPeers,
            Failure::NoMedia(_) => Kind::NoMedia,
            Failure::SourceLost(_) => Kind::SourceFailed,
        };
        Self::new(kind, failure.to_string()).code(failure.code())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let instance = format!("{:016x}", fastrand::u64(..));
        let (kind, _, title, retry_after) = self.kind.about();
        let status = self.status.as_u16();
        let details = Details {
            kind,
            title,
            status,
            detail: self.shown().to_owned(),
            instance: instance.clone(),
            code: self.code,
            limit: self.limit,
            limit_name: self.limit_name,
        };
        let mut response = (self.status, axum::Json(&details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        headers.extend(self.headers.iter().cloned());
        response.extensions_mut().insert(Report { problem: self, instance });
        response
    }
}

impl Problem {
    /// What the caller may know. The text of a bug goes to the log alone.
    fn shown(&self) -> &str {
        match self.kind {
            Kind::Internal => "The server's log says more under this request's ID.",
            _ => &self.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shown(problem: impl Into<Problem>) -> (Response<()>, serde_json::Value) {
        let (parts, body) = problem.into().into_response().into_parts();
        let body = axum::body::to_bytes(body, 4096).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_limit_answers_503_which_it_is_and_when_to_come_back() {
        let limits = [
            (Limit::Streams, "/problems/stream-limit", "max_streams", "10"),
            (Limit::Viewers, "/problems/viewer-limit", "max_viewers", "15"),
            (Limit::StreamViewers, "/problems/viewer-limit", "max_stream_viewers", "15"),
            (Limit::Blocked, "/problems/waiting-limit", "max_blocked", "1"),
            (Limit::WindowBytes, "/problems/memory-limit", "max_total_window_bytes", "30"),
        ];
        for (limit, kind, name, retry_after) in limits {
            let (response, body) = shown(TuneError::Limit(LimitError { limit, value: 4 })).await;

            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(response.headers()["retry-after"], retry_after);
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!((&body["type"], &body["status"]), (&kind.into(), &503.into()));
            assert_eq!((&body["code"], &body["limit"]), (&"limit".into(), &4.into()));
            assert_eq!(body["limit_name"], name);
        }
    }

    #[tokio::test]
    async fn the_text_of_a_bug_stays_in_the_log() {
        let (response, body) = shown(Problem::new(Kind::Internal, "reading /secret/place: denied")).await;

        assert!(!body.to_string().contains("secret"), "{body}");
        let report = response.extensions().get::<Report>().unwrap();
        assert_eq!(body["instance"], report.instance.as_str());
        assert_eq!(report.problem.detail, "reading /secret/place: denied");
    }

    #[tokio::test]
    async fn each_failure_of_the_engine_is_its_own_problem() {
        let said = String::from;
        let failures = [
            (Failure::EngineUnreachable(said("x")), 503, "/problems/engine-unreachable"),
            (Failure::EngineTimeout(said("x")), 504, "/problems/engine-timeout"),
            (Failure::EngineRefused(said("x")), 502, "/problems/engine-refused"),
            (Failure::EngineUnexpected(said("x")), 502, "/problems/engine-unexpected"),
            (Failure::NoPeers(said("x")), 504, "/problems/no-peers"),
            (Failure::NoMedia(said("x")), 502, "/problems/no-media"),
            (Failure::SourceLost(said("x")), 502, "/problems/source-failed"),
        ];
        for (failure, status, kind) in failures {
            let (response, body) = shown(EndReason::Failed(failure)).await;
            assert_eq!((response.status().as_u16(), &body["type"]), (status, &kind.into()));
        }
    }
}
