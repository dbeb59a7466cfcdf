//! The segments that a playlist lists now, and a few that it listed a moment ago.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    Config, Part, Segment,
    playlist::{self, Entry, Head},
    segmenter::Promise,
};

/// Segments stay at least this many target durations after they left the list, for players that are late. Less than
/// 6.2.2 asks for, which is as long as the list: that would double the memory of every channel.
const LINGER: u32 = 3;
/// And at most this many, while nobody needs their memory.
const LINGER_LONGEST: u32 = 6;
/// A list is at least this many target durations long (6.2.2).
const SHORTEST: u32 = 3;

/// So many gaps stand in front of a stream that has hardly begun: with them a list is long enough (6.2.2), and hls.js
/// reads no list without a segment.
pub const GAPS: u64 = 3;

/// Never fewer segments than this are listed while there are more.
const MIN_LISTED: usize = 3;

/// The sliding window of a live stream, frozen: cheap to clone, never mutated.
#[derive(Debug, Clone, Default)]
pub struct Window(Arc<Inner>);

#[derive(Debug, Clone, Default)]
struct Inner {
    /// All segments that can be fetched, oldest first, with numbers that follow each other.
    segments: VecDeque<Arc<Segment>>,
    /// How many of the oldest are listed no more.
    lingering: usize,
    /// The segment that grows, as far as its parts came.
    growing: Option<Arc<Segment>>,
    promise: Promise,
    /// How many gaps stand in front of the oldest segment in a playlist for viewers close to live.
    gaps: u64,
    /// Discontinuities that left the list.
    discontinuity_sequence: u64,
    /// Whether there ever was a discontinuity.
    discontinuous: bool,
    over: bool,
}

impl Window {
    /// Whether there is no whole segment yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.segments.is_empty()
    }

    /// The segment with this number, listed or listed a moment ago.
    #[must_use]
    pub fn segment(&self, number: u64) -> Option<&Arc<Segment>> {
        let first = self.0.segments.front()?.number;
        self.0.segments.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// Part number `part` of segment `segment`, whole or growing.
    #[must_use]
    pub fn part(&self, segment: u64, part: u64) -> Option<&Arc<Part>> {
        let growing = self.unfinished().filter(|growing| growing.number == segment);
        growing.or_else(|| self.segment(segment))?.parts().get(usize::try_from(part).ok()?)
    }

    /// The newest part there is, by the numbers of its segment and of itself.
    #[must_use]
    pub fn edge(&self) -> Option<(u64, u64)> {
        let newest = self.unfinished().or(self.0.segments.back())?;
        Some((newest.number, newest.parts().len().checked_sub(1)? as u64))
    }

    /// The part that comes next, by the numbers of its segment and of itself, if the growing segment stays as it is.
    #[must_use]
    pub fn next(&self) -> Option<(u64, u64)> {
        match self.unfinished() {
            Some(growing) => Some((growing.number, growing.parts().len() as u64)),
            None => Some((self.last()? + 1, 0)),
        }
    }

    /// How much media is listed, the parts of the growing segment included.
    #[must_use]
    pub fn ready(&self) -> Duration {
        self.duration() + self.unfinished().map_or(Duration::ZERO, |growing| growing.duration)
    }

    /// `PART-TARGET`; zero where there are no parts.
    #[must_use]
    pub fn part_target(&self) -> Duration {
        self.0.promise.part_target
    }

    /// How many gaps stand in front of the oldest segment in a playlist for viewers close to live.
    pub(crate) fn gaps(&self) -> u64 {
        self.0.gaps
    }

    /// How many discontinuities left the list, where there ever was one.
    pub(crate) fn discontinuity_sequence(&self) -> Option<u64> {
        self.0.discontinuous.then_some(self.0.discontinuity_sequence)
    }

    /// The segments listed, oldest first.
    pub fn listed(&self) -> impl ExactSizeIterator<Item = &Arc<Segment>> + Clone {
        self.0.segments.range(self.0.lingering..)
    }

    /// The number of the oldest segment listed.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.listed().next().map(|segment| segment.number)
    }

    /// The number of the newest segment.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.0.segments.back().map(|segment| segment.number)
    }

    /// How long the listed segments play.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.listed().map(|segment| segment.duration).sum()
    }

    /// The bytes of all segments that can be fetched.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.segments.iter().map(|segment| segment.len()).sum()
    }

    /// `EXT-X-TARGETDURATION` in seconds; 0 until the first segment fixes it.
    #[must_use]
    pub fn target_duration(&self) -> u32 {
        self.0.promise.target_duration
    }

    /// The segment that grows, as far as its parts came.
    #[must_use]
    pub fn unfinished(&self) -> Option<&Arc<Segment>> {
        self.0.growing.as_ref()
    }

    /// Whether no segment will follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.over
    }

    /// The media playlist, with relative URIs.
    #[must_use]
    pub fn playlist(&self) -> String {
        let inner = &*self.0;
        let head = Head {
            target_duration: inner.promise.target_duration.max(1),
            discontinuity_sequence: self.discontinuity_sequence(),
            kind: None,
        };
        playlist::media(head, self.listed().map(|segment| Entry::from(&**segment)), inner.over)
    }

    /// This window with `segment` behind the others; the oldest make room.
    pub(crate) fn with(&self, segment: Arc<Segment>, promise: Promise, config: &Config) -> Self {
        let mut next = Inner::clone(&self.0);
        if next.segments.is_empty() && config.part_target.is_some() {
            next.gaps = GAPS;
        }
        next.promise = promise;
        next.growing = None;
        next.discontinuous |= segment.discontinuity;
        next.segments.push_back(segment);
        next.make_room(config);
        Self(Arc::new(next))
    }

    /// This window with the segment that grows as it is now.
    pub(crate) fn growing(&self, growing: Option<Arc<Segment>>, promise: Promise) -> Self {
        let gaps = if self.is_empty() { GAPS } else { self.0.gaps };
        let breaks = growing.as_ref().is_some_and(|growing| growing.discontinuity);
        let discontinuous = self.0.discontinuous || breaks;
        Self(Arc::new(Inner { growing, promise, gaps, discontinuous, ..Inner::clone(&self.0) }))
    }

    /// This window without the oldest segment, if that stayed because nobody needed its memory. One at a time: the
    /// memory of more would be given back to the system, which clears it before others may use it.
    pub(crate) fn reclaimed(&self) -> Option<Self> {
        if !self.0.is_overdue(LINGER) {
            return None;
        }
        let mut next = Inner::clone(&self.0);
        next.drop_oldest();
        Some(Self(Arc::new(next)))
    }

    /// This window, to which nothing will be added.
    pub(crate) fn ended(&self) -> Self {
        Self(Arc::new(Inner { over: true, growing: None, ..Inner::clone(&self.0) }))
    }
}

