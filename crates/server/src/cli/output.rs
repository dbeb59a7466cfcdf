//! The only place that writes to the terminal. Everything that happens later goes to the log. Users and passwords in
//! addresses are masked, wherever the text came from.

use std::io::{self, Write as _};

use anyhow::Context as _;

/// Print a line for whoever called the program. A reader that went away is nobody's trouble.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{}", masked(line));
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
    let _ = writeln!(io::stderr().lock(), "{}", masked(line));
}

/// `text` with `***` for the user and password of each address in it.
fn masked(text: &str) -> String {
    let mut pieces = text.split("://");
    let mut masked = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Slashes too many are skipped in an address, while in that of a file the path begins with one.
        let slashes =
            if masked.ends_with("file") { 0 } else { piece.len() - piece.trim_start_matches('/').len() };
        let (slashes, rest) = piece.split_at(slashes);
        let authority = &rest[..rest.find(['/', '?', '#', '\n']).unwrap_or(rest.len())];
        masked += "://";
        masked += slashes;
        // A text that was cut short may have been so in the middle of a password.
        match authority.rfind(['@', '…']) {
            Some(end) => {
                masked += "***";
                masked += &rest[end..];
            }
            None => masked += rest,
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_in_addresses_are_masked() {
        for (text, said) in [
            ("opening http://tv:p@ss wo\"rd@host:80/a@b: no", "opening http://***@host:80/a@b: no"),
            ("a http://tv@host and ftp://:x@host?c=d@e", "a http://***@host and ftp://***@host?c=d@e"),
            ("http:///tv:x@host/", "http:///***@host/"),
            ("http://tv:a-password-that-was-c…", "http://***…"),
        ] {
            assert_eq!(masked(text), said);
        }
    }

    #[test]
    fn what_has_no_user_is_said_as_it_is() {
        for text in ["", "me@host", "http://host/a@b", "://", "file:///a@b.m3u8", "open http://host\nme@host"]
        {
            assert_eq!(masked(text), text);
        }
    }
}
