//! Every form in which people pass an AceStream channel on, read into one [`Link`].

mod encoding;
mod http;
mod quote;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use memchr::memchr;

pub(crate) use encoding::percent_decode;
use encoding::{base32_to_hex, base64_decode};
use quote::quote;

/// How long an AceStream ID is, in letters and digits. Real ones are SHA-1: 40.
const ID_LEN: RangeInclusive<usize> = 32..=64;

/// What a link points at.
///
/// IDs are 32 to 64 ASCII letters and digits, lower-cased if hexadecimal. The index of a file inside
/// the content (`&index=2`, `&_idx=2`) is not kept: a channel is live, it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Link {
    /// A content ID. Some in the wild are info-hashes: they look the same, so try the other when one fails.
    ContentId(String),
    /// The info-hash of a swarm.
    Infohash(String),
    /// A magnet link, its base32 hash as 40 hexadecimal digits.
    Magnet {
        /// The info-hash in it.
        infohash: String,
        /// The whole link.
        uri: String,
    },
    /// The URL of a transport file: `.acelive`, `.torrent`, `.acemedia`.
    TransportFile(String),
    /// A transport file itself, base64.
    TransportData(String),
    /// A web page that plays the channel in a frame.
    Embed {
        /// The content ID in its path.
        id: String,
        /// The whole address.
        url: String,
    },
    /// Any other HTTP address: a channel in MPEG-TS or HLS that needs no engine.
    Http(String),
}

impl Link {
    /// The ID by which an engine finds the channel, for the kinds of link that carry one.
    #[must_use]
    pub fn acestream_hash(&self) -> Option<&str> {
        match self {
            Self::ContentId(id) | Self::Infohash(id) | Self::Embed { id, .. } => Some(id),
            Self::Magnet { infohash, .. } => Some(infohash),
            Self::TransportFile(_) | Self::TransportData(_) | Self::Http(_) => None,
        }
    }
}

/// Why a text is no link. The messages quote at most the first 48 characters of it, of an address no more than scheme,
/// host and port: what follows may let anybody in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nothing but white space.
    #[error("the link is empty")]
    Empty,
    /// An ID of the wrong length.
    #[error("\"{id}\" is no AceStream ID: it has {len} characters, an ID has 32 to 64 (usually 40)")]
    IdLength {
        /// The beginning of what stood there.
        id: String,
        /// How many characters stood there.
        len: usize,
    },
    /// An ID with something else than ASCII letters and digits in it.
    #[error("\"{id}\" is no AceStream ID: {character:?} is neither a letter nor a digit")]
    IdCharacter {
        /// The beginning of what stood there.
        id: String,
        /// The first character that cannot be in an ID.
        character: char,
    },
    /// A link to an engine or a player plug-in that does not say which channel.
    #[error("the link \"{0}\" names no channel (id, content_id, infohash, url or magnet)")]
    NoSelector(String),
    /// A magnet link without a BitTorrent v1 hash.
    #[error("the magnet link \"{0}\" has no urn:btih hash of 40 hexadecimal or 32 base32 digits")]
    Magnet(String),
    /// A scheme nobody here can open, such as `rtmp` or `udp`.
    #[error("links of the kind \"{0}\" are not supported")]
    Scheme(String),
    /// None of the known forms.
    #[error("\"{0}\" is no AceStream link, no ID and no web address")]
    Unknown(String),
}

/// Read a link in any of the forms that people paste.
///
/// Besides a link alone, that is a line such as `name : <id>`, or HTML with a link in it.
///
/// # Errors
/// Says what is wrong with the text, when nothing in it is a link.
pub fn parse_link(text: &str) -> Result<Link, LinkError> {
    let text = text.trim();
    exact(text).or_else(|e| find(text).next().map(|found| found.link).ok_or(e))
}

/// A link found in a longer text.
pub(crate) struct Found<'a> {
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) link: Link,
}

/// The links in a line of text or HTML, with the names that stand beside them.
pub(crate) fn find(text: &str) -> impl Iterator<Item = Found<'_>> {
    let mut html = in_html(text).peekable();
    let line = if html.peek().is_none() { at_end_of_line(text) } else { None };
    html.chain(line)
}

