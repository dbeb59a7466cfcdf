//! What Apple's authoring specification wants of media beyond RFC 8216bis. All of it had better be, here: others play
//! what Apple's devices do not.

use mpegts::{Demuxer, Format, Ticks, VideoProfile};

use super::finding::Report;

/// Key frames come every two seconds; what is a little later is a rounding.
const KEY_FRAMES: Ticks = Ticks(Ticks::PER_SECOND * 21 / 10);
/// Pictures further apart do not follow each other.
const HOLE: Ticks = Ticks(Ticks::PER_SECOND);
/// The highest level of H.264, ten times.
const HIGHEST_LEVEL: u8 = 42;

/// Looks at the video of consecutive segments, and says each thing once.
#[derive(Debug, Default)]
pub(super) struct Apple {
    last: Option<Ticks>,
    last_key: Option<Ticks>,
    told_keys: bool,
    told_formats: Vec<&'static str>,
}

impl Apple {
    /// Time does not go on.
    pub(super) fn forget(&mut self) {
        (self.last, self.last_key) = (None, None);
    }

    /// The pictures of the next segment: when each is decoded, and whether it is a key frame.
    pub(super) fn pictures(&mut self, pictures: impl Iterator<Item = (Ticks, bool)>, report: &mut Report) {
        for (dts, is_key) in pictures {
            let step = self.last.replace(dts).map_or(Ticks(0), |last| dts - last);
            if step < Ticks(0) || step > HOLE {
                self.last_key = None;
            }
            let since = self.last_key.map_or(Ticks(0), |last| dts - last);
            if since > KEY_FRAMES && !self.told_keys {
                self.told_keys = true;
                report.should("Apple", 0, "no key frame for more than two seconds");
            }
            if is_key {
                self.last_key = Some(dts);
            }
        }
    }

    /// What the video is.
    pub(super) fn formats(&mut self, demuxer: &Demuxer, report: &mut Report) {
        let video = demuxer.program().and_then(|program| program.video());
        let Some(Format::Video(video)) = video.and_then(|track| demuxer.format(track)) else { return };
        let mut tell = |is: bool, clause, text| {
            if is && !self.told_formats.contains(&text) {
                self.told_formats.push(text);
                report.should(clause, 0, text);
            }
        };
        tell(matches!(video.profile, VideoProfile::H265(_)), "Apple 1.5", "H.265 in MPEG-TS, not in fMP4");
        let is_high = matches!(video.profile, VideoProfile::H264 { level, .. } if level > HIGHEST_LEVEL);
        tell(is_high, "Apple 1.2", "H.264 of a level above 4.2");
        tell(video.interlaced, "Apple", "interlaced video");
    }
}
