//! What cannot be survived: each failure has its own name, comes within its limit, and stays with its stream.

use std::time::Duration;

use acestream::fake::FakeConfig;
use server::live::{Config, EndReason, EngineHealth, Errors, Failure, NotReady, State};

use crate::stage::{Stage, channel, config, end_of, fake, faulty, id, infohash, no_fault, reach, reports};

/// Play channel b, which has `fault`, beside channel a; say how b fails while a goes on.
async fn failure_of(fault: &str) -> Failure {
    let stage = Stage::new(vec![channel('a'), faulty('b', fault)]).await;
    let other = stage.watch(&id('a')).await;
    let stream = stage.tune(&id('b'));

    let EndReason::Failed(failure) = end_of(&stream).await else { panic!("{:#?}", stream.report()) };

    assert_eq!(other.now().state, State::Live);
    assert_eq!(stream.report().reason, Some(failure.to_string()));
    stage.end().await;
    failure
}

#[tokio::test]
async fn a_channel_without_peers_says_so() {
    assert!(matches!(failure_of("no-peers").await, Failure::NoPeers(_)));
}

#[tokio::test]
async fn peers_that_send_nothing_are_as_good_as_none() {
    assert!(matches!(failure_of("no-data").await, Failure::NoPeers(_)));
}

#[tokio::test]
async fn a_channel_without_peers_says_so_before_it_is_given_up() {
    let stage = Stage::new(vec![faulty('a', "no-peers")]).await;
    let stream = stage.tune(&id('a'));

    let waited = stream.until(|now| !now.window.is_empty(), config().start_timeout * 10).await;

    assert_eq!(waited.unwrap_err(), NotReady::Timeout);
    assert_eq!(stream.report().code, Some("no_peers"));
    stage.end().await;
}

#[tokio::test]
async fn content_that_nobody_has_is_refused() {
    assert!(matches!(failure_of("failed-to-load").await, Failure::EngineRefused(_)));
}

#[tokio::test]
async fn content_that_costs_money_is_refused_in_the_engines_words() {
    assert!(matches!(failure_of("premium").await, Failure::EngineRefused(_)));
}

#[tokio::test]
async fn a_channel_at_which_the_engine_hangs_times_out() {
    assert!(matches!(failure_of("hang").await, Failure::EngineTimeout(_)));
}

#[tokio::test]
async fn a_playback_that_is_never_ready_is_given_up() {
    let [a, b, c, d, e] = [404, 500, 502, 503, 504].map(|status| format!("status@{status}"));
    let (a, b, c, d, e) =
        tokio::join!(failure_of(&a), failure_of(&b), failure_of(&c), failure_of(&d), failure_of(&e));

    for failure in [a, b, c, d, e] {
        assert!(matches!(failure, Failure::NoPeers(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn a_playback_that_is_forbidden_is_refused() {
    assert!(matches!(failure_of("status@403").await, Failure::EngineRefused(_)));
}

#[tokio::test]
async fn a_player_that_asks_again_and_again_for_a_dead_link_does_not_make_the_engine_search() {
    for fault in ["failed-to-load", "no-peers"] {
        let stage = Stage::new(vec![faulty('a', fault)]).await;
        let failed = stage.tune(&id('a'));
        let reason = end_of(&failed).await;
        failed.gone().await;
        let started = stage.fake.sessions_started(&infohash('a'));

        let again = stage.tune(&id('a'));

        assert_eq!(again.end(), Some(reason), "{fault}");
        assert_eq!(stage.hub.streams().len(), 0);
        assert_eq!(stage.fake.sessions_started(&infohash('a')), started);
        stage.end().await;
    }
}

#[tokio::test]
async fn a_person_who_asks_again_for_a_dead_link_is_given_another_try() {
    let stage = Stage::new(vec![faulty('a', "failed-to-load")]).await;
    end_of(&stage.tune(&id('a'))).await;
    stage.fake.set_fault(&id('a'), no_fault());

    stage.hub.forgive(&id('a'));

    stage.watch(&id('a')).await;
    stage.end().await;
}

#[tokio::test]
async fn an_encrypted_channel_says_so() {
    let stage = Stage::new(vec![faulty('a', "scrambled")]).await;
    let stream = stage.tune(&id('a'));

    let reason = end_of(&stream).await;

    assert!(matches!(reason, EndReason::Failed(Failure::NoMedia(_))), "{reason:?}");
    assert_eq!(stream.report().code, Some("scrambled"));
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_named_and_known_to_be_down() {
    let stage = Stage::new(vec![channel('a')]).await;
    stage.fake.down().await;
    let stream = stage.tune(&id('a'));

    let reason = end_of(&stream).await;

    assert!(matches!(reason, EndReason::Failed(Failure::EngineUnreachable(_))), "{reason:?}");
    assert!(matches!(stage.hub.engine(), EngineHealth::Down { .. }));
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_comes_back_is_known_to_be_up_and_plays() {
    let stage = Stage::new(vec![channel('a')]).await;
    stage.fake.down().await;
    end_of(&stage.tune(&id('a'))).await;

    stage.fake.up().await.unwrap();

    stage.hub.until_engine(|engine| matches!(engine, EngineHealth::Up { .. })).await;
    stage.watch(&id('a')).await;
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_came_back_a_moment_ago_is_found_by_who_asks() {
    // No probe of its own accord would come in time.
    let config = Config { probe_interval: Duration::from_secs(3_600), ..config() };
    let stage = Stage::with(FakeConfig { channels: vec![channel('a')], ..fake() }, config).await;
    stage.fake.down().await;
    end_of(&stage.tune(&id('a'))).await;
    assert!(matches!(stage.hub.ask_engine().await, EngineHealth::Down { .. }));

    stage.fake.up().await.unwrap();

    assert!(matches!(stage.hub.ask_engine().await, EngineHealth::Up { .. }));
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_hangs_as_a_whole_starts_nothing_but_lets_flow_what_flows() {
    let stage = Stage::new(vec![channel('a')]).await;
    let stream = stage.watch(&id('a')).await;
    reports(&stream, |report| report.peers.is_some()).await;
    stage.fake.set_hanging(true);

    let failing = stage.hub.tune(&id('b')).unwrap();
    let reason = end_of(&failing).await;

    assert!(matches!(reason, EndReason::Failed(Failure::EngineTimeout(_))), "{reason:?}");
    // What flows goes on, although neither statistics nor version are answered.
    let last = stream.now().window.last();
    reach(&stream, |now| now.window.last() > last).await;
    assert_eq!(stream.report().errors, Errors::default());
    // Nobody knows how many peers there are now.
    reports(&stream, |report| report.peers.is_none()).await;
    stage.fake.set_hanging(false);
    stage.end().await;
}

#[tokio::test]
async fn a_channel_that_breaks_off_for_good_is_lost() {
    let stage = Stage::new(vec![channel('a'), channel('b')]).await;
    let (stream, other) = (stage.watch(&id('a')).await, stage.watch(&id('b')).await);

    stage.fake.set_fault(&id('a'), "eof@0s".parse().unwrap());
    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
    stage.fake.set_fault(&id('a'), "no-peers".parse().unwrap());

    let reason = end_of(&stream).await;
    assert!(matches!(reason, EndReason::Failed(Failure::SourceLost(_))), "{reason:?}");
    assert_eq!(other.now().state, State::Live);
    stage.end().await;
}
