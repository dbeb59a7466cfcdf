use std::collections::BTreeSet;

use iptv::name::fold;
use proptest::prelude::*;

use super::*;

/// The names found, tier by tier.
fn found<'a>(names: &[&'a str], text: &str) -> Vec<Vec<&'a str>> {
    let index = Index::build(names.iter().copied());
    let tiers = index.search(text).tiers;
    tiers.iter().map(|tier| tier.iter().map(|place| names[place as usize]).collect()).collect()
}

fn sorted<'a>(names: &[&'a str]) -> Vec<&'a str> {
    Index::build(names.iter().copied()).by_name().iter().map(|&place| names[place as usize]).collect()
}

#[test]
fn names_come_first_then_beginnings_then_insides_of_words() {
    let names = ["Eurosport 1", "Sport TV", "Canal Sport", "SPORT", "TV Transport", "La 1"];

    assert_eq!(
        found(&names, "sport"),
        [vec!["Sport TV", "SPORT"], vec!["Canal Sport"], vec!["Eurosport 1", "TV Transport"]]
    );
    assert_eq!(found(&names, "sport tv"), [vec!["Sport TV"], vec!["TV Transport"]]);
    assert_eq!(found(&names, "tv spo"), [vec!["Sport TV"], vec!["TV Transport"]]);
}

#[test]
fn words_may_be_in_any_order_and_twice() {
    let names = ["La Liga TV 2", "Liga 1", "TV La"];

    assert_eq!(found(&names, "tv liga liga l"), [["La Liga TV 2"]]);
}

#[test]
fn case_accents_and_punctuation_do_not_matter() {
    let names =
        ["Télé Loire", "España Ñ", "Straße TV", "Пе́рвый канал", "日本テレビ", "قناة الجزيرة", "Canal+"];

    for (text, name) in [
        ("TELE", "Télé Loire"),
        ("tèle-lo", "Télé Loire"),
        ("espana n", "España Ñ"),
        ("ñ", "España Ñ"),
        ("STRASSE", "Straße TV"),
        ("первый", "Пе́рвый канал"),
        ("Канал", "Пе́рвый канал"),
        ("テレビ", "日本テレビ"),
        ("جزيرة", "قناة الجزيرة"),
        ("canal+", "Canal+"),
        ("canal plus", "Canal+"),
    ] {
        assert_eq!(found(&names, text)[0], [name], "{text}");
    }
}

#[test]
fn mistakes_are_seen_through_when_little_is_found() {
    let names = ["Real Madrid TV", "Barcelona TV", "Madeira", "Первый канал", "Bein Sports"];

    for (text, name) in [
        ("madird", "Real Madrid TV"),
        ("rael nadrid", "Real Madrid TV"),
        ("adrid tv", "Real Madrid TV"),
        ("bracelnoa", "Barcelona TV"),
        ("Превый", "Первый канал"),
        ("sprots", "Bein Sports"),
    ] {
        assert_eq!(found(&names, text), [[name]], "{text}");
    }
    assert!(found(&names, "tx").is_empty());
    assert!(found(&names, "valencia").is_empty());
}

#[test]
fn mistakes_are_not_looked_for_when_enough_is_found() {
    let few = ["Nova 1", "Nova 2", "Nova 3", "Nova 4", "Nava"];
    let enough = ["Nova 1", "Nova 2", "Nova 3", "Nova 4", "Nova 5", "Nava"];

    assert_eq!(found(&few, "nova"), [few[..4].to_vec(), vec!["Nava"]]);
    assert_eq!(found(&enough, "nova"), [&enough[..5]]);
}

#[test]
fn one_mistake_is_likelier_than_two() {
    let names = ["Barcelina", "Barcelona"];

    assert_eq!(found(&names, "barcelonna"), [["Barcelona"], ["Barcelina"]]);
}

#[test]
fn no_text_means_all_channels_and_one_without_letters_none() {
    let names = ["A", "", "!"];

    for text in ["", "  "] {
        assert_eq!(found(&names, text), [names.to_vec()]);
    }
    for text in ["!?", "\u{301}"] {
        assert_eq!(found(&names, text), [[""; 0]; 0]);
    }
    assert!(found(&[], "").is_empty() && found(&[], "a").is_empty());
}

#[test]
fn a_text_of_any_length_is_searched_for() {
    let long = "x".repeat(100_000);
    let words = "madrid tv ".repeat(10_000);

    assert_eq!(found(&["xylophone", &long, "tv madrid"], &long), [[&long]]);
    assert_eq!(found(&["xylophone", "tv madrid"], &words), [["tv madrid"]]);
    assert_eq!(found(&["xylophone", &long], &("x".repeat(64) + "yyyy")), [[&long]]);
    assert_eq!(found(&["ñ", "é"], &"é".repeat(100_000)).len(), 0);
}

