//! Bits out of bytes, most significant first; past the end there are none.

/// The bits of some bytes, read one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn bit(&mut self) -> Option<u32> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        Some(self.bit()? == 1)
    }

    /// `u(n)`: a number of `count` bits, at most 32.
    pub(crate) fn take(&mut self, count: u32) -> Option<u32> {
        debug_assert!(count <= 32, "a number has 32 bits");
        (0..count).try_fold(0, |value: u32, _| Some(value << 1 | self.bit()?))
    }

    /// A number of 8 bits.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        u8::try_from(self.take(8)?).ok()
    }

    /// Pass over `count` bits.
    pub(crate) fn skip(&mut self, count: usize) -> Option<()> {
        let to = self.at.checked_add(count)?;
        (to <= self.bytes.len() * 8).then(|| self.at = to)
    }

    /// `ue(v)` (ISO/IEC 14496-10, 9.1); a code longer than any is `u32::MAX`.
    pub(crate) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return Some(u32::MAX);
            }
        }
        (0..zeros).try_fold(1, |value: u32, _| Some(value << 1 | self.bit()?)).map(|value| value - 1)
    }

    /// `se(v)` (9.1.1).
    pub(crate) fn signed_exp_golomb(&mut self) -> Option<i64> {
        let code = i64::from(self.exp_golomb()?);
        Some(if code % 2 == 0 { -code / 2 } else { (code + 1) / 2 })
    }

    /// Pass over `count` numbers `ue(v)`.
    pub(crate) fn skip_exp_golomb(&mut self, count: u32) -> Option<()> {
        (0..count).try_for_each(|_| self.exp_golomb().map(drop))
    }
}

/// A NAL unit's payload without its emulation prevention bytes (7.4.1), as far as `limit` bytes.
pub(crate) fn unescaped(unit: &[u8], limit: usize) -> Vec<u8> {
    let mut zeros = 0;
    let keep = |byte: &&u8| {
        let escape = zeros >= 2 && **byte == 3;
        zeros = if **byte == 0 { zeros + 1 } else { 0 };
        !escape
    };
    unit.iter().take(limit).filter(keep).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_bit_by_bit_and_end_with_the_bytes() {
        let mut bits = Bits::new(&[0b1010_0000, 0xFF]);

        assert_eq!(
            (bits.flag(), bits.take(4), bits.skip(3), bits.take(8)),
            (Some(true), Some(4), Some(()), Some(255))
        );
        assert_eq!((bits.bit(), bits.take(0), bits.skip(1), bits.exp_golomb()), (None, Some(0), None, None));
    }

    #[test]
    fn exp_golomb_codes_are_those_of_the_table() {
        // 1, 010, 011, 00100, 00101: table 9-2.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([(); 5].map(|()| bits.exp_golomb()), [0, 1, 2, 3, 4].map(Some));

        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        assert_eq!([(); 5].map(|()| bits.signed_exp_golomb()), [0, 1, -1, 2, -2].map(Some));

        let longest = [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF];
        assert_eq!(Bits::new(&longest).exp_golomb(), Some(u32::MAX - 1));
        assert_eq!(Bits::new(&[0; 9]).exp_golomb(), Some(u32::MAX));
        assert_eq!(Bits::new(&[0; 2]).exp_golomb(), None);
    }

    #[test]
    fn emulation_prevention_is_taken_out() {
        assert_eq!(
            unescaped(&[1, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 0, 3], 99),
            [1, 0, 0, 1, 0, 0, 0, 0, 3, 0, 3]
        );
        assert_eq!(unescaped(&[1, 2, 3], 2), [1, 2]);
    }
}
