//! Players that are given the catalogue's list of channels, or an entry of it.

use std::time::Duration;

use axum::http::{Method, header};

use super::player::{Kind, Player};
use crate::app::{NEWS, TestApp};

/// Pictures, 25 a second: more than the first segment has.
const WANTED: u64 = 250;

async fn start() -> TestApp {
    let app = TestApp::with(vec![super::continuity::channel()], |config| {
        config.live.target = Duration::from_secs(2);
    })
    .await;
    let named = "#EXTM3U\n#EXTINF:-1 tvg-id=\"news, <1>\" group-title=\"News & more\",News, \"One\" 📺";
    app.write_playlist("tv.m3u", format!("{named}\nacestream://{NEWS}\n"));
    app
}

/// The address of the list's only entry.
async fn entry(app: &TestApp, query: &str) -> String {
    let list = app.get(&format!("/playlist.m3u{query}")).await.text().await.unwrap();
    list.lines().find(|line| !line.starts_with('#')).unwrap().to_owned()
}

/// Wait until each has shown as much as is wanted.
async fn play(players: impl Iterator<Item = Option<Player>>) {
    let mut players: Vec<_> = players.flatten().collect();
    for player in &mut players {
        player.comes_to(WANTED).await;
    }
}

#[tokio::test]
async fn vlc_and_mpv_play_the_exported_list_itself() {
    let app = start().await;

    let list = ["/playlist.m3u", "/playlist.m3u?format=hls"].map(|path| format!("{}{path}", app.base));
    let each = list.iter().flat_map(|url| [(Kind::Vlc, url), (Kind::Mpv, url)]);
    play(each.map(|(kind, url)| Player::start(kind, url))).await;

    app.end().await;
}

#[tokio::test]
async fn every_player_plays_an_entry_of_the_exported_list() {
    let app = start().await;
    let (ts, hls) = (entry(&app, "").await, entry(&app, "?format=hls").await);
    // By its name streamlink knows a list of segments alone.
    let named = format!("httpstream://{ts}");

    let all = Kind::ALL.map(|kind| (kind, if kind == Kind::Streamlink { &named } else { &ts }));
    play(all.into_iter().chain([(Kind::Streamlink, &hls)]).map(|(kind, url)| Player::start(kind, url))).await;

    app.end().await;
}

/// Kodi asks what an address is before it plays it, and closes what it looked at.
#[tokio::test]
async fn an_entry_plays_for_a_client_that_looks_at_it_first_as_kodi_does() {
    let app = start().await;
    let url = entry(&app, "").await;
    let ask = |method: Method| {
        let request = app.client.request(method, &url).header(header::RANGE, "bytes=0-");
        request.header(header::USER_AGENT, "Kodi/21.0 (X11; Linux x86_64)").header("icy-metadata", "1")
    };

    let head = ask(Method::HEAD).send().await.unwrap();
    let mut looked = ask(Method::GET).send().await.unwrap();
    let first = looked.chunk().await.unwrap().unwrap();
    drop(looked);

    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-type"]),
        (200, &"video/mp2t".parse().unwrap())
    );
    assert_eq!(first[0], 0x47);
    play([Player::start(Kind::Ffmpeg, &url)].into_iter()).await;
    app.end().await;
}
