//! Words with mistakes in them.

/// The most mistakes that are looked for in one word.
pub(super) const MAX_MISTAKES: usize = 2;

/// The cells of a row: one for each difference of lengths, and one at each end that is never near enough.
const CELLS: usize = 2 * MAX_MISTAKES + 3;

/// The fewest mistakes with which so many of our letters become so many of theirs.
type Row = [u8; CELLS];

/// More than any number of mistakes that is looked for.
const FAR: u8 = 100;

/// A word with mistakes: a letter too much, too few, another in its place, or two the wrong way round.
#[derive(Debug)]
pub(super) struct Typo {
    letters: Vec<char>,
    mistakes: usize,
}

/// The letters of a word that were read, each with its row.
#[derive(Debug, Default)]
pub(super) struct Path(Vec<(char, Row)>);

/// What the beginning of a word tells, and so of all words that begin like it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// They may be meant.
    Meant(&'a str),
    /// They are not.
    Other(&'a str),
    /// The word is not meant, longer ones may be.
    TooShort,
}

impl Typo {
    /// `word` with up to `mistakes`; `None` if it is too short to have any.
    ///
    /// It takes four letters to have one and eight to have two: anything is near a shorter word.
    pub(super) fn new(word: &str, mistakes: usize) -> Option<Self> {
        let letters: Vec<char> = word.chars().collect();
        let mistakes = mistakes.min(letters.len() / 4).min(MAX_MISTAKES);
        (mistakes > 0).then_some(Self { letters, mistakes })
    }

    /// Whether it may stand for `word`, or for the beginning of it.
    ///
    /// The distance is "optimal string alignment". A row is for a letter of `word`, and only cells near the diagonal
    /// are looked at: cell `c` of the row after `taken` letters is for `taken + c - 1 - mistakes` of ours. `path` is
    /// empty or comes from another word, whose rows count for as long as the two are the same.
    pub(super) fn judge<'a>(&self, word: &'a str, path: &mut Path) -> Verdict<'a> {
        let same =
            path.0.iter().zip(word.chars()).take_while(|((letter, _), theirs)| letter == theirs).count();
        path.0.truncate(same);
        for (at, letter) in word.char_indices().skip(same) {
            let row = self.next_row(letter, &path.0);
            let read = &word[..at + letter.len_utf8()];
            if self.ends_in(&row, path.0.len() + 1) {
                return Verdict::Meant(read);
            }
            if row.iter().all(|&cost| self.is_far(cost)) {
                return Verdict::Other(read);
            }
            // A letter that decides is not on the path: it would be passed over in a word that goes on from there.
            path.0.push((letter, row));
        }
        Verdict::TooShort
    }

    /// Our first letters against none of theirs.
    fn first_row(&self) -> Row {
        let mut row = [FAR; CELLS];
        row[self.mistakes + 1..=2 * self.mistakes + 1]
            .iter_mut()
            .zip(0..)
            .for_each(|(cell, ours)| *cell = ours);
        row
    }

    /// The row after the letters of `path` and `letter`.
    fn next_row(&self, letter: char, path: &[(char, Row)]) -> Row {
        let (last, row, before) = match *path {
            [] => (None, self.first_row(), [FAR; CELLS]),
            [(last, row)] => (Some(last), row, self.first_row()),
            [.., (_, before), (last, row)] => (Some(last), row, before),
        };
        let mut next = [FAR; CELLS];
        for cell in 1..=2 * self.mistakes + 1 {
            let Some(ours) = (path.len() + cell).checked_sub(self.mistakes) else { continue };
            let Some(letters) = self.letters.get(..ours) else { break };
            let mut cost = row[cell + 1].min(next[cell - 1]) + 1;
            if let [.., our] = *letters {
                cost = cost.min(row[cell] + u8::from(our != letter));
            }
            if let [.., ours, our] = *letters
                && (Some(our), ours) == (last, letter)
            {
                cost = cost.min(before[cell] + 1);
            }
            next[cell] = cost;
        }
        next
    }

    /// Whether all our letters become the `taken` ones of theirs.
    fn ends_in(&self, row: &Row, taken: usize) -> bool {
        let cell = (self.letters.len() + self.mistakes + 1).checked_sub(taken);
        cell.and_then(|cell| row.get(cell)).is_some_and(|&cost| !self.is_far(cost))
    }

    fn is_far(&self, cost: u8) -> bool {
        usize::from(cost) > self.mistakes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The distance by the book, to the beginning of `to` that is nearest.
    fn distance(from: &str, to: &str) -> usize {
        let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
        let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
        for i in 0..=from.len() {
            for j in 0..=to.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let other = table[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
                    other.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1)
                };
                if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                    table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
                }
            }
        }
        table[from.len()].iter().copied().min().unwrap()
    }

    fn fits(typed: &str, word: &str) -> bool {
        Typo::new(typed, MAX_MISTAKES)
            .is_some_and(|typo| matches!(typo.judge(word, &mut Path::default()), Verdict::Meant(_)))
    }

    #[test]
    fn one_mistake_is_seen_through() {
        for typed in ["madird", "madri", "madrit", "mdrid", "maddrid", "nadrid", "adrid", "amdrid", "xmadrid"]
        {
            assert!(fits(typed, "madrid"), "{typed}");
        }
        for typed in ["mdird", "mabrit", "dirdam", "valencia"] {
            assert!(!fits(typed, "madrid"), "{typed}");
        }
    }

    #[test]
    fn a_long_word_may_have_two_mistakes() {
        assert!(fits("bracelnoa", "barcelona"));
        assert!(fits("arcelonna", "barcelona"));
        assert!(!fits("arcelonnaa", "barcelona"));
        assert!(!fits("brcelna", "barcelona"), "seven letters");
    }

    #[test]
    fn half_a_word_may_have_a_mistake() {
        assert!(fits("eursop", "eurosport"));
        assert!(fits("первиы", "первыиканал"));
        assert!(!fits("eurosportes", "euros"));
    }

    #[test]
    fn a_short_word_has_no_mistakes() {
        assert!(Typo::new("tve", MAX_MISTAKES).is_none() && Typo::new("日本語", MAX_MISTAKES).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn it_is_the_distance_by_the_book(typed in "[abcя]{4,12}", word in "[abcя]{0,14}", most in 1_usize..3) {
            let mistakes = most.min(typed.chars().count() / 4);

            let typo = Typo::new(&typed, most).unwrap();

            let near = |word: &str| distance(&typed, word) <= mistakes;
            match typo.judge(&word, &mut Path::default()) {
                Verdict::Meant(read) => prop_assert!(near(&word) && near(read) && word.starts_with(read)),
                Verdict::Other(read) => {
                    let ends = (0..typed.len()).filter_map(|from| typed.get(from..));
                    prop_assert!(!near(&word) && word.starts_with(read));
                    prop_assert!(ends.map(|end| read.to_owned() + end).all(|longer| !near(&longer)));
                }
                Verdict::TooShort => prop_assert!(!near(&word)),
            }
        }

        #[test]
        fn the_path_of_another_word_changes_nothing(
            typed in "[abcя]{4,9}",
            mut words in prop::collection::vec("[abcя]{0,9}", 20),
        ) {
            let typo = Typo::new(&typed, MAX_MISTAKES).unwrap();
            let mut path = Path::default();
            words.sort();
            words.dedup();

            for word in &words {
                prop_assert_eq!(typo.judge(word, &mut path), typo.judge(word, &mut Path::default()));
            }
        }

        #[test]
        fn no_word_is_too_long(typed in "[ab]{60,70}", word in "[ab]{60,200}") {
            prop_assert!(fits(&typed, &typed));
            prop_assert_eq!(fits(&typed, &word), distance(&typed, &word) <= MAX_MISTAKES);
        }
    }
}
