//! The client against answers of every shape, from a server that says exactly what it is told.

use acestream::{Engine, Error, Search, Selector, Statistics};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_util::task::TaskTracker;

use crate::support::{ID, id};

/// Answers each connection with the next of `answers`, word for word, and tells what was asked for.
async fn server(answers: Vec<Vec<u8>>) -> (Engine, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let task = TaskTracker::new().spawn(async move {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let count = socket.read(&mut request).await.unwrap();
            let line = String::from_utf8_lossy(&request[..count]).lines().next().unwrap().to_owned();
            asked.push(line);
            // The client may have heard enough before the end.
            let _ = socket.write_all(&answer).await;
        }
        asked
    });
    (Engine::new(base.parse().unwrap()).unwrap(), task)
}

fn ok(kind: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into()
}

fn json(body: &str) -> Vec<u8> {
    ok("application/json", body)
}

fn status(line: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into()
}

fn session() -> Vec<u8> {
    json(&format!(
        r#"{{"response": {{"playback_url": "http://h/ace/r/cid:{ID}/k?x=1", "stat_url": "http://h/s", "command_url": "http://h/c",
            "infohash": "{ID}", "is_live": "1"}}, "error": null}}"#
    ))
}

async fn start(answer: Vec<u8>) -> Result<(), Error> {
    let (engine, _) = server(vec![answer]).await;
    engine.start(&Selector::ContentId(id())).await.map(|_session| ())
}

