//! The engine's other face: redirects, its own HLS, the service API.

use crate::{
    stream::{VIDEO, packets, times},
    support::{ID, Rig, UNKNOWN, pass, secs},
};

#[tokio::test]
async fn without_json_a_start_is_a_chain_of_two_redirects() {
    let rig = Rig::start().await;

    let start = rig.get(&format!("/ace/getstream?id={ID}")).await;
    let location =
        start.head.lines().find_map(|line| line.strip_prefix("Location: http://engine:6878")).unwrap();
    let entry = rig.get(location).await;

    let key = location.strip_prefix(&format!("/ace/r/{}/", rig.infohash)).unwrap();
    assert!(key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let expected = format!(
        "HTTP/1.1 302 Found\r\nServer: BaseHTTP/0.6 Python/3.8.16\r\nAccess-Control-Allow-Origin: *\r\nLocation: \
         http://engine:6878{location}"
    );
    assert_eq!(start.head, expected);
    assert_eq!(start.text(), format!("Redirect to http://engine:6878{location}"));
    assert_eq!(entry.status(), "302");
    assert!(entry.head.contains(&format!("Location: http://engine:6878/content/{}/", rig.infohash)));
}

#[tokio::test]
async fn without_json_an_error_is_a_plain_500() {
    let rig = Rig::start().await;

    let answer = rig.get("/ace/getstream").await;

    let expected = "HTTP/1.1 500 Internal Server Error\r\nServer: BaseHTTP/0.6 Python/3.8.16\r\n\
                    Access-Control-Allow-Origin: *\r\nContent-Type: text/plain\r\nContent-Length: 18\r\nConnection: close";
    assert_eq!(answer.head, expected);
    assert_eq!(answer.text(), "missing content id");
}

#[tokio::test]
async fn a_start_as_json_answers_as_python_writes() {
    let rig = Rig::start().await;

    let answer = rig.get(&format!("/ace/getstream?format=json&id={ID}&use_api_events=1")).await;

    let (key, id) = (
        answer.path("stat_url"),
        answer.json()["response"]["playback_session_id"].as_str().unwrap().to_owned(),
    );
    let key = key.rsplit('/').next().unwrap();
    let infohash = &rig.infohash;
    let expected = format!(
        "{{\"response\": {{\"client_session_id\": -1, \"command_url\": \"http://engine:6878/ace/cmd/{infohash}/{key}\", \
         \"event_url\": \"http://engine:6878/ace/event/{id}/{key}\", \"infohash\": \"{infohash}\", \"is_encrypted\": 0, \
         \"is_live\": 1, \"playback_session_id\": \"{id}\", \
         \"playback_url\": \"http://engine:6878/ace/r/{infohash}/{key}\", \
         \"stat_url\": \"http://engine:6878/ace/stat/{infohash}/{key}\"}}, \"error\": null}}"
    );
    assert_eq!(answer.text(), expected);
    assert_eq!((key.len(), id.len()), (32, 40));
}

#[tokio::test]
async fn of_several_selectors_the_first_in_the_engines_order_counts() {
    let rig = Rig::start().await;
    let infohash = rig.infohash.clone();
    let start = async |query: String| {
        let answer = rig.get(&format!("/ace/getstream?format=json&{query}")).await;
        answer.json()["error"].as_str().map(str::to_owned)
    };

    assert_eq!(start(format!("magnet=x&url=y&infohash={UNKNOWN}&content_id={ID}")).await, None);
    assert_eq!(
        start(format!("content_id={UNKNOWN}&infohash={infohash}")).await.as_deref(),
        Some("failed to load content")
    );
    assert_eq!(start(format!("url=y&infohash={infohash}")).await, None);
    assert_eq!(
        start(format!("url=y&magnet=magnet:?xt=urn:btih:{infohash}")).await.as_deref(),
        Some("failed to load content")
    );
    assert_eq!(start(format!("magnet=magnet:%3Fxt=urn:btih:{infohash}%26dn=x")).await, None);
    assert_eq!(start("id=not-a-hash".to_owned()).await.as_deref(), Some("failed to load content"));
    assert_eq!(start(String::new()).await.as_deref(), Some("missing content id"));
}

#[tokio::test]
async fn the_engines_own_list_has_absolute_addresses_and_grows() {
    let rig = Rig::start().await;
    let start = rig.get(&format!("/ace/manifest.m3u8?format=json&id={ID}")).await;

    let list = rig.get(&start.path("playback_url")).await;

    // The clip is cut at its key frame at 5.12 s, which is its seam, and the burst reaches from 0.7 s to 12.7 s.
    let infohash = &rig.infohash;
    let expected = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXTINF:5.120000,\nhttp://engine:6878/ace/c/{infohash}/0.ts\n"
    );
    assert_eq!(list.text(), expected);
    pass(secs(300)).await;
    let list = rig.get(&start.path("playback_url")).await.text();
    assert_eq!(list.matches("#EXTINF").count(), 17);
    assert!(list.contains("#EXT-X-MEDIA-SEQUENCE:43\n"), "{list}");
}

