//! Can a decoder start at this picture? Answered from its NAL units or start codes, since many senders never set
//! the flag of the adaptation field.

use memchr::memmem;

use crate::bits::Bits;

/// What the beginning of a picture tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// Nothing yet: the coded picture itself has not begun.
    Undecided,
    /// The picture has begun.
    Picture {
        /// Whether a decoder can start here.
        random_access: bool,
        /// The sequence parameters that came with it, as they were written.
        parameters: Option<&'a [u8]>,
    },
}

/// H.264 (ISO/IEC 14496-10, 7.3 and 7.4): an IDR picture, or with a sequence parameter set either a recovery point
/// (D.2.8) or an intra slice, as broadcasters send who never send an IDR.
pub(crate) fn h264(es: &[u8]) -> Verdict<'_> {
    let (mut parameters, mut recovery_point) = (None, false);
    for unit in Units::new(es) {
        let Some((&header, body)) = unit.bytes.split_first() else { return Verdict::Undecided };
        match header & 0x1F {
            5 => return Verdict::Picture { random_access: true, parameters },
            1 | 2 => {
                let Some(intra) = is_intra_slice(body) else { return Verdict::Undecided };
                let random_access = parameters.is_some() && (recovery_point || intra);
                return Verdict::Picture { random_access, parameters };
            }
            6 => recovery_point |= has_recovery_point(body),
            7 if unit.whole => parameters = parameters.or(Some(unit.bytes)),
            _ => {}
        }
    }
    Verdict::Undecided
}

/// H.265 (ISO/IEC 23008-2, 7.4.2.2): an intra random access picture, whose NAL unit types are 16 to 23.
pub(crate) fn h265(es: &[u8]) -> Verdict<'_> {
    let mut parameters = None;
    for unit in Units::new(es) {
        let Some(&header) = unit.bytes.first() else { return Verdict::Undecided };
        match header >> 1 & 0x3F {
            kind @ 0..=31 => {
                return Verdict::Picture { random_access: (16..=23).contains(&kind), parameters };
            }
            33 if unit.whole => parameters = parameters.or(Some(unit.bytes)),
            _ => {}
        }
    }
    Verdict::Undecided
}

/// MPEG-2 video (ISO/IEC 13818-2, 6.2): an intra picture behind a sequence header.
pub(crate) fn mpeg2(es: &[u8]) -> Verdict<'_> {
    let mut parameters = None;
    for unit in Units::new(es) {
        let Some((&code, body)) = unit.bytes.split_first() else { return Verdict::Undecided };
        match code {
            0x00 => {
                let Some(&byte) = body.get(1) else { return Verdict::Undecided };
                let intra = byte >> 3 & 7 == 1;
                return Verdict::Picture { random_access: parameters.is_some() && intra, parameters };
            }
            // Size, aspect and frame rate; the bit rate behind them may vary.
            0xB3 => parameters = body.get(..4),
            _ => {}
        }
    }
    Verdict::Undecided
}

/// What stands between two start codes (00 00 01).
pub(crate) struct Unit<'a> {
    pub(crate) bytes: &'a [u8],
    /// Whether the next start code was seen, so that all of it is here.
    whole: bool,
}

pub(crate) struct Units<'a> {
    es: &'a [u8],
    /// Behind the start code of the unit that comes next.
    at: Option<usize>,
}

impl<'a> Units<'a> {
    pub(crate) fn new(es: &'a [u8]) -> Self {
        Self { es, at: next_start_code(es, 0) }
    }
}

fn next_start_code(es: &[u8], from: usize) -> Option<usize> {
    memmem::find(es.get(from..)?, &[0, 0, 1]).map(|at| from + at + 3)
}

impl<'a> Iterator for Units<'a> {
    type Item = Unit<'a>;

    fn next(&mut self) -> Option<Unit<'a>> {
        let from = self.at?;
        self.at = next_start_code(self.es, from);
        let to = self.at.map_or(self.es.len(), |next| next - 3);
        Some(Unit { bytes: &self.es[from..to], whole: self.at.is_some() })
    }
}