/// `<a href="acestream://ID">name</a>`, or `name acestream://ID`.
///
/// Each piece of text is looked at once, however many schemes it is cut up by.
fn in_html(text: &str) -> impl Iterator<Item = Found<'_>> {
    const SCHEME: &str = "acestream://";
    let starts = text.match_indices(SCHEME).map(|(at, _)| at);
    let ends = starts.clone().skip(1).chain([text.len()]);
    starts.zip(ends).enumerate().filter_map(|(index, (start, end))| {
        let before = if index == 0 { &text[..start] } else { "" };
        let piece = &text[start..end];
        let (url, after) = piece.split_at(piece.find(ENDS_URL).unwrap_or(piece.len()));
        let inner = after.split_once('>').map(|(_, inner)| inner.split('<').next().unwrap_or(inner));
        let before = if before.contains(['<', '>']) { "" } else { before };
        Some(Found { name: plain_name(inner.unwrap_or(before)), url, link: exact(url).ok()? })
    })
}

/// What no address has in it, so that it ends one in running text.
const ENDS_URL: [char; 7] = ['"', '\'', '<', '>', ' ', '\t', '\\'];

/// `name : ID` and `name ID`. An ID without its scheme must be 40 hexadecimal digits, as words are not.
fn at_end_of_line(text: &str) -> Option<Found<'_>> {
    let (name, url) = text.rsplit_once([' ', '\t', ':', ',', ';', '|', '='])?;
    let link = (url.len() == 40 && is_hex(url)).then(|| exact(url).ok()).flatten()?;
    Some(Found { name: plain_name(name), url, link })
}

fn plain_name(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ":-–|=,;>".contains(c))
}

/// A text that is nothing but a link.
pub(crate) fn exact(text: &str) -> Result<Link, LinkError> {
    if text.is_empty() {
        return Err(LinkError::Empty);
    }
    let Some((scheme, rest)) = split_scheme(text) else {
        return if is_word(text) {
            id(text).map(Link::ContentId)
        } else {
            Err(LinkError::Unknown(quote(text)))
        };
    };
    let is = |name: &str| scheme == name || scheme.eq_ignore_ascii_case(name);
    match scheme {
        _ if is("http") || is("https") => http::parse(text, rest),
        _ if is("acestream") => acestream(rest),
        _ if is("magnet") => magnet(text),
        _ if is("plugin") => plugin(text, rest),
        other => Err(LinkError::Scheme(quote(&other.to_ascii_lowercase()))),
    }
}

/// The scheme and what follows its colon (RFC 3986, 3.1).
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    // Most are this one.
    if let Some(rest) = text.strip_prefix("http:").filter(|rest| rest.starts_with("//")) {
        return Some(("http", rest));
    }
    let colon = memchr(b':', text.as_bytes())?;
    let (scheme, rest) = (&text[..colon], &text[colon + 1..]);
    let known = ["acestream", "magnet"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let tidy = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c));
    // `Name: something` is text, not a scheme.
    (known || tidy && rest.starts_with("//")).then_some((scheme, rest))
}

/// What follows `acestream:`: `//ID`, `?content_id=ID…`, or the latter with its `?` encoded.
fn acestream(rest: &str) -> Result<Link, LinkError> {
    let rest = rest.trim_start_matches('/');
    let rest = match rest.get(..3) {
        Some(encoded) if encoded.eq_ignore_ascii_case("%3f") => Cow::Owned(percent_decode(rest)),
        _ => Cow::Borrowed(rest),
    };
    match rest.strip_prefix('?') {
        Some(query) => selector(query).unwrap_or_else(|| Err(LinkError::NoSelector(quote(&rest)))),
        None => id(rest.split(['?', '&', '#', '/']).next().unwrap_or("").trim()).map(Link::ContentId),
    }
}

/// The channel that a query names, in the order in which the engine looks; `None` when it names none.
fn selector(query: &str) -> Option<Result<Link, LinkError>> {
    let value = |key| parameter(query, key).filter(|value| !value.is_empty());
    let content_id = || value("content_id").or_else(|| value("id"));
    None.or_else(|| content_id().map(|text| id(&text).map(Link::ContentId)))
        .or_else(|| value("infohash").map(|text| id(&text).map(Link::Infohash)))
        .or_else(|| value("url").map(transport_file))
        .or_else(|| value("magnet").map(|uri| magnet(&uri)))
        .or_else(|| value("data").map(|data| Ok(Link::TransportData(data))))
}

fn transport_file(url: String) -> Result<Link, LinkError> {
    if is_web(&url) { Ok(Link::TransportFile(url)) } else { Err(LinkError::Scheme(quote(&url))) }
}

