//! What can go wrong between us and the engine, by whether and how the engine answered.

/// Why the engine did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The configured address is not one an engine can have.
    #[error("{0}")]
    Base(String),
    /// There was no connection.
    #[error("the engine cannot be reached: {0}")]
    Unreachable(String),
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
        if error.is_connect() { Self::Unreachable(root) } else { Self::HungUp(root) }
    }
}

/// The message at the end of the chain: reqwest's own only repeats the URL.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn is_malformed(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

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
