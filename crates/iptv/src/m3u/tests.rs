use proptest::prelude::*;

use super::*;
use crate::Link;

const ID: &str = "d65257bb7856e13b718df1dfe65ee482d90dd384";

fn names(list: &M3u) -> Vec<&str> {
    list.entries.iter().map(|entry| &*entry.name).collect()
}

fn one(text: &str) -> Entry<'static> {
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
        name: name.to_owned().into(),
        tvg_id: Some(id.to_owned().into()),
        tvg_name: None,
        logo: logo.map(|logo| logo.to_owned().into()),
        group: Some(group.to_owned().into()),
        number: None,
        shift: None,
        radio: false,
        catchup: None,
        options: Options::default(),
        url: url.to_owned().into(),
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
        assert_eq!((&*entry.name, entry.line), ("One", 3), "{text:?}");
        assert_eq!(entry.link, Link::ContentId(ID.to_owned()));
    }
}

#[test]
fn lines_of_other_players_stand_between_without_harm() {
    let entry = one(&format!(
        "#EXTM3U x-tvg-url=\"http://x/guide.xml\"\n#PLAYLIST: mine\n#EXTINF:-1,One\n\
         #EXTVLCOPT:http-user-agent=x\n#KODIPROP:a=b\n# comment\n\nacestream://{ID}\n#EXTINFX:-1,no"
    ));

    assert_eq!((&*entry.name, entry.line), ("One", 8));
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
    let list = parse_m3u("?\n".repeat(5000));

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
            let list = parse_m3u(format!("{head}{line}\nhttp://x/1"));
            assert_eq!(list.entries.last().map(|entry| &*entry.url), Some("http://x/1"));
        }
    }
}

/// The list read in the pieces `cut` makes of it.
fn in_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<Entry<'static>>, Report), Refusal> {
    let mut entries = Vec::new();
    let mut reader = Reader::new(1 << 30);
    for piece in pieces {
        reader.push(piece, |entry| entries.push(entry.into_owned()))?;
    }
    let report = reader.finish(|entry| entries.push(entry.into_owned()))?;
    Ok((entries, report))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text).unwrap();
    encoder.finish().unwrap()
}

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

const ODD: &str = "\u{feff}#EXTM3U url-tvg=\"http://x/a.xml,http://x/b.xml\"\r\n#EXTINF:-1 tvg-id=\"ñ\",España, \"1\"\r\n\
    #EXTVLCOPT:http-user-agent=Box\r\n\r\nhttp://x/1|Referer=y\r\nrtmp://x\r\n#EXTINF:-1,😀 two\r\rhttp://x/2\nlost";

#[test]
fn where_the_pieces_are_cut_makes_no_difference() {
    let little = utf_16(ODD, u16::to_le_bytes);
    let big = utf_16(&ODD[3..], u16::to_be_bytes);
    let whole = in_pieces([ODD.as_bytes()]).unwrap();
    assert_eq!((whole.0.len(), whole.1.skipped_total, whole.1.guides.len()), (2, 2, 2), "{whole:?}");

    for bytes in [ODD.as_bytes(), &little, &big, &gzip(ODD.as_bytes()), &gzip(&little)] {
        for cut in 0..=bytes.len() {
            let (before, after) = bytes.split_at(cut);
            assert_eq!(in_pieces([before, after]).as_ref(), Ok(&whole), "cut at {cut}");
        }
        assert_eq!(in_pieces(bytes.chunks(1)).as_ref(), Ok(&whole));
    }
}

#[test]
fn a_line_in_latin_1_is_read_beside_one_in_utf_8() {
    let list = parse_m3u(b"#EXTINF:-1,Espa\xf1a \x80\nhttp://x/1\n#EXTINF:-1,Espa\xc3\xb1a\nhttp://x/2");

    assert_eq!(names(&list), ["Espa\u{f1}a \u{20ac}", "Espa\u{f1}a"]);
}

#[test]
fn a_line_that_is_too_long_is_skipped_however_it_comes() {
    let text = format!("#EXTINF:-1,A\nhttp://x/{}\n#EXTINF:-1,B\nhttp://x/b", "a".repeat(LINE_MAX));

    for size in [text.len(), 4096] {
        let (entries, report) = in_pieces(text.as_bytes().chunks(size)).unwrap();

        assert_eq!((entries.len(), &*entries[0].name), (1, "B"));
        assert_eq!(report.skipped, [Skipped { line: 2, reason: SkipReason::TooLong }]);
    }
}

