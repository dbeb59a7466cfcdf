//! What other programs were written against, to the letter.

use std::time::Duration;

use reqwest::Method;
use server::config::Config;

use serde_json::json;

use crate::app::{NEWS, TestApp, eventually, faulty, news, problem};

#[tokio::test]
async fn playing_a_channel_says_where_it_plays() {
    let app = TestApp::start().await;

    let response = app.play(&format!(r#"{{"hash": "{}"}}"#, NEWS.to_uppercase())).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    insta::assert_snapshot!(app.settled(&response.text().await.unwrap()));
    app.end().await;
}

#[tokio::test]
async fn a_playlist_lists_mpeg_ts_segments() {
    let app = TestApp::start().await;

    let response = app.get(&format!("/api/stream/{NEWS}/playlist.m3u8")).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/vnd.apple.mpegurl");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let text = response.text().await.unwrap();
    let number: u64 = after(&text, "#EXT-X-MEDIA-SEQUENCE:").parse().unwrap();
    let date = after(&text, "#EXT-X-PROGRAM-DATE-TIME:");
    let head = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{number}\n\
         #EXT-X-PROGRAM-DATE-TIME:{date}\n#EXTINF:2.000000,\nsegment_{number}.ts\n"
    );
    assert!(text.starts_with(&head), "{text}");
    app.end().await;
}

fn after<'a>(text: &'a str, tag: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(tag)).unwrap()
}

