//! What a playlist is called.

use std::str::FromStr;

/// The name of a playlist: its file's, without the extension. Never a way out of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no name of a playlist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a playlist's name has 1 to 200 bytes, does not begin with a dot and holds no slash, backslash or control"
)]
pub struct InvalidName;

impl FromStr for Name {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let odd = |c: char| c == '/' || c == '\\' || c.is_control();
        if text.is_empty() || text.len() > 200 || text.starts_with('.') || text.contains(odd) {
            return Err(InvalidName);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        for text in ["", ".", "..", "../etc", "a/b", "a\\b", "a\0", ".hidden", &"x".repeat(201)] {
            assert_eq!(text.parse::<Name>(), Err(InvalidName), "{text:?}");
        }
        for text in ["news", "TV España (HD)", "a..b", "demo.old"] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
    }
}
