//! The only place that writes to the terminal. Everything that happens later goes to the log.

use std::io::{self, Write as _};

use anyhow::Context as _;

/// Print a line for whoever called the program. A reader that went away is nobody's trouble.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Print what was asked for. A reader that went away is nobody's trouble, a disk that is full is.
pub(super) fn hand_out(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output")
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Print a line to standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
