//! Names of channels made comparable, so that a channel finds its guide though each list writes it in its own way.
//!
//! ```
//! use iptv::name::{normalise, score};
//!
//! assert_eq!(normalise("ES | La 1 FHD [BACKUP]"), "la 1");
//! assert_eq!(score(&normalise("Canal+ Fútbol HD"), &normalise("canal plus futbol")), 1.0);
//! ```

mod fold;
mod marks;
mod score;

pub use fold::fold;
pub use score::score;

use marks::{is_quality, without_country};

/// The name without marks of quality and country, folded. Never empty unless [`fold()`] is.
///
/// Marks are words such as `HD`, `1080p`, `HEVC`, `BACKUP`; countries stand in front, `ES:`, `|ES|`, `[ES]`, `UK -`, or
/// behind, `.es`. A name that is nothing but marks keeps them.
#[must_use]
pub fn normalise(name: &str) -> String {
    // `H.265` is two words.
    let folded = fold(without_country(name)).replace(" h 264", "").replace(" h 265", "");
    let words: Vec<&str> = folded.split(' ').filter(|word| !is_quality(word)).collect();
    if words.iter().all(|word| word.is_empty()) { fold(name) } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_of_quality_are_no_part_of_a_name() {
        for name in [
            "La 1",
            "La 1 HD",
            "LA 1 (FHD)",
            "La 1 [4K] 50fps",
            "La 1 UHD HEVC",
            "La 1 1080p",
            "La 1 H.265",
            "La 1 H264",
            "La 1 RAW",
            "La 1 - VIP",
            "La 1 *BACKUP*",
            "La 1 ᴴᴰ",
            "LA 1 ✪ 8K",
            "La 1 @SD",
            "La 1 HQ LQ",
            "La 1 1920x1080",
        ] {
            assert_eq!(normalise(name), "la 1", "{name}");
        }
    }

    #[test]
    fn marks_of_country_are_no_part_of_a_name() {
        for name in [
            "ES: La 1",
            "ES | La 1",
            "|ES| La 1",
            "[ES] La 1",
            "(ES) La 1",
            "ES - La 1",
            "es:La 1",
            "ES ▎ La 1",
            "La 1.es",
            "La 1.es@SD",
            "UK: ES: La 1",
            "ESP: La 1",
            "EX-YU | La 1",
            "La 1 (ES)",
            "La 1 [UK]",
            "Spain: La 1",
        ] {
            assert_eq!(normalise(name), "la 1", "{name}");
        }
    }

    #[test]
    fn what_only_looks_like_a_mark_stays() {
        assert_eq!(normalise("BT Sport 1"), "bt sport 1");
        assert_eq!(normalise("HDTV"), "hdtv");
        assert_eq!(normalise("Canal 24 H"), "canal 24 h");
        assert_eq!(normalise("TV - Cultura"), "tv cultura");
        assert_eq!(normalise("Es.Radio"), "es radio");
        assert_eq!(normalise("IT Crowd"), "it crowd");
        assert_eq!(normalise("Radio.fm"), "radio fm");
        assert_eq!(normalise("ITV1 +1"), "itv1 plus 1");
    }

    #[test]
    fn a_name_that_is_nothing_but_marks_keeps_them() {
        assert_eq!(normalise("4K UHD"), "4k uhd");
        assert_eq!(normalise("ES: HD"), "es hd");
        assert_eq!(normalise("[ES]"), "es");
        assert_eq!((normalise(""), normalise("!!")), (String::new(), String::new()));
    }

    proptest! {
        #[test]
        fn no_name_becomes_empty(name in any::<String>()) {
            prop_assert_eq!(normalise(&name).is_empty(), fold(&name).is_empty());
        }

        #[test]
        fn a_normalised_name_is_folded(name in "[a-zA-Z0-9 :|.é()+-]{0,20}") {
            let normal = normalise(&name);

            prop_assert_eq!(fold(&normal), normal);
        }
    }
}
