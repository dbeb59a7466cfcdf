//! The names of formats in playlists and `Content-Type` (RFC 6381).

use std::fmt::{self, Write};

use super::{Audio, AudioProfile, Format, H265Profile, Video, VideoProfile};

impl Format {
    /// The format's name (RFC 6381), as `CODECS` of a playlist has it: `avc1.64001f`, `mp4a.40.2`.
    #[must_use]
    pub fn rfc6381(&self) -> String {
        match self {
            Self::Video(video) => video.rfc6381(),
            Self::Audio(audio) => audio.rfc6381(),
        }
    }
}

impl Video {
    fn rfc6381(&self) -> String {
        match self.profile {
            VideoProfile::H264 { profile, constraints, level } => {
                format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
            }
            VideoProfile::H265(profile) => {
                let mut name = String::with_capacity(32);
                profile.write(&mut name).expect("a String takes everything");
                name
            }
            VideoProfile::Mpeg2(profile) => format!("mp4v.{:02x}", mpeg2_object(profile)),
            VideoProfile::Mpeg1 => "mp4v.6a".to_owned(),
        }
    }
}

/// The object type (MP4RA) of a `profile_and_level_indication` (ISO/IEC 13818-2, 8): of an escape, it is 4:2:2.
fn mpeg2_object(profile: u8) -> u8 {
    match profile >> 4 {
        5 => 0x60,
        3 => 0x62,
        2 => 0x63,
        1 => 0x64,
        8.. => 0x65,
        _ => 0x61,
    }
}

impl H265Profile {
    /// ISO/IEC 14496-15, annex E.3.
    fn write(&self, name: &mut String) -> fmt::Result {
        let space = ["", "A", "B", "C"].get(usize::from(self.space)).copied().unwrap_or("");
        let tier = if self.high_tier { 'H' } else { 'L' };
        // Profile 0 stands in the lowest bit here.
        let compatibility = self.compatibility.reverse_bits();
        write!(name, "hvc1.{space}{}.{compatibility:X}.{tier}{}", self.profile, self.level)?;
        let written = self.constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        self.constraints.iter().take(written).try_for_each(|byte| write!(name, ".{byte:X}"))
    }
}

impl Audio {
    fn rfc6381(&self) -> String {
        match self.profile {
            AudioProfile::Aac(object) => format!("mp4a.40.{object}"),
            // Layers I to III are object types of MPEG-4 as well (ISO/IEC 14496-3, table 1.17).
            AudioProfile::MpegAudio(layer) => format!("mp4a.40.{}", 31 + layer),
            AudioProfile::Ac3 => "ac-3".to_owned(),
            AudioProfile::Eac3 => "ec-3".to_owned(),
            AudioProfile::Opus => "Opus".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(profile: VideoProfile) -> String {
        Format::Video(Video { profile, width: 1, height: 1, frame_rate: None, interlaced: false }).rfc6381()
    }

    fn audio(profile: AudioProfile) -> String {
        Format::Audio(Audio { profile, sample_rate: None, channels: None }).rfc6381()
    }

    #[test]
    fn video_is_named_by_profile_constraints_and_level() {
        assert_eq!(
            video(VideoProfile::H264 { profile: 0x42, constraints: 0xC0, level: 0x0D }),
            "avc1.42c00d"
        );
        assert_eq!(video(VideoProfile::Mpeg2(0x48)), "mp4v.61");
        assert_eq!(video(VideoProfile::Mpeg2(0x85)), "mp4v.65");
        assert_eq!(video(VideoProfile::Mpeg1), "mp4v.6a");
    }

    #[test]
    fn h265_is_named_as_the_annex_says() {
        let mut profile = H265Profile {
            space: 0,
            high_tier: false,
            profile: 1,
            compatibility: 0x6000_0000,
            constraints: [0xB0, 0, 0, 0, 0, 0],
            level: 93,
        };
        assert_eq!(video(VideoProfile::H265(profile)), "hvc1.1.6.L93.B0");

        profile.space = 1;
        profile.high_tier = true;
        profile.constraints = [0; 6];
        assert_eq!(video(VideoProfile::H265(profile)), "hvc1.A1.6.H93");

        profile.constraints = [0x90, 0, 0x08, 0, 0, 0];
        assert_eq!(video(VideoProfile::H265(profile)), "hvc1.A1.6.H93.90.0.8");
    }

    #[test]
    fn audio_is_named_by_its_object_type() {
        assert_eq!(audio(AudioProfile::Aac(2)), "mp4a.40.2");
        assert_eq!(audio(AudioProfile::MpegAudio(2)), "mp4a.40.33");
        assert_eq!(audio(AudioProfile::MpegAudio(3)), "mp4a.40.34");
        assert_eq!(audio(AudioProfile::Ac3), "ac-3");
        assert_eq!(audio(AudioProfile::Eac3), "ec-3");
        assert_eq!(audio(AudioProfile::Opus), "Opus");
    }
}
