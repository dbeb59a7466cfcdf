//! The low-latency playlist: requests that wait, parts that are hinted at, and what is refused.

use std::time::Duration;

use acestream::fake::Channel;
use hls::validate::{Fetched, Finding, Follower, Severity};

use crate::app::{NEWS, TestApp, kind_and_detail, news, problem};

fn live(query: &str) -> String {
    format!("/api/stream/{NEWS}/live.m3u8{query}")
}

async fn text(app: &TestApp, query: &str) -> String {
    let response = app.get(&live(query)).await;
    assert_eq!(response.status(), 200, "{query}");
    assert_eq!(response.headers()["content-type"], "application/vnd.apple.mpegurl");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    response.text().await.unwrap()
}

/// The part that `playlist` hints at: its file, its segment and its number.
fn hint(playlist: &str) -> (String, u64, u64) {
    let (_, uri) = playlist.split_once("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"").unwrap();
    let file = uri.split('"').next().unwrap();
    let numbers = file.strip_prefix("part_").and_then(|rest| rest.strip_suffix(".ts")).unwrap();
    let (segment, part) = numbers.split_once('_').unwrap();
    (file.to_owned(), segment.parse().unwrap(), part.parse().unwrap())
}

fn musts(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.severity == Severity::Must).collect()
}

/// A channel without a burst: what is there is new.
fn plain() -> Channel {
    Channel { burst: Duration::ZERO, ..news() }
}

/// Until a request waits for media.
async fn until_one_waits(app: &TestApp) {
    let idle = "acehls_limit_used{limit=\"max_blocked\"} 0\n";
    while app.get("/metrics").await.text().await.unwrap().contains(idle) {}
}

async fn as_agent(app: &TestApp, agent: &str, path: &str) -> reqwest::Response {
    app.request(reqwest::Method::GET, path).header("user-agent", agent).send().await.unwrap()
}

/// Whether a request without directives waits.
async fn waits(app: &TestApp, agent: &str) -> bool {
    let path = live("?profile=fast");
    tokio::select! {
        _ = as_agent(app, agent, &path) => false,
        () = until_one_waits(app) => true,
    }
}

#[tokio::test]
async fn a_blocked_reload_is_answered_with_the_part_it_waits_for() {
    let app = TestApp::with(vec![plain()], |_| ()).await;
    let (mut follower, mut playlist) = (Follower::default(), text(&app, "?profile=fast").await);
    let mut findings = follower.take(Fetched { at: Duration::ZERO, blocked: false }, &playlist);

    for _ in 0..12 {
        let (file, segment, part) = hint(&playlist);
        playlist = text(&app, &format!("?_HLS_msn={segment}&_HLS_part={part}&profile=fast")).await;
        assert!(playlist.contains(&format!("URI=\"{file}\"")), "{file} in {playlist}");
        assert_ne!(hint(&playlist).0, file);
        findings.extend(follower.take(Fetched { at: Duration::ZERO, blocked: false }, &playlist));
    }
    assert_eq!(musts(findings), []);
    app.end().await;
}

#[tokio::test]
async fn a_hinted_part_is_waited_for_and_comes_whole() {
    let app = TestApp::with(vec![plain()], |_| ()).await;
    let (file, segment, _) = hint(&text(&app, "?profile=fast").await);

    let response = app.get(&format!("/api/stream/{NEWS}/{file}")).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "public, max-age=31536000, immutable");
    let length = response.content_length().unwrap();
    let part = response.bytes().await.unwrap();
    assert_eq!(part.len() as u64, length);
    assert!(part.len() % 188 == 0 && part.chunks(188).all(|packet| packet[0] == 0x47));
    // PAT first, on PID 0.
    assert_eq!(&part[..3], [0x47, 0x40, 0x00]);

    // Parts one behind the other are their segment.
    let playlist = text(&app, &format!("?_HLS_msn={segment}")).await;
    let mut joined = Vec::new();
    for line in playlist.lines().filter(|line| line.contains(&format!("URI=\"part_{segment}_"))) {
        let file = line.split('"').nth(1).unwrap();
        if line.starts_with("#EXT-X-PART:") {
            joined.extend(app.get(&format!("/api/stream/{NEWS}/{file}")).await.bytes().await.unwrap());
        }
    }
    let whole = app.get(&format!("/api/stream/{NEWS}/segment_{segment}.ts")).await.bytes().await.unwrap();
    assert!(joined == whole, "{} and {}", joined.len(), whole.len());
    app.end().await;
}

#[tokio::test]
async fn directives_that_make_no_sense_are_refused_with_the_reason() {
    let app = TestApp::start().await;
    let (_, segment, _) = hint(&text(&app, "").await);

    for (query, says) in [
        ("?_HLS_part=3".to_owned(), "_HLS_msn"),
        ("?_HLS_msn=-1".to_owned(), "_HLS_msn"),
        ("?_HLS_msn=1&_HLS_msn=2".to_owned(), "_HLS_msn"),
        ("?_HLS_skip=maybe".to_owned(), "_HLS_skip"),
        ("?profile=slow".to_owned(), "fast, balanced, smooth and solid"),
        ("?profile=fast&early=perhaps".to_owned(), "true"),
        (format!("?_HLS_msn={}", segment + 900), "too far ahead"),
    ] {
        let (status, kind, detail) = kind_and_detail(app.get(&live(&query)).await).await;
        assert_eq!((status, &*kind), (400, "invalid-request"), "{query}");
        assert!(detail.contains(says), "{query}: {detail}");
    }
    // What is long gone is answered with what there is (6.2.5.2).
    assert!(text(&app, "?_HLS_msn=1&_HLS_part=0").await.contains("#EXTINF"));
    app.end().await;
}

