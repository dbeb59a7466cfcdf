//! One channel of a list.

use std::borrow::Cow;

use super::Options;
use crate::Link;

/// One channel, borrowed from the list as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The line of its link, counted from 1.
    pub line: usize,
    /// What to call it; never empty. In doubt `tvg-name`, the link's own title, or the link.
    pub name: Cow<'a, str>,
    /// Its ID in the guide (`tvg-id`).
    pub tvg_id: Option<Cow<'a, str>>,
    /// Its name in the guide (`tvg-name`).
    pub tvg_name: Option<Cow<'a, str>>,
    /// The address of its logo (`tvg-logo`, `logo`).
    pub logo: Option<Cow<'a, str>>,
    /// Its group (`group-title`, `#EXTGRP`).
    pub group: Option<Cow<'a, str>>,
    /// Its number on a remote control (`tvg-chno`, `channel-number`), as written: some have `5.1`.
    pub number: Option<Cow<'a, str>>,
    /// How much later than the guide says its programmes begin (`tvg-shift`), in seconds.
    pub shift: Option<i32>,
    /// Whether the list says that it is radio.
    pub radio: bool,
    /// How past programmes are played (`catchup`, `catchup-source`, `catchup-days`).
    pub catchup: Option<Catchup<'a>>,
    /// What its server wants to be told.
    pub options: Options<'a>,
    /// The link as written, without options behind it.
    pub url: Cow<'a, str>,
    /// The link as understood.
    pub link: Link,
}

/// How the past of a channel is played.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catchup<'a> {
    /// `default`, `append`, `shift`, `flussonic`, `xc`, …, as written.
    pub kind: Option<Cow<'a, str>>,
    /// The address, or what is put behind the channel's, with placeholders such as `{utc}`.
    pub source: Option<Cow<'a, str>>,
    /// How many days are kept.
    pub days: Option<u16>,
}

impl Entry<'_> {
    /// The channel with text of its own, to be kept.
    #[must_use]
    pub fn into_owned(self) -> Entry<'static> {
        Entry {
            line: self.line,
            name: owned(self.name),
            tvg_id: self.tvg_id.map(owned),
            tvg_name: self.tvg_name.map(owned),
            logo: self.logo.map(owned),
            group: self.group.map(owned),
            number: self.number.map(owned),
            shift: self.shift,
            radio: self.radio,
            catchup: self.catchup.map(Catchup::into_owned),
            options: self.options.into_owned(),
            url: owned(self.url),
            link: self.link,
        }
    }
}

impl Catchup<'_> {
    pub(super) fn into_owned(self) -> Catchup<'static> {
        let Self { kind, source, days } = self;
        Catchup { kind: kind.map(owned), source: source.map(owned), days }
    }
}

/// Without the room that a string may have to spare: catalogues keep many.
pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
