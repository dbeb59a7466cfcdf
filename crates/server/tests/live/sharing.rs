//! One session a swarm, whoever watches and by whatever link.

use std::{collections::HashSet, time::Duration};

use acestream::{
    ContentId,
    fake::{FakeConfig, Profile},
};
use server::live::{
    Config, EndReason, State, TuneError,
    limits::{Limit, LimitError},
};

use crate::stage::{Stage, channel, config, end_of, fake, id, infohash, is_live, reach};

#[tokio::test]
async fn two_hundred_first_viewers_open_one_session() {
    let stage = Stage::new(vec![channel('a')]).await;

    let streams: Vec<_> = (0..200).map(|_| stage.tune(&id('a'))).collect();
    for (viewer, stream) in streams.iter().enumerate() {
        stream.touch(viewer as u64).unwrap();
        reach(stream, is_live).await;
    }

    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    assert_eq!(stage.fake.readers(), 1);
    assert_eq!(stage.hub.streams().len(), 1);
    assert_eq!((streams[0].report().viewers, streams[0].report().requests), (200, 200));
    stage.end().await;
}

#[tokio::test]
async fn viewers_on_several_threads_open_one_session() {
    let stage = Stage::new(vec![channel('a')]).await;
    let hub = &stage.hub;

    let streams: Vec<_> = std::thread::scope(|scope| {
        let runtime = tokio::runtime::Handle::current();
        let tune = |_| {
            let runtime = runtime.clone();
            scope.spawn(move || {
                let _entered = runtime.enter();
                hub.tune(&id('a')).unwrap()
            })
        };
        (0..8).map(tune).collect::<Vec<_>>().into_iter().map(|it| it.join().unwrap()).collect()
    });
    for stream in &streams {
        reach(stream, is_live).await;
    }

    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    stage.end().await;
}

#[tokio::test]
async fn two_links_to_one_swarm_share_one_session() {
    let mut two_links = channel('a');
    two_links.ids.push(id('b'));
    let stage = Stage::new(vec![two_links]).await;

    let (one, other) = (stage.tune(&id('a')), stage.tune(&id('b')));
    // Whoever finds the swarm taken tunes again, as viewers do.
    let played = match one.until(is_live, Duration::from_secs(20)).await {
        Ok(_) => one,
        Err(_) => stage.watch(&id('a')).await,
    };
    let also = match other.until(is_live, Duration::from_secs(20)).await {
        Ok(_) => other,
        Err(_) => stage.watch(&id('b')).await,
    };

    assert_eq!(played.id(), also.id());
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    assert_eq!(stage.hub.streams().len(), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_second_link_to_a_swarm_that_plays_says_so_without_a_session() {
    let mut two_links = channel('a');
    two_links.ids.push(id('b'));
    let stage = Stage::new(vec![two_links]).await;
    let first = stage.watch(&id('a')).await;

    let second = stage.tune(&id('b'));

    assert_eq!(end_of(&second).await, EndReason::SameAs(infohash('a')));
    second.gone().await;
    assert_eq!(stage.tune(&id('b')).id(), first.id());
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    assert_eq!(first.now().state, State::Live);
    stage.end().await;
}

#[tokio::test]
async fn a_second_link_waits_behind_lookups_in_vain_and_leaves_the_one_watched_alone() {
    let mut two_links = channel('a');
    two_links.ids.push(id('b'));
    // To find out that nobody has a broadcast takes this engine 4.7 s.
    let fake = FakeConfig { channels: vec![two_links], speed: 1.0, ..fake() };
    let stage = Stage::with(fake, Config { give_up_after: Duration::from_secs(20), ..config() }).await;
    let first = stage.watch(&id('a')).await;

    let _dead = ['c', 'd', 'e'].map(|digit| stage.tune(&id(digit)));
    let second = stage.tune(&id('b'));

    assert_eq!(end_of(&second).await, EndReason::SameAs(infohash('a')));
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    assert_eq!(first.report().errors.cuts, 0);
    stage.end().await;
}

#[tokio::test]
async fn an_infohash_is_taken_for_one_and_finds_the_stream_of_its_content_id() {
    let stage = Stage::new(vec![channel('a'), channel('c')]).await;
    let swarm = ContentId::from(&infohash('a'));

    let by_infohash = stage.watch(&swarm).await;
    assert_eq!(by_infohash.infohash(), Some(infohash('a')));
    let by_content_id = stage.tune(&id('a'));
    assert_eq!(end_of(&by_content_id).await, EndReason::SameAs(infohash('a')));

    let first = stage.watch(&id('c')).await;
    assert_eq!(stage.tune(&ContentId::from(&infohash('c'))).id(), first.id());
    assert_eq!(stage.fake.sessions_started(&infohash('a')), 1);
    assert_eq!(stage.fake.sessions_started(&infohash('c')), 1);
    stage.end().await;
}

#[tokio::test]
async fn a_stream_stopped_and_tuned_again_at_once_never_meets_its_old_session() {
    for profile in [Profile::V323, Profile::V3211] {
        let channels = vec![channel('a')];
        let stage = Stage::with(FakeConfig { profile, channels, ..fake() }, config()).await;
        let old = stage.watch(&id('a')).await;

        assert!(stage.hub.stop(&id('a')));
        assert_eq!(end_of(&old).await, EndReason::Stopped);
        let new = stage.watch(&id('a')).await;

        assert_ne!(old.report().started_at, "");
        assert!(!new.is_over());
        let errors = new.report().errors;
        assert_eq!((errors.cuts, errors.reconnects), (0, 0), "{profile:?}");
        assert_eq!(stage.fake.sessions_started(&infohash('a')), 2);
        assert_eq!(stage.fake.sessions_open(), 1);
        stage.end().await;
    }
}

#[tokio::test]
async fn the_hub_refuses_more_streams_than_its_limit_but_not_more_viewers() {
    let channels = vec![channel('a'), channel('b')];
    let stage = Stage::with(FakeConfig { channels, ..fake() }, Config { max_streams: 1, ..config() }).await;
    let stream = stage.watch(&id('a')).await;

    assert_eq!(
        stage.hub.tune(&id('b')).unwrap_err(),
        TuneError::Limit(LimitError { limit: Limit::Streams, value: 1 })
    );
    assert!(stage.hub.tune(&id('a')).is_ok());

    // A stream that ended makes room.
    stage.hub.stop(&id('a'));
    end_of(&stream).await;
    stage.watch(&id('b')).await;
    stage.end().await;
}

#[tokio::test]
async fn segment_numbers_are_not_used_again_after_a_restart() {
    let stage = Stage::new(vec![channel('a')]).await;
    let mut used = HashSet::new();
    let stream = stage.watch(&id('a')).await;
    // The burst outruns the clock by far: a minute of media within a second.
    let before = reach(&stream, |now| now.window.duration() >= Duration::from_secs(36)).await;
    used.extend(before.window.listed().map(|segment| segment.number));

    let stage = stage.restarted(config()).await;
    let stream = stage.watch(&id('a')).await;
    let after = reach(&stream, |now| now.window.duration() >= Duration::from_secs(36)).await;

    assert!(after.window.listed().all(|segment| used.insert(segment.number)));
    assert!(after.window.first() > before.window.last());
    stage.end().await;
}