#[test]
fn what_is_no_list_is_refused_with_the_reason() {
    let said = |bytes: &[u8]| in_pieces([bytes]).unwrap_err().to_string();

    assert_eq!(
        said(b"\n <!DOCTYPE html><html><head>\n<title>404\n Not Found</title>"),
        "this is a web page (\"404 Not Found\"), not what was asked for"
    );
    assert_eq!(said(b"<HTML>"), "this is a web page, not what was asked for");
    assert!(said(b"\xFD7zXZ\0\0\0").starts_with("this is packed with xz"));
    assert!(said(b"PK\x03\x04abcdef").starts_with("this is packed with zip"));
    assert!(said(b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n").contains("HLS playlist"));
    let page = format!("<!doctype html>\n<a href=\"acestream://{ID}\">One</a>");
    assert_eq!(in_pieces([page.as_bytes()]).unwrap().0.len(), 1);
    let list = parse_m3u("<html>");
    assert_eq!((list.entries.len(), list.skipped_total), (0, 1));
}

#[test]
fn packed_text_beyond_the_limit_is_refused_and_stays_refused() {
    let packed = gzip(&vec![b'\n'; 1 << 20]);
    let mut reader = Reader::new(1 << 19);

    let refusal = Err(Refusal::TooLarge { limit: 1 << 19 });
    assert_eq!(reader.push(&packed, |_| ()), refusal);
    assert_eq!(reader.push(b"", |_| ()), refusal);
    assert_eq!(reader.finish(|_| ()).map(|_| ()), refusal);
}

#[test]
fn packed_data_that_breaks_off_is_read_as_far_as_it_goes_and_told() {
    let text: String =
        (0..2000).map(|n| format!("#EXTINF:-1,{n}\nhttp://x/{}\n", n * 7919 % 10_007)).collect();
    let packed = gzip(text.as_bytes());

    let (entries, report) = in_pieces([&packed[..packed.len() - 5]]).unwrap();

    assert_eq!(entries.len(), 2000);
    assert_eq!(report.skipped, [Skipped { line: 4001, reason: SkipReason::Damaged }]);
}

#[test]
fn the_header_names_guides_and_what_counts_for_all() {
    let list = parse_m3u(
        "#EXTM3U x-tvg-url=\"http://x/a.xml?k=1,2, https://x/b.xml\" url-tvg='http://x/a.xml?k=1,2' tvg-shift=1 \
         catchup=\"append\" catchup-days=\"7\"\n#EXTINF:-1,A\nhttp://x/a\n\
         #EXTINF:-1 tvg-shift=\"-2,5\" catchup=\"shift\",B\nhttp://x/b",
    );

    assert_eq!(list.guides, ["http://x/a.xml?k=1,2", "https://x/b.xml"]);
    let catchup = |kind: &'static str| Some(Catchup { kind: Some(kind.into()), source: None, days: Some(7) });
    assert_eq!((list.entries[0].shift, &list.entries[0].catchup), (Some(3600), &catchup("append")));
    assert_eq!((list.entries[1].shift, &list.entries[1].catchup), (Some(-9000), &catchup("shift")));
}

#[test]
fn all_that_a_line_says_of_its_channel_is_kept() {
    let entry = one("#EXTINF:-1 tvg-chno=\"5.1\" tvg-name=\"One HD\" catchup=\"default\" \
         catchup-source=\"http://x/{utc}\" catchup-days=\"3\" tvg-id=one radio=1 logo='http://x/l.png',One\nhttp://x/1");

    assert_eq!((entry.number.as_deref(), entry.tvg_name.as_deref()), (Some("5.1"), Some("One HD")));
    assert_eq!((entry.tvg_id.as_deref(), entry.logo.as_deref()), (Some("one"), Some("http://x/l.png")));
    let catchup =
        Catchup { kind: Some("default".into()), source: Some("http://x/{utc}".into()), days: Some(3) };
    assert_eq!((entry.catchup, entry.radio), (Some(catchup), true));
}

#[test]
fn options_of_a_channel_stand_in_lines_or_behind_its_link() {
    let list = parse_m3u(
        "#EXTINF:-1,A\n#EXTVLCOPT:http-referrer=http://r/\n#EXTVLCOPT:http-user-agent=\"Box 1\"\n\
         #EXTVLCOPT:network-caching=9\nhttp://x/a\n#EXTINF:-1,B\n\
         http://x/b|User-Agent=Box%202&Cookie=a|Referer=http%3A%2F%2Fs\n\
         #KODIPROP:inputstream.adaptive.stream_headers=User-Agent=Box%203\n#EXTINF:-1,C\nhttp://x/c|d",
    );

    let options = |agent: &'static str, referrer: Option<&'static str>, other: &'static str| Options {
        user_agent: Some(agent.into()),
        referrer: referrer.map(Into::into),
        others: vec![other.into()],
    };
    let read: Vec<_> = list.entries.into_iter().map(|entry| (entry.url, entry.options)).collect();
    let kodi = "#KODIPROP:inputstream.adaptive.stream_headers=User-Agent=Box%203";
    let expected = [
        ("http://x/a".into(), options("Box 1", Some("http://r/"), "#EXTVLCOPT:network-caching=9")),
        ("http://x/b".into(), options("Box 2", Some("http://s"), "|Cookie=a")),
        ("http://x/c|d".into(), options("Box 3", None, kodi)),
    ];
    assert_eq!(read, expected);
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
            (entry.name.into_owned(), entry.group.unwrap().into_owned(), entry.link.acestream_hash().unwrap().to_owned())
        }).collect();
        let written: Vec<_> = channels.into_iter().map(|(name, group, id)| {
            (name.trim().to_owned(), group.trim().to_owned(), id)
        }).collect();
        prop_assert_eq!(read, written);
    }
}
