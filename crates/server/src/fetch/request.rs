//! A request, and where it is sent on to.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{
    Response,
    body::Incoming,
    header::{self, HeaderValue},
};

use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::{Address, Error};

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it is.
    pub address: Address,
    /// The validators of what is there already (RFC 9110, 8.8).
    pub etag: Option<String>,
    /// The same, by time.
    pub last_modified: Option<String>,
    /// As whom to ask, where not as ourselves.
    pub user_agent: Option<String>,
    /// As many bytes are wanted at most, where that is less than the configuration allows.
    pub max_bytes: Option<usize>,
}

impl Request {
    /// Ask for what is at `address`.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address, etag: None, last_modified: None, user_agent: None, max_bytes: None }
    }

    /// The same where the answer says that it is now, if it says so.
    pub(super) fn redirected(&self, response: &Response<Incoming>) -> Result<Option<Self>, Error> {
        let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        let Some(location) = response.headers().get(header::LOCATION).filter(|_| is_redirect) else {
            return Ok(None);
        };
        let location = location.to_str().map_err(|error| Error::Address(error.to_string()))?;
        let address = self.address.join(location)?;
        // Validators are those of another server's file.
        let (etag, last_modified) = match address.is_same_origin(&self.address) {
            true => (self.etag.clone(), self.last_modified.clone()),
            false => (None, None),
        };
        Ok(Some(Self { address, etag, last_modified, ..self.clone() }))
    }

    fn user_agent(&self) -> HeaderValue {
        let other = self.user_agent.as_ref().and_then(|text| HeaderValue::from_str(text).ok());
        other.unwrap_or(HeaderValue::from_static(concat!("acehls/", env!("CARGO_PKG_VERSION"))))
    }

    /// The request as it is sent. What lets us in goes to the host in whose address it stands, and to no other.
    pub(super) fn message(&self) -> Result<hyper::Request<axum::body::Body>, Error> {
        let invalid = |error: hyper::http::Error| Error::Address(error.to_string());
        let url = self.address.url();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut message = hyper::Request::get(format!("{}{query}", url.path()))
            .header(header::HOST, format!("{}{port}", self.address.host()))
            .header(header::USER_AGENT, self.user_agent())
            .header(header::ACCEPT, "*/*")
            .header(header::ACCEPT_ENCODING, "gzip");
        for (name, value) in
            [(header::IF_NONE_MATCH, &self.etag), (header::IF_MODIFIED_SINCE, &self.last_modified)]
        {
            if let Some(value) = value.as_ref().and_then(|text| HeaderValue::from_str(text).ok()) {
                message = message.header(name, value);
            }
        }
        if let Some(credentials) = credentials(url) {
            message = message.header(header::AUTHORIZATION, credentials);
        }
        message.body(axum::body::Body::empty()).map_err(invalid)
    }
}

/// The name and the password in front of the host, as Basic (RFC 7617).
fn credentials(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let plain = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let pair = [plain(url.username()), plain(url.password().unwrap_or_default())].join(&b':');
    let mut value = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}
