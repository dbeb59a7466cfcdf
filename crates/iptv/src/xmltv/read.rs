//! Reads a guide as it arrives.

use std::{borrow::Cow, ops::Range};

use super::{
    Item, Refusal, Report, SkipReason,
    element::{Counts, Head, channel, programme},
    frames::{Found, Frame, Frames, Kind},
    markup::allowed,
};
use crate::input::{Ending, Input, Skips, decode, html_title, is_html};

/// As many bytes are kept to tell what a file is that is no guide.
const HEAD_KEPT: usize = 4096;

/// What a programme says before it is read: whether it is wanted is decided by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The ID of its channel.
    pub channel: &'a str,
    /// When it begins, in seconds since 1970 UTC.
    pub start: i64,
    /// When it ends, if the guide says so.
    pub stop: Option<i64>,
}

/// Reads a guide that comes in pieces, cut anywhere.
#[derive(Debug)]
pub struct Reader<W = fn(&Slot<'_>) -> bool> {
    input: Input,
    frames: Frames,
    guide: Guide<W>,
}

impl Reader {
    /// Read at most `limit` bytes of text, counted unpacked.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        let all: fn(&Slot<'_>) -> bool = |_| true;
        let guide = Guide {
            wanted: all,
            zone: 0,
            report: Report::default(),
            skips: Skips::default(),
            head: Vec::new(),
        };
        Self { input: Input::new(limit), frames: Frames::default(), guide }
    }
}

impl<W: FnMut(&Slot<'_>) -> bool> Reader<W> {
    /// Read only the programmes that are `wanted`. The others cost little.
    #[must_use]
    pub fn wanting<V: FnMut(&Slot<'_>) -> bool>(self, wanted: V) -> Reader<V> {
        let Guide { zone, report, skips, head, .. } = self.guide;
        let guide = Guide { wanted, zone, report, skips, head };
        Reader { input: self.input, frames: self.frames, guide }
    }

    /// Take times without a zone for those of one so many seconds east of Greenwich.
    #[must_use]
    pub fn in_zone(mut self, seconds: i32) -> Self {
        self.guide.zone = seconds;
        self
    }

    /// Read the next piece and give what ends in it to `each`.
    ///
    /// # Errors
    /// When the file cannot be read at all, and so again from then on.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Item<'_>)) -> Result<(), Refusal> {
        let Self { input, frames, guide } = self;
        input.push(bytes, |text| {
            guide.keep_head(text);
            frames.push(text, &mut |found| guide.take(found, &mut each));
        })
    }

    /// The end of the guide.
    ///
    /// # Errors
    /// When this was no guide: what [`Reader::push`] refused, and what has no `<tv>`, channel or programme in it.
    pub fn finish(self, mut each: impl FnMut(Item<'_>)) -> Result<Report, Refusal> {
        let Self { mut input, mut frames, mut guide } = self;
        let ending = input.finish(|text| {
            guide.keep_head(text);
            frames.push(text, &mut |found| guide.take(found, &mut each));
        })?;
        let last = frames.finish(&mut |found| guide.take(found, &mut each));
        if ending == Ending::Damaged {
            guide.skips.add(last, SkipReason::Damaged);
        }
        guide.report.ends = frames.saw_end;
        guide.finish(frames.saw_tv)
    }
}

/// The guide so far.
#[derive(Debug)]
struct Guide<W> {
    wanted: W,
    zone: i32,
    report: Report,
    skips: Skips<SkipReason>,
    head: Vec<u8>,
}

impl<W: FnMut(&Slot<'_>) -> bool> Guide<W> {
    fn keep_head(&mut self, text: &[u8]) {
        let more = text.len().min(HEAD_KEPT - self.head.len());
        self.head.extend_from_slice(&text[..more]);
    }

    fn take(&mut self, found: Found<'_>, each: &mut impl FnMut(Item<'_>)) {
        let (line, result) = match found {
            Found::Element(frame) => (frame.line, self.read(&frame, each)),
            Found::Skipped(line, reason) => (line, Err(reason)),
        };
        if let Err(reason) = result {
            self.skips.add(line, reason);
        }
    }

    fn read(&mut self, frame: &Frame<'_>, each: &mut impl FnMut(Item<'_>)) -> Result<(), SkipReason> {
        match frame.kind {
            Kind::Channel => self.channel(frame, each),
            Kind::Programme => self.programme(frame, each),
        }
    }

    fn channel(&mut self, frame: &Frame<'_>, each: &mut impl FnMut(Item<'_>)) -> Result<(), SkipReason> {
        let (tag, body) = (text(frame, 0..frame.tag), text(frame, frame.tag..frame.bytes.len()));
        let (channel, counts) = channel(&tag, &body)?;
        self.count(&counts);
        self.report.channels += 1;
        each(Item::Channel(channel));
        Ok(())
    }

    fn programme(&mut self, frame: &Frame<'_>, each: &mut impl FnMut(Item<'_>)) -> Result<(), SkipReason> {
        let tag = text(frame, 0..frame.tag);
        let head = Head::read(&tag, self.zone)?;
        if !(self.wanted)(&Slot { channel: &head.channel, start: head.start, stop: head.stop }) {
            self.report.unwanted += 1;
            return Ok(());
        }
        let body = text(frame, frame.tag..frame.bytes.len());
        let (programme, counts) = programme(head, &body)?;
        self.count(&counts);
        self.report.programmes += 1;
        each(Item::Programme(programme));
        Ok(())
    }

    fn count(&mut self, counts: &Counts) {
        self.report.entities += counts.entities;
        self.report.cut += counts.cut;
    }

    fn finish(mut self, saw_tv: bool) -> Result<Report, Refusal> {
        let nothing = self.report.channels + self.report.programmes + self.report.unwanted == 0;
        if nothing && !saw_tv {
            let html = is_html(&self.head);
            return Err(if html {
                Refusal::Html { title: html_title(&self.head) }
            } else {
                Refusal::NoGuide
            });
        }
        (self.report.skipped, self.report.skipped_total) = (self.skips.kept, self.skips.total);
        Ok(self.report)
    }
}

/// A part of an element as text.
fn text<'a>(frame: &Frame<'a>, part: Range<usize>) -> Cow<'a, str> {
    match frame.text {
        Some(text) => Cow::Borrowed(&text[part]),
        None => allowed(decode(&frame.bytes[part], frame.encoding)),
    }
}
