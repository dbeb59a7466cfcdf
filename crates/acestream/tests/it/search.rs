//! Looking for channels: the client against the fake engine's search, with and without its token.

use std::sync::Arc;

use acestream::{
    Availability, Engine, Error, Found, Search,
    fake::{Channel, Profile},
};

use crate::support::{Rig, id};

fn search(query: &str) -> Search {
    Search { query: query.to_owned(), page_size: 10, ..Search::default() }
}

/// A fake engine with 250 channels, `Foo 0` to `Foo 249`, of which every tenth is about sport.
async fn directory() -> Rig {
    Rig::with(|config| {
        let clip = Arc::clone(&config.channels[0].clip);
        config.channels = (0..250)
            .map(|number| Channel {
                name: format!("Foo {number}"),
                infohash: format!("{number:040x}").parse().unwrap(),
                categories: vec![if number % 10 == 0 { "sport" } else { "tv" }.to_owned()],
                ..Channel::new(id(), Arc::clone(&clip))
            })
            .collect();
    })
    .await
}

fn names(found: &Found) -> Vec<&str> {
    found.results.iter().map(|channel| channel.name.as_str()).collect()
}

#[tokio::test]
async fn a_channel_is_found_by_a_part_of_its_name() {
    let rig = Rig::with(|config| "Foo TV".clone_into(&mut config.channels[0].name)).await;

    let found = rig.engine.search(&search("foo")).await.unwrap();
    let nothing = rig.engine.search(&search("bar & baz")).await.unwrap();

    let channel = &found.results[0];
    assert_eq!((found.total, channel.name.as_str(), &channel.infohash), (Some(1), "Foo TV", &rig.infohash));
    assert_eq!((channel.status, channel.availability), (Some(Availability::Green), Some(1.0)));
    assert_eq!((&channel.categories[..], &channel.languages[..]), (&["tv".into()][..], &["eng".into()][..]));
    assert_eq!(channel.bitrate, None);
    assert!(channel.updated_at.is_some());
    assert_eq!(nothing, Found { total: Some(0), results: Vec::new() });
}

#[tokio::test]
async fn a_channel_that_fails_is_yellow() {
    let rig = Rig::with_fault("no-peers").await;

    let found = rig.engine.search(&search("")).await.unwrap();

    assert_eq!(found.results[0].status, Some(Availability::Yellow));
}

#[tokio::test]
async fn results_come_in_pages_of_at_most_200() {
    let rig = directory().await;
    let page = async |page, page_size| {
        let found = rig.engine.search(&Search { page, page_size, ..search("foo") }).await.unwrap();
        assert_eq!(found.total, Some(250));
        found
    };

    assert_eq!(names(&page(2, 3).await), ["Foo 6", "Foo 7", "Foo 8"]);
    assert_eq!(page(0, 5000).await.results.len(), 200);
    assert_eq!(page(1, 200).await.results.len(), 50);
    assert_eq!(page(u32::MAX, 200).await.results.len(), 0);
    let most = rig.get("/search?page_size=5000").await.json();
    assert_eq!(most["result"]["results"].as_array().unwrap().len(), 200);
    assert_eq!(rig.get("/search?page_size=x&page=-1").await.json()["result"]["results"][9]["name"], "Foo 9");
}

#[tokio::test]
async fn a_category_narrows_the_search() {
    let rig = directory().await;
    let about_sport = Search { category: Some("sport".to_owned()), ..search("1") };

    let found = rig.engine.search(&about_sport).await.unwrap();

    assert_eq!(names(&found)[..3], ["Foo 10", "Foo 100", "Foo 110"]);
}

#[tokio::test]
async fn an_engine_that_wants_its_token_is_given_it_and_after_a_restart_the_new_one() {
    let rig = Rig::with(|config| config.search_needs_token = true).await;
    assert_eq!(
        rig.get("/search?query=x").await.text(),
        r#"{"error": {"code": 0, "message": "access denied"}}"#
    );

    rig.engine.search(&search("")).await.unwrap();
    let before = rig.fake.requests();
    rig.engine.search(&search("")).await.unwrap();
    assert_eq!(rig.fake.requests() - before, 1, "the token is kept");

    rig.fake.restart();
    let before = rig.fake.requests();
    assert_eq!(rig.engine.search(&search("")).await.unwrap().total, Some(1));
    assert_eq!(rig.fake.requests() - before, 3, "refused, a new token, and found");
}

#[tokio::test]
async fn the_service_api_searches_for_those_who_have_the_token() {
    let rig = Rig::start().await;
    let token = rig.get("/server/api?method=get_api_access_token").await.json();
    let token = token["result"]["token"].as_str().unwrap().to_owned();

    let denied = rig.get("/server/api?method=search&token=x").await.json();
    let found = rig.get(&format!("/server/api?method=search&token={token}")).await.json();

    assert_eq!(denied["error"]["message"], "access denied");
    assert_eq!(found["result"]["total"], 1);
}

#[tokio::test]
async fn an_engine_without_a_search_says_so() {
    let rig = Rig::with(|config| config.profile = Profile::Open).await;

    let refused = rig.engine.search(&search("foo")).await;

    assert_eq!(refused, Err(Error::Refused("it has no search".to_owned())));
}

#[tokio::test]
async fn an_engine_that_hangs_is_not_waited_for_for_ever() {
    let rig = Rig::start().await;
    rig.fake.set_hanging(true);

    let answer = rig.when_time_passes(rig.engine.search(&search("foo"))).await;

    assert_eq!(answer, Err(Error::Timeout("search")));
}

#[tokio::test]
async fn both_versions_of_the_official_engine_answer_alike() {
    for profile in [Profile::V323, Profile::V3211] {
        let rig = Rig::with(|config| config.profile = profile).await;

        assert_eq!(rig.engine.search(&search("channel")).await.unwrap().total, Some(1));
    }
}

#[tokio::test]
async fn nobody_listening_is_told_as_such() {
    let engine = Engine::new("http://127.0.0.1:1".parse().unwrap()).unwrap();

    assert!(matches!(engine.search(&search("foo")).await, Err(Error::Unreachable(_))));
}
