//! A server with a password.

use reqwest::{Method, StatusCode};

use crate::app::{NEWS, TestApp, news, problem};

async fn locked() -> TestApp {
    TestApp::with(vec![news()], |config| config.http.password = Some("open: sesame".parse().unwrap())).await
}

#[tokio::test]
async fn nothing_but_health_is_open_without_the_password() {
    let app = locked().await;
    let paths = [
        "/".to_owned(),
        "/index.html".to_owned(),
        "/api/streams".to_owned(),
        "/api/nothing".to_owned(),
        "/problems/unauthorized".to_owned(),
        "/health/".to_owned(),
        "//health".to_owned(),
        format!("/api/stream/{NEWS}/playlist.m3u8"),
    ];
    for path in paths {
        let response = app.get(&path).await;
        assert_eq!(response.headers()["www-authenticate"], r#"Basic realm="acehls", charset="UTF-8""#);
        let (status, body) = problem(response).await;
        assert_eq!((status, &body["code"]), (401, &"password".into()), "{path}");
    }

    assert_eq!(app.get("/health").await.status(), 200);
    assert!(app.fake.sessions_open() == 0);
    app.end().await;
}

#[tokio::test]
async fn the_password_opens_by_basic_with_any_name_and_as_a_bearer_token() {
    let app = locked().await;
    let streams = || app.request(Method::GET, "/api/streams");
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status();

    assert_eq!(status(streams().basic_auth("anyone", Some("open: sesame"))).await, StatusCode::OK);
    assert_eq!(status(streams().basic_auth("", Some("open: sesame"))).await, StatusCode::OK);
    assert_eq!(status(streams().bearer_auth("open: sesame")).await, StatusCode::OK);

    for wrong in ["", "open", "open: sesam", "open: sesame!", "Open: sesame"] {
        let refused = status(streams().basic_auth("anyone", Some(wrong))).await;
        assert_eq!(refused, StatusCode::UNAUTHORIZED, "{wrong:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_segment_behind_a_password_is_for_no_cache_that_others_share() {
    let app = locked().await;
    let get =
        async |path: &str| app.request(Method::GET, path).bearer_auth("open: sesame").send().await.unwrap();
    let stream = format!("/api/stream/{NEWS}");
    let playlist = get(&format!("{stream}/playlist.m3u8")).await.text().await.unwrap();
    let file = playlist.lines().find(|line| !line.starts_with('#')).unwrap();

    let segment = get(&format!("{stream}/{file}")).await;

    assert_eq!(segment.status(), 200);
    assert_eq!(segment.headers()["cache-control"], "private, max-age=31536000, immutable");
    app.end().await;
}
