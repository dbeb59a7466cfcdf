//! Segments that are ranges of a file.

use super::*;

/// A playlist of all of `media.ts`, whose segments have these lengths, the first from 0 on.
fn ranged(lengths: &[usize]) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:4\n".to_owned();
    for (index, length) in lengths.iter().enumerate() {
        let offset = if index == 0 { "@0" } else { "" };
        text += &format!("#EXTINF:4.0,\n#EXT-X-BYTERANGE:{length}{offset}\nmedia.ts\n");
    }
    text + "#EXT-X-ENDLIST\n"
}

/// The first two segments of a folder, one behind the other, and how long they are.
fn joined() -> (Vec<u8>, [usize; 2]) {
    let folder = packaged();
    let [first, second] =
        [0, 1].map(|number| std::fs::read(folder.path().join(format!("segment_{number}.ts"))).unwrap());
    let lengths = [first.len(), second.len()];
    ([first, second].concat(), lengths)
}

#[test]
fn segments_that_are_ranges_of_a_file_are_looked_at() {
    let (media, [first, second]) = joined();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("media.ts"), media).unwrap();
    let list = folder.path().join("list.m3u8");
    let look = |lengths: &[usize]| {
        std::fs::write(&list, ranged(lengths)).unwrap();
        validate(&[list.to_str().unwrap()]).1
    };

    assert_eq!(look(&[first, second]), "");
    assert_eq!(
        look(&[first, second + 188]),
        format!(
            "MUST (6.2.2): media.ts ({}@{first}) in line 9 cannot be fetched: {second} bytes came of {} from {first} on\n",
            second + 188,
            second + 188
        )
    );
    assert_eq!(
        look(&[first, second - 1]),
        format!(
            "line 9: MUST (3.1.1): media.ts ({}@{first}): {} bytes, not whole packets of 188\n",
            second - 1,
            second - 1
        )
    );
    assert!(
        look(&[first, usize::MAX])
            .starts_with("line 8: MUST (4.4.4.2): a range that ends beyond all numbers: ")
    );
}

#[test]
fn segments_that_are_ranges_are_asked_for_as_such() {
    let (bytes, [first, second]) = joined();
    let look = |status: u16, length: usize| {
        let (_, said, complaint) = served_to("", "/list.m3u8", &[], |request| {
            if !request.contains("/media.ts") {
                return text(ranged(&[first, length]));
            }
            let range = header(request, "range").unwrap().strip_prefix("bytes=").unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
            match bytes.get(start..=end) {
                Some(_) if status == 200 => media(&*bytes),
                Some(piece) => Answer(status, "max-age=24", piece.to_vec()),
                None => refused(416),
            }
        });
        assert!(!complaint.is_empty());
        said
    };

    assert_eq!(look(206, second), "");
    assert!(look(206, second + 188).ends_with(" in line 9 cannot be fetched: the server answers 416\n"));
    assert!(look(200, second).starts_with(&format!(
        "MUST (6.2.2): media.ts ({first}@0) in line 6 cannot be fetched: the server answers with the whole"
    )));
}
