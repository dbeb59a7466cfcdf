//! What can be set about live streams.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::{duration, size::Size};

/// A window must hold a few segments, if only of radio.
const LEAST_WINDOW_BYTES: usize = 1 << 20;

/// A playlist lists this many times its target duration at least (RFC 8216, 6.2.2).
const LEAST_SEGMENTS: u32 = 3;

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
    /// How many bytes of media all streams keep together, at most: windows become shorter rather than pass it.
    /// Not set: half of the memory that the machine or the container has.
    #[serde(with = "crate::config::unset")]
    pub max_total_window_bytes: Option<Size>,
    /// How many streams play at once, at most.
    pub max_streams: usize,
    /// How many viewers watch all streams, at most.
    pub max_viewers: usize,
    /// How many viewers watch one stream, at most.
    pub max_stream_viewers: usize,
    /// How many requests wait at once for media that is not there yet, at most.
    pub max_blocked: usize,
    /// A stream nobody asked for during this time ends.
    #[serde(with = "crate::config::duration")]
    pub idle_timeout: Duration,
    /// A stream whose viewers all moved on to other streams ends after this time, if that is sooner.
    #[serde(with = "crate::config::duration")]
    pub warm_for: Duration,
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
            max_total_window_bytes: None,
            max_streams: 64,
            max_viewers: 10_000,
            max_stream_viewers: 10_000,
            max_blocked: 10_000,
            idle_timeout: Duration::from_secs(60),
            warm_for: Duration::from_secs(20),
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
    /// Refuse what cannot work, with the name of its key.
    pub fn check(&self) -> anyhow::Result<()> {
        let least = Duration::from_millis;
        for (key, value, least) in [
            ("live.target", self.target, least(500)),
            ("live.window", self.window, least(500)),
            ("live.idle_timeout", self.idle_timeout, least(1)),
            ("live.warm_for", self.warm_for, least(1)),
            ("live.start_timeout", self.start_timeout, least(1)),
            ("live.media_timeout", self.media_timeout, least(1)),
            ("live.silence_timeout", self.silence_timeout, least(1)),
            ("live.give_up_after", self.give_up_after, least(1)),
            ("live.reconnect_delay", self.reconnect_delay, least(1)),
            ("live.reconnect_delay_max", self.reconnect_delay_max, least(1)),
            ("live.probe_interval", self.probe_interval, least(10)),
        ] {
            duration::check(key, value, least)?;
        }
        self.check_room()
    }

    fn check_room(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.window >= self.target.saturating_mul(LEAST_SEGMENTS),
            "live.window: {:?} is less than {LEAST_SEGMENTS} times live.target ({:?}), and players need that much",
            self.window,
            self.target
        );
        anyhow::ensure!(
            self.max_window_bytes >= LEAST_WINDOW_BYTES,
            "live.max_window_bytes: {} bytes hold no few segments, it takes 1MiB or more",
            self.max_window_bytes
        );
        if let Some(total) = self.max_total_window_bytes {
            anyhow::ensure!(
                total.0 >= LEAST_WINDOW_BYTES,
                "live.max_total_window_bytes: {total} holds no few segments, it takes 1MiB or more"
            );
        }
        for (key, limit) in [
            ("live.max_streams", self.max_streams),
            ("live.max_viewers", self.max_viewers),
            ("live.max_stream_viewers", self.max_stream_viewers),
            ("live.max_blocked", self.max_blocked),
        ] {
            anyhow::ensure!(limit > 0, "{key}: 0 would play nothing");
        }
        Ok(())
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of the defaults with one change.
    fn refused(change: impl FnOnce(&mut Config)) -> String {
        let mut config = Config::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_within_their_bounds() {
        assert!(Config::default().check().is_ok());
    }

    #[test]
    fn a_duration_of_nothing_or_for_ever_is_refused_with_its_key() {
        for value in [Duration::ZERO, Duration::from_secs(86_401), Duration::MAX] {
            let said = [
                ("live.target: ", refused(|it| it.target = value)),
                ("live.window: ", refused(|it| it.window = value)),
                ("live.idle_timeout: ", refused(|it| it.idle_timeout = value)),
                ("live.warm_for: ", refused(|it| it.warm_for = value)),
                ("live.start_timeout: ", refused(|it| it.start_timeout = value)),
                ("live.media_timeout: ", refused(|it| it.media_timeout = value)),
                ("live.silence_timeout: ", refused(|it| it.silence_timeout = value)),
                ("live.give_up_after: ", refused(|it| it.give_up_after = value)),
                ("live.reconnect_delay: ", refused(|it| it.reconnect_delay = value)),
                ("live.reconnect_delay_max: ", refused(|it| it.reconnect_delay_max = value)),
                ("live.probe_interval: ", refused(|it| it.probe_interval = value)),
            ];
            for (key, said) in said {
                assert!(said.starts_with(key) && said.ends_with(" to 24h"), "{said}");
            }
        }
    }

    #[test]
    fn too_little_room_is_refused_with_its_key() {
        let short = refused(|it| it.window = Duration::from_secs(11));
        assert_eq!(
            short,
            "live.window: 11s is less than 3 times live.target (4s), and players need that much"
        );
        assert!(refused(|it| it.max_window_bytes = 0).starts_with("live.max_window_bytes: "));
        assert!(refused(|it| it.max_streams = 0).starts_with("live.max_streams: "));
        assert!(refused(|it| it.max_viewers = 0).starts_with("live.max_viewers: "));
        assert!(refused(|it| it.max_stream_viewers = 0).starts_with("live.max_stream_viewers: "));
        assert!(refused(|it| it.max_blocked = 0).starts_with("live.max_blocked: "));
        assert_eq!(
            refused(|it| it.max_total_window_bytes = Some(Size(1024))),
            "live.max_total_window_bytes: 1KiB holds no few segments, it takes 1MiB or more"
        );
    }
}
