//! Live streams against the fake engine: who shares what, what is survived, what is let go of.
//!
//! The fake engine sends a minute of media at once to whoever connects, so that most of what takes minutes
//! in life is over in milliseconds here. Waiting is for a state, never for a time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails the test")]

#[path = "live/stage.rs"]
mod stage;

#[path = "live/continuity.rs"]
mod continuity;
#[path = "live/dialects.rs"]
mod dialects;
#[path = "live/ends.rs"]
mod ends;
#[path = "live/engines.rs"]
mod engines;
#[path = "live/failures.rs"]
mod failures;
#[path = "live/limits.rs"]
mod limits;
#[path = "live/sharing.rs"]
mod sharing;
#[path = "live/survival.rs"]
mod survival;
#[path = "live/validity.rs"]
mod validity;
#[path = "live/viewer.rs"]
mod viewer;
#[path = "live/zapping.rs"]
mod zapping;
