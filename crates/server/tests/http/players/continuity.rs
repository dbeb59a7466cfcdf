//! The players that people use, on a channel without a fault and on channels with every fault that can be survived.

use std::time::Duration;

use acestream::{
    Engine, Selector,
    fake::{Channel, FakeConfig, Fault, Profile},
};
use serde_json::Value;

use super::player::{Kind, Player};
use crate::app::{NEWS, TestApp, eventually, id, news};

/// A channel as it is: with as much in its burst as engines have.
pub(super) fn channel() -> Channel {
    Channel { burst: Duration::from_secs(12), ..news() }
}

/// Players that take whole segments stay three targets behind: with short ones a fault soon reaches them.
async fn start(profile: Profile, target: u64) -> TestApp {
    let fake = FakeConfig { speed: 1000.0, profile, channels: vec![channel()], ..FakeConfig::default() };
    TestApp::on(fake, |config| {
        config.live.target = Duration::from_secs(target);
        config.live.silence_timeout = Duration::from_secs(5);
        config.live.give_up_after = Duration::from_secs(60);
    })
    .await
}

fn url(app: &TestApp, file: &str) -> String {
    format!("{}/api/stream/{NEWS}/{file}", app.base)
}

/// Wait until each has shown so many seconds more of the clip, 25 pictures each.
async fn play(players: &mut [Player], seconds: u64) {
    let wanted: Vec<_> = players.iter().map(|player| player.shown() + seconds * 25).collect();
    for (player, wanted) in players.iter_mut().zip(wanted) {
        player.comes_to(wanted).await;
    }
}

#[tokio::test]
async fn every_player_plays_half_a_minute_of_a_clean_channel() {
    let app = start(Profile::V3211, 4).await;
    let all = [
        (Kind::Ffmpeg, "live.m3u8"),
        (Kind::Mpv, "playlist.m3u8"),
        (Kind::Mpv, "live.m3u8"),
        (Kind::Mpv, "stream.ts"),
        (Kind::Streamlink, "playlist.m3u8"),
        (Kind::Streamlink, "index.m3u8"),
        (Kind::Vlc, "playlist.m3u8"),
        (Kind::Vlc, "index.m3u8"),
        (Kind::Vlc, "stream.ts"),
    ];
    let mut players: Vec<_> =
        all.iter().filter_map(|(kind, file)| Player::start(*kind, &url(&app, file))).collect();

    play(&mut players, 30).await;

    assert_eq!(players.first().map(Player::said).unwrap_or_default(), "");
    drop(players);
    app.end().await;
}

/// A server with one faulty channel, and every player on it.
struct Watched {
    app: TestApp,
    players: Vec<Player>,
}

impl Watched {
    async fn new(profile: Profile) -> Self {
        let app = start(profile, 2).await;
        let playlist = Kind::ALL.map(|kind| (kind, "playlist.m3u8"));
        let all = playlist.into_iter().chain([(Kind::Mpv, "stream.ts"), (Kind::Vlc, "stream.ts")]);
        let players = all.filter_map(|(kind, file)| Player::start(kind, &url(&app, file))).collect();
        let mut watched = Self { app, players };
        watched.plays(4).await;
        watched
    }

    async fn plays(&mut self, seconds: u64) {
        play(&mut self.players, seconds).await;
    }

    fn set(&self, fault: &str) {
        assert!(self.app.fake.set_fault(&id(NEWS), fault.parse().unwrap()));
    }

    /// How often the server has seen a fault of this kind.
    async fn seen(&self, kind: &str) -> u64 {
        let report: Value = self.app.get(&format!("/api/streams/{NEWS}")).await.json().await.unwrap();
        report["errors"][kind].as_u64().unwrap()
    }

    /// Let something happen, and wait until the server has seen `kind` once more.
    async fn happens(&self, kind: &str, what: impl AsyncFnOnce()) {
        let before = self.seen(kind).await;
        what().await;
        eventually(async || (self.seen(kind).await > before).then_some(())).await;
    }

    /// What went wrong is over: everybody plays on.
    async fn end(mut self) {
        self.app.fake.set_fault(&id(NEWS), Fault::None);
        self.plays(16).await;
        drop(self.players);
        self.app.end().await;
    }
}

/// All at the same time: what takes long here is waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_player_gives_up_where_the_channel_has_faults() {
    tokio::join!(
        connections_that_break(),
        timestamps_that_jump(),
        media_that_is_damaged(),
        an_engine_that_others_use_and_that_starts_anew(),
    );
}

async fn connections_that_break() {
    let mut watched = Watched::new(Profile::V3211).await;
    for (fault, counter) in [("reset@0s", "cuts"), ("eof@0s", "cuts"), ("silence@0s", "silences")] {
        watched.happens(counter, async || watched.set(fault)).await;
        watched.set("none");
        watched.plays(4).await;
    }
    // Media flows on, only the engine's API does not answer.
    watched.set("hang");
    watched.plays(8).await;
    watched.end().await;
}

async fn timestamps_that_jump() {
    let mut watched = Watched::new(Profile::V3211).await;
    for fault in ["jump@0s:+3600s", "jump@0s:-5s"] {
        watched.set(fault);
        // More than what is held back, so that each jump is met.
        watched.plays(8).await;
    }
    // Once: mpv waits for a second of media whose time goes on, and where the same few come for ever there is none.
    watched.happens("continuity_errors", async || watched.set("loop@2s:5s")).await;
    watched.end().await;
}

async fn media_that_is_damaged() {
    let mut watched = Watched::new(Profile::V3211).await;
    for (fault, counter) in [("cc@1s", "continuity_errors"), ("garbage@1s", "skipped_bytes")] {
        watched.happens(counter, async || watched.set(fault)).await;
        watched.plays(8).await;
    }
    for fault in ["no-psi@0s:5s", "bitrate@0s:2"] {
        watched.set(fault);
        watched.plays(8).await;
    }
    watched.end().await;
}

/// Another player of the engine replaces our session, which is what engine 3.2.3 does.
async fn an_engine_that_others_use_and_that_starts_anew() {
    let mut watched = Watched::new(Profile::V323).await;
    let other = Engine::new(watched.app.fake.base()).unwrap();
    watched
        .happens("reconnects", async || {
            let _runs_on = other.start(&Selector::ContentId(id(NEWS))).await.unwrap();
        })
        .await;
    watched.plays(4).await;
    watched.happens("reconnects", async || watched.app.fake.restart()).await;
    watched.end().await;
}
