//! Requests that do not fit: each gets a sentence that says what and where.

use reqwest::Method;
use serde_json::json;

use crate::app::{NEWS, NOBODY, TestApp, kind_and_detail, problem};

#[tokio::test]
async fn a_body_that_does_not_fit_is_told_what_and_where() {
    let app = TestApp::start().await;
    let table = [
        (
            r#"{"hash": "d65257"}"#,
            400,
            "hash: a content ID has 32 to 64 letters and digits (usually 40), this has 6",
        ),
        (
            r#"{"hash": "d65257bb7856e13b718df1dfe65ee482d90dd38/"}"#,
            400,
            "hash: a content ID has only letters and digits, this has '/' at position 40",
        ),
        (
            r#"{"hash": "acestream://d65257bb7856e13b718df1dfe65ee482d90dd384"}"#,
            400,
            "hash: a content ID has only letters and digits, this has ':' at position 10. Give the ID alone, without \
             what stands in front of it.",
        ),
        (r#"{"hash": ""#, 400, "The body is no JSON: hash: EOF while parsing a string at line 1 column 10"),
        ("", 400, "The body is no JSON: EOF while parsing a value at line 1 column 0"),
        (
            r#"{"hash": 5}"#,
            422,
            "The body does not fit: hash: invalid type: integer `5`, expected a string at line 1 column 10",
        ),
        ("{}", 422, "The body does not fit: missing field `hash` at line 1 column 2"),
        (
            r#"{"hash": "d65257", "alternatives": {}}"#,
            422,
            "The body does not fit: alternatives: invalid type: object, expected an array at line 1 column 35",
        ),
        (
            r#"["d65257bb7856e13b718df1dfe65ee482d90dd384", []]"#,
            422,
            "The body is JSON, but no object ({…}).",
        ),
        (" 5 ", 422, "The body is JSON, but no object ({…})."),
        ("[1", 400, "The body is no JSON: EOF while parsing a list at line 1 column 2"),
    ];
    for (body, status, detail) in table {
        let found = kind_and_detail(app.play(body).await).await;
        assert_eq!(found, (status, "invalid-request".to_owned(), detail.to_owned()), "{body}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_problem_has_every_member_of_rfc_9457() {
    let app = TestApp::start().await;

    let (_, body) = problem(app.play(r#"{"hash": "d65257"}"#).await).await;

    assert_eq!(
        body,
        json!({
            "type": "/problems/invalid-request",
            "title": "The request does not fit the API",
            "status": 400,
            "detail": "hash: a content ID has 32 to 64 letters and digits (usually 40), this has 6",
            "instance": null,
        })
    );
    app.end().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_by_its_type_is_refused() {
    let app = TestApp::start().await;

    let response = app.request(Method::POST, "/api/play").body("hash=1").send().await.unwrap();

    assert_eq!(kind_and_detail(response).await.0, 415);

    for (coding, status) in [("gzip", 415), ("br", 415), ("identity", 400)] {
        let request = app.request(Method::POST, "/api/play").header("content-type", "application/json");
        let response =
            request.header("content-encoding", coding).body(r#"{"hash": ""}"#).send().await.unwrap();
        assert_eq!(kind_and_detail(response).await.0, status, "{coding}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let app = TestApp::start().await;

    let response = app.play(&format!(r#"{{"hash": "{}"}}"#, "a".repeat(70_000))).await;

    let (status, kind, detail) = kind_and_detail(response).await;
    assert_eq!((status, kind.as_str()), (413, "too-large"));
    assert_eq!(detail, "The body is larger than is taken here.");
    app.end().await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let patience = std::time::Duration::from_millis(50);
    let app = TestApp::with(vec![], |config| config.http.body_timeout = patience).await;

    let mut tcp = tokio::net::TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let head =
        "POST /api/play HTTP/1.1\r\nhost: tv\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    tcp.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await.unwrap();

    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("The body did not arrive within 50ms."), "{answer}");
    app.end().await;
}

#[tokio::test]
async fn an_address_that_does_not_fit_is_told_what_and_where() {
    let app = TestApp::start().await;
    let table = [
        ("/api/stream/short/playlist.m3u8", 400, "invalid-request"),
        ("/api/stream/short/segment_1.ts", 400, "invalid-request"),
        ("/api/streams/short", 400, "invalid-request"),
        (&*format!("/api/streams/{NOBODY}"), 404, "stream-not-found"),
        (&*format!("/api/stream/{NOBODY}/segment_1.ts"), 404, "segment-not-found"),
        (&*format!("/api/stream/{NOBODY}/segment_x.ts"), 400, "invalid-request"),
        (&*format!("/api/stream/{NOBODY}/segment_-1.ts"), 400, "invalid-request"),
        (&*format!("/api/stream/{NOBODY}/other.mpd"), 404, "not-found"),
        (&*format!("/api/stream/{NEWS}/%ff.ts"), 400, "invalid-request"),
        ("/api/playlists/nowhere/channels", 404, "playlist-not-found"),
        ("/api/playlists/..%2Fsecret/channels", 400, "invalid-request"),
        ("/api/playlists/.hidden/channels", 400, "invalid-request"),
        ("/api/nothing", 404, "not-found"),
        ("/problems/nothing", 404, "not-found"),
    ];
    for (path, status, kind) in table {
        let found = kind_and_detail(app.get(path).await).await;
        assert_eq!((found.0, found.1.as_str()), (status, kind), "{path}: {}", found.2);
        assert!(found.2.len() > 15, "{path}: {}", found.2);
    }
    app.end().await;
}

#[tokio::test]
async fn an_address_that_is_too_long_is_told_so() {
    let app = TestApp::start().await;

    let (status, kind, detail) = kind_and_detail(app.get(&format!("/{}", "x".repeat(33_000))).await).await;

    assert_eq!((status, kind.as_str()), (414, "too-large"));
    assert_eq!(detail, "The address has 33001 bytes, of at most 32768.");
    app.end().await;
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_told_in_words_for_people() {
    let app = TestApp::start().await;
    let path = format!("/api/stream/{NEWS}/live.m3u8?profile=fast&profile=smooth");

    let (status, _, detail) = kind_and_detail(app.get(&path).await).await;

    assert_eq!((status, detail.as_str()), (400, "The query does not fit: duplicate field `profile`"));
    app.end().await;
}

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_refused() {
    let app = TestApp::start().await;

    let response = app.request(Method::PUT, "/api/play").send().await.unwrap();

    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(kind_and_detail(response).await.1, "method-not-allowed");

    for method in [Method::POST, Method::DELETE] {
        let response = app.request(method, "/").send().await.unwrap();
        assert_eq!(response.headers()["allow"], "GET, HEAD");
        assert_eq!(kind_and_detail(response).await.0, 405);
    }
    let nowhere = app.request(Method::POST, "/nowhere.js").send().await.unwrap();
    assert_eq!(kind_and_detail(nowhere).await.0, 404);
    app.end().await;
}

#[tokio::test]
async fn every_problem_leads_to_its_explanation() {
    let app = TestApp::start().await;
    for kind in server::http::Kind::ALL {
        let response = app.get(&format!("/problems/{}", kind.slug())).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        assert!(response.text().await.unwrap().starts_with(kind.slug()));
    }
    app.end().await;
}

#[tokio::test]
async fn stream_urls_begin_with_what_clients_see() {
    let body = format!(r#"{{"hash": "{NEWS}"}}"#);
    let stream_url = async |app: &TestApp, headers: &[(&str, &str)]| -> String {
        let request = app.request(Method::POST, "/api/play").header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer: serde_json::Value =
            request.body(body.clone()).send().await.unwrap().json().await.unwrap();
        answer["stream_url"]
            .as_str()
            .unwrap_or_default()
            .replace(&format!("/api/stream/{NEWS}/playlist.m3u8"), "")
    };
    let forwarded = [("x-forwarded-proto", "https"), ("x-forwarded-host", "tv.example")];

    let app = TestApp::start().await;
    assert_eq!(stream_url(&app, &[("host", "nas.lan:8000")]).await, "http://nas.lan:8000");
    assert_eq!(stream_url(&app, &forwarded).await, app.base, "nobody trusts this proxy");
    app.end().await;

    let app =
        TestApp::with(vec![], |config| config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()])
            .await;
    assert_eq!(stream_url(&app, &forwarded).await, "https://tv.example");
    assert_eq!(stream_url(&app, &[("forwarded", "host=a.example;proto=https")]).await, "https://a.example");
    app.end().await;

    let public = "https://tv.example/ace/".parse().unwrap();
    let app = TestApp::with(vec![], |config| config.http.public_url = Some(public)).await;
    assert_eq!(stream_url(&app, &[]).await, "https://tv.example/ace");
    app.end().await;
}