/// What opening a playback ends with when these are the answers behind the start's.
async fn open(answers: Vec<Vec<u8>>) -> Result<Vec<u8>, Error> {
    let (engine, _) = server([vec![session()], answers].concat()).await;
    let session = engine.start(&Selector::ContentId(id())).await.unwrap();
    let mut playback = session.open().await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = playback.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refused(text: &str) -> Error {
    Error::Refused(text.to_owned())
}

fn unexpected(text: &str) -> Error {
    Error::Unexpected(text.to_owned())
}

#[tokio::test]
async fn an_error_is_one_with_status_200_as_text_and_as_object() {
    let text = r#"{"response": null, "error": "failed to load content"}"#;
    assert_eq!(start(json(text)).await, Err(refused("failed to load content")));

    let object = r#"{"error": {"message": "cannot get transport file", "code": 0}}"#;
    assert_eq!(start(json(object)).await, Err(refused("cannot get transport file")));

    let both = r#"{"response": {"playback_url": "http://h/p"}, "error": "no"}"#;
    assert_eq!(start(json(both)).await, Err(refused("no")));
}

#[tokio::test]
async fn a_short_text_on_500_is_a_refusal() {
    assert_eq!(
        start(status("500 Internal Server Error", "start timeout")).await,
        Err(refused("start timeout"))
    );
}

#[tokio::test]
async fn an_answer_of_another_shape_is_named() {
    let found = start(ok("text/html", "<html>\n<h1>router</h1>")).await;
    assert_eq!(found, Err(unexpected("<html> <h1>router</h1>")));

    assert_eq!(
        start(status("404 Not Found", "nothing here")).await,
        Err(unexpected("HTTP 404: nothing here"))
    );
    assert_eq!(start(status("502 Bad Gateway", "<html>")).await, Err(unexpected("HTTP 502: <html>")));
    assert_eq!(start(json("[1, 2]")).await, Err(unexpected("[1, 2]")));
    assert_eq!(start(json("")).await, Err(unexpected("an empty answer")));
    assert_eq!(start(status("404 Not Found", "")).await, Err(unexpected("HTTP 404: an empty answer")));
    assert_eq!(
        start(json(r#"{"response": null, "error": null}"#)).await,
        Err(unexpected(r#"{"response": null, "error": null}"#))
    );
    assert_eq!(start(json(r#"{"response": {"a": 1}}"#)).await, Err(unexpected(r#"{"a":1}"#)));
    assert_eq!(
        start(json(r#"{"response": {"playback_url": 5}}"#)).await,
        Err(unexpected(r#"{"playback_url":5}"#))
    );
    let no_url = json(r#"{"response": {"playback_url": "mailto:a@b"}}"#);
    assert_eq!(start(no_url).await, Err(unexpected("no URL: mailto:a@b")));
    assert_eq!(start(ok("video/mp2t", "G")).await, Err(unexpected("video/mp2t where JSON was asked for")));
}

#[tokio::test]
async fn a_strange_answer_is_quoted_up_to_200_characters() {
    let Err(Error::Unexpected(quote)) = start(ok("text/plain", &"é".repeat(3000))).await else {
        panic!("expected")
    };

    assert_eq!(quote, "é".repeat(200));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_the_end() {
    let long = json(&"x".repeat(70_000));

    assert_eq!(start(long).await, Err(unexpected("an answer of more than 65536 bytes")));
}

#[tokio::test]
async fn what_is_not_http_is_named_as_such() {
    let Err(Error::Unexpected(what)) = start(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()).await else {
        panic!("expected")
    };

    assert!(what.starts_with("not HTTP"), "{what}");
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_told_from_none() {
    assert!(matches!(start(Vec::new()).await, Err(Error::HungUp(_))));
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);

    let error = Engine::new(base.parse().unwrap()).unwrap().version().await.unwrap_err();

    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn the_start_asks_for_json_with_a_fresh_player() {
    let (engine, asked) = server(vec![session()]).await;

    let _session = engine.start(&Selector::ContentId(id())).await.unwrap();

    let asked = asked.await.unwrap();
    let player = asked[0].strip_prefix("GET /ace/getstream?format=json&pid=").unwrap();
    assert_eq!(player[32..], format!("&content_id={ID} HTTP/1.1"));
}

#[tokio::test]
async fn only_the_paths_of_addresses_are_used_and_their_colons_survive() {
    let media = ok("video/mp2t", "G");
    let (engine, asked) =
        server(vec![session(), media, json(r#"{"response": {}}"#), json(r#"{"response": "ok"}"#)]).await;

    let session = engine.start(&Selector::ContentId(id())).await.unwrap();
    let _ = session.open().await.unwrap();
    assert_eq!(session.statistics().await, Ok(Statistics::default()));
    session.stop().await.unwrap();

    let asked = asked.await.unwrap();
    assert_eq!(asked[1], format!("GET /ace/r/cid:{ID}/k?x=1 HTTP/1.1"));
    assert_eq!(asked[2..], ["GET /s?skip_player_activity=1 HTTP/1.1", "GET /c?method=stop HTTP/1.1"]);
}

#[tokio::test]
async fn what_an_answer_leaves_out_is_done_without() {
    let (engine, _) =
        server(vec![json(r#"{"response": {"playback_url": "/p", "infohash": "?", "is_live": null}}"#)]).await;

    let session = engine.start(&Selector::ContentId(id())).await.unwrap();

    assert_eq!((session.infohash().as_str(), session.is_live()), (ID, true));
    assert!(matches!(session.statistics().await, Err(Error::Unexpected(_))));
    assert_eq!(session.stop().await, Ok(()));
}

#[tokio::test]
async fn media_comes_with_length_in_chunks_or_to_the_end_of_the_connection() {
    let chunked =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n".to_vec();
    let to_the_end = b"HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.3 Python/2.7.13\r\n\r\nabc".to_vec();

    for answer in [ok("video/mp2t", "abc"), chunked, to_the_end] {
        assert_eq!(open(vec![answer]).await, Ok(b"abc".to_vec()));
    }
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_a_cut() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc".to_vec();

    for answer in [short, chunked] {
        assert!(matches!(open(vec![answer]).await, Err(Error::Cut(_))));
    }
}

#[tokio::test]
async fn json_instead_of_media_is_the_engine_speaking() {
    let error = json(r#"{"response": null, "error": "missing selector"}"#);
    assert_eq!(open(vec![error]).await, Err(refused("missing selector")));

    let other = ok("application/json; charset=utf-8", r#"{"response": {"a": 1}}"#);
    assert_eq!(open(vec![other]).await, Err(unexpected(r#"{"a":1}"#)));
}

#[tokio::test]
async fn a_list_or_a_page_instead_of_media_is_named() {
    let list = ok("application/vnd.apple.mpegurl", "#EXTM3U");
    let expected = "application/vnd.apple.mpegurl where a transport stream was asked for";
    assert_eq!(open(vec![list]).await, Err(unexpected(expected)));

    let page = ok("text/html; charset=x", "<html>");
    assert_eq!(open(vec![page]).await, Err(unexpected("text/html where a transport stream was asked for")));
}

#[tokio::test]
async fn an_error_status_on_a_playback_comes_with_its_text() {
    let forbidden = status("403 Forbidden", "Forbidden\n");

    assert_eq!(
        open(vec![forbidden]).await,
        Err(Error::Playback { status: 403, text: "Forbidden".to_owned() })
    );
    assert!(matches!(open(vec![status("304 Not Modified", "")]).await, Err(Error::Unexpected(_))));
}

#[tokio::test]
async fn four_redirects_are_followed_and_a_fifth_is_not() {
    let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/next\r\n\r\n".to_vec();
    let media = ok("video/mp2t", "abc");

    let four = [vec![redirect.clone(); 4], vec![media.clone()]].concat();
    assert_eq!(open(four).await, Ok(b"abc".to_vec()));
    let five = [vec![redirect; 5], vec![media]].concat();
    assert_eq!(open(five).await, Err(unexpected("more than 4 redirects")));
}

#[tokio::test]
async fn a_version_is_asked_of_the_service_api_where_there_is_no_web_interface() {
    let there = json(r#"{"error":null,"result":{"code":200,"version":"0.2.0"}}"#);
    let (engine, asked) = server(vec![status("404 Not Found", ""), there]).await;

    let version = engine.version().await.unwrap();

    assert_eq!((version.version.as_str(), version.platform), ("0.2.0", None));
    assert_eq!(asked.await.unwrap()[1], "GET /server/api?api_version=3&method=get_version HTTP/1.1");
}

#[tokio::test]
async fn a_program_that_is_no_engine_has_no_version() {
    let (engine, _) = server(vec![ok("text/html", "<p>router"), json(r#"{"result": {"version": 7}}"#)]).await;

    assert_eq!(engine.version().await, Err(unexpected(r#"{"version":7}"#)));
}

#[tokio::test]
async fn a_search_goes_on_without_a_token_where_the_engine_gives_none() {
    let denied = json(r#"{"error": {"message": "access denied", "code": 0}}"#);
    let found =
        json(&format!(r#"{{"result": {{"total": 1, "results": [{{"name": "Foo", "infohash": "{ID}"}}]}}}}"#));
    let (engine, asked) = server(vec![denied, found]).await;
    let search =
        Search { query: "a b&c".to_owned(), category: Some("sport".to_owned()), page: 3, page_size: 50 };

    let found = engine.search(&search).await.unwrap();

    assert_eq!(found.results[0].name, "Foo");
    assert_eq!(
        asked.await.unwrap(),
        [
            "GET /server/api?api_version=3&method=get_api_access_token HTTP/1.1",
            "GET /search?query=a+b%26c&page=3&page_size=50&category=sport HTTP/1.1"
        ]
    );
}

#[tokio::test]
async fn a_search_that_is_forbidden_is_refused_and_the_token_not_told() {
    let token = json(r#"{"result": {"token": "s3cret"}}"#);
    let forbidden = status("403 Forbidden", "no /search?token=s3cret");
    let (engine, _) = server(vec![token, forbidden]).await;

    let answer = engine.search(&Search::default()).await;

    assert_eq!(answer, Err(refused("HTTP 403: no /search?token=…")));
}

#[tokio::test]
async fn a_search_without_end_is_not_read_to_the_end() {
    let token = json(r#"{"result": {"token": "s3cret"}}"#);
    let (engine, _) = server(vec![token, json(&"x".repeat(3 << 20))]).await;

    let answer = engine.search(&Search::default()).await;

    assert_eq!(answer, Err(unexpected("an answer of more than 2097152 bytes")));
}
