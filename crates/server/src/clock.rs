//! The time of day, for what is kept. What only measures takes Tokio's clock, which a test can pause.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970 UTC; 0 where the clock stands before that.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
