//! What is fetched, and what is not.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body as Sent,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use super::{Allowed, Config, Error, Fetcher, Reply, Request, connect::Connector, guard::Guard};

/// A server on loopback.
pub(crate) struct Site {
    pub(crate) base: String,
    port: u16,
    _running: AbortOnDropHandle<()>,
}

/// Serve `routes` on loopback as long as the site is there.
pub(crate) async fn site(routes: Router) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    let running = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    Site { base: format!("http://127.0.0.1:{port}"), port, _running: AbortOnDropHandle::new(running) }
}

/// A fetcher that may reach these hosts, too.
pub(crate) fn allowing(hosts: &[&str]) -> Fetcher {
    let allow = hosts.iter().map(|host| host.parse().unwrap()).collect();
    Fetcher::new(&Config { allow, ..Config::default() })
}

async fn fetch(fetcher: &Fetcher, address: &str) -> Result<String, Error> {
    match fetcher.get(Request::new(address.parse()?)).await? {
        Reply::NotModified => Ok("not modified".to_owned()),
        Reply::Body(body) => Ok(String::from_utf8(body.whole().await?).unwrap()),
    }
}

/// `fetcher` with hosts that are found where `found` says, the first time and the second.
fn finding(allow: &[&str], found: &'static [&'static str]) -> Fetcher {
    let asked = Arc::new(AtomicUsize::new(0));
    let look_up = move |_host: String| {
        let turn = asked.fetch_add(1, Ordering::Relaxed).min(found.len() - 1);
        let ip: IpAddr = found[turn].parse().unwrap();
        Box::pin(async move { Ok(vec![ip]) }) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
    };
    let allow: Vec<Allowed> = allow.iter().map(|host| host.parse().unwrap()).collect();
    let connector = Connector::with(Guard::new(&allow), Arc::new(look_up));
    let config = Config { timeout: Duration::from_secs(5), ..Config::default() };
    Fetcher(Arc::new(super::Inner { config, connector }))
}

#[tokio::test]
async fn a_private_host_is_refused_whatever_way_it_is_written() {
    let Site { port, _running, .. } = site(Router::new().route("/", get(|| async { "secret" }))).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "127.0.0.1.",
    ] {
        let refused = fetch(&allowing(&[]), &format!("http://{host}:{port}/")).await;
        assert!(matches!(refused, Err(Error::Private { .. })), "{host}: {refused:?}");
    }
    assert!(matches!(fetch(&allowing(&[]), "file:///etc/passwd").await, Err(Error::Scheme(_))));
}

#[tokio::test]
async fn who_runs_the_server_can_allow_a_private_host() {
    let site = site(Router::new().route("/", get(|| async { "list" }))).await;

    assert_eq!(fetch(&allowing(&["127.0.0.0/8"]), &site.base).await.unwrap(), "list");
    let by_name = format!("http://localhost:{}/", site.port);
    assert_eq!(fetch(&allowing(&["localhost"]), &by_name).await.unwrap(), "list");
}

