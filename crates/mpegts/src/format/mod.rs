//! What a track really is, as its own headers say: profile, size, rates. Announcements in the tables tell less, and
//! not always the truth.

mod aac;
mod ac3;
mod finder;
mod frame_rate;
mod h264;
mod h265;
mod mpeg2;
mod mpeg_audio;
mod rfc6381;

pub use self::{frame_rate::FrameRate, h265::H265Profile};
pub(crate) use finder::Finder;

use crate::codec::Codec;

/// Parameter sets longer than this are not read to their end.
const LONGEST: usize = 4_096;

/// What a track is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Moving pictures.
    Video(Video),
    /// Sound.
    Audio(Audio),
}

/// What pictures a track has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Video {
    /// The coding, as a decoder has to know it.
    pub profile: VideoProfile,
    /// Pixels a line, cropped.
    pub width: u32,
    /// Lines a frame, cropped.
    pub height: u32,
    /// Frames a second, where the stream tells or shows.
    pub frame_rate: Option<FrameRate>,
    /// Whether frames may consist of two fields.
    pub interlaced: bool,
}

/// How pictures are coded, as far as a decoder has to know before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoProfile {
    /// ISO/IEC 14496-10, 7.4.2.1.1.
    H264 {
        /// `profile_idc`.
        profile: u8,
        /// The six `constraint_set` flags and two reserved bits behind them, as one byte.
        constraints: u8,
        /// `level_idc`: ten times the level.
        level: u8,
    },
    /// ISO/IEC 23008-2, 7.4.4.
    H265(H265Profile),
    /// ISO/IEC 13818-2, 8: `profile_and_level_indication`.
    Mpeg2(u8),
    /// ISO/IEC 11172-2.
    Mpeg1,
}

/// What sound a track has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audio {
    /// The coding, as a decoder has to know it.
    pub profile: AudioProfile,
    /// Samples a second, where the headers tell. Of AAC whose spectral band replication is not announced, half of
    /// what comes out.
    pub sample_rate: Option<u32>,
    /// How many channels, the one for low frequencies included, where the headers tell.
    pub channels: Option<u8>,
}

/// How sound is coded, as far as a decoder has to know before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioProfile {
    /// ISO/IEC 14496-3, table 1.17: the audio object type. 2 is low complexity, 5 and 29 are high efficiency; AAC in
    /// ADTS frames does not tell these from 2.
    Aac(u8),
    /// ISO/IEC 11172-3 and 13818-3: the layer, 1 to 3.
    MpegAudio(u8),
    /// ETSI TS 102 366.
    Ac3,
    /// ETSI TS 102 366, annex E.
    Eac3,
    /// RFC 6716.
    Opus,
}

/// What video the parameter sets in front of a picture describe.
fn video(codec: Codec, es: &[u8]) -> Option<Format> {
    match codec {
        Codec::H264 => h264::read(es),
        Codec::H265 => h265::read(es),
        Codec::Mpeg2Video => mpeg2::read(es),
        _ => None,
    }
    .filter(|video| video.width > 0 && video.height > 0)
    .map(Format::Video)
}

/// What audio the frame is that begins in `es`, and whether it begins with the first byte.
fn audio(codec: Codec, es: &[u8]) -> Option<(Format, bool)> {
    let read = match codec {
        Codec::Aac => aac::adts,
        Codec::AacLatm => aac::loas,
        Codec::MpegAudio => mpeg_audio::read,
        Codec::Ac3 | Codec::Eac3 => ac3::read,
        Codec::Opus => {
            |_: &[u8]| Some(Audio { profile: AudioProfile::Opus, sample_rate: Some(48_000), channels: None })
        }
        _ => return None,
    };
    (0..es.len()).find_map(|at| Some((Format::Audio(read(&es[at..])?), at == 0)))
}
