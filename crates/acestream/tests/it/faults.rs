//! Every fault, seen through the client.

use acestream::{Error, Playback, Selector, Session, fake::Fault};
use mpegts::Packet;

use crate::{
    stream::{VIDEO, clocks, continuity_errors, of, packets, steps, times},
    support::{ID, Rig, UNKNOWN, id, pass, read_bytes, read_to_end, secs, until},
};

const CYCLE: u64 = 1 << 33;
const NULL: u16 = 0x1FFF;

/// Read what comes before a fault, and wait until the fake engine has fallen silent.
async fn silent(rig: &Rig, before: u64) -> (Session, Playback, Vec<u8>) {
    let (session, mut playback) = rig.playback().await;
    let bytes = read_bytes(&mut playback, rig.bytes_of(secs(before))).await;
    while session.statistics().await.unwrap().peers > 0 {}
    (session, playback, bytes)
}

#[tokio::test]
async fn silence_is_a_connection_that_stays_open_without_a_byte() {
    let rig = Rig::with_fault("silence@2s").await;

    let (session, mut playback, bytes) = silent(&rig, 2).await;

    assert_eq!(bytes.len(), rig.bytes_of(secs(2)));
    assert_eq!(rig.fake.readers(), 1);
    assert_eq!(session.statistics().await.unwrap().speed_down_kbps, 0);
    rig.fake.set_fault(&id(), Fault::None);
    let more = read_bytes(&mut playback, rig.bytes_of(secs(5)) - bytes.len()).await;
    assert_eq!(continuity_errors(&packets(&[bytes, more].concat())), 0);
}

#[tokio::test]
async fn a_script_sets_a_fault_by_a_request() {
    let rig = Rig::start().await;
    let asked = async |query: &str| rig.get(&format!("/fake/fault?{query}")).await.status().to_owned();

    assert_eq!(asked(&format!("id={UNKNOWN}&fault=hang")).await, "404");
    assert_eq!(asked(&format!("id={ID}&fault=hangs")).await, "400");
    assert_eq!(asked(&format!("id={ID}&fault=premium")).await, "200");

    let refused = rig.engine.start(&Selector::ContentId(id())).await.map(drop);
    assert!(refused.is_err_and(|error| error.to_string().contains("buy")));
    assert_eq!(asked(&format!("id={ID}&fault=none")).await, "200");
    assert!(rig.engine.start(&Selector::ContentId(id())).await.is_ok());
}

#[tokio::test]
async fn a_reader_that_leaves_in_silence_is_noticed() {
    let rig = Rig::with_fault("silence@2s").await;
    let (_session, playback, _) = silent(&rig, 2).await;

    drop(playback);

    until(|| rig.fake.readers() == 0).await;
}

#[tokio::test]
async fn a_fault_set_while_media_flows_acts_from_there() {
    let rig = Rig::start().await;
    let (session, mut playback) = rig.playback().await;
    let before = read_bytes(&mut playback, rig.bytes_of(secs(12))).await;

    rig.fake.set_fault(&id(), "eof@3s".parse().unwrap());
    pass(secs(10)).await;

    let (after, end) = read_to_end(&mut playback).await;
    assert_eq!(end, Ok(()));
    // The time between the burst and the fault is real and short: at most a packet or two, here up to a second.
    let media = rig.bytes_of(secs(15))..rig.bytes_of(secs(16));
    assert!(media.contains(&(before.len() + after.len())));
    assert!(session.statistics().await.is_ok());
}

#[tokio::test]
async fn the_end_of_the_body_leaves_the_session() {
    let rig = Rig::with_fault("eof@2s").await;
    let (session, mut playback) = rig.playback().await;

    let (bytes, end) = read_to_end(&mut playback).await;

    assert_eq!((bytes.len(), end), (rig.bytes_of(secs(2)), Ok(())));
    until(|| rig.fake.readers() == 0).await;
    assert!(session.statistics().await.unwrap().is_downloading());
    assert!(session.open().await.is_ok());
}

#[tokio::test]
async fn a_reset_is_a_cut() {
    let rig = Rig::with_fault("reset@2s").await;
    let (_session, mut playback) = rig.playback().await;

    let (_, end) = read_to_end(&mut playback).await;

    assert!(matches!(end, Err(Error::Cut(_))), "{end:?}");
}

#[tokio::test]
async fn a_restart_forgets_every_session() {
    let rig = Rig::with_fault("restart@2s").await;
    let (session, mut playback) = rig.playback().await;

    let _ = read_to_end(&mut playback).await;

    assert!(matches!(session.statistics().await, Err(Error::Refused(_))));
    let error = session.open().await.unwrap_err();
    assert!(matches!(error, Error::Playback { status: 404, .. }), "{error:?}");
    assert_eq!((rig.fake.sessions_open(), rig.fake.readers()), (0, 0));
}

#[tokio::test]
async fn without_peers_a_session_prebuffers_for_ever() {
    let rig = Rig::with_fault("no-peers").await;
    let session = rig.session().await;

    pass(secs(600)).await;

    let statistics = session.statistics().await.unwrap();
    assert_eq!((statistics.status.as_str(), statistics.peers, statistics.downloaded), ("prebuf", 0, 0));
    assert_eq!(rig.when_time_passes(session.open()).await.unwrap_err(), Error::Timeout("playback"));
}

