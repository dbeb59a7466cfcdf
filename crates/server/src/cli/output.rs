//! The only place that writes to the terminal. Everything that happens later goes to the log.

use std::io::{self, Write as _};

/// Print a line for whoever called the program. A reader that went away is nobody's trouble.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Print a line to standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
