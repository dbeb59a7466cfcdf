//! One transport stream packet, read in place (ISO/IEC 13818-1, 2.4.3.2 to 2.4.3.5).

use std::{fmt, slice};

/// Bytes in a transport stream packet.
pub const PACKET_LEN: usize = 188;

/// The first byte of every packet.
pub const SYNC_BYTE: u8 = 0x47;

/// A packet identifier: 13 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(u16);

impl Pid {
    /// The program association table.
    pub const PAT: Self = Self(0);
    /// The service description table of DVB (ETSI EN 300 468, 5.1.3).
    pub const SDT: Self = Self(0x11);
    /// Null packets.
    pub const NULL: Self = Self(0x1FFF);

    /// The PID in the low 13 bits of `value`.
    #[must_use]
    pub const fn new(value: u16) -> Self {
        Self(value & 0x1FFF)
    }

    /// The 13 bits.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

/// A packet of 188 bytes that begins with the sync byte. Nothing else about it is known to be sane.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a>(&'a [u8; PACKET_LEN]);

impl<'a> Packet<'a> {
    /// The packet at the head of `bytes`, when there are 188 of them and the first is the sync byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let bytes: &[u8; PACKET_LEN] = bytes.first_chunk()?;
        (bytes[0] == SYNC_BYTE).then_some(Self(bytes))
    }

    /// All 188 bytes.
    #[must_use]
    pub fn bytes(self) -> &'a [u8; PACKET_LEN] {
        self.0
    }

    /// Whether the sender knows that the packet is damaged.
    #[must_use]
    pub fn transport_error(self) -> bool {
        self.0[1] & 0x80 != 0
    }

    /// Whether a PES packet or a section begins in the payload.
    #[must_use]
    pub fn payload_unit_start(self) -> bool {
        self.0[1] & 0x40 != 0
    }

    /// Whose packet it is.
    #[must_use]
    pub fn pid(self) -> Pid {
        Pid::new(u16::from_be_bytes([self.0[1], self.0[2]]))
    }

    /// Whether the payload is scrambled (`transport_scrambling_control` is not 00).
    #[must_use]
    pub fn is_scrambled(self) -> bool {
        self.0[3] & 0xC0 != 0
    }

    /// Whether there is a payload.
    #[must_use]
    pub fn has_payload(self) -> bool {
        self.0[3] & 0x10 != 0
    }

    /// The continuity counter: 4 bits.
    #[must_use]
    pub fn continuity_counter(self) -> u8 {
        self.0[3] & 0x0F
    }

    /// The adaptation field behind its length byte; empty when there is none.
    #[must_use]
    pub fn adaptation_field(self) -> &'a [u8] {
        if self.0[3] & 0x20 == 0 {
            return &[];
        }
        let len = usize::from(self.0[4]);
        self.0.get(5..5 + len).unwrap_or(&[])
    }

    /// Whether the adaptation field announces a break in the continuity counter or the clock.
    #[must_use]
    pub fn discontinuity_indicator(self) -> bool {
        self.adaptation_flags() & 0x80 != 0
    }

    /// Whether the adaptation field says that a decoder can start here. Many senders never do.
    #[must_use]
    pub fn random_access_indicator(self) -> bool {
        self.adaptation_flags() & 0x40 != 0
    }

    /// The program clock reference in units of 1/27 000 000 s, where the packet carries one.
    #[must_use]
    pub fn pcr(self) -> Option<u64> {
        if self.adaptation_flags() & 0x10 == 0 {
            return None;
        }
        let field: &[u8; 6] = self.adaptation_field().get(1..)?.first_chunk()?;
        let [a, b, c, d, e, f] = field.map(u64::from);
        let base = a << 25 | b << 17 | c << 9 | d << 1 | e >> 7;
        Some(base * 300 + ((e & 1) << 8 | f))
    }

    /// Where in the 188 bytes the payload begins; 188 when there is none.
    #[must_use]
    pub fn payload_offset(self) -> usize {
        let offset = match self.0[3] & 0x30 {
            0x10 => 4,
            0x30 => 5 + usize::from(self.0[4]),
            _ => PACKET_LEN,
        };
        offset.min(PACKET_LEN)
    }

    /// The payload; empty when there is none.
    #[must_use]
    pub fn payload(self) -> &'a [u8] {
        &self.0[self.payload_offset()..]
    }

    /// Whether it is what most packets are: nothing but payload, in the clear, in which nothing begins.
    pub(crate) fn is_plain(self) -> bool {
        self.0[1] & 0xC0 == 0 && self.0[3] & 0xF0 == 0x10
    }

    fn adaptation_flags(self) -> u8 {
        self.adaptation_field().first().copied().unwrap_or(0)
    }
}

/// Packets that lie one behind the other.
#[derive(Debug, Clone, Copy)]
pub struct Packets<'a>(&'a [[u8; PACKET_LEN]]);

impl<'a> Packets<'a> {
    /// The packets at the head of `bytes`, up to where there is no sync byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        let (packets, _) = bytes.as_chunks();
        let end = packets.iter().position(|packet| packet[0] != SYNC_BYTE);
        Self(&packets[..end.unwrap_or(packets.len())])
    }

    /// Their bytes.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.0.as_flattened()
    }

    /// How many they are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Packet<'a>> {
        self.0.iter().map(Packet)
    }

    /// The first `count`, or all that there are, and the others.
    #[must_use]
    pub fn split_at(self, count: usize) -> (Self, Self) {
        let (head, tail) = self.0.split_at(count.min(self.0.len()));
        (Self(head), Self(tail))
    }

    /// The one at this place.
    pub(crate) fn get(self, at: usize) -> Option<Packet<'a>> {
        self.0.get(at).map(Packet)
    }
}

impl<'a> From<Packet<'a>> for Packets<'a> {
    fn from(packet: Packet<'a>) -> Self {
        Self(slice::from_ref(packet.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(head: &[u8]) -> [u8; PACKET_LEN] {
        let mut bytes = [0xFF; PACKET_LEN];
        bytes[..head.len()].copy_from_slice(head);
        bytes
    }

    #[test]
    fn the_fields_are_where_the_standard_says() {
        let bytes = packet(&[0x47, 0x41, 0x00, 0x37, 7, 0x50, 0, 0, 0, 0, 0x80, 0]);

        let packet = Packet::new(&bytes).unwrap();

        assert_eq!(packet.pid(), Pid::new(0x100));
        assert!(packet.payload_unit_start() && packet.random_access_indicator());
        assert!(!packet.transport_error() && !packet.discontinuity_indicator() && !packet.is_scrambled());
        assert_eq!((packet.continuity_counter(), packet.pcr()), (7, Some(300)));
        assert_eq!(packet.payload_offset(), 12);
    }

    #[test]
    fn an_adaptation_field_longer_than_the_packet_leaves_no_payload() {
        let bytes = packet(&[0x47, 0x01, 0x00, 0x30, 0xFF, 0x10]);

        let packet = Packet::new(&bytes).unwrap();

        assert!(packet.payload().is_empty() && packet.adaptation_field().is_empty());
        assert_eq!(packet.pcr(), None);
    }

    #[test]
    fn what_does_not_begin_with_the_sync_byte_is_no_packet() {
        assert!(Packet::new(&packet(&[0x48])).is_none());
        assert!(Packet::new(&[SYNC_BYTE; 187]).is_none());
    }
}
