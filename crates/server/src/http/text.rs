//! A playlist as a response: asked for anew each time, compressed for those who can read that.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, header},
};

use crate::live::Text;

const PLAYLIST: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");

/// Answer with `text`, to a request with the headers `asked`.
pub(super) fn respond(text: &Text, asked: &HeaderMap) -> Response<Body> {
    // Viewers of parts reload a few kilobytes three times a second (RFC 8216bis, 6.2.1).
    let gzip = accepts_gzip(asked);
    let mut response = Response::new(Body::from(if gzip { text.gzip() } else { text.plain() }));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PLAYLIST);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether the client names gzip among the codings that it takes (RFC 9110, 12.5.3). `*` alone is not enough: clients
/// that mean gzip say so.
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches(['q', 'Q', '=']);
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(encodings: &'static str) -> bool {
        accepts_gzip(&[(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings))].into_iter().collect())
    }

    #[test]
    fn gzip_is_for_those_who_name_it_and_do_not_refuse_it() {
        for yes in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.5", "identity,gzip ; q=0.001"] {
            assert!(accepts(yes), "{yes:?}");
        }
        for no in ["", "identity", "*", "br", "gzip;q=0", "gzip;q=0.000", "xgzip", "gzip;q=high"] {
            assert!(!accepts(no), "{no:?}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
