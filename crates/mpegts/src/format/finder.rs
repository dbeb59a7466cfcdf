//! Finds out what one track is, once, and again where it may have changed.

use super::{Format, audio, frame_rate::Pace, video};
use crate::codec::Codec;

/// Keeps the format of a track. In the steady state it looks at nothing.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    format: Option<Format>,
    /// Whether the track had anything yet.
    met: bool,
    /// Whether audio has shown its format since it may last have changed.
    settled: bool,
    /// What a header said that does not stand where a frame must begin: it could be none.
    candidate: Option<Format>,
    pace: Pace,
}

impl Finder {
    pub(crate) fn format(&self) -> Option<&Format> {
        self.format.as_ref()
    }

    pub(crate) fn met(&self) -> bool {
        self.met
    }

    /// The parameter sets in front of this picture differ from those before.
    pub(crate) fn new_parameters(&mut self, codec: Codec, es: &[u8]) {
        self.format = video(codec, es);
        self.pace = Pace::default();
    }

    /// What comes does not continue what came: audio may be of another kind.
    pub(crate) fn doubt(&mut self) {
        (self.settled, self.candidate, self.pace) = (false, None, Pace::default());
    }

    /// An access unit began with these bytes, to be decoded at `dts` (33 bits).
    pub(crate) fn unit(&mut self, codec: Codec, es: &[u8], dts: u64) {
        self.met = true;
        match &mut self.format {
            // Of interlaced video, each field may have a time.
            Some(Format::Video(video)) if video.frame_rate.is_none() && !video.interlaced => {
                video.frame_rate = self.pace.note(dts);
            }
            Some(Format::Video(_)) => {}
            Some(Format::Audio(_)) if self.settled => {}
            Some(Format::Audio(_)) | None => self.listen(codec, es),
        }
    }

    fn listen(&mut self, codec: Codec, es: &[u8]) {
        let Some((found, first)) = audio(codec, es) else { return };
        if first || self.candidate == Some(found) {
            (self.format, self.settled, self.candidate) = (Some(found), true, None);
        } else {
            self.candidate = Some(found);
        }
    }
}
