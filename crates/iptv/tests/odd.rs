//! Small files with one oddity each, as they are found in the wild: the name says which.
#![cfg(test)]

use std::{fmt::Write as _, fs, path::Path};

use iptv::{Entry, m3u, xmltv};

/// What is read of `lists/name`, a line each.
fn list(name: &str) -> String {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists").join(name)).unwrap();
    let mut said = String::new();
    let mut say = |entry: Entry<'_>| {
        let group = entry.group.as_deref().unwrap_or("-");
        writeln!(said, "{}: {} [{group}] {}", entry.line, entry.name, entry.url).unwrap();
    };
    let mut reader = m3u::Reader::new(1 << 20);
    let report = reader.push(&bytes, &mut say).and_then(|()| reader.finish(&mut say));
    match report {
        Ok(report) => report.skipped.iter().for_each(|it| writeln!(said, "{it}").unwrap()),
        Err(refusal) => writeln!(said, "{refusal}").unwrap(),
    }
    said
}

/// What is read of `guides/name`, a line each.
fn guide(name: &str) -> String {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guides").join(name)).unwrap();
    let mut said = String::new();
    let mut say = |item: xmltv::Item<'_>| {
        if let xmltv::Item::Programme(it) = item {
            writeln!(said, "{} {}", it.start, it.titles[0].text).unwrap();
        }
    };
    let mut reader = xmltv::Reader::new(1 << 20);
    let report = reader.push(&bytes, &mut say).and_then(|()| reader.finish(&mut say));
    match report {
        Ok(report) => report.skipped.iter().for_each(|it| writeln!(said, "{it}").unwrap()),
        Err(refusal) => writeln!(said, "{refusal}").unwrap(),
    }
    said
}

const ID: &str = "d65257bb7856e13b718df1dfe65ee482d90dd384";

#[test]
fn lists_are_read_whatever_is_odd_about_them() {
    for (name, said) in [
        ("crlf.m3u", "3: One [News] http://x/1\n"),
        ("mark.m3u", "3: One [-] http://x/1\n"),
        ("latin-1.m3u", "3: España [-] http://x/1\n"),
        ("utf-16.m3u", "3: España [-] http://x/1\n"),
        ("quoting.m3u", "3: One, the \"first\" [A, B] http://x/1\n"),
        ("comma-first.m3u", "3: One [News] http://x/1\n"),
        ("groups.m3u", "5: One [Own] http://x/1\n7: Two [All] http://x/2\n"),
        ("options.m3u", "5: One [-] http://x/1\n"),
        ("blank.m3u", "10: One [-] http://x/1\n"),
        ("packed.m3u.gz", "3: One [-] http://x/1\n"),
        (
            "orphans.m3u",
            "4: One [-] http://x/1\nline 2: #EXTINF without a link\nline 5: links of the kind \"rtmp\" are not supported\n",
        ),
        ("page.html", "this is a web page (\"Please log in\"), not what was asked for\n"),
        ("stream.m3u8", "this is the HLS playlist of one stream, not a list of channels\n"),
    ] {
        assert_eq!(list(name), said, "{name}");
    }
}

#[test]
fn ids_are_found_wherever_they_stand() {
    let other = "0123456789abcdef0123456789abcdef01234567";
    for (name, said) in [
        ("ids.txt", format!("1: {ID} [-] {ID}\n2: {other} [-] {other}\n")),
        ("names.txt", format!("1: Cup final [-] {ID}\n2: News [-] {ID}\n")),
        ("links.html", format!("2: Cup [-] acestream://{ID}\n")),
        (
            "duplicates.m3u",
            format!(
                "3: Cup [-] acestream://{ID}\n5: Cup (backup) [-] http://127.0.0.1:6878/ace/getstream?id={ID}\n"
            ),
        ),
    ] {
        let read = list(name);
        let read: String =
            read.lines().filter(|line| !line.starts_with("line ")).map(|line| format!("{line}\n")).collect();
        assert_eq!(read, said, "{name}");
    }
    assert_eq!(
        list("pasted.txt"),
        format!(
            "2: the cup on [-] acestream://{ID}\n\
             line 1: \"Tonight at nine:\" is no AceStream link, no ID and no web address\n"
        )
    );
}

#[test]
fn guides_are_read_whatever_is_odd_about_them() {
    for (name, said) in [
        ("plain.xml", "1795808700 Fútbol\n"),
        ("latin-9.xml", "1795808700 5 €\n"),
        ("utf-16.xml", "1795808700 Fútbol\n"),
        ("wrong-encoding.xml", "1795808700 Fútbol\n"),
        ("ampersand.xml", "1795808700 AT&T < & &nbsp;\n"),
        ("entities.xml", "1795808700 &b;\n"),
        ("unclosed.xml", "1795808700 Kept\nline 2: <programme> without its end\n"),
        (
            "cut.xml.gz",
            "1795808700 Kept\nline 1: the gzip data is damaged or not whole: what follows is missing\n",
        ),
        ("login.html", "this is a web page (\"Log in\"), not what was asked for\n"),
        ("no-zone.xml", "1795812300 Local\n"),
    ] {
        assert_eq!(guide(name), said, "{name}");
    }
}
