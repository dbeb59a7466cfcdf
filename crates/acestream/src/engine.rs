//! The engine as a whole: who it is, what it knows of a broadcast, and the start of a session.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response, Url, redirect::Policy};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    ContentId, Error, Infohash, Session,
    answer::{self, number, text},
    search::Token,
};

pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const VERSION_LIMIT: Duration = Duration::from_secs(3);
const MEDIA_FILES_LIMIT: Duration = Duration::from_secs(8);
/// An infohash nobody has takes the engine 28 s to give up.
const START_LIMIT: Duration = Duration::from_secs(40);

/// Says which broadcast is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// By what people link to.
    ContentId(ContentId),
    /// By its swarm.
    Infohash(Infohash),
}

impl Selector {
    fn parameter(&self) -> (&'static str, &str) {
        match self {
            Self::ContentId(id) => ("content_id", id.as_str()),
            Self::Infohash(infohash) => ("infohash", infohash.as_str()),
        }
    }
}

/// In which form the digits of a link load: links in the wild carry content IDs and infohashes alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// The digits are a content ID.
    ContentId,
    /// The digits are an infohash.
    Infohash,
}

impl Form {
    fn of(self, id: &ContentId) -> Selector {
        match self {
            Self::ContentId => Selector::ContentId(id.clone()),
            Self::Infohash => Selector::Infohash(id.into()),
        }
    }

    /// The other of the two.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::ContentId => Self::Infohash,
            Self::Infohash => Self::ContentId,
        }
    }
}

/// What an engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As people write it: `3.2.11`.
    pub version: String,
    /// As the engine counts it: 3 021 100.
    pub code: Option<u64>,
    /// `linux`, `win32`, `android`.
    pub platform: Option<String>,
}

/// What a broadcast consists of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaFiles {
    /// The broadcast's name, as its publisher wrote it.
    pub name: Option<String>,
    /// Its swarm.
    pub infohash: Option<Infohash>,
    /// One file for a live channel.
    pub files: Vec<MediaFile>,
}

/// One file of a broadcast.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaFile {
    /// The engine's number for it.
    pub index: u32,
    /// Its name.
    pub name: String,
}

/// An AceStream engine. Cheap to clone; clones share one HTTP client.
#[derive(Debug, Clone)]
pub struct Engine {
    connection: Arc<Connection>,
}

