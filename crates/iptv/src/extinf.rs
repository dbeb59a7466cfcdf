//! The line in front of a channel: `#EXTINF:-1 tvg-id="news1" group-title="News",News One`.

/// How many attributes of a line are kept. Lists have ten; a line made of nothing else must not cost
/// ten times its length in memory.
const ATTRIBUTES_KEPT: usize = 64;

/// What an `#EXTINF` line says, borrowed from it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Extinf<'a> {
    attributes: Vec<(&'a str, &'a str)>,
    title: &'a str,
}

impl<'a> Extinf<'a> {
    /// Read what follows `#EXTINF:`. Attributes come in any order; the title is what follows the first
    /// comma that is not in quotes. A quote left open ends at the next one or
    /// at the first comma.
    pub(crate) fn parse(line: &'a str) -> Self {
        Self::parse_with(line, &mut Closings::default())
    }

    fn parse_with(line: &'a str, closings: &mut Closings) -> Self {
        // The duration. Nobody's is right: a channel has none.
        let mut rest =
            line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        let mut behind_attributes = rest;
        let mut attributes = Vec::new();
        let title = loop {
            rest = rest.trim_start();
            if let Some(title) = rest.strip_prefix(',') {
                break title;
            }
            if rest.is_empty() {
                // No comma at all: what is no attribute must be the title.
                break behind_attributes;
            }
            if let Some((key, value, after)) = attribute(rest, closings) {
                if attributes.len() < ATTRIBUTES_KEPT {
                    attributes.push((key, value));
                }
                rest = after;
                behind_attributes = after;
            } else {
                rest = &rest[rest.find([' ', '\t', ',']).unwrap_or(rest.len())..];
            }
        };
        Self { attributes, title: title.trim() }
    }

    /// The value of the first attribute called `key` (in any case) that is not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        let same = self.attributes.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        same.map(|(_, value)| *value).find(|value| !value.is_empty())
    }

    /// The title: the channel's name. May be empty.
    pub(crate) fn title(&self) -> &'a str {
        self.title
    }
}

/// `key="value"` or `key=value`, and what follows it.
fn attribute<'a>(text: &'a str, closings: &mut Closings) -> Option<(&'a str, &'a str, &'a str)> {
    let (key, rest) = text.split_at(key_len(text));
    let rest = rest.strip_prefix('=').filter(|_| !key.is_empty())?;
    for quote in ['"', '\''] {
        let Some(inner) = rest.strip_prefix(quote) else { continue };
        if let Some(end) = closings.find(inner, quote) {
            return Some((key, inner[..end].trim(), &inner[end + 1..]));
        }
        let (value, after) = inner.split_at(inner.find([quote, ',']).unwrap_or(inner.len()));
        return Some((key, value.trim(), after.strip_prefix(quote).unwrap_or(after)));
    }
    let (value, after) = rest.split_at(rest.find([' ', '\t', ',']).unwrap_or(rest.len()));
    Some((key, value, after))
}

/// Finds where the values of one line end.
#[derive(Default)]
struct Closings {
    /// The quotes that close nothing in the rest of the line. Whether one does depends on what follows it alone, so
    /// to search again behind each `key="` would find none either, in time that grows with the square of the line.
    absent: Vec<char>,
    /// Bytes searched, which tests hold against the line's length.
    #[cfg(test)]
    searched: usize,
}

impl Closings {
    /// Where the value that `text` begins with ends: at the quote before a comma, the next attribute or the end of
    /// the line. Names such as `The "Best" One` have quotes of their own. `text` must be further on in the line each time.
    fn find(&mut self, text: &str, quote: char) -> Option<usize> {
        if self.absent.contains(&quote) {
            return None;
        }
        let found = text.match_indices(quote).map(|(at, _)| at).find(|at| closes(&text[at + 1..]));
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
    let after = after.trim_start();
    after.is_empty() || after.starts_with(',') || after[key_len(after)..].starts_with('=')
}

fn key_len(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.:".contains(c))).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Vec<(&str, &str)>, &str) {
        let Extinf { attributes, title } = Extinf::parse(line);
        (attributes, title)
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

            Extinf::parse_with(&line, &mut closings);

            let searched = closings.searched;
            // Once for each kind of quote, and once for the values that end.
            assert!(searched <= 3 * line.len(), "{piece}: {searched} of {} bytes", line.len());
        }
    }

    #[test]
    fn a_line_of_nothing_but_attributes_costs_no_multiple_of_its_length() {
        let line = "a=b ".repeat(2000) + ",One";

        let (attributes, title) = read(&line);

        assert_eq!((attributes.len(), title), (ATTRIBUTES_KEPT, "One"));
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let line = Extinf::parse(r#"-1 tvg-logo="" TVG-LOGO="x",One"#);

        assert_eq!((line.get("tvg-logo"), line.get("tvg-id")), (Some("x"), None));
    }
}
