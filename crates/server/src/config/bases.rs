//! One address or several: a text with commas or blanks between them, or an array.

use std::{fmt, str::FromStr};

use reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// As many engines are known by address.
const MOST: usize = 32;

/// The addresses of engines, one at least, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases(Vec<Url>);

/// Why a text is no list of addresses. Never holds the text: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBases {
    /// There is none.
    #[error("no address; one is like http://127.0.0.1:6878")]
    None,
    /// There are too many.
    #[error("{0} addresses, of at most {MOST}")]
    TooMany(usize),
    /// One of them does not say how to speak to it: most likely host and port alone.
    #[error("address {0}: an address begins with http://, like http://127.0.0.1:6878")]
    Bare(usize),
    /// One of them is no URL.
    #[error("address {place}: {error}")]
    Url {
        /// Which, counted from 1.
        place: usize,
        /// What is wrong with it.
        error: <Url as FromStr>::Err,
    },
}

impl Bases {
    /// The addresses, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Url> {
        self.0.iter()
    }

    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self, InvalidBases> {
        let mut urls = Vec::new();
        for (index, text) in texts.enumerate() {
            let place = index + 1;
            if !text.contains("://") {
                return Err(InvalidBases::Bare(place));
            }
            let url: Url = text.parse().map_err(|error| InvalidBases::Url { place, error })?;
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        match urls.len() {
            0 => Err(InvalidBases::None),
            count if count > MOST => Err(InvalidBases::TooMany(count)),
            _ => Ok(Self(urls)),
        }
    }
}

impl From<Url> for Bases {
    fn from(url: Url) -> Self {
        Self(vec![url])
    }
}

impl FromStr for Bases {
    type Err = InvalidBases;

    fn from_str(text: &str) -> Result<Self, InvalidBases> {
        let is_between = |c: char| c == ',' || c.is_whitespace();
        Self::of(text.split(is_between).filter(|text| !text.is_empty()))
    }
}

impl fmt::Display for Bases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.iter().map(Url::as_str).collect();
        f.write_str(&texts.join(", "))
    }
}

impl Serialize for Bases {
    /// One address is a text, several are an array.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [only] => serializer.collect_str(only),
            several => serializer.collect_seq(several.iter().map(Url::as_str)),
        }
    }
}

impl<'de> Deserialize<'de> for Bases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an address, or an array of addresses")]
        enum Written {
            Text(String),
            Array(Vec<String>),
        }
        let bases = match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse(),
            Written::Array(texts) => Self::of(texts.iter().map(|text| text.trim())),
        };
        bases.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Section {
        base_url: Bases,
    }

    fn read(toml: &str) -> Result<String, String> {
        let section: Result<Section, _> = toml::from_str(&format!("base_url = {toml}"));
        section.map(|section| section.base_url.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_are_written_with_commas_with_blanks_or_as_an_array() {
        let both = "http://a:1/, http://b:2/";

        assert_eq!(read(r#""http://a:1""#).unwrap(), "http://a:1/");
        assert_eq!(read(r#""http://a:1,http://b:2""#).unwrap(), both);
        assert_eq!(read(r#"" http://a:1  http://b:2, http://a:1/ ""#).unwrap(), both);
        assert_eq!(read(r#"["http://a:1", "http://b:2"]"#).unwrap(), both);
    }

    #[test]
    fn what_is_no_list_is_refused_without_repeating_it() {
        assert!(read(r#"", ,""#).unwrap_err().contains("no address"));
        assert!(read("[]").unwrap_err().contains("no address"));
        let refused = "http://a:1 http://u:secret@b:port".parse::<Bases>().unwrap_err().to_string();
        assert!(refused.starts_with("address 2: ") && !refused.contains("secret"), "{refused}");
        let many = (1..=33).map(|port| format!("http://a:{port} ")).collect::<String>();
        assert_eq!(many.parse::<Bases>(), Err(InvalidBases::TooMany(33)));
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        for text in ["http://a:1", "http://a:1 http://b:2"] {
            let section = Section { base_url: text.parse().unwrap() };
            let written = toml::to_string(&section).unwrap();
            assert_eq!(toml::from_str::<Section>(&written).unwrap(), section);
        }
    }
}
