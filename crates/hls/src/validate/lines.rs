//! A playlist as lines (RFC 8216bis, 4.1).

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) text: &'a str,
}

/// What a line is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    /// Nothing, or a comment.
    Nothing,
    Tag(Tag<'a>),
    Uri(&'a str),
}

/// `#NAME:value`; the value is empty where there is none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) line: usize,
    /// Without the `#`.
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// The lines of `text`, with what does not belong in a playlist around them taken away.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> + Clone {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines().enumerate().map(|(index, text)| Line { number: index + 1, text })
}

/// The tags of `text`.
pub(super) fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> + Clone {
    lines(text).filter_map(|line| match line.kind() {
        Kind::Tag(tag) => Some(tag),
        Kind::Nothing | Kind::Uri(_) => None,
    })
}

impl<'a> Line<'a> {
    pub(super) fn kind(self) -> Kind<'a> {
        let text = self.text.trim();
        match text.strip_prefix('#') {
            Some(rest) if rest.starts_with("EXT") => {
                let (name, value) = rest.split_once(':').unwrap_or((rest, ""));
                Kind::Tag(Tag { line: self.number, name, value })
            }
            Some(_) => Kind::Nothing,
            None if text.is_empty() => Kind::Nothing,
            None => Kind::Uri(text),
        }
    }
}
