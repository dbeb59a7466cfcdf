//! A word that is looked for.

use memchr::memmem::Finder;

use super::typo::{Path, Typo, Verdict};

/// How a word of a text is looked for among those of a name.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// A word begins with it.
    Begins,
    /// It occurs in a word.
    Occurs,
    /// It occurs in a word, or would with up to so many mistakes at the beginning of one.
    Meant { mistakes: usize },
}

/// A word of a text and how it is looked for.
pub(super) enum Sought<'a> {
    Begins(&'a str),
    Occurs(Finder<'a>),
    Meant(Finder<'a>, Typo),
}

impl<'a> Sought<'a> {
    pub(super) fn new(word: &'a str, how: How) -> Self {
        let finder = || Finder::new(word);
        match how {
            How::Begins => Self::Begins(word),
            How::Occurs => Self::Occurs(finder()),
            How::Meant { mistakes } => match Typo::new(word, mistakes) {
                Some(typo) => Self::Meant(finder(), typo),
                None => Self::Occurs(finder()),
            },
        }
    }

    /// Whether one of the words of `name` is looked for.
    pub(super) fn is_in(&self, name: &str) -> bool {
        let occurs = |finder: &Finder<'_>| finder.find(name.as_bytes()).is_some();
        let mut words = name.split(' ');
        match self {
            Self::Begins(text) => words.any(|word| word.starts_with(text)),
            Self::Occurs(finder) => occurs(finder),
            Self::Meant(finder, typo) => {
                let is_meant = |word| matches!(typo.judge(word, &mut Path::default()), Verdict::Meant(_));
                occurs(finder) || words.any(is_meant)
            }
        }
    }
}
