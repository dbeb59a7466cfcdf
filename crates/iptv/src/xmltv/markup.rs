//! Tags, attributes and entities of one element: as much XML as guides have, and as little of it as need be right.
//!
//! A parser of XML proper would refuse `A < B`, `AT&T` and tags closed in the wrong order, all of which guides have.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr2_iter, memmem};

/// What stands between the tags of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Markup<'a>(pub(super) &'a str);

/// A piece of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text with its entities.
    Text(&'a str),
    /// Text that has none.
    Literal(&'a str),
    /// A start tag without its brackets.
    Start(&'a str),
    /// A tag that is start and end, without its brackets.
    Empty(&'a str),
    End,
    /// A comment, an instruction.
    Nothing,
}

impl<'a> Markup<'a> {
    /// The next piece; `None` at the end. An error says what does not end.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'a>>, &'static str> {
        let Some(behind) = self.0.strip_prefix('<') else {
            let end = memchr(b'<', self.0.as_bytes()).unwrap_or(self.0.len());
            return Ok((end > 0).then(|| Piece::Text(self.take(end))));
        };
        let piece = match behind.as_bytes() {
            [b'!', b'-', b'-', ..] => {
                self.take_to(4, "-->").ok_or("a comment does not end")?;
                Piece::Nothing
            }
            [b'!', b'[', ..] => Piece::Literal(self.take_to(9, "]]>").ok_or("a CDATA section does not end")?),
            [b'!' | b'?', ..] => {
                self.take_to(2, ">").ok_or("a tag does not end")?;
                Piece::Nothing
            }
            [b'/', ..] => {
                self.take_to(2, ">").ok_or("a tag does not end")?;
                Piece::End
            }
            [first, ..] if first.is_ascii_alphabetic() => self.start(),
            _ => self.bare(),
        };
        Ok(Some(piece))
    }

    /// The text up to an end tag, which is taken too, where nothing else is between: so nearly all elements are.
    pub(super) fn text_alone(&mut self) -> Option<&'a str> {
        let end = memchr(b'<', self.0.as_bytes())?;
        let behind = self.0[end..].strip_prefix("</")?;
        let closing = memchr(b'>', behind.as_bytes())?;
        let text = &self.0[..end];
        self.0 = &behind[closing + 1..];
        Some(text)
    }

    fn start(&mut self) -> Piece<'a> {
        let Some(end) = tag_end(self.0.as_bytes()) else { return self.bare() };
        let tag = &self.take(end)[1..end - 1];
        tag.strip_suffix('/').map_or(Piece::Start(tag), Piece::Empty)
    }

    /// A `<` that is no tag's.
    fn bare(&mut self) -> Piece<'a> {
        let end = memchr(b'<', &self.0.as_bytes()[1..]).map_or(self.0.len(), |at| at + 1);
        Piece::Text(self.take(end))
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (piece, rest) = self.0.split_at(length);
        self.0 = rest;
        piece
    }

    /// What stands between the next `from` bytes and `end`, which is taken too.
    fn take_to(&mut self, from: usize, end: &str) -> Option<&'a str> {
        let behind = self.0.get(from..)?;
        let at = match end.as_bytes() {
            [one] => memchr(*one, behind.as_bytes())?,
            several => memmem::find(behind.as_bytes(), several)?,
        };
        self.0 = &behind[at + end.len()..];
        Some(&behind[..at])
    }
}

/// Where the tag that `text` begins with ends, if its values are in double quotes and have no bracket in them, as
/// those of nearly all are.
pub(super) fn simple_tag_end(text: &[u8]) -> Option<usize> {
    let end = memchr2(b'<', b'>', &text[1..])? + 1;
    let tag = &text[1..end];
    // Look at many bytes at once, as nothing ends them early.
    let apostrophe = tag.iter().fold(false, |any, c| any | (*c == b'\''));
    let open = tag.iter().fold(false, |open, c| open ^ (*c == b'"'));
    (text[end] == b'>' && !apostrophe && !open).then_some(end + 1)
}

/// Where the tag that `text` begins with ends, unless another begins before.
fn tag_end(text: &[u8]) -> Option<usize> {
    if let Some(end) = simple_tag_end(text) {
        return Some(end);
    }
    let mut quote = None;
    for (at, byte) in text.iter().enumerate().skip(1) {
        match (byte, quote) {
            (b'<', _) => return None,
            (b'>', None) => return Some(at + 1),
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of the first attribute in a tag, if it is called so and has double quotes.
pub(super) fn first_value<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let behind = attributes.strip_prefix(name)?.strip_prefix("=\"")?;
    Some(&behind[..memchr(b'"', behind.as_bytes())?])
}

/// The values of attributes in a tag, as they stand there. Where one is twice, the first counts.
pub(super) fn values<'a, const N: usize>(tag: &'a str, names: [&str; N]) -> [Option<&'a str>; N] {
    let mut values = [None; N];
    let mut rest = tag;
    while let Some(equals) = memchr(b'=', rest.as_bytes()) {
        let key = rest[..equals].trim_ascii_end();
        let key = &key[key.bytes().rposition(|c| c.is_ascii_whitespace()).map_or(0, |at| at + 1)..];
        let (value, behind) = value(rest[equals + 1..].trim_ascii_start());
        if let Some(at) = names.iter().position(|name| *name == key) {
            values[at].get_or_insert(value);
        }
        rest = behind;
    }
    values
}

/// A value with its quotes or without, and what stands behind it.
fn value(text: &str) -> (&str, &str) {
    if let Some(quote @ (b'"' | b'\'')) = text.as_bytes().first().copied() {
        let inner = &text[1..];
        return memchr(quote, inner.as_bytes()).map_or((inner, ""), |at| (&inner[..at], &inner[at + 1..]));
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()))
}

