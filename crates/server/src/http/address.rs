//! Where clients reach this server, for the absolute URLs in answers.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts, uri::Authority},
};

use super::{Kind, Problem, Services, connection::Connection};

/// The server's address as this client knows it, without a slash at the end: `https://tv.example`.
///
/// The configured `public_url`, else what a trusted proxy says, else the request's `Host`.
#[derive(Debug)]
pub(super) struct Address(pub(super) String);

impl FromRequestParts<Services> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Problem> {
        if let Some(url) = &services.http.public_url {
            return Ok(Self(url.as_str().trim_end_matches('/').to_owned()));
        }
        let connection = parts.extensions.get::<Connection>();
        let trusted = connection.is_some_and(|connection| services.http.trusts(connection.peer.ip()));
        let told = if trusted { Told::of(&parts.headers) } else { Told::default() };
        let host = told.host.or_else(|| text(&parts.headers, header::HOST.as_str()));
        let host = host.or(parts.uri.authority().map(Authority::as_str)).ok_or_else(no_host)?;
        let host: Authority = host.parse().ok().filter(is_plain).ok_or_else(no_host)?;
        Ok(Self(format!("{}://{host}", told.proto.unwrap_or("http"))))
    }
}

fn no_host() -> Problem {
    Problem::new(
        Kind::InvalidRequest,
        "The request has no valid Host header, so its stream URL cannot be made.",
    )
}

/// A host and maybe a port; no user.
fn is_plain(authority: &Authority) -> bool {
    !authority.as_str().contains('@') && !authority.host().is_empty()
}

/// What a proxy says about the request as it received it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told<'a> {
    proto: Option<&'a str>,
    host: Option<&'a str>,
}

impl<'a> Told<'a> {
    /// `Forwarded` (RFC 7239) where there is one, else `X-Forwarded-*`.
    fn of(headers: &'a HeaderMap) -> Self {
        let told = match text(headers, header::FORWARDED.as_str()) {
            Some(forwarded) => Self::forwarded(forwarded),
            None => Self {
                proto: text(headers, "x-forwarded-proto").map(first),
                host: text(headers, "x-forwarded-host").map(first),
            },
        };
        Self { proto: told.proto.filter(|proto| matches!(*proto, "http" | "https")), ..told }
    }

    /// The first element: what the proxy nearest to the client saw.
    fn forwarded(value: &'a str) -> Self {
        let mut told = Self::default();
        for (name, value) in first(value).split(';').filter_map(|pair| pair.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "proto" => told.proto = Some(value),
                "host" => told.host = Some(value),
                _ => {}
            }
        }
        told
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn first(list: &str) -> &str {
    list.split(',').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn forwarded_outdoes_the_older_headers() {
        let headers = headers(&[
            ("forwarded", "for=192.0.2.1;Proto=https;host=\"tv.example:8443\", for=10.0.0.1;proto=http"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "other.example"),
        ]);

        assert_eq!(Told::of(&headers), Told { proto: Some("https"), host: Some("tv.example:8443") });
    }

    #[test]
    fn of_several_proxies_the_one_nearest_to_the_client_counts() {
        let headers =
            headers(&[("x-forwarded-proto", "https, http"), ("x-forwarded-host", "tv.example, inner")]);

        assert_eq!(Told::of(&headers), Told { proto: Some("https"), host: Some("tv.example") });
    }

    #[test]
    fn a_scheme_that_is_no_web_scheme_is_not_believed() {
        let headers = headers(&[("x-forwarded-proto", "javascript")]);

        assert_eq!(Told::of(&headers).proto, None);
    }
}
