//! Whatever the source does, every list that a player can get keeps to the standard, and follows the one before.

use std::time::Duration;

use acestream::fake::{Channel, FakeConfig, Profile};
use hls::Profile as Buffer;
use server::live::{Config, Snapshot, State, Stream};

use crate::{
    stage::{Stage, channel, config, fake, faulty, id, infohash, no_fault, reach},
    viewer::Viewer,
};

/// Look at every list of `stream` until one of them is the `last`.
async fn follow(stream: &Stream, viewer: &mut Viewer, last: impl Fn(&Snapshot) -> bool) {
    let mut seen = stream.now();
    viewer.look(&seen);
    while !last(&seen) {
        stream.wish(Buffer::Fast);
        seen = reach(stream, |now| !std::ptr::eq(now, &raw const *seen)).await;
        viewer.look(&seen);
    }
}

fn impatient() -> Config {
    Config { silence_timeout: Duration::from_millis(300), ..config() }
}

#[tokio::test]
async fn lists_stay_valid_through_every_fault_of_the_media() {
    let faults = [
        "jump@10s:+3600s",
        "jump@10s:-5s",
        "loop@20s:10s",
        "no-psi@5s:10s",
        "cc@2s",
        "garbage@2s",
        "bitrate@10s:3",
    ];
    for profile in [Profile::V323, Profile::Open] {
        let names = || "abcdefg".chars();
        let channels = names().zip(faults).map(|(name, fault)| faulty(name, fault)).collect();
        let engine = FakeConfig { profile, piece: 100_000, channels, ..fake() };
        let stage = Stage::with(engine, impatient()).await;

        for (name, fault) in names().zip(faults) {
            println!("{profile:?} {fault}");
            let (stream, mut viewer) = (stage.tune(&id(name)), Viewer::default());
            follow(&stream, &mut viewer, |now| !now.window.is_empty()).await;
            let first = stream.now().window.first();
            follow(&stream, &mut viewer, |now| now.window.last() > first.map(|first| first + 18)).await;
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn lists_stay_valid_while_the_source_is_lost_and_when_it_is_back() {
    for fault in ["eof@0s", "reset@0s", "silence@0s", "restart@0s"] {
        let short = Channel { burst: Duration::from_secs(12), ..channel('a') };
        let stage = Stage::with(FakeConfig { channels: vec![short], ..fake() }, impatient()).await;
        let (stream, mut viewer) = (stage.tune(&id('a')), Viewer::default());
        follow(&stream, &mut viewer, |now| now.window.duration() >= Duration::from_secs(6)).await;

        for _ in 0..3 {
            stage.fake.set_fault(&id('a'), fault.parse().unwrap());
            follow(&stream, &mut viewer, |now| matches!(now.state, State::Reconnecting { .. })).await;
            let last = stream.now().window.last();
            stage.fake.set_fault(&id('a'), no_fault());
            follow(&stream, &mut viewer, |now| now.state == State::Live && now.window.last() > last).await;
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn lists_stay_valid_when_another_engine_and_another_id_take_over() {
    let engine = |names: &str| FakeConfig { channels: names.chars().map(channel).collect(), ..fake() };
    let stage = Stage::with_engines(engine("ab"), [engine("ab")], impatient(), 0).await;
    let (stream, mut viewer) = (stage.tune(&id('a')), Viewer::default());
    stream.offer(&[id('b')]);
    follow(&stream, &mut viewer, |now| now.window.duration() >= Duration::from_secs(6)).await;

    stage.fake.down().await;
    let last = stream.now().window.last();
    let back = |now: &Snapshot| now.state == State::Live && now.window.last() > last.map(|it| it + 2);
    follow(&stream, &mut viewer, back).await;
    stage.others[0].set_fault(&id('a'), "failed-to-load".parse().unwrap());
    stage.others[0].restart();
    let other = || stage.others[0].sessions_started(&infohash('b'));
    follow(&stream, &mut viewer, |now| other() == 1 && now.state == State::Live).await;
    let last = stream.now().window.last();
    follow(&stream, &mut viewer, |now| now.window.last() > last.map(|it| it + 2)).await;

    assert_eq!((other(), &stream.now().state), (1, &State::Live));
    stage.end().await;
}
