//! What can go wrong between us and the engine, by whether and how the engine answered.

use std::io;

use rustix::io::Errno;

/// Why the engine did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The configured address is not one an engine can have.
    #[error("{0}")]
    Base(String),
    /// There was no connection.
    #[error("the engine cannot be reached: {0}")]
    Unreachable(String),
    /// There was not even the means to ask: this process, or this machine, may not have one more file open.
    #[error("this machine lets no more files or connections be open")]
    NoDescriptor,
    /// There was a connection, and it ended or broke before an answer came.
    #[error("the engine hung up before it answered: {0}")]
    HungUp(String),
    /// The engine did not finish answering within the limit.
    #[error("the engine did not answer in time: {0}")]
    Timeout(&'static str),
    /// The engine said no, in these words.
    #[error("the engine refused: {0}")]
    Refused(String),
    /// The playback address answered with an error status instead of media.
    #[error("the engine answered the playback with HTTP {status}: {text}")]
    Playback {
        /// The HTTP status, 400 or more.
        status: u16,
        /// The beginning of the answer's body.
        text: String,
    },
    /// The playback's connection broke while media was flowing.
    #[error("the engine cut the playback: {0}")]
    Cut(String),
    /// Something answered, but not as an engine does.
    #[error("the engine answered something unexpected: {0}")]
    Unexpected(String),
}

impl Error {
    /// Whether the engine may not know this content ID or infohash in the form it was asked in.
    ///
    /// The same 40 digits may then still load in the other [`Form`](crate::Form). Engines have many words for it,
    /// so this is any refusal but those that are known to be about something else.
    #[must_use]
    pub fn is_failed_to_load(&self) -> bool {
        const ABOUT_SOMETHING_ELSE: [&str; 8] = [
            "timeout",
            "premium",
            "buy",
            "activate",
            "subscription",
            "access denied",
            "playback session",
            "download not found",
        ];
        let Self::Refused(message) = self else { return false };
        let message = message.to_ascii_lowercase();
        !ABOUT_SOMETHING_ELSE.iter().any(|phrase| message.contains(phrase))
    }

    /// The failure of a request that brought no complete head of an answer.
    pub(crate) fn from_request(error: &reqwest::Error) -> Self {
        let root = root_cause(error);
        if is_malformed(error) {
            return Self::Unexpected(format!("not HTTP ({root})"));
        }
        let is_local = causes(error).filter_map(|cause| cause.downcast_ref()).any(is_want_of_descriptors);
        match (is_local, error.is_connect()) {
            (true, _) => Self::NoDescriptor,
            (false, true) => Self::Unreachable(root),
            (false, false) => Self::HungUp(root),
        }
    }

    /// The failure of a connection.
    pub(crate) fn from_io(error: &io::Error) -> Self {
        if is_want_of_descriptors(error) { Self::NoDescriptor } else { Self::Unreachable(error.to_string()) }
    }
}

/// The message at the end of the chain: reqwest's own only repeats the URL.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn is_malformed(error: &reqwest::Error) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref()).any(hyper::Error::is_parse)
}

/// Whether this process, or this machine, may not have one more file or connection open.
fn is_want_of_descriptors(error: &io::Error) -> bool {
    let want = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|number| want.contains(&number))
}

/// The error, and what it came of.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_descriptors_is_no_fault_of_the_engine() {
        for number in [23, 24] {
            assert_eq!(Error::from_io(&io::Error::from_raw_os_error(number)), Error::NoDescriptor);
        }
        assert!(matches!(Error::from_io(&io::Error::from_raw_os_error(111)), Error::Unreachable(_)));
    }

    #[test]
    fn content_that_did_not_load_is_told_from_other_refusals() {
        let refused = |text: &str| Error::Refused(text.to_owned());

        assert!(refused("failed to load content").is_failed_to_load());
        assert!(refused("Cannot load transport file").is_failed_to_load());
        assert!(refused("content-id resolution failed: NotFound").is_failed_to_load());
        assert!(!refused("start timeout").is_failed_to_load());
        assert!(!refused("You need to buy Proxy Server option to continue").is_failed_to_load());
        assert!(!Error::Unexpected("failed to load content".to_owned()).is_failed_to_load());
    }
}
