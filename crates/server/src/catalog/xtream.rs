//! Accounts at servers that speak Xtream codes: their channels by `player_api.php`, as the clients of such servers ask
//! for them. There is no standard; numbers come as texts and texts as numbers.

use std::{borrow::Cow, collections::HashMap};

use iptv::{Entry, Link, m3u};
use serde::Deserialize;

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
    status: Option<String>,
}

#[derive(Deserialize)]
struct Category {
    category_id: Loose,
    category_name: String,
}

#[derive(Deserialize)]
struct Channel {
    name: Option<String>,
    num: Option<Loose>,
    stream_id: Loose,
    stream_icon: Option<String>,
    epg_channel_id: Option<String>,
    category_id: Option<Loose>,
    stream_type: Option<String>,
}

/// A number or a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Number(i64),
    Text(String),
}

impl Loose {
    fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
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
            let status = welcome.user_info.status.map(|status| format!(" ({status})")).unwrap_or_default();
            return Err(Error::Xtream(format!("it does not let this account in{status}")));
        }
        let categories: Vec<Category> = self.ask(fetcher, Some("get_live_categories"), job).await?;
        let categories: HashMap<String, String> =
            categories.into_iter().map(|it| (it.category_id.into_text(), it.category_name)).collect();
        let channels: Vec<Channel> = self.ask(fetcher, Some("get_live_streams"), job).await?;
        for (channel, line) in channels.into_iter().zip(1..) {
            collector.add(&self.entry(channel, line, &categories));
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
        let mut url = self.server.url().join(file).map_err(|error| Error::Xtream(error.to_string()))?;
        url.query_pairs_mut().append_pair("username", self.username).append_pair("password", self.password);
        if let Some(action) = action {
            url.query_pairs_mut().append_pair("action", action);
        }
        Ok(url.into())
    }

    fn entry(&self, channel: Channel, line: usize, categories: &HashMap<String, String>) -> Entry<'static> {
        let id = channel.stream_id.into_text();
        let url = format!("{}/live/{}/{}/{id}.ts", self.server.origin(), self.username, self.password);
        let some = |text: Option<String>| text.filter(|text| !text.trim().is_empty()).map(Cow::Owned);
        let category = channel.category_id.and_then(|id| categories.get(&id.into_text()));
        Entry {
            line,
            name: some(channel.name).unwrap_or_else(|| id.into()),
            tvg_id: some(channel.epg_channel_id),
            tvg_name: None,
            logo: some(channel.stream_icon),
            group: category.cloned().map(Cow::Owned),
            number: channel.num.map(|number| number.into_text().into()),
            shift: None,
            radio: channel.stream_type.is_some_and(|kind| kind.contains("radio")),
            catchup: None,
            options: m3u::Options::default(),
            url: url.clone().into(),
            link: Link::Http(url),
        }
    }
}
