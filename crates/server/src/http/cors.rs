//! Cross-origin requests: the web app may be hosted elsewhere.
//!
//! Any origin may use this server, without credentials; or only those that the configuration names, with
//! them. `*` with credentials is not a thing browsers accept.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS as ALLOW_CREDENTIALS,
            ACCESS_CONTROL_ALLOW_HEADERS as ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS as ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN as ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS as EXPOSE_HEADERS,
            ACCESS_CONTROL_MAX_AGE as MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS as REQUEST_HEADERS,
            ACCESS_CONTROL_REQUEST_METHOD as REQUEST_METHOD, ORIGIN, VARY,
        },
    },
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS");

/// The same, for those who ask for one more.
const METHODS_AND_PATCH: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS, PATCH");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// With credentials `*` would be a header's name, so those a page has a use for are listed.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Accept-Ranges, Cache-Control, Content-Length, Content-Range, Content-Type, Date, ETag, Retry-After",
);

/// Whether a browser asks what it may do, before it does it.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(REQUEST_METHOD)
}

/// The answer to a browser that asks. [`Page::mark`] adds who may.
pub(super) fn preflight(asked: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let wants_patch = asked.get(REQUEST_METHOD).is_some_and(|method| method == Method::PATCH.as_str());
    headers.insert(ALLOW_METHODS, if wants_patch { METHODS_AND_PATCH } else { METHODS });
    headers.insert(MAX_AGE, HeaderValue::from_static("3600"));
    // Mirrored, not `*`: that would leave `Authorization` out.
    if let Some(names) = asked.get(REQUEST_HEADERS) {
        headers.insert(ALLOW_HEADERS, names.clone());
    }
    let vary = "Access-Control-Request-Headers, Access-Control-Request-Method";
    headers.insert(VARY, HeaderValue::from_static(vary));
    response
}

/// The page a request comes from, as far as cross-origin rules care.
pub(super) enum Page {
    /// Any page may read the answer.
    Any,
    /// This page, named in the configuration, may read it and send credentials.
    Named(HeaderValue),
    /// A page that is not named, or no page at all.
    Other,
}

impl Page {
    /// What `headers` say about the page, where only `allowed` may come in, or everyone if that is empty.
    pub(super) fn of(headers: &HeaderMap, allowed: &[String]) -> Self {
        if allowed.is_empty() {
            return Self::Any;
        }
        match headers.get(ORIGIN) {
            Some(origin) if allowed.iter().any(|name| name.as_bytes() == origin.as_bytes()) => {
                Self::Named(origin.clone())
            }
            _ => Self::Other,
        }
    }

    /// Say in the answer whether the page may read it.
    pub(super) fn mark(self, headers: &mut HeaderMap) {
        match self {
            Self::Any => {
                headers.insert(ALLOW_ORIGIN, ANY);
                headers.insert(EXPOSE_HEADERS, ANY);
            }
            Self::Named(origin) => {
                headers.insert(ALLOW_ORIGIN, origin);
                headers.insert(ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.insert(EXPOSE_HEADERS, EXPOSED);
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
            Self::Other => {
                headers.append(VARY, HeaderValue::from_static("Origin"));
            }
        }
    }
}