/// A text with its entities read. Those that nobody knows stay as they are, are not expanded where the guide declares
/// them, and are counted in `unknown`.
pub(super) fn unescape<'a>(raw: &'a str, unknown: &mut usize) -> Cow<'a, str> {
    if memchr(b'&', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, piece) = (&rest[..at], &rest[at + 1..]);
        text.push_str(before);
        let end = piece.bytes().take(NAME_MAX).position(|c| !(c.is_ascii_alphanumeric() || c == b'#'));
        let name = end.filter(|end| *end > 0 && piece.as_bytes()[*end] == b';').map(|end| &piece[..end]);
        let known = name.and_then(entity);
        *unknown += usize::from(name.is_some() && known.is_none());
        rest = match (name, known) {
            (Some(name), Some(c)) => {
                text.extend(Some(c).filter(|c| !is_banned(*c)));
                &piece[name.len() + 1..]
            }
            _ => {
                text.push('&');
                piece
            }
        };
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// What is no character of XML (2.2), and the other controls: no text has them, read or written.
pub(super) fn is_banned(c: char) -> bool {
    c.is_control() && !"\n\t\r".contains(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// `text` without what is banned.
pub(super) fn allowed(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_allowed(&text) { text } else { Cow::Owned(text.replace(is_banned, "")) }
}

/// Whether nothing in `text` is banned.
pub(super) fn is_allowed(text: &str) -> bool {
    // Looks at many bytes at once, as nothing ends it early.
    let is_odd = |byte: u8| (byte < b' ') & !matches!(byte, b'\n' | b'\t' | b'\r') | (byte == 0x7F);
    let odd = text.bytes().fold(false, |any, byte| any | is_odd(byte));
    // Beginnings in UTF-8 of C1 controls, and of U+FFFE and U+FFFF.
    let mut doubtful = memchr2_iter(0xC2, 0xEF, text.as_bytes());
    !odd && !doubtful.any(|at| text[at..].starts_with(is_banned))
}

/// The longest name of an entity.
const NAME_MAX: usize = 32;

/// The character that an entity is, if it is one of XML or a number.
fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']).map(|hex| u32::from_str_radix(hex, 16).ok());
            char::from_u32(hex.unwrap_or_else(|| number.parse().ok())?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &'static str> {
        let mut markup = Markup(text);
        let mut pieces = Vec::new();
        while let Some(piece) = markup.next()? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    #[test]
    fn markup_is_cut_into_its_pieces() {
        use Piece::{Empty, End, Literal, Nothing, Start, Text};

        let text = r#"a<b c=">" d='"'>e &amp; f</b><g/><!-- <h> --><![CDATA[<i>]]><?j k?>l"#;

        let expected = [
            Text("a"),
            Start(r#"b c=">" d='"'"#),
            Text("e &amp; f"),
            End,
            Empty("g"),
            Nothing,
            Literal("<i>"),
            Nothing,
            Text("l"),
        ];
        assert_eq!(pieces(text).unwrap(), expected);
    }

    #[test]
    fn a_bracket_that_is_no_tags_is_text() {
        use Piece::{End, Start, Text};

        assert_eq!(pieces("1 < 2 <3 <b").unwrap(), [Text("1 "), Text("< 2 "), Text("<3 "), Text("<b")]);
        assert_eq!(pieces("<b c=\"d</b>").unwrap(), [Text("<b c=\"d"), End]);
        assert_eq!(pieces("<b></b").unwrap_err(), "a tag does not end");
        assert_eq!(pieces("<b>").unwrap(), [Start("b")]);
        assert_eq!(pieces("<![CDATA[x").unwrap_err(), "a CDATA section does not end");
    }

    #[test]
    fn attributes_are_found_in_any_order_and_quoting() {
        assert_eq!(
            values(r#"p start = "1"  x:stop='2' stop='3>' channel=c"#, ["channel", "start", "stop"]),
            [Some("c"), Some("1"), Some("3>")]
        );
        assert_eq!(values(r#"p a="b=c" d="#, ["b", "a", "d"]), [None, Some("b=c"), Some("")]);
        assert_eq!(values(r#"p a="1" a="2""#, ["a"]), [Some("1")]);
    }

    #[test]
    fn entities_are_characters_or_stay() {
        let mut unknown = 0;

        let text = unescape("&lt;&#65;&#x42;&#0;&nbsp;&b;&;& c &#x110000; &amp", &mut unknown);

        assert_eq!((text.as_ref(), unknown), ("<AB&nbsp;&b;&;& c &#x110000; &amp", 3));
    }
}
