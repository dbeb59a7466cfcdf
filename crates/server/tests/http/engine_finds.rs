//! Channels that the engine finds, as they can be added.

use acestream::fake::{Channel, FakeConfig, Profile};
use iptv::{Link, parse_link};
use serde_json::{Value, json};

use crate::app::{TestApp, eventually, faulty, id, kind_and_detail, news, problem};

async fn found(app: &TestApp, query: &str) -> Value {
    let response = app.get(&format!("/api/engine/search?{query}")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    response.json().await.unwrap()
}

fn named(name: &str) -> Channel {
    Channel { name: name.to_owned(), categories: vec!["sport".to_owned()], ..news() }
}

#[tokio::test]
async fn what_the_engine_finds_can_be_added_and_played() {
    let app = TestApp::with(vec![named("Cup TV")], |_| {}).await;

    let mut body = found(&app, "q=%20cup%20").await;

    let checked_at = body["results"][0]["checked_at"].take();
    let infohash = news().infohash.to_string();
    assert!(checked_at.as_str().unwrap().ends_with('Z'), "{checked_at}");
    let expected = json!({
        "results": [{
            "name": "Cup TV", "logo": null, "infohash": infohash, "acestream_hash": infohash,
            "url": format!("acestream:?infohash={infohash}"),
            "languages": ["eng"], "countries": ["gb"], "categories": ["sport"],
            "status": "green", "available": 1.0, "checked_at": null, "bitrate": null,
        }],
        "total": 1, "page": 0, "page_size": 50,
    });
    assert_eq!(body, expected);
    let link = parse_link(body["results"][0]["url"].as_str().unwrap()).unwrap();
    assert_eq!(link, Link::Infohash(infohash.clone()));
    assert_eq!(app.play(&format!(r#"{{"hash": "{infohash}"}}"#)).await.status(), 200);
    let playlist = app.get(&format!("/api/stream/{infohash}/playlist.m3u8")).await;
    assert_eq!(playlist.status(), 200);
    app.end().await;
}

#[tokio::test]
async fn results_come_in_pages_and_by_category() {
    let channel = |number: usize| Channel {
        ids: vec![id(&format!("{number:040x}"))],
        infohash: format!("{number:040x}").parse().unwrap(),
        categories: vec![if number == 7 { "music" } else { "tv" }.to_owned()],
        ..named(&format!("Foo {number}"))
    };
    let app = TestApp::with((0..60).map(channel).collect(), |_| {}).await;

    let second = found(&app, "q=foo&page=1").await;
    let third = found(&app, "q=foo&page=2&page_size=7").await;
    let music = found(&app, "q=foo&category=music").await;

    assert_eq!((&second["total"], &second["page"]), (&60.into(), &1.into()));
    assert_eq!(second["results"].as_array().unwrap().len(), 10);
    assert_eq!(second["results"][0]["name"], "Foo 50");
    assert_eq!((&third["page_size"], &third["results"][0]["name"]), (&7.into(), &"Foo 14".into()));
    assert_eq!((&music["total"], &music["results"][0]["name"]), (&1.into(), &"Foo 7".into()));
    app.end().await;
}

#[tokio::test]
async fn a_search_for_nothing_or_by_odd_parameters_is_refused() {
    let app = TestApp::start().await;
    let refused = async |query: &str| {
        let found = kind_and_detail(app.get(&format!("/api/engine/search{query}")).await).await;
        assert_eq!((found.0, found.1.as_str()), (400, "invalid-request"), "{query}");
        found.2
    };

    assert_eq!(refused("").await, "q: there is nothing to look for.");
    assert_eq!(refused("?q=%20").await, "q: there is nothing to look for.");
    assert_eq!(refused(&format!("?q={}", "a".repeat(201))).await, "q: more than 200 characters.");
    assert_eq!(refused("?q=a&page=10001").await, "page: there are not so many.");
    assert_eq!(refused("?q=a&category=a%26token=b").await, "category: letters, digits and _ only.");
    assert_eq!(refused("?q=a&page_size=201").await, "page_size: 1 to 200.");
    refused("?q=a&page=-1").await;
    refused("?q=a&pages=1").await;
    app.end().await;
}

#[tokio::test]
async fn an_engine_that_wants_its_token_gets_it() {
    let fake = FakeConfig {
        search_needs_token: true,
        speed: 1000.0,
        channels: vec![named("Cup TV")],
        ..FakeConfig::default()
    };
    let app = TestApp::on(fake, |_| {}).await;

    assert_eq!(found(&app, "q=cup").await["total"], 1);
    app.end().await;
}

#[tokio::test]
async fn an_engine_without_a_search_refuses_it() {
    let fake = FakeConfig { profile: Profile::Open, speed: 1000.0, ..FakeConfig::default() };
    let app = TestApp::on(fake, |_| {}).await;

    let refused = kind_and_detail(app.get("/api/engine/search?q=cup").await).await;

    let expected = (502, "engine-refused".to_owned(), "the engine refused: it has no search".to_owned());
    assert_eq!(refused, expected);
    app.end().await;
}

#[tokio::test]
async fn an_engine_that_is_down_is_told() {
    let app =
        TestApp::with(vec![], |config| config.engine.base_url = "http://127.0.0.1:1".parse().unwrap()).await;

    let (status, body) = problem(app.get("/api/engine/search?q=cup").await).await;

    assert_eq!((status, &body["type"]), (503, &"/problems/engine-unreachable".into()));
    assert_eq!(body["code"], "engine_down");
    app.end().await;
}

#[tokio::test]
async fn of_several_engines_the_first_that_is_there_is_asked() {
    let app = TestApp::with(vec![faulty("no-peers")], |config| {
        config.engine.base_url = format!("http://127.0.0.1:1 {}", config.engine.base_url).parse().unwrap();
    })
    .await;
    let search = async || {
        let response = app.get("/api/engine/search?q=channel").await;
        if response.status() == 200 { Some(response.json::<Value>().await.unwrap()) } else { None }
    };

    // The first may not have been found missing yet.
    let body = eventually(search).await;

    let result = &body["results"][0];
    assert_eq!((&result["status"], &result["available"]), (&"yellow".into(), &0.4.into()));
    app.end().await;
}
