//! What viewers see of a stream, and why it may not be there.

use std::{sync::OnceLock, time::Duration};

use acestream::{Error, Infohash};
use hls::{Profile, Window};
use mpegts::Format;
use tokio::time::Instant;

use super::text::Text;

/// How far a stream has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The engine looks for peers; no whole segment yet.
    Starting,
    /// Segments are arriving.
    Live,
    /// The engine's data broke off; what was received can still be played.
    Reconnecting {
        /// The first attempt is 1.
        attempt: u32,
    },
    /// Over, and why.
    Ended(EndReason),
}

/// Why a stream ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndReason {
    /// Nobody asked for a while. Who meets this tunes again.
    #[error("nobody was watching")]
    Idle,
    /// Somebody stopped it.
    #[error("the stream was stopped")]
    Stopped,
    /// The broadcast is over.
    #[error("the broadcast is over")]
    SourceClosed,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Shutdown,
    /// Another stream plays this swarm. Who meets this tunes again.
    #[error("another stream plays this broadcast already ({0})")]
    SameAs(Infohash),
    /// It could not go on.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What a stream failed by. The text is the detail, as a sentence's part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection to the engine.
    #[error("the engine cannot be reached: {0}")]
    EngineUnreachable(String),
    /// The engine took the request and did not answer in time.
    #[error("the engine does not answer: {0}")]
    EngineTimeout(String),
    /// The engine said no.
    #[error("the engine refused the channel: {0}")]
    EngineRefused(String),
    /// The engine's answer is none we know.
    #[error("the engine answered something unexpected: {0}")]
    EngineUnexpected(String),
    /// Not one byte came.
    #[error("nobody seems to share this channel now: {0}")]
    NoPeers(String),
    /// Bytes came, and nothing in them can be played.
    #[error("the channel sends nothing that can be played: {0}")]
    NoMedia(String),
    /// It played, broke off, and did not come back.
    #[error("the channel broke off and did not come back: {0}")]
    SourceLost(String),
}

impl Failure {
    /// A stable word for the failure, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EngineUnreachable(_) => "engine_down",
            Self::EngineTimeout(_) => "engine_timeout",
            Self::EngineRefused(_) => "bad_content",
            Self::EngineUnexpected(_) => "engine_unexpected",
            Self::NoPeers(_) => "no_peers",
            Self::NoMedia(_) => "no_media",
            Self::SourceLost(_) => "source_lost",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable(reason) => Self::EngineUnreachable(reason),
            Error::NoDescriptor => Self::EngineUnreachable(error.to_string()),
            Error::HungUp(reason) => {
                Self::EngineUnreachable(format!("it hung up before it answered: {reason}"))
            }
            Error::Timeout(what) => Self::EngineTimeout(format!("no answer to {what} in time")),
            Error::Refused(message) => Self::EngineRefused(message),
            Error::Playback { status, text } => Self::EngineRefused(format!("HTTP {status} {text}")),
            Error::Cut(reason) => Self::SourceLost(reason),
            Error::Unexpected(what) | Error::Base(what) => Self::EngineUnexpected(what),
        }
    }
}

/// The stream did not get there in time, or ended first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Still waiting.
    #[error("the stream is still starting")]
    Timeout,
    /// It will not come.
    #[error("the stream ended: {0}")]
    Ended(EndReason),
}

/// How many profiles there are.
const PROFILES: usize = 4;

/// What viewers see of a stream: replaced whole, never mutated.
#[derive(Debug)]
pub struct Snapshot {
    /// How far the stream has come.
    pub state: State,
    /// What can be played now.
    pub window: Window,
    /// What the tracks in the segments are, video first; `None` for one that has not told.
    pub formats: Vec<Option<Format>>,
    /// Whether the engine sent what it had in stock, so that there is no point in waiting for more.
    pub(super) settled: bool,
    /// Whether media comes as it is played.
    pub(super) steady: bool,
    /// When there was news in the window for the last time.
    pub(super) grew_at: Instant,
    playlist: OnceLock<Text>,
    live: [OnceLock<Text>; 2 * PROFILES],
}

impl Snapshot {
    pub(super) fn new(state: State, window: Window) -> Self {
        Self {
            state,
            window,
            formats: Vec::new(),
            settled: false,
            steady: false,
            grew_at: Instant::now(),
            playlist: OnceLock::new(),
            live: Default::default(),
        }
    }

