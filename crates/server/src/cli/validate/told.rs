//! Findings as they are said: each once, and counted.

use std::{
    collections::HashSet,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use hls::validate::{Finding, Severity};

use crate::cli::output::say;

/// More different findings than this are counted and not said.
const MOST: usize = 10_000;

/// So many are known again when they come once more: memory is bounded, however long a playlist is followed.
const MOST_KNOWN: usize = 1_000_000;

/// What was said of one playlist, or of several.
#[derive(Debug)]
pub(super) struct Told {
    /// Stands in front of each line.
    prefix: String,
    /// Fingerprints of what was found.
    known: HashSet<u64>,
    musts: usize,
    shoulds: usize,
}

impl Told {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, known: HashSet::new(), musts: 0, shoulds: 0 }
    }

    /// Say what is new. In the next version of a playlist the same stands in another line.
    pub(super) fn tell(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            if !self.is_new(&finding) {
                continue;
            }
            match self.known.len() - 1 {
                ..MOST => say(&format!("{}{finding}", self.prefix)),
                MOST => say(&format!(
                    "{}{MOST} findings were said, and those that follow are counted only",
                    self.prefix
                )),
                _ => {}
            }
            match finding.severity {
                Severity::Must => self.musts += 1,
                Severity::Should => self.shoulds += 1,
            }
        }
    }

    fn is_new(&mut self, finding: &Finding) -> bool {
        let mut hasher = DefaultHasher::new();
        (finding.clause, &finding.text).hash(&mut hasher);
        let print = hasher.finish();
        !self.known.contains(&print) && (self.known.len() >= MOST_KNOWN || self.known.insert(print))
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
