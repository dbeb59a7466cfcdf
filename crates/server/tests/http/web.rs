//! The web app.

use reqwest::Method;

use crate::app::{TestApp, kind_and_detail};

#[tokio::test]
async fn the_start_page_is_asked_for_again_every_time() {
    let app = TestApp::start().await;

    let page = app.get("/").await;

    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["cache-control"], "no-cache");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("worker-src 'self' blob:"));

    let tag = page.headers()["etag"].clone();
    let again = app.request(Method::GET, "/").header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    app.end().await;
}

#[tokio::test]
async fn a_place_in_the_app_is_its_start_page() {
    let app = TestApp::start().await;
    let start = app.get("/").await.text().await.unwrap();

    let browser = app.request(Method::GET, "/channel/12").header("accept", "text/html,*/*;q=0.8");
    let place = browser.send().await.unwrap();

    assert_eq!(place.status(), 200);
    assert_eq!(place.text().await.unwrap(), start);
    app.end().await;
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_the_start_page() {
    let app = TestApp::start().await;

    let script = app.request(Method::GET, "/assets/old.js").header("accept", "*/*").send().await.unwrap();
    assert_eq!(kind_and_detail(script).await.1, "not-found");

    let api = app.request(Method::GET, "/api/nothing").header("accept", "text/html").send().await.unwrap();
    assert_eq!(kind_and_detail(api).await.1, "not-found");

    let post = app.request(Method::POST, "/channel/12").header("accept", "text/html").send().await.unwrap();
    assert_eq!(kind_and_detail(post).await.1, "not-found");
    app.end().await;
}
