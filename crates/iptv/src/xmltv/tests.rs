use proptest::{collection::vec, option, prelude::*};

use super::*;

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<Item<'static>>, Report), Refusal> {
    let mut items = Vec::new();
    let mut keep = |item: Item<'_>| {
        items.push(match item {
            Item::Channel(channel) => Item::Channel(channel.into_owned()),
            Item::Programme(programme) => Item::Programme(Box::new(programme.into_owned())),
        });
    };
    let mut reader = Reader::new(1 << 30);
    for piece in pieces {
        reader.push(piece, &mut keep)?;
    }
    let report = reader.finish(&mut keep)?;
    Ok((items, report))
}

/// The programmes in a guide that says this.
fn programmes(body: &[u8]) -> (Vec<Programme<'static>>, Report) {
    let (items, report) = read([b"<tv>", body, b"</tv>"]).unwrap();
    let programmes = items.into_iter().filter_map(|item| match item {
        Item::Channel(_) => None,
        Item::Programme(programme) => Some(*programme),
    });
    (programmes.collect(), report)
}

fn one(children: &str) -> (Programme<'static>, Report) {
    let text = format!("<programme start=\"19700101000001\" channel=\"a\">{children}</programme>");
    let (mut programmes, report) = programmes(text.as_bytes());
    assert_eq!((programmes.len(), &report.skipped), (1, &vec![]), "{text}");
    (programmes.remove(0), report)
}

fn title(programme: &Programme<'_>) -> String {
    programme.titles.first().map_or_else(String::new, |title| title.text.to_string())
}

fn titles(body: &str) -> Vec<String> {
    programmes(body.as_bytes()).0.iter().map(title).collect()
}

/// The lines of what was skipped, and why.
fn skipped(body: &str) -> Vec<String> {
    programmes(body.as_bytes()).1.skipped.iter().map(ToString::to_string).collect()
}

fn text(text: &'static str, lang: Option<&'static str>) -> Text<'static> {
    Text { text: text.into(), lang: lang.map(Into::into) }
}

const GUIDE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tv SYSTEM "xmltv.dtd" [ <!ENTITY x "]>"> ]>
<tv generator-info-name="a > b">
  <!-- <programme start="2026" channel="no"></programme> -->
  <channel id="one.es">
    <display-name lang="es">Uno &amp; más</display-name><display-name>One</display-name>
    <icon src="http://x/l.png?a=1&amp;b=2" /><url>http://x/</url>
  </channel>
  <programme start="20261127204500 +0100" stop='20261127220000 +0100' channel="one.es" showview="1">
    <title lang="es">Fútbol: A &lt; B</title>
    <title lang="en">Football</title>
    <sub-title>Final</sub-title>
    <desc><![CDATA[All of <it>.]]>
Live&#33;</desc>
    <credits><actor role="title">Nobody</actor></credits>
    <date>20260102</date><category>Sport</category><category>Live</category>
    <icon src="http://x/p.png"/>
    <episode-num system="xmltv_ns">1 . 3/12 . 0/1</episode-num><episode-num system="onscreen">S02E04</episode-num>
    <rating system="age"><value>16</value><icon src="x"/></rating>
    <previously-shown start="2020"/><premiere/><new /><live></live>
  </programme>
  <programme start="20261127" channel="one.es"/>
</tv>
"#;

