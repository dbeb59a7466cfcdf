//! The engine's own search for channels.

use serde_json::Value;

use crate::{
    Engine, Error, Infohash,
    answer::{self, number, text},
    engine::limited,
};

const SEARCH_LIMIT: std::time::Duration = std::time::Duration::from_secs(15);

/// The most that is read of an answer: it has 200 channels at most.
const MAX_ANSWER: usize = 4 << 20;

/// What is searched for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words.
    pub text: String,
    /// One of the engine's categories, such as `sport`.
    pub category: Option<String>,
    /// Which page, counted from 0.
    pub page: u32,
    /// How many results a page has: 1 to 200.
    pub page_size: u32,
}

/// A page of what was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// How many there are in all, as the engine counts.
    pub total: u64,
    /// The broadcasts of this page; a channel with several is here several times.
    pub broadcasts: Vec<FoundBroadcast>,
}

/// A broadcast that was found. What the engine does not say is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundBroadcast {
    /// What it is called.
    pub name: String,
    /// Its swarm.
    pub infohash: Infohash,
    /// The address of its logo.
    pub icon: Option<String>,
    /// Whether the engine is sure that it is there (`status` 2).
    pub is_sure: bool,
    /// How often it was there, 0 to 1.
    pub availability: Option<f64>,
    /// When that was found out, in seconds since 1970.
    pub checked_at: Option<u64>,
    /// Three letters each.
    pub languages: Vec<String>,
    /// Two letters each.
    pub countries: Vec<String>,
    /// The engine's words for its kind.
    pub categories: Vec<String>,
    /// Bits a second.
    pub bitrate: Option<u64>,
}

impl Engine {
    /// Search for channels. At most 15 s.
    ///
    /// Where the plain address is closed, the token of the service API, which an engine gives to its own machine, opens
    /// the other.
    ///
    /// # Errors
    /// Any of [`Error`] but `Playback` and `Cut`.
    pub async fn search(&self, search: &Search) -> Result<Found, Error> {
        limited(SEARCH_LIMIT, "search", async {
            match self.ask("/search", search, None).await {
                Err(Error::Refused(_) | Error::Unexpected(_)) => {
                    let token = self.api_token().await?;
                    self.ask("/server/api?api_version=3&method=search", search, Some(&token)).await
                }
                answer => answer,
            }
        })
        .await
    }

    async fn ask(&self, path: &str, search: &Search, token: Option<&str>) -> Result<Found, Error> {
        let mut url = self.connection().url(path)?;
        let (page, size) = (search.page.to_string(), search.page_size.clamp(1, 200).to_string());
        let always = [("query", &*search.text), ("page", &page), ("page_size", &size)];
        let category = search.category.as_deref().map(|category| ("category", category));
        let pairs = always.into_iter().chain(category).chain(token.map(|token| ("token", token)));
        url.query_pairs_mut().extend_pairs(pairs);
        let response = self.connection().get(url).await?;
        let status = response.status().as_u16();
        let body = answer::body(response, MAX_ANSWER).await?;
        Ok(Found::read(&answer::read(status, &body, "result")?))
    }

    async fn api_token(&self) -> Result<String, Error> {
        let result =
            self.connection().service("/server/api?api_version=3&method=get_api_access_token").await?;
        let token = text(&result, "token").map(str::to_owned);
        token.ok_or_else(|| Error::Unexpected("no token".to_owned()))
    }
}

impl Found {
    fn read(result: &Value) -> Self {
        let results = list(result, "results");
        let broadcasts = results.iter().flat_map(|channel| {
            list(channel, "items").iter().filter_map(|item| FoundBroadcast::read(channel, item))
        });
        let broadcasts: Vec<_> = broadcasts.collect();
        Self { total: number(result, "total").unwrap_or(broadcasts.len() as u64), broadcasts }
    }
}

impl FoundBroadcast {
    /// What `item` of `channel` says; nothing without a swarm.
    fn read(channel: &Value, item: &Value) -> Option<Self> {
        let words = |name| {
            let texts = list(item, name).iter().filter_map(Value::as_str);
            texts.map(|text| answer::quote(text.as_bytes())).take(32).collect()
        };
        let infohash: Infohash = text(item, "infohash")?.parse().ok()?;
        let name = answer::line(item, "name").or_else(|| answer::line(channel, "name"));
        let icon = list(channel, "icons").iter().find_map(|icon| text(icon, "url"));
        Some(Self {
            name: name.unwrap_or_else(|| infohash.as_str().to_owned()),
            icon: icon.filter(|url| url.len() <= 2048).map(str::to_owned),
            is_sure: number(item, "status") == Some(2),
            availability: item.get("availability").and_then(Value::as_f64).map(|it| it.clamp(0.0, 1.0)),
            checked_at: number(item, "availability_updated_at"),
            languages: words("languages"),
            countries: words("countries"),
            categories: words("categories"),
            bitrate: number(item, "bitrate").filter(|bits| *bits > 0),
            infohash,
        })
    }
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read_with_all_that_may_be_missing() {
        let hash = "d65257bb7856e13b718df1dfe65ee482d90dd384";
        let answer = json!({ "total": 2, "time": 0.2466, "results": [
            { "name": "Science", "icons": [{ "url": "http://a.example/1.png", "type": 0 }], "items": [
                { "status": 2, "languages": ["kor"], "countries": ["kr"], "name": "SCIENCE HD", "infohash": hash,
                  "channel_id": 21614, "availability": 1, "availability_updated_at": 1_639_614_482,
                  "categories": ["tv"], "bitrate": 0 },
                { "infohash": "no infohash" },
            ] },
            { "name": "Bare", "items": [{ "infohash": hash }] },
            { "name": "None" },
            7,
        ] });

        let found = Found::read(&answer);

        let full = &found.broadcasts[0];
        assert_eq!((found.total, found.broadcasts.len()), (2, 2));
        assert_eq!(
            (full.name.as_str(), full.icon.as_deref()),
            ("SCIENCE HD", Some("http://a.example/1.png"))
        );
        assert_eq!((full.is_sure, full.availability, full.bitrate), (true, Some(1.0), None));
        assert_eq!(
            (full.languages.as_slice(), full.checked_at),
            (&["kor".to_owned()][..], Some(1_639_614_482))
        );
        let bare = &found.broadcasts[1];
        assert_eq!((bare.name.as_str(), bare.is_sure, bare.availability), ("Bare", false, None));
    }

    #[test]
    fn what_is_no_answer_is_nothing_found() {
        for answer in
            [json!(null), json!([]), json!({ "results": "x" }), json!({ "results": [{ "items": {} }] })]
        {
            assert_eq!(Found::read(&answer).broadcasts, []);
        }
    }
}
