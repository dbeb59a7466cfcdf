//! The line in front of a channel: `#EXTINF:-1 tvg-id="news1" group-title="News",News One`.

use memchr::{memchr_iter, memchr2, memchr3};

use crate::input::{trim, trim_start};

/// What an `#EXTINF` line says, borrowed from it. What it does not say is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extinf<'a> {
    pub(super) tvg_id: &'a str,
    pub(super) tvg_name: &'a str,
    pub(super) tvg_logo: &'a str,
    pub(super) logo: &'a str,
    pub(super) group: &'a str,
    pub(super) number: &'a str,
    pub(super) shift: &'a str,
    pub(super) radio: &'a str,
    pub(super) catchup: &'a str,
    pub(super) catchup_source: &'a str,
    pub(super) catchup_days: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) referrer: &'a str,
    /// The channel's name.
    pub(super) title: &'a str,
}

impl<'a> Extinf<'a> {
    /// Read what follows `#EXTINF:`.
    pub(super) fn parse(line: &'a str) -> Self {
        let mut extinf = Self::default();
        extinf.title = attributes(line, |key, value| extinf.set(key, value));
        extinf
    }

    /// The first that is not empty counts.
    fn set(&mut self, key: &str, value: &'a str) {
        if let Some(place) = Field::of(key).map(|field| self.place(field)).filter(|place| place.is_empty()) {
            *place = value;
        }
    }

    const fn place(&mut self, field: Field) -> &mut &'a str {
        match field {
            Field::TvgId => &mut self.tvg_id,
            Field::TvgName => &mut self.tvg_name,
            Field::TvgLogo => &mut self.tvg_logo,
            Field::Logo => &mut self.logo,
            Field::Group => &mut self.group,
            Field::Number => &mut self.number,
            Field::Shift => &mut self.shift,
            Field::Radio => &mut self.radio,
            Field::Catchup => &mut self.catchup,
            Field::CatchupSource => &mut self.catchup_source,
            Field::CatchupDays => &mut self.catchup_days,
            Field::UserAgent => &mut self.user_agent,
            Field::Referrer => &mut self.referrer,
        }
    }
}

/// What an attribute says.
#[derive(Debug, Clone, Copy)]
enum Field {
    TvgId,
    TvgName,
    TvgLogo,
    Logo,
    Group,
    Number,
    Shift,
    Radio,
    Catchup,
    CatchupSource,
    CatchupDays,
    UserAgent,
    Referrer,
}

impl Field {
    /// That of a key in any case. Hardly any is in upper case.
    fn of(key: &str) -> Option<Self> {
        Self::of_lower(key.as_bytes()).or_else(|| {
            let mut lower = [0; 16];
            let lower = lower.get_mut(..key.len())?;
            lower.copy_from_slice(key.as_bytes());
            lower.make_ascii_lowercase();
            Self::of_lower(lower)
        })
    }

    const fn of_lower(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"tvg-id" => Self::TvgId,
            b"tvg-name" => Self::TvgName,
            b"tvg-logo" => Self::TvgLogo,
            b"logo" => Self::Logo,
            b"group-title" => Self::Group,
            b"tvg-chno" | b"channel-number" | b"tvg-ch" | b"ch-number" => Self::Number,
            b"tvg-shift" => Self::Shift,
            b"radio" => Self::Radio,
            b"catchup" | b"catchup-type" => Self::Catchup,
            b"catchup-source" => Self::CatchupSource,
            b"catchup-days" | b"tvg-rec" | b"timeshift" => Self::CatchupDays,
            b"user-agent" | b"http-user-agent" => Self::UserAgent,
            b"http-referrer" | b"http-referer" | b"referrer" | b"referer" => Self::Referrer,
            _ => return None,
        })
    }
}

/// Give the attributes of `line` to `each` and return the title.
///
/// Attributes come in any order; the title is what follows the first comma that is not in quotes. A quote left open
/// ends at the next one or at the first comma. Some lists have a comma in front of the attributes too.
pub(super) fn attributes<'a>(line: &'a str, each: impl FnMut(&'a str, &'a str)) -> &'a str {
    attributes_with(line, &mut Closings::default(), each)
}

