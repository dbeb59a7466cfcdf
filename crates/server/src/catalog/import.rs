//! A list becomes the channels of a playlist: read (`collect`), told which channels it has had before (`matching`),
//! and compared with what is kept (`diff`).

mod collect;
mod diff;
mod matching;

pub use collect::Collector;
pub use diff::{Diff, diff, is_forgotten};
