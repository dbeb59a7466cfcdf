//! From a request to its reply: starts, playback addresses, statistics, commands.

use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};

use super::{
    Fault, Profile, Shared, WarmUp,
    channel::Broadcast,
    hls,
    http::{self, Framing, Request},
    json, playback, status,
    table::{End, Output, Session, Wish},
};
use crate::{ContentId, Infohash};

const HEAD_LIMIT: Duration = Duration::from_secs(10);
const EVENT_POLL: Duration = Duration::from_secs(10);
/// How often a request that is kept waiting looks whether media flows.
pub(super) const LOOK: Duration = Duration::from_millis(20);

const DOWNLOAD_NOT_FOUND: &str = "download not found";
const FAILED_TO_LOAD: &str = "failed to load content";
const UNKNOWN_SESSION: &str = "unknown playback session id";

/// What to answer.
pub(super) enum Reply {
    Whole {
        status: u16,
        kind: &'static str,
        body: Vec<u8>,
    },
    Redirect(String),
    /// The media of a session.
    Play(Box<Session>),
    /// The media of a session that has any number of readers.
    Share(Box<Session>, Framing),
    /// What a second reader gets.
    Corrupt,
    /// Nothing, ever.
    Never,
}

impl Reply {
    pub(super) fn json(body: String) -> Self {
        Self::Whole { status: 200, kind: "application/json", body: body.into() }
    }

    pub(super) fn not_found() -> Self {
        Self::text(404, "Not Found")
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::Whole { status, kind: "text/plain", body: body.into() }
    }
}

/// What a client wants to play, of the four ways to say it the one that counts.
pub(super) enum Selection {
    ContentId(String),
    Infohash(String),
    /// Never there: the fake engine fetches no transport files.
    Url,
}

impl Selection {
    pub(super) fn of(request: &Request) -> Option<Self> {
        let magnet = || {
            let topic = request.parameter("magnet")?.split_once("urn:btih:")?.1;
            Some(Self::Infohash(topic.split('&').next()?.to_owned()))
        };
        let id = request.parameter("content_id").or_else(|| request.parameter("id"));
        let id = id.map(|id| Self::ContentId(id.to_owned()));
        id.or_else(|| request.parameter("infohash").map(|infohash| Self::Infohash(infohash.to_owned())))
            .or_else(|| request.parameter("url").map(|_| Self::Url))
            .or_else(magnet)
    }
}

/// Answer the one request of a connection.
pub(super) async fn serve(shared: &Shared, mut socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let request = timeout(HEAD_LIMIT, Request::read(&mut socket)).await??;
    let Some(request) = request else { return Ok(()) };
    shared.requests.fetch_add(1, Relaxed);
    let reply = if request.path.starts_with("/ace/getstream") || request.path.starts_with("/ace/manifest") {
        // A start goes on when its client has left: that is how real engines leak sessions.
        shared.reply(&request).await
    } else {
        tokio::select! {
            () = http::gone(&mut socket) => return Ok(()),
            reply = shared.reply(&request) => reply,
        }
    };
    match reply {
        Reply::Whole { status, kind, body } => http::send(&mut socket, status, kind, &body).await,
        Reply::Redirect(location) => {
            http::redirect(&mut socket, &location).await?;
            if shared.redirects_hang {
                http::gone(&mut socket).await;
            }
            Ok(())
        }
        Reply::Play(session) => playback::play(shared, &session, socket).await,
        Reply::Share(session, framing) => playback::share(shared, &session, socket, framing).await,
        Reply::Corrupt => http::corrupt_head(&mut socket).await,
        Reply::Never => {
            http::gone(&mut socket).await;
            Ok(())
        }
    }
}

