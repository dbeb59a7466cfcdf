//! An engine may say anything: nothing panics, what is read does not depend on how the bytes were cut, no address
//! leads away from the engine, and no text of it comes out at length.
#![no_main]

use std::sync::LazyLock;

use acestream::{
    Engine, Error, Url,
    fuzz::{self, End, Media, Words},
};
use libfuzzer_sys::fuzz_target;

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new("http://127.0.0.1:6878".parse().unwrap()).unwrap());

fuzz_target!(|data: &[u8]| {
    let whole = fuzz::media(&ENGINE, data, &mut || usize::MAX);
    let mut state =
        data.iter().fold(1_u64, |state, &byte| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    let cut = fuzz::media(&ENGINE, data, &mut || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % 40 + 1
    });
    assert_eq!(whole, cut);

    match whole {
        Ok(media) => {
            check_media(&media, data);
            check_words(&fuzz::words(&ENGINE, media.status, &media.body));
        }
        Err(error) => check_error(&error),
    }
    check_words(&fuzz::words(&ENGINE, 200, data));
    check_words(&fuzz::words(&ENGINE, 500, data));
});

fn check_media(media: &Media, data: &[u8]) {
    assert!((200..1000).contains(&media.status) && media.body.len() <= data.len());
    assert!(media.end != End::Damaged || data.windows(7).any(|it| it.eq_ignore_ascii_case(b"chunked")));
    match &media.redirect {
        Some(Ok(url)) => check_address(url),
        Some(Err(error)) => check_error(error),
        None => {}
    }
}

fn check_words(words: &Words) {
    for error in [words.version.as_ref().err(), words.files.as_ref().err(), words.session.as_ref().err()] {
        error.into_iter().for_each(check_error);
    }
    if let Ok(version) = &words.version {
        assert!(!version.version.chars().any(char::is_control) && version.version.chars().count() <= 200);
    }
    words.session.iter().flatten().for_each(check_address);
    if let Ok(statistics) = &words.statistics {
        assert!(statistics.status.chars().count() <= 200, "a status at length");
    }
    for channel in words.found.iter().flat_map(|found| &found.results) {
        assert!(channel.name.chars().count() <= 200 && !channel.name.chars().any(char::is_control));
        assert!(channel.availability.is_none_or(|part| (0.0..=1.0).contains(&part)));
        assert!(channel.icon.as_ref().is_none_or(|url| url.scheme().starts_with("http")));
    }
    if let Ok(files) = &words.files {
        let mut names = files.name.iter().chain(files.files.iter().map(|file| &file.name));
        assert!(names.all(|name| name.chars().count() <= 200), "a name at length");
    }
}

/// Nothing is asked of anybody but the engine, whatever an answer names.
fn check_address(url: &Url) {
    assert_eq!((url.scheme(), url.host_str(), url.port()), ("http", Some("127.0.0.1"), Some(6878)), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    assert!(!url.as_str().contains(['\r', '\n', ' ']), "{url:?} would break a request");
}

/// An error goes to logs and answers: one line, not too long.
fn check_error(error: &Error) {
    let text = error.to_string();
    assert!(text.chars().count() <= 400 && !text.chars().any(char::is_control), "{text:?}");
    let _ = error.is_failed_to_load();
}