fn guide() -> [Item<'static>; 3] {
    let channel = Channel {
        id: "one.es".into(),
        names: vec![text("Uno & más", Some("es")), text("One", None)],
        icon: Some("http://x/l.png?a=1&b=2".into()),
        urls: vec!["http://x/".into()],
    };
    let programme = Programme {
        channel: "one.es".into(),
        start: 1_795_808_700,
        stop: Some(1_795_813_200),
        titles: vec![text("Fútbol: A < B", Some("es")), text("Football", Some("en"))],
        sub_titles: vec![text("Final", None)],
        descriptions: vec![text("All of <it>.\nLive!", None)],
        categories: vec![text("Sport", None), text("Live", None)],
        onscreen: Some("S02E04".into()),
        xmltv_ns: Some("1 . 3/12 . 0/1".into()),
        icon: Some("http://x/p.png".into()),
        date: Some("20260102".into()),
        rating: Some("16".into()),
        is_new: true,
        is_premiere: true,
        is_repeat: true,
        is_live: true,
    };
    let bare = Programme { channel: "one.es".into(), start: 1_795_737_600, ..Programme::default() };
    [Item::Channel(channel), Item::Programme(Box::new(programme)), Item::Programme(Box::new(bare))]
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_guide_is_read_whole() {
    let (items, report) = read([GUIDE.as_bytes()]).unwrap();

    assert_eq!(items, guide());
    assert_eq!(report, Report { channels: 1, programmes: 2, ends: true, ..Report::default() });
}

#[test]
fn where_the_pieces_are_cut_makes_no_difference() {
    let broken = format!("{}<programme start='x'><channel id=\"<programme a='", GUIDE.trim_end());
    let little: Vec<u8> = broken.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let whole = read([broken.as_bytes()]).unwrap();
    assert_eq!((whole.0.len(), whole.1.skipped_total), (3, 3), "{whole:?}");

    for bytes in [broken.as_bytes(), &little, &gzip(broken.as_bytes())] {
        for cut in 0..=bytes.len() {
            let (before, after) = bytes.split_at(cut);
            assert_eq!(read([before, after]).as_ref(), Ok(&whole), "cut at {cut}");
        }
        assert_eq!(read(bytes.chunks(1)).as_ref(), Ok(&whole));
    }
}

#[test]
fn season_episode_and_year_are_read_from_what_is_written() {
    let (it, _) = one("<episode-num system='xmltv_ns'>1 . 3/12 . 0/1</episode-num><date>2026-11</date>");

    assert_eq!((it.episode(), it.year()), ((Some(2), Some(4)), Some(2026)));
    let (it, _) =
        one("<episode-num>E5</episode-num><episode-num system='xmltv_ns'>.7.</episode-num><date>?</date>");
    assert_eq!((it.episode(), it.year(), it.onscreen.as_deref()), ((None, Some(8)), None, Some("E5")));
}

#[test]
fn a_rating_is_what_its_value_says() {
    let (it, _) = one("<rating>a<name>b</name><value>16</value>c<icon>d</icon></rating>");

    assert_eq!(it.rating.as_deref(), Some("16"));
}

#[test]
fn a_guide_is_written_whole() {
    let mut writer = Writer::new(String::new(), "a \"b\"").unwrap();
    let channel = Channel {
        id: "a&b".into(),
        names: vec![text("A & <B>\u{1}", Some("es"))],
        icon: Some("http://x/?a=1&b".into()),
        urls: vec!["http://x".into()],
    };
    writer.channel(&channel).unwrap();
    let programme = Programme {
        channel: "a&b".into(),
        start: 0,
        stop: Some(60),
        titles: vec![text("Cup", None)],
        xmltv_ns: Some("0.1.".into()),
        rating: Some("16".into()),
        is_new: true,
        is_live: true,
        ..Programme::default()
    };
    writer.programme(&programme).unwrap();

    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<tv generator-info-name="a &quot;b&quot;">
  <channel id="a&amp;b">
    <display-name lang="es">A &amp; &lt;B&gt;</display-name>
    <icon src="http://x/?a=1&amp;b"/>
    <url>http://x</url>
  </channel>
  <programme start="19700101000000 +0000" stop="19700101000100 +0000" channel="a&amp;b">
    <title>Cup</title>
    <episode-num system="xmltv_ns">0.1.</episode-num>
    <new/>
    <rating><value>16</value></rating>
    <live/>
  </programme>
</tv>
"#;
    assert_eq!(writer.finish().unwrap(), expected);
}

#[test]
fn encodings_are_read_as_declared_or_as_they_are() {
    let guide = |encoding: &str, title: &[u8]| {
        let start = format!(
            "<?xml version='1.0' encoding='{encoding}'?><tv><programme start='2026' channel='a'><title>"
        );
        let (items, _) = read([start.as_bytes(), title, b"</title></programme></tv>"]).unwrap();
        let Some(Item::Programme(programme)) = items.into_iter().next() else { panic!("no programme") };
        self::title(&programme)
    };

    assert_eq!(guide("ISO-8859-1", b"Espa\xf1a"), "España");
    assert_eq!(guide("iso-8859-15", b"5 \xa4"), "5 €");
    assert_eq!(guide("windows-1252", b"5 \x80"), "5 €");
    assert_eq!(guide("ISO-8859-2", b"\xb3\xf3d\xbc"), "łódź");
    assert_eq!(guide("windows-1251", b"\xcc\xe8\xf0"), "Мир");
    // Declared wrongly.
    assert_eq!(guide("ISO-8859-1", "España".as_bytes()), "España");
    assert_eq!(guide("UTF-8", b"Espa\xf1a"), "España");
    assert_eq!(guide("UTF-16", "España".as_bytes()), "España");
    assert_eq!(guide("nonsense", "España".as_bytes()), "España");
}

#[test]
fn entities_that_nobody_knows_stay_as_they_are_and_are_counted() {
    let (it, report) = one("<title>A&nbsp;B &amp; C & D &#x41;&#0; &lol;</title><desc>AT&T</desc>");

    assert_eq!(title(&it), "A&nbsp;B & C & D A &lol;");
    assert_eq!((it.descriptions[0].text.as_ref(), report.entities), ("AT&T", 2));
}

#[test]
fn what_is_declared_is_never_expanded() {
    let text = r#"<!DOCTYPE tv [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><tv>
        <programme start="2026" channel="&b;"><title>&b;</title></programme></tv>"#;
    let (items, report) = read([text.as_bytes()]).unwrap();

    let Item::Programme(it) = &items[0] else { panic!("{items:?}") };
    assert_eq!((title(it).as_str(), &*it.channel, report.entities), ("&b;", "&b;", 1));
}

#[test]
fn characters_that_xml_has_not_are_left_out() {
    let (it, _) = one("<title>\u{1}A\u{7f}\u{85}\u{ffff}&#1;&#xFFFF;&#13;B</title><desc>\u{2}</desc>");

    assert_eq!((title(&it).as_str(), it.descriptions), ("A\rB", vec![]));
    assert!(skipped("<channel id='\u{1}'/>")[0].contains("without id"));
}

const GOOD: &str = "<programme start='2026' channel='a'><title>Good</title></programme>";

#[test]
fn a_broken_programme_takes_no_other_with_it() {
    for (broken, said) in [
        ("<programme start='2026'></programme>", "line 2: <programme> without channel"),
        ("<programme channel='a'/>", "line 2: <programme> without start"),
        ("<programme channel='a' start='soon'/>", "line 2: \"soon\" is no time: YYYYMMDDhhmmss +hhmm"),
        ("<programme channel='a' start='2026'><title>x", "line 2: <programme> without its end"),
        ("<programme channel='a start='2026'>", "line 2: <programme> is no XML: the tag does not end"),
        ("<channel id='x'>", "line 2: <channel> without its end"),
        ("<channel/>", "line 2: <channel> without id"),
        ("<channel id=''></channel>", "line 2: <channel> without id"),
        ("<programme channel='a' start='2026'", "line 2: <programme> is no XML: the tag does not end"),
    ] {
        let text = format!("{GOOD}\n{broken}\n{GOOD}");

        assert_eq!(
            (skipped(&text), titles(&text)),
            (vec![said.to_owned()], vec!["Good".to_owned(); 2]),
            "{broken}"
        );
    }
    let text = format!("{GOOD}<programme channel='a' start='2026'>");
    assert_eq!(skipped(&text), ["line 1: <programme> without its end"]);
    let text = "<programme start='2026' channel='a'><title>A</title><!-- x</programme>";
    assert!(skipped(text)[0].starts_with("line 1: <programme> is no XML"));
}

#[test]
fn tags_within_a_programme_may_be_wrong_as_long_as_it_ends() {
    let text = "<programme start='2026' channel='a'><title>A</desc></b><desc>B<br/>C</desc></programme>";

    let (programmes, report) = programmes(text.as_bytes());

    assert_eq!((title(&programmes[0]).as_str(), report.skipped_total), ("A", 0));
    assert_eq!(programmes[0].descriptions[0].text, "BC");
}

#[test]
fn words_that_look_like_tags_are_text() {
    assert_eq!(
        titles(
            "<programmes/><programme start='2026' channel='a'><title>programme channel</title>\
                <programmer/><x-programme></x-programme></programme >"
        ),
        ["programme channel"]
    );
}

#[test]
fn an_end_that_is_none_is_unknown() {
    for stop in ["", "later", "2025", "2026"] {
        let text = format!("<programme start='2026' stop='{stop}' channel='a'/>");
        assert_eq!(programmes(text.as_bytes()).0[0].stop, None, "{stop}");
    }
}

#[test]
fn times_without_a_zone_are_of_the_callers() {
    let mut start = 0;
    let mut reader = Reader::new(1 << 20).in_zone(3600);

    reader
        .push(b"<tv><programme start='19700101020000' channel='a'/>", |item| {
            if let Item::Programme(it) = item {
                start = it.start;
            }
        })
        .unwrap();

    assert_eq!(start, 3600);
}

#[test]
fn what_is_not_wanted_is_counted_and_not_read() {
    let guide = "<tv><programme start='19700101000001' channel='a&amp;b'><title>A</title></programme>\
        <programme start='19700101000002' stop='19700101000009' channel='b'><title>B</title></programme>\
        <programme start='19700101000003' channel='c'><!-- </programme></tv>";
    let mut seen = Vec::new();
    let mut read = Vec::new();
    let mut reader = Reader::new(1 << 20).wanting(|slot: &Slot<'_>| {
        seen.push((slot.channel.to_owned(), slot.start, slot.stop));
        slot.channel == "b"
    });

    let mut each =
        |item: Item<'_>| read.extend(matches!(item, Item::Programme(it) if title(&it) == "B").then_some(()));
    reader.push(guide.as_bytes(), &mut each).unwrap();
    let report = reader.finish(&mut each).unwrap();

    assert_eq!((read.len(), report.programmes, report.unwanted, report.skipped_total), (1, 1, 2, 0));
    assert_eq!(seen, [("a&b".to_owned(), 1, None), ("b".to_owned(), 2, Some(9)), ("c".to_owned(), 3, None)]);
}