#[tokio::test]
async fn the_channels_of_a_playlist_are_read_once() {
    let app = TestApp::start().await;
    app.write_playlist(
        "tv.m3u",
        "#EXTM3U\n\
         #EXTINF:-1 tvg-id=\"news1\" tvg-logo=\"https://example.com/news.png\" group-title=\"News\",News One\n\
         acestream://d65257bb7856e13b718df1dfe65ee482d90dd384\n\
         #EXTINF:-1 tvg-id=\"cup\" group-title=\"Sport\",Cup\n\
         http://127.0.0.1:6878/ace/getstream?id=a7b7f1e2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8\n\
         #EXTINF:-1 tvg-id=\"league\" group-title=\"Sport\",League\n\
         https://acestream.me/embed/f9e8d7c6b5a4938271605f4e3d2c1b0a9\n\
         #EXTINF:-1,Plain\n\
         http://tv.example/plain.m3u8\n\
         #EXTINF:-1,Bad\n\
         acestream://short\n",
    );

    let first = app.get("/api/playlists/tv/channels").await.text().await.unwrap();
    let second = app.get("/api/playlists/tv/channels").await.text().await.unwrap();

    insta::assert_snapshot!(pretty(&first));
    assert_eq!(second, first.replace(r#""cached":false"#, r#""cached":true"#));
    app.end().await;
}

#[tokio::test]
async fn of_all_who_ask_first_for_a_playlist_one_has_it_read() {
    let app = TestApp::start().await;
    let line = format!("#EXTINF:-1,A channel\nacestream://{NEWS}\n");
    app.write_playlist("large.m3u", line.repeat(20_000));

    let first =
        (0..8).map(|_| async { app.get("/api/playlists/large/channels").await.text().await.unwrap() });
    let answers = all(first.collect()).await;

    assert!(answers.iter().all(|answer| answer.contains(r#""total":20000"#)));
    let read = answers.iter().filter(|answer| answer.contains(r#""cached":false"#)).count();
    assert_eq!(read, 1);
    app.end().await;
}

fn pretty(json: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(json).unwrap()).unwrap()
}

#[tokio::test]
async fn the_playlists_are_listed_by_name() {
    let app = TestApp::start().await;
    app.write_playlist("tv.m3u", "");
    app.write_playlist("radio.m3u8", "");

    let body: serde_json::Value = app.get("/api/playlists").await.json().await.unwrap();

    let names: Vec<_> = body["playlists"].as_array().unwrap().iter().map(|it| it["name"].as_str()).collect();
    assert_eq!((names, &body["total"]), (vec![Some("radio"), Some("tv")], &json!(2)));
    app.end().await;
}

#[tokio::test]
async fn health_names_the_service_and_the_engine() {
    let app = TestApp::start().await;
    let body = eventually(async || {
        let body = app.get("/health").await.text().await.unwrap();
        (!body.contains("unknown")).then_some(body)
    })
    .await;

    insta::assert_snapshot!(app.settled(&body));
    app.end().await;
}

#[tokio::test]
async fn health_answers_while_the_engine_is_down() {
    let app = TestApp::start().await;
    app.fake.down().await;
    let body = eventually(async || {
        let response = app.get("/health").await;
        assert_eq!(response.status(), 200);
        let body = response.text().await.unwrap();
        body.contains("down").then_some(body)
    })
    .await;

    assert!(body.starts_with(r#"{"status":"healthy","service":"acestream-hls-proxy","#), "{body}");
    app.end().await;
}

#[tokio::test]
async fn figures_stand_under_their_names() {
    let app = TestApp::start().await;
    app.playlist().await;

    let figures: serde_json::Value = app.get("/api/metrics").await.json().await.unwrap();

    assert_eq!(figures["active_streams"], 1);
    assert_eq!(figures["total_requests"], 1);
    assert_eq!(figures["ffmpeg_processes"], 0);
    assert!(figures["storage_used_mb"].as_f64().unwrap() > 0.0);
    assert!(figures["average_latency_ms"].as_f64().unwrap() > 0.0);
    assert!(figures["bandwidth_mbps"].is_number());
    app.end().await;
}

#[tokio::test]
async fn prometheus_finds_every_figure_named_and_typed() {
    let app = TestApp::start().await;
    app.playlist().await;

    let browser = app.request(Method::GET, "/metrics").header("accept", "text/html,*/*;q=0.8");
    let response = browser.send().await.unwrap();

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let page = response.text().await.unwrap();
    for line in [
        "# TYPE acehls_streams gauge",
        "acehls_streams{phase=\"live\"} 1",
        "acehls_streams{phase=\"ended\"} 0",
        "acehls_active_streams 1",
        "acehls_viewers 1",
        "acehls_ffmpeg_processes 0",
        "# TYPE acehls_http_requests_total counter",
        "acehls_http_requests_total 1",
        "acehls_http_request_duration_seconds_count 1",
        "acehls_reconnects_total 0",
        "acehls_continuity_errors_total 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in\n{page}");
    }
    assert!(after(&page, "acehls_tasks ").parse::<u64>().unwrap() > 1);
    assert!(after(&page, "acehls_media_held_bytes ").parse::<u64>().unwrap() > 0);
    assert!(after(&page, "acehls_received_bytes_total ").parse::<u64>().unwrap() > 0);
    assert_all_are_typed(&page);
    app.end().await;
}

/// Each sample stands under the HELP and TYPE of its family; counters, and they alone, end in `_total`.
fn assert_all_are_typed(page: &str) {
    let (mut family, mut helped) = ("", "");
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped = help.split(' ').next().unwrap();
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, kind) = typed.split_once(' ').unwrap();
            assert_eq!(name, helped);
            assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
            family = name;
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(family) && value.parse::<f64>().is_ok(), "{line}");
        }
    }
}

#[tokio::test]
async fn a_stream_is_listed_until_it_is_stopped() {
    let app = TestApp::start().await;
    app.playlist().await;

    let listed: serde_json::Value = app.get("/api/streams").await.json().await.unwrap();
    let shown: serde_json::Value = app.get(&format!("/api/streams/{NEWS}")).await.json().await.unwrap();
    assert_eq!(listed["total"], 1);
    assert_eq!(listed["streams"][0]["hash"], NEWS);
    assert_eq!(shown["phase"], "live");
    assert_eq!(shown["viewers"], 1);

    let path = format!("/api/streams/{NEWS}");
    let stopped = app.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(stopped.status(), 204);
    let again = app.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(again.status(), 404);
    app.end().await;
}

#[tokio::test]
async fn viewers_behind_a_trusted_proxy_are_told_apart() {
    let ours = |config: &mut Config| config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let app = TestApp::with(vec![news()], ours).await;
    app.playlist().await;
    for (name, value) in [("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.2")] {
        let path = format!("/api/stream/{NEWS}/playlist.m3u8");
        app.request(Method::GET, &path).header(name, value).send().await.unwrap();
    }

    let shown: serde_json::Value = app.get(&format!("/api/streams/{NEWS}")).await.json().await.unwrap();

    assert_eq!(shown["viewers"], 3);
    app.end().await;
}

#[tokio::test]
async fn who_waits_for_a_stream_that_is_stopped_is_told_to_come_again() {
    let app = TestApp::with(vec![faulty("slow@1h")], |config| {
        config.live.give_up_after = Duration::from_secs(600);
        config.live.start_timeout = Duration::from_secs(600);
    })
    .await;
    let stop = async {
        let path = format!("/api/streams/{NEWS}");
        let begun = async || {
            app.get("/health").await;
            (app.fake.sessions_open() > 0).then_some(())
        };
        eventually(begun).await;
        assert_eq!(app.request(Method::DELETE, &path).send().await.unwrap().status(), 204);
    };
    let path = format!("/api/stream/{NEWS}/playlist.m3u8");

    let (waited, ()) = tokio::join!(app.get(&path), stop);

    assert_eq!(waited.headers()["retry-after"], "2", "players give up on 4xx");
    let (status, body) = problem(waited).await;
    assert_eq!((status, &body["type"]), (503, &"/problems/stream-starting".into()));
    assert_eq!(body["code"], "stopped");
    app.end().await;
}

#[tokio::test]
async fn two_hundred_first_viewers_open_one_session() {
    let app = TestApp::start().await;

    let viewers: Vec<_> = (0..200).map(|_| app.playlist()).collect();
    let playlists = all(viewers).await;

    assert!(playlists.iter().all(|playlist| playlist.contains("#EXTINF")));
    assert_eq!(app.fake.sessions_started(&news().infohash), 1);
    app.end().await;
}

/// All of `futures` at once.
async fn all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut done = true;
        for (future, result) in waiting.iter_mut().filter(|(_, result)| result.is_none()) {
            match future.as_mut().poll(cx) {
                std::task::Poll::Ready(value) => *result = Some(value),
                std::task::Poll::Pending => done = false,
            }
        }
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, result)| result).collect()
}

