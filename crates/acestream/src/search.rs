//! The engine's search: which channels there are, by their names.
//!
//! The engine knows them from others of its network, so every text here was written by a stranger.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::{
    Engine, Error, Infohash,
    answer::{self, number, text},
    engine::limited,
};

/// The engine asks others of its network, usually for a quarter of a second.
const SEARCH_LIMIT: Duration = Duration::from_secs(15);
/// Two hundred results with all that is known of them are a tenth of this.
const MAX_ANSWER: usize = 2 << 20;
/// More results than an engine gives at once, whatever it puts into one.
const MAX_RESULTS: usize = 1000;
/// More words than are told of one channel.
const MAX_WORDS: usize = 32;
const MAX_URL: usize = 2048;
const MAX_TOKEN: usize = 256;
/// The first second of the year 10000, which no calendar of ours can write.
const END_OF_TIME: u64 = 253_402_300_800;

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// A part of the name.
    pub query: String,
    /// One of the engine's categories, such as `sport`; all where there is none.
    pub category: Option<String>,
    /// Which page, counted from 0.
    pub page: u32,
    /// How many results a page has: 1 to 200.
    pub page_size: u32,
}

/// One page of what a search found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// How many there are on all pages together, as the engine counts; what it counts as one may be several results.
    pub total: Option<u64>,
    /// The channels of this page, as the engine ranks them.
    pub results: Vec<FoundChannel>,
}

/// A channel that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundChannel {
    /// Its name, one line.
    pub name: String,
    /// The address of its icon, `http` or `https`.
    pub icon: Option<Url>,
    /// Its swarm, by which it plays.
    pub infohash: Infohash,
    /// What the engine makes of its availability.
    pub status: Option<Availability>,
    /// How much of the time it is there, 0 to 1.
    pub availability: Option<f64>,
    /// When that was looked at.
    pub updated_at: Option<SystemTime>,
    /// `tv`, `sport`.
    pub categories: Vec<String>,
    /// Three letters each, as in ISO 639-2: `eng`.
    pub languages: Vec<String>,
    /// Two letters each, as in ISO 3166-1: `gb`.
    pub countries: Vec<String>,
    /// As the engine says it: nothing public tells its unit, and it often does not know.
    pub bitrate: Option<u64>,
}

/// Whether a channel is likely to play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It is there.
    Green,
    /// Nobody guarantees that.
    Yellow,
}

impl Engine {
    /// Look for channels by their names. At most 15 s.
    ///
    /// Official engines let those on their own machine search without a token. Others may want one, so it is
    /// asked for before the first search, kept, and asked for once more when the engine refuses the one that was kept.
    ///
    /// # Errors
    /// Any of [`Error`] but `Playback` and `Cut`; `Refused` where the engine has no search.
    pub async fn search(&self, search: &Search) -> Result<Found, Error> {
        limited(SEARCH_LIMIT, "search", async {
            let kept = self.connection().token.get();
            let token = match &kept {
                Some(token) => Some(token.clone()),
                None => self.fetch_token().await?,
            };
            let answer = self.found(search, token.as_deref()).await;
            if kept.is_none() || !matches!(answer, Err(Error::Refused(_))) {
                return answer;
            }
            match self.fetch_token().await? {
                Some(new) if Some(&new) != kept.as_ref() => self.found(search, Some(&new)).await,
                _ => answer,
            }
        })
        .await
    }

    async fn found(&self, search: &Search, token: Option<&str>) -> Result<Found, Error> {
        let url = search.url(self.connection().url("/search")?, token);
        let response = self.connection().get(url).await?;
        let status = response.status();
        match answer::payload_within(MAX_ANSWER, response, "result").await {
            Ok(result) => Ok(Found::read(&result)),
            Err(error) => Err(hidden(told(error, status), token)),
        }
    }

