//! What a request for a live playlist asks for: delivery directives (RFC 8216bis, 6.2.5) and the buffer profile.

use std::{num::ParseIntError, str::FromStr, time::Duration};

/// A place in a live playlist: what a blocked reload waits for.
///
/// Ordered as playback meets them, but for the whole segment, which stands before its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// A media sequence number.
    pub segment: u64,
    /// A part of that segment, counted from 0; `None` is the whole segment.
    pub part: Option<u64>,
}

/// The delivery directives of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Directives {
    /// `_HLS_msn` and `_HLS_part`: answer when the playlist reaches this (6.2.5.2).
    pub position: Option<Position>,
    /// `_HLS_skip`: a delta update will do (6.2.5.1). We list no date ranges, so `v2` asks for no more than `YES`.
    pub skip: bool,
}

/// Why a query's delivery directives cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectiveError {
    /// A directive stands in the query more than once.
    #[error("{name} is given twice")]
    Twice {
        /// Its name.
        name: &'static str,
    },
    /// The value is not a decimal integer of 64 bits.
    #[error("{name} is no decimal integer: {source}")]
    Number {
        /// Its name.
        name: &'static str,
        /// What is wrong with the value.
        source: ParseIntError,
    },
    /// `_HLS_part` says which part, but not of which segment.
    #[error("_HLS_part needs _HLS_msn")]
    PartAlone,
    /// The value of `_HLS_skip` is not one of the two there are.
    #[error("_HLS_skip is neither YES nor v2")]
    Skip,
}

impl Directives {
    /// Read the directives in the query of a URL (without its `?`). Other parameters are ignored.
    ///
    /// # Errors
    ///
    /// A directive that is malformed, stands there twice or lacks another; 6.2.5.2 answers that with 400.
    pub fn parse(query: &str) -> Result<Self, DirectiveError> {
        let segment = number(query, "_HLS_msn")?;
        let part = number(query, "_HLS_part")?;
        let skip = match value(query, "_HLS_skip")? {
            None => false,
            Some("YES" | "v2") => true,
            Some(_) => return Err(DirectiveError::Skip),
        };
        let position = match (segment, part) {
            (Some(segment), part) => Some(Position { segment, part }),
            (None, None) => None,
            (None, Some(_)) => return Err(DirectiveError::PartAlone),
        };
        Ok(Self { position, skip })
    }
}

fn number(query: &str, name: &'static str) -> Result<Option<u64>, DirectiveError> {
    let Some(text) = value(query, name)? else { return Ok(None) };
    // `parse` alone would take a sign.
    let digits = if text.starts_with('+') { "+" } else { text };
    digits.parse().map(Some).map_err(|source| DirectiveError::Number { name, source })
}

fn value<'a>(query: &'a str, name: &'static str) -> Result<Option<&'a str>, DirectiveError> {
    let mut values = query
        .split('&')
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .filter_map(|(found, value)| (found == name).then_some(value));
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(DirectiveError::Twice { name }),
    }
}

/// How much a viewer holds back from the live edge: less is sooner, more rides out longer gaps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// As close to live as parts allow.
    Fast,
    /// Rides out the usual hiccups of a swarm.
    #[default]
    Balanced,
    /// Rides out a reconnection.
    Smooth,
    /// Rides out a new session of a slow swarm.
    Solid,
}

/// A word that is no [`Profile`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no such profile; there are fast, balanced, smooth and solid")]
pub struct UnknownProfile;

impl Profile {
    /// How far from the end of the playlist a player should stay: `PART-HOLD-BACK`.
    #[must_use]
    pub const fn hold_back(self) -> Duration {
        match self {
            // Three part targets of 0.32 s: the least that a server should ask for (4.4.3.8).
            Self::Fast => Duration::from_millis(960),
            Self::Balanced => Duration::from_secs(12),
            Self::Smooth => Duration::from_secs(20),
            Self::Solid => Duration::from_secs(30),
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        match name {
            "fast" => Ok(Self::Fast),
            "balanced" => Ok(Self::Balanced),
            "smooth" => Ok(Self::Smooth),
            "solid" => Ok(Self::Solid),
            _ => Err(UnknownProfile),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(segment: u64, part: Option<u64>) -> Option<Position> {
        Some(Position { segment, part })
    }

    fn refused(query: &str) -> String {
        Directives::parse(query).unwrap_err().to_string()
    }

    #[test]
    fn directives_stand_among_other_parameters_in_any_order() {
        let read = |query| Directives::parse(query).unwrap();

        assert_eq!(read(""), Directives::default());
        assert_eq!(read("profile=fast&_HLS_next=1&_HLS_msn2=x&&"), Directives::default());
        assert_eq!(read("_HLS_msn=273"), Directives { position: position(273, None), skip: false });
        assert_eq!(
            read("_HLS_skip=YES&_HLS_part=0&profile=fast&_HLS_msn=18446744073709551615"),
            Directives { position: position(u64::MAX, Some(0)), skip: true }
        );
        assert_eq!(read("_HLS_skip=v2"), Directives { position: None, skip: true });
    }

    #[test]
    fn a_directive_that_makes_no_sense_is_refused_with_its_name_and_the_reason() {
        insta::assert_snapshot!(refused("_HLS_part=1"), @"_HLS_part needs _HLS_msn");
        insta::assert_snapshot!(refused("_HLS_msn=1&x&_HLS_msn=1"), @"_HLS_msn is given twice");
        insta::assert_snapshot!(refused("_HLS_skip=YES&_HLS_skip=v2"), @"_HLS_skip is given twice");
        insta::assert_snapshot!(refused("_HLS_skip=yes"), @"_HLS_skip is neither YES nor v2");
        insta::assert_snapshot!(
            refused("_HLS_msn"),
            @"_HLS_msn is no decimal integer: cannot parse integer from empty string"
        );
        insta::assert_snapshot!(
            refused("_HLS_msn=1&_HLS_part=-1"),
            @"_HLS_part is no decimal integer: invalid digit found in string"
        );
        insta::assert_snapshot!(
            refused("_HLS_msn=+1"),
            @"_HLS_msn is no decimal integer: invalid digit found in string"
        );
        insta::assert_snapshot!(
            refused("_HLS_msn=18446744073709551616"),
            @"_HLS_msn is no decimal integer: number too large to fit in target type"
        );
    }

    #[test]
    fn a_profile_is_one_of_four_and_balanced_unless_said() {
        let seconds = ["fast", "balanced", "smooth", "solid"]
            .map(|name| name.parse::<Profile>().unwrap().hold_back().as_secs_f64());

        assert_eq!(seconds, [0.96, 12.0, 20.0, 30.0]);
        assert_eq!(Profile::default(), Profile::Balanced);
        assert_eq!(
            "Fast".parse::<Profile>().unwrap_err().to_string(),
            "no such profile; there are fast, balanced, smooth and solid"
        );
    }
}
