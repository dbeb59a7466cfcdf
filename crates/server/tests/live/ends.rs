//! How streams end, and that nothing stays behind.

use std::{pin::pin, time::Duration};

use acestream::fake::{Channel, FakeConfig};
use server::live::{Config, EndReason, Errors, Snapshot, State, Stream, TuneError};
use tokio::time::Instant;

use crate::stage::{Stage, channel, config, end_of, fake, faulty, id, infohash, is_live, reach};

fn soon_idle() -> Config {
    Config { idle_timeout: Duration::from_millis(50), ..config() }
}

fn text(now: &Snapshot) -> String {
    String::from_utf8(now.playlist().plain().to_vec()).unwrap()
}

/// Wait for `what`, as a viewer who keeps asking.
async fn touched<T>(stream: &Stream, what: impl Future<Output = T>) -> T {
    let mut beat = tokio::time::interval(Duration::from_millis(20));
    let mut what = pin!(what);
    loop {
        tokio::select! {
            done = &mut what => return done,
            _ = beat.tick() => stream.touch(1).unwrap(),
        }
    }
}

#[tokio::test]
async fn a_stream_nobody_asks_for_ends_and_stops_its_session() {
    let stage = Stage::with(FakeConfig { channels: vec![channel('a')], ..fake() }, soon_idle()).await;

    let stream = stage.tune(&id('a'));

    assert_eq!(end_of(&stream).await, EndReason::Idle);
    stream.gone().await;
    assert_eq!(stage.fake.sessions_open(), 0);
    assert!(stage.hub.find(&id('a')).is_none());
    stage.end().await;
}

#[tokio::test]
async fn who_meets_an_idle_end_tunes_again_and_sees_a_new_stream() {
    let stage = Stage::with(FakeConfig { channels: vec![channel('a')], ..fake() }, soon_idle()).await;
    end_of(&stage.tune(&id('a'))).await;

    let again = stage.tune(&id('a'));

    assert!(!again.is_over());
    end_of(&again).await;
    stage.end().await;
}

#[tokio::test]
async fn requests_keep_a_stream_alive() {
    let channels = vec![Channel { burst: Duration::from_secs(3), offset: Duration::ZERO, ..channel('a') }];
    let config = Config { idle_timeout: Duration::from_millis(500), ..config() };
    let stage = Stage::with(FakeConfig { channels, ..fake() }, config).await;
    let stream = stage.tune(&id('a'));

    // More than the burst: the rest comes at the channel's own pace, twice the idle time at least.
    touched(&stream, reach(&stream, |now| now.window.duration() >= Duration::from_secs(4))).await;

    assert!(!stream.is_over());
    assert!(stream.report().requests > 25);
    stage.end().await;
}

#[tokio::test]
async fn a_broadcast_that_is_over_stays_until_nobody_watches_its_last_segments() {
    let film = Channel { ends_after: Some(Duration::from_secs(10)), ..channel('a') };
    let config = Config { idle_timeout: Duration::from_millis(500), ..config() };
    let stage = Stage::with(FakeConfig { channels: vec![film], ..fake() }, config).await;
    let stream = stage.tune(&id('a'));

    let ends = |now: &Snapshot| text(now).ends_with("#EXT-X-ENDLIST\n");
    let last = touched(&stream, reach(&stream, ends)).await;

    assert_eq!(last.state, State::Live);
    assert!(!text(&last).contains("#EXT-X-DISCONTINUITY\n"));
    assert!(last.window.duration() > Duration::from_secs(8), "{:?}", last.window.duration());
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    assert_eq!(end_of(&stream).await, EndReason::SourceClosed);
    assert_eq!(stream.report().errors, Errors::default());
    stage.end().await;
}