impl Shared {
    async fn reply(&self, request: &Request) -> Reply {
        // No engine has this: it is for scripts that run one as a process of its own.
        if request.path == "/fake/fault" {
            return self.new_fault(request);
        }
        if self.hangs.load(Relaxed) {
            return Reply::Never;
        }
        if self.profile == Profile::Open {
            return self.open_dialect(request).await;
        }
        if !["GET", "POST"].contains(&request.method.as_str()) {
            return Reply::text(501, "Unsupported method");
        }
        let path: Vec<_> = request.path.split('/').skip(1).collect();
        match path[..] {
            ["webui", "api", "service"] => self.web_service(request),
            ["server" | "service", "api"] => self.service(request).await,
            ["search"] => self.search(request),
            ["ace", "getstream"] => self.start(request, Output::Progressive).await,
            ["ace", "manifest.m3u8"] => self.start(request, Output::Hls).await,
            ["ace", "r", infohash, key] => self.entry(request, infohash, key).await,
            ["content", _, content] => self.content(content),
            ["ace", "m", infohash, file] => self.list(request, infohash, file).await,
            ["ace", "c", infohash, file] => self.segment(infohash, file),
            ["ace", "stat", infohash, key] => self.statistics(request, infohash, key),
            ["ace", "cmd", infohash, key] => self.command(request, infohash, key),
            ["ace", "event", id, key] => self.events(id, key).await,
            _ => Reply::not_found(),
        }
    }

    /// `/fake/fault?id=…&fault=silence@0s`: from now on this is what goes wrong with the channel.
    fn new_fault(&self, request: &Request) -> Reply {
        let id = request.parameter("id").and_then(|id| id.parse().ok());
        let Some(broadcast) = id.and_then(|id| self.by_id(&id)) else { return Reply::not_found() };
        match request.parameter("fault").unwrap_or_default().parse::<Fault>() {
            Ok(fault) => broadcast.fault.send_replace(fault),
            Err(error) => return Reply::text(400, &error.to_string()),
        };
        Reply::text(200, "")
    }

    pub(super) fn select(&self, selection: &Selection) -> Option<&Arc<Broadcast>> {
        match selection {
            Selection::ContentId(id) => {
                let id: ContentId = id.parse().ok()?;
                let infohash = Infohash::from(&id);
                let loaded = || self.by_infohash(&infohash).filter(|_| self.table().is_loaded(&infohash));
                self.by_id(&id).or_else(loaded)
            }
            Selection::Infohash(infohash) => self.by_infohash(&infohash.parse().ok()?),
            Selection::Url => None,
        }
    }

    async fn start(&self, request: &Request, output: Output) -> Reply {
        let as_json = request.parameter("format") == Some("json");
        match self.open(request, output).await {
            Ok(session) if as_json => Reply::json(json::response(&addresses(&session, request))),
            Ok(session) => Reply::Redirect(playback_url(&session, &url_base(request, &session.broadcast))),
            Err(None) => Reply::Never,
            Err(Some(StartError { text, extra })) if as_json => Reply::json(refusal(text, extra)),
            Err(Some(StartError { text, .. })) => Reply::text(500, text),
        }
    }

    /// A session of what is asked for; an error without text is a start that hangs.
    async fn open(&self, request: &Request, output: Output) -> Result<Session, Option<StartError>> {
        self.starts.fetch_add(1, Relaxed);
        let fails = |text| Err(Some(StartError { text, extra: false }));
        let Some(selection) = Selection::of(request) else { return fails("missing content id") };
        let broadcast = self.select(&selection);
        let fault = broadcast.map(|broadcast| broadcast.fault());
        let Some(broadcast) = broadcast.filter(|_| fault != Some(Fault::FailedToLoad)) else {
            self.take_time(if matches!(selection, Selection::Infohash(_)) { 28_000 } else { 4600 }).await;
            return fails(FAILED_TO_LOAD);
        };
        if fault == Some(Fault::Hang) {
            return Err(None);
        }
        self.take_time(500).await;
        if fault == Some(Fault::Premium) {
            let text = "You need to buy Proxy Server option to continue";
            return Err(Some(StartError { text, extra: true }));
        }
        let player = request.parameter("pid").or_else(|| request.parameter("sid"));
        let wish = Wish {
            broadcast: Arc::clone(broadcast),
            output,
            player: player.unwrap_or_default().to_owned(),
            timeout: self.idle_timeout,
            name: broadcast.channel.infohash.to_string(),
            key: format!("{:032x}", fastrand::u128(..)),
        };
        let mut table = self.table();
        if matches!(selection, Selection::Infohash(_)) {
            table.remember_loaded(broadcast.channel.infohash.clone());
        }
        Ok(table.start(wish, self.profile))
    }