impl Inner {
    fn make_room(&mut self, config: &Config) {
        let target_duration = self.target_duration();
        let window = config.window.max(SHORTEST * target_duration);
        let linger = LINGER * target_duration;
        let mut duration: Duration =
            self.segments.range(self.lingering..).map(|segment| segment.duration).sum();
        let mut listed: usize = self.segments.range(self.lingering..).map(|segment| segment.len()).sum();
        while let Some(oldest) = self.segments.get(self.lingering) {
            let long = duration - oldest.duration >= window;
            // What leaves the list stays for a while, and has to fit, too, unless too little would be listed.
            let late = in_proportion(listed, linger, duration);
            let spare = duration - oldest.duration >= SHORTEST * target_duration;
            let heavy = listed > config.max_bytes || (spare && listed + late > config.max_bytes);
            if self.segments.len() - self.lingering <= MIN_LISTED || !(long || heavy) {
                break;
            }
            duration -= oldest.duration;
            listed -= oldest.len();
            self.discontinuity_sequence += u64::from(oldest.discontinuity);
            self.lingering += 1;
        }
        if self.lingering > 0 || duration >= SHORTEST * target_duration {
            self.gaps = 0;
        }
        self.let_go(config.max_bytes);
    }

    /// Let the oldest go of those that left the list, as long as they are overdue whoever needs their memory, or all are
    /// more than `max_bytes`.
    fn let_go(&mut self, max_bytes: usize) {
        let mut bytes: usize = self.segments.iter().map(|segment| segment.len()).sum();
        while self.lingering > 0 && (self.is_overdue(LINGER_LONGEST) || bytes > max_bytes) {
            bytes -= self.drop_oldest();
        }
    }

    /// Drop the oldest of those that left the list, if there is one; how many bytes it had.
    fn drop_oldest(&mut self) -> usize {
        let Some(left) = self.lingering.checked_sub(1) else { return 0 };
        self.lingering = left;
        self.segments.pop_front().map_or(0, |oldest| oldest.len())
    }

