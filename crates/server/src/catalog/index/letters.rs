//! Which channels have a letter in their names.

use super::Bits;

/// The sets of the channels with each of `a` to `z` and `0` to `9`, which most words hold: a search among the words
/// would be a long one. Letters of other scripts have more than a byte and are searched for.
#[derive(Debug, Default)]
pub(super) struct Letters(Vec<(u8, Bits)>);

impl Letters {
    /// Nothing yet of so many channels.
    pub(super) fn new(channels: u32) -> Self {
        Self((b'0'..=b'9').chain(b'a'..=b'z').map(|letter| (letter, Bits::new(channels))).collect())
    }

    /// The channels with `letter`.
    pub(super) fn get(&self, letter: u8) -> Option<&Bits> {
        self.0.iter().find(|(of, _)| *of == letter).map(|(_, channels)| channels)
    }

    /// The sets to which the channels with `word` belong.
    pub(super) fn of(&mut self, word: &str) -> impl Iterator<Item = &mut Bits> {
        let letters = word.bytes().filter(u8::is_ascii).fold(0_u128, |letters, letter| letters | 1 << letter);
        self.0.iter_mut().filter(move |(letter, _)| letters >> letter & 1 == 1).map(|(_, channels)| channels)
    }

    /// The bytes they take.
    pub(super) fn memory(&self) -> usize {
        self.0.iter().map(|(_, channels)| channels.memory()).sum()
    }
}