#[tokio::test]
async fn peers_need_not_have_data() {
    let rig = Rig::with_fault("no-data").await;
    let session = rig.session().await;

    pass(secs(600)).await;

    let statistics = session.statistics().await.unwrap();
    assert_eq!((statistics.status.as_str(), statistics.peers, statistics.downloaded), ("prebuf", 3, 0));
    assert_eq!(rig.when_time_passes(session.open()).await.unwrap_err(), Error::Timeout("playback"));
}

#[tokio::test]
async fn peers_that_come_at_last_let_a_held_playback_go() {
    let rig = Rig::with_fault("no-peers").await;
    let session = rig.session().await;
    let before = rig.fake.requests();
    let peers_come = async {
        until(|| rig.fake.requests() > before).await;
        rig.fake.set_fault(&id(), Fault::None);
    };

    let (playback, ()) = tokio::join!(session.open(), peers_come);

    assert!(playback.is_ok());
}

#[tokio::test]
async fn a_slow_start_is_added_to_the_channels_own() {
    let rig = Rig::with(|config| {
        config.channels[0].start_delay = secs(100);
        config.channels[0].fault = Fault::SlowStart { delay: secs(900) };
    })
    .await;
    let session = rig.session().await;

    pass(secs(800)).await;
    assert_eq!(session.statistics().await.unwrap().status, "prebuf");
    pass(secs(200)).await;
    assert!(session.statistics().await.unwrap().is_downloading());
}

#[tokio::test]
async fn a_channel_that_hangs_is_never_answered_but_others_are() {
    let rig = Rig::start().await;
    let session = rig.session().await;
    rig.fake.set_fault(&id(), Fault::Hang);

    let selector = acestream::Selector::ContentId(id());
    assert_eq!(rig.when_time_passes(rig.engine.start(&selector)).await.unwrap_err(), Error::Timeout("start"));
    assert_eq!(rig.when_time_passes(session.open()).await.unwrap_err(), Error::Timeout("playback"));
    assert_eq!(rig.when_time_passes(session.statistics()).await, Err(Error::Timeout("statistics")));
    assert_eq!(rig.when_time_passes(session.stop()).await, Err(Error::Timeout("stop")));
    assert!(rig.engine.version().await.is_ok());
}

#[tokio::test]
async fn content_can_fail_to_load() {
    let rig = Rig::with_fault("failed-to-load").await;

    let error = rig.engine.start_any(&id(), None).await.unwrap_err();

    assert!(error.is_failed_to_load());
}

#[tokio::test]
async fn a_looping_source_sends_the_same_minutes_again() {
    let rig = Rig::with_fault("loop@4s:2s").await;

    let bytes = rig.read(secs(10)).await;

    let packets = packets(&bytes);
    let steps = steps(&clocks(&packets), CYCLE * 300);
    let back: Vec<_> = steps.iter().filter(|step| **step < 0).collect();
    // At 4, 6, 8 s; the one at 10 s may just be read or not.
    assert!((3..=4).contains(&back.len()), "{back:?}");
    let half = 27_000_000 / 2;
    assert!(back.iter().all(|step| (-5 * half..=-3 * half).contains(*step)), "{back:?}");
}

#[tokio::test]
async fn a_looping_source_falls_hours_behind_the_clock() {
    let rig = Rig::start().await;
    let session = rig.session().await;
    let before = session.statistics().await.unwrap().live_position.unwrap();

    rig.fake.set_fault(&id(), "loop@4s:2s".parse().unwrap());

    let after = session.statistics().await.unwrap().live_position.unwrap();
    assert_eq!(before.last - before.first, 1800);
    assert!(before.last - after.last > 3600);
}

#[tokio::test]
async fn time_can_jump_once_in_either_direction() {
    for (fault, jump) in [("jump@2s:+3600s", 3600 * 90_000), ("jump@2s:-5s", -5 * 90_000)] {
        let rig = Rig::with_fault(fault).await;

        let bytes = rig.read(secs(10)).await;

        let packets = packets(&bytes);
        let jumps: Vec<_> =
            steps(&times(&packets, VIDEO), CYCLE).into_iter().filter(|step| *step != 3600).collect();
        assert_eq!(jumps, [jump + 3600], "{fault}");
        let clock_jumps =
            steps(&clocks(&packets), CYCLE * 300).into_iter().filter(|step| *step != 3600 * 300);
        assert_eq!(clock_jumps.collect::<Vec<_>>(), [(jump + 3600) * 300], "{fault}");
        assert_eq!(continuity_errors(&packets), 0, "{fault}");
    }
}

