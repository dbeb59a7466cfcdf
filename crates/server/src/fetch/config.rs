//! The `[fetch]` section.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Allowed;
use crate::config::{duration, size};

/// What may be fetched, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Hosts, addresses and networks that may be asked although they are private.
    pub allow: Vec<Allowed>,
    /// How long a server may stay silent.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// How long it may take in all.
    #[serde(with = "duration")]
    pub total_timeout: Duration,
    /// The largest file, as it is sent and as it is unpacked.
    #[serde(with = "size")]
    pub max_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            timeout: Duration::from_secs(20),
            total_timeout: Duration::from_secs(600),
            max_bytes: 256 << 20,
        }
    }
}

impl Config {
    /// Refuse what cannot work.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        for (key, value) in [("fetch.timeout", self.timeout), ("fetch.total_timeout", self.total_timeout)] {
            duration::check(key, value, Duration::from_millis(1))?;
        }
        anyhow::ensure!(self.max_bytes > 0, "fetch.max_bytes: 0 would refuse every file");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused_with_its_key() {
        let refused = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };

        assert!(refused(|it| it.timeout = Duration::ZERO).starts_with("fetch.timeout: "));
        assert!(refused(|it| it.timeout = Duration::MAX).starts_with("fetch.timeout: "));
        assert!(refused(|it| it.total_timeout = Duration::MAX).starts_with("fetch.total_timeout: "));
        assert!(refused(|it| it.max_bytes = 0).starts_with("fetch.max_bytes: "));
        assert!(Config::default().check().is_ok());
    }
}
