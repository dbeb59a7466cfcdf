//! What is said to one more than there may be, and what `/metrics` says of it.

use reqwest::{Method, Response};

use crate::app::{NEWS, TestApp, news, problem};

/// The playlist of [`NEWS`], asked for by a program of this name.
async fn ask(app: &TestApp, program: &str) -> Response {
    let request = app.request(Method::GET, &format!("/api/stream/{NEWS}/playlist.m3u8"));
    request.header("user-agent", program).send().await.unwrap()
}

#[tokio::test]
async fn one_viewer_too_many_is_told_which_limit_it_is_and_the_others_go_on() {
    let app = TestApp::with(vec![news()], |config| config.live.max_stream_viewers = 1).await;
    assert_eq!(ask(&app, "one").await.status(), 200);

    let refused = ask(&app, "another").await;

    assert_eq!(refused.headers()["retry-after"], "15");
    let (status, body) = problem(refused).await;
    assert_eq!((status, &body["type"]), (503, &"/problems/viewer-limit".into()));
    assert_eq!((&body["code"], &body["limit"]), (&"limit".into(), &1.into()));
    assert_eq!(body["limit_name"], "max_stream_viewers");
    assert_eq!(ask(&app, "one").await.status(), 200);
    app.end().await;
}

#[tokio::test]
async fn the_metrics_have_every_limit_its_use_and_its_refusals() {
    let app = TestApp::with(vec![news()], |config| config.live.max_viewers = 1).await;
    ask(&app, "one").await;
    ask(&app, "another").await;

    let metrics = app.get("/metrics").await.text().await.unwrap();

    for line in [
        "acehls_limit{limit=\"max_streams\"} 64",
        "acehls_limit{limit=\"max_stream_viewers\"} 10000",
        "acehls_limit{limit=\"max_blocked\"} 10000",
        "acehls_limit{limit=\"max_viewers\"} 1",
        "acehls_limit_used{limit=\"max_streams\"} 1",
        "acehls_limit_used{limit=\"max_viewers\"} 1",
        "acehls_limit_used{limit=\"max_blocked\"} 0",
        "acehls_limit_refused_total{limit=\"max_viewers\"} 1",
        "acehls_limit_refused_total{limit=\"max_streams\"} 0",
    ] {
        assert!(metrics.lines().any(|it| it == line), "{line} in {metrics}");
    }
    let bytes = "acehls_limit_used{limit=\"max_total_window_bytes\"} ";
    let held = metrics.lines().find_map(|line| line.strip_prefix(bytes)).unwrap();
    assert!(held.parse::<u64>().unwrap() > 0, "{metrics}");
    app.end().await;
}
