//! Takes one element apart and keeps what its children say.

use std::{borrow::Cow, mem};

use super::{
    Channel, Programme, SkipReason, Text,
    frames::Kind,
    markup::{Markup, Piece, first_value, unescape, values},
    time,
};
use crate::input::trim;

/// The longest text, in bytes.
const TEXT_MAX: usize = 32 << 10;

/// As many texts of one kind are kept of one programme.
const TEXTS_KEPT: usize = 32;

/// How deep elements may be nested.
const DEPTH_MAX: usize = 16;

/// What could not be kept as it is.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) entities: usize,
    pub(super) cut: usize,
}

/// The start tag of a programme.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) channel: Cow<'a, str>,
    pub(super) start: i64,
    pub(super) stop: Option<i64>,
}

impl<'a> Head<'a> {
    /// Times without a zone are of one so many seconds east of Greenwich.
    pub(super) fn read(tag: &'a str, zone: i32) -> Result<Self, SkipReason> {
        let missing = |attribute| SkipReason::Missing { element: "programme", attribute };
        let [channel, start, stop] = values(tag, ["channel", "start", "stop"]);
        let channel = channel.map(attribute).filter(|id| !id.is_empty());
        let channel = channel.ok_or_else(|| missing("channel"))?;
        let start = start.ok_or_else(|| missing("start"))?;
        let bad = || SkipReason::BadTime(start.chars().take(48).collect());
        let start = time::parse(start, zone).ok_or_else(bad)?;
        let stop = stop.and_then(|stop| time::parse(stop, zone)).filter(|stop| *stop > start);
        Ok(Self { channel, start, stop })
    }
}

/// Read a channel: its start tag, and what stands between it and its end tag.
pub(super) fn channel<'a>(tag: &'a str, body: &'a str) -> Result<(Channel<'a>, Counts), SkipReason> {
    let [id] = values(tag, ["id"]);
    let id = id.map(attribute).filter(|id| !id.is_empty());
    let id = id.ok_or(SkipReason::Missing { element: "channel", attribute: "id" })?;
    let mut channel = Channel { id, ..Channel::default() };
    let mut counts = Counts::default();
    children(Kind::Channel, body, &mut counts, |child, counts| match child.name {
        "display-name" => push(&mut channel.names, child.text(), counts),
        "icon" => set(&mut channel.icon, child.attribute("src")),
        "url" if !child.text.is_empty() && channel.urls.len() < TEXTS_KEPT => channel.urls.push(child.text),
        _ => {}
    })?;
    Ok((channel, counts))
}

/// Read what stands between the start tag of a programme and its end tag.
pub(super) fn programme<'a>(
    head: Head<'a>,
    body: &'a str,
) -> Result<(Box<Programme<'a>>, Counts), SkipReason> {
    let Head { channel, start, stop } = head;
    let mut it = Box::new(Programme { channel, start, stop, ..Programme::default() });
    let mut counts = Counts::default();
    children(Kind::Programme, body, &mut counts, |child, counts| add(&mut it, child, counts))?;
    Ok((it, counts))
}

fn add<'a>(it: &mut Programme<'a>, child: Child<'a>, counts: &mut Counts) {
    match child.name {
        "title" => push(&mut it.titles, child.text(), counts),
        "sub-title" => push(&mut it.sub_titles, child.text(), counts),
        "desc" => push(&mut it.descriptions, child.text(), counts),
        "category" => push(&mut it.categories, child.text(), counts),
        "episode-num" => match child.attribute("system").as_deref() {
            Some("xmltv_ns") => set(&mut it.xmltv_ns, Some(child.text)),
            // What is not said is what people write.
            Some("onscreen") | None => set(&mut it.onscreen, Some(child.text)),
            Some(_) => {}
        },
        "icon" => set(&mut it.icon, child.attribute("src")),
        "date" => set(&mut it.date, Some(child.text)),
        "rating" => set(&mut it.rating, Some(child.text)),
        "new" => it.is_new = true,
        "premiere" => it.is_premiere = true,
        "previously-shown" => it.is_repeat = true,
        "live" => it.is_live = true,
        _ => {}
    }
}

