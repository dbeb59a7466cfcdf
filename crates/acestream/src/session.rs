//! One broadcast that the engine plays for us.

use std::{sync::Arc, time::Duration};

use reqwest::Url;
use serde_json::Value;

use crate::{
    Error, Infohash, Playback, Statistics,
    answer::{self, number, text},
    engine::{Connection, limited},
    wire,
};

const OPEN_LIMIT: Duration = Duration::from_secs(15);
const STATISTICS_LIMIT: Duration = Duration::from_secs(3);
const STOP_LIMIT: Duration = Duration::from_secs(3);

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

    /// Every address that is asked.
    #[cfg(feature = "fuzz")]
    pub(crate) fn addresses(&self) -> Vec<Url> {
        let others = [&self.statistics, &self.command].into_iter().flatten();
        std::iter::once(&self.playback).chain(others).cloned().collect()
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
        limited(OPEN_LIMIT, "playback", Playback::open(&self.connection, &self.playback)).await
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
        answer::payload_of(wire::get(&url).await?, "response").await
    }
}
