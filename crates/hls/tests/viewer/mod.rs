//! A viewer who reads every version of the playlists of a stream as it comes, and tells which rules they break.

use std::time::Duration;

use hls::{
    Packager, Profile, multivariant,
    validate::{self, Fetched, Finding, Follower, Severity},
};

/// No time passes: how fast a test pushes its stream is not looked at.
const AT_ONCE: Fetched = Fetched { at: Duration::ZERO, blocked: false };

#[derive(Default)]
pub(crate) struct Viewer {
    plain: Follower,
    live: Follower,
    versions: usize,
    /// The newest segment in the last version of the live playlist.
    last: Option<u64>,
    pub(crate) findings: Vec<Finding>,
}

impl Viewer {
    /// Look at what the packager shows now; every second time at a delta update.
    pub(crate) fn look(&mut self, packager: &Packager) {
        let window = packager.window();
        if !window.is_empty() {
            let (plain, index) = (window.playlist(), multivariant(window, &packager.formats(), "live.m3u8"));
            self.note(&plain, validate::multivariant(&index));
            let findings = self.plain.take(AT_ONCE, &plain);
            self.note(&plain, findings);
        }
        if !window.is_empty() && window.unfinished().is_some() {
            self.versions += 1;
            // Only who knows what is left out may ask for that (6.3.7).
            let knows = self.last.is_some_and(|last| window.last() <= Some(last + 1));
            let skip = knows && self.versions.is_multiple_of(2);
            self.last = window.last();
            let live = window.live_playlist(Profile::Balanced, skip);
            let findings = self.live.take(AT_ONCE, &live);
            self.note(&live, findings);
        }
    }

    fn note(&mut self, text: &str, findings: Vec<Finding>) {
        for finding in findings.into_iter().filter(is_broken) {
            // Only the first is shown whole, lest a test that fails tell a book.
            if self.findings.is_empty() {
                println!("{finding} in\n{text}");
            }
            self.findings.push(finding);
        }
    }
}

/// A rule that nothing excuses. Parts are short where a source stutters or changes its frame rate.
fn is_broken(finding: &Finding) -> bool {
    finding.severity == Severity::Must && !finding.text.contains("less than 85 %")
}