fn attributes_with<'a>(
    line: &'a str,
    closings: &mut Closings,
    mut each: impl FnMut(&'a str, &'a str),
) -> &'a str {
    // The duration. Nobody's is right: a channel has none.
    let line = trim_start(line);
    let duration = line.bytes().position(|c| !(c.is_ascii_digit() || b"+-.".contains(&c)));
    let mut rest = trim_start(&line[duration.unwrap_or(line.len())..]);
    if let Some(after) = rest.strip_prefix(',').filter(|after| is_attribute(after.trim_start())) {
        rest = after;
    }
    let mut behind_attributes = rest;
    loop {
        rest = trim_start(rest);
        if let Some(title) = rest.strip_prefix(',') {
            return trim(title);
        }
        if rest.is_empty() {
            // No comma at all: what is no attribute must be the title.
            return trim(behind_attributes);
        }
        if let Some((key, value, after)) = attribute(rest, closings) {
            each(key, value);
            rest = after;
            behind_attributes = after;
        } else {
            rest = &rest[rest.find([' ', '\t', ',']).unwrap_or(rest.len())..];
        }
    }
}

/// Whether a text begins with an attribute for certain. A title may well begin with `a=`.
pub(super) fn is_attribute(text: &str) -> bool {
    let (key, rest) = text.split_at(key_len(text));
    let known = Field::of(key).is_some() || key.starts_with("tvg-");
    known && (rest.starts_with("=\"") || rest.starts_with("='"))
}

/// `key="value"` or `key=value`, and what follows it.
fn attribute<'a>(text: &'a str, closings: &mut Closings) -> Option<(&'a str, &'a str, &'a str)> {
    let length = key_len(text);
    let key = &text[..length];
    match text.as_bytes().get(length..)? {
        _ if key.is_empty() => None,
        [b'=', quote @ (b'"' | b'\''), ..] => {
            let inner = &text[length + 2..];
            let (value, after) = match closings.find(inner, *quote) {
                Some(end) => (&inner[..end], &inner[end + 1..]),
                None => unclosed(inner, *quote),
            };
            Some((key, trim(value), after))
        }
        [b'=', rest @ ..] => {
            let end = memchr3(b' ', b'\t', b',', rest).unwrap_or(rest.len());
            let (value, after) = text[length + 1..].split_at(end);
            Some((key, value, after))
        }
        _ => None,
    }
}

/// A value whose quote does not close it: it ends at the next one or at the first comma.
fn unclosed(inner: &str, quote: u8) -> (&str, &str) {
    let (value, after) = inner.split_at(memchr2(quote, b',', inner.as_bytes()).unwrap_or(inner.len()));
    (value, after.strip_prefix(char::from(quote)).unwrap_or(after))
}

/// Finds where the values of one line end.
#[derive(Default)]
struct Closings {
    /// The quotes that close nothing in the rest of the line. Whether one does depends on what follows it alone, so
    /// to search again behind each `key="` would find none either, in time that grows with the square of the line.
    absent: Vec<u8>,
    /// Bytes searched, which tests hold against the line's length.
    #[cfg(test)]
    searched: usize,
}

impl Closings {
    /// Where the value that `text` begins with ends: at the quote before a comma, the next attribute or the end of
    /// the line. Names such as `The "Best" One` have quotes of their own. `text` must be further on in the line each time.
    fn find(&mut self, text: &str, quote: u8) -> Option<usize> {
        if self.absent.contains(&quote) {
            return None;
        }
        let found = memchr_iter(quote, text.as_bytes()).find(|at| closes(&text[at + 1..]));
        #[cfg(test)]
        {
            self.searched += found.unwrap_or(text.len());
        }
        if found.is_none() {
            self.absent.push(quote);
        }
        found
    }
}

