//! Channel lists written so that televisions, and [`Reader`](super::Reader), read them as they were.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use super::{Entry, Options, extinf::is_attribute, read::clean};

/// Writes a list, channel by channel.
///
/// What cannot stand in the format is replaced: double quotes in attributes become single ones, control characters go,
/// and what ends a line for anybody becomes a blank.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Begin a list whose channels are in `guides`.
    ///
    /// # Errors
    /// As `out` has them; a `String` has none.
    pub fn new(mut out: W, guides: &[&str]) -> Result<Self, fmt::Error> {
        out.write_str("#EXTM3U")?;
        if !guides.is_empty() {
            attribute(&mut out, "url-tvg", &guides.join(","))?;
        }
        out.write_char('\n')?;
        Ok(Self { out })
    }

    /// Add `entry`, to be played at `url`.
    ///
    /// # Errors
    /// As `out` has them.
    pub fn entry(&mut self, entry: &Entry<'_>, url: &str) -> fmt::Result {
        let out = &mut self.out;
        out.write_str("#EXTINF:-1")?;
        let name = one_line(&entry.name);
        if is_attribute(&name) {
            // Behind no attribute but a comma it would be taken for one.
            out.write_str(" tvg-id=\"\"")?;
        }
        attributes(out, entry)?;
        writeln!(out, ",{name}")?;
        options(out, &entry.options)?;
        out.write_str(&one_line(url))?;
        suffix(out, &entry.options)?;
        out.write_char('\n')
    }

    /// The list so far.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// The list.
    pub fn into_inner(self) -> W {
        self.out
    }
}

fn attributes(out: &mut impl Write, entry: &Entry<'_>) -> fmt::Result {
    let catchup = entry.catchup.as_ref();
    let texts = [
        ("tvg-id", entry.tvg_id.as_deref()),
        ("tvg-name", entry.tvg_name.as_deref()),
        ("tvg-logo", entry.logo.as_deref()),
        ("tvg-chno", entry.number.as_deref()),
        ("group-title", entry.group.as_deref()),
        ("radio", entry.radio.then_some("true")),
        ("catchup", catchup.and_then(|it| it.kind.as_deref())),
        ("catchup-source", catchup.and_then(|it| it.source.as_deref())),
    ];
    for (key, value) in texts {
        value.map_or(Ok(()), |value| attribute(out, key, value))?;
    }
    if let Some(days) = catchup.and_then(|it| it.days) {
        write!(out, " catchup-days=\"{days}\"")?;
    }
    // Hours, with as many digits as tell the second.
    entry.shift.map_or(Ok(()), |shift| write!(out, " tvg-shift=\"{}\"", f64::from(shift) / 3600.0))
}

fn attribute(out: &mut impl Write, key: &str, value: &str) -> fmt::Result {
    write!(out, " {key}=\"{}\"", attribute_text(value))
}

/// `text` as an attribute of a list has it.
#[must_use]
pub fn attribute_text(text: &str) -> Cow<'_, str> {
    replaced(one_line(text), &['"'], "'")
}

/// `text` in one line for all readers: regular expressions and Python end one at U+2028 and U+2029, too.
fn one_line(text: &str) -> Cow<'_, str> {
    replaced(clean(text), &['\u{2028}', '\u{2029}'], " ")
}

fn replaced<'a>(text: Cow<'a, str>, from: &[char], to: &str) -> Cow<'a, str> {
    if text.contains(from) { text.replace(from, to).into() } else { text }
}

fn options(out: &mut impl Write, options: &Options<'_>) -> fmt::Result {
    for (key, value) in [("user-agent", &options.user_agent), ("referrer", &options.referrer)] {
        if let Some(value) = value {
            writeln!(out, "#EXTVLCOPT:http-{key}={}", one_line(value))?;
        }
    }
    for line in options.others.iter().filter(|line| line.starts_with('#')) {
        writeln!(out, "{}", one_line(line))?;
    }
    Ok(())
}