#[test]
fn as_much_of_a_name_as_can_be_searched_is_kept() {
    let plus = "+".repeat(100_000);

    assert!(folded(&plus).len() <= MAX_BYTES);
    assert_eq!(Index::build([plus.as_str()].into_iter()).search("plus").count(), 1);
}

#[test]
fn the_few_that_are_left_are_looked_at_one_by_one() {
    let mut names = vec!["Alpha Sport", "Alpha Transport", "Alphabet Radio"];
    names.resize(1000, "Other");

    assert_eq!(found(&names, "alpha sport"), [["Alpha Sport"], ["Alpha Transport"]]);
    assert_eq!(found(&names, "alphabet radoi"), [["Alphabet Radio"]]);
    assert!(found(&names, "alphabet sport").is_empty());
}

#[test]
fn names_are_in_their_order_for_people() {
    let names = [
        "Канал",
        "Canal 10",
        "!",
        "24h",
        "canal 2",
        "Álamo",
        "Zeta",
        "Canal",
        "3sat",
        "Canal 2 HD",
        "Canal 02",
        "Ñu",
    ];

    assert_eq!(
        sorted(&names),
        [
            "Álamo",
            "Canal",
            "canal 2",
            "Canal 02",
            "Canal 2 HD",
            "Canal 10",
            "Ñu",
            "Zeta",
            "3sat",
            "24h",
            "Канал",
            "!"
        ]
    );
}

#[test]
fn a_label_is_the_first_letter() {
    let index = Index::build(["élan", "Ñ", "zdf", "3sat", "Канал", "", "ß"].into_iter());

    let labels: String = (0..9).map(|place| index.label(place)).collect();

    assert_eq!(labels, "ENZ###S##");
}

/// Whether `name` is in the tier, by looking at each word.
fn is_in(tier: usize, name: &str, text: &str) -> bool {
    let (name, text) = (fold(name), fold(text));
    let all = |fits: fn(&str, &str) -> bool| {
        text.split(' ').all(|word| name.split(' ').any(|other| fits(other, word)))
    };
    match tier {
        0 => name.starts_with(&text),
        1 => all(|other, word| other.starts_with(word)),
        _ => all(|other, word| other.contains(word)),
    }
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[abÁñб1 日+]{0,12}", 0..120)
}

proptest! {
    #[test]
    fn tiers_are_what_looking_at_each_name_gives(
        mut names in names(),
        others in 0_usize..2,
        text in "[aàbnб1日+]{1,3}( [abñб1日]{1,2}){0,3}",
    ) {
        // Among many others those that are found are few.
        names.resize(names.len() + 600 * others, "others".to_owned());
        let index = Index::build(names.iter().map(String::as_str));
        let mut left: BTreeSet<u32> = (0..index.len()).collect();
        let mut wanted = Vec::new();
        for tier in 0..3 {
            let (of, others) = left.into_iter().partition(|&at| is_in(tier, &names[at as usize], &text));
            left = others;
            wanted.push(of);
        }
        wanted.retain(|tier: &BTreeSet<u32>| !tier.is_empty());

        let found = index.search(&text);

        let tiers: Vec<BTreeSet<u32>> = found.tiers.iter().map(|tier| tier.iter().collect()).collect();
        // No word is long enough to have a mistake.
        prop_assert_eq!(tiers, wanted);
    }

    #[test]
    fn a_channel_is_in_one_tier(names in names(), text in "[abnб1]{1,9} ?[abnб1]{0,9}") {
        let index = Index::build(names.iter().map(String::as_str));

        let found = index.search(&text);

        for place in 0..index.len() {
            prop_assert!(found.tiers.iter().filter(|tier| tier.contains(place)).count() <= 1);
        }
        prop_assert!(found.tiers.iter().all(|tier| !tier.is_empty()));
    }

    #[test]
    fn each_place_is_once_in_the_order_and_labels_stand_together(names in names()) {
        let index = Index::build(names.iter().map(String::as_str));

        let order = index.by_name();

        prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), names.len());
        let mut labels: Vec<char> = order.iter().map(|&place| index.label(place)).collect();
        labels.dedup();
        prop_assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
    }

    #[test]
    fn any_names_and_any_text_are_taken(
        names in prop::collection::vec(any::<String>(), 0..20),
        text in any::<String>(),
    ) {
        let index = Index::build(names.iter().map(String::as_str));

        prop_assert!(index.search(&text).count() <= names.len());
        let is_sought = |name: &&String| !iptv::name::fold(name).trim().is_empty();
        for name in names.iter().filter(is_sought) {
            prop_assert!(index.search(name).count() > 0);
        }
    }
}
