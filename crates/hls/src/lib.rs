//! HTTP Live Streaming (RFC 8216bis), without I/O: a transport stream in, segments and playlists out.
//!
//! [`Packager`] passes the received packets through: it cuts them into segments that begin where a decoder can
//! start, each with a PAT and a PMT of ours in front, and keeps the newest in a [`Window`].

mod blocking;
mod body;
mod clock;
mod directives;
mod growing;
mod jump;
mod live;
mod multivariant;
mod packager;
pub mod playlist;
mod segment;
mod segmenter;
mod tables;
pub mod validate;
mod window;

use std::time::Duration;

pub use directives::{DirectiveError, Directives, Position, Profile, UnknownProfile};
pub use multivariant::multivariant;
pub use packager::{Change, Packager};
pub use segment::{Extra, Part, Segment};
pub use window::{GAPS, Window};

/// How a stream is packaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long a segment should be; it ends at the random access point that fits best.
    pub target: Duration,
    /// How much the playlist lists. Zero keeps no window at all: only [`Packager::closed`] has the segments.
    pub window: Duration,
    /// How many bytes the window may hold; it becomes shorter rather than hold more.
    pub max_bytes: usize,
    /// How long a part should be. `None` makes no parts but whole segments.
    pub part_target: Option<Duration>,
    /// Whether the first segments end at every random access point, so that playback starts at once.
    pub fast_start: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            target: Duration::from_secs(4),
            window: Duration::from_secs(40),
            max_bytes: 64 << 20,
            part_target: Some(Duration::from_millis(320)),
            fast_start: true,
        }
    }
}