/// Whether a slice header (7.3.3) says that all slices of this kind are intra: `slice_type` 2, 4, 7 or 9.
fn is_intra_slice(header: &[u8]) -> Option<bool> {
    let mut bits = Bits::new(header);
    let _first_macroblock = bits.exp_golomb()?;
    let slice_type = bits.exp_golomb()?;
    Some(matches!(slice_type, 2 | 4 | 7 | 9))
}

/// Whether supplemental information (7.3.2.3) holds a recovery point, which is payload type 6.
fn has_recovery_point(mut sei: &[u8]) -> bool {
    loop {
        let Some(kind) = sei_number(&mut sei) else { return false };
        let Some(size) = sei_number(&mut sei) else { return false };
        if kind == 6 {
            return true;
        }
        let Some(rest) = sei.get(size..) else { return false };
        sei = rest;
    }
}

fn sei_number(sei: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    loop {
        let (&byte, rest) = sei.split_first()?;
        *sei = rest;
        number += usize::from(byte);
        if byte != 0xFF {
            return Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0x67, 0x64, 0x00, 0x1F];

    fn units(units: &[&[u8]]) -> Vec<u8> {
        units.iter().flat_map(|unit| [&[0, 0, 0, 1], *unit].concat()).collect()
    }

    fn random_access(verdict: &Verdict<'_>) -> Option<bool> {
        match verdict {
            Verdict::Undecided => None,
            Verdict::Picture { random_access, .. } => Some(*random_access),
        }
    }

    #[test]
    fn an_idr_picture_is_random_access_and_shows_its_parameters() {
        let es = units(&[&[0x09, 0x10], SPS, &[0x68, 0xCE], &[0x65, 0x88]]);

        let Verdict::Picture { random_access, parameters } = h264(&es) else { panic!("a picture") };

        assert!(random_access);
        assert!(parameters.is_some_and(|sps| sps.starts_with(SPS)));
    }

    #[test]
    fn a_predicted_picture_is_not_random_access() {
        // first_mb_in_slice 0, slice_type 5 (P): 1 00110
        assert_eq!(random_access(&h264(&units(&[SPS, &[0x41, 0x9A, 0x00]]))), Some(false));
    }

    #[test]
    fn an_intra_picture_with_parameters_is_random_access_without_an_idr() {
        // first_mb_in_slice 0, slice_type 7 (I): 1 0001000
        let slice = [0x41, 0x88, 0x00];
        assert_eq!(random_access(&h264(&units(&[SPS, &slice]))), Some(true));
        assert_eq!(random_access(&h264(&units(&[&slice]))), Some(false));
    }

    #[test]
    fn a_recovery_point_with_parameters_is_random_access() {
        let sei = [0x06, 0x01, 0x01, 0x00, 0x06, 0x01, 0x84, 0x80];
        assert_eq!(random_access(&h264(&units(&[SPS, &sei, &[0x41, 0x9A, 0x00]]))), Some(true));
    }

    #[test]
    fn nothing_is_decided_before_the_picture_begins() {
        let es = units(&[&[0x09, 0x10], SPS, &[0x65]]);
        for len in 0..es.len() {
            assert_eq!(h264(&es[..len]), Verdict::Undecided, "{len} bytes");
        }
    }

    #[test]
    fn h265_is_random_access_at_idr_cra_and_bla() {
        for (kind, expected) in [(1, false), (19, true), (21, true), (16, true), (9, false)] {
            assert_eq!(random_access(&h265(&units(&[&[0x42, 0x01], &[kind << 1, 1]]))), Some(expected));
        }
    }

    #[test]
    fn mpeg2_is_random_access_at_an_intra_picture_behind_a_sequence_header() {
        let sequence = [0xB3, 0x2D, 0x02, 0x40, 0x33];
        let (intra, predicted) = ([0x00, 0x00, 0x08], [0x00, 0x00, 0x10]);
        assert_eq!(random_access(&mpeg2(&units(&[&sequence, &intra]))), Some(true));
        assert_eq!(random_access(&mpeg2(&units(&[&sequence, &predicted]))), Some(false));
        assert_eq!(random_access(&mpeg2(&units(&[&intra]))), Some(false));
    }
}
