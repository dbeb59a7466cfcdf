//! The dialect of the open re-implementation, line by line as it was measured, and the client against it.

use std::time::Duration;

use acestream::{
    ContentId, Form, Selector,
    fake::{Fault, Profile},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    stream::{VIDEO, clocks, packets},
    support::{Answer, ID, Rig, UNKNOWN, id, read_bytes, read_to_end, secs, until},
};

/// A piece of some 2 s.
const PIECE: usize = 60_000;

async fn rig() -> Rig {
    Rig::with(|config| {
        config.profile = Profile::Open;
        config.piece = PIECE;
    })
    .await
}

async fn rig_with(fault: &str) -> Rig {
    let fault: Fault = fault.parse().unwrap();
    Rig::with(|config| {
        config.profile = Profile::Open;
        config.piece = PIECE;
        config.channels[0].fault = fault;
    })
    .await
}

async fn start(rig: &Rig, by: &str) -> Answer {
    rig.get(&format!("/ace/getstream?format=json&{by}")).await
}

/// The first bytes of a raw request's answer, `least` at least.
async fn raw(rig: &Rig, request: &str, least: usize) -> Vec<u8> {
    let mut socket = TcpStream::connect(rig.fake.address()).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    while bytes.len() < least {
        assert!(socket.read_buf(&mut bytes).await.unwrap() > 0, "{}", String::from_utf8_lossy(&bytes));
    }
    bytes
}

#[tokio::test]
async fn a_start_without_a_format_is_the_stream_itself_in_chunks() {
    let rig = rig().await;

    let bytes = raw(&rig, &format!("GET /ace/getstream?id={ID} HTTP/1.1\r\n\r\n"), 200).await;

    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert_eq!(head, "HTTP/1.1 200 OK\r\ncontent-type: video/mp2t\r\ntransfer-encoding: chunked");
    assert!(usize::from_str_radix(body.split("\r\n").next().unwrap(), 16).unwrap() >= PIECE);
}

#[tokio::test]
async fn an_old_client_gets_the_stream_without_framing() {
    let rig = rig().await;

    let bytes = raw(&rig, &format!("GET /ace/getstream?id={ID} HTTP/1.0\r\n\r\n"), 200).await;

    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    assert_eq!(bytes[split + 4], mpegts::SYNC_BYTE);
}

#[tokio::test]
async fn a_head_request_opens_a_session() {
    let rig = rig().await;

    raw(&rig, &format!("HEAD /ace/getstream?id={ID} HTTP/1.1\r\n\r\n"), 15).await;

    assert_eq!(rig.fake.sessions_started(&rig.infohash), 1);
}

#[tokio::test]
async fn a_session_of_an_unknown_infohash_looks_like_any_other_and_sends_nothing() {
    let rig = rig().await;

    let session = rig.engine.start(&Selector::Infohash(UNKNOWN.parse().unwrap())).await.unwrap();
    let mut playback = session.open().await.unwrap();

    let read = tokio::time::timeout(Duration::from_millis(50), playback.chunk()).await;
    assert!(read.is_err(), "{read:?}");
    assert_eq!(session.infohash().as_str(), UNKNOWN);
}

#[tokio::test]
async fn a_start_as_json_opens_nothing_before_the_playback_is_read() {
    let rig = rig().await;
    let session = rig.session().await;
    assert_eq!(session.statistics().await.unwrap().status, "idle");

    let _playback = session.open().await.unwrap();

    assert_eq!(session.statistics().await.unwrap().status, "dl");
}

#[tokio::test]
async fn the_infohash_of_a_start_by_id_is_the_id_and_the_keys_are_long() {
    let rig = rig().await;

    let answer = start(&rig, &format!("content_id={ID}&use_api_events=1")).await;

    let response = &answer.json()["response"];
    assert_eq!(response["infohash"], ID);
    assert!(response.get("event_url").is_none());
    let path = answer.path("playback_url");
    let key = path.strip_prefix(&format!("/ace/r/cid:{ID}/")).unwrap();
    assert_eq!((key.len(), response["playback_session_id"].as_str()), (64, Some(key)));
}

