//! What is typed to find a channel.

use std::cmp::Reverse;

use super::folded;

/// The words of a text that count, and the letters of each.
const MAX_WORDS: usize = 16;
const MAX_LETTERS: usize = 64;

/// A text to search for, folded.
pub(super) struct Query {
    pub(super) text: String,
    /// The words, the longest first, for few channels have them; none is the beginning of another.
    pub(super) words: Vec<String>,
}

impl Query {
    pub(super) fn new(text: &str) -> Self {
        let text = folded(text);
        let mut all: Vec<&str> = text.split_ascii_whitespace().map(cut).take(MAX_WORDS).collect();
        all.sort_by_key(|word| Reverse(word.len()));
        let mut words: Vec<String> = Vec::new();
        for word in all {
            if !words.iter().any(|longer| longer.starts_with(word)) {
                words.push(word.to_owned());
            }
        }
        Self { text, words }
    }
}

fn cut(word: &str) -> &str {
    word.char_indices().nth(MAX_LETTERS).map_or(word, |(end, _)| &word[..end])
}
