//! One viewer who takes a stream as one endless transport stream.
//!
//! Each reader has a place of its own and reads what the snapshots hold, so that nobody waits for anybody. One who
//! is so slow that its place slid out of the window goes on at the newest random access point, a few times.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use hls::{Segment, Window};
use mpegts::{Demuxer, Event, PACKET_LEN};

use super::{
    Snapshot, Stream, Watching,
    splice::{Splice, TABLES},
};

/// Who falls behind this often without ever catching up is too slow for the stream.
const MAX_JUMPS: u32 = 3;

/// A wait that is over finds the stream as it was, or ended.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A reader of a stream, from the newest random access point on.
#[derive(Debug)]
pub struct Reader {
    stream: Stream,
    place: Place,
    splice: Splice,
    _watching: Watching,
}

/// What comes next to a reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    /// The numbers of a segment and of a part of it; `None` before the first.
    next: Option<(u64, u64)>,
    /// The numbers of the last segment that does not continue what was read before it, and of the first part of it
    /// that was read.
    spliced: Option<(u64, u64)>,
    /// How often it fell behind since it last had all there was.
    jumps: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The next bytes.
    Media(Vec<Bytes>),
    /// They are not there yet.
    Wait,
    /// There will be none.
    End,
}

impl Reader {
    /// A reader of `stream`, who `watching` says is there.
    #[must_use]
    pub fn new(stream: Stream, watching: Watching) -> Self {
        Self { stream, place: Place::default(), splice: Splice::default(), _watching: watching }
    }

    /// Whether a reader that comes now has something to begin with.
    #[must_use]
    pub fn can_begin(now: &Snapshot) -> bool {
        newest_random_access(&now.window).is_some()
    }

    /// The next packets, in pieces; `None` when the stream is over, or too fast for this reader. Waits while the
    /// source is lost. Safe to drop.
    pub async fn next(&mut self) -> Option<Vec<Bytes>> {
        loop {
            let now = self.stream.now();
            let (step, place) = self.place.step(&now.window);
            self.place = place;
            match step {
                Step::Media(media) => return Some(self.spliced(media)),
                Step::End => return None,
                Step::Wait if self.stream.is_over() => return None,
                Step::Wait => self.wait_for_more(&now).await,
            }
        }
    }

    /// `media`, which was just read; where it does not continue what came before, it says so.
    fn spliced(&mut self, media: Vec<Bytes>) -> Vec<Bytes> {
        let (Some((segment, behind)), Some((spliced, first))) = (self.place.next, self.place.spliced) else {
            return media;
        };
        if segment != spliced {
            return media;
        }
        if behind == first + 1 {
            self.splice = Splice::default();
        }
        self.splice.mark(&media)
    }

    async fn wait_for_more(&self, seen: &Arc<Snapshot>) {
        let changed = |now: &Snapshot| !std::ptr::eq(now, &raw const **seen);
        // That the stream ended, or that nothing came, is seen by who looks again.
        let _ = self.stream.until(changed, LOOK_AGAIN).await;
    }
}

impl Place {
    /// What is here in `window`, and the place behind it.
    fn step(self, window: &Window) -> (Step, Self) {
        let Some((segment, part)) = self.next else { return self.join(window) };
        if let Some(media) = media(window, segment, part) {
            let begins_anew = part == 0 && is_discontinuity(window, segment);
            let spliced = if begins_anew { Some((segment, 0)) } else { self.spliced };
            return (Step::Media(media), Self { next: Some((segment, part + 1)), spliced, ..self });
        }
        if newest(window).is_none_or(|newest| newest < segment) || is_growing(window, segment) {
            let step = if window.is_over() { Step::End } else { Step::Wait };
            return (step, Self { jumps: 0, ..self });
        }
        if window.segment(segment).is_some() {
            // All of its parts were read.
            return Self { next: Some((segment + 1, 0)), ..self }.step(window);
        }
        if self.jumps >= MAX_JUMPS {
            return (Step::End, self);
        }
        Self { jumps: self.jumps + 1, spliced: newest_random_access(window), ..self }.join(window)
    }

    fn join(self, window: &Window) -> (Step, Self) {
        let Some((segment, part)) = newest_random_access(window) else { return (Step::Wait, self) };
        let (step, place) = Self { next: Some((segment, part)), ..self }.step(window);
        match step {
            Step::Media(media) => (Step::Media(from_random_access(media)), place),
            step => (step, place),
        }
    }
}