#[tokio::test]
async fn a_redirect_to_a_private_host_is_refused() {
    let inner = site(Router::new().route("/", get(|| async { "secret" }))).await;
    for to in [inner.base.replace("127.0.0.1", "127.0.0.2"), format!("http://[::1]:{}", inner.port)] {
        let outer =
            site(Router::new().route("/", get(move || async move { Redirect::temporary(&to) }))).await;

        let refused = fetch(&allowing(&["127.0.0.1"]), &outer.base).await;

        assert!(matches!(refused, Err(Error::Private { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_scheme_is_refused() {
    let to_file = get(|| async { Redirect::temporary("file:///etc/passwd") });
    let site = site(Router::new().route("/", to_file)).await;

    let refused = fetch(&allowing(&["127.0.0.1"]), &site.base).await;
    assert!(matches!(refused, Err(Error::Scheme(_))), "{refused:?}");
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_that_is_connected_to() {
    let site = site(Router::new().route("/", get(|| async { "list" }))).await;
    let address = format!("http://tv.example:{}/", site.port);

    // Allowed where it is first; where it would be next is never asked.
    let fetcher = finding(&["127.0.0.1"], &["127.0.0.1", "127.0.0.2"]);
    assert_eq!(fetch(&fetcher, &address).await.unwrap(), "list");
    let refused = fetch(&fetcher, &address).await;
    assert!(matches!(refused, Err(Error::Private { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_name_that_changes_between_two_redirects_is_looked_at_again() {
    let again = get(|| async { Redirect::temporary("/next") });
    let site = site(Router::new().route("/", again).route("/next", get(|| async { "secret" }))).await;

    let fetcher = finding(&["127.0.0.1"], &["127.0.0.1", "127.0.0.2"]);
    let refused = fetch(&fetcher, &format!("http://tv.example:{}/", site.port)).await;
    assert!(matches!(refused, Err(Error::Private { .. })), "{refused:?}");
}

#[tokio::test]
async fn what_lets_us_in_goes_to_its_own_host_alone() {
    let tell = |headers: HeaderMap| async move {
        headers.get(header::AUTHORIZATION).map_or("none", |value| value.to_str().unwrap()).to_owned()
    };
    let other = site(Router::new().route("/", get(tell))).await;
    let to = other.base.clone();
    let redirect = get(move || async move { Redirect::temporary(&to) });
    let own = site(Router::new().route("/", get(tell)).route("/moved", redirect)).await;
    let with = |path: &str| own.base.replace("http://", "http://me:p%40ss@") + path;

    let fetcher = allowing(&["127.0.0.1"]);
    assert_eq!(fetch(&fetcher, &with("/")).await.unwrap(), "Basic bWU6cEBzcw==");
    assert_eq!(fetch(&fetcher, &with("/moved")).await.unwrap(), "none");
}

#[tokio::test]
async fn what_lets_us_in_goes_along_within_its_own_host() {
    let tell = |headers: HeaderMap| async move {
        headers.get(header::AUTHORIZATION).map_or("none", |value| value.to_str().unwrap()).to_owned()
    };
    let to_whole_address = |headers: HeaderMap| async move {
        Redirect::temporary(&format!("http://{}/list", headers[header::HOST].to_str().unwrap()))
    };
    let site = site(Router::new().route("/", get(to_whole_address)).route("/list", get(tell))).await;

    let address = site.base.replace("http://", "http://me:p%40ss@");
    assert_eq!(fetch(&allowing(&["127.0.0.1"]), &address).await.unwrap(), "Basic bWU6cEBzcw==");
}

#[tokio::test]
async fn the_total_time_ends_a_file_whose_pieces_come_at_once() {
    let endless = || async { Sent::from_stream(tokio_util::io::ReaderStream::new(tokio::io::repeat(b'x'))) };
    let site = site(Router::new().route("/", get(endless))).await;
    let request = Request::new(site.base.parse().unwrap());
    let Reply::Body(mut body) = allowing(&["127.0.0.1"]).get(request).await.unwrap() else {
        panic!("a body")
    };
    assert!(body.chunk().await.unwrap().is_some());

    tokio::time::pause();
    tokio::time::advance(Config::default().total_timeout).await;

    assert!(matches!(body.chunk().await, Err(Error::Slow(600))));
}

#[tokio::test]
async fn no_error_shows_what_lets_us_in() {
    let site = site(Router::new()).await;
    let address = site.base.replace("http://", "http://me:secret@") + "/live/secret/list?token=secret";

    let status = fetch(&allowing(&["127.0.0.1"]), &address).await.unwrap_err();
    let refused = fetch(&allowing(&[]), &address).await.unwrap_err();

    for error in [status, refused] {
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn redirects_have_an_end() {
    let next = |Path(n): Path<u32>| async move { Redirect::temporary(&format!("/{}", n + 1)) };
    let site = site(Router::new().route("/{n}", get(next))).await;

    let refused = fetch(&allowing(&["127.0.0.1"]), &format!("{}/1", site.base)).await;
    assert!(matches!(refused, Err(Error::Redirects)), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_given_up_with_and_without_its_length() {
    let endless = || async { Sent::from_stream(tokio_util::io::ReaderStream::new(tokio::io::repeat(b'x'))) };
    let site = site(
        Router::new().route("/known", get(|| async { "x".repeat(2000) })).route("/endless", get(endless)),
    )
    .await;
    let allow = vec!["127.0.0.1".parse().unwrap()];
    let fetcher = Fetcher::new(&Config { allow, max_bytes: 1000, ..Config::default() });

    for path in ["/known", "/endless"] {
        let refused = fetch(&fetcher, &format!("{}{path}", site.base)).await;
        assert!(matches!(refused, Err(Error::TooLarge(1000))), "{refused:?}");
    }
}

/// `plain` as gzip, as a server sends it.
fn packed(plain: &[u8]) -> impl IntoResponse + Clone + use<> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(plain).unwrap();
    ([(header::CONTENT_ENCODING, "gzip")], encoder.finish().unwrap())
}

#[tokio::test]
async fn what_is_packed_for_the_way_comes_unpacked_and_within_the_limit() {
    let (list, bomb) = (packed(b"list"), packed(&vec![0; 100_000]));
    let routes = Router::new()
        .route("/", get(|| async { list }))
        .route("/bomb", get(|| async { bomb }))
        .route("/other", get(|| async { ([(header::CONTENT_ENCODING, "br")], "?") }));
    let site = site(routes).await;
    let allow = vec!["127.0.0.1".parse().unwrap()];
    let fetcher = Fetcher::new(&Config { allow, max_bytes: 1000, ..Config::default() });

    assert_eq!(fetch(&fetcher, &site.base).await.unwrap(), "list");
    let bomb = fetch(&fetcher, &format!("{}/bomb", site.base)).await;
    assert!(matches!(bomb, Err(Error::TooLarge(1000))));
    let other = fetch(&fetcher, &format!("{}/other", site.base)).await;
    assert!(matches!(other, Err(Error::Packed("br"))), "{other:?}");
}

#[tokio::test]
async fn a_server_is_asked_as_whoever_it_wants_also_after_a_redirect() {
    let tell = |headers: HeaderMap| async move { headers[header::USER_AGENT].to_str().unwrap().to_owned() };
    let routes =
        Router::new().route("/", get(|| async { Redirect::temporary("/list") })).route("/list", get(tell));
    let site = site(routes).await;
    let mut request = Request::new(site.base.parse().unwrap());
    request.user_agent = Some("VLC/3.0".to_owned());

    let Reply::Body(body) = allowing(&["127.0.0.1"]).get(request).await.unwrap() else { panic!("a body") };
    assert_eq!(body.whole().await.unwrap(), b"VLC/3.0");
    let ours = fetch(&allowing(&["127.0.0.1"]), &site.base).await.unwrap();
    assert!(ours.starts_with("acehls/"), "{ours}");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    // The other end stays open and says nothing.
    let (_open, quiet) = tokio::io::duplex(1);
    let quiet = Arc::new(std::sync::Mutex::new(Some(quiet)));
    let silent = move || async move {
        Sent::from_stream(tokio_util::io::ReaderStream::new(quiet.lock().unwrap().take().unwrap()))
    };
    let site =
        site(Router::new().route("/", get(std::future::pending::<&str>)).route("/body", get(silent))).await;
    let allow = vec!["127.0.0.1".parse().unwrap()];
    let fetcher = Fetcher::new(&Config { allow, timeout: Duration::from_millis(50), ..Config::default() });

    for path in ["/", "/body"] {
        let refused = fetch(&fetcher, &format!("{}{path}", site.base)).await;
        assert!(matches!(refused, Err(Error::Silent(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_file_that_did_not_change_is_not_sent_again() {
    let answer = |headers: HeaderMap| async move {
        match headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == "\"1\"") {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(header::ETAG, "\"1\"")], "list").into_response(),
        }
    };
    let site = site(Router::new().route("/", get(answer))).await;
    let fetcher = allowing(&["127.0.0.1"]);
    let mut request = Request::new(site.base.parse().unwrap());

    let Reply::Body(body) = fetcher.get(request.clone()).await.unwrap() else { panic!("it is new") };
    request.etag = body.etag;

    assert!(matches!(fetcher.get(request).await.unwrap(), Reply::NotModified));
}
