//! A viewer who reads every version of a stream's playlists, and fails where one breaks a rule.

use std::time::Duration;

use hls::{
    Profile, multivariant,
    validate::{self, Fetched, Finding, Follower, Severity},
};
use server::live::{Snapshot, Text};

/// No time passes: the supply of a test comes as it likes.
const AT_ONCE: Fetched = Fetched { at: Duration::ZERO, blocked: false };

/// The profiles differ in how the list begins and what it asks of players; `fast` and `balanced` are the two kinds.
#[derive(Default)]
pub(crate) struct Viewer {
    plain: Follower,
    fast: Follower,
    /// What it reloads leaves out what it knows.
    delta: Follower,
    /// The newest whole segment that `delta` knows.
    known: Option<u64>,
    balanced: Follower,
}

impl Viewer {
    /// Look at the playlists that are there now.
    pub(crate) fn look(&mut self, now: &Snapshot) {
        if now.window.is_announced() && now.window.unfinished().is_some() {
            follow(&mut self.fast, now.live_playlist(Profile::Fast, false));
            // Only who knows what is left out may ask for that (6.3.7).
            let skip = self.known.is_some_and(|known| now.window.last() <= Some(known + 1));
            self.known = now.window.last();
            follow(&mut self.delta, now.live_playlist(Profile::Fast, skip));
        }
        if now.window.is_empty() {
            return;
        }
        follow(&mut self.plain, now.playlist());
        follow(&mut self.balanced, now.live_playlist(Profile::Balanced, false));
        let index = multivariant(&now.window, &now.formats, "live.m3u8");
        check(&index, &validate::multivariant(&index));
    }
}

fn follow(follower: &mut Follower, text: &Text) {
    let text = String::from_utf8(text.plain().into()).unwrap();
    check(&text, &follower.take(AT_ONCE, &text));
}

fn check(text: &str, findings: &[Finding]) {
    let is_must = |finding: &&Finding| finding.severity == Severity::Must;
    if let Some(finding) = findings.iter().find(is_must) {
        panic!("{finding} in\n{text}");
    }
}