/// What stands behind the link.
fn suffix(out: &mut impl Write, options: &Options<'_>) -> fmt::Result {
    let pairs = options.others.iter().filter_map(|other| other.strip_prefix('|'));
    for (index, pair) in pairs.enumerate() {
        write!(out, "{}{}", if index == 0 { '|' } else { '&' }, one_line(pair))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};

    use super::*;
    use crate::m3u::{Catchup, parse_m3u};

    const URL: &str = "http://tv.example/1.ts";

    fn written(entry: &Entry<'_>) -> String {
        let mut writer = Writer::new(String::new(), &[]).unwrap();
        writer.entry(entry, &entry.url).unwrap();
        writer.into_inner()
    }

    /// What a list says that holds `entry` alone.
    fn again(entry: &Entry<'_>) -> Entry<'static> {
        let text = written(entry);
        let list = parse_m3u(&text);
        assert_eq!((list.entries.len(), list.skipped), (1, vec![]), "{text}");
        list.entries.into_iter().next().unwrap()
    }

    fn entry() -> Entry<'static> {
        parse_m3u(URL).entries.into_iter().next().unwrap()
    }

    #[test]
    fn a_channel_stands_in_two_lines_and_those_of_its_options() {
        let options = Options {
            user_agent: Some("Box/1".into()),
            referrer: None,
            others: vec!["#KODIPROP:a=b".into(), "|Cookie=c".into()],
        };
        let cup = Entry {
            name: "Cup, \"live\"".into(),
            group: Some("The \"Best\"".into()),
            tvg_id: Some("cup".into()),
            shift: Some(-5400),
            radio: true,
            options,
            ..entry()
        };

        let line =
            r#"#EXTINF:-1 tvg-id="cup" group-title="The 'Best'" radio="true" tvg-shift="-1.5",Cup, "live""#;
        let expected =
            format!("#EXTM3U\n{line}\n#EXTVLCOPT:http-user-agent=Box/1\n#KODIPROP:a=b\n{URL}|Cookie=c\n");
        assert_eq!(written(&cup), expected);
    }

    #[test]
    fn a_name_that_looks_like_an_attribute_is_read_again_as_a_name() {
        let odd = Entry { name: "tvg-id=\"a\",b".into(), ..entry() };

        let read = again(&odd);

        assert_eq!((&read.name, &read.tvg_id), (&odd.name, &None));
    }

    #[test]
    fn what_ends_a_line_for_some_readers_becomes_a_blank() {
        let odd = Entry { name: "A\u{2028}B".into(), group: Some("C\u{2029}D\r\nE".into()), ..entry() };

        assert_eq!(written(&odd), format!("#EXTM3U\n#EXTINF:-1 group-title=\"C D  E\",A B\n{URL}\n"));
    }

    #[test]
    fn guides_stand_in_the_header() {
        let writer = Writer::new(String::new(), &["http://x/a.xml", "http://x/b.xml.gz"]).unwrap();

        let text = writer.into_inner();

        assert_eq!(text, "#EXTM3U url-tvg=\"http://x/a.xml,http://x/b.xml.gz\"\n");
        assert_eq!(parse_m3u(text).guides, ["http://x/a.xml", "http://x/b.xml.gz"]);
    }

    /// A text without double quotes, as attributes have it.
    fn value() -> impl Strategy<Value = Option<std::borrow::Cow<'static, str>>> {
        let text = r#"[^\p{C}\s"][^\p{C}\p{Zl}\p{Zp}"]{0,20}"#
            .prop_map(|text: String| text.trim().to_owned().into());
        option::of(text)
    }

    fn catchup() -> impl Strategy<Value = Option<Catchup<'static>>> {
        (value(), value(), option::of(1..=u16::MAX)).prop_map(|(kind, source, days)| {
            Some(Catchup { kind, source, days }).filter(|catchup| *catchup != Catchup::default())
        })
    }

    fn options() -> impl Strategy<Value = Options<'static>> {
        let other =
            prop_oneof!["#KODIPROP:[a-z]{1,9}=[a-z &,|\"]{0,9}[a-z]", r"\|[a-z]{1,9}=[a-zA-Z %,]{0,9}[a-z]"];
        let others = proptest::collection::vec(other, 0..4).prop_map(|mut others| {
            // Lines come first.
            others.sort();
            others.into_iter().map(Into::into).collect()
        });
        (value(), value(), others).prop_map(|(user_agent, referrer, others)| Options {
            user_agent,
            referrer,
            others,
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_as_it_was(
            name in r#"[^\p{C}\s][^\p{C}\p{Zl}\p{Zp}]{0,20}|tvg-id="a",b"#, values in prop::array::uniform5(value()),
            shift in option::of(-86_400..=86_400), radio: bool, catchup in catchup(), options in options(),
        ) {
            let [tvg_id, tvg_name, logo, group, number] = values;
            let name = name.trim().to_owned().into();
            let line = 3 + usize::from(options.user_agent.is_some()) + usize::from(options.referrer.is_some())
                + options.others.iter().filter(|other| other.starts_with('#')).count();
            let entry = Entry {
                line, name, tvg_id, tvg_name, logo, group, number, shift, radio, catchup, options, ..entry()
            };

            prop_assert_eq!(again(&entry), entry);
        }

        #[test]
        fn no_text_breaks_the_list(name in ".{0,40}", value in ".{0,40}") {
            let value = Some(value.into());
            let options = Options { user_agent: value.clone(), referrer: value.clone(), others: vec![] };
            let odd = Entry {
                name: name.into(), tvg_id: value.clone(), logo: value.clone(), group: value, options, ..entry()
            };

            prop_assert_eq!(again(&odd).url, URL);
        }
    }
}
