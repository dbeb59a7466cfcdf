//! Who replaces whom, by the rules of each engine version.

use acestream::{
    Error, Selector,
    fake::{InvalidProfile, Profile},
};

use crate::support::{Answer, ID, Rig, id, read_to_end};

async fn rig(profile: Profile) -> Rig {
    Rig::with(|config| config.profile = profile).await
}

async fn start(rig: &Rig, what: &str, player: &str) -> Answer {
    rig.get(&format!("/ace/{what}?format=json&content_id={ID}{player}")).await
}

#[test]
fn a_profile_is_written_as_its_name() {
    assert_eq!("3.2.3".parse(), Ok(Profile::V323));
    assert_eq!("3.2.11".parse(), Ok(Profile::V3211));
    assert_eq!("open".parse(), Ok(Profile::Open));
    let error: InvalidProfile = "4".parse::<Profile>().unwrap_err();
    assert_eq!(error.to_string(), "no engine \"4\" to imitate; there are 3.2.3, 3.2.11 and open");
}

#[tokio::test]
async fn each_profile_says_its_version_unless_another_is_set() {
    assert_eq!(rig(Profile::V323).await.engine.version().await.unwrap().version, "3.2.3");
    let rig = Rig::with(|config| config.version = Some("3.1.75rc4".to_owned())).await;
    let version = rig.engine.version().await.unwrap();
    assert_eq!((version.version.as_str(), version.code), ("3.1.75rc4", Some(3_017_500)));
}

#[tokio::test]
async fn in_3_2_3_a_second_player_ends_the_first() {
    let rig = rig(Profile::V323).await;
    let (first, mut playback) = rig.playback().await;

    let second = rig.engine.start(&Selector::ContentId(id())).await.unwrap();

    assert_eq!(read_to_end(&mut playback).await.1, Ok(()));
    assert!(matches!(first.statistics().await, Err(Error::Refused(_))));
    assert!(second.statistics().await.is_ok());
    assert_eq!(rig.fake.sessions_open(), 1);
}

#[tokio::test]
async fn in_3_2_3_the_list_of_a_replaced_session_is_forbidden() {
    let rig = rig(Profile::V323).await;
    let first = start(&rig, "manifest.m3u8", "&pid=one").await;
    let second = start(&rig, "manifest.m3u8", "&pid=two").await;

    let list = rig.get(&first.path("playback_url")).await;

    assert_eq!((list.status(), list.text().as_str()), ("403", "Forbidden"));
    assert_eq!(rig.get(&second.path("playback_url")).await.status(), "200");
}

#[tokio::test]
async fn in_3_2_11_two_players_run_side_by_side() {
    let rig = rig(Profile::V3211).await;

    let (_one, mut first) = rig.playback().await;
    let (_two, mut second) = rig.playback().await;

    assert!(first.chunk().await.unwrap().is_some());
    assert!(second.chunk().await.unwrap().is_some());
    assert_eq!((rig.fake.sessions_open(), rig.fake.readers()), (2, 2));
}

#[tokio::test]
async fn in_3_2_11_statistics_of_both_show_the_newer_session() {
    let rig = rig(Profile::V3211).await;
    let one = start(&rig, "getstream", "&pid=one").await;
    let two = start(&rig, "getstream", "&pid=two").await;
    let newest = two.json()["response"]["playback_session_id"].clone();
    assert_ne!(one.json()["response"]["playback_session_id"], newest);

    for answer in [&one, &two] {
        let statistics = rig.get(&answer.path("stat_url")).await.json();
        assert_eq!(statistics["response"]["playback_session_id"], newest);
    }
}

#[tokio::test]
async fn in_3_2_11_stopping_either_ends_both() {
    let rig = rig(Profile::V3211).await;
    let (first, mut playback) = rig.playback().await;
    let second = rig.session().await;

    second.stop().await.unwrap();

    assert_eq!(read_to_end(&mut playback).await.1, Ok(()));
    assert!(matches!(first.statistics().await, Err(Error::Refused(_))));
    assert_eq!(rig.fake.sessions_open(), 0);
}

#[tokio::test]
async fn without_a_player_id_two_starts_share_a_session() {
    for profile in [Profile::V323, Profile::V3211] {
        let rig = rig(profile).await;

        let one = start(&rig, "getstream", "").await;
        let two = start(&rig, "getstream", "").await;

        assert_eq!(one.path("command_url"), two.path("command_url"), "{profile:?}");
        assert_eq!(rig.fake.sessions_started(&rig.infohash), 1, "{profile:?}");
    }
}

#[tokio::test]
async fn one_player_plays_one_thing() {
    let rig = rig(Profile::V3211).await;
    let progressive = start(&rig, "getstream", "&sid=one").await;

    start(&rig, "manifest.m3u8", "&pid=one").await;

    let statistics = rig.get(&progressive.path("stat_url")).await;
    assert_eq!(statistics.json()["error"], "unknown playback session id");
}
