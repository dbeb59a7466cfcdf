//! Channel lists written so that televisions, and [`parse_m3u`](super::parse_m3u), read them as they were.

use super::{Entry, clean};

/// The first line of every list.
pub const M3U_HEAD: &str = "#EXTM3U\n";

/// Add `entry` to the list `text`, to be played at `url`.
///
/// What cannot stand in the format is replaced: double quotes in attributes become single ones, control characters go.
pub fn write_entry(text: &mut String, entry: &Entry, url: &str) {
    text.push_str("#EXTINF:-1");
    attribute(text, "tvg-id", entry.id.as_deref());
    attribute(text, "tvg-logo", entry.logo.as_deref());
    attribute(text, "group-title", entry.group.as_deref());
    attribute(text, "radio", entry.radio.then_some("true"));
    for piece in [",", &clean(&entry.name), "\n", url, "\n"] {
        text.push_str(piece);
    }
}

fn attribute(text: &mut String, key: &str, value: Option<&str>) {
    let Some(value) = value.map(|value| clean(value).replace('"', "'")) else { return };
    for piece in [" ", key, "=\"", &value, "\""] {
        text.push_str(piece);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::parse_m3u;

    const URL: &str = "http://tv.example/1.ts";

    /// What a list says that holds `entry` alone.
    fn again(entry: &Entry) -> Entry {
        let mut text = M3U_HEAD.to_owned();
        write_entry(&mut text, entry, &entry.url);
        let list = parse_m3u(&text);
        assert_eq!((list.entries.len(), list.skipped), (1, vec![]), "{text}");
        list.entries.into_iter().next().unwrap()
    }

    fn entry() -> Entry {
        parse_m3u(URL).entries.into_iter().next().unwrap()
    }

    #[test]
    fn a_channel_stands_in_two_lines() {
        let mut text = String::new();
        let cup = Entry {
            name: "Cup, \"live\"".to_owned(),
            group: Some("The \"Best\"".to_owned()),
            id: Some("cup".to_owned()),
            radio: true,
            ..entry()
        };

        write_entry(&mut text, &cup, "http://here/stream.ts");

        let line = r#"#EXTINF:-1 tvg-id="cup" group-title="The 'Best'" radio="true",Cup, "live""#;
        assert_eq!(text, format!("{line}\nhttp://here/stream.ts\n"));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_as_it_was(
            name in r#"[^\p{C}\s][^\p{C}]{0,20}"#, id in r#"[^\p{C}\s"][^\p{C}"]{0,20}"#, group in "[^\\p{C}\\s\"][^\\p{C}\"]{0,20}",
        ) {
            let trimmed = |text: &str| text.trim().to_owned();
            let written = Entry {
                name: trimmed(&name), id: Some(trimmed(&id)), group: Some(trimmed(&group)), line: 3, ..entry()
            };

            prop_assert_eq!(again(&written), written);
        }

        #[test]
        fn no_text_breaks_the_list(name in ".{0,40}", value in ".{0,40}") {
            let value = Some(value);
            let odd = Entry { name, id: value.clone(), logo: value.clone(), group: value, ..entry() };

            prop_assert_eq!(again(&odd).url, URL);
        }
    }
}
