//! Logging: `tracing` to standard error, plain under systemd, coloured on a terminal.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

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

/// Start logging. Call once, before anything logs.
pub fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).context("log.filter")?;
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
