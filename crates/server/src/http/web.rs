//! The web app, embedded when this program was built.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header},
    response::IntoResponse as _,
};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::{Kind, Problem};

/// `web/dist`, or the page of `build.rs` that says it was not built.
#[derive(RustEmbed)]
#[folder = "$WEB_DIST"]
struct App;

const INDEX: &str = "index.html";

/// Vite puts what it names by its content here.
const HASHED: &str = "assets/";

/// Scripts are our own. Media, pictures and pages to frame come from wherever a playlist says;
/// hls.js plays through `blob:` URLs and works in a `blob:` worker.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob: http: https:; media-src 'self' data: blob: http: https:; \
     connect-src 'self' data: blob: http: https:; frame-src http: https:; font-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
);

/// Whatever no route took: a file of the app, or its start page for a place within it.
pub(super) async fn serve(request: Request<Body>) -> Result<Response<Body>, Problem> {
    let (method, uri) = (request.method(), request.uri());
    if uri.path().starts_with("/api/") {
        return Err(nothing(method, uri));
    }
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    match App::get(path) {
        Some(_) if !reads => Err(only_to_read(method, uri)),
        Some(file) => Ok(respond(path, file, request.headers())),
        None if reads && is_navigation(request.headers()) => {
            let index = App::get(INDEX).ok_or_else(|| nothing(method, uri))?;
            Ok(respond(INDEX, index, request.headers()))
        }
        None => Err(nothing(method, uri)),
    }
}

/// A page of the app takes no other method than these.
fn only_to_read(method: &Method, uri: &Uri) -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("{} does not take {method}.", uri.path()))
        .header(header::ALLOW, HeaderValue::from_static("GET, HEAD"))
}

/// A method that a route does not take.
pub(super) async fn wrong_method(request: Request<Body>) -> Problem {
    let detail = format!("{} does not take {}.", request.uri().path(), request.method());
    Problem::new(Kind::MethodNotAllowed, detail)
}

fn nothing(method: &Method, uri: &Uri) -> Problem {
    Problem::new(Kind::NotFound, format!("There is no {method} {}.", uri.path()))
}

/// Whether a browser opens a page, rather than a script asking for a file that is not there.
fn is_navigation(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn respond(path: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response<Body> {
    let tag = etag(&file);
    let mut response = if asked.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(Body::from(file.data))
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    headers.insert(header::CONTENT_TYPE, content_type(file.metadata.mimetype()));
    headers.insert(header::CACHE_CONTROL, caching(path));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn caching(path: &str) -> HeaderValue {
    if path.starts_with(HASHED) {
        HeaderValue::from_static("public, max-age=31536000, immutable")
    } else {
        HeaderValue::from_static("no-cache")
    }
}

fn content_type(mime: &str) -> HeaderValue {
    let text = mime.starts_with("text/") || mime == "application/json";
    let value = if text { format!("{mime}; charset=utf-8") } else { mime.to_owned() };
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let short = hash.iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    HeaderValue::from_str(&format!("\"{short}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