#[test]
fn what_is_no_guide_is_refused_with_the_reason() {
    let said = |bytes: &[u8]| read([bytes]).unwrap_err().to_string();

    assert_eq!(
        said(b"<!doctype html><html><head><title>Log in</title>"),
        "this is a web page (\"Log in\"), not what was asked for"
    );
    assert!(said(b"\xFD7zXZ\0abc").starts_with("this is packed with xz"));
    assert_eq!(said(b"#EXTM3U"), "this is no XMLTV: it has no <tv>");
    assert_eq!(said(b""), "this is no XMLTV: it has no <tv>");
    assert!(read([&b"<tv/>"[..]]).is_ok());
    let mut reader = Reader::new(9);
    assert_eq!(reader.push(b"<tv>      ", |_| ()), Err(Refusal::TooLarge { limit: 9 }));
}

#[test]
fn what_is_too_long_is_skipped_and_the_rest_read() {
    let long = "x".repeat(ELEMENT_MAX);
    for broken in [
        format!("<programme start='2026' channel='a'><desc>{long}</desc></programme>"),
        format!("<programme start='2026' channel='a'><desc>{long}"),
    ] {
        assert_eq!(titles(&format!("{broken}{GOOD}")), ["Good"]);
        assert_eq!(skipped(&format!("\n{broken}{GOOD}")).len(), 1);
    }
    let tag = format!("<programme start='2026' channel='{long}'/>{GOOD}");
    assert_eq!(titles(&tag), ["Good"]);
    let comment = format!("<!-- {long} <programme start='2026' channel='a'/> -->{GOOD}");
    assert_eq!(titles(&comment), ["Good"]);
}