#[tokio::test]
async fn a_segment_begins_with_tables_and_is_the_same_for_everybody() {
    let rig = Rig::start().await;
    rig.get(&format!("/ace/manifest.m3u8?format=json&id={ID}")).await;
    let path = format!("/ace/c/{}/0.ts", rig.infohash);

    let (one, two) = (rig.get(&path).await, rig.get(&path).await);

    assert!(one.body == two.body);
    let packets = packets(&one.body);
    assert_eq!(packets[..2].iter().map(|packet| packet.pid().value()).collect::<Vec<_>>(), [0, 0x1000]);
    assert_eq!(times(&packets, VIDEO).len(), 128);
}

#[tokio::test]
async fn a_segment_outside_the_window_is_not_found_and_without_a_session_an_error() {
    let rig = Rig::start().await;
    let segment = format!("/ace/c/{}/99.ts", rig.infohash);

    assert_eq!(rig.get(&segment).await.status(), "500");
    let start = rig.get(&format!("/ace/manifest.m3u8?format=json&id={ID}")).await;
    assert_eq!(rig.get(&segment).await.status(), "404");
    rig.get(&format!("{}?method=stop", start.path("command_url"))).await;
    let list = rig.get(&start.path("playback_url")).await;
    assert_eq!((list.status(), list.text().as_str()), ("500", "download not found"));
}

#[tokio::test]
async fn the_service_api_answers_in_its_own_shapes() {
    let rig = Rig::with(|config| "Foo TV".clone_into(&mut config.channels[0].name)).await;
    let ask = async |path: &str| rig.get(path).await.text();

    assert_eq!(
        ask("/webui/api/service?method=get_version").await,
        r#"{"result": {"code": 3021100, "platform": "linux", "version": "3.2.11", "websocket_port": 43257}, "error": null}"#
    );
    assert_eq!(
        ask("/server/api?api_version=3&method=get_status").await,
        r#"{"result": {"playlist_loaded": true, "version": {"code": 3021100, "platform": "linux", "version": "3.2.11"}}}"#
    );
    assert_eq!(
        ask("/server/api?api_version=3&method=get_network_connection_status").await,
        r#"{"result": {"connected": true}}"#
    );
    assert_eq!(ask("/server/api?method=get_version").await, r#"{"result": null, "error": "access denied"}"#);
    assert_eq!(
        ask("/server/api?method=get_content_info").await,
        r#"{"error": {"code": 0, "message": "unknown method"}}"#
    );
    assert_eq!(
        ask(&format!("/server/api?method=get_media_files&infohash={UNKNOWN}")).await,
        r#"{"error": {"code": 0, "message": "cannot get transport file"}}"#
    );
    let token = rig.get("/server/api?method=get_api_access_token").await.json();
    assert_eq!(token["result"]["token"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn the_search_finds_infohashes_by_name() {
    let rig = Rig::with(|config| "Foo TV".clone_into(&mut config.channels[0].name)).await;

    let found = rig.get("/search?query=foo").await.json();
    let nothing = rig.get("/search?query=bar").await.json();

    assert_eq!(found["result"]["results"][0]["items"][0]["infohash"], rig.infohash.as_str());
    assert_eq!((&found["result"]["total"], &nothing["result"]["total"]), (&1.into(), &0.into()));
}

#[tokio::test]
async fn what_the_engine_does_not_know_is_refused() {
    let rig = Rig::start().await;
    let start = rig.get(&format!("/ace/getstream?format=json&id={ID}")).await;
    let unknown = r#"{"response": null, "error": "unknown playback session id"}"#;

    assert_eq!(rig.get("/nothing").await.status(), "404");
    assert_eq!(rig.get(&format!("/ace/r/{}/0", rig.infohash)).await.status(), "404");
    assert_eq!(rig.get(&format!("/ace/stat/{}/0", rig.infohash)).await.text(), unknown);
    assert_eq!(rig.get("/ace/event/0/0").await.text(), unknown);
    assert_eq!(rig.get(&start.path("command_url")).await.json()["error"], "unknown method");
}

#[tokio::test]
async fn an_event_poll_ends_empty_or_with_its_session() {
    let rig = Rig::start().await;
    let start = rig.get(&format!("/ace/getstream?format=json&id={ID}&use_api_events=1")).await;
    let events = start.path("event_url");

    let empty = rig.when_time_passes(rig.get(&events)).await;

    assert_eq!(empty.text(), r#"{"response": {}, "error": null}"#);
}
