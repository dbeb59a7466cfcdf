//! Any text can be looked at as a playlist, and any two texts as versions of one; findings are bounded.
#![no_main]

use std::time::Duration;

use hls::validate::{self, Fetched, Finding, Follower};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    check(&validate::media(&text), &text);
    check(&validate::multivariant(&text), &text);
    assert!(validate::media_playlists(&text).len() <= text.len());

    // Versions are the pieces between lines of dashes.
    let mut follower = Follower::default();
    for (second, version) in text.split("\n---\n").enumerate() {
        let fetched = Fetched { at: Duration::from_secs(second as u64), blocked: second % 2 == 0 };
        check(&follower.take(fetched, version), version);
        assert!(follower.playlist().is_some());
    }
});

fn check(findings: &[Finding], text: &str) {
    assert!(findings.len() <= 500);
    for finding in findings {
        assert!(finding.line.is_none_or(|line| (1..=text.lines().count().max(1)).contains(&line)));
        assert!(finding.text.chars().count() < 2_000);
    }
}
