//! A channel: what its playlist says of it, and what the user made of it.

use std::{borrow::Cow, fmt, str::FromStr};

use iptv::{Entry, Link, m3u::Catchup, parse_link};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Names a channel for good: 1 to 2^53 - 1, so that JavaScript can count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ChannelId(pub(super) i64);

impl ChannelId {
    /// The largest.
    pub const MAX: i64 = (1 << 53) - 1;

    /// The ID as a number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The one behind it; behind the last comes the first.
    pub(super) const fn next(self) -> Self {
        Self(self.0 % Self::MAX + 1)
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no channel's ID.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no ID of a channel: a whole number from 1 to 9007199254740991")]
pub struct InvalidId(String);

impl FromStr for ChannelId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id = text.parse().ok().filter(|id| (1..=Self::MAX).contains(id));
        id.map(Self).ok_or_else(|| InvalidId(text.chars().take(32).collect()))
    }
}

/// A channel as its playlist has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name; never empty.
    pub name: Box<str>,
    /// Its ID in the guide (`tvg-id`).
    pub tvg_id: Option<Box<str>>,
    /// Its name in the guide, where that is another (`tvg-name`).
    pub tvg_name: Option<Box<str>>,
    /// The address of its logo.
    pub logo: Option<Box<str>>,
    /// Its group.
    pub group: Option<Box<str>>,
    /// Its number on a remote control, as written.
    pub number: Option<Box<str>>,
    /// What few lists say.
    pub more: Option<Box<More>>,
    /// Where it plays, the first choice first; never empty.
    pub sources: Vec<Source>,
}

/// What few lists say of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct More {
    /// How much later than the guide says its programmes begin, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<i32>,
    /// It has no picture.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub radio: bool,
    /// How its past is played: kind, source, days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catchup: Option<(Option<String>, Option<String>, Option<u16>)>,
}

/// Where a channel plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The link as the playlist has it.
    pub url: Box<str>,
    /// What is sent along.
    pub options: Option<Box<Options>>,
}

/// What is sent along with the request for a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// The `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The `Referer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// All others, as the list writes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

/// What the user made of a channel. What is not set is as the playlist has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Edit {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Not shown in lists.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// Another number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Another group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its place in front of the channels that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The ID of its channel in the guides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// The link of the source to play first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// What is to become of an edit, as a JSON merge patch (RFC 7396): what is not given stays, and what is `null` is the
/// playlist's again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Patch {
    /// Another name.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// Not shown in lists.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    pub hidden: Option<Option<bool>>,
    /// Another number.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub number: Option<Option<String>>,
    /// Another group.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub group: Option<Option<String>>,
    /// Its place in front of the channels that have none.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub position: Option<Option<i64>>,
    /// The ID of its channel in the guides.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub guide: Option<Option<String>>,
    /// The link of the source to play first.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub source: Option<Option<String>>,
}

impl Patch {
    /// Change `edit`.
    pub(super) fn apply(self, edit: &mut Edit) {
        fn put<T>(field: &mut T, patch: Option<T>) {
            if let Some(value) = patch {
                *field = value;
            }
        }
        put(&mut edit.name, self.name);
        // A flag that is the list's again is off.
        put(&mut edit.hidden, self.hidden.map(Option::unwrap_or_default));
        put(&mut edit.number, self.number);
        put(&mut edit.group, self.group);
        put(&mut edit.position, self.position);
        put(&mut edit.guide, self.guide);
        put(&mut edit.source, self.source);
    }
}

/// A field that stands there, `null` or not.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// A channel of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name for programs.
    pub id: ChannelId,
    /// What its playlist says.
    pub listed: Listed,
    /// What the user made of it.
    pub edit: Option<Box<Edit>>,
    /// Since when its playlist lists it no more, in seconds since 1970 UTC.
    pub vanished_at: Option<i64>,
}

impl Channel {
    /// What to call it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.edited(|edit| edit.name.as_deref()).unwrap_or(&self.listed.name)
    }

    /// Its group.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.edited(|edit| edit.group.as_deref()).or(self.listed.group.as_deref())
    }

    /// Its number on a remote control.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.edited(|edit| edit.number.as_deref()).or(self.listed.number.as_deref())
    }

    /// Whether lists leave it out.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.edit.as_ref().is_some_and(|edit| edit.hidden)
    }

    /// Whether its playlist lists it, and nobody hid it.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        !self.is_hidden() && self.vanished_at.is_none()
    }

    /// Where it plays, the first choice first.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let chosen = self.edited(|edit| edit.source.as_deref());
        let is_chosen = move |source: &&Source| Some(&*source.url) == chosen;
        let all = &self.listed.sources;
        all.iter().filter(is_chosen).chain(all.iter().filter(move |source| !is_chosen(source)))
    }

    /// The channel as an entry of a list, with the source that is its first choice.
    #[must_use]
    pub fn entry(&self) -> Option<Entry<'_>> {
        let (listed, source) = (&self.listed, self.sources().next()?);
        let text = |text: &'_ Option<Box<str>>| text.as_deref().map(|text| Cow::Owned(text.to_owned()));
        let more = listed.more.as_deref().cloned().unwrap_or_default();
        let (options, owned) =
            (source.options.as_deref().cloned().unwrap_or_default(), Cow::<'static, str>::Owned);
        Some(Entry {
            line: 0,
            name: self.name().into(),
            tvg_id: self
                .edited(|edit| edit.guide.as_deref().map(Cow::Borrowed))
                .or_else(|| text(&listed.tvg_id)),
            tvg_name: text(&listed.tvg_name),
            logo: text(&listed.logo),
            group: self.group().map(Cow::Borrowed),
            number: self.number().map(Cow::Borrowed),
            shift: more.shift,
            radio: more.radio,
            catchup: more.catchup.map(|(kind, source, days)| Catchup {
                kind: kind.map(owned),
                source: source.map(owned),
                days,
            }),
            options: iptv::m3u::Options {
                user_agent: options.user_agent.map(owned),
                referrer: options.referrer.map(owned),
                others: options.others.into_iter().map(owned).collect(),
            },
            url: (&*source.url).into(),
            link: source.link(),
        })
    }

    fn edited<'a, T>(&'a self, field: impl FnOnce(&'a Edit) -> Option<T>) -> Option<T> {
        self.edit.as_deref().and_then(field)
    }
}

