//! The packets of the segment that is growing.

use std::{mem, ops::Range};

use bytes::{Bytes, BytesMut};
use mpegts::{PACKET_LEN, Packets};

/// Packets that are copied are gathered in blocks of this size, which are never moved: small enough for an allocator to
/// keep and use again, large enough that a segment has few.
const BLOCK: usize = 87 * PACKET_LEN;

/// Where hardly any are copied, in such small ones: a few packets that are held for as long as their segment would keep
/// the allocator from giving back what it took for hundreds of larger blocks when the stream began.
const SMALL_BLOCK: usize = 8 * PACKET_LEN;

/// What is received in blocks of at least this size is kept where it lies: a run of packets is a slice of its block. What
/// comes in smaller ones is copied, or a segment would have many pieces, in blocks that are hardly filled.
const LARGE: usize = 32 * 1024;

/// A run shorter than this is copied all the same, or what is sent would have a piece for each packet. What is copied is
/// held twice, while the rest of its block is.
const MIN_RUN: usize = 4 * PACKET_LEN;

/// Packets in order, which can be cut in two at any packet without a copy.
#[derive(Debug, Default)]
pub(crate) struct Body {
    full: Vec<Bytes>,
    /// Packets that were copied, behind those in `full`.
    open: BytesMut,
    /// Where the packets behind those lie in `source`.
    run: Range<usize>,
    /// What is being taken apart.
    source: Bytes,
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

    /// The packets that come next lie in `source`, or anywhere else.
    pub(crate) fn enter(&mut self, source: &Bytes) {
        self.source = source.clone();
    }

    /// The packets that come next do not lie in the source.
    pub(crate) fn leave(&mut self) {
        self.close_run();
        self.source = Bytes::new();
    }

    pub(crate) fn push(&mut self, packets: Packets<'_>) {
        self.packets += packets.len() as u64;
        match self.place(packets.bytes()) {
            Some(place) if place.start == self.run.end && !self.run.is_empty() => self.run.end = place.end,
            Some(place) => {
                self.close_run();
                self.run = place;
            }
            None => {
                self.close_run();
                packets.iter().for_each(|packet| self.copy(packet.bytes()));
            }
        }
    }

    /// Where in the source the bytes lie, if they do.
    fn place(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let at = bytes.as_ptr().addr().checked_sub(self.source.as_ptr().addr())?;
        (at + bytes.len() <= self.source.len()).then_some(at..at + bytes.len())
    }

    /// Close the run behind so many bytes of it; the rest may still grow.
    fn close_run_at(&mut self, length: usize) {
        let rest = self.run.start + length..self.run.end;
        self.run.end = rest.start;
        self.close_run();
        self.run = rest;
    }

    fn close_run(&mut self) {
        let run = mem::take(&mut self.run);
        let packets = self.source.slice(run);
        if packets.len() < MIN_RUN || !self.stays() {
            packets.chunks(PACKET_LEN).for_each(|packet| self.copy(packet));
        } else {
            self.close_block();
            self.full.push(packets);
        }
    }

    /// Whether what is being taken apart is kept where it lies.
    fn stays(&self) -> bool {
        self.source.len() >= LARGE
    }

    fn copy(&mut self, packet: &[u8]) {
        let room = self.open.capacity() - self.open.len();
        let size = if self.stays() { SMALL_BLOCK } else { BLOCK };
        // A block that the first seconds left open is not kept for a packet now and then, unless it is kept anyway.
        if room < PACKET_LEN || room > size && self.open.is_empty() {
            self.close_block();
            self.open = BytesMut::with_capacity(size);
        }
        self.open.extend_from_slice(packet);
    }

