//! What a server wants to be told before it serves a channel: `#EXTVLCOPT`, `#KODIPROP`, `url|User-Agent=…`.

use std::borrow::Cow;

use memchr::memchr;

use super::entry::owned;
use crate::link::{is_web, percent_decode};

/// How many options of one channel are kept.
const KEPT: usize = 32;

/// What is sent along with the request for a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// The `User-Agent` to send.
    pub user_agent: Option<Cow<'a, str>>,
    /// The `Referer` to send.
    pub referrer: Option<Cow<'a, str>>,
    /// All others: lines such as `#KODIPROP:a=b` as they stand, and `|Cookie=a` for what stands behind a link.
    pub others: Vec<Cow<'a, str>>,
}

impl<'a> Options<'a> {
    /// Take in a line `#EXTVLCOPT:…` or `#KODIPROP:…`.
    pub(super) fn add_line(&mut self, line: &'a str) {
        let option = line.split_once(':').map_or("", |(_, option)| option.trim());
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "http-user-agent" => set(&mut self.user_agent, unquoted(value).into()),
            "http-referrer" | "http-referer" => set(&mut self.referrer, unquoted(value).into()),
            // Kodi wants these for itself too.
            "inputstream.adaptive.stream_headers" | "inputstream.adaptive.manifest_headers" => {
                value.split('&').filter_map(|pair| pair.split_once('=')).for_each(|(key, value)| {
                    self.add_header(key, value);
                });
                self.keep(line.into());
            }
            _ => self.keep(line.into()),
        }
    }

    /// Take in what stands behind the bar of `url|User-Agent=…&Referer=…`.
    pub(super) fn add_suffix(&mut self, suffix: &'a str) {
        for pair in suffix.split(['&', '|']).filter(|pair| !pair.is_empty()) {
            let known = pair.split_once('=').is_some_and(|(key, value)| self.add_header(key, value));
            if !known {
                // Without a sign of equality it would be a part of the link, read again.
                let equals = if pair.contains('=') { "" } else { "=" };
                self.keep(format!("|{pair}{equals}").into());
            }
        }
    }

    /// Whether it is one that has a field here.
    fn add_header(&mut self, key: &str, value: &str) -> bool {
        let place = match key.trim().to_ascii_lowercase().as_str() {
            "user-agent" => &mut self.user_agent,
            "referer" | "referrer" => &mut self.referrer,
            _ => return false,
        };
        set(place, percent_decode(value).trim().to_owned().into());
        true
    }

    /// Those of the attributes, unless a line says otherwise.
    pub(super) fn or(mut self, user_agent: Option<Cow<'a, str>>, referrer: Option<Cow<'a, str>>) -> Self {
        self.user_agent = self.user_agent.or(user_agent);
        self.referrer = self.referrer.or(referrer);
        self
    }

    fn keep(&mut self, option: Cow<'a, str>) {
        if self.others.len() < KEPT {
            self.others.push(option);
        }
    }

    pub(super) fn into_owned(self) -> Options<'static> {
        Options {
            user_agent: self.user_agent.map(owned),
            referrer: self.referrer.map(owned),
            others: self.others.into_iter().map(owned).collect(),
        }
    }
}

/// The first counts.
fn set<'a>(place: &mut Option<Cow<'a, str>>, value: Cow<'a, str>) {
    if place.is_none() && !value.is_empty() && !value.contains(char::is_control) {
        *place = Some(value);
    }
}

fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value).trim()
}

/// The link, and the options behind its bar. A bar that no option follows belongs to the link.
pub(super) fn split(url: &str) -> (&str, Option<&str>) {
    let bar = memchr(b'|', url.as_bytes()).map(|at| (&url[..at], &url[at + 1..]));
    match bar {
        Some((link, options)) if options.contains('=') && is_web(link) => (link.trim_end(), Some(options)),
        _ => (url, None),
    }
}
