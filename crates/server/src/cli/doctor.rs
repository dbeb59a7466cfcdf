//! `acehls doctor`: whether everything is there that the server needs, and what to do.

use std::{fmt, io, path::Path, process::ExitCode, time::Duration};

use acestream::{Engine, Error, Url};
use tokio::{process::Command, time::timeout};

use super::{output::say, port::try_port};
use crate::{catalog::Folder, config::Config, descriptors};

/// How long any one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a look at one thing found.
#[derive(Debug)]
enum Finding {
    /// As it should be.
    Fine(String),
    /// Works, but somebody may want to know.
    Note(String),
    /// Does not work, and what to do.
    Wrong(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine(text) => write!(f, "  ok     {text}"),
            Self::Note(text) => write!(f, "  note   {text}"),
            Self::Wrong(text) => write!(f, "  WRONG  {text}"),
        }
    }
}

/// Look at everything; the exit code is 1 when something is wrong.
pub(super) async fn run(config: anyhow::Result<Config>) -> ExitCode {
    let findings = match config {
        Ok(config) => examine(&config).await,
        Err(error) => vec![Finding::Wrong(format!("configuration: {error:#}"))],
    };
    for finding in &findings {
        say(&finding.to_string());
    }
    if findings.iter().any(|finding| matches!(finding, Finding::Wrong(_))) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        Finding::Fine("configuration: read (acehls --check prints it)".to_owned()),
        listening(config).await,
        storage(&config.storage_dir),
        playlists(config),
        open_files(config),
    ];
    for base in config.engine.base_url.iter() {
        findings.push(engine(base).await);
    }
    findings.push(ffmpeg().await);
    findings
}

async fn listening(config: &Config) -> Finding {
    let address = config.http.address();
    match try_port(address) {
        Ok(()) => Finding::Fine(format!("port: {address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => match who_listens(config).await {
            Some(true) => Finding::Fine(format!("port: acehls runs on {address} already")),
            _ => Finding::Wrong(format!(
                "port: another program has {address}. Stop it, or set http.port (PORT) to another one."
            )),
        },
        Err(error) => Finding::Wrong(format!(
            "port: cannot listen on {address}: {error}. Set http.listen to an address of this machine and http.port \
             to a port above 1023."
        )),
    }
}

/// Whether it is acehls that has our port.
async fn who_listens(config: &Config) -> Option<bool> {
    let mut address = config.http.address();
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().ok()?;
    let answer = client.get(format!("http://{address}/health")).send().await.ok()?;
    let health: serde_json::Value = answer.json().await.ok()?;
    Some(health.get("service")?.as_str()? == "acestream-hls-proxy")
}

fn storage(folder: &Path) -> Finding {
    let shown = folder.display();
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| tempfile::NamedTempFile::new_in(folder))
        .and_then(|mut file| io::Write::write_all(&mut file, b"acehls"));
    match written {
        Ok(()) => Finding::Fine(format!("storage: {shown} can be written")),
        Err(error) => Finding::Wrong(format!(
            "storage: {shown} cannot be written: {error}. Give the folder to the user acehls runs as, or set \
             storage_dir (STORAGE_DIR)."
        )),
    }
}

fn playlists(config: &Config) -> Finding {
    let folder = config.playlists_folder();
    let shown = folder.display();
    if config.catalog.folder.is_some() && !folder.exists() {
        return Finding::Note(format!("catalog.folder: {shown} is not there. Make it, or name another one."));
    }
    match Folder::new(folder.clone()).names() {
        Ok(names) if names.is_empty() => {
            Finding::Note(format!("playlists: none yet. Put .m3u files into {shown} to see their channels."))
        }
        Ok(names) => Finding::Fine(format!("playlists: {} in {shown}", names.len())),
        Err(error) => {
            Finding::Wrong(format!("playlists: {error}. Let the user acehls runs as read the folder."))
        }
    }
}

fn open_files(config: &Config) -> Finding {
    let (attainable, needed) = (descriptors::attainable(), descriptors::needed(config));
    if attainable >= needed {
        return Finding::Fine(format!("open files: {attainable} at most, enough for a full server"));
    }
    Finding::Note(format!(
        "open files: {attainable} at most, and a full server has {needed}. Allow more (ulimit -n {needed}; LimitNOFILE= \
         in a systemd unit), or lower http.max_connections."
    ))
}

async fn engine(base: &Url) -> Finding {
    let asked = async { Engine::new(base.clone())?.version().await };
    match timeout(PATIENCE, asked).await {
        Ok(Ok(version)) => Finding::Fine(format!("engine: {base} answers, version {}", version.version)),
        // Who refuses to say a version is there.
        Ok(Err(Error::Refused(message))) => {
            Finding::Note(format!("engine: {base} answers, and refuses to say its version: {message}"))
        }
        Ok(Err(error)) => Finding::Wrong(format!(
            "engine: {base}: {error}. Start the AceStream engine, or set ACESTREAM_BASE_URL to where it runs."
        )),
        Err(_) => Finding::Wrong(format!(
            "engine: {base} takes the connection and does not answer. Restart the AceStream engine."
        )),
    }
}

async fn ffmpeg() -> Finding {
    let asked = Command::new("ffmpeg").arg("-version").kill_on_drop(true).output();
    match timeout(PATIENCE, asked).await {
        Ok(Ok(output)) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            Finding::Fine(format!("FFmpeg: {}", text.lines().next().unwrap_or_default()))
        }
        _ => Finding::Note(
            "FFmpeg: not found. Channels pass through without it; tests and benchmarks need it (apt install ffmpeg)."
                .to_owned(),
        ),
    }
}
