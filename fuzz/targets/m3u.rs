//! Any text is a list: nothing panics, nothing is lost without being counted.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);

    let list = iptv::parse_m3u(&text);

    let lines = text.split(['\n', '\r']).count();
    assert!(list.skipped.len() <= iptv::SKIPPED_KEPT && list.skipped.len() <= list.skipped_total);
    assert!(list.skipped_total <= lines);
    for entry in &list.entries {
        assert!((1..=lines).contains(&entry.line) && !entry.name.is_empty());
        // What stands in a list can be pasted alone.
        assert_eq!(iptv::parse_link(&entry.url).as_ref(), Ok(&entry.link));
        let hash = entry.link.acestream_hash().unwrap_or("00000000000000000000000000000000");
        assert!((32..=64).contains(&hash.len()) && hash.bytes().all(|c| c.is_ascii_alphanumeric()));
    }
    for skipped in &list.skipped {
        assert!(skipped.to_string().chars().count() < 400);
    }
});
