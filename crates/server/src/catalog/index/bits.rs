//! Sets of places, a bit for each.

/// A set of the places `0..len`.
///
/// Sets that are put together are of the same `len`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    blocks: Vec<u64>,
    len: u32,
}

impl Bits {
    /// The set that holds nothing.
    #[must_use]
    pub fn new(len: u32) -> Self {
        Self { blocks: vec![0; len.div_ceil(64) as usize], len }
    }

    /// The set that holds all places.
    #[must_use]
    pub fn full(len: u32) -> Self {
        let mut blocks = vec![u64::MAX; len.div_ceil(64) as usize];
        if let Some(last) = blocks.last_mut() {
            *last >>= len.wrapping_neg() % 64;
        }
        Self { blocks, len }
    }

    /// Put `place` into the set; one that is not in `0..len` is left out.
    pub fn set(&mut self, place: u32) {
        if place < self.len {
            self.blocks[place as usize / 64] |= 1 << (place % 64);
        }
    }

    /// Whether `place` is in the set.
    #[must_use]
    pub fn contains(&self, place: u32) -> bool {
        place < self.len && self.blocks[place as usize / 64] >> (place % 64) & 1 == 1
    }

    /// How many places are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.blocks.iter().map(|block| block.count_ones() as usize).sum()
    }

    /// Whether no place is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.iter().all(|&block| block == 0)
    }

    /// Keep what is in `other` too.
    pub fn and(&mut self, other: &Self) {
        self.combine(other, |a, b| a & b);
    }

    /// Add what is in `other`.
    pub fn union(&mut self, other: &Self) {
        self.combine(other, |a, b| a | b);
    }

    /// Take out what is in `other`.
    pub fn without(&mut self, other: &Self) {
        self.combine(other, |a, b| a & !b);
    }

    /// Keep what `is_kept` says.
    pub fn retain(&mut self, is_kept: impl Fn(u32) -> bool) {
        for (first, block) in (0_u32..).step_by(64).zip(&mut self.blocks) {
            let gone = ones(*block).filter(|bit| !is_kept(first + bit));
            *block &= !gone.fold(0, |gone, bit| gone | 1 << bit);
        }
    }

    fn combine(&mut self, other: &Self, how: impl Fn(u64, u64) -> u64) {
        debug_assert_eq!(self.len, other.len, "sets of different channels");
        for (block, &others) in self.blocks.iter_mut().zip(&other.blocks) {
            *block = how(*block, others);
        }
    }

    /// The places in the set, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let blocks = (0_u32..).step_by(64).zip(&self.blocks);
        blocks.flat_map(|(first, &block)| ones(block).map(move |bit| first + bit))
    }

    /// The bytes it takes.
    pub(super) fn memory(&self) -> usize {
        size_of_val(self.blocks.as_slice())
    }
}

/// The numbers of the bits that are set.
fn ones(mut block: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = block.trailing_zeros();
        block &= block.checked_sub(1)?;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bits(len: u32, places: &BTreeSet<u32>) -> Bits {
        let mut bits = Bits::new(len);
        places.iter().for_each(|&place| bits.set(place));
        bits
    }

    #[test]
    fn a_full_set_holds_its_places_and_no_more() {
        for len in [0, 1, 63, 64, 65, 128, 200] {
            let full = Bits::full(len);

            assert_eq!(full.count(), len as usize);
            assert_eq!(full, bits(len, &(0..len).collect()));
        }
    }

    #[test]
    fn a_place_outside_is_never_in_the_set() {
        let mut bits = Bits::new(65);

        bits.set(65);
        bits.set(u32::MAX);

        assert!(bits.is_empty() && !bits.contains(65) && !bits.contains(u32::MAX));
    }

    proptest! {
        #[test]
        fn it_is_what_a_set_of_numbers_is(
            a in prop::collection::btree_set(0_u32..300, 0..50),
            b in prop::collection::btree_set(0_u32..300, 0..50),
        ) {
            let ours = bits(300, &a);
            let (mut both, mut any, mut only, mut even) = (ours.clone(), ours.clone(), ours.clone(), ours.clone());
            both.and(&bits(300, &b));
            any.union(&bits(300, &b));
            only.without(&bits(300, &b));
            even.retain(|place| place % 2 == 0);

            prop_assert_eq!(ours.count(), a.len());
            prop_assert_eq!(ours.is_empty(), a.is_empty());
            prop_assert!((0..310).all(|place| ours.contains(place) == a.contains(&place)));
            prop_assert_eq!(&ours.iter().collect::<BTreeSet<_>>(), &a);
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), &a & &b);
            prop_assert_eq!(any.iter().collect::<BTreeSet<_>>(), &a | &b);
            prop_assert_eq!(even, bits(300, &a.iter().copied().filter(|place| place % 2 == 0).collect()));
            prop_assert_eq!(only.iter().collect::<BTreeSet<_>>(), &a - &b);
        }
    }
}
