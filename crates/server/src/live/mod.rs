//! Live streams: one task each, shared by all who watch.
//!
//! ```text
//! tune ─▶ Starting ─▶ Live ⇄ Reconnecting(attempt) ─▶ Ended(reason)
//! ```
//!
//! [`Hub`] is the directory: it hands out a [`Stream`], starting its task when nobody plays it yet, and
//! never waits. The task is the only writer: it owns the engine's session (`source`), packages what it
//! reads, and publishes frozen [`Snapshot`]s. Nothing a viewer does can hold it up.
//!
//! An end is published at once, so that nobody who waits is kept; the engine's session is stopped after
//! it. Whoever tunes to that swarm meanwhile gets a new stream, which waits until the old one let go:
//! the engine never sees two sessions of one swarm.

mod aliases;
mod audience;
mod burst;
mod candidates;
mod config;
mod directory;
mod engines;
mod failures;
mod health;
mod hub;
mod ladder;
pub mod limits;
mod listing;
mod local;
mod loops;
mod memory;
mod meter;
mod numbers;
mod outcome;
mod pace;
mod reader;
mod report;
mod resolve;
mod snapshot;
mod source;
mod splice;
mod stream;
mod supply;
mod task;
#[cfg(test)]
mod testing;
mod text;
mod thread;
mod timing;
mod viewers;
mod wishes;
#[cfg(test)]
mod zapping;

pub use audience::Watching;
pub use config::Config;
pub use engines::{EngineReport, Engines};
pub use health::EngineHealth;
pub use hub::{Hub, TuneError};
pub use local::Local;
pub use numbers::Numbers;
pub use outcome::Outcome;
pub use reader::Reader;
pub(crate) use report::rfc3339_of;
pub use report::{Errors, Phase, Report, TrackReport, WindowReport};
pub use snapshot::{EndReason, Failure, NotReady, Snapshot, State};
pub use stream::{MAX_ALTERNATIVES, Stream};
pub use text::Text;
pub use thread::Thread;
