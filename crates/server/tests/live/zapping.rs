//! Viewers who move from channel to channel.

use std::time::Duration;

use acestream::fake::FakeConfig;
use server::live::{
    Config, EndReason,
    limits::{Limit, LimitError},
};

use crate::stage::{Stage, channel, config, end_of, fake, id, infohash, is_live, reach};

/// What is left ends at once; what is merely abandoned, not while a test runs.
fn soon_cold() -> Config {
    Config { warm_for: Duration::from_millis(50), idle_timeout: Duration::from_secs(3600), ..config() }
}

async fn stage(config: Config, speed: f64) -> Stage {
    let channels = vec![channel('a'), channel('b'), channel('c')];
    Stage::with(FakeConfig { channels, speed, ..fake() }, config).await
}

#[tokio::test]
async fn a_stream_whose_only_viewer_moved_on_ends_and_the_next_one_plays() {
    let stage = stage(soon_cold(), 1000.0).await;
    let left = stage.hub.join(&id('a'), 1).unwrap();
    reach(&left, is_live).await;

    let next = stage.hub.join(&id('b'), 1).unwrap();

    assert_eq!(end_of(&left).await, EndReason::Idle);
    left.gone().await;
    reach(&next, is_live).await;
    assert_eq!(stage.fake.sessions_open(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_stream_with_another_viewer_plays_on() {
    let stage = stage(soon_cold(), 1000.0).await;
    let shared = stage.hub.join(&id('a'), 1).unwrap();
    stage.hub.join(&id('a'), 2).unwrap();

    let left = stage.hub.join(&id('b'), 1).unwrap();
    stage.hub.join(&id('c'), 1).unwrap();

    assert_eq!(end_of(&left).await, EndReason::Idle);
    assert!(!shared.is_over(), "it was left before the one that ended");
    stage.end().await;
}

#[tokio::test]
async fn a_start_whose_viewer_moved_on_is_finished_and_stopped() {
    // The engine takes 460 ms to answer a start.
    let stage = stage(soon_cold(), 2.0).await;
    let left = stage.hub.join(&id('a'), 1).unwrap();
    stage.asked_to_start().await;

    stage.hub.join(&id('b'), 1).unwrap();

    assert_eq!(end_of(&left).await, EndReason::Idle);
    left.gone().await;
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1, "the start was under way");
    assert!(stage.hub.find(&id('a')).is_none());
    stage.end().await;
}

#[tokio::test]
async fn who_comes_back_in_time_finds_the_last_channel_as_it_was() {
    let stage = stage(Config { warm_for: Duration::from_secs(600), ..soon_cold() }, 1000.0).await;
    let first = stage.hub.join(&id('a'), 1).unwrap();
    reach(&first, is_live).await;
    stage.hub.join(&id('b'), 1).unwrap();

    let again = stage.hub.join(&id('a'), 1).unwrap();

    assert!(is_live(&again.now()), "without waiting");
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    stage.end().await;
}

#[tokio::test]
async fn who_finds_no_room_for_the_next_channel_has_left_the_last_one_all_the_same() {
    let stage = stage(Config { max_streams: 1, ..soon_cold() }, 1000.0).await;
    let left = stage.hub.join(&id('a'), 1).unwrap();

    let refused = stage.hub.join(&id('b'), 1).unwrap_err();

    assert_eq!(refused, LimitError { limit: Limit::Streams, value: 1 }.into());
    assert_eq!(end_of(&left).await, EndReason::Idle);
    assert!(stage.hub.join(&id('b'), 1).is_ok());
    stage.end().await;
}

#[tokio::test]
async fn a_viewer_beyond_the_limit_starts_nothing() {
    let stage = stage(Config { max_viewers: 1, ..config() }, 1000.0).await;
    stage.hub.join(&id('a'), 1).unwrap();

    let refused = stage.hub.join(&id('b'), 2).unwrap_err();

    assert_eq!(refused, LimitError { limit: Limit::Viewers, value: 1 }.into());
    assert_eq!(stage.hub.streams().len(), 1);
    assert_eq!(stage.hub.usage().map(|it| it.refused), [0, 1, 0, 0, 0]);
    stage.end().await;
}
