//! The packets of the segment that is growing.

use bytes::{Bytes, BytesMut};
use mpegts::{PACKET_LEN, Packet};

/// Packets are gathered in blocks of this size, which are never moved: small enough for an allocator to keep and use
/// again, large enough that a segment has few.
const BLOCK: usize = 340 * PACKET_LEN;

/// Packets in order, which can be cut in two at any packet without a copy.
#[derive(Debug, Default)]
pub(crate) struct Body {
    full: Vec<Bytes>,
    open: BytesMut,
    /// The number of the first packet, counted over the life of the stream.
    first: u64,
    packets: u64,
}

impl Body {
    /// How many bytes it holds.
    pub(crate) fn len(&self) -> usize {
        usize::try_from(self.packets).unwrap_or(usize::MAX).saturating_mul(PACKET_LEN)
    }

    /// The number that the next packet gets.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.packets
    }

    pub(crate) fn push(&mut self, packet: Packet<'_>) {
        if self.open.capacity() - self.open.len() < PACKET_LEN {
            self.close_block();
            self.open = BytesMut::with_capacity(BLOCK);
        }
        self.open.extend_from_slice(packet.bytes());
        self.packets += 1;
    }

    /// Take the packets before number `end` out, as slices of the blocks.
    pub(crate) fn take_until(&mut self, end: u64) -> Vec<Bytes> {
        let packets = end.saturating_sub(self.first).min(self.packets);
        let mut wanted = usize::try_from(packets).unwrap_or(usize::MAX).saturating_mul(PACKET_LEN);
        self.first += packets;
        self.packets -= packets;
        let whole = self.full.iter().scan(0, |sum, block| {
            *sum += block.len();
            Some(*sum)
        });
        let whole = whole.take_while(|&sum| sum <= wanted).count();
        let mut taken: Vec<Bytes> = self.full.drain(..whole).collect();
        wanted -= taken.iter().map(Bytes::len).sum::<usize>();
        let rest = match self.full.first_mut() {
            Some(block) => block.split_to(wanted),
            None => self.open.split_to(wanted).freeze(),
        };
        taken.extend(Some(rest).filter(|rest| !rest.is_empty()));
        taken
    }

    fn close_block(&mut self) {
        let block = self.open.split().freeze();
        self.full.extend(Some(block).filter(|block| !block.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(n: u16) -> [u8; PACKET_LEN] {
        let mut packet = [0; PACKET_LEN];
        packet[0] = 0x47;
        packet[4..6].copy_from_slice(&n.to_be_bytes());
        packet
    }

    #[test]
    fn cut_anywhere_all_packets_come_out_once_and_in_order() {
        let mut body = Body::default();
        let mut out = Vec::new();
        for n in 0..5_000 {
            body.push(Packet::new(&packet(n)).unwrap());
            if n % 700 == 699 {
                out.extend(body.take_until(u64::from(n) - 300).concat());
            }
        }
        assert_eq!(body.end(), 5_000);
        out.extend(body.take_until(u64::MAX).concat());

        let expected: Vec<u8> = (0..5_000).flat_map(packet).collect();
        assert!(out == expected);
        assert_eq!((body.len(), body.end()), (0, 5_000));
    }
}
