//! The words of a name, and where they stand.

/// A word without the brackets and marks around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
}

impl Word<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

pub(super) fn words(name: &str) -> Vec<Word<'_>> {
    let parts = |c: char| c.is_whitespace() || "()[]{},;@|".contains(c);
    let mut words = Vec::new();
    let mut start = 0;
    for piece in name.split_inclusive(parts) {
        let bare = piece.trim_end_matches(parts);
        // `9 PM:` and `27.11.` end with marks of their own.
        let text = bare.trim_end_matches([':', '-', '.']);
        if !text.is_empty() {
            let text = if text == "vs" { bare } else { text };
            words.push(Word { text, start });
        }
        start += piece.len();
    }
    words
}