#[tokio::test]
async fn a_broadcast_with_an_end_goes_no_faster_than_its_viewers() {
    let film = Channel { ends_after: Some(Duration::from_secs(12)), ..channel('a') };
    // The clip can be cut every two seconds only, so that segments are longer than they should be.
    let window = Duration::from_secs(6);
    let config = Config { target: Duration::from_secs(1), window, ..config() };
    let stage = Stage::with(FakeConfig { channels: vec![film], ..fake() }, config).await;
    let begun = Instant::now();
    let stream = stage.tune(&id('a'));

    let (mut seen, mut last) = (Duration::ZERO, None);
    while !text(&stream.now()).ends_with("#EXT-X-ENDLIST\n") {
        let now = reach(&stream, |now| now.window.last() > last).await;
        let new = now.window.listed().filter(|segment| last.is_none_or(|last| segment.number > last));
        seen += new.map(|segment| segment.duration).sum::<Duration>();
        last = now.window.last();
        // A slow machine makes this easier, never harder.
        let ahead = seen.saturating_sub(begun.elapsed());
        assert!(ahead <= window / 2 + Duration::from_secs(2), "{ahead:?} ahead of the clock");
    }

    assert!(
        seen > Duration::from_secs(10),
        "who followed saw {seen:?} of 12 s, less those before the first picture"
    );
    stage.end().await;
}

#[tokio::test]
async fn a_start_that_nobody_waits_for_any_more_is_finished_and_stopped() {
    // The engine takes 460 ms to answer a start.
    let slow = FakeConfig { channels: vec![channel('a')], speed: 2.0, ..fake() };
    let stage = Stage::with(slow, soon_idle()).await;

    let stream = stage.tune(&id('a'));
    assert_eq!(end_of(&stream).await, EndReason::Idle);
    stream.gone().await;

    assert_eq!(stage.fake.sessions_open(), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_stop_during_the_start_leaves_no_session() {
    let slow = FakeConfig { channels: vec![channel('a')], speed: 5.0, ..fake() };
    let stage = Stage::with(slow, config()).await;
    let stream = stage.tune(&id('a'));
    stage.asked_to_start().await;

    stage.hub.stop(&id('a'));

    assert_eq!(end_of(&stream).await, EndReason::Stopped);
    stream.gone().await;
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1, "the start was under way");
    assert_eq!(stage.fake.sessions_open(), 0);
    stage.end().await;
}

#[tokio::test]
async fn a_start_in_vain_is_stopped_before_another_link_starts_the_same_swarm() {
    let mut two_links = channel('a');
    two_links.ids.push(id('b'));
    let stage = Stage::with(FakeConfig { channels: vec![two_links], speed: 2.0, ..fake() }, config()).await;
    stage.tune(&id('a'));
    stage.asked_to_start().await;

    stage.hub.stop(&id('a'));
    let other = stage.watch(&id('b')).await;

    assert_eq!(stage.fake.sessions_started(&infohash('a')), 2);
    assert_eq!(stage.fake.sessions_open(), 1);
    assert_eq!(other.report().errors.cuts, 0);
    stage.end().await;
}

#[tokio::test]
async fn a_shutdown_ends_streams_in_every_phase_and_leaves_nothing() {
    let starved = faulty('b', "no-peers");
    let broken = faulty('c', "eof@30s");
    let stage = Stage::new(vec![channel('a'), starved, broken]).await;
    let streams = [stage.watch(&id('a')).await, stage.tune(&id('b')), stage.watch(&id('c')).await];

    let ends = async {
        for stream in &streams {
            assert_eq!(end_of(stream).await, EndReason::Shutdown);
        }
    };
    tokio::join!(ends, stage.hub.shutdown());

    assert!(streams.iter().all(Stream::is_over));
    assert_eq!(stage.hub.tune(&id('a')).unwrap_err(), TuneError::ShuttingDown);
    stage.end().await;
}

#[tokio::test]
async fn a_stop_that_hangs_does_not_keep_viewers_waiting() {
    let stage = Stage::new(vec![faulty('a', "stop-hangs")]).await;
    let stream = stage.watch(&id('a')).await;

    stage.hub.stop(&id('a'));

    assert_eq!(end_of(&stream).await, EndReason::Stopped);
    // The engine keeps this session: nothing more can be done about it.
    stage.hub.shutdown().await;
    assert_eq!(stage.hub.streams().len(), 0);
    stage.fake.shutdown().await;
}

#[tokio::test]
async fn the_stream_that_ended_can_still_be_looked_at_by_who_holds_it() {
    let stage = Stage::new(vec![channel('a')]).await;
    let stream = stage.watch(&id('a')).await;
    let before = reach(&stream, is_live).await;

    stage.hub.stop(&id('a'));
    end_of(&stream).await;

    assert!(stream.now().window.last() >= before.window.last());
    assert_eq!(stream.report().reason.as_deref(), Some("the stream was stopped"));
    stage.end().await;
}
