//! Web addresses: of an engine, of the proxies around it, of pages that embed a channel, of anything else.

use memchr::{memchr, memchr3};

use super::encoding::percent_decode;
use super::{Link, LinkError, id, is_hex, is_web, parameter, quote, selector};

/// Read the address `url`; `rest` is what follows its scheme and colon.
pub(super) fn parse(url: &str, rest: &str) -> Result<Link, LinkError> {
    let address = Address::split(rest).ok_or_else(|| LinkError::Unknown(quote(url)))?;
    let kind = split(address.path.trim_start_matches('/'), b'/').0;
    let by_kind = || match kind {
        "ace" | "hls" | "content" => session(&address).map(Ok),
        "pid" | "content_id" | "infohash" | "torrent" | "url" | "efile_url" | "direct_url" | "data" => {
            proxy(&address).map(Ok)
        }
        _ => None,
    };
    start(&address, url)
        .or_else(by_kind)
        .or_else(|| embed(&address, url))
        .unwrap_or_else(|| Ok(file(&address, url)))
}

fn has_space(text: &str) -> bool {
    let plain = text.bytes().fold(true, |all, c| all & c.is_ascii_graphic());
    !plain && text.contains(char::is_whitespace)
}

/// What stands before the first `mark`, and behind it.
fn split(text: &str, mark: u8) -> (&str, &str) {
    memchr(mark, text.as_bytes()).map_or((text, ""), |at| (&text[..at], &text[at + 1..]))
}

struct Address<'a> {
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Address<'a> {
    /// From `//user@host:port/path?query#fragment`.
    fn split(rest: &'a str) -> Option<Self> {
        let rest = rest.strip_prefix("//")?;
        let end = memchr3(b'/', b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
        let (authority, behind) = rest.split_at(end);
        let behind = memchr(b'#', behind.as_bytes()).map_or(behind, |at| &behind[..at]);
        let (path, query) = split(behind, b'?');
        // Hardly any has a user, a host in brackets, or what no host has.
        let host = if memchr3(b'@', b'[', b'\\', authority.as_bytes()).is_some() {
            Self::host(authority)?
        } else {
            split(authority, b':').0
        };
        (!host.is_empty() && !has_space(host)).then_some(Self { host, path, query })
    }

    /// The host in `user@[host]:port`.
    fn host(authority: &'a str) -> Option<&'a str> {
        // Browsers take a backslash for a slash, so that another host than ours would follow from it.
        (!authority.contains('\\')).then_some(())?;
        let server = authority.rsplit('@').next().unwrap_or(authority);
        Some(match server.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or(v6),
            None => split(server, b':').0,
        })
    }

    /// The path's parts, still encoded.
    fn parts(&self) -> impl Iterator<Item = &'a str> {
        self.path.split('/').filter(|part| !part.is_empty())
    }
}

/// A request that starts a session at an engine, acexy, an orchestrator (all alike) or mediaflow-proxy.
fn start(address: &Address<'_>, url: &str) -> Option<Result<Link, LinkError>> {
    const STARTS: [&str; 6] = [
        "/ace/getstream",
        "/ace/manifest.m3u8",
        "/hls/getstream",
        "/hls/manifest.m3u8",
        "/proxy/acestream/stream",
        "/proxy/acestream/manifest.m3u8",
    ];
    // Most addresses are none of these, and do not end so.
    address.path.ends_with(['m', '8', '/']).then_some(())?;
    let path = address.path.trim_end_matches('/');
    (path.ends_with("stream") || path.ends_with("manifest.m3u8")).then_some(())?;
    let start = STARTS.iter().find(|start| path.ends_with(*start))?;
    if let Some(manifest) = parameter(address.query, "manifest_url").filter(|url| is_web(url)) {
        return Some(Ok(Link::Http(manifest)));
    }
    let chosen = selector(address.query);
    // Any server may have a playlist at /hls/manifest.m3u8; only an engine has the others.
    let only_an_engine = !start.starts_with("/hls/");
    chosen.or_else(|| only_an_engine.then(|| Err(LinkError::NoSelector(quote(url)))))
}

/// The address of a running session: its key is worth nothing tomorrow, the info-hash in its path is.
fn session(address: &Address<'_>) -> Option<Link> {
    let mut parts = address.parts();
    let hash = match parts.next()? {
        "ace" | "hls" => {
            parts.next().filter(|kind| ["r", "m", "c", "stat", "cmd"].contains(kind))?;
            parts.next()?
        }
        "content" => parts.next()?,
        _ => return None,
    };
    let hash = percent_decode(hash);
    match hash.strip_prefix("cid:") {
        Some(content_id) => id(content_id).ok().map(Link::ContentId),
        None => (hash.len() == 40 && is_hex(&hash)).then(|| Link::Infohash(hash.to_ascii_lowercase())),
    }
}

/// HTTPAceProxy and its kin: `/kind/value/stream.ts`.
fn proxy(address: &Address<'_>) -> Option<Link> {
    let mut parts = address.parts();
    let kind = parts.next()?;
    let value = percent_decode(parts.next()?);
    let is_url = is_web(&value);
    match kind {
        "pid" | "content_id" => id(&value).ok().map(Link::ContentId),
        "infohash" => id(&value).ok().map(Link::Infohash),
        "torrent" | "url" | "efile_url" => is_url.then_some(Link::TransportFile(value)),
        "direct_url" => is_url.then_some(Link::Http(value)),
        // The name behind the value tells the proxy's `/data/` from anybody's.
        "data" => parts.next().filter(|name| name.starts_with("stream.")).map(|_| Link::TransportData(value)),
        _ => None,
    }
}

/// The sites whose pages play a channel in a frame. A closed list, the same as in the web app: what merely looks
/// like one of them, such as `acestream.example.com`, is anybody's.
const EMBED_SITES: [&str; 4] = ["acestream.me", "acestream.org", "acestream.net", "acestream.tv"];

/// `acestream.me/embed/ID`, `acestream.org/play/ID`.
fn embed(address: &Address<'_>, url: &str) -> Option<Result<Link, LinkError>> {
    let host = address.host;
    let is_at = |site: &&str| {
        let sub = host.len().checked_sub(site.len()).and_then(|at| host.split_at_checked(at));
        sub.is_some_and(|(sub, end)| end.eq_ignore_ascii_case(site) && (sub.is_empty() || sub.ends_with('.')))
    };
    EMBED_SITES.iter().find(|site| is_at(site))?;
    let mut parts = address.parts();
    parts.next().filter(|kind| ["embed", "play"].contains(kind))?;
    let id = id(&percent_decode(parts.next()?));
    Some(id.map(|id| Link::Embed { id, url: url.to_owned() }))
}

/// A transport file by its extension, else a plain stream.
fn file(address: &Address<'_>, url: &str) -> Link {
    let path = address.path.as_bytes();
    let ends = |end: &&[u8]| {
        path.len().checked_sub(end.len()).is_some_and(|at| path[at..].eq_ignore_ascii_case(end))
    };
    let is_file = [&b".acelive"[..], b".torrent", b".acemedia"].iter().any(ends);
    if is_file { Link::TransportFile(url.to_owned()) } else { Link::Http(url.to_owned()) }
}
