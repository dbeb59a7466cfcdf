//! An address as people give it. What lets us in is part of it, so that it is shown only in part.

use std::{fmt, str::FromStr};

use reqwest::Url;

use super::Error;

/// The longest address, in bytes.
const LENGTH_MAX: usize = 8192;

/// The names of files that are shown end so. Any other end of a path may be somebody's password, dots and all.
const SHOWN: [&str; 12] =
    ["m3u", "m3u8", "xml", "xmltv", "gz", "php", "txt", "png", "jpg", "jpeg", "svg", "webp"];

/// The longest name of a file that is shown, in bytes: tokens are longer.
const SHOWN_MAX: usize = 32;

/// A web address. Shown, it is the scheme, the host and the name of a file whose kind is known: names, passwords and
/// tokens stand in all other places.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(Url);

impl Address {
    /// The host; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Scheme, host and port, without anything that lets us in.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The whole address: never to be shown.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Where `location` leads from here (RFC 9110, 10.2.2). What lets us in goes along within its own host.
    pub(super) fn join(&self, location: &str) -> Result<Self, Error> {
        let mut url = self.0.join(location).map_err(|error| Error::Address(error.to_string()))?;
        let has_own = !url.username().is_empty() || url.password().is_some();
        if !has_own && (self.0.origin() == url.origin() || self.is_secured_by(&url)) {
            // Only what has no host takes none.
            let _ = url.set_username(self.0.username());
            let _ = url.set_password(self.0.password());
        }
        Self::try_from(url)
    }

    /// Whether `url` is the same host by https, where this is http, both at their usual ports.
    fn is_secured_by(&self, url: &Url) -> bool {
        let places = [&self.0, url].map(|url| (url.scheme(), url.port()));
        places == [("http", None), ("https", None)] && self.0.host() == url.host()
    }

    pub(super) fn is_same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }
}

impl TryFrom<Url> for Address {
    type Error = Error;

    fn try_from(url: Url) -> Result<Self, Error> {
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            scheme => Err(Error::Scheme(scheme.chars().take(16).collect())),
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > LENGTH_MAX {
            return Err(Error::Address(format!("it has more than {LENGTH_MAX} bytes")));
        }
        let url = Url::parse(text.trim()).map_err(|error| Error::Address(error.to_string()))?;
        Self::try_from(url)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut segments = self.0.path_segments().into_iter().flatten();
        let file = segments.next_back().unwrap_or_default();
        let folders = if segments.next().is_some() { "…/" } else { "" };
        let path = match (folders, file) {
            ("", "") => String::new(),
            _ if is_shown(file) => format!("{folders}{file}"),
            _ => "…".to_owned(),
        };
        let query = if self.0.query().is_some() { "?…" } else { "" };
        write!(f, "{}/{path}{query}", self.origin())
    }
}

/// Whether the last part of a path is the name of a file, and of a kind that is known.
fn is_shown(file: &str) -> bool {
    let kind = file.rsplit_once('.').map(|(_, kind)| kind);
    let is_known = |kind: &str| SHOWN.iter().any(|known| kind.eq_ignore_ascii_case(known));
    file.len() <= SHOWN_MAX && kind.is_some_and(is_known)
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Address>().unwrap().to_string()
    }

    #[test]
    fn what_lets_us_in_is_not_shown() {
        assert_eq!(shown("http://me:secret@tv.example:8080/list.m3u"), "http://tv.example:8080/list.m3u");
        assert_eq!(shown("http://tv.example/get.php?username=me&password=x"), "http://tv.example/get.php?…");
        assert_eq!(shown("http://tv.example/lists/TV.M3U8"), "http://tv.example/…/TV.M3U8");
        assert_eq!(shown("http://tv.example/epg.xml.gz"), "http://tv.example/epg.xml.gz");
        assert_eq!(shown("http://tv.example/live/me/secret/1.ts"), "http://tv.example/…");
        assert_eq!(shown("http://tv.example/user.name/pass.word"), "http://tv.example/…");
        assert_eq!(shown("http://tv.example/pass.word/"), "http://tv.example/…");
        assert_eq!(shown("https://tv.example/secret"), "https://tv.example/…");
        assert_eq!(shown("https://tv.example"), "https://tv.example/");
        assert_eq!(
            format!("{:?}", "http://a:b@tv.example/".parse::<Address>().unwrap()),
            "http://tv.example/"
        );
    }

    #[test]
    fn what_lets_us_in_goes_along_to_the_same_host_by_a_way_no_less_safe() {
        let goes_along = |from: &str, to: &str| {
            let next = from.parse::<Address>().unwrap().join(to).unwrap();
            next.url().username() == "me" && next.url().password() == Some("p%40ss")
        };

        assert!(goes_along("http://me:p%40ss@tv.example/", "/list"));
        assert!(goes_along("http://me:p%40ss@tv.example/", "http://tv.example/list"));
        assert!(goes_along("http://me:p%40ss@tv.example/", "https://tv.example/list"));
        assert!(!goes_along("https://me:p%40ss@tv.example/", "http://tv.example/list"));
        assert!(!goes_along("http://me:p%40ss@tv.example/", "http://tv.example:8080/list"));
        assert!(!goes_along("http://me:p%40ss@tv.example:8080/", "https://tv.example/list"));
        assert!(!goes_along("http://me:p%40ss@tv.example/", "//other.example/list"));
        assert!(!goes_along("http://me:p%40ss@tv.example/", "http://you@tv.example/list"));
    }

    #[test]
    fn only_web_addresses_are_addresses() {
        for text in
            ["file:///etc/passwd", "ftp://tv.example/", "gopher://x/", "tv.example/list", "", "http://"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let refused = "data:secret".parse::<Address>().unwrap_err().to_string();
        assert!(!refused.contains("secret"), "{refused}");
    }
}
