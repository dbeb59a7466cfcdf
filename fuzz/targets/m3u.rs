//! Any bytes are a list: nothing panics, nothing is lost without being counted, and where they are cut makes no difference.
#![no_main]

use iptv::{
    Entry, Refusal,
    m3u::{Reader, Report, SKIPPED_KEPT, Writer},
};
use libfuzzer_sys::fuzz_target;

type List = Result<(Vec<Entry<'static>>, Report), Refusal>;

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> List {
    let mut entries = Vec::new();
    // Lists that are packed a thousand times would be all that is tried.
    let mut reader = Reader::new(1 << 16);
    for piece in pieces {
        reader.push(piece, |entry| entries.push(entry.into_owned()))?;
    }
    let report = reader.finish(|entry| entries.push(entry.into_owned()))?;
    Ok((entries, report))
}

fuzz_target!(|data: &[u8]| {
    let list = read([data]);
    // How much is got out of damaged gzip depends on the pieces.
    if !data.starts_with(b"\x1F\x8B") {
        let (before, after) = data.split_at(data.len() / 3);
        assert_eq!(read([before, after]), list);
        assert_eq!(read(data.chunks(1)), list);
    }

    let Ok((entries, report)) = list else { return };
    assert!(report.skipped.len() <= SKIPPED_KEPT && report.skipped.len() <= report.skipped_total);
    assert_eq!(report.entries, entries.len());
    for entry in &entries {
        assert!(!entry.name.is_empty());
        // What stands in a list can be pasted alone.
        assert_eq!(iptv::parse_link(&entry.url).as_ref(), Ok(&entry.link));
        let hash = entry.link.acestream_hash().unwrap_or("00000000000000000000000000000000");
        assert!((32..=64).contains(&hash.len()) && hash.bytes().all(|c| c.is_ascii_alphanumeric()));
        assert_eq!(again(entry), [(entry.name.clone(), entry.link.clone())]);
    }
    for skipped in &report.skipped {
        assert!(skipped.to_string().chars().count() < 400);
    }
});

/// What a list says that holds `entry` alone.
fn again(entry: &Entry<'_>) -> Vec<(std::borrow::Cow<'static, str>, iptv::Link)> {
    let mut writer = Writer::new(String::new(), &[]).unwrap();
    writer.entry(entry, &entry.url).unwrap();
    let list = iptv::parse_m3u(writer.into_inner());
    list.entries.into_iter().map(|entry| (entry.name, entry.link)).collect()
}
