//! `GET /api/engine`: the engines, and how each is doing.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Services, health::EngineState};
use crate::live::EngineReport;

/// The engines of this server.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EngineList {
    /// In the order of the configuration.
    engines: Vec<EngineNow>,
    /// How many.
    total: usize,
}

/// One engine at this moment.
#[derive(Debug, Serialize, ToSchema)]
struct EngineNow {
    /// Where it is.
    #[schema(example = "http://127.0.0.1:6878/")]
    url: String,
    /// Whether it is there.
    #[serde(flatten)]
    state: EngineState,
    /// Since when it is down, RFC 3339.
    down_since: Option<String>,
    /// Streams that play from it, or are about to.
    sessions: usize,
    /// How many it may have; `null` where that is not limited.
    capacity: Option<usize>,
}

impl From<EngineReport> for EngineNow {
    fn from(report: EngineReport) -> Self {
        Self {
            url: report.url,
            state: report.health.into(),
            down_since: report.down_since,
            sessions: report.sessions,
            capacity: report.max_sessions,
        }
    }
}

/// The engines, and how each is doing.
#[utoipa::path(get, path = "/api/engine", tag = "operation", responses((status = 200, body = EngineList)))]
pub(super) async fn list(State(services): State<Services>) -> Json<EngineList> {
    let engines: Vec<_> = services.hub.engines().into_iter().map(EngineNow::from).collect();
    Json(EngineList { total: engines.len(), engines })
}
