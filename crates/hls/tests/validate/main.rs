//! The validator: each rule broken alone, and lists that break none.
#![expect(clippy::unwrap_used, reason = "tests")]

mod follower;
mod media;
mod multivariant;
mod samples;
mod timeline;
mod transport;
mod variants;