#[tokio::test]
async fn statistics_know_no_speeds_and_no_position() {
    let rig = rig().await;
    let answer = start(&rig, &format!("content_id={ID}")).await;

    let statistics = rig.get(&answer.path("stat_url")).await.json();

    let names: Vec<_> = statistics["response"].as_object().unwrap().keys().cloned().collect();
    let expected = [
        "client_session_id",
        "downloaded",
        "infohash",
        "is_encrypted",
        "is_live",
        "peers",
        "playback_session_id",
        "status",
        "uploaded",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn an_unknown_session_is_refused_in_words_of_its_own() {
    let rig = rig().await;
    let refused = serde_json::json!({ "response": null, "error": "invalid or expired playback session" });

    for path in ["stat", "cmd"] {
        assert_eq!(rig.get(&format!("/ace/{path}/{ID}/0?method=stop")).await.json(), refused, "{path}");
    }
    let playback = rig.get(&format!("/ace/r/{ID}/0")).await;
    assert_eq!((playback.status(), playback.text().as_str()), ("404", ""));
}

#[tokio::test]
async fn a_start_of_nothing_is_refused_as_json_whatever_was_asked_for() {
    let rig = rig().await;

    let answer = rig.get("/ace/getstream?pid=1").await;

    assert_eq!(answer.status(), "200");
    assert!(answer.head.contains("application/json"));
    assert_eq!(answer.json()["error"], "missing content_id/infohash/id");
}

#[tokio::test]
async fn the_version_stands_in_the_service_api_only() {
    let rig = rig().await;

    assert_eq!(rig.get("/webui/api/service?method=get_version").await.status(), "404");
    let version = rig.engine.version().await.unwrap();
    assert_eq!((version.version.as_str(), version.code), ("0.2.0", Some(200)));
}

#[tokio::test]
async fn media_files_tell_the_infohash_of_an_id_but_not_whether_an_infohash_is_one() {
    let rig = rig().await;
    let unknown: ContentId = UNKNOWN.parse().unwrap();

    let files = rig.engine.media_files(&Selector::ContentId(id())).await.unwrap();
    assert_eq!((files.infohash.as_ref(), files.files.len(), files.name), (Some(&rig.infohash), 1, None));
    let by_id = rig.engine.media_files(&Selector::ContentId(unknown.clone())).await.unwrap_err();
    assert!(by_id.is_failed_to_load(), "{by_id}");
    let by_infohash = rig.engine.media_files(&Selector::Infohash((&unknown).into())).await.unwrap();
    assert_eq!(by_infohash.infohash, Some((&unknown).into()));
}

#[tokio::test]
async fn two_readers_of_one_session_get_the_same() {
    let rig = rig().await;
    let session = rig.session().await;

    let (mut one, mut two) = (session.open().await.unwrap(), session.open().await.unwrap());

    let first = read_bytes(&mut one, PIECE).await;
    let second = read_bytes(&mut two, PIECE).await;
    assert_eq!(first[..PIECE], second[..PIECE]);
    assert_eq!(rig.fake.readers(), 2);
}

#[tokio::test]
async fn stopping_one_session_ends_its_reader_cleanly_and_no_other() {
    let rig = rig().await;
    let (first, mut one) = rig.playback().await;
    let (_second, mut two) = rig.playback().await;

    first.stop().await.unwrap();

    assert_eq!(read_to_end(&mut one).await.1, Ok(()));
    assert!(two.chunk().await.unwrap().is_some());
    assert_eq!((rig.fake.sessions_open(), rig.fake.sessions_started(&rig.infohash)), (1, 2));
}

#[tokio::test]
async fn the_stream_begins_with_its_tables_and_a_picture_that_can_be_decoded() {
    let rig = rig().await;
    let (_session, mut playback) = rig.playback().await;

    let bytes = read_bytes(&mut playback, PIECE).await;

    let packets = packets(&bytes);
    let pids: Vec<_> = packets.iter().map(|packet| packet.pid().value()).take(3).collect();
    assert_eq!(pids, [0, 0x1000, VIDEO]);
    assert!(packets[2].random_access_indicator() && packets[2].payload_unit_start());
}

#[tokio::test]
async fn the_counters_of_tables_stand_still_when_asked_by_id_and_go_on_by_infohash() {
    let rig = rig().await;
    let counters = async |by| {
        let session = rig.engine.start(&by).await.unwrap();
        let bytes = read_bytes(&mut session.open().await.unwrap(), PIECE).await;
        let packets = packets(&bytes);
        let tables = packets.iter().filter(|packet| packet.pid().value() == 0);
        tables.map(|packet| packet.continuity_counter()).take(3).collect::<Vec<_>>()
    };

    assert_eq!(counters(Selector::ContentId(id())).await, [0, 0, 0]);
    assert_eq!(counters(Selector::Infohash(rig.infohash.clone())).await, [0, 1, 2]);
}

#[tokio::test]
async fn a_source_that_was_lost_comes_back_on_the_same_connection_with_time_from_the_start() {
    let rig = rig_with("silence@4s").await;
    let (session, mut playback) = rig.playback().await;
    let mut bytes = read_bytes(&mut playback, rig.bytes_of(secs(3))).await;
    let frozen = session.statistics().await.unwrap();
    assert_eq!(session.statistics().await.unwrap(), frozen);

    rig.fake.set_fault(&id(), Fault::None);
    let is_new = |packet: &mpegts::Packet<'_>| packet.discontinuity_indicator();
    while !packets(&bytes).iter().any(is_new) {
        bytes.extend(playback.chunk().await.unwrap().unwrap());
    }

    let packets = packets(&bytes);
    let first = packets.iter().position(is_new).unwrap();
    assert_eq!(
        packets[first].pcr().unwrap() / 300,
        900_000 - 45_000,
        "the clock of the clip's first picture"
    );
    assert!(clocks(&packets[..first])[0] > packets[first].pcr().unwrap());
    assert_eq!([packets[first - 2].pid().value(), packets[first - 1].pid().value()], [0, 0x1000]);
}

#[tokio::test]
async fn a_restart_closes_the_connection_without_a_last_chunk_and_forgets() {
    let rig = rig().await;
    let (session, mut playback) = rig.playback().await;

    rig.fake.restart();

    assert!(read_to_end(&mut playback).await.1.is_err());
    assert!(session.statistics().await.is_err());
    until(|| rig.fake.readers() == 0).await;
}

#[tokio::test]
async fn an_id_starts_as_what_it_is_taken_for() {
    let rig = rig().await;

    let (_, form) = rig.engine.start_any(&id(), None).await.unwrap();

    assert_eq!(form, Form::ContentId);
}

#[tokio::test]
async fn every_fault_of_the_media_reaches_the_reader() {
    for fault in ["eof@2s", "reset@2s", "restart@2s", "cc@1s", "garbage@1s", "jump@2s:+3600s", "scrambled"] {
        let rig = rig_with(fault).await;
        let (_session, mut playback) = rig.playback().await;

        let first = playback.chunk().await;

        assert!(matches!(first, Ok(Some(_)) | Err(_)), "{fault}: {first:?}");
    }
}

#[tokio::test]
async fn a_playback_can_answer_with_an_error_status() {
    let rig = rig_with("status@503").await;

    let refused = rig.session().await.open().await.unwrap_err();

    assert!(matches!(refused, acestream::Error::Playback { status: 503, .. }), "{refused:?}");
}