#[test]
fn texts_are_kept_up_to_a_length_and_a_number() {
    let (it, report) =
        one(&format!("<desc>{}</desc>{}", "Ж".repeat(40_000), "<category>c</category>".repeat(40)));

    assert_eq!((it.descriptions[0].text.len(), it.categories.len(), report.cut), (32 << 10, 32, 9));
}

#[test]
fn elements_nested_too_deep_are_skipped() {
    let text = format!("<programme start='2026' channel='a'>{}</programme>{GOOD}", "<a>".repeat(100));

    assert_eq!(
        (skipped(&text), titles(&text)),
        (vec!["line 1: <programme> is nested too deep".to_owned()], vec!["Good".to_owned()])
    );
}

#[test]
fn a_guide_that_breaks_off_is_read_as_far_as_it_goes_and_told() {
    let packed = gzip(GOOD.repeat(100).as_bytes());

    let (items, report) = read([&packed[..packed.len() - 9]]).unwrap();

    assert!(!items.is_empty());
    assert_eq!(report.skipped.last().unwrap().reason, SkipReason::Damaged);

    let ends = |text: &str| read([text.as_bytes()]).unwrap().1.ends;
    let whole = format!("<tv>{GOOD}</tv >\n");
    assert!(ends(&whole) && ends("<tv/>"));
    assert!(!ends(&whole[..whole.len() - 2]) && !ends("<tv><a>") && !ends("<tv><!-- </tv> -->"));
}

