//! How fast the search is and what it takes: figures to read, not a test.
//! `cargo test --release -p server --lib catalog::index -- --ignored --nocapture`

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::Index;

const CHANNELS: usize = 300_000;
const ROUNDS: usize = 40;

const QUERIES: &[(&str, &[&str])] = &[
    ("one letter", &["a", "e", "s", "t", "1", "x", "é"]),
    ("two letters alone", &["e s", "a o", "1 2", "t v 1"]),
    ("hits everything", &["tv", "hd", "es", "ca", "spor"]),
    ("words", &["canal nova", "sport 12", "es liga hd", "télé", "gold star fhd"]),
    ("whole name", &["es canal nova", "uk: sport prime 1"]),
    ("number", &["12345", "299999", "77"]),
    ("one typo", &["cnaal", "sprot", "plnaet", "kiono"]),
    ("two typos", &["telivison", "eurospotr", "plametaria"]),
    ("miss", &["xqzwv", "zzzzzzzz", "qwertyuiop", "99999999999"]),
    ("many letters alike", &["aaaaaaaa", "11111111", "kakakaka"]),
    (
        "many words",
        &["a b c d e f g h i j k l m n o p", "canal sport uno nova prime liga action star planet music"],
    ),
    ("many typos", &["cnaal sprot plnaet muisc acton", "kakakaka lolololo mimimimi rurururu"]),
    ("other scripts", &["кан", "а", "日", "テレビ", "قناة", "ال", "первый каанл"]),
];

/// Names as lists have them: few words and many numbers.
fn listed(dice: &mut Rng, number: usize) -> String {
    const WORDS: [&str; 14] = [
        "Canal", "Sport", "Uno", "Nova", "Prime", "Ciné", "Liga", "Action", "Star", "Planet", "Music",
        "Kanał", "Télé", "Gold",
    ];
    const COUNTRIES: [&str; 8] = ["ES", "UK", "DE", "FR", "IT", "PT", "PL", "US"];
    const QUALITIES: [&str; 7] = ["", " HD", " FHD", " 4K", " [1080p]", " HEVC", " (SD)"];
    let mut pick = |of: &[&'static str]| of[dice.usize(..of.len())];
    format!("{}: {} {} {number}{}", pick(&COUNTRIES), pick(&WORDS), pick(&WORDS), pick(&QUALITIES))
}

/// Names of made-up words, some hundred thousand, a third in other scripts.
fn made_up(dice: &mut Rng, number: usize) -> String {
    const LATIN: &[&str] =
        &["ka", "lo", "mi", "ru", "ten", "vi", "so", "pé", "dra", "zu", "nor", "ti", "qua", "bel"];
    const CYRILLIC: &[&str] =
        &["ка", "нал", "пер", "вый", "но", "во", "сти", "рос", "си", "я", "спорт", "мир"];
    const ARABIC: &[&str] = &["ال", "قنا", "ة", "جزير", "سب", "ور", "ت", "مص", "ر", "نا", "يل"];
    const CJK: &[&str] =
        &["日", "本", "テ", "レ", "ビ", "新", "聞", "中", "央", "電", "視", "台", "東", "京"];
    let syllables = match number % 12 {
        0 | 1 => CYRILLIC,
        2 => ARABIC,
        3 => CJK,
        _ => LATIN,
    };
    let mut word =
        || -> String { (0..dice.usize(2..5)).map(|_| syllables[dice.usize(..syllables.len())]).collect() };
    format!("{} {} TV {}", word(), word(), number % 100)
}

/// Names of a hundred thousand words without any order in their letters, which have little in common.
fn shuffled(dice: &mut Rng, number: usize) -> String {
    let mut word = || shuffled_word(&mut Rng::with_seed(dice.u64(..100_000)));
    format!("{} {} HD {}", word(), word(), number % 1000)
}

fn shuffled_word(dice: &mut Rng) -> String {
    const LETTERS: &[u8] = b"eeeeeeaaaaaiiiiooootttnnnsssrrrlllddduucmphgbfvkwyzxjq";
    (0..dice.usize(3..10)).map(|_| char::from(LETTERS[dice.usize(..LETTERS.len())])).collect()
}

#[test]
#[ignore = "prints figures"]
fn how_fast() {
    type Name = fn(&mut Rng, usize) -> String;
    for (kind, name) in [("as listed", listed as Name), ("made up", made_up), ("shuffled", shuffled)] {
        let mut dice = Rng::with_seed(1);
        let names: Vec<String> = (0..CHANNELS).map(|number| name(&mut dice, number)).collect();
        let begun = Instant::now();
        let index = Index::build(names.iter().map(String::as_str));
        let (took, words) = (begun.elapsed(), index.words.count());
        println!(
            "{kind}: {CHANNELS} names, {words} words, built in {took:.0?}, {} kB",
            index.memory() / 1000
        );
        for (kind, texts) in QUERIES {
            measure(&index, kind, texts);
        }
    }
}

fn measure(index: &Index, kind: &str, texts: &[&str]) {
    let mut all: Vec<(Duration, &str)> = Vec::new();
    for text in texts.iter().cycle().take(ROUNDS * texts.len()) {
        let begun = Instant::now();
        std::hint::black_box(index.search(text));
        all.push((begun.elapsed(), text));
    }
    all.sort_unstable();
    let at = |percent: usize| all[(all.len() - 1) * percent / 100];
    println!("  {kind:20} p50 {:>9.1?}  p99 {:>9.1?}  slowest {:?}", at(50).0, at(99).0, at(99).1);
}
