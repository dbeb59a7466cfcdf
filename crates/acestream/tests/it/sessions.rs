//! The ordinary path: links, starts, readers, statistics, ends.

use std::{sync::Arc, time::Duration};

use acestream::{
    ContentId, Engine, Error, Form, Infohash, MediaFile, Selector,
    fake::{Channel, WarmUp},
};
use tokio::time::Instant;

use crate::{
    stream::packets,
    support::{ID, Rig, UNKNOWN, id, pass, read_bytes, read_to_end, secs, until},
};

#[tokio::test]
async fn a_session_is_started_read_and_stopped() {
    let rig = Rig::start().await;

    let (session, mut playback) = rig.playback().await;
    let chunk = playback.chunk().await.unwrap().unwrap();

    assert_eq!(chunk[0], 0x47);
    assert_eq!(session.infohash(), &rig.infohash);
    assert!(session.is_live() && !session.is_encrypted());
    assert_eq!((rig.fake.sessions_open(), rig.fake.sessions_started(&rig.infohash)), (1, 1));
    assert_eq!(rig.fake.readers(), 1);
    session.stop().await.unwrap();
    assert_eq!(read_to_end(&mut playback).await.1, Ok(()));
    assert_eq!((rig.fake.sessions_open(), rig.fake.sessions_started(&rig.infohash)), (0, 1));
    rig.fake.shutdown().await;
}

#[tokio::test]
async fn a_reader_gets_the_burst_at_once_from_the_middle_of_a_group_of_pictures() {
    let rig = Rig::start().await;

    let bytes = rig.read(secs(12)).await;

    let packets = packets(&bytes);
    assert!(!packets[0].payload_unit_start() || packets[0].pid().value() != 0);
    assert!(!packets[0].random_access_indicator());
    assert!(packets.iter().any(|packet| packet.random_access_indicator()));
}

#[tokio::test]
async fn behind_the_burst_media_comes_as_time_passes() {
    let rig = Rig::start().await;
    let (_session, mut playback) = rig.playback().await;
    read_bytes(&mut playback, rig.bytes_of(secs(12))).await;

    pass(secs(60)).await;

    read_bytes(&mut playback, rig.bytes_of(secs(72)) - rig.bytes_of(secs(12))).await;
}