/// `magnet:?xt=urn:btih:HASH&…`.
fn magnet(uri: &str) -> Result<Link, LinkError> {
    let bad = || LinkError::Magnet(quote(uri));
    let query = uri.split_once('?').ok_or_else(bad)?.1;
    let hash = parameters(query)
        .filter(|(key, _)| key.eq_ignore_ascii_case("xt") || key.starts_with("xt."))
        .find_map(|(_, value)| btih(&percent_decode(value)))
        .ok_or_else(bad)?;
    Ok(Link::Magnet { infohash: hash, uri: uri.to_owned() })
}

fn btih(urn: &str) -> Option<String> {
    const PREFIX: &str = "urn:btih:";
    let hash = urn.get(PREFIX.len()..).filter(|_| urn[..PREFIX.len()].eq_ignore_ascii_case(PREFIX))?;
    if hash.len() == 40 && is_hex(hash) { Some(hash.to_ascii_lowercase()) } else { base32_to_hex(hash) }
}

/// Kodi: Horus has `id` or `infohash` in the query, or a base64 dictionary; Plexus and p2p-streams have `url`.
fn plugin(text: &str, rest: &str) -> Result<Link, LinkError> {
    let missing = || LinkError::NoSelector(quote(text));
    let (name, query) = rest.trim_start_matches('/').split_once('?').ok_or_else(missing)?;
    match name.trim_end_matches('/') {
        "program.plexus" | "plugin.video.p2p-streams" => {
            let url = parameter(query, "url").ok_or_else(missing)?;
            // An ID or an acestream link only: a plug-in inside a plug-in could nest without end.
            acestream(url.strip_prefix("acestream:").unwrap_or(&url))
        }
        "script.module.horus" => {
            selector(query).or_else(|| dictionary(query)).unwrap_or_else(|| Err(missing()))
        }
        _ => Err(LinkError::Scheme(quote(&text[..text.len() - query.len()]))),
    }
}

/// A dictionary in JSON or in Python's notation, base64: `{'action': 'play', 'id': '…'}`.
fn dictionary(query: &str) -> Option<Result<Link, LinkError>> {
    let text = String::from_utf8(base64_decode(&percent_decode(query))?).ok()?;
    let value = |name: &str| {
        let mut strings = text.split(['\'', '"']);
        strings.find(|string| *string == name)?;
        strings.nth(1)
    };
    value("id")
        .map(|text| id(text).map(Link::ContentId))
        .or_else(|| value("infohash").map(|text| id(text).map(Link::Infohash)))
}

/// The name that a link carries in its query, if it does: `dn` of a magnet, `title` or `name` of a plug-in.
pub(crate) fn title(url: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let title = ["dn", "title", "name"].iter().find_map(|key| parameter(query, key))?;
    let title = title.replace('+', " ").trim().to_owned();
    (!title.is_empty()).then_some(title)
}

fn parameter(query: &str, key: &str) -> Option<String> {
    parameters(query).find(|(name, _)| *name == key).map(|(_, value)| percent_decode(value).trim().to_owned())
}

fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = memchr(b'#', query.as_bytes()).map_or(query, |at| &query[..at]);
    // Links copied out of HTML have `&amp;` for `&`.
    let pairs = query.split('&').map(|pair| pair.strip_prefix("amp;").unwrap_or(pair));
    pairs.filter_map(|pair| memchr(b'=', pair.as_bytes()).map(|at| (&pair[..at], &pair[at + 1..])))
}

/// An AceStream ID, lower-cased if it is hexadecimal.
fn id(text: &str) -> Result<String, LinkError> {
    if let Some(character) =
        (!is_word(text)).then(|| text.chars().find(|c| !c.is_ascii_alphanumeric())).flatten()
    {
        return Err(LinkError::IdCharacter { id: quote(text), character });
    }
    if !ID_LEN.contains(&text.len()) {
        return Err(LinkError::IdLength { id: quote(text), len: text.len() });
    }
    Ok(if is_hex(text) { text.to_ascii_lowercase() } else { text.to_owned() })
}

pub(crate) fn is_web(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

// These two look at all bytes without an early end, many at once.
fn is_word(text: &str) -> bool {
    text.bytes().fold(true, |all, c| all & c.is_ascii_alphanumeric())
}

fn is_hex(text: &str) -> bool {
    text.bytes().fold(true, |all, c| all & c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests;
