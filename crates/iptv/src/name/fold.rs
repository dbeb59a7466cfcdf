//! Letters without case and accents, words without punctuation.

/// `text` in lower case, without accents, its words with one space between.
///
/// Letters of other scripts stay as they are, less their accents. A plus is a word, as in `Canal+` and `ITV +1`;
/// all other punctuation is space.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), gap: false };
    for c in text.chars() {
        // Most are, and are quicker.
        if c.is_ascii() {
            folded.add(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().for_each(|c| folded.add(c));
        }
    }
    folded.text
}

struct Folded {
    text: String,
    /// A space is due before what comes.
    gap: bool,
}

impl Folded {
    fn add(&mut self, c: char) {
        match plain(c) {
            Plain::Nothing => {}
            Plain::Gap => self.gap = true,
            Plain::Letters(letters) => {
                self.begin();
                self.text.push_str(letters);
            }
            Plain::Word(word) => {
                self.gap = true;
                self.begin();
                self.text.push_str(word);
                self.gap = true;
            }
            Plain::Itself => {
                self.begin();
                self.text.push(c);
            }
        }
    }

    fn begin(&mut self) {
        if std::mem::take(&mut self.gap) && !self.text.is_empty() {
            self.text.push(' ');
        }
    }
}

enum Plain {
    Itself,
    Letters(&'static str),
    Word(&'static str),
    Gap,
    Nothing,
}

fn plain(c: char) -> Plain {
    match c {
        'a'..='z' | '0'..='9' => Plain::Itself,
        '+' | '＋' => Plain::Word("plus"),
        // Accents on their own, joiners, variation selectors, apostrophes: they part no words.
        '\u{300}'..='\u{36F}'
        | '\u{200B}'..='\u{200D}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\''
        | '’'
        | '‘'
        | '`'
        | '´' => Plain::Nothing,
        _ if c.is_ascii() => Plain::Gap,
        _ => match latin(c).or_else(|| other(c)) {
            Some(letters) => Plain::Letters(letters),
            None if c.is_alphanumeric() => Plain::Itself,
            None => Plain::Gap,
        },
    }
}

/// Latin letters without their accents; small capitals and raised letters, with which lists adorn `HD`.
fn latin(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'ấ' | 'ầ' | 'ậ' | 'ắ'
        | 'ặ' | 'ª' | 'ᵃ' => "a",
        'æ' | 'ǽ' => "ae",
        'ᴮ' | 'ᵇ' | 'ʙ' => "b",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' | 'ᶜ' => "c",
        'ď' | 'đ' | 'ð' | 'ᴰ' | 'ᵈ' | 'ᴅ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ' | 'ẽ' | 'ế' | 'ề' | 'ệ' | 'ə' | 'ᴱ'
        | 'ᵉ' => "e",
        'ᶠ' | 'ꜰ' => "f",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' | 'ᴳ' | 'ᵍ' => "g",
        'ĥ' | 'ħ' | 'ᴴ' | 'ʰ' | 'ʜ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' | 'ị' | 'ᴵ' | 'ⁱ' => "i",
        'ĵ' => "j",
        'ķ' | 'ĸ' | 'ᴷ' | 'ᵏ' | 'ᴋ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'ŋ' | 'ᴺ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ơ' | 'ọ' | 'ố' | 'ộ' | 'ớ' | 'ợ' | 'º'
        | 'ᴼ' => "o",
        'œ' => "oe",
        'ᴾ' | 'ᵖ' => "p",
        'ŕ' | 'ŗ' | 'ř' | 'ᴿ' | 'ʳ' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'ſ' | 'ˢ' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' | 'ᵀ' | 'ᵗ' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ' | 'ủ' | 'ứ' | 'ự' | 'ᵁ'
        | 'ᵘ' => "u",
        'ⱽ' | 'ᵛ' => "v",
        'ŵ' | 'ᵂ' | 'ʷ' => "w",
        'ˣ' => "x",
        'ý' | 'ŷ' | 'ÿ' | 'ỳ' | 'ỹ' | 'ʸ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// Raised digits, Greek and Cyrillic letters with accents. The Cyrillic ones are read without, as they are when the accent
/// is a character of its own.
fn other(c: char) -> Option<&'static str> {
    Some(match c {
        '⁰' => "0",
        '¹' => "1",
        '²' => "2",
        '³' => "3",
        '⁴' => "4",
        '⁵' => "5",
        '⁶' => "6",
        '⁷' => "7",
        '⁸' => "8",
        '⁹' => "9",
        'ά' => "α",
        'έ' => "ε",
        'ή' => "η",
        'ί' | 'ϊ' | 'ΐ' => "ι",
        'ό' => "ο",
        'ύ' | 'ϋ' | 'ΰ' => "υ",
        'ώ' => "ω",
        'ς' => "σ",
        'й' => "и",
        'ё' => "е",
        'ї' => "і",
        'ў' => "у",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_lose_case_and_accents() {
        assert_eq!(
            fold("ÁÉÍÓÚ Ñandú ÇA Ø Łódź Æ œ ß Þór Ðå İstanbul IĞDIR"),
            "aeiou nandu ca o lodz ae oe ss thor da istanbul igdir"
        );
        assert_eq!(fold("e\u{301}te\u{301}"), fold("été"));
        assert_eq!(fold("Пе́рвый Ёлка"), "первыи елка");
        assert_eq!(fold("ΕΡΤ Ειδήσεις"), "ερτ ειδησεισ");
        assert_eq!(fold("ｈｄ 日本"), "ｈｄ 日本");
    }

    #[test]
    fn punctuation_is_one_space_and_none_at_the_ends() {
        assert_eq!(fold("  -- A & E |  (HD): [x]. "), "a e hd x");
        assert_eq!(fold("Ocean's 11"), "oceans 11");
        assert_eq!(fold("Canal+"), "canal plus");
        assert_eq!(fold("M+LaLiga"), "m plus laliga");
        assert_eq!(fold("\t\n"), "");
    }

    proptest! {
        #[test]
        fn what_is_folded_folds_to_itself(text in any::<String>()) {
            let folded = fold(&text);

            prop_assert!(!folded.contains("  ") && folded.trim() == folded);
            prop_assert_eq!(fold(&folded), folded);
        }
    }
}