#[tokio::test]
async fn without_a_burst_media_takes_its_time() {
    let rig = Rig::with(|config| config.channels[0].burst = Duration::ZERO).await;
    let (_session, mut playback) = rig.playback().await;
    tokio::time::pause();
    let start = Instant::now();

    read_bytes(&mut playback, rig.bytes_of(secs(10))).await;

    assert!(start.elapsed() > Duration::from_millis(9900), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_lump_is_waited_for_and_comes_whole() {
    let rig = Rig::with(|config| {
        config.channels[0].burst = Duration::ZERO;
        config.channels[0].lump = secs(5);
    })
    .await;
    let (_session, mut playback) = rig.playback().await;
    tokio::time::pause();
    let start = Instant::now();

    let first = playback.chunk().await.unwrap().unwrap();
    // The connection was opened a little before the clock was looked at.
    assert!(start.elapsed() > Duration::from_millis(4900), "{:?}", start.elapsed());
    tokio::time::resume();
    let waited = start.elapsed();
    let left = rig.bytes_of(secs(5)).saturating_sub(first.len() + 188);
    read_bytes(&mut playback, left).await;
    assert!(start.elapsed() < waited + secs(5));
}

#[tokio::test]
async fn a_broadcast_with_an_end_comes_whole_at_once_and_ends_its_connection() {
    let rig = Rig::with(|config| {
        config.channels[0].burst = Duration::ZERO;
        config.channels[0].ends_after = Some(secs(20));
    })
    .await;

    for _ in 0..2 {
        let (session, mut playback) = rig.playback().await;
        assert!(!session.is_live());
        let (bytes, end) = read_to_end(&mut playback).await;
        assert_eq!(end, Ok(()));
        assert_eq!(bytes.len(), rig.bytes_of(secs(20)));
        session.stop().await.unwrap();
    }
}

#[tokio::test]
async fn digits_that_are_an_infohash_play_as_one_and_the_form_is_told() {
    let rig = Rig::start().await;
    let link = ContentId::from(&rig.infohash);

    let (by_id, form) = rig.engine.start_any(&id(), None).await.unwrap();
    assert_eq!((by_id.infohash(), form), (&rig.infohash, Form::ContentId));
    let (by_infohash, form) = rig.engine.start_any(&link, None).await.unwrap();
    assert_eq!((by_infohash.infohash(), form), (&rig.infohash, Form::Infohash));

    let before = rig.fake.requests();
    let (_session, form) = rig.engine.start_any(&link, Some(form)).await.unwrap();
    assert_eq!((form, rig.fake.requests() - before), (Form::Infohash, 1));
}

#[tokio::test]
async fn a_form_remembered_wrongly_is_found_out() {
    let rig = Rig::start().await;

    let (_session, form) = rig.engine.start_any(&id(), Some(Form::Infohash)).await.unwrap();

    assert_eq!(form, Form::ContentId);
}

#[tokio::test]
async fn digits_nobody_has_fail_in_both_forms() {
    let rig = Rig::start().await;

    let error = rig.engine.start_any(&UNKNOWN.parse().unwrap(), None).await.unwrap_err();

    assert_eq!(error, Error::Refused("failed to load content".to_owned()));
    assert!(error.is_failed_to_load());
    assert_eq!(rig.fake.requests(), 2);
}

#[tokio::test]
async fn an_infohash_loaded_as_such_is_taken_for_a_content_id_for_a_while() {
    let rig = Rig::start().await;
    let as_id = Selector::ContentId(ContentId::from(&rig.infohash));

    assert!(rig.engine.start(&as_id).await.unwrap_err().is_failed_to_load());
    let _session = rig.engine.start(&Selector::Infohash(rig.infohash.clone())).await.unwrap();
    assert!(rig.engine.start(&as_id).await.is_ok());
}

#[tokio::test]
async fn two_links_to_one_swarm_have_one_infohash() {
    let other: ContentId = "a".repeat(40).parse().unwrap();
    let rig = Rig::with(|config| config.channels[0].ids.push(other.clone())).await;

    let (one, _) = rig.engine.start_any(&id(), None).await.unwrap();
    let (two, _) = rig.engine.start_any(&other, None).await.unwrap();

    assert_eq!(one.infohash(), two.infohash());
    assert_eq!(rig.fake.sessions_started(one.infohash()), 2);
}

#[tokio::test]
async fn the_engine_says_its_version() {
    let rig = Rig::start().await;

    let version = rig.engine.version().await.unwrap();

    assert_eq!((version.version.as_str(), version.code), ("3.2.11", Some(3_021_100)));
    assert_eq!(version.platform.as_deref(), Some("linux"));
}

#[tokio::test]
async fn media_files_name_a_channel_without_a_session() {
    let rig = Rig::with(|config| "Foo".clone_into(&mut config.channels[0].name)).await;

    let files = rig.engine.media_files(&Selector::ContentId(id())).await.unwrap();

    assert_eq!((files.name.as_deref(), files.infohash.as_ref()), (Some("Foo"), Some(&rig.infohash)));
    assert_eq!(files.files, [MediaFile { index: 0, name: "Foo".to_owned() }]);
    assert_eq!(rig.fake.sessions_started(&rig.infohash), 0);
}

#[tokio::test]
async fn media_files_of_what_nobody_has_are_refused() {
    let rig = Rig::start().await;
    let unknown: Infohash = UNKNOWN.parse().unwrap();

    let error = rig.engine.media_files(&Selector::Infohash(unknown)).await.unwrap_err();

    assert_eq!(error, Error::Refused("cannot get transport file".to_owned()));
    assert!(error.is_failed_to_load());
}

#[tokio::test]
async fn statistics_go_from_nothing_to_downloading_without_a_reader() {
    let rig = Rig::with(|config| config.channels[0].start_delay = secs(1000)).await;
    let session = rig.session().await;
    let mut seen = Vec::new();

    for _ in 0..6 {
        let statistics = session.statistics().await.unwrap();
        seen.push((statistics.status, statistics.peers, statistics.live_position.is_some()));
        pass(secs(200)).await;
    }

    let status = |status: &str, peers, is_placed| (status.to_owned(), peers, is_placed);
    let prebuf = status("prebuf", 3, false);
    // The session is idle for the 10th to the 25th part of its start, here between 100 and 250 s.
    let expected = [
        status("", 0, false),
        status("idle", 0, false),
        prebuf.clone(),
        prebuf.clone(),
        prebuf,
        status("dl", 4, true),
    ];
    assert_eq!(seen, expected);
    assert_eq!(rig.fake.readers(), 0);
}

#[tokio::test]
async fn downloaded_bytes_are_counted_in_chunks() {
    let rig = Rig::start().await;
    let session = rig.session().await;

    let statistics = session.statistics().await.unwrap();

    assert!(statistics.is_downloading() && statistics.downloaded > 0);
    assert_eq!(statistics.downloaded % 16_384, 0);
}

#[tokio::test]
async fn a_playback_is_held_until_media_flows() {
    let rig = Rig::with(|config| config.channels[0].start_delay = Duration::from_millis(30)).await;

    let bytes = rig.read(secs(1)).await;

    assert_eq!(bytes[0], 0x47);
}

#[tokio::test]
async fn a_playback_before_media_may_be_an_error_instead() {
    for (warm_up, text) in [(WarmUp::NotFound, "download not found"), (WarmUp::StartTimeout, "start timeout")]
    {
        let rig = Rig::with(|config| {
            config.warm_up = warm_up;
            config.channels[0].start_delay = secs(1000);
        })
        .await;

        let error = rig.session().await.open().await.unwrap_err();

        assert_eq!(error, Error::Playback { status: 500, text: text.to_owned() });
    }
}

#[tokio::test]
async fn a_redirect_whose_body_never_ends_is_followed_without_reading_it() {
    let rig = Rig::with(|config| config.redirects_hang = true).await;
    let start = format!("/ace/getstream?id={ID}");
    let whole_answer = tokio::time::timeout(secs(60), rig.get(&start));
    assert!(rig.when_time_passes(whole_answer).await.is_err());

    let bytes = rig.read(secs(1)).await;

    assert_eq!(bytes[0], 0x47);
}

#[tokio::test]
async fn a_second_reader_gets_a_corrupt_answer_until_the_first_has_left() {
    let rig = Rig::start().await;
    let (session, first) = rig.playback().await;

    let error = session.open().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected(_)), "{error:?}");

    drop(first);
    until(|| rig.fake.readers() == 0).await;
    assert!(session.open().await.is_ok());
}

