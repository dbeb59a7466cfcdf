//! Any query is read or refused, and what was read can be written and read again.
#![no_main]

use hls::{Directives, Position};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let query = String::from_utf8_lossy(data);

    match Directives::parse(&query) {
        Ok(directives) => assert_eq!(Directives::parse(&write(directives)), Ok(directives)),
        Err(error) => assert!(error.to_string().starts_with("_HLS_") && error.to_string().len() < 200),
    }
});

fn write(directives: Directives) -> String {
    let position = match directives.position {
        None => String::new(),
        Some(Position { segment, part: None }) => format!("_HLS_msn={segment}&"),
        Some(Position { segment, part: Some(part) }) => format!("_HLS_msn={segment}&_HLS_part={part}&"),
    };
    format!("{position}{}", if directives.skip { "_HLS_skip=YES" } else { "" })
}
