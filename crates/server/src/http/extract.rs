//! Axum's extractors, answering with a [`Problem`] when the request does not fit, and our own.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use bytes::Bytes;
use tokio::time::timeout;

use super::{Kind, Problem, Services, connection::Connection};

/// A JSON body, which comes in time and within the limit.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: serde::de::DeserializeOwned> FromRequest<Services> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, services: &Services) -> Result<Self, Problem> {
        check_media_type(request.headers())?;
        let limit = services.http.body_timeout;
        let read = timeout(limit, Bytes::from_request(request, services)).await.map_err(|_| {
            Problem::new(Kind::InvalidRequest, format!("The body did not arrive within {limit:?}."))
                .status(StatusCode::REQUEST_TIMEOUT)
        })?;
        object(&read?).map(Self)
    }
}

/// Refuse a body that is not JSON by its type, or compressed.
fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let value =
        |name| headers.get(name).map_or("", |value: &HeaderValue| value.to_str().unwrap_or("?")).trim();
    let (kind, coding) = (value(header::CONTENT_TYPE), value(header::CONTENT_ENCODING));
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let detail =
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            "The body is JSON, and says so: Content-Type: application/json."
        } else if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
            "The body is not compressed: send it without Content-Encoding."
        } else {
            return Ok(());
        };
    Err(Problem::new(Kind::InvalidRequest, detail).status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// What the JSON object `body` holds.
fn object<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // An array would be taken for the fields in their order.
    if body.trim_ascii_start().first() == Some(&b'{') {
        return Ok(axum::Json::from_bytes(body)?.0);
    }
    let _ = axum::Json::<serde::de::IgnoredAny>::from_bytes(body)?;
    let detail = "The body is JSON, but no object ({…}).";
    Err(Problem::new(Kind::InvalidRequest, detail).status(StatusCode::UNPROCESSABLE_ENTITY))
}

/// What the libraries say of JSON and queries, and what it is called by people.
const WORDS: [(&str, &str); 6] = [
    ("Failed to parse the request body as JSON: ", "The body is no JSON: "),
    ("Failed to deserialize the JSON body into the target type: ", "The body does not fit: "),
    ("Failed to deserialize query string: ", "The query does not fit: "),
    ("invalid type: map,", "invalid type: object,"),
    ("invalid type: sequence,", "invalid type: array,"),
    ("expected a sequence", "expected an array"),
];

/// `text` in words for people.
fn plain(text: String) -> String {
    WORDS.iter().fold(text, |text, (theirs, ours)| text.replacen(theirs, ours, 1))
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let (status, text) = (rejection.status(), rejection.body_text());
        refused(status, plain(text))
    }
}

/// A body that was not taken.
fn refused(status: StatusCode, text: String) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(Kind::TooLarge, "The body is larger than is taken here.".to_owned());
    }
    Problem::new(Kind::InvalidRequest, text).status(status)
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        refused(rejection.status(), rejection.body_text())
    }
}

/// The parameters of the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Path<T>(pub(super) T);

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Kind::InvalidRequest, rejection.body_text())
    }
}

/// What stands behind the `?`.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Query<T>(pub(super) T);

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(Kind::InvalidRequest, plain(rejection.body_text()))
    }
}

/// Who asks, as far as one can tell without asking: a number of the address and the program.
///
/// It only serves to count viewers. Two televisions of one kind behind one address are one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Viewer(pub(super) u64);

impl FromRequestParts<Services> for Viewer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, services))
    }
}

impl Viewer {
    /// Who sent the request that begins with `parts`.
    pub(super) fn of(parts: &Parts, services: &Services) -> Self {
        let mut number = DefaultHasher::new();
        client(parts, services).hash(&mut number);
        parts.headers.get(header::USER_AGENT).hash(&mut number);
        Self(number.finish())
    }
}

/// The client's address: the connection's, or what trusted proxies say.
fn client(parts: &Parts, services: &Services) -> Option<IpAddr> {
    let peer = parts.extensions.get::<Connection>()?.peer.ip();
    if services.http.trusted_proxies.is_empty() || !services.http.trusts(peer) {
        return Some(peer);
    }
    nearest(&parts.headers, |address| services.http.trusts(address)).or(Some(peer))
}

/// The rightmost client in the headers that is not one of ours, if it is told by address. All to the left of it could
/// be made up.
fn nearest(headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let lines = |name| headers.get_all(name).iter().rev().filter_map(|line: &HeaderValue| line.to_str().ok());
    let stranger = |address: &Option<IpAddr>| address.is_none_or(|address| !trusts(address));
    if headers.contains_key(header::FORWARDED) {
        let elements = lines("forwarded").flat_map(|line| line.rsplit(','));
        return elements.map(|element| node(forwarded_for(element)?)).find(stranger)?;
    }
    lines("x-forwarded-for").flat_map(|line| line.rsplit(',')).map(node).find(stranger)?
}

/// The node after `for=` in an element of `Forwarded` (RFC 7239, 4).
fn forwarded_for(element: &str) -> Option<&str> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, node)| node)
}

/// The address of a node: `192.0.2.1`, `"[2001:db8::1]:4711"`; none for one that hides (RFC 7239, 6).
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers<'a> = &'a [(&'static str, &'static str)];

    /// Who asks, where 10.x.x.x are our proxies.
    fn client(headers: Headers<'_>) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let ours = |address: IpAddr| address.to_string().starts_with("10.");
        nearest(&map, ours).map(|address| address.to_string())
    }

    #[test]
    fn the_nearest_client_that_is_no_proxy_of_ours_asks() {
        let table: [(Headers<'_>, Option<&str>); 10] = [
            (&[], None),
            (&[("x-forwarded-for", "192.0.2.9, 192.0.2.1, 10.0.0.1")], Some("192.0.2.1")),
            (&[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "10.0.0.1")], Some("192.0.2.1")),
            (&[("x-forwarded-for", "192.0.2.1:5555")], Some("192.0.2.1")),
            (&[("x-forwarded-for", "10.0.0.2, 10.0.0.1")], None),
            (&[("forwarded", "for=192.0.2.9, For=192.0.2.1;proto=https, for=10.0.0.1")], Some("192.0.2.1")),
            (&[("forwarded", "proto=https;for=\"[2001:db8::1]:4711\"")], Some("2001:db8::1")),
            (&[("forwarded", "for=\"[2001:db8::1]\""), ("forwarded", "for=10.0.0.1")], Some("2001:db8::1")),
            (&[("forwarded", "for=192.0.2.9, for=_hidden, for=10.0.0.1")], None),
            (&[("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.2")], Some("192.0.2.1")),
        ];
        for (headers, expected) in table {
            assert_eq!(client(headers).as_deref(), expected, "{headers:?}");
        }
    }
}