#[tokio::test]
async fn a_stopped_session_is_unknown() {
    let rig = Rig::start().await;
    let start = rig.get(&format!("/ace/getstream?format=json&content_id={ID}")).await;
    let command = start.path("command_url");

    assert_eq!(
        rig.get(&format!("{command}?method=stop")).await.text(),
        r#"{"response": "ok", "error": null}"#
    );

    let unknown = r#"{"response": null, "error": "unknown playback session id"}"#;
    assert_eq!(rig.get(&format!("{command}?method=stop")).await.text(), unknown);
    assert_eq!(rig.get(&start.path("stat_url")).await.text(), unknown);
    let playback = rig.get(&start.path("playback_url")).await;
    assert_eq!((playback.status(), playback.text().as_str()), ("500", "download not found"));
}

#[tokio::test]
async fn a_session_nobody_watches_expires_and_only_some_polls_count() {
    let rig = Rig::with(|config| config.idle_timeout = secs(1000)).await;
    let start = rig.get(&format!("/ace/getstream?format=json&id={ID}")).await;
    let statistics = start.path("stat_url");

    for _ in 0..3 {
        pass(secs(600)).await;
        assert_eq!(rig.get(&statistics).await.json()["response"]["status"], "dl");
    }
    pass(secs(600)).await;
    rig.get(&format!("{statistics}?skip_player_activity=1")).await;
    pass(secs(600)).await;

    assert_eq!(rig.fake.sessions_open(), 0);
}

