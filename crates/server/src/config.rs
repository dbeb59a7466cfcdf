//! The configuration: read once at start, passed down, never read again.
//!
//! Defaults in code, then a TOML file, then the environment. Each part of the server owns the struct of its
//! own section. A key that nobody knows is refused with its name, in the file and in the environment.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use crate::{catalog, fetch, http, live, telemetry};

pub mod bases;
pub mod duration;
pub mod secret;
pub mod size;
pub mod text;
pub mod unset;

pub use bases::Bases;
pub use secret::Secret;

/// The file that is read when `--config` names no other.
pub const DEFAULT_FILE: &str = "/etc/acehls/acehls.toml";

/// The environment's prefix; `__` stands between a section and its key.
const PREFIX: &str = "ACEHLS_";

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder for what must outlive the process.
    pub storage_dir: PathBuf,
    /// The AceStream engine.
    pub engine: Engine,
    /// The HTTP server.
    pub http: http::Config,
    /// Live streams.
    pub live: live::Config,
    /// Playlists of channels.
    pub catalog: catalog::Config,
    /// The server as a television tuner.
    pub hdhomerun: http::hdhomerun::Config,
    /// Fetching lists, guides and logos.
    pub fetch: fetch::Config,
    /// What is logged.
    pub log: telemetry::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            storage_dir: PathBuf::from("storage"),
            engine: Engine::default(),
            http: http::Config::default(),
            live: live::Config::default(),
            catalog: catalog::Config::default(),
            hdhomerun: http::hdhomerun::Config::default(),
            fetch: fetch::Config::default(),
            log: telemetry::Config::default(),
        }
    }
}

/// The AceStream engines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Engine {
    /// The HTTP API of one, or of several.
    pub base_url: Bases,
    /// How many streams one engine plays at once, at most; 0 is no limit.
    pub max_sessions: usize,
    /// A program and its arguments: an engine that this server starts and ends, the first of `base_url`.
    pub command: Vec<String>,
}

impl Default for Engine {
    fn default() -> Self {
        let base_url = Url::parse("http://127.0.0.1:6878").expect("a URL in the source is well formed");
        Self { base_url: base_url.into(), max_sessions: 0, command: Vec::new() }
    }
}

impl Engine {
    /// A client for each.
    pub fn engines(&self) -> anyhow::Result<Vec<acestream::Engine>> {
        let engine = |base: &Url| acestream::Engine::new(base.clone()).context("engine.base_url");
        self.base_url.iter().map(engine).collect()
    }
}

impl Config {
    /// Read the configuration from `file`, or from [`DEFAULT_FILE`] where there is one, and the environment.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let figment = Figment::from(Serialized::defaults(Self::default()));
        let config: Self = match existing(file)? {
            Some(file) => figment.merge(Toml::file_exact(file)),
            None => figment,
        }
        .merge(mission_environment())
        .merge(given(Env::prefixed(PREFIX), PREFIX).split("__").ignore(&["http__password"]))
        .merge(password())
        .extract()
        .map_err(by_key)
        .context("reading the configuration")?;
        config.check()?;
        Ok(config)
    }

    /// Refuse what reads well but cannot work, or must not happen by accident.
    pub fn check(&self) -> anyhow::Result<()> {
        self.engine.engines()?;
        self.http.check()?;
        self.live.check()?;
        self.catalog.check()?;
        self.fetch.check()?;
        self.log.check()
    }

    /// The folder of the M3U playlists.
    #[must_use]
    pub fn playlists_folder(&self) -> PathBuf {
        self.catalog.folder.clone().map_or_else(|| self.storage_dir.join("playlists"), |folder| folder.0)
    }
}

