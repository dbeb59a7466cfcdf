//! Segments: cached for ever, whole or in part.

use reqwest::Method;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::app::{NEWS, TestApp, kind_and_detail};

#[tokio::test]
async fn a_segment_may_be_kept_for_ever() {
    let app = TestApp::start().await;
    let segment = app.first_segment().await;

    let response = app.get(&segment).await;

    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "video/mp2t");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(headers["accept-ranges"], "bytes");
    let body = response.bytes().await.unwrap();
    assert_eq!(headers["content-length"], body.len().to_string().as_str());
    assert_eq!(body.len() % 188, 0);
    assert!(body.chunks(188).all(|packet| packet[0] == 0x47));
    app.end().await;
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let app = TestApp::start().await;
    let segment = app.first_segment().await;

    let got = app.get(&segment).await;
    let head = app.request(Method::HEAD, &segment).send().await.unwrap();

    let without_date = |headers: &reqwest::header::HeaderMap| {
        let mut headers = headers.clone();
        headers.remove("date");
        headers
    };
    assert_eq!(head.status(), 200);
    assert_eq!(without_date(head.headers()), without_date(got.headers()));
    assert!(head.bytes().await.unwrap().is_empty());

    // A range is a thing of GET alone (RFC 9110, 14.2).
    for range in ["bytes=0-99", "bytes=99999999999-"] {
        let head = app.request(Method::HEAD, &segment).header("range", range).send().await.unwrap();
        assert_eq!(head.status(), 200, "{range}");
        assert_eq!(head.headers()["content-length"], got.headers()["content-length"]);
        assert!(!head.headers().contains_key("content-range"));
    }
    app.end().await;
}

#[tokio::test]
async fn an_address_that_is_written_otherwise_leads_to_the_same_file() {
    let app = TestApp::start().await;
    let segment = app.first_segment().await;
    let got = app.get(&segment).await.bytes().await.unwrap();
    // Players fetch it past the router.
    let (front, number) = segment.rsplit_once('_').unwrap();
    let (root, hash) = segment.split_once("/stream/").unwrap();
    let encoded = |text: &str| format!("%{:02X}{}", text.as_bytes()[0], &text[1..]);

    for otherwise in [format!("{front}_{}", encoded(number)), format!("{root}/stream/{}", encoded(hash))] {
        let response = app.get(&otherwise).await;
        assert_eq!(response.status(), 200, "{otherwise}");
        assert_eq!(response.bytes().await.unwrap(), got, "{otherwise}");
    }
    assert_eq!(app.request(Method::POST, &segment).send().await.unwrap().status(), 405);
    assert_eq!(app.get(&format!("{segment}/x_0.ts")).await.status(), 404);
    app.end().await;
}

#[tokio::test]
async fn a_range_is_that_part_of_the_segment() {
    let app = TestApp::start().await;
    let segment = app.first_segment().await;
    let whole = app.get(&segment).await.bytes().await.unwrap();
    let length = whole.len();

    // Beside easy ones, ranges that begin and end within and at the joints of the chunks.
    let ranges =
        [(0, 1), (0, 188), (187, 189), (188, 376), (100, 100_000), (length - 1, length), (0, length)];
    for (first, end) in ranges {
        let end = end.min(length);
        let range = format!("bytes={first}-{}", end - 1);
        let response = app.request(Method::GET, &segment).header("range", &range).send().await.unwrap();
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(
            response.headers()["content-range"],
            format!("bytes {first}-{}/{length}", end - 1).as_str()
        );
        assert_eq!(response.bytes().await.unwrap(), whole[first..end], "{range}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_range_behind_the_end_is_refused_with_the_length() {
    let app = TestApp::start().await;
    let segment = app.first_segment().await;
    let length = app.get(&segment).await.bytes().await.unwrap().len();

    let response = app.request(Method::GET, &segment).header("range", format!("bytes={length}-")).send();
    let response = response.await.unwrap();

    assert_eq!(response.headers()["content-range"], format!("bytes */{length}").as_str());
    let (status, kind, _) = kind_and_detail(response).await;
    assert_eq!((status, kind.as_str()), (416, "range-not-satisfiable"));
    app.end().await;
}

#[tokio::test]
async fn a_segment_that_is_not_there_is_said_to_be_none() {
    let app = TestApp::start().await;
    app.playlist().await;

    let response = app.get(&format!("/api/stream/{NEWS}/segment_1.ts")).await;

    let (status, kind, detail) = kind_and_detail(response).await;
    assert_eq!((status, kind.as_str()), (404, "segment-not-found"));
    assert!(detail.starts_with("Segment 1 is not there. The playlist lists "), "{detail}");
    app.end().await;
}

#[tokio::test]
async fn many_who_ask_on_one_connection_without_waiting_get_what_the_first_got() {
    let app = TestApp::start().await;
    let segment = app.first_segment().await;
    let whole = app.get(&segment).await.bytes().await.unwrap();
    // Behind the third who asks, it comes from a file.
    for _ in 0..3 {
        assert!(app.get(&segment).await.bytes().await.unwrap() == whole);
    }

    let ask = |more: &str| format!("GET {segment} HTTP/1.1\r\nHost: acehls\r\n{more}\r\n");
    let ranges = ["", "Range: bytes=1000-1999\r\n", "Range: bytes=99999999-\r\n", "", "Range: bytes=-77\r\n"];
    let requests: String = ranges.into_iter().chain(["Connection: close\r\n"]).map(ask).collect();
    let mut socket = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let mut answers = Vec::new();
    socket.write_all(requests.as_bytes()).await.unwrap();
    socket.read_to_end(&mut answers).await.unwrap();

    let bodies = bodies(&answers);
    assert_eq!(bodies.len(), 6);
    assert!([0, 3, 5].into_iter().all(|at| bodies[at] == whole));
    assert!(bodies[1] == &whole[1000..2000] && bodies[4] == &whole[whole.len() - 77..]);
    assert!(bodies[2].starts_with(b"{"), "what is wrong with the range");
    app.end().await;
}

/// The bodies of answers that follow each other, each with its length.
fn bodies(mut answers: &[u8]) -> Vec<&[u8]> {
    let mut bodies = Vec::new();
    while let Some(end) = answers.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = str::from_utf8(&answers[..end]).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let (body, rest) = answers[end + 4..].split_at(length.parse().unwrap());
        bodies.push(body);
        answers = rest;
    }
    bodies
}