#[tokio::test]
async fn a_multivariant_playlist_says_what_the_stream_is() {
    let app = TestApp::start().await;

    let response = app.get(&format!("/api/stream/{NEWS}/index.m3u8?profile=fast")).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/vnd.apple.mpegurl");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let text = response.text().await.unwrap();
    let (bandwidth, formats) = text.split_once(",CODECS").unwrap();
    assert!(bandwidth.starts_with("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH="), "{text}");
    assert_eq!(
        formats,
        "=\"avc1.4d401e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000\nlive.m3u8?profile=fast\n"
    );
    app.end().await;
}

#[tokio::test]
async fn the_tracks_of_a_stream_say_what_they_are() {
    let app = TestApp::start().await;
    app.playlist().await;

    let streams: serde_json::Value = app.get("/api/streams").await.json().await.unwrap();

    let tracks = serde_json::to_string_pretty(&streams["streams"][0]["tracks"]).unwrap();
    insta::assert_snapshot!(tracks, @r#"
    [
      {
        "channels": null,
        "codec": "h264",
        "frame_rate": 25.0,
        "height": 360,
        "interlaced": false,
        "kind": "video",
        "language": null,
        "pid": 256,
        "rfc6381": "avc1.4d401e",
        "sample_rate": null,
        "width": 640
      },
      {
        "channels": 1,
        "codec": "aac",
        "frame_rate": null,
        "height": null,
        "interlaced": null,
        "kind": "audio",
        "language": null,
        "pid": 257,
        "rfc6381": "mp4a.40.2",
        "sample_rate": 32000,
        "width": null
      }
    ]
    "#);
    app.end().await;
}

#[tokio::test]
async fn a_profile_that_is_none_is_refused() {
    let app = TestApp::start().await;

    let response = app.get(&format!("/api/stream/{NEWS}/index.m3u8?profile=fastest")).await;

    assert_eq!(response.status(), 400);
    app.end().await;
}
