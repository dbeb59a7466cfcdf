//! What is counted, survived, and visible in the report.

use std::time::Duration;

use acestream::fake::{Channel, FakeConfig, WarmUp};
use server::live::{Config, Errors, Phase, Report, State};

use crate::stage::{
    Stage, channel, config, fake, faulty, id, infohash, is_live, no_fault, reach, reports, shows,
};

/// Play channel a, in whose burst `fault` comes, beside channel b; the report of a after half a minute of
/// media.
async fn survives(fault: &str) -> Report {
    let stage = Stage::new(vec![faulty('a', fault), channel('b')]).await;
    let stream = stage.tune(&id('a'));
    let other = stage.watch(&id('b')).await;

    reach(&stream, |now| now.window.duration() >= Duration::from_secs(36)).await;
    let report = stream.report();

    assert_eq!(stream.now().state, State::Live);
    assert_eq!(other.report().errors, Errors::default());
    stage.end().await;
    report
}

/// Play channel a whose connection breaks by `fault`, beside channel b; the report of a after it came back
/// and played on.
async fn comes_back(fault: &str, config: Config) -> Report {
    let channels = vec![channel('a'), channel('b')];
    let stage = Stage::with(FakeConfig { channels, ..fake() }, config).await;
    let (stream, other) = (stage.watch(&id('a')).await, stage.watch(&id('b')).await);
    let before = stream.now();

    stage.fake.set_fault(&id('a'), fault.parse().unwrap());
    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
    // What was received stays there for those who watch.
    let listed = stream.now().window.last();
    assert!(listed >= before.window.last());
    stage.fake.set_fault(&id('a'), no_fault());
    reach(&stream, |now| now.state == State::Live && now.window.last() > listed).await;

    let playlist = String::from_utf8(stream.now().playlist().plain().to_vec()).unwrap();
    assert!(playlist.contains("#EXT-X-DISCONTINUITY\n"), "{playlist}");
    assert!(!playlist.contains("#EXT-X-ENDLIST"), "{playlist}");
    assert!(is_live(&other.now()));
    let report = stream.report();
    assert!(report.errors.reconnects >= 1, "{report:#?}");
    stage.end().await;
    report
}

#[tokio::test]
async fn a_connection_that_ends_is_made_again() {
    assert!(comes_back("eof@0s", config()).await.errors.cuts >= 1);
}

