//! The validator: each rule broken alone, and lists that break none.

mod follower;
mod media;
mod multivariant;
mod samples;
mod transport;
