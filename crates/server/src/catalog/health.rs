//! How a source did when it was last played.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a source did. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Health {
    /// When it last played.
    pub worked_at: Option<i64>,
    /// How long it took then until there was a picture, in milliseconds.
    pub took_ms: Option<i64>,
    /// When it last failed.
    pub failed_at: Option<i64>,
    /// Why: the `code` of the problem.
    pub failure: Option<String>,
}