impl Engine {
    /// The engine at `base`, of which only scheme, host and port may be given: `http://127.0.0.1:6878`.
    ///
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Base`] when `base` is something else.
    pub fn new(base: Url) -> Result<Self, Error> {
        check_base(&base)?;
        let client = Client::builder()
            .user_agent(concat!("acehls/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_LIMIT)
            // An engine closes as it likes; a connection kept is one that may be dead.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| Error::Base(error.to_string()))?;
        Ok(Self { connection: Arc::new(Connection { client, base, token: Token::default() }) })
    }

    /// Where the engine is.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.connection.base
    }

    /// The way to it.
    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Ask the engine who it is: the cheapest sign of life. At most 3 s.
    ///
    /// # Errors
    /// Any of [`Error`] but `Playback` and `Cut`.
    pub async fn version(&self) -> Result<Version, Error> {
        limited(VERSION_LIMIT, "version", async {
            match self.connection.service("/webui/api/service?method=get_version").await {
                // An open re-implementation has no web interface, but the service API.
                Err(Error::Unexpected(_)) => {
                    self.connection.service("/server/api?api_version=3&method=get_version").await
                }
                answer => answer,
            }
        })
        .await
        .and_then(|result| Version::read(&result))
    }

    /// Ask for a broadcast's name and infohash, without starting anything. At most 8 s.
    ///
    /// # Errors
    /// Any of [`Error`] but `Playback` and `Cut`; [`Error::is_failed_to_load`] when nobody has it.
    pub async fn media_files(&self, by: &Selector) -> Result<MediaFiles, Error> {
        let mut url = self.connection.url("/server/api?api_version=3&method=get_media_files")?;
        let (name, value) = by.parameter();
        url.query_pairs_mut().append_pair(name, value);
        let answer = async { answer::payload(self.connection.get(url).await?, "result").await };
        let result = limited(MEDIA_FILES_LIMIT, "media files", answer).await?;
        Ok(MediaFiles::read(&result))
    }

    /// Start a session with a fresh player ID. At most 40 s.
    ///
    /// Do not drop this half done: the engine then has a session that nobody can stop until it ends by itself.
    ///
    /// # Errors
    /// Any of [`Error`] but `Playback` and `Cut`.
    pub async fn start(&self, by: &Selector) -> Result<Session, Error> {
        let mut url = self.connection.url("/ace/getstream?format=json")?;
        let (name, value) = by.parameter();
        url.query_pairs_mut().append_pair("pid", &random_player_id()).append_pair(name, value);
        let answer = async { answer::payload(self.connection.get(url).await?, "response").await };
        let response = limited(START_LIMIT, "start", answer).await?;
        Session::read(Arc::clone(&self.connection), &response, value)
    }

    /// Start a session by digits that may be a content ID or an infohash, and say which they are.
    ///
    /// Tries the `remembered` form first, a content ID where there is none, and the other form only when the
    /// engine failed to load the first. At most 80 s; as with [`start`](Self::start), do not drop it half done.
    ///
    /// # Errors
    /// What the engine said to the first form when neither loads.
    pub async fn start_any(
        &self,
        id: &ContentId,
        remembered: Option<Form>,
    ) -> Result<(Session, Form), Error> {
        let first = remembered.unwrap_or(Form::ContentId);
        let error = match self.start(&first.of(id)).await {
            Ok(session) => return Ok((session, first)),
            Err(error) if error.is_failed_to_load() => error,
            Err(error) => return Err(error),
        };
        match self.start(&first.other().of(id)).await {
            Ok(session) => Ok((session, first.other())),
            Err(second) if second.is_failed_to_load() => Err(error),
            Err(second) => Err(second),
        }
    }
}

impl Version {
    pub(crate) fn read(result: &Value) -> Result<Self, Error> {
        let Some(version) = text(result, "version") else {
            return Err(Error::Unexpected(answer::quote(result.to_string().as_bytes())));
        };
        Ok(Self {
            version: answer::quote(version.as_bytes()),
            code: number(result, "code"),
            platform: answer::line(result, "platform"),
        })
    }
}

impl MediaFiles {
    pub(crate) fn read(result: &Value) -> Self {
        let files = result.get("files").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Self {
            name: answer::line(result, "name"),
            infohash: text(result, "infohash").and_then(|infohash| infohash.parse().ok()),
            files: files.iter().map(MediaFile::read).collect(),
        }
    }
}

impl MediaFile {
    fn read(file: &Value) -> Self {
        Self {
            index: answer::small_number(file, "index").unwrap_or_default(),
            name: answer::line(file, "filename").unwrap_or_default(),
        }
    }
}

/// The way to one engine: every request goes to its base, whatever host an answer names.
#[derive(Debug)]
pub(crate) struct Connection {
    client: Client,
    base: Url,
    pub(crate) token: Token,
}

impl Connection {
    /// `reference`, which may be a whole URL or a path, on this engine.
    pub(crate) fn url(&self, reference: &str) -> Result<Url, Error> {
        self.resolve(&self.base, reference)
    }

    /// `reference` as seen from `from`, on this engine: only its path and query are taken.
    pub(crate) fn resolve(&self, from: &Url, reference: &str) -> Result<Url, Error> {
        let target = from.join(reference).ok().filter(Url::has_host);
        let target = target
            .ok_or_else(|| Error::Unexpected(format!("no URL: {}", answer::quote(reference.as_bytes()))))?;
        let mut url = self.base.clone();
        url.set_path(target.path());
        url.set_query(target.query());
        Ok(url)
    }

    /// The head of the answer. Without a limit of its own.
    pub(crate) async fn get(&self, url: Url) -> Result<Response, Error> {
        self.client.get(url).send().await.map_err(|error| Error::from_request(&error))
    }

    /// The result of a method of the service API.
    pub(crate) async fn service(&self, path: &str) -> Result<Value, Error> {
        answer::payload(self.get(self.url(path)?).await?, "result").await
    }
}

/// `work`, or [`Error::Timeout`] naming `what` when it takes longer than `limit`.
pub(crate) async fn limited<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, work).await.unwrap_or(Err(Error::Timeout(what)))
}

/// A player ID never used before: an old one can bring back an expired session.
fn random_player_id() -> String {
    format!("{:032x}", fastrand::u128(..))
}

fn check_base(base: &Url) -> Result<(), Error> {
    let complaint = if base.scheme() != "http" {
        "speaks only http"
    } else if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
        "is given by host and port only, without a path"
    } else if !base.username().is_empty() || base.password().is_some() {
        "takes no user name and no password"
    } else {
        return Ok(());
    };
    // Never the URL itself: it may hold a password.
    Err(Error::Base(format!("an engine {complaint}, as in http://127.0.0.1:6878")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(base: &str) -> Result<Engine, Error> {
        Engine::new(Url::parse(base).unwrap())
    }

    #[test]
    fn a_base_is_a_host_and_a_port() {
        assert!(engine("http://127.0.0.1:6878").is_ok());
        assert!(engine("http://[::1]:6878/").is_ok());
        for base in
            ["https://a:1", "http://a/engine", "http://a/?x", "http://u:p@a", "http://a/#x", "mailto:a@b"]
        {
            assert!(matches!(engine(base), Err(Error::Base(_))), "{base}");
        }
    }

    #[test]
    fn only_the_path_and_the_query_of_a_url_are_taken() {
        let engine = engine("http://127.0.0.1:6878").unwrap();
        let rebased = |reference| engine.connection.url(reference).map(String::from);

        assert_eq!(
            rebased("https://evil:1/ace/r/cid:0f/1?a=b#c").unwrap(),
            "http://127.0.0.1:6878/ace/r/cid:0f/1?a=b"
        );
        assert_eq!(rebased("/ace/r/cid:0f").unwrap(), "http://127.0.0.1:6878/ace/r/cid:0f");
        assert_eq!(rebased("//evil/ace%20r").unwrap(), "http://127.0.0.1:6878/ace%20r");
        assert!(matches!(rebased("mailto:a@b"), Err(Error::Unexpected(_))));
        assert!(matches!(rebased("http://"), Err(Error::Unexpected(_))));
    }

    #[test]
    fn two_player_ids_differ_and_have_32_hexadecimal_digits() {
        let (one, two) = (random_player_id(), random_player_id());

        assert_ne!(one, two);
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
