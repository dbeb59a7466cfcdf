use proptest::prelude::*;

use super::*;

const ID: &str = "d65257bb7856e13b718df1dfe65ee482d90dd384";

fn names(list: &M3u) -> Vec<&str> {
    list.entries.iter().map(|entry| entry.name.as_str()).collect()
}

fn one(text: &str) -> Entry {
    let list = parse_m3u(text);
    assert_eq!((list.entries.len(), list.skipped), (1, vec![]), "{text}");
    list.entries.into_iter().next().unwrap()
}

#[test]
fn a_group_is_not_copied_into_every_channel_at_any_length() {
    let text = format!("#EXTGRP:{}\nacestream://{ID}\n{ID}\n", "Ж".repeat(10_000));

    let list = parse_m3u(&text);

    let lengths: Vec<_> = list.entries.iter().map(|entry| entry.group.as_ref().unwrap().len()).collect();
    assert_eq!(lengths, [256, 256]);
}

#[test]
fn the_sample_of_the_api_is_read_whole() {
    let text = r#"#EXTM3U
#EXTINF:-1 tvg-id="news1" tvg-logo="https://example.com/news.png" group-title="News",News One
acestream://d65257bb7856e13b718df1dfe65ee482d90dd384
#EXTINF:-1 tvg-id="cup" group-title="Sport",Cup
http://127.0.0.1:6878/ace/getstream?id=a7b7f1e2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8
#EXTINF:-1 tvg-id="league" group-title="Sport",League
https://acestream.me/embed/f9e8d7c6b5a4938271605f4e3d2c1b0a9
"#;

    let list = parse_m3u(text);

    let entry = |line, name: &str, logo: Option<&str>, id: &str, group: &str, url: &str, link| Entry {
        line,
        name: name.to_owned(),
        logo: logo.map(str::to_owned),
        id: Some(id.to_owned()),
        group: Some(group.to_owned()),
        radio: false,
        url: url.to_owned(),
        link,
    };
    let cup = "a7b7f1e2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8".to_owned();
    let league = "https://acestream.me/embed/f9e8d7c6b5a4938271605f4e3d2c1b0a9".to_owned();
    let embed = Link::Embed { id: "f9e8d7c6b5a4938271605f4e3d2c1b0a9".to_owned(), url: league.clone() };
    let expected = [
        entry(
            3,
            "News One",
            Some("https://example.com/news.png"),
            "news1",
            "News",
            &format!("acestream://{ID}"),
            Link::ContentId(ID.to_owned()),
        ),
        entry(
            5,
            "Cup",
            None,
            "cup",
            "Sport",
            &format!("http://127.0.0.1:6878/ace/getstream?id={cup}"),
            Link::ContentId(cup),
        ),
        entry(7, "League", None, "league", "Sport", &league, embed),
    ];
    assert_eq!(list.entries, expected);
    assert_eq!((list.skipped, list.skipped_total), (vec![], 0));
}

