//! Several engines: who plays what, and what happens to a stream whose engine dies.

use std::time::Duration;

use acestream::fake::{FakeConfig, Profile};
use server::live::{Config, EndReason, EngineHealth, Failure, Phase, State};

use crate::stage::{
    Stage, channel, config, end_of, fake, faulty, id, infohash, is_live, reach, reports, shows,
};

fn engine(channels: &str) -> FakeConfig {
    FakeConfig { channels: channels.chars().map(channel).collect(), ..fake() }
}

async fn stage(config: Config) -> Stage {
    Stage::with_engines(engine("abc"), [engine("abc")], config, 0).await
}

/// The stream broke off so many times in all, and plays on.
async fn goes_on(stage: &Stage, times: u64) {
    let stream = stage.hub.find(&id('a')).unwrap();
    reports(&stream, |report| report.errors.reconnects >= times).await;
    reach(&stream, is_live).await;
}

#[tokio::test]
async fn streams_are_spread_over_the_engines() {
    let stage = stage(config()).await;

    for digit in ['a', 'b'] {
        stage.watch(&id(digit)).await;
    }

    assert_eq!((stage.fake.sessions_open(), stage.others[0].sessions_open()), (1, 1));
    let sessions: Vec<_> = stage.hub.engines().iter().map(|engine| engine.sessions).collect();
    assert_eq!(sessions, [1, 1]);
    stage.end().await;
}

#[tokio::test]
async fn a_stream_whose_engine_dies_moves_to_another() {
    let stage = stage(config()).await;
    stage.watch(&id('a')).await;
    assert_eq!(stage.fake.sessions_open(), 1);

    stage.fake.down().await;

    goes_on(&stage, 1).await;
    assert_eq!(stage.others[0].sessions_open(), 1);
    assert!(matches!(stage.hub.engine(), EngineHealth::Up { .. }), "one is enough");
    stage.end().await;
}

#[tokio::test]
async fn a_stream_moves_between_engines_of_different_dialects_and_back() {
    let open = FakeConfig { profile: Profile::Open, piece: 100_000, ..engine("a") };
    let stage = Stage::with_engines(engine("a"), [open], config(), 0).await;
    let stream = stage.watch(&id('a')).await;

    stage.fake.down().await;
    goes_on(&stage, 1).await;
    stage.fake.up().await.unwrap();
    stage.hub.until_engine(|_| stage.hub.engines().iter().all(is_up)).await;
    stage.others[0].down().await;
    goes_on(&stage, 2).await;

    assert_eq!(stream.infohash(), Some(infohash('a')));
    assert_eq!(stage.fake.sessions_open(), 1);
    stage.end().await;
}

fn is_up(engine: &server::live::EngineReport) -> bool {
    matches!(engine.health, EngineHealth::Up { .. })
}

#[tokio::test]
async fn an_engine_that_hangs_is_left_for_another() {
    let config = Config { silence_timeout: Duration::from_millis(500), ..config() };
    let stage = stage(Config { give_up_after: Duration::from_secs(15), ..config }).await;
    let stream = stage.watch(&id('a')).await;

    stage.fake.set_hanging(true);
    stage.fake.set_fault(&id('a'), "hang".parse().unwrap());
    stage.fake.restart();

    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
    reach(&stream, is_live).await;
    assert_eq!(stage.others[0].sessions_open(), 1);
    stage.fake.set_hanging(false);
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_hangs_before_its_first_byte_is_left_for_another() {
    // It sends a head at once, and has nothing behind it.
    let silent = FakeConfig { profile: Profile::Open, channels: vec![faulty('a', "no-peers")], ..fake() };
    let patient = Config { give_up_after: Duration::from_secs(3600), ..config() };
    let stage = Stage::with_engines(silent, [engine("a")], patient, 0).await;
    let stream = stage.tune(&id('a'));
    shows(&stream, |report| report.phase == Phase::Prebuffering).await;

    stage.fake.set_hanging(true);

    reach(&stream, is_live).await;
    assert_eq!(stage.others[0].sessions_open(), 1);
    // It did not hear that its session is stopped.
    stage.fake.restart();
    stage.fake.set_hanging(false);
    stage.end().await;
}

#[tokio::test]
async fn a_first_start_takes_the_engine_that_is_there() {
    let stage = stage(config()).await;
    stage.fake.down().await;

    stage.watch(&id('a')).await;

    assert_eq!(stage.others[0].sessions_open(), 1);
    stage.end().await;
}

#[tokio::test]
async fn where_no_engine_is_there_the_stream_says_so() {
    let stage = stage(config()).await;
    stage.fake.down().await;
    stage.others[0].down().await;

    let reason = end_of(&stage.tune(&id('a'))).await;

    assert!(matches!(reason, EndReason::Failed(Failure::EngineUnreachable(_))), "{reason:?}");
    assert!(matches!(stage.hub.ask_engine().await, EngineHealth::Down { .. }));
    stage.end().await;
}

#[tokio::test]
async fn two_links_of_one_swarm_are_one_session_over_all_engines() {
    let two_links = || {
        let mut channel = channel('a');
        channel.ids.push(id('b'));
        FakeConfig { channels: vec![channel], ..fake() }
    };
    let stage = Stage::with_engines(two_links(), [two_links()], config(), 0).await;
    stage.watch(&id('a')).await;

    let reason = end_of(&stage.tune(&id('b'))).await;

    assert_eq!(reason, EndReason::SameAs(infohash('a')));
    assert_eq!(stage.sessions_open(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_channel_that_one_engine_cannot_reach_is_played_by_another() {
    let broken = FakeConfig { channels: vec![channel('a')], ..fake() };
    let stage = Stage::with_engines(broken, [engine("a")], config(), 0).await;
    let stream = stage.watch(&id('a')).await;

    // Its swarm is lost for this engine, which answers all questions as before.
    stage.fake.set_fault(&id('a'), "status@503".parse().unwrap());
    stage.fake.restart();

    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
    stage.fake.set_fault(&id('a'), "premium".parse().unwrap());
    reach(&stream, is_live).await;
    assert_eq!(stage.others[0].sessions_open(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_full_engine_gives_way() {
    let stage = Stage::with_engines(engine("abc"), [engine("abc")], config(), 1).await;
    stage.watch(&id('a')).await;
    stage.watch(&id('b')).await;

    assert!(stage.hub.tune(&id('c')).is_err());

    assert_eq!((stage.fake.sessions_open(), stage.others[0].sessions_open()), (1, 1));
    stage.end().await;
}

#[tokio::test]
async fn who_refuses_a_channel_is_believed_where_there_is_no_other_way() {
    let stage = Stage::with(FakeConfig { channels: vec![faulty('a', "premium")], ..fake() }, config()).await;

    let reason = end_of(&stage.tune(&id('a'))).await;

    assert!(matches!(reason, EndReason::Failed(Failure::EngineRefused(_))), "{reason:?}");
    stage.end().await;
}
