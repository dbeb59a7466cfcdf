//! One elementary stream: is its packet the next one, and where do its access units begin.

use std::mem;

use crate::{
    codec::Codec,
    format::{Finder, Format},
    packet::{Packet, Packets},
    pes::{self, Parsed, PesHeader},
    probe::{self, Verdict},
};

/// How far into a picture we look for its first slice before calling it no random access.
const PROBE_LIMIT: usize = 16 * 1024;

/// How a packet stands to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Next,
    /// The very same once more, as 2.4.3.3 allows.
    Duplicate,
    /// Packets between the two were lost.
    Gap,
}

/// So many bytes at the end of a payload tell packets apart: of two with one counter, those that end alike are one.
const TAIL: usize = 32;

/// The continuity counter of one PID (2.4.3.3).
#[derive(Debug, Default)]
pub(crate) struct Continuity {
    last: Option<Seen>,
    /// Where among the packets at hand the last one is, of which only the counter was noted yet.
    at: Option<usize>,
}

/// What is remembered of a packet: 40 bytes, not 188.
#[derive(Debug, Clone, Copy)]
struct Seen {
    counter: u8,
    len: usize,
    tail: [u8; TAIL],
}

impl Seen {
    fn of(packet: Packet<'_>) -> Self {
        let tail = packet.bytes().last_chunk().expect("a packet is longer than its tail");
        Self { counter: packet.continuity_counter(), len: packet.payload().len(), tail: *tail }
    }

    /// Whether `other` ends with the same payload. The clock in front of it may differ.
    fn ends_as(&self, other: &Self) -> bool {
        let stuffing = TAIL.saturating_sub(self.len);
        self.len == other.len && self.tail[stuffing..] == other.tail[stuffing..]
    }
}

impl Continuity {
    /// Note that a packet with this counter, number `at` of those at hand, came, if it is the next one; says whether it
    /// is. What else there is to know of it is read by [`Continuity::remember`], which has to follow.
    fn advance(&mut self, counter: u8, at: usize) -> bool {
        let Some(last) = self.last.as_mut().filter(|last| (last.counter + 1) & 0x0F == counter) else {
            return false;
        };
        last.counter = counter;
        self.at = Some(at);
        true
    }

    /// Remember the last of `packets`, those at hand, that was let pass.
    pub(crate) fn remember(&mut self, packets: Packets<'_>) {
        if let Some(packet) = self.at.take().and_then(|at| packets.get(at)) {
            self.last = Some(Seen::of(packet));
        }
    }

    pub(crate) fn check(&mut self, packet: Packet<'_>) -> Order {
        // The counter stands still where there is no payload.
        if !packet.has_payload() {
            return Order::Next;
        }
        let seen = Seen::of(packet);
        let Some(last) = self.last.replace(seen) else { return Order::Next };
        match seen.counter.wrapping_sub(last.counter) & 0x0F {
            1 => Order::Next,
            _ if packet.discontinuity_indicator() => Order::Next,
            0 if last.ends_as(&seen) => Order::Duplicate,
            _ => Order::Gap,
        }
    }
}

/// The beginning of a PES packet whose nature is known now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unit {
    /// 33 bits.
    pub(crate) pts: u64,
    /// 33 bits.
    pub(crate) dts: u64,
    pub(crate) random_access: bool,
    /// Whether the sequence parameters differ from those before.
    pub(crate) new_parameters: bool,
    pub(crate) first_packet: u64,
}

/// Reads one elementary stream.
#[derive(Debug)]
pub(crate) struct TrackReader {
    codec: Codec,
    pub(crate) continuity: Continuity,
    /// Whether the last packet was scrambled.
    pub(crate) scrambled: bool,
    parameters: Vec<u8>,
    format: Finder,
    begun: Option<Begun>,
    /// An empty buffer to use again.
    spare: Vec<u8>,
}

/// A PES packet whose nature is not known yet.
#[derive(Debug)]
struct Begun {
    bytes: Vec<u8>,
    first_packet: u64,
    /// The adaptation field says that a decoder can start here.
    flagged: bool,
}

enum Reading {
    Undecided,
    Nothing,
    Unit(PesHeader, u64, bool),
}

impl TrackReader {
    pub(crate) fn new(codec: Codec) -> Self {
        Self {
            codec,
            continuity: Continuity::default(),
            scrambled: false,
            parameters: Vec::new(),
            format: Finder::default(),
            begun: None,
            spare: Vec::new(),
        }
    }

    /// What the track is, once it has shown it.
    pub(crate) fn format(&self) -> Option<&Format> {
        self.format.format()
    }

    /// Whether any unit began.
    pub(crate) fn met(&self) -> bool {
        self.format.met()
    }

    /// Note a plain packet, number `at` of those at hand, if nothing else need be known of it; says whether it is so.
    /// [`Continuity::remember`] has to follow.
    pub(crate) fn skim(&mut self, packet: Packet<'_>, at: usize) -> bool {
        self.begun.is_none() && !self.scrambled && self.continuity.advance(packet.continuity_counter(), at)
    }

