//! How many files and connections the operating system lets this process have open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// As many are asked for, at most. There are limits of a thousand million; programs that we start, engines above all,
/// go through all that they may have open, one by one.
const MOST: u64 = 1 << 20;

/// What is open beside connections: the log, the storage folder, the runtime's own, playlists being read.
const BESIDE: u64 = 64;

/// Each stream is a connection to an engine, and one more while it is asked or changed.
const STREAM: u64 = 2;

/// How many this process may have once [`raise`] was called.
#[must_use]
pub fn attainable() -> u64 {
    attainable_within(getrlimit(Resource::Nofile))
}

fn attainable_within(limit: Rlimit) -> u64 {
    let (soft, hard) = (limit.current.unwrap_or(u64::MAX), limit.maximum.unwrap_or(u64::MAX));
    soft.max(hard.min(MOST))
}

/// How many a server with this configuration has open when it is full.
#[must_use]
pub fn needed(config: &Config) -> u64 {
    let count = |limit: usize| u64::try_from(limit).unwrap_or(u64::MAX);
    let streams = count(config.live.max_streams).saturating_mul(STREAM);
    count(config.http.max_connections).saturating_add(streams).saturating_add(BESIDE)
}

/// Raise what this process may have to what it may raise it to: the usual 1024 are for programs that cannot more.
pub fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: Some(attainable_within(limit)), ..limit };
    if limit.current.is_some()
        && raised != limit
        && let Err(error) = setrlimit(Resource::Nofile, raised)
    {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_raised_as_far_as_is_sensible_and_never_lowered() {
        let attainable = |current, maximum| attainable_within(Rlimit { current, maximum });

        assert_eq!(attainable(Some(1024), Some(4096)), 4096);
        assert_eq!(attainable(Some(1024), None), MOST);
        assert_eq!(attainable(Some(MOST + 1), None), MOST + 1);
        assert_eq!(attainable(None, None), u64::MAX);
    }
}
