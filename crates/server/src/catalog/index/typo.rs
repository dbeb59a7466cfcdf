//! Words with mistakes in them.

/// The letters of a word that count. Longer ones are cut.
pub(super) const MAX_LETTERS: usize = 64;

/// The most mistakes that are looked for in one word.
pub(super) const MAX_MISTAKES: usize = 2;

/// The cells of a row: one for each difference of lengths, and one at each end that is never near enough.
const CELLS: usize = 2 * MAX_MISTAKES + 3;

/// More than any number of mistakes.
const FAR: usize = 100;

/// A word with mistakes: a letter too much, too few, another in its place, or two the wrong way round.
#[derive(Debug)]
pub(super) struct Typo {
    letters: Vec<char>,
    mark: u64,
    mistakes: usize,
}

impl Typo {
    /// `word` with up to `mistakes`; `None` if it is too short to have any.
    ///
    /// It takes four letters to have one and eight to have two: anything is near a shorter word.
    pub(super) fn new(word: &str, mistakes: usize) -> Option<Self> {
        let letters: Vec<char> = word.chars().take(MAX_LETTERS).collect();
        let mistakes = mistakes.min(letters.len() / 4).min(MAX_MISTAKES);
        (mistakes > 0).then(|| Self { mark: mark(word), letters, mistakes })
    }

    /// Whether a word with `mark` needs a look: no mistake takes more than one letter away.
    pub(super) fn may_fit(&self, mark: u64) -> bool {
        let missing = self.mark & !mark;
        (0..self.mistakes).fold(missing, |left, _| left & left.wrapping_sub(1)) == 0
    }

    /// Whether it may stand for `word`, or for the beginning of it.
    ///
    /// The distance is "optimal string alignment"; only cells near the diagonal are looked at, row by row, and no
    /// further than to a row where all have too many mistakes. Cell `d` of row `i` is letter `i + d - mistakes - 1`
    /// of `word`.
    pub(super) fn fits(&self, word: &str) -> bool {
        let theirs = Letters::of(word, self.letters.len() + self.mistakes);
        let mut before = [FAR; CELLS];
        let mut row = self.first_row(theirs.count);
        for at in 0..self.letters.len() {
            let next = self.next_row(at, &theirs, &before, &row);
            if !self.is_near(&next) {
                return false;
            }
            (before, row) = (row, next);
        }
        true
    }

    /// No letter of ours against the first letters of theirs.
    fn first_row(&self, count: usize) -> [usize; CELLS] {
        let mut row = [FAR; CELLS];
        for taken in 0..=self.mistakes.min(count) {
            row[self.mistakes + 1 + taken] = taken;
        }
        row
    }

    /// Our letters up to the one `at`; `row` is of those before it, `before` of those before that one.
    fn next_row(
        &self,
        at: usize,
        theirs: &Letters,
        before: &[usize; CELLS],
        row: &[usize; CELLS],
    ) -> [usize; CELLS] {
        let mut next = [FAR; CELLS];
        for cell in 1..=2 * self.mistakes + 1 {
            // So many of theirs are taken.
            let Some(taken) = (at + cell).checked_sub(self.mistakes) else { continue };
            if taken > theirs.count {
                break;
            }
            let mut cost = row[cell + 1].min(next[cell - 1]) + 1;
            if taken > 0 {
                cost = cost.min(row[cell] + usize::from(self.letters[at] != theirs.letters[taken - 1]));
            }
            if at > 0 && taken > 1 && self.are_swapped(at, theirs, taken) {
                cost = cost.min(before[cell] + 1);
            }
            next[cell] = cost;
        }
        next
    }

    fn are_swapped(&self, at: usize, theirs: &Letters, taken: usize) -> bool {
        self.letters[at] == theirs.letters[taken - 2] && self.letters[at - 1] == theirs.letters[taken - 1]
    }

    fn is_near(&self, row: &[usize; CELLS]) -> bool {
        row.iter().any(|&cost| cost <= self.mistakes)
    }
}

/// The first letters of a word.
struct Letters {
    letters: [char; MAX_LETTERS + MAX_MISTAKES],
    count: usize,
}

impl Letters {
    fn of(word: &str, most: usize) -> Self {
        let mut made = Self { letters: ['\0'; MAX_LETTERS + MAX_MISTAKES], count: 0 };
        for (to, letter) in made.letters.iter_mut().take(most).zip(word.chars()) {
            *to = letter;
            made.count += 1;
        }
        made
    }
}

/// The letters that are in `word`, and above them those that are in it twice. Many letters share a bit.
pub(super) fn mark(word: &str) -> u64 {
    word.chars().fold(0, |mark, letter| {
        let bit = 1 << (u32::from(letter) % 32);
        if mark & bit == 0 { mark | bit } else { mark | bit << 32 }
    })
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
        Typo::new(typed, MAX_MISTAKES).is_some_and(|typo| typo.may_fit(mark(word)) && typo.fits(word))
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
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn it_is_the_distance_by_the_book(typed in "[abcя]{4,12}", word in "[abcя]{0,14}", most in 1_usize..3) {
            let mistakes = most.min(typed.chars().count() / 4);

            let typo = Typo::new(&typed, most).unwrap();

            prop_assert_eq!(typo.fits(&word), distance(&typed, &word) <= mistakes);
            prop_assert!(typo.may_fit(mark(&word)) || !typo.fits(&word));
        }

        #[test]
        fn no_word_is_too_long(typed in "[ab]{60,70}", word in "[ab]{60,200}") {
            let typo = Typo::new(&typed, MAX_MISTAKES).unwrap();

            prop_assert!(typo.fits(&typed));
            prop_assert_eq!(typo.fits(&word), distance(&typed[..typed.len().min(MAX_LETTERS)], &word) <= 2);
        }
    }
}
