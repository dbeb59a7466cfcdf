//! The HTTP surface: all that clients see, and the only part that knows axum and status codes.
//!
//! A connection comes in at `server`, each of its requests passes the `edge` (cross-origin, password, figures)
//! and reaches a handler by the `router`. What goes wrong leaves as a [`Problem`].

use std::{sync::Arc, time::Duration};

use crate::{catalog::Catalog, health::Checks, live::Hub};

mod address;
mod catalog;
mod config;
mod continuous;
mod cors;
mod edge;
mod engine;
mod engine_search;
mod events;
mod extract;
mod figures;
mod health;
mod index;
mod live;
mod low_latency;
mod openapi;
mod patience;
mod play;
mod problem;
mod problems;
mod router;
mod segment;
mod server;
mod streams;
mod text;
mod web;

pub use config::{Config, Network};
pub use openapi::document;
pub use play::Platform;
pub use problem::{Kind, Problem};
pub use server::Server;

/// What the handlers work with.
#[derive(Debug, Clone)]
pub struct Services(Arc<Inner>);

/// The parts behind [`Services`].
#[derive(Debug)]
pub struct Inner {
    /// The live streams.
    pub hub: Hub,
    /// The playlists and their channels.
    pub catalog: Catalog,
    /// Asks whether channels work.
    pub checks: Checks,
    /// The section of the configuration.
    pub http: Config,
    /// How long a playlist request waits for a stream's first segment.
    pub start_timeout: Duration,
    /// What this server runs on.
    pub platform: Platform,
    /// The room for those who listen to events.
    pub(crate) events: events::Room,
    /// What is counted.
    pub(crate) figures: figures::Figures,
}

impl Services {
    /// What the handlers work with, made of its parts.
    #[must_use]
    pub fn new(hub: Hub, catalog: Catalog, checks: Checks, http: Config, start_timeout: Duration) -> Self {
        let figures = figures::Figures::default();
        let (platform, events) = (Platform::detect(), events::Room::new(http.max_connections));
        Self(Arc::new(Inner { hub, catalog, checks, http, start_timeout, platform, events, figures }))
    }
}

impl std::ops::Deref for Services {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
