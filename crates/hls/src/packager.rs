//! A transport stream in, a window of segments out.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mpegts::{Demuxer, Format, Program, Stats};

use crate::{Config, Segment, Window, segmenter::Segmenter};

/// Packages one stream. Takes any bytes; what it holds is bounded by [`Config::max_bytes`].
#[derive(Debug)]
pub struct Packager {
    config: Config,
    demuxer: Demuxer,
    segmenter: Segmenter,
    window: Window,
    closed: Vec<Arc<Segment>>,
}

impl Packager {
    /// A packager whose first segment has the number `first_number`.
    #[must_use]
    pub fn new(config: Config, first_number: u64) -> Self {
        Self {
            demuxer: Demuxer::new(),
            segmenter: Segmenter::new(&config, first_number),
            window: Window::default(),
            closed: Vec::new(),
            config,
        }
    }

    /// Take the next bytes, cut anywhere. True when a segment was closed, so that the window changed.
    ///
    /// What is long enough of it becomes part of the segments where it lies.
    pub fn push(&mut self, data: &Bytes) -> bool {
        let Self { demuxer, segmenter, .. } = self;
        segmenter.enter(data);
        demuxer.push(data, |event| segmenter.on(event));
        segmenter.leave();
        self.collect()
    }

    /// What comes next does not continue what came: the source was connected anew. True when a segment was closed;
    /// the next one will be a discontinuity.
    pub fn interrupt(&mut self) -> bool {
        self.segmenter.interrupt();
        self.demuxer.interrupt();
        self.collect()
    }

    /// The stream is over: close the last segment and the list. Always changes the window.
    pub fn finish(&mut self) -> bool {
        let Self { demuxer, segmenter, .. } = self;
        demuxer.finish(|event| segmenter.on(event));
        self.segmenter.finish();
        self.collect();
        self.window = self.window.ended();
        true
    }

    /// From the next segment on the window holds at most this many bytes, in place of [`Config::max_bytes`].
    pub fn set_max_bytes(&mut self, max_bytes: usize) {
        self.config.max_bytes = max_bytes;
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
        self.segmenter.growing()
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

    fn collect(&mut self) -> bool {
        self.closed.clear();
        self.closed.extend(self.segmenter.take_closed().map(Arc::new));
        let target_duration = self.segmenter.target_duration();
        let kept = if self.config.window.is_zero() { &[][..] } else { &self.closed };
        for segment in kept {
            self.window = self.window.with(Arc::clone(segment), target_duration, &self.config);
        }
        !self.closed.is_empty()
    }
}