    /// A new token, kept from now on; `None` where the engine gives none, as to those on other machines.
    async fn fetch_token(&self) -> Result<Option<String>, Error> {
        let token =
            match self.connection().service("/server/api?api_version=3&method=get_api_access_token").await {
                Ok(result) => {
                    text(&result, "token").filter(|token| token.len() <= MAX_TOKEN).map(str::to_owned)
                }
                Err(Error::Refused(_) | Error::Unexpected(_)) => None,
                Err(error) => return Err(error),
            };
        self.connection().token.set(token.clone());
        Ok(token)
    }
}

impl Search {
    fn url(&self, mut url: Url, token: Option<&str>) -> Url {
        let (page, size) = (self.page.to_string(), self.page_size.clamp(1, 200).to_string());
        let always = [("query", self.query.as_str()), ("page", &page), ("page_size", &size)];
        let maybe = [("category", self.category.as_deref()), ("token", token)];
        let maybe = maybe.into_iter().filter_map(|(name, value)| Some((name, value?)));
        url.query_pairs_mut().extend_pairs(always.into_iter().chain(maybe));
        url
    }
}

/// The error in the search's words: an open re-implementation has none.
fn told(error: Error, status: StatusCode) -> Error {
    match (error, status) {
        (Error::Unexpected(_), StatusCode::NOT_FOUND) => Error::Refused("it has no search".to_owned()),
        (Error::Unexpected(what), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Error::Refused(what),
        (error, _) => error,
    }
}

/// The error without the token, which an engine may repeat in its answer.
fn hidden(error: Error, token: Option<&str>) -> Error {
    let hide = |what: String| token.map_or_else(|| what.clone(), |token| what.replace(token, "…"));
    match error {
        Error::Refused(what) => Error::Refused(hide(what)),
        Error::Unexpected(what) => Error::Unexpected(hide(what)),
        error => error,
    }
}

impl Found {
    pub(crate) fn read(result: &Value) -> Self {
        let groups = list(result, "results");
        let results = groups.iter().flat_map(FoundChannel::of_group).take(MAX_RESULTS);
        Self { total: number(result, "total"), results: results.collect() }
    }
}

impl FoundChannel {
    /// The channels that the engine shows as one; a group without any may be a channel itself.
    fn of_group(group: &Value) -> impl Iterator<Item = Self> {
        let items = match list(group, "items") {
            [] => std::slice::from_ref(group),
            items => items,
        };
        items.iter().filter_map(|item| Self::read(item, group))
    }

    /// `None` without an infohash: there would be nothing to play.
    fn read(item: &Value, group: &Value) -> Option<Self> {
        let infohash: Infohash = text(item, "infohash")?.parse().ok()?;
        let name = answer::line(item, "name").or_else(|| answer::line(group, "name"));
        let availability = decimal(item, "availability").map(|part| part.clamp(0.0, 1.0));
        Some(Self {
            name: name.unwrap_or_else(|| infohash.to_string()),
            icon: icon(item).or_else(|| icon(group)),
            infohash,
            status: Availability::read(item),
            availability,
            updated_at: time(item, "availability_updated_at"),
            categories: words(item, "categories"),
            languages: words(item, "languages"),
            countries: words(item, "countries"),
            bitrate: number(item, "bitrate").filter(|bitrate| *bitrate > 0),
        })
    }
}

impl Availability {
    fn read(item: &Value) -> Option<Self> {
        match number(item, "status")? {
            2 => Some(Self::Green),
            1 => Some(Self::Yellow),
            _ => None,
        }
    }
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn words(object: &Value, name: &str) -> Vec<String> {
    let words = list(object, name).iter().filter_map(Value::as_str).filter(|word| !word.is_empty());
    words.take(MAX_WORDS).map(|word| answer::quote(word.as_bytes())).collect()
}

/// The first icon that a page may show.
fn icon(object: &Value) -> Option<Url> {
    let urls = list(object, "icons").iter().filter_map(|icon| text(icon, "url"));
    let mut urls = urls.filter(|url| url.len() <= MAX_URL).filter_map(|url| Url::parse(url).ok());
    urls.find(|url| matches!(url.scheme(), "http" | "https"))
}

/// A number that may have a fraction, or be written as a text.
fn decimal(object: &Value, name: &str) -> Option<f64> {
    let value = object.get(name)?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

/// A UNIX timestamp in seconds; 0 is never.
fn time(object: &Value, name: &str) -> Option<SystemTime> {
    let seconds = number(object, name).filter(|seconds| (1..END_OF_TIME).contains(seconds))?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The engine's API access token, once it was given. Never shown.
#[derive(Default)]
pub(crate) struct Token(Mutex<Option<String>>);

impl Token {
    fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, token: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    fn one(item: &Value) -> FoundChannel {
        let mut results = Found::read(&json!({ "results": [{ "items": [item] }] })).results;
        assert_eq!(results.len(), 1);
        results.remove(0)
    }

    #[test]
    fn a_result_is_read_with_all_that_is_known_of_it() {
        let found = Found::read(&json!({ "total": 2, "time": 0.2, "results": [{
            "name": "Science",
            "icons": [{ "url": "javascript:x" }, { "url": "http://icons.example/1.png", "type": 0 }],
            "items": [{
                "status": 2, "languages": ["kor"], "countries": ["kr"], "name": "Science HD", "infohash": HASH,
                "channel_id": 21614, "availability": 0.5, "availability_updated_at": 1_639_614_482,
                "categories": ["tv"], "bitrate": 600_000,
            }],
        }] }));

        let channel = FoundChannel {
            name: "Science HD".to_owned(),
            icon: Some("http://icons.example/1.png".parse().unwrap()),
            infohash: HASH.parse().unwrap(),
            status: Some(Availability::Green),
            availability: Some(0.5),
            updated_at: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_639_614_482)),
            categories: vec!["tv".to_owned()],
            languages: vec!["kor".to_owned()],
            countries: vec!["kr".to_owned()],
            bitrate: Some(600_000),
        };
        assert_eq!(found, Found { total: Some(2), results: vec![channel] });
    }

    #[test]
    fn what_is_missing_or_odd_is_unknown() {
        let bare = one(&json!({ "infohash": HASH }));
        let odd = one(&json!({
            "infohash": HASH, "name": "a\nb", "status": 7, "availability": "2.5", "languages": "eng",
            "countries": [null, "", "gb"], "availability_updated_at": u64::MAX, "bitrate": -1, "icons": [{}, 4],
        }));

        assert_eq!((bare.name.as_str(), &bare.icon, bare.status), (HASH, &None, None));
        assert_eq!((odd.name.as_str(), odd.status, odd.availability), ("a b", None, Some(1.0)));
        assert_eq!((&odd.updated_at, odd.bitrate, &odd.icon), (&None, None, &None));
        assert_eq!((odd.languages, odd.countries), (Vec::new(), vec!["gb".to_owned()]));
    }

    #[test]
    fn results_that_cannot_be_played_are_left_out_and_flat_ones_are_taken() {
        let found = Found::read(&json!({ "results": [
            { "items": [{ "name": "no infohash" }, { "infohash": "short" }] },
            { "name": "Flat", "infohash": HASH },
            7,
        ] }));

        let names: Vec<_> = found.results.iter().map(|channel| channel.name.as_str()).collect();
        assert_eq!((found.total, names), (None, vec!["Flat"]));
        assert_eq!(Found::read(&json!([1])), Found::default());
    }

    #[test]
    fn however_many_results_there_are_few_are_kept() {
        let items = vec![json!({ "infohash": HASH, "languages": vec!["eng"; 500] }); 3000];

        let found = Found::read(&json!({ "results": [{ "items": items }] }));

        assert_eq!((found.results.len(), found.results[0].languages.len()), (MAX_RESULTS, MAX_WORDS));
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::default();
        token.set(Some("secret".to_owned()));
        let error = Error::Unexpected("GET /search?token=secret".to_owned());

        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(hidden(error, Some("secret")), Error::Unexpected("GET /search?token=…".to_owned()));
    }
}
