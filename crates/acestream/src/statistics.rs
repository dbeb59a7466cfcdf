//! What the engine tells about a session while it runs.

use serde_json::Value;

use crate::answer::{line, number, small_number};

/// One answer of the statistics address. Zero or empty where the engine does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// `idle`, `prebuf`, `dl` and others; empty in the first moments.
    ///
    /// `dl` means playable, but not every engine uses the words alike: only bytes prove that a stream runs.
    pub status: String,
    /// Peers connected. Having some does not mean that data comes.
    pub peers: u32,
    /// What comes in, in kilobytes per second, as the engine says.
    pub speed_down_kbps: u32,
    /// What goes out to other peers, in kilobytes per second, as the engine says.
    pub speed_up_kbps: u32,
    /// Bytes received from peers since the start.
    pub downloaded: u64,
    /// Bytes sent to peers since the start.
    pub uploaded: u64,
    /// Where in the broadcast the session is; only known while data flows, and not by every engine.
    pub live_position: Option<LivePosition>,
}

/// A place in a live broadcast. All times are Unix seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LivePosition {
    /// The oldest moment that can be asked for.
    pub first: u64,
    /// The newest moment the swarm has. Hours behind the clock when a source repeats old minutes.
    pub last: u64,
    /// The moment being delivered.
    pub position: u64,
    /// Pieces waiting in the engine's buffer.
    pub buffer_pieces: u32,
}

impl Statistics {
    /// Whether the engine says that media flows.
    #[must_use]
    pub fn is_downloading(&self) -> bool {
        self.status == "dl"
    }

    pub(crate) fn read(response: &Value) -> Self {
        Self {
            status: line(response, "status").unwrap_or_default(),
            peers: small_number(response, "peers").unwrap_or_default(),
            speed_down_kbps: small_number(response, "speed_down").unwrap_or_default(),
            speed_up_kbps: small_number(response, "speed_up").unwrap_or_default(),
            downloaded: number(response, "downloaded").unwrap_or_default(),
            uploaded: number(response, "uploaded").unwrap_or_default(),
            live_position: response.get("livepos").and_then(LivePosition::read),
        }
    }
}

impl LivePosition {
    fn read(livepos: &Value) -> Option<Self> {
        Some(Self {
            first: number(livepos, "live_first").or_else(|| number(livepos, "first_ts"))?,
            last: number(livepos, "live_last").or_else(|| number(livepos, "last_ts"))?,
            position: number(livepos, "pos")?,
            buffer_pieces: small_number(livepos, "buffer_pieces").unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_minus_one_and_missing_numbers_are_tolerated() {
        let statistics = Statistics::read(&json!({
            "status": "dl", "peers": "4", "speed_down": -1, "downloaded": 3_276_800, "uploaded": null,
            "livepos": { "live_first": "1000", "live_last": "2800", "pos": "2790", "buffer_pieces": "30" },
        }));

        let live_position = Some(LivePosition { first: 1000, last: 2800, position: 2790, buffer_pieces: 30 });
        let expected = Statistics {
            status: "dl".to_owned(),
            peers: 4,
            downloaded: 3_276_800,
            live_position,
            ..Statistics::default()
        };
        assert_eq!(statistics, expected);
    }

    #[test]
    fn a_word_that_has_no_end_is_cut() {
        let statistics = Statistics::read(&json!({ "status": "buffering\n".repeat(5_000) }));

        assert!(statistics.status.starts_with("buffering buffering") && statistics.status.len() == 200);
    }

    #[test]
    fn the_empty_first_answer_is_all_zero() {
        assert_eq!(Statistics::read(&json!({})), Statistics::default());
        assert_eq!(Statistics::read(&json!({ "status": 5, "livepos": "soon" })), Statistics::default());
    }
}
