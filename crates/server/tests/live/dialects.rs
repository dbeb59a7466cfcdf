//! The same channel from every kind of engine: nothing hangs on one vendor's words.

use std::time::Duration;

use acestream::fake::{Channel, FakeConfig, Profile};
use server::live::{Config, EndReason, Failure, State};

use crate::stage::{Stage, channel, config, end_of, fake, faulty, id, infohash, is_live, no_fault, reach};

const ALL: [Profile; 3] = [Profile::V323, Profile::V3211, Profile::Open];

/// An engine of `profile`, whose pieces are some seconds of media in the open dialect.
fn engine(profile: Profile, channels: Vec<Channel>) -> FakeConfig {
    FakeConfig { profile, channels, piece: 100_000, ..fake() }
}

fn is_seconds(now: &server::live::Snapshot, seconds: u64) -> bool {
    now.window.duration() >= Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_channel_plays_and_its_session_is_stopped() {
    for profile in ALL {
        let stage = Stage::with(engine(profile, vec![channel('a')]), config()).await;

        let stream = stage.watch(&id('a')).await;
        reach(&stream, |now| is_seconds(now, 30)).await;

        // Tables whose counters stand still are no loss.
        assert_eq!(stream.report().errors.continuity_errors, 0, "{profile:?}");
        assert_eq!(stage.fake.sessions_started(&infohash('a')), 1, "{profile:?}");
        stage.end().await;
    }
}

#[tokio::test]
async fn what_breaks_off_comes_back() {
    for profile in ALL {
        for fault in ["eof@0s", "reset@0s", "restart@0s"] {
            let short = Channel { burst: Duration::from_secs(12), ..channel('a') };
            let stage = Stage::with(engine(profile, vec![short]), config()).await;
            let stream = stage.watch(&id('a')).await;

            stage.fake.set_fault(&id('a'), fault.parse().unwrap());
            reach(&stream, |now| matches!(now.state, State::Reconnecting { .. })).await;
            let listed = stream.now().window.last();
            stage.fake.set_fault(&id('a'), no_fault());

            reach(&stream, |now| now.state == State::Live && now.window.last() > listed).await;
            stage.end().await;
        }
    }
}

#[tokio::test]
async fn faults_of_the_media_are_survived() {
    for profile in ALL {
        let faults =
            ["jump@10s:+3600s", "jump@10s:-5s", "cc@2s", "garbage@2s", "no-psi@5s:10s", "slow@300ms"];
        let channels = "abcdef".chars().zip(faults).map(|(digit, fault)| faulty(digit, fault)).collect();
        let stage = Stage::with(engine(profile, channels), config()).await;

        let streams: Vec<_> = "abcdef".chars().map(|digit| stage.tune(&id(digit))).collect();

        for (stream, fault) in streams.iter().zip(faults) {
            reach(stream, |now| is_seconds(now, 30)).await;
            assert_eq!(stream.now().state, State::Live, "{profile:?} {fault}");
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn a_channel_that_nobody_has_ends_as_that_engine_can_tell() {
    for profile in ALL {
        let stage = Stage::with(engine(profile, vec![faulty('a', "failed-to-load")]), config()).await;

        let reason = end_of(&stage.tune(&id('a'))).await;

        // The open dialect does not say so: there, nobody seems to share it.
        let is_named = match profile {
            Profile::Open => matches!(reason, EndReason::Failed(Failure::NoPeers(_))),
            _ => matches!(reason, EndReason::Failed(Failure::EngineRefused(_))),
        };
        assert!(is_named, "{profile:?}: {reason:?}");
        stage.end().await;
    }
}

#[tokio::test]
async fn an_infohash_for_an_id_is_found_out_in_every_dialect() {
    for profile in ALL {
        let stage = Stage::with(engine(profile, vec![channel('a')]), config()).await;
        let typed = infohash('a').as_str().parse().unwrap();

        let stream = stage.tune(&typed);
        reach(&stream, is_live).await;

        assert_eq!(stream.infohash(), Some(infohash('a')), "{profile:?}");
        stage.end().await;
    }
}

#[tokio::test]
async fn two_links_of_one_swarm_are_one_stream_where_the_engine_tells() {
    for profile in ALL {
        let mut two_links = channel('a');
        two_links.ids.push(id('b'));
        let stage = Stage::with(engine(profile, vec![two_links]), config()).await;
        let one = stage.watch(&id('a')).await;
        let other = stage.tune(&id('b'));
        assert_eq!(end_of(&other).await, EndReason::SameAs(infohash('a')), "{profile:?}");

        // The session said another infohash than was known: the ID again. It did not count.
        let again = stage.watch(&id('b')).await;

        assert_eq!(again.id(), one.id(), "{profile:?}");
        assert_eq!(stage.fake.sessions_started(&infohash('a')), 1, "{profile:?}");
        stage.end().await;
    }
}

#[tokio::test]
async fn a_source_that_was_lost_and_begins_its_time_anew_goes_on_as_a_discontinuity() {
    let impatient = Config { silence_timeout: Duration::from_secs(10), ..config() };
    let live = Channel { burst: Duration::from_secs(12), ..faulty('a', "silence@10s") };
    let stage = Stage::with(engine(Profile::Open, vec![live]), impatient).await;
    let stream = stage.watch(&id('a')).await;
    let last = reach(&stream, |now| is_seconds(now, 7)).await.window.last();

    stage.fake.set_fault(&id('a'), no_fault());
    let now = reach(&stream, |now| now.window.last() > last.map(|last| last + 2)).await;

    let playlist = String::from_utf8(now.playlist().plain().to_vec()).unwrap();
    assert!(playlist.contains("#EXT-X-DISCONTINUITY\n"), "{playlist}");
    assert_eq!(stream.report().errors.silences, 0, "the connection never broke");
    stage.end().await;
}
