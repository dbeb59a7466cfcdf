//! The words of all names, and which channels have them.

use std::{collections::HashMap, ops::Range};

use memchr::memmem::Finder;

use super::{
    Bits,
    letters::Letters,
    order::sorted,
    sought::Sought,
    texts::{Texts, number},
    typo::{Path, Typo, Verdict},
};

/// A word that this part of all channels have, or more, is kept as a set: that takes less room than a list of them,
/// and no time to speak of to read.
const COMMON: usize = 32;

/// Each word of the names once, sorted.
#[derive(Debug)]
pub(super) struct Words {
    texts: Texts,
    /// The places of the channels that have the first word, then the second, and so on.
    places: Vec<u32>,
    /// Where in `places` those of each word begin, and the end of it.
    starts: Vec<u32>,
    /// The words that have nothing in `places`, because so many channels have them.
    common: Vec<(usize, Bits)>,
    letters: Letters,
    channels: u32,
}

impl Words {
    /// The words of `names`, which are folded.
    pub(super) fn of(names: &Texts) -> Self {
        let (words, mut pairs) = pairs(names);
        pairs.sort_unstable();
        pairs.dedup();
        let texts: Texts = words.into_iter().collect();
        let mut made = Self {
            texts,
            places: Vec::new(),
            starts: vec![0],
            common: Vec::new(),
            letters: Letters::new(names.len()),
            channels: names.len(),
        };
        for (word, of_word) in pairs.chunk_by(|a, b| a.0 == b.0).enumerate() {
            made.push(word, of_word);
        }
        made.find_letters();
        made.places.shrink_to_fit();
        made.starts.shrink_to_fit();
        made
    }

    fn push(&mut self, word: usize, pairs: &[(u32, u32)]) {
        let places = pairs.iter().map(|&(_, place)| place);
        if pairs.len() * COMMON >= self.channels as usize {
            let mut channels = Bits::new(self.channels);
            places.for_each(|place| channels.set(place));
            self.common.push((word, channels));
        } else {
            self.places.extend(places);
        }
        self.starts.push(number(self.places.len()));
    }

    fn find_letters(&mut self) {
        let mut letters = std::mem::take(&mut self.letters);
        for (word, text) in self.texts.iter().enumerate() {
            letters.of(text).for_each(|channels| self.add(word..word + 1, channels));
        }
        self.letters = letters;
    }

    /// The channels with a word that is looked for.
    pub(super) fn find(&self, sought: &Sought<'_>) -> Bits {
        let mut found = Bits::new(self.channels);
        match sought {
            Sought::Begins(text) => self.add(self.texts.beginning(text), &mut found),
            Sought::Occurs(finder) => self.add_holding(finder, &mut found),
            Sought::Meant(finder, typo) => {
                self.add_holding(finder, &mut found);
                self.add_meant(typo, &mut found);
            }
        }
        found
    }

    fn add_holding(&self, finder: &Finder<'_>, found: &mut Bits) {
        match *finder.needle() {
            [letter] => self.letters.get(letter).into_iter().for_each(|channels| found.union(channels)),
            _ => self.texts.holding(finder).for_each(|word| self.add(word..word + 1, found)),
        }
    }

    /// Add the channels with a word that `typo` may stand for.
    ///
    /// What a few letters tell of a word they tell of all that follow and begin like it, so few words are looked at.
    fn add_meant(&self, typo: &Typo, found: &mut Bits) {
        let (mut word, mut path) = (0, Path::default());
        while word < self.texts.len() {
            let first = word as usize;
            word = match typo.judge(self.texts.get(word), &mut path) {
                Verdict::Meant(read) => {
                    let end = self.texts.end_of(first, read);
                    self.add(first..end, found);
                    number(end)
                }
                Verdict::Other(read) => number(self.texts.end_of(first, read)),
                Verdict::TooShort => word + 1,
            };
        }
    }

    /// Add the channels that have one of `words` to `found`.
    fn add(&self, words: Range<usize>, found: &mut Bits) {
        let places = self.starts[words.start] as usize..self.starts[words.end] as usize;
        // One word has either places here or a set.
        if places.is_empty() || words.len() > 1 {
            let first = self.common.partition_point(|(word, _)| *word < words.start);
            let common = self.common[first..].iter().take_while(|(word, _)| *word < words.end);
            common.for_each(|(_, channels)| found.union(channels));
        }
        self.places[places].iter().for_each(|&place| found.set(place));
    }

    /// How many words there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> u32 {
        self.texts.len()
    }

    /// The bytes they take.
    pub(super) fn memory(&self) -> usize {
        self.texts.memory()
            + (self.places.capacity() + self.starts.capacity()) * size_of::<u32>()
            + self.letters.memory()
            + self.common.iter().map(|(_, channels)| channels.memory()).sum::<usize>()
    }
}

/// The words of `names`, sorted, and for each word of each name the word's number and the name's.
fn pairs(names: &Texts) -> (Vec<&str>, Vec<(u32, u32)>) {
    let mut numbers = HashMap::with_capacity(names.len() as usize);
    let (mut met, mut pairs) = (Vec::new(), Vec::new());
    for (name, place) in names.iter().zip(0..) {
        for word in name.split_ascii_whitespace() {
            let met = *numbers.entry(word).or_insert_with(|| {
                met.push(word);
                number(met.len() - 1)
            });
            pairs.push((met, place));
        }
    }
    let order = sorted(number(met.len()), |number| met[number as usize].as_bytes());
    let mut ranks = vec![0; met.len()];
    order.iter().zip(0..).for_each(|(&number, rank)| ranks[number as usize] = rank);
    pairs.iter_mut().for_each(|(word, _)| *word = ranks[*word as usize]);
    (order.into_iter().map(|number| met[number as usize]).collect(), pairs)
}
