//! How delivery directives and hints are answered where a segment or the stream ends.

use bytes::Bytes;
use hls::{Config, Packager, Position, Profile, Window, validate};
use mpegts::{Ticks, testing::Muxer};

/// What is there of so many pictures at 25 a second, in groups of 50.
fn packaged(pictures: u32) -> Packager {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), pictures, 50);
    let mut packager = Packager::new(Config::default(), 1_000);
    packager.push(&Bytes::from(muxer.stream));
    packager
}

fn waits_for(window: &Window, segment: u64, part: u64) -> bool {
    !window.reached(Position { segment, part: Some(part) })
}

#[test]
fn a_playlist_that_is_over_is_whole_whatever_was_asked_to_be_skipped() {
    let mut packager = packaged(2_000);
    assert!(packager.window().live_playlist(Profile::Balanced, true).contains("#EXT-X-SKIP"));
    packager.finish();

    let text = packager.window().live_playlist(Profile::Balanced, true);

    assert!(text == packager.window().live_playlist(Profile::Balanced, false));
    assert_eq!(validate::media(&text), []);
}

#[test]
fn a_part_is_coming_until_it_is_there_or_its_segment_ends_without_it() {
    let mut packager = packaged(30);
    packager.announce();
    let (segment, part) = packager.window().next().unwrap();
    assert!(packager.window().is_coming(segment, part));
    assert!(!packager.window().is_coming(segment, part - 1), "it is there");
    assert!(!packager.window().is_coming(segment, part + 1), "another comes first");

    // The source breaks off right behind the first picture of that part, which is not whole.
    let mut cut = packaged(25);
    cut.announce();
    let (segment, part) = cut.window().next().unwrap();
    cut.interrupt();

    assert_eq!(cut.window().last(), Some(segment));
    assert!(cut.window().part(segment, part).is_none());
    assert!(!cut.window().is_coming(segment, part));
    // Of a playlist, the first part of the next segment is waited for instead.
    assert!(waits_for(cut.window(), segment, part));

    cut.finish();
    let (segment, part) = cut.window().next().unwrap();
    assert!(!cut.window().is_coming(segment, part), "nothing comes");
}

#[test]
fn parts_beyond_the_advance_limit_are_too_far_in_the_segment_behind_the_growing_one_too() {
    let mut packager = packaged(130);
    packager.announce();
    let window = packager.window();
    let growing = window.unfinished().unwrap().number;
    let is_too_far = |segment, part| window.is_too_far(Position { segment, part });

    // Parts of 0.32 s: ten of them play for three seconds.
    assert!(!is_too_far(growing + 1, Some(9)) && is_too_far(growing + 1, Some(10)));
    assert!(is_too_far(growing + 1, Some(u64::MAX)));
    assert!(!is_too_far(growing + 1, None) && is_too_far(growing + 2, None));
    assert!(is_too_far(growing + 2, Some(0)) && is_too_far(u64::MAX, None));
    assert!(!is_too_far(growing - 1, Some(5_000)));
}

#[test]
fn behind_a_whole_segment_nothing_is_nearer_than_the_two_that_come() {
    let mut packager = packaged(125);
    packager.interrupt();
    let window = packager.window();
    let last = window.last().unwrap();
    assert!(window.unfinished().is_none());
    let is_too_far = |segment, part| window.is_too_far(Position { segment, part });

    assert!(!is_too_far(last + 1, Some(9)) && is_too_far(last + 1, Some(10)));
    assert!(!is_too_far(last + 2, None) && is_too_far(last + 3, None));
    assert!(!is_too_far(last, Some(5_000)));
}