    /// `/ace/r`: leads to the media.
    async fn entry(&self, request: &Request, infohash: &str, key: &str) -> Reply {
        let Some(session) = self.find(infohash, key) else { return Reply::not_found() };
        if session.end.is_some() {
            return Reply::text(500, DOWNLOAD_NOT_FOUND);
        }
        match session.broadcast.fault() {
            Fault::Hang => return Reply::Never,
            Fault::PlaybackStatus(status) => return Reply::text(status, status_text(status)),
            _ => {}
        }
        if let Some(reply) = self.warm_up(&session).await {
            return reply;
        }
        let base = url_base(request, &session.broadcast);
        Reply::Redirect(format!("{base}/content/{infohash}/{}", session.content))
    }

    fn content(&self, content: &str) -> Reply {
        let mut table = self.table();
        let Some(session) = table.find_content(content) else { return Reply::text(500, DOWNLOAD_NOT_FOUND) };
        if session.take() { Reply::Play(Box::new(session.clone())) } else { Reply::Corrupt }
    }

    /// `/ace/m`: the media playlist.
    async fn list(&self, request: &Request, infohash: &str, file: &str) -> Reply {
        let session = file.strip_suffix(".m3u8").and_then(|key| self.find(infohash, key));
        let Some(session) = session else { return Reply::not_found() };
        match session.end {
            Some(End::Replaced) => return Reply::text(403, "Forbidden"),
            Some(End::Stopped) => return Reply::text(500, DOWNLOAD_NOT_FOUND),
            None => {}
        }
        if let Some(reply) = self.warm_up(&session).await {
            return reply;
        }
        self.touch(infohash, &session.key);
        let base = url_base(request, &session.broadcast);
        loop {
            if let Some(list) = hls::list(&session.broadcast, &base) {
                return Reply::Whole {
                    status: 200,
                    kind: "application/vnd.apple.mpegurl",
                    body: list.into(),
                };
            }
            tokio::select! {
                () = session.over.cancelled() => return Reply::text(500, DOWNLOAD_NOT_FOUND),
                () = sleep(LOOK) => {}
            }
        }
    }

    fn segment(&self, infohash: &str, file: &str) -> Reply {
        let Some(index) = file.strip_suffix(".ts").and_then(|index| index.parse().ok()) else {
            return Reply::not_found();
        };
        let mut broadcast = None;
        for session in self.table().running() {
            if session.output == Output::Hls && session.broadcast.channel.infohash.as_str() == infohash {
                session.touch();
                broadcast = Some(Arc::clone(&session.broadcast));
            }
        }
        match broadcast {
            Some(broadcast) => hls::segment(&broadcast, index),
            None => Reply::text(500, DOWNLOAD_NOT_FOUND),
        }
    }

    /// `None` when media flows; waits for it when the engine is set up so.
    async fn warm_up(&self, session: &Session) -> Option<Reply> {
        while !session.is_ready() {
            match self.warm_up {
                WarmUp::Hold => tokio::select! {
                    () = session.over.cancelled() => return Some(Reply::text(500, DOWNLOAD_NOT_FOUND)),
                    () = sleep(LOOK) => {}
                },
                WarmUp::NotFound => return Some(Reply::text(500, DOWNLOAD_NOT_FOUND)),
                WarmUp::StartTimeout => {
                    self.take_time(7000).await;
                    return Some(Reply::text(500, "start timeout")).filter(|_| !session.is_ready());
                }
            }
        }
        None
    }

    fn statistics(&self, request: &Request, infohash: &str, key: &str) -> Reply {
        let session = self.find(infohash, key).filter(|session| session.end.is_none());
        let Some(session) = session else { return Reply::json(json::refusal(UNKNOWN_SESSION)) };
        if session.broadcast.fault() == Fault::Hang {
            return Reply::Never;
        }
        if !request.flag("skip_player_activity") {
            self.touch(infohash, key);
        }
        let id = self.table().newest_id(&session.broadcast.channel.infohash).unwrap_or_default();
        Reply::json(json::response(&status::statistics(&session, &id)))
    }

