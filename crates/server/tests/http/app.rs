//! A server under test, its fake engine, and the check that nothing is left of either.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use acestream::{
    ContentId,
    fake::{Channel, Clip, Fake, FakeConfig},
};
use hls::validate::{self, Severity};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use server::{app::App, config::Config};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A channel that every test's engine has.
pub(crate) const NEWS: &str = "d65257bb7856e13b718df1dfe65ee482d90dd384";

/// An ID that no engine here knows.
pub(crate) const NOBODY: &str = "ffffffffffffffffffffffffffffffffffffffff";

pub(crate) struct TestApp {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) fake: Fake,
    pub(crate) storage: tempfile::TempDir,
    pub(crate) stop: CancellationToken,
    config: Config,
    running: TaskTracker,
}

impl TestApp {
    /// A server whose engine has one channel, [`NEWS`].
    pub(crate) async fn start() -> Self {
        Self::with(vec![news()], |_| {}).await
    }

    /// A server whose engine has `channels`, with a changed configuration.
    pub(crate) async fn with(channels: Vec<Channel>, change: impl FnOnce(&mut Config)) -> Self {
        Self::on(FakeConfig { speed: 1000.0, channels, ..FakeConfig::default() }, change).await
    }

    /// A server with an engine set up like this, with a changed configuration.
    pub(crate) async fn on(fake: FakeConfig, change: impl FnOnce(&mut Config)) -> Self {
        let fake = Fake::start(fake).await.unwrap();
        let storage = tempfile::tempdir().unwrap();
        let mut config = Config { storage_dir: storage.path().to_owned(), ..Config::default() };
        config.engine.base_url = fake.base().into();
        config.http.port = 0;
        config.live.start_timeout = Duration::from_secs(10);
        config.live.give_up_after = Duration::from_secs(3);
        config.live.media_timeout = Duration::from_secs(4);
        config.live.reconnect_delay = Duration::from_millis(10);
        config.live.probe_interval = Duration::from_millis(50);
        change(&mut config);
        Self::run(config, fake, storage).await
    }

    async fn run(config: Config, fake: Fake, storage: tempfile::TempDir) -> Self {
        let app = App::load(config.clone()).await.unwrap();
        let (base, stop) = (format!("http://{}", app.address()), CancellationToken::new());
        let running = TaskTracker::new();
        running.spawn(app.run(stop.clone().cancelled_owned()));
        running.close();
        // No connection is kept, so that stopping waits for none.
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { base, client, fake, storage, stop, config, running }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// What stands at `path`. A playlist of a stream is looked at by the validator, whatever a test wants of it.
    pub(crate) async fn get(&self, path: &str) -> Response {
        let response = self.request(Method::GET, path).send().await.unwrap();
        let is_playlist = path.starts_with("/api/stream/") && path.contains(".m3u8");
        if !is_playlist || response.status() != 200 {
            return response;
        }
        let mut copy = axum::http::Response::new(());
        *copy.headers_mut() = response.headers().clone();
        let text = response.text().await.unwrap();
        assert_valid(&text);
        copy.map(|()| text).into()
    }

    pub(crate) async fn play(&self, body: &str) -> Response {
        let request = self.request(Method::POST, "/api/play").header("content-type", "application/json");
        request.body(body.to_owned()).send().await.unwrap()
    }

    /// The playlist of [`NEWS`], waited for.
    pub(crate) async fn playlist(&self) -> String {
        let response = self.get(&format!("/api/stream/{NEWS}/playlist.m3u8")).await;
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    /// Where the first segment of [`NEWS`] is.
    pub(crate) async fn first_segment(&self) -> String {
        let playlist = self.playlist().await;
        let file = playlist.lines().find(|line| !line.starts_with('#')).unwrap();
        format!("/api/stream/{NEWS}/{file}")
    }

    pub(crate) fn write_playlist(&self, name: &str, text: impl AsRef<[u8]>) {
        let folder = self.storage.path().join("playlists");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
    }

    /// `text` without what differs from run to run and from machine to machine.
    pub(crate) fn settled(&self, text: &str) -> String {
        let platform = ["railway", "render", "docker"];
        let text = text.replace(&self.base, "http://server").replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let text =
            platform.iter().fold(text, |text, name| text.replace(&format!("{name}_native"), "linux_native"));
        let shown = ["Railway", "Render", "Docker"];
        shown.iter().fold(text, |text, name| text.replace(&format!("via {name}"), "via Linux"))
    }

    /// Stop as the signal does. Nothing may be left: no task, no engine session.
    /// The same server, stopped and started again.
    pub(crate) async fn restart(self) -> Self {
        self.stop.cancel();
        self.running.wait().await;
        Self::run(self.config, self.fake, self.storage).await
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.running.wait().await;
        assert_eq!(self.fake.sessions_open(), 0, "engine sessions left open");
        self.fake.shutdown().await;
    }
}

/// A playlist of either kind that breaks no rule.
pub(crate) fn assert_valid(playlist: &str) {
    let look = if validate::is_multivariant(playlist) { validate::multivariant } else { validate::media };
    let findings = look(playlist);
    let musts: Vec<String> =
        findings.iter().filter(|found| found.severity == Severity::Must).map(ToString::to_string).collect();
    assert!(musts.is_empty(), "{musts:#?} in\n{playlist}");
}

/// Ask again and again until there is an answer. Only a failing test waits for long.
pub(crate) async fn eventually<T>(ask: impl AsyncFn() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.unwrap()
}

/// The status, and the problem with its ID taken out.
pub(crate) async fn problem(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    let instance = body["instance"].take();
    assert_eq!(instance.as_str().unwrap().len(), 16, "{instance}");
    (status, body)
}

/// The problem's type and its detail.
pub(crate) async fn kind_and_detail(response: Response) -> (u16, String, String) {
    let (status, body) = problem(response).await;
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (status, text("type").replace("/problems/", ""), text("detail"))
}

pub(crate) fn id(text: &str) -> ContentId {
    text.parse().unwrap()
}

/// [`NEWS`], with so much in its burst that there are segments at once.
pub(crate) fn news() -> Channel {
    Channel { burst: Duration::from_secs(30), ..Channel::new(id(NEWS), clip()) }
}

/// A channel with a fault.
pub(crate) fn faulty(fault: &str) -> Channel {
    Channel { fault: fault.parse().unwrap(), ..news() }
}

pub(crate) fn clip() -> Arc<Clip> {
    static CLIP: OnceLock<Arc<Clip>> = OnceLock::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/clean.ts");
    Arc::clone(CLIP.get_or_init(|| Arc::new(Clip::new(std::fs::read(path).unwrap()).unwrap())))
}
