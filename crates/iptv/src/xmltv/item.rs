//! What is in a guide.

use std::borrow::Cow;

/// A channel or a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A channel.
    Channel(Channel<'a>),
    /// One broadcast.
    Programme(Box<Programme<'a>>),
}

/// A text, and the language it is in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text<'a> {
    /// The text, trimmed; never empty.
    pub text: Cow<'a, str>,
    /// What `lang` says, such as `es`.
    pub lang: Option<Cow<'a, str>>,
}

/// A channel of a guide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channel<'a> {
    /// Its ID, by which programmes name it.
    pub id: Cow<'a, str>,
    /// What it is called, in the order of the guide.
    pub names: Vec<Text<'a>>,
    /// The address of its logo.
    pub icon: Option<Cow<'a, str>>,
    /// Its addresses.
    pub urls: Vec<Cow<'a, str>>,
}

/// One broadcast.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Programme<'a> {
    /// The ID of its channel.
    pub channel: Cow<'a, str>,
    /// When it begins, in seconds since 1970 UTC.
    pub start: i64,
    /// When it ends, if the guide says so; always after its start.
    pub stop: Option<i64>,
    /// Its titles, one a language. May be empty.
    pub titles: Vec<Text<'a>>,
    /// The titles of the episode.
    pub sub_titles: Vec<Text<'a>>,
    /// What it is about.
    pub descriptions: Vec<Text<'a>>,
    /// Its kinds.
    pub categories: Vec<Text<'a>>,
    /// Its episode as people write it: `S01E04`.
    pub onscreen: Option<Cow<'a, str>>,
    /// Its episode as XMLTV writes it, counted from 0: `0.3.`.
    pub xmltv_ns: Option<Cow<'a, str>>,
    /// The address of its picture.
    pub icon: Option<Cow<'a, str>>,
    /// When it was made, as written: `2026`, `20261127`.
    pub date: Option<Cow<'a, str>>,
    /// For whom it is: `16`, `TV-PG`.
    pub rating: Option<Cow<'a, str>>,
    /// `<new/>`: shown for the first time.
    pub is_new: bool,
    /// `<premiere/>`: for the first time on this channel.
    pub is_premiere: bool,
    /// `<previously-shown/>`: a repeat.
    pub is_repeat: bool,
    /// `<live/>`: as it happens.
    pub is_live: bool,
}

impl Channel<'_> {
    /// The channel with text of its own, to be kept.
    #[must_use]
    pub fn into_owned(self) -> Channel<'static> {
        Channel {
            id: owned(self.id),
            names: texts(self.names),
            icon: self.icon.map(owned),
            urls: self.urls.into_iter().map(owned).collect(),
        }
    }
}

impl<'a> Programme<'a> {
    /// The year it was made in.
    #[must_use]
    pub fn year(&self) -> Option<u16> {
        self.date.as_deref()?.get(..4)?.parse().ok().filter(|year| *year >= 1850)
    }

    /// Season and episode, counted from 1, as far as `xmltv_ns` has them.
    #[must_use]
    pub fn episode(&self) -> (Option<u32>, Option<u32>) {
        let mut parts = self.xmltv_ns.as_deref().unwrap_or_default().split('.').map(|part| {
            let number = part.split('/').next().unwrap_or(part).trim();
            number.parse::<u32>().ok()?.checked_add(1)
        });
        (parts.next().flatten(), parts.next().flatten())
    }

    /// The programme with text of its own, to be kept.
    #[must_use]
    pub fn into_owned(self) -> Programme<'static> {
        Programme {
            channel: owned(self.channel),
            start: self.start,
            stop: self.stop,
            titles: texts(self.titles),
            sub_titles: texts(self.sub_titles),
            descriptions: texts(self.descriptions),
            categories: texts(self.categories),
            onscreen: self.onscreen.map(owned),
            xmltv_ns: self.xmltv_ns.map(owned),
            icon: self.icon.map(owned),
            date: self.date.map(owned),
            rating: self.rating.map(owned),
            is_new: self.is_new,
            is_premiere: self.is_premiere,
            is_repeat: self.is_repeat,
            is_live: self.is_live,
        }
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn texts(texts: Vec<Text<'_>>) -> Vec<Text<'static>> {
    texts.into_iter().map(|Text { text, lang }| Text { text: owned(text), lang: lang.map(owned) }).collect()
}
