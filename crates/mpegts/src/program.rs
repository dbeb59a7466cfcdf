//! A program and its tracks, as its map describes them.

use crate::{
    codec::Codec,
    packet::Pid,
    psi::{Descriptors, Map, Stream},
};

/// One program of a transport stream: a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The program number, which DVB calls the service ID.
    pub number: u16,
    /// Where its map comes.
    pub pmt_pid: Pid,
    /// Where its clock comes.
    pub pcr_pid: Pid,
    /// Its elementary streams, in the order of the map.
    pub tracks: Vec<Track>,
    /// The channel's name, where the stream tells (DVB's service description table).
    pub service_name: Option<String>,
}

impl Program {
    pub(crate) fn new(map: &Map, pmt_pid: Pid) -> Self {
        let tracks = map.streams.iter().filter(|stream| is_usable(stream.pid)).map(Track::from);
        Self {
            number: map.program,
            pmt_pid,
            pcr_pid: map.pcr_pid,
            tracks: tracks.collect(),
            service_name: None,
        }
    }

    /// The first video track.
    #[must_use]
    pub fn video(&self) -> Option<usize> {
        self.tracks.iter().position(|track| track.codec.is_video())
    }

    /// The track that decides where segments begin: the first video, else the first audio.
    #[must_use]
    pub fn leading(&self) -> Option<usize> {
        self.video().or_else(|| self.tracks.iter().position(|track| track.codec.is_audio()))
    }

    /// Whether packets of `track` are passed on: those of the first video and of all audio are.
    #[must_use]
    pub fn is_passed(&self, track: usize) -> bool {
        self.video() == Some(track) || self.tracks.get(track).is_some_and(|track| track.codec.is_audio())
    }
}

/// PIDs below 0x10 belong to the tables, the last one to null packets.
fn is_usable(pid: Pid) -> bool {
    pid.value() >= 0x10 && pid != Pid::NULL
}

/// An elementary stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Where its packets come.
    pub pid: Pid,
    /// How it is coded.
    pub codec: Codec,
    /// ISO 639-2: three lower-case letters.
    pub language: Option<String>,
    stream_type: u8,
    /// The descriptors that mean something to a player.
    descriptors: Vec<u8>,
}

impl Track {
    pub(crate) fn new(pid: Pid, codec: Codec, stream_type: u8, descriptors: &[u8]) -> Self {
        let all = Descriptors(descriptors);
        let mut kept = Vec::new();
        // Registration, language, and what DVB needs to name AC-3, E-AC-3, DTS, AAC and Opus.
        for (tag, body) in
            all.filter(|(tag, _)| matches!(tag, 0x05 | 0x0A | 0x6A | 0x7A | 0x7B | 0x7C | 0x7F))
        {
            kept.extend([tag, u8::try_from(body.len()).unwrap_or(0)]);
            kept.extend(body);
        }
        Self { pid, codec, language: all.language(), stream_type, descriptors: kept }
    }

    /// How our own map announces the track: its `stream_type` and descriptors.
    pub(crate) fn announcement(&self) -> (u8, Vec<u8>) {
        if self.codec != Codec::Eac3 {
            return (self.stream_type, self.descriptors.clone());
        }
        let mut descriptors = vec![0x7A, 1, 0];
        for (tag, body) in Descriptors(&self.descriptors).filter(|(tag, _)| *tag == 0x0A) {
            descriptors.extend([tag, u8::try_from(body.len()).unwrap_or(0)]);
            descriptors.extend(body);
        }
        (0x06, descriptors)
    }
}

impl From<&Stream> for Track {
    fn from(stream: &Stream) -> Self {
        let codec = Codec::new(stream.stream_type, Descriptors(&stream.descriptors));
        Self::new(stream.pid, codec, stream.stream_type, &stream.descriptors)
    }
}