    fn command(&self, request: &Request, infohash: &str, key: &str) -> Reply {
        let session = self.find(infohash, key).filter(|session| session.end.is_none());
        let Some(session) = session else { return Reply::json(json::refusal(UNKNOWN_SESSION)) };
        match (request.parameter("method"), session.broadcast.fault()) {
            (_, Fault::Hang) | (Some("stop"), Fault::StopHangs) => return Reply::Never,
            (Some("stop"), _) => self.table().stop(key, self.profile),
            (Some("set_player_activity_timeout"), _) => {
                let seconds = request.parameter("timeout").and_then(|timeout| timeout.parse().ok());
                if let (Some(seconds), Some(session)) = (seconds, self.table().find(infohash, key)) {
                    session.set_timeout(Duration::from_secs(seconds));
                }
            }
            (Some("liveseek" | "set_stream"), _) => {}
            _ => return Reply::json(json::refusal("unknown method")),
        }
        Reply::json(json::response(&"ok".into()))
    }

    /// A poll that has nothing to tell but the session's end.
    async fn events(&self, id: &str, key: &str) -> Reply {
        let session = self.table().running().find(|session| session.key == key && session.id == id).cloned();
        let Some(session) = session else { return Reply::json(json::refusal(UNKNOWN_SESSION)) };
        match timeout(EVENT_POLL, session.over.cancelled()).await {
            Ok(()) => Reply::json(json::refusal(UNKNOWN_SESSION)),
            Err(_) => Reply::json(json::response(&json!({}))),
        }
    }

    pub(super) fn find(&self, infohash: &str, key: &str) -> Option<Session> {
        self.table().find(infohash, key).cloned()
    }

    fn touch(&self, infohash: &str, key: &str) {
        if let Some(session) = self.table().find(infohash, key) {
            session.touch();
        }
    }
}

/// Why a start fails.
struct StartError {
    text: &'static str,
    /// Whether the answer says which paid option is missing.
    extra: bool,
}

fn refusal(text: &str, extra: bool) -> String {
    if !extra {
        return json::refusal(text);
    }
    let missing = json!({ "reason": "missing_option", "option": "proxyServer" });
    let (text, missing) = (json::text(&text.into()), json::text(&missing));
    format!(r#"{{"response": null, "error": {text}, "extra_data": {missing}}}"#)
}

/// What URLs begin with: always `http`, whatever stands in front of the engine.
pub(super) fn url_base(request: &Request, broadcast: &Broadcast) -> String {
    match broadcast.fault() {
        Fault::HostMismatch => "http://engine.invalid:6878".to_owned(),
        _ => format!("http://{}", request.host),
    }
}

fn playback_url(session: &Session, base: &str) -> String {
    let (infohash, key) = (&session.broadcast.channel.infohash, &session.key);
    match session.output {
        Output::Progressive => format!("{base}/ace/r/{infohash}/{key}"),
        Output::Hls => format!("{base}/ace/m/{infohash}/{key}.m3u8"),
    }
}

fn addresses(session: &Session, request: &Request) -> Value {
    let base = url_base(request, &session.broadcast);
    let (infohash, key) = (&session.broadcast.channel.infohash, &session.key);
    let mut addresses = json!({
        "playback_url": playback_url(session, &base),
        "stat_url": format!("{base}/ace/stat/{infohash}/{key}"),
        "command_url": format!("{base}/ace/cmd/{infohash}/{key}"),
        "infohash": infohash,
        "playback_session_id": session.id,
        "is_live": i32::from(session.broadcast.is_live()),
        "is_encrypted": 0,
        "client_session_id": -1,
    });
    if request.flag("use_api_events") {
        addresses["event_url"] = format!("{base}/ace/event/{}/{key}", session.id).into();
    }
    addresses
}

fn status_text(status: u16) -> &'static str {
    match status {
        403 => "Forbidden",
        500 => DOWNLOAD_NOT_FOUND,
        _ => "Error",
    }
}
