//! Sections out of packets.

use super::crc32;
use crate::packet::Packet;

/// Puts the sections of one PID together. Holds at most one section, 4098 bytes by its 12-bit length.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    buffer: Vec<u8>,
    /// Whether the buffer begins with the head of a section.
    open: bool,
    counter: u8,
}

impl Sections {
    /// Give every section that ends in `packet` and whose checksum is right to `on`; returns how many were not.
    pub(crate) fn push(&mut self, packet: Packet<'_>, mut on: impl FnMut(&[u8])) -> u64 {
        let payload = packet.payload();
        let counter = packet.continuity_counter();
        let follows = counter == (self.counter + 1) & 0x0F;
        self.counter = counter;
        if !packet.payload_unit_start() {
            // A repeated packet adds nothing, and behind a gap the section is lost.
            self.open &= follows;
            return self.extend(payload, &mut on);
        }
        let Some((&pointer, rest)) = payload.split_first() else { return 0 };
        let Some((end, begin)) = rest.split_at_checked(usize::from(pointer)) else {
            self.open = false;
            return 0;
        };
        self.open &= follows;
        let mut bad = self.extend(end, &mut on);
        self.buffer.clear();
        self.open = true;
        bad += self.extend(begin, &mut on);
        bad
    }

    fn extend(&mut self, bytes: &[u8], on: &mut impl FnMut(&[u8])) -> u64 {
        if !self.open {
            return 0;
        }
        self.buffer.extend_from_slice(bytes);
        let (mut at, mut bad) = (0, 0);
        while let Some(section) = whole(&self.buffer[at..]) {
            at += section.len();
            // Only sections of the long form, which the tables here are, have a checksum.
            if section.get(1).is_none_or(|&flags| flags & 0x80 == 0) {
                continue;
            }
            if crc32(section) == 0 { on(section) } else { bad += 1 }
        }
        self.buffer.drain(..at);
        // 0xFF behind a section is stuffing to the end of the packet.
        self.open = self.buffer.first() != Some(&0xFF);
        bad
    }
}

/// The section at the head of `bytes`, when all of it is there.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let &[table, high, low] = bytes.first_chunk()?;
    if table == 0xFF {
        return None;
    }
    bytes.get(..3 + usize::from(u16::from_be_bytes([high & 0x0F, low])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::PACKET_LEN;

    fn section(len: u16) -> Vec<u8> {
        let [high, low] = len.to_be_bytes();
        let mut section = vec![0x02, 0xB0 | high, low];
        section.resize(usize::from(len) + 3 - 4, 0x11);
        let crc = crc32(&section);
        section.extend(crc.to_be_bytes());
        section
    }

    fn packets(payload: &[u8]) -> Vec<[u8; PACKET_LEN]> {
        let pointed = [&[0], payload].concat();
        let packet = |(n, chunk): (usize, &[u8])| {
            let mut packet = [0xFF; PACKET_LEN];
            let counter = u8::try_from(n % 16).unwrap();
            packet[..4].copy_from_slice(&[0x47, if n == 0 { 0x40 } else { 0 }, 0x20, 0x10 | counter]);
            packet[4..4 + chunk.len()].copy_from_slice(chunk);
            packet
        };
        pointed.chunks(184).enumerate().map(packet).collect()
    }

    fn read(packets: &[[u8; PACKET_LEN]]) -> (Vec<Vec<u8>>, u64) {
        let (mut sections, mut found, mut bad) = (Sections::default(), Vec::new(), 0);
        for packet in packets {
            bad += sections.push(Packet::new(packet).unwrap(), |section| found.push(section.to_vec()));
        }
        (found, bad)
    }

    #[test]
    fn a_section_over_several_packets_is_put_together() {
        let long = section(900);
        assert_eq!(read(&packets(&long)), (vec![long], 0));
    }

    #[test]
    fn two_sections_in_one_packet_are_both_found() {
        let (a, b) = (section(20), section(30));
        assert_eq!(read(&packets(&[a.clone(), b.clone()].concat())), (vec![a, b], 0));
    }

    #[test]
    fn a_section_that_lost_a_packet_is_dropped() {
        let mut packets = packets(&section(900));
        packets.remove(2);
        assert_eq!(read(&packets), (vec![], 0));
    }

    #[test]
    fn a_damaged_section_is_counted_and_dropped() {
        let mut packets = packets(&section(30));
        packets[0][20] ^= 1;
        assert_eq!(read(&packets), (vec![], 1));
    }

    #[test]
    fn a_section_repeated_with_the_same_counter_is_read_again() {
        let packets = packets(&section(30));
        assert_eq!(read(&[packets[0], packets[0]]).0.len(), 2);
    }
}
