//! What can be set about live streams.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How streams start, live and end. Durations are written `"60s"`, sizes `"64MiB"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a segment should be.
    #[serde(with = "crate::config::duration")]
    pub target: Duration,
    /// How much media a playlist lists.
    #[serde(with = "crate::config::duration")]
    pub window: Duration,
    /// How many bytes of media one stream keeps, at most.
    #[serde(with = "crate::config::size")]
    pub max_window_bytes: usize,
    /// How many streams play at once, at most.
    pub max_streams: usize,
    /// A stream nobody asked for during this time ends.
    #[serde(with = "crate::config::duration")]
    pub idle_timeout: Duration,
    /// How long a playlist request waits for a stream's first segment.
    #[serde(with = "crate::config::duration")]
    pub start_timeout: Duration,
    /// A stream whose first bytes hold nothing playable for this long ends.
    #[serde(with = "crate::config::duration")]
    pub media_timeout: Duration,
    /// Silence on an open connection to the engine that counts as a loss. Supply in lumps, a megabyte
    /// every five seconds, is normal.
    #[serde(with = "crate::config::duration")]
    pub silence_timeout: Duration,
    /// Without a byte for this long, a stream ends.
    #[serde(with = "crate::config::duration")]
    pub give_up_after: Duration,
    /// The pause before the second attempt to reconnect; it doubles with each further one.
    #[serde(with = "crate::config::duration")]
    pub reconnect_delay: Duration,
    /// The longest pause between two attempts to reconnect.
    #[serde(with = "crate::config::duration")]
    pub reconnect_delay_max: Duration,
    /// How often the engine is asked whether it is there.
    #[serde(with = "crate::config::duration")]
    pub probe_interval: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            target: Duration::from_secs(4),
            window: Duration::from_secs(40),
            max_window_bytes: 64 << 20,
            max_streams: 64,
            idle_timeout: Duration::from_secs(60),
            start_timeout: Duration::from_secs(20),
            media_timeout: Duration::from_secs(30),
            silence_timeout: Duration::from_secs(20),
            give_up_after: Duration::from_secs(120),
            reconnect_delay: Duration::from_millis(500),
            reconnect_delay_max: Duration::from_secs(15),
            probe_interval: Duration::from_secs(10),
        }
    }
}

impl Config {
    /// How the packager is to cut.
    pub(super) fn packaging(&self) -> hls::Config {
        hls::Config {
            target: self.target,
            window: self.window,
            max_bytes: self.max_window_bytes,
            ..hls::Config::default()
        }
    }
}
