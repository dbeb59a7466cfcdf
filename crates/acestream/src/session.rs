//! One broadcast that the engine plays for us, and the bytes of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{Response, Url, header::LOCATION};
use serde_json::Value;

use crate::{
    Error, Infohash, Statistics,
    answer::{self, number, text},
    engine::{Connection, limited},
    error::root_cause,
};

const OPEN_LIMIT: Duration = Duration::from_secs(15);
const STATISTICS_LIMIT: Duration = Duration::from_secs(3);
const STOP_LIMIT: Duration = Duration::from_secs(3);
/// For the text that comes with an error status; it is only there to be shown.
const TEXT_LIMIT: Duration = Duration::from_secs(1);
const MAX_TEXT: usize = 4096;
/// getstream, `/ace/r`, `/content`: the engine needs two.
const MAX_REDIRECTS: usize = 4;

/// A session of the engine. It runs until it is stopped, or until the engine thinks that nobody watches.
///
/// Dropping it leaves it running: [`stop`](Self::stop) it.
#[derive(Debug)]
#[must_use = "a session runs on in the engine until it is stopped"]
pub struct Session {
    connection: Arc<Connection>,
    infohash: Infohash,
    is_live: bool,
    is_encrypted: bool,
    playback: Url,
    statistics: Option<Url>,
    command: Option<Url>,
}

impl Session {
    /// From the engine's answer to a start of `asked`, which is the infohash where the engine does not say one.
    pub(crate) fn read(connection: Arc<Connection>, response: &Value, asked: &str) -> Result<Self, Error> {
        let unexpected = || Error::Unexpected(answer::quote(response.to_string().as_bytes()));
        let url = |name| text(response, name).map(|url| connection.url(url)).transpose();
        let infohash = text(response, "infohash").and_then(|infohash| infohash.parse().ok());
        Ok(Self {
            playback: url("playback_url")?.ok_or_else(unexpected)?,
            statistics: url("stat_url")?,
            command: url("command_url")?,
            infohash: infohash.or_else(|| asked.parse().ok()).ok_or_else(unexpected)?,
            is_live: number(response, "is_live") != Some(0),
            is_encrypted: number(response, "is_encrypted") == Some(1),
            connection,
        })
    }

    /// The swarm that is played: one infohash, one session, whatever the links were.
    #[must_use]
    pub fn infohash(&self) -> &Infohash {
        &self.infohash
    }

    /// Whether this is a live broadcast, which it is unless the engine says no.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// Whether the engine says that the content is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Begin to read the media. Waits at most 15 s for the answer's head: an engine may hold it until media flows.
    ///
    /// One session has one reader: a second gets a corrupt answer.
    ///
    /// # Errors
    /// [`Error::Playback`] for an error status, [`Error::Refused`] for a refusal in place of media, and the rest
    /// of [`Error`] but `Cut`.
    pub async fn open(&self) -> Result<Playback, Error> {
        limited(OPEN_LIMIT, "playback", async {
            let response = self.follow().await?;
            media(response).await.map(|response| Playback { response })
        })
        .await
    }

    /// How the session is doing. At most 3 s. Does not count as watching.
    ///
    /// # Errors
    /// [`Error::Refused`] when the session is over; any other of [`Error`] but `Playback` and `Cut`.
    pub async fn statistics(&self) -> Result<Statistics, Error> {
        let Some(url) = &self.statistics else {
            return Err(Error::Unexpected("a session without a statistics address".to_owned()));
        };
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("skip_player_activity", "1");
        let response = limited(STATISTICS_LIMIT, "statistics", self.ask(url)).await?;
        Ok(Statistics::read(&response))
    }

    /// End the session. At most 3 s; after an error it may still run, and the engine ends it by itself later.
    ///
    /// # Errors
    /// [`Error::Refused`] when it was over already; any other of [`Error`] but `Playback` and `Cut`.
    pub async fn stop(self) -> Result<(), Error> {
        let Some(mut url) = self.command.clone() else { return Ok(()) };
        url.query_pairs_mut().append_pair("method", "stop");
        limited(STOP_LIMIT, "stop", self.ask(url)).await.map(drop)
    }

    async fn ask(&self, url: Url) -> Result<Value, Error> {
        answer::payload(self.connection.get(url).await?, "response").await
    }

    /// The first answer that is no redirect.
    async fn follow(&self) -> Result<Response, Error> {
        let mut url = self.playback.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.connection.get(url.clone()).await?;
            let location = response.headers().get(LOCATION).filter(|_| response.status().is_redirection());
            let Some(location) = location else { return Ok(response) };
            url = self.connection.resolve(&url, &String::from_utf8_lossy(location.as_bytes()))?;
            // The body of a redirect has no end on some engines: it is dropped unread.
        }
        Err(Error::Unexpected(format!("more than {MAX_REDIRECTS} redirects")))
    }
}

/// `response`, if what follows can be media.
async fn media(response: Response) -> Result<Response, Error> {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return Err(Error::Playback { status: status.as_u16(), text: error_text(response).await });
    }
    if !status.is_success() {
        return Err(Error::Unexpected(format!("HTTP {status} as playback")));
    }
    match answer::content_type(&response).unwrap_or_default().as_str() {
        "application/json" | "text/json" => match answer::payload(response, "response").await {
            Ok(value) => Err(Error::Unexpected(answer::quote(value.to_string().as_bytes()))),
            Err(error) => Err(error),
        },
        kind
        @ ("application/vnd.apple.mpegurl" | "application/x-mpegurl" | "audio/mpegurl" | "text/html") => {
            Err(Error::Unexpected(format!("{kind} where a transport stream was asked for")))
        }
        _ => Ok(response),
    }
}

async fn error_text(response: Response) -> String {
    let body = limited(TEXT_LIMIT, "error text", answer::body(response, MAX_TEXT)).await;
    answer::quote(&body.unwrap_or_default())
}

/// The media of a session, as it comes: any number of bytes, at any place of a packet.
///
/// Dropping it closes the connection.
#[derive(Debug)]
pub struct Playback {
    response: Response,
}

impl Playback {
    /// The next bytes, `None` at the end. Waits as long as the engine does: put a limit around it.
    ///
    /// Safe to drop half done, as in `select!`: no byte is lost. Nothing is copied on the way.
    ///
    /// # Errors
    /// [`Error::Cut`] when the connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.response.chunk().await.map_err(|error| Error::Cut(root_cause(&error)))
    }
}
