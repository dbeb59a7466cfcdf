//! Axum's extractors, answering with a [`Problem`] when the request does not fit, and our own.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{JsonRejection, PathRejection},
    },
    http::{StatusCode, header, request::Parts},
};
use tokio::time::timeout;

use super::{Kind, Problem, Services};

/// A JSON body, which comes in time and within the limit.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: serde::de::DeserializeOwned> FromRequest<Services> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, services: &Services) -> Result<Self, Problem> {
        let limit = services.http.body_timeout;
        let read = timeout(limit, axum::Json::from_request(request, services)).await.map_err(|_| {
            Problem::new(Kind::InvalidRequest, format!("The body did not arrive within {limit:?}."))
                .status(StatusCode::REQUEST_TIMEOUT)
        })?;
        Ok(Self(read?.0))
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::new(Kind::TooLarge, rejection.body_text());
        }
        Self::new(Kind::InvalidRequest, rejection.body_text()).status(rejection.status())
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

/// The other end of the connection. The server adds it to every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Who asks, as far as one can tell without asking: a number of the address and the program.
///
/// It only serves to count viewers. Two televisions of one kind behind one address are one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Viewer(pub(super) u64);

impl FromRequestParts<Services> for Viewer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self, Self::Rejection> {
        let mut number = DefaultHasher::new();
        client(parts, services).hash(&mut number);
        parts.headers.get(header::USER_AGENT).hash(&mut number);
        Ok(Self(number.finish()))
    }
}

/// The client's address: the connection's, or what trusted proxies say.
fn client(parts: &Parts, services: &Services) -> Option<IpAddr> {
    let peer = parts.extensions.get::<Peer>()?.0.ip();
    if services.http.trusted_proxies.is_empty() || !services.http.trusts(peer) {
        return Some(peer);
    }
    // The rightmost address that is not one of ours: all to the left of it could be made up.
    let told = parts.headers.get_all("x-forwarded-for").iter().rev();
    let told = told.filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(','));
    let client = told.filter_map(|address| address.trim().parse().ok()).find(|a| !services.http.trusts(*a));
    Some(client.unwrap_or(peer))
}
