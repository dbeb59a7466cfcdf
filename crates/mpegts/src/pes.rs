//! The head of a PES packet (ISO/IEC 13818-1, 2.4.3.6 and 2.4.3.7).

/// What the head of a PES packet says that we need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PesHeader {
    /// 33 bits.
    pub(crate) pts: Option<u64>,
    /// 33 bits; absent when equal to the PTS.
    pub(crate) dts: Option<u64>,
    /// Where the elementary stream's bytes begin.
    pub(crate) payload_at: usize,
}

impl PesHeader {
    /// The elementary stream's bytes in `packet`, which this header begins.
    pub(crate) fn payload<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        packet.get(self.payload_at..).unwrap_or(&[])
    }
}

/// What the bytes seen so far are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A whole header.
    Header(PesHeader),
    /// The beginning of one.
    NeedMore,
    /// Something else.
    NotPes,
}

/// Read the header at the head of `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let prefix = &bytes[..bytes.len().min(3)];
    if !b"\0\0\x01".starts_with(prefix) {
        return Parsed::NotPes;
    }
    let Some(&stream_id) = bytes.get(3) else { return Parsed::NeedMore };
    // These kinds have no optional header: maps, padding, private data 2, ECM, EMM, DSM-CC, H.222.1 E, directory.
    if matches!(stream_id, 0xBC | 0xBE | 0xBF | 0xF0..=0xF2 | 0xF8 | 0xFF) {
        return Parsed::Header(PesHeader { pts: None, dts: None, payload_at: 6 });
    }
    let Some(&[marker, flags, length]) = bytes.get(6..9) else { return Parsed::NeedMore };
    if marker & 0xC0 != 0x80 {
        return Parsed::NotPes;
    }
    let payload_at = 9 + usize::from(length);
    let Some(fields) = bytes.get(9..payload_at) else { return Parsed::NeedMore };
    let pts = (flags & 0x80 != 0).then(|| timestamp(fields)).flatten();
    let dts = (flags & 0xC0 == 0xC0).then(|| timestamp(fields.get(5..)?)).flatten();
    Parsed::Header(PesHeader { pts, dts, payload_at })
}

/// The 33 bits of a timestamp, if its marker bits stand where they must: a damaged one is none.
fn timestamp(field: &[u8]) -> Option<u64> {
    let field: &[u8; 5] = field.first_chunk()?;
    if field[0] & field[2] & field[4] & 1 == 0 {
        return None;
    }
    let [a, b, c, d, e] = field.map(u64::from);
    Some((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; 19] =
        [0, 0, 1, 0xE0, 0, 0, 0x80, 0xC0, 10, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0x11, 0, 1, 0, 3];

    #[test]
    fn both_timestamps_have_33_bits() {
        let header = PesHeader { pts: Some((1 << 33) - 1), dts: Some(1), payload_at: 19 };
        assert_eq!(parse(&HEAD), Parsed::Header(header));
    }

    #[test]
    fn a_header_cut_anywhere_needs_more() {
        for len in 0..HEAD.len() {
            assert_eq!(parse(&HEAD[..len]), Parsed::NeedMore, "{len} bytes");
        }
    }

    #[test]
    fn a_timestamp_without_its_marker_bits_is_none() {
        let mut damaged = HEAD;
        damaged[9] &= 0xFE;
        let Parsed::Header(header) = parse(&damaged) else { panic!("a header") };
        assert_eq!((header.pts, header.dts), (None, Some(1)));
    }

    #[test]
    fn what_lacks_the_start_code_is_no_pes() {
        assert_eq!(parse(&[0, 0, 2]), Parsed::NotPes);
        assert_eq!(parse(&[0, 0, 1, 0xE0, 0, 0, 0x40, 0, 0]), Parsed::NotPes);
    }
}
