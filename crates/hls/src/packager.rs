//! A transport stream in, a window of segments out.

use std::{
    mem,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use mpegts::{Demuxer, Format, Program, Stats};

use crate::{Config, Segment, Window, segmenter::Segmenter};

/// What a call changed in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing.
    None,
    /// The growing segment has more parts.
    Part,
    /// A segment was closed.
    Segment,
}

/// Packages one stream. Takes any bytes; what it holds is bounded by [`Config::max_bytes`].
#[derive(Debug)]
pub struct Packager {
    config: Config,
    demuxer: Demuxer,
    segmenter: Segmenter,
    window: Window,
    closed: Vec<Arc<Segment>>,
    /// The parts of the growing segment that the window has.
    parts: usize,
}

impl Packager {
    /// A packager whose first segment has the number `first_number`; where there are parts, the three numbers before it
    /// are those of gaps that low-latency playlists begin with.
    #[must_use]
    pub fn new(config: Config, first_number: u64) -> Self {
        Self {
            demuxer: Demuxer::new(),
            segmenter: Segmenter::new(&config, first_number),
            window: Window::default(),
            closed: Vec::new(),
            parts: 0,
            config,
        }
    }

    /// What the clock on the wall says while the next bytes are taken.
    pub fn set_clock(&mut self, now: SystemTime) {
        self.segmenter.set_clock(now);
    }

    /// Take the next bytes, cut anywhere.
    ///
    /// What is long enough of it becomes part of the segments where it lies.
    pub fn push(&mut self, data: &Bytes) -> Change {
        let Self { demuxer, segmenter, .. } = self;
        segmenter.enter(data);
        demuxer.push(data, |event| segmenter.on(event));
        segmenter.leave();
        self.collect()
    }

    /// What comes next does not continue what came: the source was connected anew. The next segment will be a
    /// discontinuity.
    pub fn interrupt(&mut self) -> Change {
        self.segmenter.interrupt();
        self.demuxer.interrupt();
        self.collect()
    }

    /// The stream is over: close the last segment and the list.
    pub fn finish(&mut self) {
        let Self { demuxer, segmenter, .. } = self;
        demuxer.finish(|event| segmenter.on(event));
        self.segmenter.finish();
        self.collect();
        self.window = self.window.ended();
    }

    /// The window is shown before it has a whole segment: `EXT-X-TARGETDURATION` is fixed now.
    pub fn announce(&mut self) {
        self.segmenter.announce();
        self.show_growing();
    }

    /// From the next segment on the window holds at most this many bytes, in place of [`Config::max_bytes`].
    pub fn set_max_bytes(&mut self, max_bytes: usize) {
        self.config.max_bytes = max_bytes;
    }

    /// From the next segment on the window lists this much, in place of [`Config::window`]. A longer one grows; it has
    /// no segments any more that left it.
    pub fn set_window(&mut self, window: Duration) {
        self.config.window = window;
    }

    /// Memory is short: let the oldest segment go that left the list long enough ago. Until then some stay a while longer,
    /// as memory that is given back to the system has to be cleared before it can be used again. False when there is none.
    pub fn reclaim(&mut self) -> bool {
        let Some(reclaimed) = self.window.reclaimed() else { return false };
        self.window = reclaimed;
        true
    }

    /// What can be played now.
    #[must_use]
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The segments that the last call closed, even those that have left the window already.
    #[must_use]
    pub fn closed(&self) -> &[Arc<Segment>] {
        &self.closed
    }

    /// The number that the next segment gets.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.segmenter.number()
    }

    /// The bytes of the segment that grows, which the window does not hold yet.
    #[must_use]
    pub fn growing_bytes(&self) -> usize {
        self.segmenter.growing_bytes()
    }

    /// Whether a segment grows: what comes is media that will be played.
    #[must_use]
    pub fn is_growing(&self) -> bool {
        self.segmenter.is_growing()
    }

    /// How long all segments so far play.
    #[must_use]
    pub fn media_time(&self) -> Duration {
        self.segmenter.played()
    }

    /// What was met in the stream.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.demuxer.stats()
    }

    /// The program that is packaged, once its map came.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        self.demuxer.program()
    }

    /// What this track of the program is, once its own headers told.
    #[must_use]
    pub fn format(&self, track: usize) -> Option<&Format> {
        self.demuxer.format(track)
    }

    /// What the tracks in the segments are, video first; `None` for one that has not told.
    #[must_use]
    pub fn formats(&self) -> Vec<Option<Format>> {
        let tracks = self.program().map_or(0, |program| program.tracks.len());
        let video = self.program().and_then(Program::video);
        let audio = (0..tracks).filter(|track| Some(*track) != video);
        let there = video.into_iter().chain(audio).filter(|track| self.demuxer.is_present(*track));
        there.map(|track| self.format(track).copied()).collect()
    }

    /// Whether the program is scrambled, so that nothing can be played.
    #[must_use]
    pub fn is_scrambled(&self) -> bool {
        self.demuxer.is_scrambled()
    }

    fn collect(&mut self) -> Change {
        self.closed.clear();
        self.closed.extend(self.segmenter.take_closed().map(Arc::new));
        if self.config.window.is_zero() {
            return if self.closed.is_empty() { Change::None } else { Change::Segment };
        }
        for segment in &self.closed {
            self.window = self.window.with(Arc::clone(segment), self.segmenter.promise(), &self.config);
        }
        let parts = self.segmenter.growing_parts();
        let grew = parts != mem::replace(&mut self.parts, parts);
        if grew && parts > 0 {
            self.show_growing();
        }
        match (self.closed.is_empty(), grew) {
            (false, _) => Change::Segment,
            (true, true) => Change::Part,
            (true, false) => Change::None,
        }
    }

    fn show_growing(&mut self) {
        let growing = self.segmenter.growing_segment().map(Arc::new);
        self.window = self.window.growing(growing, self.segmenter.promise());
    }
}
