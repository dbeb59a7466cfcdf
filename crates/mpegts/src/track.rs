//! One elementary stream: is its packet the next one, and where do its access units begin.

use std::mem;

use crate::{
    codec::Codec,
    format::{Finder, Format},
    packet::{PACKET_LEN, Packet},
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

/// The continuity counter of one PID (2.4.3.3).
#[derive(Debug)]
pub(crate) struct Continuity {
    last: Option<[u8; PACKET_LEN]>,
}

impl Continuity {
    pub(crate) fn check(&mut self, packet: Packet<'_>) -> Order {
        let order = self.last.as_ref().map_or(Order::Next, |last| compare(last, packet));
        // The counter stands still where there is no payload.
        if order != Order::Duplicate && packet.has_payload() {
            self.last = Some(*packet.bytes());
        }
        order
    }
}

fn compare(last: &[u8; PACKET_LEN], packet: Packet<'_>) -> Order {
    let last = Packet::new(last).expect("only packets are kept");
    if !packet.has_payload() || packet.discontinuity_indicator() {
        return Order::Next;
    }
    match packet.continuity_counter().wrapping_sub(last.continuity_counter()) & 0x0F {
        1 => Order::Next,
        // The clock may differ, the payload may not.
        0 if last.payload() == packet.payload() => Order::Duplicate,
        _ => Order::Gap,
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
            continuity: Continuity { last: None },
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
        self.continuity.last = None;
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

    fn packet(counter: u8, fill: u8) -> [u8; PACKET_LEN] {
        let mut packet = [fill; PACKET_LEN];
        packet[..4].copy_from_slice(&[0x47, 0x01, 0x00, 0x10 | counter]);
        packet
    }

    fn orders(packets: &[[u8; PACKET_LEN]]) -> Vec<Order> {
        let mut continuity = Continuity { last: None };
        packets.iter().map(|packet| continuity.check(Packet::new(packet).unwrap())).collect()
    }

    #[test]
    fn a_repeated_packet_is_a_duplicate_and_another_of_the_same_number_is_a_gap() {
        let packets = [packet(3, 1), packet(3, 1), packet(4, 2), packet(4, 3), packet(7, 4)];
        assert_eq!(orders(&packets), [Order::Next, Order::Duplicate, Order::Next, Order::Gap, Order::Gap]);
    }

    #[test]
    fn the_counter_wraps_and_stands_still_without_payload() {
        let mut clock_only = packet(15, 9);
        clock_only[3] = 0x2F;
        let packets = [packet(15, 1), clock_only, packet(0, 2)];
        assert_eq!(orders(&packets), [Order::Next; 3]);
    }
}