    /// Whether the oldest can go: those behind it that left the list are `linger` target durations long.
    fn is_overdue(&self, linger: u32) -> bool {
        let behind = self.segments.range(..self.lingering).skip(1);
        let late: Duration = behind.map(|segment| segment.duration).sum();
        self.lingering > 0 && late >= linger * self.target_duration()
    }

    fn target_duration(&self) -> Duration {
        Duration::from_secs(self.promise.target_duration.into())
    }
}

/// How many bytes `part` has of media of which `whole` has so many.
fn in_proportion(bytes: usize, part: Duration, whole: Duration) -> usize {
    let (part, whole) = (part.as_millis(), whole.as_millis().max(1));
    usize::try_from(bytes as u128 * part / whole).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn segment(number: u64, seconds: u64, len: usize, discontinuity: bool) -> Arc<Segment> {
        Arc::new(Segment {
            number,
            duration: Duration::from_secs(seconds),
            discontinuity,
            independent: true,
            date: UNIX_EPOCH,
            extra: crate::Extra::default(),
            parts: vec![Arc::new(Part::new(Duration::from_secs(seconds), true, vec![vec![0; len].into()]))],
        })
    }

    fn window(count: u64, config: &Config, discontinuity: impl Fn(u64) -> bool) -> Window {
        (0..count).fold(Window::default(), |window, n| {
            let promise = Promise { target_duration: 4, ..Promise::default() };
            window.with(segment(1_000 + n, 4, 100, discontinuity(n)), promise, config)
        })
    }

    #[test]
    fn forty_seconds_are_listed_and_twelve_more_linger() {
        let window = window(100, &Config::default(), |_| false);

        assert_eq!((window.first(), window.last()), (Some(1_090), Some(1_099)));
        assert_eq!(window.duration(), Duration::from_secs(40));
        assert!(window.segment(1_100).is_none());
    }

    #[test]
    fn three_more_linger_and_go_one_by_one_when_their_memory_is_needed() {
        let mut window = window(100, &Config::default(), |_| false);
        let playlist = window.playlist();

        for oldest in [1_084, 1_085, 1_086] {
            assert!(window.segment(oldest).is_some() && window.segment(oldest - 1).is_none());
            window = window.reclaimed().unwrap();
        }
        assert!(window.segment(1_087).is_some() && window.reclaimed().is_none());
        assert_eq!(window.playlist(), playlist);
    }

    #[test]
    fn where_memory_is_bounded_nothing_stays_longer() {
        let tight = window(100, &Config { max_bytes: 1_300, ..Config::default() }, |_| false);
        assert!(tight.bytes() <= 1_300 && tight.reclaimed().is_none());
    }

    #[test]
    fn a_window_too_heavy_becomes_shorter_but_keeps_three_segments() {
        // Five are listed, and three more left the list just now.
        let heavy = window(20, &Config { max_bytes: 800, ..Config::default() }, |_| false);
        assert_eq!((heavy.listed().len(), heavy.bytes()), (5, 800));
        assert!(heavy.segment(1_012).is_some() && heavy.first() == Some(1_015));

        let config = Config { max_bytes: 10, ..Config::default() };
        let window = window(20, &config, |_| false);
        assert_eq!((window.listed().len(), window.bytes()), (3, 300));
    }

    #[test]
    fn discontinuities_that_leave_the_list_are_counted() {
        let window = window(30, &Config::default(), |n| n % 5 == 1);

        // Numbers 1, 6, 11 and 16 left, 21 and 26 are listed.
        assert_eq!(window.playlist().lines().nth(4), Some("#EXT-X-DISCONTINUITY-SEQUENCE:4"));
        assert_eq!(window.playlist().matches("#EXT-X-DISCONTINUITY\n").count(), 2);
    }

    #[test]
    fn a_playlist_reads_as_the_contract_says() {
        let window = window(2, &Config::default(), |_| false);
        insta::assert_snapshot!(window.playlist(), @r"
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:4
        #EXT-X-MEDIA-SEQUENCE:1000
        #EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00.000Z
        #EXTINF:4.000000,
        segment_1000.ts
        #EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:00:00.000Z
        #EXTINF:4.000000,
        segment_1001.ts
        ");
        assert!(window.ended().playlist().ends_with("segment_1001.ts\n#EXT-X-ENDLIST\n"));
    }
}
