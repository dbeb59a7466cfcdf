//! The search over the names of all channels, in memory.
//!
//! It is built of the names and never changes. It takes some 80 bytes for a channel, and a millisecond or so for a
//! search in hundreds of thousands. Names are compared as [`iptv::name::fold`] writes them.

mod bits;
mod letters;
mod order;
mod query;
mod sought;
mod texts;
mod typo;
mod words;

#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;

pub use bits::Bits;

use super::both::both;
use query::Query;
use sought::{How, Sought};
use texts::{Texts, beginning};
use typo::MAX_MISTAKES;
use words::Words;

/// Channels that can be searched. Those after them are not in the index.
pub const MAX_CHANNELS: usize = 8_000_000;

/// The bytes of a folded name that can be searched, and of a text to search for.
const MAX_BYTES: usize = 500;

/// With fewer channels found than this, the words are taken to have mistakes.
const FEW: usize = 5;

/// This part of all channels can be looked at one by one in the time it takes to find a word.
const FEW_TO_LOOK_AT: usize = 128;

/// The names of all channels. A channel is known by its place in what the index was built of.
#[derive(Debug)]
pub struct Index {
    /// The folded names by place.
    names: Texts,
    words: Words,
    /// The places in the order of the names' bytes.
    by_bytes: Vec<u32>,
    by_name: Vec<u32>,
}

impl Index {
    /// The index of `names`, as they are shown. Takes a second or so for a million: not on the runtime.
    #[must_use]
    pub fn build<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Texts = names.take(MAX_CHANNELS).map(folded).collect();
        // Each is half of the work.
        let (words, (by_bytes, by_name)) =
            both(|| Words::of(&names), || (order::by_bytes(&names), order::natural(&names)));
        Self { words, names, by_bytes, by_name }
    }

    /// How many channels there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.names.len()
    }

    /// Whether there are no channels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The channels that `text` may mean, the likeliest in the first tier.
    ///
    /// 1. The name is `text` or begins with it.
    /// 2. Each word of `text` begins a word of the name.
    /// 3. Each word occurs inside a word.
    /// 4. If there are fewer than five so far: the same with one mistake in each word of four letters or more (a letter
    ///    too much, too few, another in its place, two the wrong way round). Half a word may be typed.
    /// 5. If there still are: with two mistakes in each word of eight letters or more.
    ///
    /// A tier without a channel is left out. An empty `text` means all channels, and one without a letter or digit none:
    /// names are known by these. Of a longer text the first 500 bytes count, of those 16 words, and 64 letters of each.
    #[must_use]
    pub fn search(&self, text: &str) -> Found {
        let query = Query::new(text);
        let mut found = Found::default();
        if query.words.is_empty() {
            if text.trim().is_empty() {
                found.add(Bits::full(self.len()));
            }
            return found;
        }
        found.add(self.named(&query.text));
        found.add(self.with_all(&query, How::Begins));
        found.add(self.with_all(&query, How::Occurs));
        for mistakes in 1..=MAX_MISTAKES {
            if found.count() < FEW {
                found.add(self.with_all(&query, How::Meant { mistakes }));
            }
        }
        found
    }

    /// The places in the order of the names.
    ///
    /// First what begins with a letter from A to Z, then digits, then other scripts by their code points, at last what
    /// has no letter or digit: so those with the same [`label`](Self::label) stand together. Numbers are in the order of
    /// their values: `Canal 2` before `Canal 10`.
    #[must_use]
    pub fn by_name(&self) -> &[u32] {
        &self.by_name
    }

    /// Under what the channel at `place` stands in a list by name: `A` to `Z`, or `#` for all others.
    #[must_use]
    pub fn label(&self, place: u32) -> char {
        let first = (place < self.len()).then(|| self.names.get(place)).and_then(|name| name.chars().next());
        first.filter(char::is_ascii_lowercase).map_or('#', |letter| letter.to_ascii_uppercase())
    }

    /// The bytes it takes in memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        let places = self.by_bytes.capacity() + self.by_name.capacity();
        self.names.memory() + self.words.memory() + places * size_of::<u32>()
    }

    /// The channels whose name begins with `text`.
    fn named(&self, text: &str) -> Bits {
        let mut found = Bits::new(self.len());
        let range = beginning(&self.by_bytes, text, |place| self.names.get(place));
        self.by_bytes[range].iter().for_each(|&place| found.set(place));
        found
    }

    /// The channels whose names have all words.
    ///
    /// Few channels that are left are looked at themselves: that takes less time than to find all that have a word.
    fn with_all(&self, query: &Query, how: How) -> Bits {
        let mut found = Bits::full(self.len());
        for word in &query.words {
            let sought = Sought::new(word, how);
            if found.count() < self.len() as usize / FEW_TO_LOOK_AT {
                found.retain(|place| sought.is_in(self.names.get(place)));
            } else {
                found.and(&self.words.find(&sought));
            }
        }
        found
    }
}

/// What a search finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Sets of channels, the likeliest first. None is empty, and no channel is in two.
    pub tiers: Vec<Bits>,
}

impl Found {
    /// How many channels are found.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tiers.iter().map(Bits::count).sum()
    }

    /// Add those of `tier` that are in none yet.
    fn add(&mut self, mut tier: Bits) {
        self.tiers.iter().for_each(|better| tier.without(better));
        if !tier.is_empty() {
            self.tiers.push(tier);
        }
    }
}

/// As much of `text` as counts, folded.
fn folded(text: &str) -> String {
    // What folds away, such as accents on their own, may be twice what stays.
    let mut folded = iptv::name::fold(&text[..text.floor_char_boundary(3 * MAX_BYTES)]);
    folded.truncate(folded.floor_char_boundary(MAX_BYTES));
    folded
}
