//! Where an endless transport stream does not continue what came before, it says so.
//!
//! Behind a loss the continuity counters and the clock begin anew. A decoder takes that for lost packets, and shows
//! what it could not decode, unless a packet with the discontinuity indicator stands in front (ISO/IEC 13818-1, 2.4.3.5).

use bytes::Bytes;
use mpegts::{PACKET_LEN, Packet, Pid, SYNC_BYTE};

/// The tables stay in front: who reads them knows which PIDs are meant.
pub(super) const TABLES: usize = 2;

/// The beginning of media that does not continue what came before: which PIDs were told of.
#[derive(Debug, Default)]
pub(super) struct Splice {
    told: Vec<Pid>,
}

impl Splice {
    /// `media`, with a packet for each PID that is met for the first time since the discontinuity.
    pub(super) fn mark(&mut self, media: &[Bytes]) -> Vec<Bytes> {
        // Rare, and a packet may lie across two pieces.
        let media = Bytes::from(media.concat());
        let (tables, rest) = media.split_at(media.len().min(TABLES * PACKET_LEN));
        let mut indicators = Vec::new();
        let known = self.told.len();
        for packet in rest.chunks_exact(PACKET_LEN).filter_map(Packet::new) {
            if packet.has_payload() && packet.pid() != Pid::PAT && !self.told.contains(&packet.pid()) {
                self.told.push(packet.pid());
                indicators.extend(indicator(packet));
            }
        }
        if self.told.len() == known {
            return vec![media];
        }
        vec![media.slice(..tables.len()), indicators.into(), media.slice(tables.len()..)]
    }
}

/// A packet without payload which says that `next` does not continue what came on its PID. It counts as the one
/// before: packets without payload are not numbered of their own (2.4.3.3).
fn indicator(next: Packet<'_>) -> [u8; PACKET_LEN] {
    let [high, low] = next.pid().value().to_be_bytes();
    let mut packet = [0xff; PACKET_LEN];
    let before = next.continuity_counter().wrapping_sub(1) & 0x0f;
    packet[..6].copy_from_slice(&[SYNC_BYTE, high, low, 0x20 | before, 183, 0x80]);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet of this PID with payload and this counter.
    fn packet(pid: u16, counter: u8) -> [u8; PACKET_LEN] {
        let [high, low] = pid.to_be_bytes();
        let mut packet = [0; PACKET_LEN];
        packet[..4].copy_from_slice(&[SYNC_BYTE, high, low, 0x10 | counter]);
        packet
    }

    fn told(media: &[Bytes]) -> Vec<(u16, u8, bool)> {
        let bytes = media.concat();
        let packets = bytes.chunks_exact(PACKET_LEN).map(|packet| Packet::new(packet).unwrap());
        packets.map(|it| (it.pid().value(), it.continuity_counter(), it.discontinuity_indicator())).collect()
    }

    #[test]
    fn each_track_is_told_of_once_behind_the_tables() {
        let mut splice = Splice::default();
        let first = [packet(0, 3), packet(4096, 7), packet(256, 0), packet(256, 1), packet(257, 9)].concat();
        // The pieces are cut anywhere.
        let (one, other) = first.split_at(700);

        let marked = splice.mark(&[Bytes::copy_from_slice(one), Bytes::copy_from_slice(other)]);
        let next =
            splice.mark(&[[packet(0, 4), packet(4096, 8), packet(258, 5), packet(256, 2)].concat().into()]);

        let (track, again) =
            ([(256, 0, false), (256, 1, false), (257, 9, false)], [(258, 5, false), (256, 2, false)]);
        let expected =
            [&[(0, 3, false), (4096, 7, false), (256, 15, true), (257, 8, true)][..], &track].concat();
        assert_eq!(told(&marked), expected);
        let expected = [&[(0, 4, false), (4096, 8, false), (258, 4, true)][..], &again].concat();
        assert_eq!(told(&next), expected);
    }

    #[test]
    fn media_without_a_new_track_stays_as_it_is() {
        let mut splice = Splice { told: vec![Pid::new(256)] };
        let media: Bytes = [packet(0, 3), packet(4096, 7), packet(256, 0)].concat().into();

        assert_eq!(splice.mark(std::slice::from_ref(&media)), [media]);
    }
}
