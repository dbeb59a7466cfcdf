//! What a check finds.

use std::{fmt, time::Duration};

/// More findings than this about one text say nothing new.
const MOST: usize = 500;

/// How bad a finding is, in the words of RFC 2119.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Better not; there may be a reason for it.
    Should,
    /// Forbidden: some player will fail.
    Must,
}

/// A rule that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where RFC 8216bis says so, such as `4.4.3.1`, or Apple's authoring specification: `Apple 1.5`, or `Apple`.
    pub clause: &'static str,
    /// The line of the playlist, counted from 1; `None` where it is about the whole, or about media.
    pub line: Option<usize>,
    /// What is wrong. Text from the playlist is cut short and escaped in it.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        let severity = match self.severity {
            Severity::Should => "SHOULD",
            Severity::Must => "MUST",
        };
        write!(f, "{severity} ({}): {}", self.clause, self.text)
    }
}

/// Findings as they come up, bounded.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    /// Note what is forbidden. Line 0 is the whole.
    pub(super) fn must(&mut self, clause: &'static str, line: usize, text: impl Into<String>) {
        self.add(Severity::Must, clause, line, text.into());
    }

    /// Note what had better not be. Line 0 is the whole.
    pub(super) fn should(&mut self, clause: &'static str, line: usize, text: impl Into<String>) {
        self.add(Severity::Should, clause, line, text.into());
    }

    /// The findings in the order of the lines, those about the whole first.
    pub(super) fn findings(self) -> Vec<Finding> {
        let mut findings = self.0;
        findings.sort_by_key(|finding| finding.line);
        findings
    }

    fn add(&mut self, severity: Severity, clause: &'static str, line: usize, text: String) {
        if self.0.len() < MOST {
            self.0.push(Finding { severity, clause, line: (line > 0).then_some(line), text });
        }
    }
}

/// Text of the playlist as it can be shown on a terminal: short, and without control characters.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}

/// A duration as it is shown.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