/// The bytes of a part; tables stand in front of each.
fn media(window: &Window, segment: u64, part: u64) -> Option<Vec<Bytes>> {
    Some(window.part(segment, part)?.chunks().to_vec())
}

/// `media` without what stands between its tables and the first picture in it that a decoder can start at: it can do
/// nothing with that. As it is where there is none.
fn from_random_access(media: Vec<Bytes>) -> Vec<Bytes> {
    let whole = Bytes::from(media.concat());
    match random_access(&whole) {
        Some(packets) if packets > 0 => {
            vec![whole.slice(..TABLES * PACKET_LEN), whole.slice((TABLES + packets) * PACKET_LEN..)]
        }
        _ => media,
    }
}

/// How many packets stand between the tables of `media`, which do not count, and the first picture in it that a decoder can
/// start at.
fn random_access(media: &[u8]) -> Option<usize> {
    let (mut demuxer, mut video, mut first) = (Demuxer::default(), None, None);
    let mut on = |event: Event<'_>| match event {
        Event::Program(program) => video = program.video(),
        Event::AccessUnit(unit) if unit.random_access && video == Some(unit.track) && first.is_none() => {
            first = usize::try_from(unit.first_packet).ok();
        }
        _ => {}
    };
    demuxer.push(media, &mut on);
    demuxer.finish(&mut on);
    first
}

/// A segment, whole or growing.
fn segment(window: &Window, number: u64) -> Option<&Arc<Segment>> {
    window.unfinished().filter(|growing| growing.number == number).or_else(|| window.segment(number))
}

fn newest(window: &Window) -> Option<u64> {
    window.unfinished().map(|growing| growing.number).or_else(|| window.last())
}

fn is_growing(window: &Window, number: u64) -> bool {
    window.unfinished().is_some_and(|growing| growing.number == number)
}

fn is_discontinuity(window: &Window, number: u64) -> bool {
    segment(window, number).is_some_and(|segment| segment.discontinuity)
}

