//! Finding packets in bytes that come in any pieces: packets of 188 bytes, or of 188 inside 192 (Blu-ray, with a
//! time stamp in front) or 204 (DVB, with parity behind).

use std::mem;

use crate::packet::{PACKET_LEN, Packets, SYNC_BYTE};

/// Distances between sync bytes.
const STRIDES: [usize; 3] = [188, 192, 204];

/// How many sync bytes in a row, beyond the first, make a lock: one in 2^32 places of noise has them.
const CONFIRMATIONS: usize = 4;

/// More than a lock ever needs to look at.
const LOOK_AHEAD: usize = (CONFIRMATIONS + 1) * 204;

/// Finds packets; what belongs to none is skipped and counted.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// The bytes that the next push may turn into a packet: less than [`LOOK_AHEAD`].
    carry: Vec<u8>,
    lock: Lock,
}

#[derive(Debug, Default)]
struct Lock {
    /// The distance between sync bytes, while they come where they should.
    stride: Option<usize>,
    skipped: u64,
}

impl Scanner {
    /// Bytes that belonged to no packet.
    pub(crate) fn skipped(&self) -> u64 {
        self.lock.skipped
    }

    /// Give every whole packet to `on`, in order, however the bytes are cut; together what lies together.
    pub(crate) fn push(&mut self, mut data: &[u8], mut on: impl FnMut(Packets<'_>)) {
        while !self.carry.is_empty() && !data.is_empty() {
            let mut carry = mem::take(&mut self.carry);
            let old = carry.len();
            // The packet across the seam is enough where its place is known, a few are where it is not; the rest is
            // scanned where it lies.
            let across = self.lock.stride.map_or(LOOK_AHEAD, |stride| stride.saturating_sub(old).max(1));
            let taken = data.len().min(across);
            carry.extend_from_slice(&data[..taken]);
            let used = self.lock.scan(&carry, false, &mut on);
            if used >= old {
                data = &data[used - old..];
                carry.clear();
            } else {
                data = &data[taken..];
                carry.drain(..used);
            }
            self.carry = carry;
        }
        if !data.is_empty() {
            let used = self.lock.scan(data, false, &mut on);
            self.carry.extend_from_slice(&data[used..]);
        }
    }

    /// No more bytes come: give what is left, with fewer confirmations.
    pub(crate) fn finish(&mut self, mut on: impl FnMut(Packets<'_>)) {
        let carry = mem::take(&mut self.carry);
        let used = self.lock.scan(&carry, true, &mut on);
        self.lock.skipped += (carry.len() - used) as u64;
        self.lock.stride = None;
    }
}

impl Lock {
    /// Scan `data`; returns how many bytes are done with. `last` says that nothing follows.
    fn scan(&mut self, data: &[u8], last: bool, on: &mut impl FnMut(Packets<'_>)) -> usize {
        let mut at = 0;
        loop {
            let Some(stride) = self.stride else {
                let (skip, stride) = find(&data[at..], last);
                at += skip;
                self.skipped += skip as u64;
                if stride.is_none() {
                    return at;
                }
                self.stride = stride;
                continue;
            };
            let need = if last { PACKET_LEN } else { stride };
            while at + need <= data.len() {
                // Where something stands between packets, they come one by one.
                let end = if stride == PACKET_LEN { data.len() } else { at + PACKET_LEN };
                let packets = Packets::new(&data[at..end]);
                if packets.is_empty() {
                    self.stride = None;
                    break;
                }
                on(packets);
                at = (at + packets.len() * stride).min(data.len());
            }
            if self.stride.is_some() {
                return at;
            }
        }
    }
}

/// How many bytes cannot begin a packet, and the stride if a packet begins behind them. Without a stride, more
/// bytes are needed.
fn find(data: &[u8], last: bool) -> (usize, Option<usize>) {
    for at in memchr::memchr_iter(SYNC_BYTE, data) {
        let mut open = false;
        for stride in STRIDES {
            match confirm(&data[at..], stride, last) {
                Some(true) => return (at, Some(stride)),
                Some(false) => {}
                None => open = true,
            }
        }
        if open {
            return (at, None);
        }
    }
    (data.len(), None)
}

/// Whether sync bytes follow each other at `stride` from the first byte on; `None` when too few bytes are here to say.
fn confirm(data: &[u8], stride: usize, last: bool) -> Option<bool> {
    let here: Vec<bool> =
        (1..=CONFIRMATIONS).map_while(|n| data.get(n * stride)).map(|&byte| byte == SYNC_BYTE).collect();
    if here.contains(&false) {
        return Some(false);
    }
    if here.len() == CONFIRMATIONS {
        return Some(true);
    }
    last.then_some(data.len() >= PACKET_LEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(count: usize, stride: usize, lead: usize) -> Vec<u8> {
        let mut data = Vec::new();
        for n in 0..count {
            let mut packet = vec![0xAA; lead];
            packet.extend_from_slice(&[SYNC_BYTE, 0x01, 0x00, 0x10]);
            packet.resize(lead + PACKET_LEN, u8::try_from(n % 200).unwrap() | 0x80);
            packet.resize(stride, 0xBB);
            data.extend(packet);
        }
        data
    }

    fn scan(data: &[u8], piece: usize) -> (Vec<u8>, u64) {
        let mut scanner = Scanner::default();
        let mut found = Vec::new();
        let mut note = |packets: Packets<'_>| found.extend(packets.iter().map(|packet| packet.bytes()[10]));
        for piece in data.chunks(piece) {
            scanner.push(piece, &mut note);
        }
        scanner.finish(&mut note);
        (found, scanner.skipped())
    }

    #[test]
    fn packets_of_every_stride_are_found_in_any_pieces() {
        for (stride, lead) in [(188, 0), (192, 4), (204, 0)] {
            let data = packets(12, stride, lead);
            for piece in [1, 3, 187, 188, 189, 1000, 5000] {
                assert_eq!(scan(&data, piece).0.len(), 12, "stride {stride}, pieces of {piece}");
            }
        }
    }

    #[test]
    fn garbage_in_the_middle_costs_no_packet_beyond_itself() {
        let mut data = packets(10, 188, 0);
        let garbage = [0x12; 77];
        data.splice(188 * 6..188 * 6, garbage);

        for piece in [1, 50, 10_000] {
            let (found, skipped) = scan(&data, piece);
            assert_eq!((found.len(), skipped), (10, 77));
        }
    }

    #[test]
    fn a_damaged_sync_byte_costs_one_packet() {
        let mut data = packets(12, 188, 0);
        data[188 * 5] = 0;

        assert_eq!(scan(&data, 188 * 4), (scan(&data, 1).0, 188));
        assert_eq!(scan(&data, 4096).0.len(), 11);
    }

    #[test]
    fn noise_holds_little_memory() {
        let mut scanner = Scanner::default();
        for n in 0..2_000_u32 {
            let noise: Vec<u8> =
                (0..999).map(|k| (n.wrapping_mul(2_654_435_761) >> (k % 23)).to_le_bytes()[0]).collect();
            scanner.push(&noise, |_| ());
            assert!(scanner.carry.len() <= LOOK_AHEAD);
        }
    }

    #[test]
    fn a_file_of_one_packet_is_a_file_of_one_packet() {
        assert_eq!(scan(&packets(1, 188, 0), 188).0.len(), 1);
    }
}
