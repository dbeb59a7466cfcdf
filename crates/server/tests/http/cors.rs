//! Pages of other origins.

use reqwest::{Method, Response};

use crate::app::{TestApp, news};

const PAGE: &str = "https://tv.example";

async fn preflight(app: &TestApp, origin: &str) -> Response {
    let request = app.request(Method::OPTIONS, "/api/play").header("origin", origin);
    let request = request.header("access-control-request-method", "DELETE");
    request.header("access-control-request-headers", "content-type,x-odd").send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(format!("access-control-{name}")).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn any_page_may_use_the_server_without_credentials() {
    let app = TestApp::start().await;

    let asked = preflight(&app, PAGE).await;
    assert_eq!(asked.status(), 204);
    assert_eq!(header(&asked, "allow-origin"), Some("*"));
    assert_eq!(header(&asked, "allow-methods"), Some("GET, POST, PUT, DELETE, OPTIONS"));
    assert_eq!(header(&asked, "allow-headers"), Some("content-type,x-odd"));
    assert_eq!(header(&asked, "max-age"), Some("3600"));
    assert_eq!(header(&asked, "allow-credentials"), None);

    let request = app.request(Method::OPTIONS, "/api/settings").header("origin", PAGE);
    let asked = request.header("access-control-request-method", "PATCH").send().await.unwrap();
    assert_eq!(header(&asked, "allow-methods"), Some("GET, POST, PUT, DELETE, OPTIONS, PATCH"));

    for path in ["/health", "/api/nothing", "/"] {
        let answer = app.request(Method::GET, path).header("origin", PAGE).send().await.unwrap();
        assert_eq!(header(&answer, "allow-origin"), Some("*"), "{path}");
        assert_eq!(header(&answer, "expose-headers"), Some("*"), "{path}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_page_named_in_the_configuration_may_send_credentials_and_others_may_not_come() {
    let named = vec![PAGE.to_owned()];
    let app = TestApp::with(vec![news()], |config| config.http.allowed_origins = named).await;

    let asked = preflight(&app, PAGE).await;
    assert_eq!(header(&asked, "allow-origin"), Some(PAGE));
    assert_eq!(header(&asked, "allow-credentials"), Some("true"));

    let answer = app.request(Method::GET, "/health").header("origin", PAGE).send().await.unwrap();
    assert!(header(&answer, "expose-headers").unwrap().contains("Retry-After"));
    assert_eq!(answer.headers()["vary"], "Origin");

    assert_eq!(header(&preflight(&app, "https://other.example").await, "allow-origin"), None);
    app.end().await;
}

#[tokio::test]
async fn a_browser_may_ask_without_the_password() {
    let app =
        TestApp::with(vec![news()], |config| config.http.password = Some("sesame".parse().unwrap())).await;

    assert_eq!(preflight(&app, PAGE).await.status(), 204);

    let refused = app.request(Method::GET, "/api/streams").header("origin", PAGE).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(header(&refused, "allow-origin"), Some("*"));
    app.end().await;
}
