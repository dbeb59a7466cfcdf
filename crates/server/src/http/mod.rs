//! The HTTP surface: all that clients see, and the only part that knows axum and status codes.
//!
//! A connection comes in at `server`, each of its requests passes the `edge` (cross-origin, password, figures)
//! and reaches a handler by the `router`. What goes wrong leaves as a [`Problem`].

use std::{sync::Arc, time::Duration};

use crate::{catalog::Catalog, health::Checks, live::Hub, logos::Logos};

mod address;
mod catalog;
mod config;
mod connection;
mod continuous;
mod copies;
mod cors;
mod edge;
mod engine;
mod engine_search;
mod events;
mod extract;
mod figures;
mod gather;
pub mod hdhomerun;
mod health;
mod index;
mod live;
mod low_latency;
mod openapi;
mod outgoing;
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

/// What handlers need, put together elsewhere.
#[derive(Debug)]
pub struct Parts {
    /// The live streams.
    pub hub: Hub,
    /// The playlists and their channels.
    pub catalog: Catalog,
    /// Asks whether channels work.
    pub checks: Checks,
    /// The channels' logos.
    pub logos: Logos,
    /// The section of the configuration.
    pub http: Config,
    /// Whether the server is a tuner.
    pub hdhomerun: hdhomerun::Config,
    /// How long a playlist request waits for a stream's first segment.
    pub start_timeout: Duration,
}

/// The parts behind [`Services`].
#[derive(Debug)]
pub struct Inner {
    parts: Parts,
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
    pub fn new(parts: Parts) -> Self {
        let figures = figures::Figures::default();
        let (platform, events) = (Platform::detect(), events::Room::new(parts.http.max_connections));
        Self(Arc::new(Inner { parts, platform, events, figures }))
    }
}

impl std::ops::Deref for Inner {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl std::ops::Deref for Services {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
