//! `GET /health`: whether the server is there. It answers at once, whatever the engine does.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Services;
use crate::live::{EngineHealth, EngineReport};

/// The server is there.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `healthy`: a server that is not does not answer.
    status: &'static str,
    /// What this service calls itself.
    service: &'static str,
    /// This server's version.
    version: &'static str,
    /// What is known of the engine.
    engine: EngineState,
}

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct EngineState {
    /// `up`, `down`, or `unknown` before it was first asked.
    state: &'static str,
    /// Its version, where it is up and says one.
    version: Option<String>,
    /// Why it is taken for down.
    reason: Option<String>,
}

impl From<EngineHealth> for EngineState {
    fn from(health: EngineHealth) -> Self {
        match health {
            EngineHealth::Unknown => Self { state: "unknown", version: None, reason: None },
            EngineHealth::Up { version } => {
                Self { state: "up", version: Some(version).filter(|it| !it.is_empty()), reason: None }
            }
            EngineHealth::Down { reason, .. } => Self { state: "down", version: None, reason: Some(reason) },
        }
    }
}

/// Whether the server is there.
#[utoipa::path(get, path = "/health", tag = "operation", responses((status = 200, body = Health)))]
pub(super) async fn health(State(services): State<Services>) -> Json<Health> {
    let mut engine = EngineState::from(services.hub.engine());
    if engine.state == "down" {
        engine.reason = reasons(services.hub.engines()).or(engine.reason);
    }
    Json(Health {
        status: "healthy",
        service: "acestream-hls-proxy",
        version: env!("CARGO_PKG_VERSION"),
        engine,
    })
}

/// Why each of several engines is down, by its place in the configuration: its address is not for everyone.
fn reasons(engines: Vec<EngineReport>) -> Option<String> {
    if engines.len() < 2 {
        return None;
    }
    let places = engines.into_iter().enumerate();
    let reasons: Vec<String> = places
        .filter_map(|(index, engine)| match engine.health {
            EngineHealth::Down { reason, .. } => Some(format!("engine {}: {reason}", index + 1)),
            EngineHealth::Unknown | EngineHealth::Up { .. } => None,
        })
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
