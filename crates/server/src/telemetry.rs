//! Logging: `tracing` to standard error, plain under systemd, coloured on a terminal.

use std::{io::IsTerminal as _, str::FromStr as _};

use serde::{Deserialize, Serialize};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

/// What is logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A level (`error`, `warn`, `info`, `debug`, `trace`), or levels by module: `info,server::live=debug`.
    pub filter: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { filter: "info".to_owned() }
    }
}

impl Config {
    /// Refuse a filter that cannot be read, or reads well and would log nothing of ours.
    pub fn check(&self) -> anyhow::Result<()> {
        self.filter().map(drop)
    }

    fn filter(&self) -> anyhow::Result<EnvFilter> {
        if let Some(word) = self.bare_words().find(|word| word.parse::<LevelFilter>().is_err()) {
            let levels = LevelFilter::from_str(word).expect_err("it was no level a moment ago");
            anyhow::bail!("log.filter: `{word}` is no level: {levels}");
        }
        // The error's source is the same text again.
        EnvFilter::try_new(&self.filter).map_err(|error| anyhow::anyhow!("log.filter: {error}"))
    }

    /// What stands there alone. `EnvFilter` takes a word that is no level for a module's name.
    fn bare_words(&self) -> impl Iterator<Item = &str> {
        let words = self.filter.split(',').map(str::trim);
        let is_word =
            |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        words.filter(is_word)
    }
}

/// Start logging. Call once, before anything logs.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = config.filter()?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // journald stamps every line itself.
    let started = if std::env::var_os("JOURNAL_STREAM").is_some() {
        log.without_time().try_init()
    } else {
        log.try_init()
    };
    started.map_err(|error| anyhow::anyhow!("starting the log: {error}"))
}