fn push<'a>(texts: &mut Vec<Text<'a>>, text: Text<'a>, counts: &mut Counts) {
    if text.text.is_empty() {
        return;
    }
    if texts.len() < TEXTS_KEPT {
        texts.push(text);
    } else {
        counts.cut += 1;
    }
}

/// The first that says something counts.
fn set<'a>(place: &mut Option<Cow<'a, str>>, value: Option<Cow<'a, str>>) {
    if place.is_none() {
        *place = value.filter(|value| !value.is_empty());
    }
}

/// A child of the element.
#[derive(Debug, Default)]
struct Child<'a> {
    name: &'a str,
    /// What stands in its start tag.
    tag: &'a str,
    /// What it says, trimmed; of a rating its `<value>`.
    text: Cow<'a, str>,
    /// What comes is of use to anybody here.
    listens: bool,
}

impl<'a> Child<'a> {
    fn begin(tag: &'a str) -> Self {
        // A rating says it in its `<value>`.
        const SPEAKING: [&str; 8] =
            ["title", "sub-title", "desc", "category", "episode-num", "date", "display-name", "url"];
        let end = tag.bytes().position(|c| c.is_ascii_whitespace()).unwrap_or(tag.len());
        let name = &tag[..end];
        Self { name, tag, text: Cow::Borrowed(""), listens: SPEAKING.contains(&name) }
    }

    /// Take in a text with its entities.
    fn hear(&mut self, text: &'a str, counts: &mut Counts) {
        if self.listens {
            append(&mut self.text, unescape(text, &mut counts.entities), counts);
        }
    }

    /// The child, which has ended.
    fn take(&mut self) -> Self {
        let child = mem::take(self);
        let text = match child.text {
            Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
            Cow::Owned(text) if trim(&text).len() == text.len() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
        };
        Self { text, ..child }
    }

    fn text(self) -> Text<'a> {
        let lang = self.attribute("lang");
        Text { text: self.text, lang }
    }

    fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        // Most have none, the others nearly all just this one.
        let attributes = self.tag[self.name.len()..].get(1..)?;
        let value = first_value(attributes, name).or_else(|| {
            let [value] = values(attributes, [name]);
            value
        });
        value.map(attribute).filter(|value| !value.is_empty())
    }
}

/// Give the children in `body` to `each`.
fn children<'a>(
    kind: Kind,
    body: &'a str,
    counts: &mut Counts,
    mut each: impl FnMut(Child<'a>, &mut Counts),
) -> Result<(), SkipReason> {
    let mut markup = Markup(body);
    let (mut child, mut depth) = (Child::default(), 0_usize);
    let syntax = |error| SkipReason::Syntax { element: kind.name(), error };
    while let Some(piece) = markup.next().map_err(syntax)? {
        match piece {
            Piece::Start(tag) if depth == 0 => {
                child = Child::begin(tag);
                if let Some(text) = markup.text_alone() {
                    child.hear(text, counts);
                    each(child.take(), counts);
                } else {
                    depth = 1;
                }
            }
            Piece::Start(tag) => {
                if depth == DEPTH_MAX {
                    return Err(SkipReason::TooDeep(kind.name()));
                }
                if child.name == "rating" {
                    child.listens = tag == "value";
                }
                depth += 1;
            }
            Piece::Empty(tag) if depth == 0 => each(Child::begin(tag), counts),
            Piece::End if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    each(child.take(), counts);
                } else if child.name == "rating" {
                    child.listens = false;
                }
            }
            Piece::Text(text) if depth > 0 => child.hear(text, counts),
            Piece::Literal(text) if depth > 0 && child.listens => {
                append(&mut child.text, text.into(), counts);
            }
            _ => {}
        }
    }
    Ok(())
}

fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>, counts: &mut Counts) {
    let room = TEXT_MAX.saturating_sub(text.len());
    if more.len() > room {
        counts.cut += 1;
        text.to_mut().push_str(&more[..more.floor_char_boundary(room)]);
    } else if text.is_empty() {
        *text = more;
    } else {
        text.to_mut().push_str(&more);
    }
}

/// The text of an attribute as it stands in the tag. Its entities are not worth counting.
fn attribute(raw: &str) -> Cow<'_, str> {
    unescape(trim(raw), &mut 0)
}