    /// Read packet number `index`; gives the units whose nature it settles to `on`, which tells whether time jumped
    /// there.
    pub(crate) fn push(&mut self, packet: Packet<'_>, index: u64, on: &mut impl FnMut(Unit) -> bool) {
        if packet.payload_unit_start() {
            self.settle(true, on);
            let mut bytes = mem::take(&mut self.spare);
            bytes.clear();
            self.begun =
                Some(Begun { bytes, first_packet: index, flagged: packet.random_access_indicator() });
        }
        if let Some(begun) = &mut self.begun {
            begun.bytes.extend_from_slice(packet.payload());
            let last = begun.bytes.len() > PROBE_LIMIT;
            self.settle(last, on);
        }
    }

    /// What comes next does not continue what came.
    pub(crate) fn interrupt(&mut self) {
        self.continuity = Continuity::default();
        self.begun = None;
        self.format.doubt();
    }

    /// Give the unit begun last to `on`, if its nature is known, or has to be because it is the `last` chance.
    fn settle(&mut self, last: bool, on: &mut impl FnMut(Unit) -> bool) {
        let Some(begun) = self.begun.take() else { return };
        let mut parameters = None;
        match self.read(&begun, last, &mut parameters) {
            Reading::Undecided => {
                self.begun = Some(begun);
                return;
            }
            Reading::Nothing => {}
            Reading::Unit(header, pts, random_access) => {
                let es = header.payload(&begun.bytes);
                let dts = header.dts.unwrap_or(pts);
                let new_parameters = self.adopt(parameters, es);
                let first_packet = begun.first_packet;
                if on(Unit { pts, dts, random_access, new_parameters, first_packet }) {
                    self.format.doubt();
                }
                self.format.unit(self.codec, es, dts);
            }
        }
        self.spare = begun.bytes;
    }

    fn read<'a>(&self, begun: &'a Begun, last: bool, parameters: &mut Option<&'a [u8]>) -> Reading {
        let header = match pes::parse(&begun.bytes) {
            Parsed::Header(header) => header,
            Parsed::NeedMore if !last => return Reading::Undecided,
            Parsed::NeedMore | Parsed::NotPes => return Reading::Nothing,
        };
        // Without a time, nothing can be cut here.
        let Some(pts) = header.pts else { return Reading::Nothing };
        let es = header.payload(&begun.bytes);
        let verdict = match self.codec {
            Codec::H264 => probe::h264(es),
            Codec::H265 => probe::h265(es),
            Codec::Mpeg2Video => probe::mpeg2(es),
            Codec::OtherVideo(_) => Verdict::Picture { random_access: begun.flagged, parameters: None },
            _ => Verdict::Picture { random_access: true, parameters: None },
        };
        match verdict {
            Verdict::Picture { random_access, parameters: found } => {
                *parameters = found;
                Reading::Unit(header, pts, random_access)
            }
            Verdict::Undecided if last => Reading::Unit(header, pts, false),
            Verdict::Undecided => Reading::Undecided,
        }
    }

    /// Keep these sequence parameters, which stand in `es`; says whether others were known before.
    fn adopt(&mut self, parameters: Option<&[u8]>, es: &[u8]) -> bool {
        let Some(parameters) = parameters.filter(|new| **new != *self.parameters) else { return false };
        let known = !self.parameters.is_empty();
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.format.new_parameters(self.codec, es);
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::PACKET_LEN;

    fn packet(counter: u8, fill: u8) -> [u8; PACKET_LEN] {
        let mut packet = [fill; PACKET_LEN];
        packet[..4].copy_from_slice(&[0x47, 0x01, 0x00, 0x10 | counter]);
        packet
    }

    fn orders(packets: &[[u8; PACKET_LEN]]) -> Vec<Order> {
        let mut continuity = Continuity::default();
        packets.iter().map(|packet| continuity.check(Packet::new(packet).unwrap())).collect()
    }

    #[test]
    fn a_repeated_packet_is_a_duplicate_and_another_of_the_same_number_is_a_gap() {
        let packets = [packet(3, 1), packet(3, 1), packet(4, 2), packet(4, 3), packet(7, 4)];
        assert_eq!(orders(&packets), [Order::Next, Order::Duplicate, Order::Next, Order::Gap, Order::Gap]);
    }

    #[test]
    fn a_duplicate_may_have_another_clock_and_a_payload_of_a_few_bytes_is_compared_alone() {
        let clocked = |clock: u8, payload: u8| {
            let mut packet = [payload; PACKET_LEN];
            packet[..4].copy_from_slice(&[0x47, 0x01, 0x00, 0x33]);
            packet[4] = 175;
            packet[5..180].fill(clock);
            packet[5] = 0x10;
            packet
        };
        assert_eq!(orders(&[clocked(1, 9), clocked(2, 9)]), [Order::Next, Order::Duplicate]);
        assert_eq!(orders(&[clocked(1, 9), clocked(1, 8)]), [Order::Next, Order::Gap]);
    }

    #[test]
    fn the_counter_wraps_and_stands_still_without_payload() {
        let mut clock_only = packet(15, 9);
        clock_only[3] = 0x2F;
        let packets = [packet(15, 1), clock_only, packet(0, 2)];
        assert_eq!(orders(&packets), [Order::Next; 3]);
    }
}