#[tokio::test]
async fn a_connection_that_is_reset_is_made_again() {
    assert!(comes_back("reset@0s", config()).await.errors.cuts >= 1);
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_made_again() {
    let impatient = Config { silence_timeout: Duration::from_millis(300), ..config() };
    let errors = comes_back("silence@0s", impatient).await.errors;
    assert!(errors.silences >= 1, "{errors:?}");
}

#[tokio::test]
async fn an_engine_that_restarts_is_asked_for_a_new_session() {
    let stage = Stage::new(vec![channel('a'), channel('b')]).await;
    let (one, other) = (stage.watch(&id('a')).await, stage.watch(&id('b')).await);

    stage.fake.restart();

    for stream in [&one, &other] {
        reports(stream, |report| report.errors.reconnects >= 1).await;
        reach(stream, is_live).await;
    }
    assert_eq!(stage.fake.sessions_open(), 2);
    stage.end().await;
}

#[tokio::test]
async fn an_engine_that_is_away_for_a_moment_is_waited_for() {
    let stage = Stage::new(vec![channel('a')]).await;
    let stream = stage.watch(&id('a')).await;

    stage.fake.down().await;
    reach(&stream, |now| matches!(now.state, State::Reconnecting { attempt } if attempt >= 3)).await;
    stage.fake.up().await.unwrap();

    reach(&stream, is_live).await;
    assert_eq!(stage.fake.sessions_open(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_ends_again_and_again_is_given_a_rest_between() {
    let stage = Stage::new(vec![faulty('a', "eof@10s")]).await;
    let stream = stage.watch(&id('a')).await;

    let report = reports(&stream, |report| report.errors.cuts >= 4).await;

    // Not the same playback each time: a connection that fails at once is replaced with its session.
    assert!(stage.fake.sessions_started(&infohash('a')) >= 3, "{report:#?}");
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_worked_is_made_again_in_the_same_session() {
    let short = Config { silence_timeout: Duration::from_secs(2), ..config() };
    let live = Channel { burst: Duration::from_secs(3), offset: Duration::ZERO, ..channel('a') };
    let stage = Stage::with(FakeConfig { channels: vec![live], ..fake() }, short).await;
    let stream = stage.watch(&id('a')).await;
    // More than the burst, so that it has flowed for a second at least.
    reach(&stream, |now| now.window.duration() >= Duration::from_secs(4)).await;

    stage.fake.set_fault(&id('a'), "eof@0s".parse().unwrap());
    reach(&stream, |now| now.state == State::Reconnecting { attempt: 1 }).await;
    stage.fake.set_fault(&id('a'), no_fault());
    reach(&stream, is_live).await;

    assert!(stage.fake.sessions_started(&infohash('a')) == 1);
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_ends_before_the_first_segment_is_counted_and_its_statistics_go_on() {
    let stage = Stage::new(vec![faulty('a', "eof@1s")]).await;
    let stream = stage.tune(&id('a'));

    shows(&stream, |report| report.errors.cuts >= 1).await;
    stage.fake.set_fault(&id('a'), no_fault());
    reach(&stream, is_live).await;

    assert!(stream.report().errors.reconnects >= 1, "{:#?}", stream.report());
    reports(&stream, |report| report.peers.is_some()).await;
    stage.end().await;
}

#[tokio::test]
async fn the_peers_of_a_connection_that_broke_off_are_unknown() {
    let stage = Stage::new(vec![channel('a')]).await;
    let stream = stage.watch(&id('a')).await;
    reports(&stream, |report| report.peers.is_some()).await;

    stage.fake.set_fault(&id('a'), "eof@0s".parse().unwrap());
    reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;

    assert_eq!((stream.report().peers, stream.report().speed_down_bytes), (None, None));
    stage.end().await;
}

#[tokio::test]
async fn a_slow_start_is_waited_for() {
    survives("slow@1s").await;
}

#[tokio::test]
async fn addresses_that_lead_elsewhere_are_taken_by_their_path() {
    survives("host-mismatch").await;
}

#[tokio::test]
async fn a_playback_that_is_not_ready_yet_is_asked_again() {
    for warm_up in [WarmUp::Hold, WarmUp::NotFound] {
        let channels = vec![faulty('a', "slow@500ms")];
        let stage = Stage::with(FakeConfig { channels, warm_up, ..fake() }, config()).await;

        let stream = stage.watch(&id('a')).await;

        assert_eq!(stage.fake.sessions_started(&infohash('a')), 1, "{warm_up:?}");
        assert_eq!(stream.report().errors.cuts, 0);
        stage.end().await;
    }
}

#[tokio::test]
async fn a_jump_in_time_is_survived() {
    survives("jump@10s:+3600s").await;
    survives("jump@10s:-5s").await;
}

#[tokio::test]
async fn old_minutes_played_again_are_survived() {
    survives("loop@20s:10s").await;
}

#[tokio::test]
async fn missing_tables_are_survived() {
    survives("no-psi@5s:10s").await;
}

#[tokio::test]
async fn a_change_of_bit_rate_is_survived() {
    survives("bitrate@10s:3").await;
}

#[tokio::test]
async fn lost_packets_are_counted_and_survived() {
    assert!(survives("cc@2s").await.errors.continuity_errors > 0);
}

#[tokio::test]
async fn garbage_is_counted_and_survived() {
    assert!(survives("garbage@2s").await.errors.skipped_bytes > 0);
}

#[tokio::test]
async fn a_report_tells_what_is_played() {
    let stage = Stage::new(vec![channel('a')]).await;
    let stream = stage.watch(&id('a')).await;
    stream.touch(7).unwrap();
    reach(&stream, |now| now.window.duration() >= Duration::from_secs(36)).await;

    let report = stream.report();

    let codecs: Vec<_> = report.tracks.iter().map(|track| (track.codec.as_str(), track.kind)).collect();
    assert_eq!(codecs, [("h264", "video"), ("aac", "audio")]);
    assert_eq!(report.service_name.as_deref(), Some("Demo clean"));
    assert_eq!(report.infohash, Some(infohash('a')));
    assert_eq!((report.phase, report.code, report.viewers), (Phase::Live, None, 1));
    assert!(report.bitrate_bps.unwrap() > 50_000, "{report:#?}");
    assert!(report.received_bytes > 0);
    assert!(report.ready_s > report.window.duration_s - 0.1, "{report:#?}");
    assert_eq!(report.ready_percent, 100);
    assert_eq!(report.window.segments, report.window.last.unwrap() - report.window.first.unwrap() + 1);
    stage.end().await;
}
