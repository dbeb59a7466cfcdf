//! What an elementary stream carries, by its `stream_type` and descriptors.

use std::fmt;

use crate::psi::Descriptors;

/// How an elementary stream is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// H.264 video (ISO/IEC 14496-10).
    H264,
    /// H.265 video (ISO/IEC 23008-2).
    H265,
    /// MPEG-1 or MPEG-2 video (ISO/IEC 13818-2).
    Mpeg2Video,
    /// Any other video, by its `stream_type`.
    OtherVideo(u8),
    /// AAC in ADTS frames.
    Aac,
    /// AAC in LATM.
    AacLatm,
    /// MPEG audio, layers I to III.
    MpegAudio,
    /// AC-3, as ATSC or DVB announce it.
    Ac3,
    /// Enhanced AC-3, as ATSC or DVB announce it.
    Eac3,
    /// DTS of any kind.
    Dts,
    /// Opus.
    Opus,
    /// Any other audio, by its `stream_type`.
    OtherAudio(u8),
    /// DVB teletext.
    Teletext,
    /// DVB subtitles.
    DvbSubtitles,
    /// Splice information (SCTE 35).
    Scte35,
    /// Anything else, by its `stream_type`.
    Other(u8),
}

impl Codec {
    /// What `stream_type` (ISO/IEC 13818-1, table 2-34; ATSC A/53; SCTE 35; ETSI TS 101 154) and the descriptors of
    /// the stream announce together.
    pub(crate) fn new(stream_type: u8, descriptors: Descriptors<'_>) -> Self {
        match stream_type {
            0x01 | 0x02 => Self::Mpeg2Video,
            0x03 | 0x04 => Self::MpegAudio,
            0x06 => Self::private(descriptors),
            0x0F => Self::Aac,
            0x11 => Self::AacLatm,
            0x1B => Self::H264,
            0x24 => Self::H265,
            0x10 | 0x20 | 0x33 | 0x42 | 0xD1 | 0xD2 | 0xEA => Self::OtherVideo(stream_type),
            0x1C | 0x2D | 0x2E | 0x83 => Self::OtherAudio(stream_type),
            0x80 => Self::OtherVideo(stream_type),
            0x81 => Self::Ac3,
            0x84 | 0x87 | 0xA1 | 0xC2 => Self::Eac3,
            0x82 | 0x85 | 0x88 | 0x8A | 0xA2 => Self::Dts,
            // DTS-HD and SCTE 35 share a number: only a registration tells.
            0x86 if descriptors.registration().is_some_and(|id| id.starts_with(b"DTS")) => Self::Dts,
            0x86 => Self::Scte35,
            other => Self::Other(other),
        }
    }

    /// Private data (`stream_type` 0x06) is told by its descriptors (ETSI EN 300 468, 6.1 and annex D).
    fn private(descriptors: Descriptors<'_>) -> Self {
        for (tag, body) in descriptors {
            match (tag, body) {
                (0x6A, _) | (0x05, b"AC-3") => return Self::Ac3,
                (0x7A, _) | (0x05, b"EAC3") => return Self::Eac3,
                (0x7B, _) | (0x05, b"DTS1" | b"DTS2" | b"DTS3") => return Self::Dts,
                (0x7C, _) => return Self::AacLatm,
                (0x05, [b'O', b'p', b'u', b's', ..]) => return Self::Opus,
                (0x05, [b'H', b'E', b'V', b'C', ..]) => return Self::H265,
                (0x56, _) => return Self::Teletext,
                (0x59, _) => return Self::DvbSubtitles,
                // The extension descriptor: AC-4, DTS-HD and DTS-UHD audio.
                (0x7F, [0x0E | 0x21, ..]) => return Self::Dts,
                (0x7F, [0x15, ..]) => return Self::OtherAudio(0x06),
                _ => {}
            }
        }
        Self::Other(0x06)
    }

    /// Whether it is moving pictures.
    #[must_use]
    pub fn is_video(self) -> bool {
        matches!(self, Self::H264 | Self::H265 | Self::Mpeg2Video | Self::OtherVideo(_))
    }

    /// Whether it is sound.
    #[must_use]
    pub fn is_audio(self) -> bool {
        matches!(
            self,
            Self::Aac
                | Self::AacLatm
                | Self::MpegAudio
                | Self::Ac3
                | Self::Eac3
                | Self::Dts
                | Self::Opus
                | Self::OtherAudio(_)
        )
    }
}

impl fmt::Display for Codec {
    /// A short lower-case name; an unknown one shows its `stream_type`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Mpeg2Video => "mpeg2video",
            Self::Aac => "aac",
            Self::AacLatm => "aac_latm",
            Self::MpegAudio => "mpeg_audio",
            Self::Ac3 => "ac3",
            Self::Eac3 => "eac3",
            Self::Dts => "dts",
            Self::Opus => "opus",
            Self::Teletext => "teletext",
            Self::DvbSubtitles => "dvb_subtitles",
            Self::Scte35 => "scte35",
            Self::OtherVideo(kind) | Self::OtherAudio(kind) | Self::Other(kind) => {
                return write!(f, "stream_type_{kind:#04x}");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_data_is_told_by_its_descriptors() {
        let cases: [(&[u8], Codec); 6] = [
            (&[0x6A, 1, 0], Codec::Ac3),
            (&[0x0A, 4, b'd', b'e', b'u', 0, 0x7A, 1, 0], Codec::Eac3),
            (&[0x56, 0], Codec::Teletext),
            (&[0x59, 0], Codec::DvbSubtitles),
            (&[0x05, 4, b'O', b'p', b'u', b's', 0x7F, 2, 0x80, 2], Codec::Opus),
            (&[0x05, 9], Codec::Other(0x06)),
        ];
        for (descriptors, codec) in cases {
            assert_eq!(Codec::new(0x06, Descriptors(descriptors)), codec);
        }
    }

    #[test]
    fn a_registration_tells_dts_from_splice_information() {
        assert_eq!(Codec::new(0x86, Descriptors(b"\x05\x04DTS2")), Codec::Dts);
        assert_eq!(Codec::new(0x86, Descriptors(&[])), Codec::Scte35);
    }
}