    /// Take the packets before number `end` out, as slices of the blocks.
    pub(crate) fn take_until(&mut self, end: u64) -> Vec<Bytes> {
        let packets = end.saturating_sub(self.first).min(self.packets);
        let mut wanted = usize::try_from(packets).unwrap_or(usize::MAX).saturating_mul(PACKET_LEN);
        self.close_run_at(wanted.saturating_sub(self.len() - self.run.len()));
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

    /// Push `count` packets that lie where they were received, in pieces of `piece` packets, some left out, and take
    /// them out again with many a cut.
    fn pass(count: u16, piece: usize, left_out: impl Fn(u16) -> bool) -> (Vec<Bytes>, Vec<u8>) {
        let mut body = Body::default();
        let (mut out, mut expected) = (Vec::new(), Vec::new());
        let numbers: Vec<u16> = (0..count).collect();
        for numbers in numbers.chunks(piece) {
            let source = Bytes::from(numbers.iter().flat_map(|&n| packet(n)).collect::<Vec<u8>>());
            body.enter(&source);
            for (packet, _) in source.chunks(PACKET_LEN).zip(numbers).filter(|(_, n)| !left_out(**n)) {
                body.push(Packets::new(packet));
                expected.extend_from_slice(packet);
            }
            body.leave();
            out.extend(body.take_until(body.end().saturating_sub(300)));
        }
        out.extend(body.take_until(u64::MAX));
        assert_eq!((body.len(), body.end()), (0, expected.len() as u64 / PACKET_LEN as u64));
        (out, expected)
    }

    #[test]
    fn cut_anywhere_all_packets_come_out_once_and_in_order() {
        for piece in [1, 7, 50, 86, 87, 88, 400, 5_000] {
            for every in [2, 10, 100, 1_000, 60_000] {
                let (out, expected) = pass(5_000, piece, |n| n % every == 1);
                assert!(out.concat() == expected, "pieces of {piece} packets, one in {every} left out");
            }
        }
    }

    #[test]
    fn long_runs_stay_where_they_were_received_and_short_ones_are_gathered() {
        // A cut every 348 packets, 300 packets behind what came.
        let (long, _) = pass(3_480, 348, |_| false);
        assert_eq!(long.len(), 20);
        // A few packets between those that are left out.
        let (cut, expected) = pass(3_480, 348, |n| n % 20 == 0);
        assert!(cut.len() > 170 && cut.concat() == expected);

        let (short, _) = pass(3_400, 20, |_| false);
        assert!(short.iter().map(Bytes::len).sum::<usize>() == 3_400 * PACKET_LEN && short.len() < 200);
    }

    #[test]
    fn a_few_packets_hold_little_however_much_was_copied_before() {
        let mut body = Body::default();
        for (piece, room) in [(20, BLOCK), (400, SMALL_BLOCK)] {
            let source = Bytes::from((0..piece).flat_map(packet).collect::<Vec<u8>>());
            body.enter(&source);
            body.push(Packets::new(&source[..PACKET_LEN]));
            body.leave();
            assert_eq!(body.open.capacity(), room, "pieces of {piece} packets");
            assert_eq!(body.take_until(u64::MAX).concat(), packet(0));
        }
    }

    #[test]
    fn blocks_are_filled_though_large_and_small_pieces_take_turns() {
        let mut body = Body::default();
        let sources = [20, 400].map(|count| Bytes::from((0..count).flat_map(packet).collect::<Vec<u8>>()));
        for source in sources.iter().cycle().take(2 * 87) {
            body.enter(source);
            body.push(Packets::new(&source[..PACKET_LEN]));
            body.leave();
        }

        let blocks: Vec<usize> = body.take_until(u64::MAX).iter().map(Bytes::len).collect();
        let (last, filled) = blocks.split_last().unwrap();
        assert!(filled.iter().all(|len| [BLOCK, SMALL_BLOCK].contains(len)) && *last > 0, "{blocks:?}");
    }

    #[test]
    fn packets_from_elsewhere_are_copied() {
        let mut body = Body::default();
        body.enter(&Bytes::from(vec![0; 1_000]));
        body.push(Packets::new(&packet(1)));
        body.leave();

        assert_eq!(body.take_until(1), [Bytes::copy_from_slice(&packet(1))]);
    }
}
