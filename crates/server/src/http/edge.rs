//! What every request passes: cross-origin rules, the password, the figures, the log of problems.
//!
//! One plain function around the router rather than a stack of layers, and past it for what players fetch again and
//! again: a segment must cost no more here than in nginx.

use std::time::Instant;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header},
    response::IntoResponse as _,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::body::Incoming;
use tower::Service as _;

use super::{
    Kind, Problem, Services,
    cors::{self, Page},
    live::Wanted,
    problem::Report,
    router,
};

/// The longest address. Hundreds of IDs for the events fit.
const MAX_ADDRESS: usize = 32 << 10;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The way in.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    router: Router,
    pub(super) services: Services,
}

impl Edge {
    pub(super) fn new(services: Services) -> Self {
        Self { router: router::routes(&services).with_state(services.clone()), services }
    }

    /// Answer one request. Whatever goes wrong is in the answer.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let begun = Instant::now();
        let page = Page::of(request.headers(), &self.services.http.allowed_origins);
        let asked = (request.method().clone(), request.uri().clone());
        let mut response = self.route(request).await;
        if let Some(Report { problem, instance }) = response.extensions().get() {
            problem.log(instance, &asked.0, asked.1.path());
        }
        let headers = response.headers_mut();
        // An answer that says nothing of caching is about this moment.
        headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
        page.mark(headers);
        self.services.figures.answered(begun.elapsed());
        response
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        if cors::is_preflight(&request) {
            return cors::preflight(request.headers());
        }
        if let Err(problem) = self.admit(&request).and_then(|()| check_length(request.uri())) {
            return problem.into_response();
        }
        let (parts, body) = request.into_parts();
        if let Some(wanted) = Wanted::of(&parts.method, parts.uri.path()) {
            // While a body waits to be read, nobody would notice that the client has gone.
            drop(body);
            return wanted.answer(&self.services, &parts).await;
        }
        let Ok(response) = self.router.clone().call(Request::from_parts(parts, body)).await;
        response
    }

    /// Let in who may come in. `/health` is for everyone: it says nothing that is not known anyway.
    fn admit<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        let Some(password) = &self.services.http.password else { return Ok(()) };
        if request.uri().path() == "/health" {
            return Ok(());
        }
        match given_password(request.headers()) {
            Some(given) if password.matches(&given) => Ok(()),
            given => Err(refusal(given.is_some())),
        }
    }
}

fn check_length(address: &Uri) -> Result<(), Problem> {
    let bytes = address.path_and_query().map_or(0, |it| it.as_str().len());
    if bytes <= MAX_ADDRESS {
        return Ok(());
    }
    let detail = format!("The address has {bytes} bytes, of at most {MAX_ADDRESS}.");
    Err(Problem::new(Kind::TooLarge, detail).status(StatusCode::URI_TOO_LONG))
}

/// The password in `Authorization: Basic` (with any user name) or `Bearer`.
fn given_password(headers: &HeaderMap) -> Option<Vec<u8>> {
    let given = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, value) = given.split_at(given.iter().position(|byte| *byte == b' ')?);
    let value = value.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(value.to_vec());
    }
    let mut pair = scheme.eq_ignore_ascii_case(b"basic").then(|| BASE64_STANDARD.decode(value).ok())??;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair.split_off(colon + 1))
}

fn refusal(given: bool) -> Problem {
    let detail = if given {
        "The password is not the one in this server's configuration."
    } else {
        "Give the password of this server's configuration, by HTTP Basic with any user name or as a Bearer token."
    };
    Problem::new(Kind::Unauthorized, detail).code("password").header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(r#"Basic realm="acehls", charset="UTF-8""#),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(authorization: &'static str) -> Option<String> {
        let headers =
            [(header::AUTHORIZATION, HeaderValue::from_static(authorization))].into_iter().collect();
        given_password(&headers).map(|given| String::from_utf8(given).unwrap())
    }

    #[test]
    fn the_password_is_found_in_basic_and_bearer() {
        assert_eq!(given("Basic dHY6b3Blbjpz").as_deref(), Some("open:s"));
        assert_eq!(given("bearer  open").as_deref(), Some("open"));
        for odd in ["Basic", "Basic !!", "Basic dHY=", "Digest x", ""] {
            assert_eq!(given(odd), None, "{odd:?}");
        }
    }
}
