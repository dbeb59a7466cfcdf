//! What events say.

use acestream::{ContentId, Infohash};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    catalog::Progress,
    http::health::EngineState,
    live::{Phase, Stream, TrackReport},
};

/// One message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    /// Everything, first of all: a stream that is not in it does not play.
    State {
        /// The streams asked for that play or start.
        streams: Vec<Telling>,
        /// The engine.
        engine: EngineState,
        /// What runs, and the last that ran.
        jobs: Vec<Progress>,
    },
    /// A stream began, changed or ended.
    Stream(Telling),
    /// The engine came or went.
    Engine(EngineState),
    /// A job began, went on or ended.
    Job(Progress),
}

/// A stream at one moment, as far as who watches it cares. `null` is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = StreamNow)]
pub(super) struct Telling {
    /// The ID it was asked for by, else the one it was tuned by.
    #[schema(value_type = String)]
    pub(super) hash: ContentId,
    /// The swarm it plays.
    #[schema(value_type = Option<String>)]
    infohash: Option<Infohash>,
    /// What it does now.
    pub(super) phase: Phase,
    /// Why it does not play, as a sentence.
    reason: Option<String>,
    /// Why it does not play, as a stable word.
    code: Option<&'static str>,
    /// Seconds of media that can be played, parts of the growing segment included, to the tenth.
    ready_s: f64,
    /// The same as a part of what the default buffer profile holds back, 0 to 100.
    ready_percent: u8,
    /// Viewers of the last 15 seconds.
    viewers: usize,
    /// Peers the engine is connected to.
    peers: Option<u32>,
    /// What the engine receives, bytes a second.
    speed_down_bytes: Option<u64>,
    /// What the engine sends to peers, bytes a second.
    speed_up_bytes: Option<u64>,
    /// The media's bits a second.
    bitrate_bps: Option<u64>,
    /// When it started, RFC 3339.
    started_at: String,
    /// The channel's name as the broadcast says it.
    service_name: Option<String>,
    /// The tracks of the program that is played.
    tracks: Vec<TrackReport>,
}

impl Telling {
    /// `stream` as it is now, under the name `hash`.
    pub(super) fn of(stream: &Stream, hash: ContentId) -> Self {
        let report = stream.report();
        Self {
            ready_s: report.ready_s,
            ready_percent: report.ready_percent,
            hash,
            infohash: report.infohash,
            phase: report.phase,
            reason: report.reason,
            code: report.code,
            viewers: report.viewers,
            peers: report.peers,
            speed_down_bytes: report.speed_down_bytes,
            speed_up_bytes: report.speed_up_bytes,
            bitrate_bps: report.bitrate_bps,
            started_at: report.started_at,
            service_name: report.service_name,
            tracks: report.tracks,
        }
    }
}
