//! The two names of a broadcast. They look alike and are not the same thing.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// Why a text is no content ID or infohash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContentId {
    /// Too short or too long.
    #[error("a content ID has 32 to 64 letters and digits (usually 40), this has {0}")]
    Length(usize),
    /// Something that is neither an ASCII letter nor a digit.
    #[error("a content ID has only letters and digits, this has {character:?} at position {position}")]
    Character {
        /// The first character that does not belong.
        character: char,
        /// Which character it is, counted from 1.
        position: usize,
    },
}

macro_rules! name_of_a_broadcast {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The letters and digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidContentId;

            fn from_str(text: &str) -> Result<Self, InvalidContentId> {
                normalise(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidContentId;

            fn try_from(text: String) -> Result<Self, InvalidContentId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                (*name.0).to_owned()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

name_of_a_broadcast! {
    /// What people type and link to: 32 to 64 ASCII letters and digits, usually 40 hexadecimal ones.
    ///
    /// Hexadecimal ones are kept in lower case, so that equal IDs are equal.
    ContentId
}

name_of_a_broadcast! {
    /// Names the swarm that carries a broadcast, written like a [`ContentId`].
    ///
    /// Different content IDs can lead to one infohash. An open re-implementation of the engine answers with the
    /// content ID here, so two equal infohashes are one swarm, but two different ones may be one as well.
    Infohash
}

impl From<&ContentId> for Infohash {
    /// The same digits, taken for an infohash: links in the wild carry either.
    fn from(id: &ContentId) -> Self {
        Self(Arc::clone(&id.0))
    }
}

impl From<&Infohash> for ContentId {
    /// The same digits, taken for a content ID.
    fn from(infohash: &Infohash) -> Self {
        Self(Arc::clone(&infohash.0))
    }
}

fn normalise(text: &str) -> Result<Arc<str>, InvalidContentId> {
    if let Some((index, character)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_alphanumeric()) {
        return Err(InvalidContentId::Character { character, position: index + 1 });
    }
    if !(32..=64).contains(&text.len()) {
        return Err(InvalidContentId::Length(text.len()));
    }
    if text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase().into());
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_hexadecimal_id_is_kept_in_lower_case() {
        assert_eq!(ID.to_uppercase().parse::<ContentId>().unwrap().as_str(), ID);
    }

    #[test]
    fn an_id_with_other_letters_is_kept_as_it_is() {
        let id = "GHIJ".repeat(8);

        assert_eq!(id.parse::<ContentId>().unwrap().to_string(), id);
    }

    #[test]
    fn a_refused_id_says_what_is_wrong() {
        assert_eq!("abc".parse::<ContentId>(), Err(InvalidContentId::Length(3)));
        assert_eq!("a".repeat(65).parse::<ContentId>(), Err(InvalidContentId::Length(65)));
        assert_eq!(
            "ä/".parse::<ContentId>().unwrap_err().to_string(),
            "a content ID has only letters and digits, this has 'ä' at position 1"
        );
    }

    #[test]
    fn an_id_travels_as_a_json_string() {
        let id: ContentId = serde_json::from_str(&format!("\"{ID}\"")).unwrap();

        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{ID}\""));
        assert!(serde_json::from_str::<ContentId>("\"no\"").is_err());
    }
}