#[tokio::test]
async fn time_stays_where_it_jumped_when_the_fault_is_over() {
    let rig = Rig::with_fault("jump@2s:+3600s").await;
    let (_session, mut playback) = rig.playback().await;
    let mut bytes = read_bytes(&mut playback, rig.bytes_of(secs(12))).await;

    rig.fake.set_fault(&id(), Fault::None);
    pass(secs(5)).await;
    bytes.extend(read_bytes(&mut playback, rig.bytes_of(secs(16)) - bytes.len()).await);

    let jumps = steps(&times(&packets(&bytes), VIDEO), CYCLE).into_iter().filter(|step| *step != 3600);
    assert_eq!(jumps.count(), 1);
}

#[tokio::test]
async fn tables_can_be_missing_for_a_while() {
    let clean = Rig::start().await.read(secs(10)).await;
    let rig = Rig::with_fault("no-psi@1s:4s").await;
    let [before, during] = [1, 5].map(|media| of(&packets(&clean[..rig.bytes_of(secs(media))]), 0));
    let missing = during - before;
    let (_session, mut playback) = rig.playback().await;

    // A missing PAT is one packet, and so is the PMT behind it.
    let bytes = read_bytes(&mut playback, clean.len() - 2 * missing * 188).await;

    assert!(missing >= 3, "{missing}");
    let spoilt = packets(&bytes);
    let gap = &spoilt[..rig.bytes_of(secs(5)) / 188 - 2 * missing];
    assert_eq!((of(gap, 0), of(gap, 0x1000)), (before, before));
    assert!(of(&spoilt, 0) > before);
    assert!(steps(&times(&spoilt, VIDEO), CYCLE).iter().all(|step| *step == 3600));
}

#[tokio::test]
async fn packets_can_get_lost() {
    let rig = Rig::with_fault("cc@2s").await;

    let bytes = rig.read(secs(9)).await;

    assert_eq!(continuity_errors(&packets(&bytes[..rig.bytes_of(secs(9)) - 4 * 188])), 4);
}

#[tokio::test]
async fn garbage_can_come_between_packets() {
    let rig = Rig::with_fault("garbage@2s").await;

    let bytes = rig.read(secs(9)).await;

    assert!(Packet::new(&bytes).is_some());
    let is_out_of_sync = bytes.chunks_exact(188).any(|packet| Packet::new(packet).is_none());
    assert!(is_out_of_sync);
}

#[tokio::test]
async fn the_bit_rate_can_change() {
    let rig = Rig::with_fault("bitrate@2s:3").await;
    let before = rig.bytes_of(secs(2));

    let bytes = rig.read(secs(8)).await;

    let whole = bytes.len() / (3 * 188) * 3 * 188;
    let (steady, tripled) = bytes[..whole].split_at(before);
    let (steady, tripled) = (packets(steady), packets(tripled));
    assert_eq!(of(&steady, NULL), 0);
    let share = of(&tripled, NULL) as f64 / tripled.len() as f64;
    assert!((0.66..0.67).contains(&share), "{share}");
    assert_eq!(continuity_errors(&tripled), 0);
}

#[tokio::test]
async fn sound_and_picture_can_be_scrambled_and_tables_are_not() {
    let rig = Rig::with_fault("scrambled").await;

    let bytes = rig.read(secs(5)).await;

    let packets = packets(&bytes);
    let is_table = |packet: &Packet<'_>| [0, 0x1000].contains(&packet.pid().value());
    assert!(packets.iter().all(|packet| packet.is_scrambled() != is_table(packet)));
    assert!(packets.iter().any(is_table));
}

#[tokio::test]
async fn content_can_ask_for_money() {
    let rig = Rig::with_fault("premium").await;

    let error = rig.engine.start_any(&id(), None).await.unwrap_err();

    assert_eq!(error, Error::Refused("You need to buy Proxy Server option to continue".to_owned()));
    let answer = rig.get(&format!("/ace/getstream?format=json&id={ID}")).await;
    let expected = r#"{"response": null, "error": "You need to buy Proxy Server option to continue", "extra_data": {"option": "proxyServer", "reason": "missing_option"}}"#;
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn a_stop_can_hang_and_then_the_session_goes_on() {
    let rig = Rig::with_fault("stop-hangs").await;
    let session = rig.session().await;

    let result = rig.when_time_passes(session.stop()).await;

    assert_eq!(result, Err(Error::Timeout("stop")));
    assert_eq!(rig.fake.sessions_open(), 1);
}

#[tokio::test]
async fn a_playback_can_answer_with_any_error_status() {
    for status in [403, 404, 500, 502, 503, 504] {
        let rig = Rig::with_fault(&format!("status@{status}")).await;

        let error = rig.session().await.open().await.unwrap_err();

        assert!(matches!(error, Error::Playback { status: found, .. } if found == status), "{error:?}");
    }
}

#[tokio::test]
async fn addresses_that_lead_elsewhere_are_asked_of_the_engine() {
    let rig = Rig::with_fault("host-mismatch").await;
    let start = rig.get(&format!("/ace/getstream?format=json&id={ID}")).await;
    assert!(start.text().contains("http://engine.invalid:6878/ace/r/"));

    let (session, mut playback) = rig.playback().await;

    assert!(playback.chunk().await.unwrap().is_some());
    assert!(session.statistics().await.is_ok());
    assert_eq!(session.stop().await, Ok(()));
}
