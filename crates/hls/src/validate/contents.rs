//! What is in the media of one playlist, for what a multivariant playlist says of it (RFC 8216bis, 4.4.6.2).

use std::{collections::VecDeque, time::Duration};

use mpegts::{Demuxer, Format};

use crate::multivariant::{Piece, peak};

/// More formats than this are no channel.
const MOST_FORMATS: usize = 32;
/// As many segments are looked at together for the peak: parts of seconds that nobody cuts.
const MOST_RECENT: usize = 32;

/// What was seen in the segments of one media playlist.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// `EXT-X-TARGETDURATION`.
    pub target_duration: Option<Duration>,
    /// Whether the playlist says that nothing comes any more.
    pub is_over: bool,
    /// Of each track that has media.
    pub(super) formats: Vec<Format>,
    /// Whether there is one whose format did not show.
    pub(super) has_unknown: bool,
    /// The peak segment bit rate, in bits a second.
    pub(super) peak: u64,
    /// The newest segments, one behind the other, as many as count for the peak.
    recent: VecDeque<Piece>,
}

impl Contents {
    /// A segment came, of `bytes`, which are said to play so long.
    pub(super) fn weigh(&mut self, bytes: usize, duration: Duration, goes_on: bool) {
        // Nothing that plays for no time can be held against a bit rate.
        let Some(target) = self.target_duration.filter(|_| !duration.is_zero()) else { return };
        if !goes_on {
            self.recent.clear();
        }
        self.recent.push_back(Piece { bytes, duration });
        let sum = |recent: &VecDeque<Piece>| recent.iter().map(|piece| piece.duration).sum::<Duration>();
        while self.recent.len() > MOST_RECENT || self.recent.len() > 1 && sum(&self.recent) * 2 > target * 3 {
            self.recent.pop_front();
        }
        let seconds = u32::try_from(target.as_secs()).unwrap_or(u32::MAX);
        self.peak = self.peak.max(peak(self.recent.make_contiguous(), seconds).unwrap_or(0));
    }

    /// Note what tracks have come so far.
    pub(super) fn note(&mut self, demuxer: &Demuxer) {
        let tracks = demuxer.program().map_or(0, |program| program.tracks.len());
        self.has_unknown = false;
        for track in (0..tracks).filter(|track| demuxer.is_present(*track)) {
            match demuxer.format(track) {
                None => self.has_unknown = true,
                Some(format) if self.formats.len() < MOST_FORMATS && !self.formats.contains(format) => {
                    self.formats.push(*format);
                }
                Some(_) => {}
            }
        }
    }
}
