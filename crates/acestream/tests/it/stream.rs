//! A look at packets that shares no code with what it judges but the packet header.

use std::collections::BTreeMap;

use mpegts::{PACKET_LEN, Packet};

pub(crate) const VIDEO: u16 = 0x100;
pub(crate) const AUDIO: u16 = 0x101;

pub(crate) fn packets(bytes: &[u8]) -> Vec<Packet<'_>> {
    bytes
        .chunks_exact(PACKET_LEN)
        .map(|packet| Packet::new(packet).expect("every packet is in sync"))
        .collect()
}

pub(crate) fn of(packets: &[Packet<'_>], pid: u16) -> usize {
    packets.iter().filter(|packet| packet.pid().value() == pid).count()
}

/// Places where a continuity counter is not one more than the last of its PID.
pub(crate) fn continuity_errors(packets: &[Packet<'_>]) -> usize {
    let mut last = BTreeMap::new();
    let mut errors = 0;
    for packet in packets.iter().filter(|packet| packet.has_payload() && packet.pid().value() != 0x1FFF) {
        let counter = packet.continuity_counter();
        let before = last.insert(packet.pid().value(), counter);
        errors += usize::from(before.is_some_and(|before| (before + 1) % 16 != counter));
    }
    errors
}

/// Every PCR, in 1/27 000 000 s.
pub(crate) fn clocks(packets: &[Packet<'_>]) -> Vec<u64> {
    packets.iter().filter_map(|packet| packet.pcr()).collect()
}

/// Every PTS of `pid`, in 1/90 000 s.
/// The PTS or DTS in five bytes, in 1/90 000 s.
pub(crate) fn times(packets: &[Packet<'_>], pid: u16) -> Vec<u64> {
    let starts = packets.iter().filter(|packet| packet.pid().value() == pid && packet.payload_unit_start());
    starts.map(|packet| time(&packet.payload()[9..14])).collect()
}

/// The PTS or DTS in five bytes, in 1/90 000 s.
pub(crate) fn time(field: &[u8]) -> u64 {
    let bits = field.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
    (bits >> 33 & 7) << 30 | (bits >> 17 & 0x7FFF) << 15 | bits >> 1 & 0x7FFF
}

/// How far it is from each value to the next on a clock of `cycle`, the shorter way.
pub(crate) fn steps(values: &[u64], cycle: u64) -> Vec<i64> {
    let step = |pair: &[u64]| {
        let forward = i64::try_from((pair[1] + cycle - pair[0]) % cycle).unwrap();
        let cycle = i64::try_from(cycle).unwrap();
        if forward > cycle / 2 { forward - cycle } else { forward }
    };
    values.windows(2).map(step).collect()
}