/// The file to read: the one that was asked for, which must exist, or the default one, which may.
fn existing(file: Option<&Path>) -> anyhow::Result<Option<&Path>> {
    if let Some(file) = file {
        // figment takes a file that is not there for an empty one.
        std::fs::File::open(file).with_context(|| format!("opening the configuration {}", file.display()))?;
        return Ok(Some(file));
    }
    let default = Path::new(DEFAULT_FILE);
    Ok(default.is_file().then_some(default))
}

/// The names that container platforms and existing installations set.
fn mission_environment() -> Env {
    given(Env::raw(), "").only(&["ACESTREAM_BASE_URL", "DATABASE_URL", "STORAGE_DIR", "PORT"]).map(|name| {
        match name.as_str() {
            name if name.eq_ignore_ascii_case("ACESTREAM_BASE_URL") => "engine.base_url".into(),
            name if name.eq_ignore_ascii_case("DATABASE_URL") => "catalog.database_url".into(),
            name if name.eq_ignore_ascii_case("PORT") => "http.port".into(),
            _ => "storage_dir".into(),
        }
    })
}

/// The password as it stands in the environment: figment would read `0123` as a number.
fn password() -> Figment {
    match std::env::var("ACEHLS_HTTP__PASSWORD") {
        Ok(password) if !password.is_empty() => Figment::from(Serialized::default("http.password", password)),
        Ok(_) | Err(_) => Figment::new(),
    }
}

/// Those of the variables of `env`, whose names begin with `prefix`, that are set to something.
fn given(env: Env, prefix: &'static str) -> Env {
    env.filter(move |key| {
        let name = format!("{prefix}{key}");
        let is_it = |other: OsString| other.to_str().is_some_and(|other| other.eq_ignore_ascii_case(&name));
        !std::env::vars_os().any(|(other, value)| value.is_empty() && is_it(other))
    })
}

/// The error with the file's keys as they stand there: figment puts the name of a profile in front, and we have none.
fn by_key(mut error: figment::Error) -> figment::Error {
    error.metadata = error.metadata.map(|about| match about.source {
        Some(figment::Source::File(_)) => about.interpolater(|_, keys| keys.join(".")),
        _ => about,
    });
    error
}

/// `"64MiB"` as `("64", "MiB")`.
fn split_unit(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_holds_every_key_with_its_default() {
        let example = include_str!("../../../config.example.toml");

        let read: Config = toml::from_str(example).unwrap();
        assert_eq!(read, Config::default());

        let written: toml::Table = example.parse().unwrap();
        assert_eq!(written, toml::Table::try_from(Config::default()).unwrap());
    }

    #[test]
    fn the_page_on_configuration_explains_every_key() {
        let page = include_str!("../../../docs/configuration.md");
        let config = toml::Table::try_from(Config::default()).unwrap();
        let keys = config.iter().flat_map(|(name, value)| match value {
            toml::Value::Table(section) => section.keys().map(|key| format!("{name}.{key}")).collect(),
            _ => vec![name.clone()],
        });
        for key in keys {
            assert!(page.contains(&format!("| `{key}` |")), "docs/configuration.md lacks {key}");
        }
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[live]\nidle_timout = \"90s\"\n").unwrap();

        let refused = format!("{:#}", Config::load(Some(file.path())).unwrap_err());

        assert!(refused.contains("unknown field: found `idle_timout`, expected"), "{refused}");
        assert!(refused.contains("for key \"live.idle_timout\""), "{refused}");
    }

    #[test]
    fn a_file_that_was_asked_for_must_exist() {
        let refused = format!("{:#}", Config::load(Some(Path::new("/nowhere.toml"))).unwrap_err());

        assert!(refused.starts_with("opening the configuration /nowhere.toml: "), "{refused}");
    }

    #[test]
    fn the_effective_configuration_hides_the_password() {
        let mut config = Config::default();
        config.http.password = Some("open sesame".parse().unwrap());

        let shown = toml::to_string(&config).unwrap();

        assert!(shown.contains("password = \"***\""), "{shown}");
        assert!(!shown.contains("sesame"), "{shown}");
    }
}