#[tokio::test]
async fn a_session_with_a_reader_does_not_expire() {
    let rig = Rig::with(|config| config.idle_timeout = secs(10)).await;
    let (_session, _playback) = rig.playback().await;

    pass(secs(1000)).await;

    assert_eq!(rig.fake.sessions_open(), 1);
}

#[tokio::test]
async fn the_time_out_of_a_session_can_be_set() {
    let rig = Rig::start().await;
    let start = rig.get(&format!("/ace/getstream?format=json&id={ID}")).await;

    rig.get(&format!("{}?method=set_player_activity_timeout&timeout=5", start.path("command_url"))).await;
    pass(secs(6)).await;

    assert_eq!(rig.fake.sessions_open(), 0);
}

#[tokio::test]
async fn an_engine_that_went_down_is_unreachable_and_comes_back_empty() {
    let rig = Rig::start().await;
    let (session, mut playback) = rig.playback().await;

    rig.fake.down().await;
    let _ = read_to_end(&mut playback).await;
    assert!(matches!(rig.engine.version().await, Err(Error::Unreachable(_))));
    assert!(matches!(session.statistics().await, Err(Error::Unreachable(_))));

    rig.fake.up().await.unwrap();
    assert_eq!(session.statistics().await, Err(Error::Refused("unknown playback session id".to_owned())));
    assert_eq!(rig.fake.sessions_open(), 0);
    assert!(rig.engine.version().await.is_ok());
}

#[tokio::test]
async fn an_engine_that_hangs_ends_with_each_limit() {
    let rig = Rig::start().await;
    let session = rig.session().await;
    rig.fake.set_hanging(true);
    let selector = Selector::ContentId(id());

    assert_eq!(rig.when_time_passes(rig.engine.version()).await, Err(Error::Timeout("version")));
    assert_eq!(
        rig.when_time_passes(rig.engine.media_files(&selector)).await,
        Err(Error::Timeout("media files"))
    );
    assert_eq!(rig.when_time_passes(rig.engine.start(&selector)).await.unwrap_err(), Error::Timeout("start"));
    assert_eq!(rig.when_time_passes(session.open()).await.unwrap_err(), Error::Timeout("playback"));
    assert_eq!(rig.when_time_passes(session.statistics()).await, Err(Error::Timeout("statistics")));
    assert_eq!(rig.when_time_passes(session.stop()).await, Err(Error::Timeout("stop")));
}

#[tokio::test]
async fn shutting_down_leaves_no_reader_and_no_session() {
    let rig = Rig::with(|config| {
        let clip = Arc::clone(&config.channels[0].clip);
        config.channels.push(Channel::new(UNKNOWN.parse().unwrap(), clip));
    })
    .await;
    let (_one, mut first) = rig.playback().await;
    let two = rig.engine.start(&Selector::ContentId(UNKNOWN.parse().unwrap())).await.unwrap();
    let mut second = two.open().await.unwrap();

    rig.fake.shutdown().await;

    let _ = read_to_end(&mut first).await;
    let _ = read_to_end(&mut second).await;
    let engine = Engine::new(rig.engine.base().clone()).unwrap();
    assert!(matches!(engine.version().await, Err(Error::Unreachable(_))));
}