#[tokio::test]
async fn a_part_that_is_none_is_not_found() {
    let app = TestApp::start().await;
    let (_, segment, part) = hint(&text(&app, "").await);

    for file in [format!("part_{segment}_{}.ts", part + 5_000), format!("part_{}_0.ts", segment + 100)] {
        let (status, kind, _) = kind_and_detail(app.get(&format!("/api/stream/{NEWS}/{file}")).await).await;
        assert_eq!((status, &*kind), (404, "segment-not-found"), "{file}");
    }
    app.end().await;
}

#[tokio::test]
async fn a_burst_is_waited_for_as_far_as_the_profile_holds_back() {
    // 30 s of burst: more than any profile but the solid one holds back.
    let app = TestApp::start().await;

    let playlist = text(&app, "").await;
    let listed: f64 = playlist
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:")?.strip_suffix(',')?.parse::<f64>().ok())
        .sum();
    assert!(listed >= 8.0, "{listed} s in {playlist}");
    assert!(playlist.contains("PART-HOLD-BACK=12.000000"), "{playlist}");
    app.end().await;
}

#[tokio::test]
async fn who_waits_for_news_in_vain_is_told_so_after_three_target_durations() {
    let silent = Channel { fault: "silence@3500ms".parse().unwrap(), ..plain() };
    let app = TestApp::with(vec![silent], |config| config.live.target = Duration::from_secs(1)).await;
    let playlist = text(&app, "?profile=fast").await;
    assert!(playlist.contains("#EXT-X-TARGETDURATION:1\n"), "{playlist}");
    let (_, mut segment, _) = hint(&playlist);

    let mut answer = app.get(&live(&format!("?_HLS_msn={segment}&profile=fast"))).await;
    while answer.status() == 200 {
        segment += 1;
        answer = app.get(&live(&format!("?_HLS_msn={segment}&profile=fast"))).await;
    }

    assert_eq!(answer.headers()["retry-after"], "2");
    let (status, body) = problem(answer).await;
    assert_eq!((status, &body["detail"]), (503, &"Nothing new came within 3s.".into()));
    app.end().await;
}

#[tokio::test]
async fn who_was_given_all_that_is_listed_waits_for_news_without_directives_too_when_supply_fails() {
    let silent = Channel { fault: "silence@3500ms".parse().unwrap(), ..plain() };
    let app = TestApp::with(vec![silent], |config| config.live.target = Duration::from_secs(1)).await;
    let mut last = as_agent(&app, "known", &live("?profile=fast")).await.text().await.unwrap();
    assert!(!waits(&app, "known").await, "while news comes");
    loop {
        let (_, segment, part) = hint(&last);
        let path = live(&format!("?_HLS_msn={segment}&_HLS_part={part}&profile=fast"));
        let answer = as_agent(&app, "known", &path).await;
        if answer.status() != 200 {
            break;
        }
        last = answer.text().await.unwrap();
    }

    assert!(!waits(&app, "newcomer").await);
    assert!(waits(&app, "known").await);
    let head =
        app.request(reqwest::Method::HEAD, &live("?profile=fast")).header("user-agent", "looks").send();
    assert_eq!(head.await.unwrap().status(), 200);
    assert!(!waits(&app, "looks").await, "who asked for the head alone was given nothing");
    as_agent(&app, "known", &format!("/api/stream/{NEWS}/index.m3u8?profile=fast")).await;
    assert!(!waits(&app, "known").await, "who begins anew has nothing");
    app.end().await;
}

#[tokio::test]
async fn who_begins_early_is_answered_with_two_parts_and_others_wait_for_what_they_hold_back() {
    // 0.8 s behind the first key frame.
    let silent = Channel { fault: "silence@2100ms".parse().unwrap(), ..plain() };
    let app = TestApp::with(vec![silent], |config| config.live.start_timeout = Duration::from_secs(5)).await;

    let [early, fast, balanced] =
        ["fast&early=true", "fast", "balanced&early=true"].map(|wish| live(&format!("?profile={wish}")));
    let (early, fast, balanced) = tokio::join!(app.get(&early), app.get(&fast), app.get(&balanced));

    let playlist = early.text().await.unwrap();
    let parts = playlist.lines().filter(|line| line.starts_with("#EXT-X-PART:") && !line.contains("GAP=YES"));
    assert_eq!(parts.count(), 2, "{playlist}");
    assert_eq!([fast, balanced].map(|answer| answer.status()), [503; 2]);
    app.end().await;
}

#[tokio::test]
async fn who_waits_is_answered_when_the_stream_is_stopped() {
    let app = TestApp::with(vec![plain()], |_| ()).await;
    let (_, segment, _) = hint(&text(&app, "?profile=fast").await);
    let path = live(&format!("?_HLS_msn={}&profile=fast", segment + 1));

    let stop = async {
        until_one_waits(&app).await;
        app.request(reqwest::Method::DELETE, &format!("/api/streams/{NEWS}")).send().await.unwrap();
    };
    let (response, ()) = tokio::join!(app.get(&path), stop);

    assert!(
        response.status() == 404 || response.status() == 503 || response.status() == 410,
        "{}",
        response.status()
    );
    app.end().await;
}
