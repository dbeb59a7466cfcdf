//! Guides written so that others, and [`Reader`](super::Reader), read them as they were.

use std::fmt::{self, Write};

use super::{Channel, Programme, Text, markup::is_banned, time::Written};

/// Writes a guide: first its channels, then its programmes. Times are written in UTC.
///
/// What cannot stand in XML, control characters, is left out.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Begin a guide that `generator` makes.
    ///
    /// # Errors
    /// As `out` has them; a `String` has none.
    pub fn new(mut out: W, generator: &str) -> Result<Self, fmt::Error> {
        out.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tv")?;
        attribute(&mut out, "generator-info-name", Some(generator))?;
        out.write_str(">\n")?;
        Ok(Self { out })
    }

    /// Add a channel.
    ///
    /// # Errors
    /// As `out` has them.
    pub fn channel(&mut self, channel: &Channel<'_>) -> fmt::Result {
        let out = &mut self.out;
        out.write_str("  <channel")?;
        attribute(out, "id", Some(&channel.id))?;
        out.write_str(">\n")?;
        texts(out, "display-name", &channel.names)?;
        icon(out, channel.icon.as_deref())?;
        for url in &channel.urls {
            element(out, "url", None, url)?;
        }
        out.write_str("  </channel>\n")
    }

    /// Add a programme.
    ///
    /// # Errors
    /// As `out` has them.
    pub fn programme(&mut self, programme: &Programme<'_>) -> fmt::Result {
        let out = &mut self.out;
        write!(out, "  <programme start=\"{}\"", Written(programme.start))?;
        if let Some(stop) = programme.stop {
            write!(out, " stop=\"{}\"", Written(stop))?;
        }
        attribute(out, "channel", Some(&programme.channel))?;
        out.write_str(">\n")?;
        children(out, programme)?;
        out.write_str("  </programme>\n")
    }

    /// The guide so far, without its end.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// The guide so far, to be taken away piece by piece.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// End the guide.
    ///
    /// # Errors
    /// As `out` has them.
    pub fn finish(mut self) -> Result<W, fmt::Error> {
        self.out.write_str("</tv>\n")?;
        Ok(self.out)
    }
}

/// In the order of the DTD.
fn children(out: &mut impl Write, it: &Programme<'_>) -> fmt::Result {
    texts(out, "title", &it.titles)?;
    texts(out, "sub-title", &it.sub_titles)?;
    texts(out, "desc", &it.descriptions)?;
    it.date.as_deref().map_or(Ok(()), |date| element(out, "date", None, date))?;
    texts(out, "category", &it.categories)?;
    icon(out, it.icon.as_deref())?;
    for (system, number) in [("onscreen", &it.onscreen), ("xmltv_ns", &it.xmltv_ns)] {
        number.as_deref().map_or(Ok(()), |it| element(out, "episode-num", Some(("system", system)), it))?;
    }
    let flags = [("previously-shown", it.is_repeat), ("premiere", it.is_premiere), ("new", it.is_new)];
    for (name, _) in flags.into_iter().filter(|(_, is)| *is) {
        writeln!(out, "    <{name}/>")?;
    }
    if let Some(rating) = &it.rating {
        out.write_str("    <rating><value>")?;
        escape(out, rating)?;
        out.write_str("</value></rating>\n")?;
    }
    if it.is_live { out.write_str("    <live/>\n") } else { Ok(()) }
}

fn texts(out: &mut impl Write, name: &str, texts: &[Text<'_>]) -> fmt::Result {
    texts
        .iter()
        .try_for_each(|text| element(out, name, text.lang.as_deref().map(|lang| ("lang", lang)), &text.text))
}

fn icon(out: &mut impl Write, src: Option<&str>) -> fmt::Result {
    let Some(src) = src else { return Ok(()) };
    out.write_str("    <icon")?;
    attribute(out, "src", Some(src))?;
    out.write_str("/>\n")
}

fn element(out: &mut impl Write, name: &str, with: Option<(&str, &str)>, text: &str) -> fmt::Result {
    write!(out, "    <{name}")?;
    let (key, value) = with.unzip();
    attribute(out, key.unwrap_or_default(), value)?;
    out.write_char('>')?;
    escape(out, text)?;
    writeln!(out, "</{name}>")
}

fn attribute(out: &mut impl Write, key: &str, value: Option<&str>) -> fmt::Result {
    let Some(value) = value else { return Ok(()) };
    write!(out, " {key}=\"")?;
    escape(out, value)?;
    out.write_char('"')
}

fn escape(out: &mut impl Write, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| "&<>\"".contains(c) || c == '\r' || is_banned(c)) {
        let (before, behind) = rest.split_at(at);
        out.write_str(before)?;
        let mut characters = behind.chars();
        out.write_str(match characters.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            _ => "",
        })?;
        rest = characters.as_str();
    }
    out.write_str(rest)
}
