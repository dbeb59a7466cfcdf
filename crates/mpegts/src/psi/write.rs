//! The tables we put in front of every segment: one program, one packet each, no more than is there.

use super::crc32;
use crate::{
    packet::{PACKET_LEN, Pid, SYNC_BYTE},
    program::{Program, Track},
};

/// The bytes of a section that fit one packet behind the header and the pointer.
const SECTION_MAX: usize = PACKET_LEN - 5;

/// A packet with the program association table of `program` alone.
///
/// `counter` is the continuity counter, of which the low 4 bits count.
#[must_use]
pub fn pat_packet(program: &Program, counter: u8) -> [u8; PACKET_LEN] {
    let mut body = Vec::with_capacity(4);
    body.extend(program.number.to_be_bytes());
    body.extend((0xE000 | program.pmt_pid.value()).to_be_bytes());
    // The transport stream's own ID is nobody's business here: 1.
    packet(Pid::PAT, counter, &section(0x00, 1, 0, &body))
}

/// A packet with the map of `program`, listing `tracks` in this order; those that do not fit are left out.
///
/// `version` (low 5 bits) has to change with the tracks. E-AC-3 is announced the way of DVB, as private data with a
/// descriptor: hls.js gives up on a stream that announces it the way of ATSC (`stream_type` 0x87) and skips this one.
#[must_use]
pub fn pmt_packet<'a>(
    program: &Program,
    tracks: impl IntoIterator<Item = &'a Track>,
    version: u8,
    counter: u8,
) -> [u8; PACKET_LEN] {
    let mut body = Vec::with_capacity(SECTION_MAX);
    body.extend((0xE000 | program.pcr_pid.value()).to_be_bytes());
    body.extend(0xF000_u16.to_be_bytes());
    for track in tracks {
        let (stream_type, descriptors) = track.announcement();
        // 8 bytes of header and 4 of checksum stand around the body.
        if body.len() + 5 + descriptors.len() + 12 > SECTION_MAX {
            continue;
        }
        body.push(stream_type);
        body.extend((0xE000 | track.pid.value()).to_be_bytes());
        let length = u16::try_from(descriptors.len()).expect("descriptors fit a packet");
        body.extend((0xF000 | length).to_be_bytes());
        body.extend(descriptors);
    }
    packet(program.pmt_pid, counter, &section(0x02, program.number, version, &body))
}

fn section(table: u8, id: u16, version: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 9).expect("a section fits a packet");
    let mut section = vec![table];
    section.extend((0xB000 | length).to_be_bytes());
    section.extend(id.to_be_bytes());
    section.extend([0xC1 | (version & 0x1F) << 1, 0, 0]);
    section.extend(body);
    let crc = crc32(&section);
    section.extend(crc.to_be_bytes());
    section
}

fn packet(pid: Pid, counter: u8, section: &[u8]) -> [u8; PACKET_LEN] {
    let mut packet = [0xFF; PACKET_LEN];
    let [high, low] = pid.value().to_be_bytes();
    packet[..5].copy_from_slice(&[SYNC_BYTE, 0x40 | high, low, 0x10 | counter & 0x0F, 0]);
    packet[5..5 + section.len()].copy_from_slice(section);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::Codec,
        packet::Packet,
        psi::{Sections, association, map},
    };

    fn program(tracks: Vec<Track>) -> Program {
        Program { number: 3, pmt_pid: Pid::new(0x1000), pcr_pid: Pid::new(0x100), tracks, service_name: None }
    }

    fn track(pid: u16, codec: Codec, stream_type: u8, descriptors: &[u8]) -> Track {
        Track::new(Pid::new(pid), codec, stream_type, descriptors)
    }

    fn read(packet: &[u8; PACKET_LEN]) -> Vec<u8> {
        let mut found = Vec::new();
        Sections::default().push(Packet::new(packet).unwrap(), |section| found = section.to_vec());
        found
    }

    #[test]
    fn what_is_written_is_read_back() {
        let tracks = vec![
            track(0x100, Codec::H264, 0x1B, &[0x52, 1, 1]),
            track(0x101, Codec::Aac, 0x0F, b"\x0A\x04spa\0"),
        ];
        let program = program(tracks);

        let pat = association(&read(&pat_packet(&program, 5))).unwrap();
        let pmt = map(&read(&pmt_packet(&program, &program.tracks, 1, 5))).unwrap();

        assert_eq!(pat.programs, [(3, Pid::new(0x1000))]);
        assert_eq!((pmt.program, pmt.pcr_pid), (3, Pid::new(0x100)));
        let streams: Vec<_> =
            pmt.streams.iter().map(|s| (s.pid.value(), s.stream_type, s.descriptors.as_slice())).collect();
        // The stream identifier (0x52) means nothing to a player; the language stays.
        assert_eq!(streams, [(0x100, 0x1B, &b""[..]), (0x101, 0x0F, b"\x0A\x04spa\0")]);
    }

    #[test]
    fn enhanced_ac3_is_announced_the_way_of_dvb() {
        let program = program(vec![track(0x101, Codec::Eac3, 0x87, b"\x05\x04EAC3")]);

        let pmt = map(&read(&pmt_packet(&program, &program.tracks, 0, 0))).unwrap();

        assert_eq!(pmt.streams[0].stream_type, 0x06);
        assert_eq!(pmt.streams[0].descriptors, [0x7A, 1, 0]);
    }

    #[test]
    fn tracks_that_do_not_fit_a_packet_are_left_out() {
        let language = b"\x0A\x04spa\0";
        let tracks = (0..30).map(|n| track(0x100 + n, Codec::Aac, 0x0F, language)).collect();
        let program = program(tracks);

        let pmt = map(&read(&pmt_packet(&program, &program.tracks, 0, 0))).unwrap();

        assert_eq!(pmt.streams.len(), 15);
    }

    #[test]
    fn a_track_that_does_not_fit_leaves_room_for_those_behind_it() {
        let mut names = vec![0x0A, 200];
        names.extend(b"spa\0".repeat(50));
        let tracks = [(0x100, &b""[..]), (0x101, &names), (0x102, b"")];
        let program = program(tracks.map(|(pid, names)| track(pid, Codec::Aac, 0x0F, names)).to_vec());

        let pmt = map(&read(&pmt_packet(&program, &program.tracks, 0, 0))).unwrap();

        let pids: Vec<_> = pmt.streams.iter().map(|stream| stream.pid.value()).collect();
        assert_eq!(pids, [0x100, 0x102]);
    }
}
