//! A channel that is linked by several IDs, and the faults that only a new session or another ID survives.

use std::time::Duration;

use acestream::fake::{Channel, FakeConfig, Profile};
use server::live::{Config, EndReason, Failure, State};

use crate::stage::{
    Stage, channel, config, end_of, fake, faulty, id, infohash, is_live, no_fault, reach, reports,
};

async fn stage(channels: Vec<Channel>) -> Stage {
    Stage::with(FakeConfig { channels, ..fake() }, config()).await
}

#[tokio::test]
async fn an_id_that_nobody_has_gives_way_to_another_of_the_same_channel() {
    let stage = stage(vec![faulty('a', "failed-to-load"), channel('b')]).await;
    let stream = stage.tune(&id('a'));
    stream.offer(&[id('c'), id('b')]);

    reach(&stream, is_live).await;

    assert_eq!(stage.fake.sessions_started(&infohash('b')), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_swarm_that_dies_gives_way_to_another_of_the_same_channel() {
    let stage = stage(vec![channel('a'), channel('b')]).await;
    let stream = stage.watch(&id('a')).await;
    stream.offer(&[id('b')]);
    let listed = stream.now().window.last();

    stage.fake.set_fault(&id('a'), "failed-to-load".parse().unwrap());
    stage.fake.restart();
    let now =
        reach(&stream, |now| now.state == State::Live && now.window.last() > listed.map(|it| it + 20)).await;

    let playlist = String::from_utf8(now.playlist().plain().to_vec()).unwrap();
    assert!(playlist.contains("#EXT-X-DISCONTINUITY"), "{playlist}");
    assert_eq!(stage.fake.sessions_started(&infohash('b')), 1);
    // Who tunes to that ID watches the same session.
    assert!(stage.hub.find(&id('b')).is_some());
    stage.end().await;
}

#[tokio::test]
async fn an_id_whose_swarm_another_stream_plays_is_passed_over() {
    let stage = stage(vec![channel('a'), channel('b'), channel('c')]).await;
    let other = stage.watch(&id('b')).await;
    let stream = stage.watch(&id('a')).await;
    stream.offer(&[id('b'), id('c')]);

    stage.fake.set_fault(&id('a'), "failed-to-load".parse().unwrap());
    stage.fake.set_fault(&id('c'), no_fault());
    stage.fake.restart();

    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
    reach(&stream, is_live).await;
    assert_eq!(stage.fake.sessions_started(&infohash('c')), 1);
    reports(&other, |report| report.errors.reconnects >= 1).await;
    reach(&other, is_live).await;
    assert_eq!(stage.fake.sessions_open(), 2);
    stage.end().await;
}

#[tokio::test]
async fn a_channel_without_a_working_id_fails_as_its_own_did() {
    let stage = stage(vec![faulty('a', "failed-to-load"), faulty('b', "failed-to-load")]).await;
    let stream = stage.tune(&id('a'));
    stream.offer(&[id('b')]);

    assert!(matches!(end_of(&stream).await, EndReason::Failed(_)));
    stage.end().await;
}

#[tokio::test]
async fn alternatives_offered_under_a_second_link_reach_the_stream_that_plays() {
    let mut two_links = channel('a');
    two_links.ids.push(id('b'));
    let stage = stage(vec![two_links, channel('c')]).await;
    let stream = stage.watch(&id('a')).await;

    let second = stage.tune(&id('b'));
    second.offer(&[id('c')]);
    assert_eq!(end_of(&second).await, EndReason::SameAs(infohash('a')));
    stage.fake.set_fault(&id('a'), "failed-to-load".parse().unwrap());
    stage.fake.restart();

    reports(&stream, |report| report.errors.reconnects >= 1).await;
    assert_eq!(stage.fake.sessions_started(&infohash('c')), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_source_that_repeats_old_minutes_gives_way_to_another_id() {
    let stage = stage(vec![faulty('a', "loop@20s:10s"), channel('b')]).await;
    let stream = stage.watch(&id('a')).await;
    stream.offer(&[id('b')]);

    let has_left = |now: &server::live::Snapshot| matches!(now.state, State::Reconnecting { .. });
    reach(&stream, has_left).await;
    reach(&stream, is_live).await;

    assert_eq!(stage.fake.sessions_started(&infohash('b')), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_session_that_another_player_replaced_is_started_anew() {
    let engine = FakeConfig { profile: Profile::V323, channels: vec![channel('a')], ..fake() };
    let stage = Stage::with(engine, config()).await;
    let stream = stage.watch(&id('a')).await;

    // Somebody else plays the same content from this engine for a moment.
    let player = acestream::Engine::new(stage.fake.base()).unwrap();
    let session = player.start(&acestream::Selector::ContentId(id('a'))).await.unwrap();
    reports(&stream, |report| report.errors.reconnects >= 1).await;
    reach(&stream, is_live).await;

    assert!(session.statistics().await.is_err(), "we took it back");
    assert!(stage.fake.sessions_started(&infohash('a')) >= 3);
    stage.end().await;
}

#[tokio::test]
async fn minutes_that_come_at_once_are_bounded_in_memory() {
    let minutes = Channel { burst: Duration::from_secs(300), ..channel('a') };
    let config = Config { max_window_bytes: 1 << 20, ..config() };
    let stage = Stage::with(FakeConfig { channels: vec![minutes], ..fake() }, config).await;
    let stream = stage.watch(&id('a')).await;
    let first = stream.now().window.first();

    let now = reach(&stream, |now| now.window.first() > first.map(|it| it + 10)).await;

    let window = stream.report().window;
    assert!(window.bytes as u64 + window.growing_bytes as u64 <= 2 << 20, "{window:?}");
    assert_eq!(now.state, State::Live);
    stage.end().await;
}

#[tokio::test]
async fn time_that_jumps_back_to_the_same_pictures_again_gives_way_to_another_id() {
    // This dialect does not say where in the broadcast it is.
    let channels = vec![faulty('a', "loop@20s:10s"), channel('b')];
    let engine = FakeConfig { profile: Profile::Open, piece: 100_000, channels, ..fake() };
    let stage = Stage::with(engine, config()).await;
    let stream = stage.tune(&id('a'));
    stream.offer(&[id('b')]);

    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
    reach(&stream, is_live).await;

    assert_eq!(stage.fake.sessions_started(&infohash('b')), 1);
    assert_eq!(stream.report().errors.cuts, 0);
    stage.end().await;
}

#[tokio::test]
async fn a_source_that_comes_back_again_and_again_with_next_to_nothing_is_given_up() {
    let stage = Stage::new(vec![channel('a')]).await;
    let stream = stage.watch(&id('a')).await;

    stage.fake.set_fault(&id('a'), "eof@40ms".parse().unwrap());
    let reason = end_of(&stream).await;

    assert!(matches!(reason, EndReason::Failed(Failure::SourceLost(_))), "{reason:?}");
    assert!(stream.report().errors.cuts > 2, "{:#?}", stream.report());
    stage.end().await;
}
