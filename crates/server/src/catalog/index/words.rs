//! The words of all names, and which channels have them.

use std::{collections::HashMap, ops::Range};

use super::{
    Bits,
    texts::{Texts, number},
    typo::{Typo, mark},
};

/// A word that this part of all channels have, or more, is kept as a set: that takes less room than a list of them,
/// and no time to speak of to read.
const COMMON: usize = 32;

/// Each word of the names once, sorted.
#[derive(Debug)]
pub(super) struct Words {
    texts: Texts,
    /// The letters of each word, to pass over most words when looking for typos.
    marks: Vec<u64>,
    /// The places of the channels that have the first word, then the second, and so on.
    places: Vec<u32>,
    /// Where in `places` those of each word begin, and the end of it.
    starts: Vec<u32>,
    /// The words that have nothing in `places`, because so many channels have them.
    common: Vec<(usize, Bits)>,
    channels: u32,
}

impl Words {
    /// The words of `names`, which are folded.
    pub(super) fn of(names: &Texts) -> Self {
        let (words, mut pairs) = pairs(names);
        pairs.sort_unstable();
        pairs.dedup();
        let texts: Texts = words.into_iter().collect();
        let marks = texts.iter().map(mark).collect();
        let mut made = Self {
            texts,
            marks,
            places: Vec::new(),
            starts: vec![0],
            common: Vec::new(),
            channels: names.len(),
        };
        for (word, of_word) in pairs.chunk_by(|a, b| a.0 == b.0).enumerate() {
            made.push(word, of_word);
        }
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

    /// The channels with a word that begins with `text`.
    pub(super) fn beginning(&self, text: &str) -> Bits {
        let mut found = Bits::new(self.channels);
        self.add(self.texts.beginning(text), &mut found);
        found
    }

    /// The channels with a word in which `text` occurs.
    pub(super) fn holding(&self, text: &str) -> Bits {
        let mut found = Bits::new(self.channels);
        for word in self.texts.holding(text) {
            self.add(word..word + 1, &mut found);
        }
        found
    }

    /// The channels with a word that `typo` may stand for.
    pub(super) fn near(&self, typo: &Typo) -> Bits {
        let mut found = Bits::new(self.channels);
        for (word, &mark) in self.marks.iter().enumerate() {
            if typo.may_fit(mark) && typo.fits(self.texts.get(number(word))) {
                self.add(word..word + 1, &mut found);
            }
        }
        found
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
            + self.marks.capacity() * size_of::<u64>()
            + (self.places.capacity() + self.starts.capacity()) * size_of::<u32>()
            + self.common.iter().map(|(_, channels)| channels.memory()).sum::<usize>()
    }
}

/// The words of `names`, sorted, and for each word of each name the word's number and the name's.
fn pairs(names: &Texts) -> (Vec<&str>, Vec<(u32, u32)>) {
    let mut numbers = HashMap::new();
    let mut pairs = Vec::new();
    for (name, place) in names.iter().zip(0..) {
        for word in name.split_ascii_whitespace() {
            let met = number(numbers.len());
            pairs.push((*numbers.entry(word).or_insert(met), place));
        }
    }
    let mut words: Vec<(&str, u32)> = numbers.into_iter().collect();
    words.sort_unstable();
    let mut sorted = vec![0; words.len()];
    for (&(_, met), place) in words.iter().zip(0..) {
        sorted[met as usize] = place;
    }
    pairs.iter_mut().for_each(|(word, _)| *word = sorted[*word as usize]);
    (words.into_iter().map(|(word, _)| word).collect(), pairs)
}