    /// It is as old as `last`, in whose place it comes, if it lists no more.
    pub(super) fn keep_age_of(&mut self, last: &Self) {
        if self.window.next() == last.window.next() {
            self.grew_at = last.grew_at;
        }
    }

    /// How long there was nothing new in the window.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.grew_at.elapsed()
    }

    pub(super) fn with_formats(self, formats: Vec<Option<Format>>) -> Self {
        Self { formats, ..self }
    }

    /// The media playlist: written on first request, then shared by all who ask.
    pub fn playlist(&self) -> &Text {
        self.playlist.get_or_init(|| self.window.playlist().into())
    }

    /// The low-latency playlist as [`Window::live_playlist`] writes it: once, on first request.
    pub fn live_playlist(&self, profile: Profile, skip: bool) -> &Text {
        let place = 2 * (profile as usize) + usize::from(skip);
        self.live[place].get_or_init(|| self.window.live_playlist(profile, skip).into())
    }

    /// Whether a player of `profile` may begin: as much is there as it holds back, or as much as will be.
    ///
    /// An engine's stock begins anywhere, and nothing can be played of it before its first group of pictures that is
    /// whole: stock of as many seconds as are held back is enough, though up to a group less is left.
    #[must_use]
    pub fn is_ready(&self, profile: Profile) -> bool {
        let least =
            if profile == Profile::Fast { self.window.is_announced() } else { !self.window.is_empty() };
        let lost = if profile == Profile::Fast { Duration::ZERO } else { self.group() };
        let enough = self.window.ready() + lost >= self.held_back(profile);
        least && (enough || self.settled || self.window.is_over())
    }

    /// Whether a player of the `fast` profile may begin that plays what there is, however little, and holds back more as it
    /// goes on.
    ///
    /// Waiting for a third part makes no more of media that comes as it is played than playing the first two does.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        let part_target = self.window.part_target();
        let some = self.steady && !part_target.is_zero() && self.window.ready() >= 2 * part_target;
        some || self.window.ready() >= self.held_back(Profile::Fast)
    }

    fn held_back(&self, profile: Profile) -> Duration {
        profile.hold_back().max(3 * self.window.part_target())
    }

    /// How long a group of pictures is: the first segments of a stream are one each.
    fn group(&self) -> Duration {
        self.window.listed().map(|segment| segment.duration).max().unwrap_or_default()
    }

    /// Why the stream ended, if it did.
    pub(super) fn end(&self) -> Option<&EndReason> {
        match &self.state {
            State::Ended(reason) => Some(reason),
            State::Starting | State::Live | State::Reconnecting { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hls::{Config, Packager};

    use super::*;

    #[test]
    fn stock_of_as_many_seconds_as_are_held_back_is_enough_wherever_it_begins() {
        let clip = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/clean.ts")).unwrap();
        let mut packager = Packager::new(Config::default(), 1);

        let ready = clip.repeat(2).chunks(18_800).find_map(|piece| {
            packager.push(&Bytes::copy_from_slice(piece));
            let now = Snapshot::new(State::Live, packager.window().clone());
            now.is_ready(Profile::Balanced).then(|| now.window.ready())
        });

        // Its groups of pictures are two seconds long.
        let ready = ready.unwrap().as_secs_f64();
        assert!((10.0..10.5).contains(&ready), "{ready} s");
    }

    #[test]
    fn who_plays_what_there_is_begins_with_two_parts_of_what_comes_as_it_is_played_and_others_with_three() {
        let clip = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/clean.ts")).unwrap();
        let begins = |begins: fn(&Snapshot) -> bool, steady| {
            let mut packager = Packager::new(Config::default(), 1 + hls::GAPS);
            let ready = clip.chunks(1_880).find_map(|piece| {
                packager.push(&Bytes::copy_from_slice(piece));
                packager.announce();
                let now = Snapshot { steady, ..Snapshot::new(State::Live, packager.window().clone()) };
                begins(&now).then(|| now.window.ready().as_millis())
            });
            ready.unwrap()
        };

        assert_eq!(begins(Snapshot::is_begun, true), 640);
        assert_eq!(begins(Snapshot::is_begun, false), 960);
        assert_eq!(begins(|now| now.is_ready(Profile::Fast), true), 960);
    }
}
