//! Accounts at servers that speak Xtream codes: their channels by `player_api.php`, as the clients of such servers ask
//! for them. There is no standard; numbers come as texts and texts as numbers.

use std::{borrow::Cow, collections::HashMap};

use iptv::{Entry, Link, m3u};
use serde::{Deserialize, de::IgnoredAny};

use super::{Error, import::Collector, jobs::Job};
use crate::fetch::{Address, Fetcher, Reply, Request};

/// An account.
pub(super) struct Account<'a> {
    pub(super) server: Address,
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}

/// What `player_api.php` says without an action.
#[derive(Deserialize)]
struct Welcome {
    user_info: User,
}

#[derive(Deserialize)]
struct User {
    auth: Loose,
    status: Option<Loose>,
}

#[derive(Deserialize)]
struct Category {
    category_id: Option<Loose>,
    category_name: Option<Loose>,
}

#[derive(Deserialize)]
struct Channel {
    name: Option<Loose>,
    num: Option<Loose>,
    stream_id: Option<Loose>,
    stream_icon: Option<Loose>,
    epg_channel_id: Option<Loose>,
    category_id: Option<Loose>,
    stream_type: Option<Loose>,
}

/// A number or a text; whatever else stands there says nothing, and spoils nothing.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
    Other(IgnoredAny),
}

impl Loose {
    fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
            Self::Other(_) => String::new(),
        }
    }
}

impl Account<'_> {
    /// All live channels go into `collector`.
    pub(super) async fn read(
        &self,
        fetcher: &Fetcher,
        collector: &mut Collector,
        job: &Job,
    ) -> Result<m3u::Report, Error> {
        let welcome: Welcome = self.ask(fetcher, None, job).await?;
        if welcome.user_info.auth.into_text() != "1" {
            let status = welcome
                .user_info
                .status
                .map(|it| format!(" ({})", it.into_text().chars().take(32).collect::<String>()))
                .unwrap_or_default();
            return Err(Error::Xtream(format!("it does not let this account in{status}")));
        }
        let categories: Vec<Category> = self.ask(fetcher, Some("get_live_categories"), job).await?;
        let categories: HashMap<String, String> = categories
            .into_iter()
            .filter_map(|it| Some((it.category_id?.into_text(), it.category_name?.into_text())))
            .collect();
        let channels: Vec<Channel> = self.ask(fetcher, Some("get_live_streams"), job).await?;
        for (channel, line) in channels.into_iter().zip(1..) {
            if let Some(entry) = self.entry(channel, line, &categories) {
                collector.add(&entry);
            }
            collector.check()?;
        }
        job.tell(|progress| {
            (progress.found, progress.groups) = (collector.channels().len(), collector.groups());
        });
        let guide = self.address("xmltv.php", None)?;
        Ok(m3u::Report { guides: vec![guide], entries: collector.channels().len(), ..m3u::Report::default() })
    }

    async fn ask<T: for<'a> Deserialize<'a>>(
        &self,
        fetcher: &Fetcher,
        action: Option<&str>,
        job: &Job,
    ) -> Result<T, Error> {
        let request = Request::new(self.address("player_api.php", action)?.parse::<Address>()?);
        let Reply::Body(mut body) = fetcher.get(request).await? else {
            return Err(Error::Xtream("nothing, though it was asked for the first time".to_owned()));
        };
        let mut text = Vec::new();
        while let Some(chunk) = body.chunk().await? {
            job.tell(|progress| progress.bytes += chunk.len() as u64);
            text.extend_from_slice(&chunk);
        }
        // What the error quotes is a place in the answer, none of its words.
        serde_json::from_slice(&text).map_err(|error| {
            let asked = action.unwrap_or("the account");
            Error::Xtream(format!("{asked}: {:?} at line {}", error.classify(), error.line()))
        })
    }

    /// The whole address: holds the password.
    fn address(&self, file: &str, action: Option<&str>) -> Result<String, Error> {
        let mut url = self.path([file])?;
        url.query_pairs_mut().append_pair("username", self.username).append_pair("password", self.password);
        if let Some(action) = action {
            url.query_pairs_mut().append_pair("action", action);
        }
        Ok(url.into())
    }

    /// An address at the server, below the path that it was given with.
    fn path<'p>(&self, segments: impl IntoIterator<Item = &'p str>) -> Result<reqwest::Url, Error> {
        let mut url = self.server.url().clone();
        let no_path = |()| Error::Xtream("its address has no path".to_owned());
        url.path_segments_mut().map_err(no_path)?.pop_if_empty().extend(segments);
        url.set_query(None);
        url.set_fragment(None);
        Ok(url)
    }

    /// The channel as an entry of a list; nothing if it says not how it is called there.
    fn entry(
        &self,
        channel: Channel,
        line: usize,
        categories: &HashMap<String, String>,
    ) -> Option<Entry<'static>> {
        let some = |text: Option<Loose>| {
            text.map(Loose::into_text).filter(|text| !text.trim().is_empty()).map(Cow::Owned)
        };
        let id: Cow<'_, str> = some(channel.stream_id)?;
        let url = String::from(self.path(["live", self.username, self.password, &format!("{id}.ts")]).ok()?);
        let category = channel.category_id.and_then(|id| categories.get(&id.into_text()));
        Some(Entry {
            line,
            name: some(channel.name).unwrap_or(id),
            tvg_id: some(channel.epg_channel_id),
            tvg_name: None,
            logo: some(channel.stream_icon),
            group: category.cloned().map(Cow::Owned),
            number: some(channel.num),
            shift: None,
            radio: some(channel.stream_type).is_some_and(|kind| kind.contains("radio")),
            catchup: None,
            options: m3u::Options::default(),
            url: url.clone().into(),
            link: Link::Http(url),
        })
    }
}