impl Source {
    /// The link as understood. A link that was understood when its list was read is so again.
    #[must_use]
    pub fn link(&self) -> Link {
        parse_link(&self.url).unwrap_or_else(|_| Link::Http(self.url.to_string()))
    }

    fn of(entry: &Entry<'_>) -> Self {
        let options = &entry.options;
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let options = Options {
            user_agent: text(&options.user_agent),
            referrer: text(&options.referrer),
            others: options.others.iter().map(|other| other.to_string()).collect(),
        };
        let options = (options != Options::default()).then(|| Box::new(options));
        Self { url: plain(&entry.url), options }
    }
}

impl Listed {
    /// The channel that `entry` describes.
    #[must_use]
    pub fn of(entry: &Entry<'_>) -> Self {
        let tvg_name = entry.tvg_name.as_deref().filter(|name| *name != entry.name);
        let more =
            More { shift: entry.shift, radio: entry.radio, catchup: entry.catchup.as_ref().map(catchup) };
        Self {
            name: plain(&entry.name),
            tvg_id: some(entry.tvg_id.as_deref()),
            tvg_name: some(tvg_name),
            logo: some(entry.logo.as_deref()),
            group: some(entry.group.as_deref()),
            number: some(entry.number.as_deref()),
            more: (more != More::default()).then(|| Box::new(more)),
            sources: vec![Source::of(entry)],
        }
    }
}

/// A text without control characters: the store puts its own between texts.
fn plain(text: &str) -> Box<str> {
    if text.contains(char::is_control) { text.replace(char::is_control, "").into() } else { text.into() }
}

/// The same of one that says something.
fn some(text: Option<&str>) -> Option<Box<str>> {
    text.map(plain).filter(|text| !text.is_empty())
}

fn catchup(catchup: &Catchup<'_>) -> (Option<String>, Option<String>, Option<u16>) {
    (catchup.kind.as_deref().map(str::to_owned), catchup.source.as_deref().map(str::to_owned), catchup.days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(edit: Option<Edit>) -> Channel {
        let list = "#EXTINF:-1 group-title=\"News\",One\nhttp://tv.example/1\n";
        let mut listed = Listed::of(&iptv::parse_m3u(list).entries[0]);
        listed.sources.push(Source { url: "http://tv.example/2".into(), options: None });
        Channel { id: ChannelId(1), listed, edit: edit.map(Box::new), vanished_at: None }
    }

    #[test]
    fn what_the_user_says_goes_before_what_the_list_says() {
        let plain = channel(None);
        assert_eq!((plain.name(), plain.group(), plain.number()), ("One", Some("News"), None));

        let text = |text: &str| Some(text.to_owned());
        let edit = Edit { name: text("Uno"), group: text("A"), number: text("7"), ..Edit::default() };
        let edited = channel(Some(edit));
        assert_eq!((edited.name(), edited.group(), edited.number()), ("Uno", Some("A"), Some("7")));
    }

    #[test]
    fn the_source_that_was_chosen_comes_first_if_it_is_there() {
        let urls = |edit: Option<&str>| {
            let edit = edit.map(|url| Edit { source: Some(url.to_owned()), ..Edit::default() });
            channel(edit).sources().map(|source| source.url.to_string()).collect::<Vec<_>>().join(" ")
        };

        assert_eq!(urls(None), "http://tv.example/1 http://tv.example/2");
        assert_eq!(urls(Some("http://tv.example/2")), "http://tv.example/2 http://tv.example/1");
        assert_eq!(urls(Some("http://gone.example/")), "http://tv.example/1 http://tv.example/2");
    }

    #[test]
    fn an_id_is_a_number_that_javascript_can_count() {
        assert_eq!("9007199254740991".parse(), Ok(ChannelId(ChannelId::MAX)));
        for text in ["0", "-1", "9007199254740992", "1.5", "", "x"] {
            assert!(text.parse::<ChannelId>().is_err(), "{text}");
        }
    }
}
