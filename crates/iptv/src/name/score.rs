//! How like two names are.

/// As many words of a name are compared.
const WORDS: usize = 16;

/// Words less like each other than this have nothing to do with each other.
const ALIKE: f32 = 0.7;

/// How like two [normalised](super::normalise) names are, from 0 to 1; 1 for the same.
///
/// Words count by their length, in any order. A number that one of them has and the other has not makes them two
/// channels: `sport 1` and `sport 2` are less than half alike.
#[must_use]
pub fn score(a: &str, b: &str) -> f32 {
    if a == b {
        return if a.is_empty() { 0.0 } else { 1.0 };
    }
    if !a.is_empty() && a.split(' ').flat_map(str::bytes).eq(b.split(' ').flat_map(str::bytes)) {
        // `la1` and `la 1`.
        return 0.97;
    }
    let (a, b) = (words(a), words(b));
    let likeness = shared(&a, &b).min(0.95);
    match (numbers(&a), numbers(&b)) {
        (one, other) if one == other => likeness,
        // `la` may be `la 1`, but `la 2` is not.
        (one, other) if one.is_empty() || other.is_empty() => likeness * 0.7,
        _ => likeness * 0.45,
    }
}

fn words(name: &str) -> Vec<&str> {
    name.split(' ').filter(|word| !word.is_empty()).take(WORDS).collect()
}

/// The words that tell channels of one family apart.
fn numbers<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let digits = |word: &&'a str| {
        let digits = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        // One letter belongs to its number: `f1`, `m6`.
        let number = if word.len() - digits.len() == 1 { word } else { digits };
        (!digits.is_empty()).then_some(number)
    };
    let mut numbers: Vec<_> = words.iter().filter_map(digits).collect();
    numbers.sort_unstable();
    numbers
}

/// Twice what both have over what there is, in letters (Dice).
fn shared(a: &[&str], b: &[&str]) -> f32 {
    let total: f32 = a.iter().chain(b).map(|word| weight(word)).sum();
    if total == 0.0 {
        return 0.0;
    }
    let mut left: Vec<&str> = b.to_vec();
    let mut both = 0.0;
    for word in a {
        let best = left.iter().enumerate().map(|(at, other)| (at, likeness(word, other)));
        let Some((at, like)) = best.max_by(|one, other| one.1.total_cmp(&other.1)) else { break };
        if like >= ALIKE {
            both += like * (weight(word) + weight(left.swap_remove(at)));
        }
    }
    both / total
}

#[expect(clippy::cast_precision_loss, reason = "a few words of a few letters")]
fn weight(word: &str) -> f32 {
    word.chars().count() as f32
}

/// How like two words are: an abbreviation, or a letter more or less.
fn likeness(a: &str, b: &str) -> f32 {
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let prefix = short.len() >= 3 && !short.bytes().all(|c| c.is_ascii_digit()) && long.starts_with(short);
    if prefix { 0.8 } else { pairs_shared(short, long) }
}

/// The pairs of neighbouring letters that both have (Dice).
fn pairs_shared(a: &str, b: &str) -> f32 {
    let pairs = |word: &str| -> Vec<(char, char)> {
        word.chars().zip(word.chars().skip(1)).take(4 * WORDS).collect()
    };
    let (a, mut b) = (pairs(a), pairs(b));
    let total = a.len() + b.len();
    let both = a
        .iter()
        .filter(|pair| b.iter().position(|it| it == *pair).map(|at| b.swap_remove(at)).is_some())
        .count();
    #[expect(clippy::cast_precision_loss, reason = "at most 64 pairs each")]
    if total == 0 { 0.0 } else { 2.0 * both as f32 / total as f32 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_name_is_one_and_nothing_is_like_nothing() {
        assert_eq!(score("la 1", "la 1"), 1.0);
        assert_eq!((score("", ""), score("", "a")), (0.0, 0.0));
        assert_eq!(score("abc", "xyz"), 0.0);
    }

    #[test]
    fn names_of_one_channel_are_alike() {
        for (a, b) in [
            ("la1", "la 1"),
            ("eurosport 1", "eurosport1"),
            ("movistar laliga", "laliga movistar"),
            ("discovery channel", "discovery chanel"),
            ("national geographic", "nat geographic"),
            ("sky sports main event", "sky sport main event"),
        ] {
            let score = score(a, b);
            assert!((0.8..1.0).contains(&score), "{a}, {b}: {score}");
        }
    }

    #[test]
    fn names_of_a_family_are_not() {
        for (a, b) in [
            ("sport 1", "sport 2"),
            ("eurosport 1", "eurosport 2"),
            ("la1", "la2"),
            ("dazn 1", "dazn f1"),
            ("la 1", "la 2"),
            ("sky sports football", "sky cinema comedy"),
            ("sport 1", "sport 1 plus 1"),
        ] {
            let score = score(a, b);
            assert!(score < 0.7, "{a}, {b}: {score}");
        }
    }

    proptest! {
        #[test]
        fn likeness_is_between_none_and_the_same(a in "[a-z0-9 ]{0,30}", b in "[a-z0-9 ]{0,30}") {
            prop_assert!((0.0..=1.0).contains(&score(&a, &b)));
        }
    }
}