/// Whether a quote with `after` behind it ends a value.
fn closes(after: &str) -> bool {
    // What most values are followed by.
    if after.starts_with(" tvg-") || after.starts_with(" group-title=") || after.starts_with(',') {
        return true;
    }
    let after = trim_start(after);
    after.is_empty() || after.starts_with(',') || after[key_len(after)..].starts_with('=')
}

/// The characters of keys.
const KEY: [bool; 256] = {
    let mut key = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        key[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        byte += 1;
    }
    key
};

fn key_len(text: &str) -> usize {
    text.bytes().position(|c| !KEY[usize::from(c)]).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Vec<(&str, &str)>, &str) {
        let mut read = Vec::new();
        let title = attributes(line, |key, value| read.push((key, value)));
        (read, title)
    }

    #[test]
    fn attributes_come_in_any_order_and_quotes_are_optional() {
        let line = r#"-1 group-title="News" tvg-id=n1 tvg-logo='http://x/l.png',One"#;

        let (attributes, title) = read(line);

        assert_eq!(attributes, [("group-title", "News"), ("tvg-id", "n1"), ("tvg-logo", "http://x/l.png")]);
        assert_eq!(title, "One");
    }

    #[test]
    fn commas_and_quotes_inside_values_and_titles_are_text() {
        let line = r#"0 tvg-name="The "Best", of 1" group-title="A, B",Say "hi", world"#;

        let (attributes, title) = read(line);

        // `Best",` closes the value, as nothing tells this comma from the one before the title.
        assert_eq!(attributes, [("tvg-name", r#"The "Best"#)]);
        assert_eq!(title, r#"of 1" group-title="A, B",Say "hi", world"#);
        let line = r#"0 tvg-name="The "Best" One" group-title="A, B",Say "hi", world"#;
        let (attributes, title) = read(line);
        assert_eq!(attributes, [("tvg-name", r#"The "Best" One"#), ("group-title", "A, B")]);
        assert_eq!(title, r#"Say "hi", world"#);
    }

    #[test]
    fn a_quote_left_open_costs_no_more_than_its_own_value() {
        assert_eq!(read(r#"-1 group-title="News,One"#), (vec![("group-title", "News")], "One"));
        assert_eq!(read(r#"-1 tvg-id="a"group-title="b",One"#).0, [("tvg-id", "a"), ("group-title", "b")]);
    }

    #[test]
    fn a_title_without_its_comma_is_still_the_title() {
        assert_eq!(read(r#"-1 tvg-id="n1" 24 Hours"#), (vec![("tvg-id", "n1")], "24 Hours"));
        assert_eq!(read("-1 News"), (vec![], "News"));
        assert_eq!(read("-1"), (vec![], ""));
    }

    #[test]
    fn stray_words_between_the_attributes_are_passed_over() {
        assert_eq!(read(r#"-1 / hd tvg-id="n1" ?? ,One"#), (vec![("tvg-id", "n1")], "One"));
    }

    #[test]
    fn no_line_is_searched_for_closing_quotes_over_and_over() {
        for piece in ["a=\"b ", "a='b ", "a=\"b a='b ", "a=\"'b\" ", "a=\"b\"'", "\"=a=\"\"", "a=\""] {
            let line = piece.repeat(2000);
            let mut closings = Closings::default();

            attributes_with(&line, &mut closings, |_, _| ());

            let searched = closings.searched;
            // Once for each kind of quote, and once for the values that end.
            assert!(searched <= 3 * line.len(), "{piece}: {searched} of {} bytes", line.len());
        }
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let line = Extinf::parse(r#"-1 tvg-logo="" TVG-LOGO="x",One"#);

        assert_eq!((line.tvg_logo, line.tvg_id), ("x", ""));
    }

    #[test]
    fn attributes_behind_a_first_comma_are_no_title() {
        let line = r#"-1, tvg-id="n1" group-title="News",One"#;

        assert_eq!(read(line), (vec![("tvg-id", "n1"), ("group-title", "News")], "One"));
        assert_eq!(read("-1,a=b, c"), (vec![], "a=b, c"));
    }
}