/// A quadratic pass over any of these would take minutes.
#[test]
fn much_of_one_thing_is_read_in_one_pass() {
    for bit in [
        "<",
        ">",
        "\"",
        "='",
        "<a ",
        "</programme",
        "<programme ",
        "<channel>",
        "]",
        "<!--",
        "<!",
        "<![",
        "<?",
        "&",
        "&a;",
    ] {
        let many = bit.repeat(200_000 / bit.len());
        for head in [
            "",
            "<programme start='2026' channel='a'>",
            "<programme ",
            "<channel id='x'><display-name>",
            "<!DOCTYPE [",
        ] {
            let text = format!("<tv>{head}{many}");
            for size in [text.len(), 1000] {
                assert!(read(text.as_bytes().chunks(size)).is_ok());
            }
        }
    }
}

/// A text as the reader gives it.
fn some_text() -> impl Strategy<Value = std::borrow::Cow<'static, str>> {
    "[^\\p{C}\\s][^\\p{C}]{0,20}(\n[a-z&<>\"']{1,9})?".prop_map(|text: String| text.trim().to_owned().into())
}

fn some_texts() -> impl Strategy<Value = Vec<Text<'static>>> {
    vec(
        (some_text(), option::of("[a-z]{2}".prop_map(Into::into)))
            .prop_map(|(text, lang)| Text { text, lang }),
        0..3,
    )
}

fn some_programme() -> impl Strategy<Value = Programme<'static>> {
    let when = (0_i64..4_000_000_000, option::of(1_i64..100_000));
    let texts = (some_texts(), some_texts(), some_texts(), some_texts());
    let others = prop::array::uniform5(option::of(some_text()));
    (some_text(), when, texts, others, any::<[bool; 4]>()).prop_map(
        |(channel, when, texts, others, flags)| {
            let (titles, sub_titles, descriptions, categories) = texts;
            let [onscreen, xmltv_ns, icon, date, rating] = others;
            let [is_new, is_premiere, is_repeat, is_live] = flags;
            let (start, stop) = (when.0, when.1.map(|length| when.0 + length));
            Programme {
                channel,
                start,
                stop,
                titles,
                sub_titles,
                descriptions,
                categories,
                onscreen,
                xmltv_ns,
                icon,
                date,
                rating,
                is_new,
                is_premiere,
                is_repeat,
                is_live,
            }
        },
    )
}