/// The newest part in which a decoder can start, by the numbers of its segment, whole or growing, and of itself.
fn newest_random_access(window: &Window) -> Option<(u64, u64)> {
    let newest = newest(window)?;
    let mut numbers = (window.first().unwrap_or(newest)..=newest).rev();
    numbers.find_map(|number| {
        let part = segment(window, number)?.parts().iter().rposition(|part| part.independent)?;
        Some((number, part as u64))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use hls::{Change, Packager};
    use mpegts::{Packet, Pid};

    use super::*;

    /// The windows of a stream, each with one segment more.
    fn windows(config: hls::Config) -> Vec<Window> {
        let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
        let mut packager = Packager::new(config, 100);
        let mut windows = vec![packager.window().clone()];
        for chunk in std::fs::read(clip).unwrap().chunks(188) {
            if packager.push(&Bytes::copy_from_slice(chunk)) != Change::None {
                windows.push(packager.window().clone());
            }
        }
        packager.finish();
        windows.push(packager.window().clone());
        windows
    }

    fn short() -> hls::Config {
        let (target, window) = (Duration::from_secs(1), Duration::from_secs(3));
        hls::Config { target, window, part_target: None, ..hls::Config::default() }
    }

    /// The bytes that a reader gets who looks at each of the windows until there is no more in it.
    fn read<'a>(mut place: Place, windows: impl IntoIterator<Item = &'a Window>) -> (Vec<u8>, Place, Step) {
        let (mut bytes, mut last) = (Vec::new(), Step::Wait);
        for window in windows {
            last = loop {
                let (step, next) = place.step(window);
                place = next;
                match step {
                    Step::Media(media) => bytes.extend(media.concat()),
                    other => break other,
                }
            };
        }
        (bytes, place, last)
    }

    fn segment(windows: &[Window], number: u64) -> Vec<u8> {
        let segment = windows.iter().find_map(|window| window.segment(number)).unwrap();
        segment.chunks().flat_map(|chunk| chunk.to_vec()).collect()
    }

    #[test]
    fn a_reader_joins_at_the_newest_random_access_point_and_gets_all_that_follows() {
        let windows = windows(short());
        let last = windows.last().and_then(Window::last).unwrap();

        let (bytes, _, end) = read(Place::default(), &windows[3..]);

        let expected: Vec<u8> = (102..=last).flat_map(|number| segment(&windows, number)).collect();
        assert!(bytes == expected, "{} bytes of {}", bytes.len(), expected.len());
        assert_eq!(end, Step::End);
    }

    #[test]
    fn who_comes_before_the_first_picture_waits_for_it() {
        let windows = windows(short());

        let (bytes, place, step) = read(Place::default(), &windows[..1]);
        assert_eq!((bytes.len(), place, step), (0, Place::default(), Step::Wait));

        let (bytes, ..) = read(place, &windows[1..2]);
        assert!(bytes == segment(&windows, 100));
    }

    #[test]
    fn who_fell_behind_goes_on_at_the_newest_random_access_point() {
        let windows = windows(short());
        let (_, place, _) = read(Place::default(), &windows[1..2]);

        // Segment 101 is long gone.
        let late = &windows[windows.len() - 2];
        let (bytes, place, _) = read(place, [late]);

        assert!(late.segment(101).is_none());
        assert!(bytes == segment(&windows, late.last().unwrap()));
        assert_eq!(place.jumps, 0, "has caught up");
        assert_eq!(place.spliced, late.last().map(|last| (last, 0)), "with a break");
    }

    #[test]
    fn who_falls_behind_again_and_again_is_closed() {
        let windows = windows(short());
        let late = &windows[windows.len() - 2];
        let mut place = Place { next: Some((1, 0)), ..Place::default() };

        for jumps in 1..=MAX_JUMPS {
            let (step, next) = place.step(late);
            assert!(matches!(step, Step::Media(_)) && next.jumps == jumps);
            // It takes so long with this that the next is gone, too.
            place = Place { next: Some((1, 0)), ..next };
        }

        assert_eq!(place.step(late).0, Step::End);
    }

    #[test]
    fn a_reader_joins_within_a_segment_where_that_has_a_newer_picture_to_begin_with() {
        // The clip has such a picture every two seconds.
        let target = Duration::from_secs(6);
        let windows = windows(hls::Config { target, window: 3 * target, ..hls::Config::default() });
        let is_within = |window: &&Window| {
            let parts = window.unfinished().map(|growing| growing.parts()).unwrap_or_default();
            parts.iter().skip(1).any(|part| part.independent)
        };
        let window = windows.iter().find(is_within).unwrap();
        let growing = window.unfinished().unwrap();

        let (bytes, place, _) = read(Place::default(), [window]);

        let packets: Vec<_> = bytes.chunks(PACKET_LEN).map(|it| Packet::new(it).unwrap()).collect();
        assert_eq!(packets[0].pid(), mpegts::Pid::PAT);
        // All sound is marked as a place to begin, too.
        assert_eq!(packets[TABLES].pid(), Pid::new(0x100), "the picture follows its tables");
        assert!(packets[TABLES].random_access_indicator());
        let last = growing.parts().last().unwrap();
        let all: Vec<u8> = last.chunks().iter().flat_map(|chunk| chunk.to_vec()).collect();
        assert!(all.ends_with(&bytes[TABLES * PACKET_LEN..]), "nothing older than this part");
        assert_eq!(place.next, Some((growing.number, growing.parts().len() as u64)));
    }

    #[test]
    fn a_reader_of_the_growing_segment_gets_every_part_as_it_comes() {
        let windows = windows(hls::Config { part_target: Some(Duration::from_millis(320)), ..short() });
        // The first in which a segment grows behind another one.
        let begin = windows.iter().position(|it| it.last().is_some() && it.unfinished().is_some()).unwrap();
        let first = windows[begin].unfinished().unwrap().number;
        let last = windows.last().and_then(Window::last).unwrap();

        let (bytes, _, end) = read(Place::default(), &windows[begin..]);
        let (_, place, _) = read(Place::default(), &windows[begin..=begin]);

        let expected: Vec<u8> = (first..=last).flat_map(|number| segment(&windows, number)).collect();
        assert!(bytes == expected, "{} bytes of {}", bytes.len(), expected.len());
        assert_eq!((end, place.next), (Step::End, Some((first, 1))), "with the first part at once");
    }
}
