//! Findings as they are said: each once, and counted.

use std::{collections::HashSet, fmt};

use hls::validate::{Finding, Severity};

use crate::cli::output::say;

/// More different findings than this are counted and not said.
const MOST: usize = 10_000;

/// What was said of one playlist, or of several.
#[derive(Debug)]
pub(super) struct Told {
    /// Stands in front of each line.
    prefix: String,
    said: HashSet<(&'static str, String)>,
    musts: usize,
    shoulds: usize,
}

impl Told {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, said: HashSet::new(), musts: 0, shoulds: 0 }
    }

    /// Say what is new. In the next version of a playlist the same stands in another line.
    pub(super) fn tell(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            let line = format!("{}{finding}", self.prefix);
            if self.said.len() >= MOST || !self.said.insert((finding.clause, finding.text)) {
                continue;
            }
            say(&line);
            match finding.severity {
                Severity::Must => self.musts += 1,
                Severity::Should => self.shoulds += 1,
            }
        }
    }

    /// Say what is forbidden and has no line of a playlist, by the clause.
    pub(super) fn must(&mut self, clause: &'static str, text: String) {
        self.tell(vec![Finding { severity: Severity::Must, clause, line: None, text }]);
    }

    /// Say what had better not be, and has no line of a playlist, by the clause.
    pub(super) fn should(&mut self, clause: &'static str, text: String) {
        self.tell(vec![Finding { severity: Severity::Should, clause, line: None, text }]);
    }

    /// Count what another told.
    pub(super) fn add(&mut self, other: &Self) {
        self.musts += other.musts;
        self.shoulds += other.shoulds;
    }

    pub(super) fn musts(&self) -> usize {
        self.musts
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MUST, {} SHOULD not kept", self.musts, self.shoulds)
    }
}
