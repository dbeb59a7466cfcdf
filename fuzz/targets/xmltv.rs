//! Any bytes are a guide: nothing panics, where they are cut makes no difference, and what was read can be written.
#![no_main]

use iptv::{
    Refusal,
    xmltv::{Item, Reader, Report, SKIPPED_KEPT, Slot, Writer},
};
use libfuzzer_sys::fuzz_target;

type Guide = Result<(Vec<Item<'static>>, Report), Refusal>;

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Guide {
    let mut items = Vec::new();
    let mut keep = |item: Item<'_>| items.push(owned(item));
    // Guides that are packed a thousand times would be all that is tried.
    let mut reader = Reader::new(1 << 16);
    for piece in pieces {
        reader.push(piece, &mut keep)?;
    }
    let report = reader.finish(&mut keep)?;
    Ok((items, report))
}

fn owned(item: Item<'_>) -> Item<'static> {
    match item {
        Item::Channel(channel) => Item::Channel(channel.into_owned()),
        Item::Programme(programme) => Item::Programme(Box::new(programme.into_owned())),
    }
}

fuzz_target!(|data: &[u8]| {
    let guide = read([data]);
    // How much is got out of damaged gzip depends on the pieces.
    if !data.starts_with(b"\x1F\x8B") {
        let (before, after) = data.split_at(data.len() / 3);
        assert_eq!(read([before, after]), guide);
        assert_eq!(read(data.chunks(1)), guide);
    }

    let Ok((items, report)) = guide else { return };
    assert!(report.skipped.len() <= SKIPPED_KEPT && report.skipped.len() <= report.skipped_total);
    assert_eq!(report.channels + report.programmes, items.len());
    for skipped in &report.skipped {
        assert!(skipped.line >= 1 && skipped.to_string().chars().count() < 400);
    }
    for item in &items {
        check(item);
    }
    assert_eq!(again(&items), (report.channels, report.programmes));

    let mut none = Reader::new(1 << 16).wanting(|_: &Slot<'_>| false);
    none.push(data, |_| ()).unwrap();
    assert_eq!(none.finish(|_| ()).unwrap().programmes, 0);
});

fn check(item: &Item<'_>) {
    match item {
        Item::Channel(channel) => assert!(!channel.id.is_empty()),
        Item::Programme(it) => {
            assert!(!it.channel.is_empty() && it.stop.is_none_or(|stop| stop > it.start));
            let texts = [&it.titles, &it.sub_titles, &it.descriptions, &it.categories];
            assert!(texts.into_iter().flatten().all(|text| !text.text.is_empty()));
        }
    }
}

/// How much is read of what was written.
fn again(items: &[Item<'_>]) -> (usize, usize) {
    let mut writer = Writer::new(String::new(), "fuzz").unwrap();
    for item in items {
        match item {
            Item::Channel(channel) => writer.channel(channel).unwrap(),
            Item::Programme(programme) => writer.programme(programme).unwrap(),
        }
    }
    let text = writer.finish().unwrap();
    let (mut channels, mut programmes) = (0, 0);
    let mut reader = Reader::new(u64::MAX);
    let mut count = |item: Item<'_>| match item {
        Item::Channel(_) => channels += 1,
        Item::Programme(_) => programmes += 1,
    };
    reader.push(text.as_bytes(), &mut count).unwrap();
    let report = reader.finish(&mut count).unwrap();
    assert_eq!(report.skipped, []);
    (channels, programmes)
}