fn some_channel() -> impl Strategy<Value = Channel<'static>> {
    (some_text(), some_texts(), option::of(some_text()), vec(some_text(), 0..3))
        .prop_map(|(id, names, icon, urls)| Channel { id, names, icon, urls })
}

fn ingredients() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("<programme ".to_owned()),
        Just("start=\"20261127\" channel=\"a\"".to_owned()),
        Just("</programme>".to_owned()),
        Just("<channel id='a'>".to_owned()),
        Just("</channel>".to_owned()),
        Just("<title lang=\"e\">".to_owned()),
        Just("</title>".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("<!--".to_owned()),
        Just("-->".to_owned()),
        Just("<rating><value>".to_owned()),
        "[ <>/\"'=&;?!é\\]\\[-]{1,3}",
        any::<String>(),
    ];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(channels in vec(some_channel(), 0..3), shows in vec(some_programme(), 0..4)) {
        let mut writer = Writer::new(String::new(), "a \"test\" & more").unwrap();
        channels.iter().for_each(|channel| writer.channel(channel).unwrap());
        shows.iter().for_each(|programme| writer.programme(programme).unwrap());
        let text = writer.finish().unwrap();

        let (items, report) = read([text.as_bytes()]).unwrap();

        let written: Vec<_> = channels.into_iter().map(Item::Channel)
            .chain(shows.into_iter().map(|programme| Item::Programme(Box::new(programme)))).collect();
        prop_assert_eq!(items, written, "{}", text);
        prop_assert_eq!(report.skipped, vec![]);
    }

    #[test]
    fn no_text_is_too_strange(text in ingredients(), size in 1_usize..9) {
        let text = format!("<tv>{text}");
        let whole = read([text.as_bytes()]);

        prop_assert_eq!(&read(text.as_bytes().chunks(size)), &whole);
        prop_assert!(whole.is_ok());
    }
}

#[test]
fn tags_in_comments_and_cdata_sections_are_none() {
    let evil = r#"<programme start="1970" channel="a"><title>evil</title></programme>"#;
    for hidden in ["</programme>", "<programme>", "<programme start=\"1\"", "</channel>", "<!--", evil] {
        for (body, desc) in [
            (format!("<desc>x<![CDATA[{hidden}]]>y</desc>"), format!("x{hidden}y")),
            (format!("<!-- {hidden} --><desc>y</desc>"), "y".to_owned()),
            (
                format!("<desc><![CDATA[a]]><![CDATA[{hidden}]]></desc><!-- {hidden} -->"),
                format!("a{hidden}"),
            ),
        ] {
            let programme = |title: &str, body: &str| {
                format!("<programme start=\"1970\" channel=\"a\"><title>{title}</title>{body}</programme>")
            };
            let guide = programme("one", &body) + &programme("two", "");
            for size in [guide.len(), 1, 7] {
                let pieces = std::iter::once(&b"<tv>"[..]).chain(guide.as_bytes().chunks(size));
                let (items, report) = read(pieces.chain([&b"</tv>"[..]])).unwrap();
                let found = items.iter().map(|item| match item {
                    Item::Programme(it) => (title(it), it.descriptions.first().map(|it| it.text.to_string())),
                    Item::Channel(_) => panic!("a channel in {guide}"),
                });
                let expected = [("one".to_owned(), Some(desc.clone())), ("two".to_owned(), None)];
                assert_eq!(found.collect::<Vec<_>>(), expected, "{guide} by {size}");
                assert_eq!(report.skipped_total, 0, "{guide} by {size}");
            }
        }
    }
}