#[test]
fn byte_order_mark_line_ends_and_case_make_no_difference() {
    let plain = format!("#EXTM3U\n#EXTINF:-1 tvg-id=\"a\",One\nacestream://{ID}\n");

    for text in [
        format!("\u{FEFF}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace("#EXTINF", "#extinf"),
        plain.replace("\nace", "  \nace").replace("acestream:", "  ACESTREAM:"),
    ] {
        let entry = one(&text);
        assert_eq!((entry.name.as_str(), entry.line), ("One", 3), "{text:?}");
        assert_eq!(entry.link, Link::ContentId(ID.to_owned()));
    }
}

#[test]
fn lines_of_other_players_stand_between_without_harm() {
    let entry = one(&format!(
        "#EXTM3U x-tvg-url=\"http://x/guide.xml\"\n#PLAYLIST: mine\n#EXTINF:-1,One\n\
         #EXTVLCOPT:http-user-agent=x\n#KODIPROP:a=b\n# comment\n\nacestream://{ID}\n#EXTINFX:-1,no"
    ));

    assert_eq!((entry.name.as_str(), entry.line), ("One", 8));
}

#[test]
fn extgrp_is_a_channels_own_behind_its_extinf_and_everybodys_elsewhere() {
    let text = "#EXTGRP:All\n#EXTINF:-1,A\nhttp://x/a\n#EXTINF:-1,B\n#EXTGRP:Own\nhttp://x/b\n\
                #EXTINF:-1 group-title=\"Title\",C\n#EXTGRP:Own\nhttp://x/c\nhttp://x/d\n#EXTGRP:\nhttp://x/e";

    let list = parse_m3u(text);

    let groups: Vec<_> = list.entries.iter().map(|entry| entry.group.as_deref()).collect();
    assert_eq!(groups, [Some("All"), Some("Own"), Some("Title"), Some("All"), None]);
}

#[test]
fn a_channel_without_a_title_is_called_by_the_next_best_thing() {
    let magnet = format!("magnet:?xt=urn:btih:{ID}&dn=My+Cup%21");
    let text = format!(
        "#EXTINF:-1 tvg-name=\"Guide name\",\nhttp://x/1\n{magnet}\nacestream://{ID}\nhttp://x/2\n\
         #EXTINF:-1,\u{1b}[31mRed\nhttp://x/3"
    );

    let list = parse_m3u(&text);

    assert_eq!(names(&list), ["Guide name", "My Cup!", ID, "http://x/2", "[31mRed"]);
}

#[test]
fn radio_is_marked() {
    assert!(one("#EXTINF:-1 radio=\"true\",R\nhttp://x/r").radio);
    assert!(!one("#EXTINF:-1 radio=\"false\",R\nhttp://x/r").radio);
}

#[test]
fn lines_of_text_and_of_html_give_their_channels() {
    let other = "0123456789abcdef0123456789abcdef01234567";
    let text = format!(
        "Cup Final : {ID}\nNews {ID}\nSport: acestream://{ID}\n\
         <ul><li><a href=\"acestream://{ID}\">One <b>HD</b></a></li><li><a href='acestream://{other}'>Two</a>"
    );

    let list = parse_m3u(&text);

    assert_eq!(names(&list), ["Cup Final", "News", "Sport", "One", "Two"]);
    assert!(list.entries[..4].iter().all(|entry| entry.link.acestream_hash() == Some(ID)));
    assert_eq!(list.entries[3].url, format!("acestream://{ID}"));
    assert_eq!(list.entries[4].link.acestream_hash(), Some(other));
    assert!(list.skipped.is_empty());
}

#[test]
fn what_makes_no_sense_is_skipped_with_its_line_and_its_reason() {
    let text = "#EXTINF:-1,Nothing\n#EXTINF:-1,Short\nacestream://abc\nrtmp://x/y\nhello world\n\
                #EXTINF:-1,Good\nhttp://x/1\n#EXTINF:-1,End";

    let list = parse_m3u(text);

    let skipped: Vec<_> = list.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(
        skipped,
        [
            "line 1: #EXTINF without a link",
            "line 3: \"abc\" is no AceStream ID: it has 3 characters, an ID has 32 to 64 (usually 40)",
            "line 4: links of the kind \"rtmp\" are not supported",
            "line 5: \"hello world\" is no AceStream link, no ID and no web address",
            "line 8: #EXTINF without a link",
        ]
    );
    assert_eq!((names(&list), list.skipped_total), (vec!["Good"], 5));
}

#[test]
fn a_bad_link_takes_its_description_with_it() {
    let list = parse_m3u("#EXTINF:-1 group-title=\"G\",Bad\n#EXTGRP:H\nrtmp://x/y\nhttp://x/1");

    assert_eq!((names(&list), list.entries[0].group.as_deref()), (vec!["http://x/1"], None));
}

#[test]
fn a_file_that_is_no_list_is_counted_but_not_kept() {
    let list = parse_m3u(&"?\n".repeat(5000));

    assert_eq!((list.skipped.len(), list.skipped_total, list.entries.len()), (SKIPPED_KEPT, 5000, 0));
}

/// A quadratic pass over any of these would take minutes.
#[test]
fn much_of_one_thing_is_read_in_one_pass() {
    for bit in [
        "\"",
        "a=\"",
        "a=\"b\" ",
        "= ",
        "a ",
        "%3F",
        "&url=",
        "acestream://",
        "<a ",
        "::",
        "' ",
        "xt=urn:btih:&",
    ] {
        let line = bit.repeat(300_000 / bit.len());
        for head in [
            "",
            "#EXTINF:-1 ",
            "#EXTINF:-1 x=\"",
            "magnet:?",
            "http://",
            "acestream:?",
            "plugin://script.module.horus?",
        ] {
            let list = parse_m3u(&format!("{head}{line}\nhttp://x/1"));
            assert_eq!(list.entries.last().map(|entry| entry.url.as_str()), Some("http://x/1"));
        }
    }
}

fn ingredients() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("#EXTINF:".to_owned()),
        Just("#EXTGRP:".to_owned()),
        Just("tvg-id=\"".to_owned()),
        Just("acestream:".to_owned()),
        Just("//".to_owned()),
        Just(ID.to_owned()),
        Just("magnet:?xt=urn:btih:".to_owned()),
        Just("http://x/ace/".to_owned()),
        Just("plugin://script.module.horus".to_owned()),
        Just("\r\n".to_owned()),
        Just("%3F".to_owned()),
        "[ ,\"'=&?:<>%\u{FEFF}é]{1,3}",
        any::<String>(),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in ingredients()) {
        let list = parse_m3u(&text);

        let lines = text.split(['\n', '\r']).count();
        prop_assert!(list.entries.iter().all(|entry| !entry.name.is_empty() && !entry.url.is_empty()));
        prop_assert!(list.entries.iter().all(|entry| (1..=lines).contains(&entry.line)));
        prop_assert!(list.skipped_total <= lines && list.skipped.len() <= list.skipped_total);
    }

    #[test]
    fn what_is_written_is_read_again(
        channels in proptest::collection::vec(("[a-zA-Z0-9 ,é'-]{0,9}[a-z]", "[a-zA-Z, ]{0,9}[a-z]", "[0-9a-f]{40}"), 0..9),
    ) {
        let text: String = channels.iter().map(|(name, group, id)| {
            format!("#EXTINF:-1 group-title=\"{group}\",{name}\nacestream://{id}\n")
        }).collect();

        let list = parse_m3u(&text);

        let read: Vec<_> = list.entries.into_iter().map(|entry| {
            (entry.name, entry.group.unwrap(), entry.link.acestream_hash().unwrap().to_owned())
        }).collect();
        let written: Vec<_> = channels.into_iter().map(|(name, group, id)| {
            (name.trim().to_owned(), group.trim().to_owned(), id)
        }).collect();
        prop_assert_eq!(read, written);
    }
}
