//! Playlists are compressed for those who can read that; media is not.

use std::io::Read as _;

use flate2::read::GzDecoder;
use reqwest::{Method, Response};

use crate::app::{NEWS, TestApp, assert_valid};

async fn get(app: &TestApp, method: Method, file: &str, encodings: &str) -> Response {
    let path = format!("/api/stream/{NEWS}/{file}");
    app.request(method, &path).header("accept-encoding", encodings).send().await.unwrap()
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn playlists_are_compressed_for_those_who_take_it() {
    let app = TestApp::start().await;

    for file in ["live.m3u8?profile=fast", "live.m3u8?_HLS_skip=YES", "playlist.m3u8", "index.m3u8"] {
        let plain = get(&app, Method::GET, file, "identity").await;
        assert!(!plain.headers().contains_key("content-encoding"), "{file}");
        assert_eq!(plain.headers()["vary"], "accept-encoding", "{file}");

        let packed = get(&app, Method::GET, file, "gzip, deflate, br").await;
        for (name, value) in [
            ("content-encoding", "gzip"),
            ("vary", "accept-encoding"),
            ("content-type", "application/vnd.apple.mpegurl"),
        ] {
            assert_eq!(packed.headers()[name], value, "{file}");
        }

        let packed = packed.bytes().await.unwrap();
        let unpacked = unpacked(&packed);
        assert_valid(&unpacked);
        assert!(file == "index.m3u8" || packed.len() * 2 < unpacked.len(), "{file}: {}", packed.len());
    }
    app.end().await;
}

#[tokio::test]
async fn head_says_what_get_would_and_media_is_never_compressed() {
    let app = TestApp::start().await;

    let asked = get(&app, Method::HEAD, "live.m3u8", "gzip").await;
    assert_eq!(asked.headers()["content-encoding"], "gzip");
    assert!(asked.headers()["content-length"] != "0" && asked.bytes().await.unwrap().is_empty());

    let segment = app.first_segment().await;
    let segment = app.request(Method::GET, &segment).header("accept-encoding", "gzip").send().await.unwrap();
    assert!(!segment.headers().contains_key("content-encoding"));
    app.end().await;
}
