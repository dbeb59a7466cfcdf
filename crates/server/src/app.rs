//! The program's parts put together: [`App::load`] wires them in order, [`App::run`] drives them until told to stop.

use std::{
    net::SocketAddr,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    catalog::{Catalog, Folder, Store},
    config::Config,
    fetch::Fetcher,
    health::Memory,
    http::{Parts, Server, Services, hdhomerun},
    live::{Engines, Hub, Local, Numbers, Thread},
    logos::Logos,
    ssdp::{Device, Responder},
    storage::Claim,
};

/// How long requests at hand may still take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How long stopping may take in all.
const STOP: Duration = Duration::from_secs(10);

/// The server, ready to run.
#[derive(Debug)]
pub struct App {
    server: Server,
    hub: Hub,
    /// Where the streams run.
    streams: Thread,
    catalog: Catalog,
    memory: Memory,
    /// The engine process that is ours, if any.
    local: Option<Local>,
    /// Answers those who look for tuners, where the server is one.
    responder: Option<Responder>,
    address: SocketAddr,
    /// Held until everything has stopped.
    claim: Claim,
}

impl App {
    /// Put the parts together, from what nothing depends on to what depends on all, and bind the port last:
    /// who can connect finds everything there.
    pub async fn load(config: Config) -> anyhow::Result<Self> {
        config.check()?;
        let storage = &config.storage_dir;
        let claim = Claim::of(storage)?;
        let numbers = Numbers::load(storage)
            .await
            .with_context(|| format!("reading the segment numbers in {}", storage.display()))?;
        let mut engines = config.engine.engines()?.into_iter();
        let first = engines.next().context("engine.base_url: no address")?;
        let command = Some(config.engine.command.clone()).filter(|command| !command.is_empty());
        let local = command.map(|command| Local::new(command, first.clone(), storage));
        let engines = Engines::new(first, engines, config.engine.max_sessions);
        let fetcher = Fetcher::new(&config.fetch);
        let logos = Logos::new(fetcher.clone(), storage.join("logos"));
        let catalog = open_catalog(&config, fetcher).await?;
        // Who waits longer than a stream lives unasked for would see it end for want of viewers.
        let start_timeout = config.live.start_timeout.min(config.live.idle_timeout / 2);
        let streams = Thread::start().context("starting the thread of the streams")?;
        let hub = {
            let _there = streams.enter();
            Hub::new(config.live, engines, numbers)
        };
        let listen = config.http.address();
        let is_found = config.hdhomerun.enabled && config.hdhomerun.ssdp;
        let (memory, checks) = Memory::new(hub.clone(), catalog.clone());
        let memory = memory.scheduled(&config.catalog);
        let services = Services::new(Parts {
            hub: hub.clone(),
            catalog: catalog.clone(),
            checks,
            logos,
            http: config.http,
            hdhomerun: config.hdhomerun,
            start_timeout,
        });
        let server = Server::bind(services).await.with_context(|| format!("binding {listen}"))?;
        let address = server.address().context("the address that was bound")?;
        let responder = if is_found { responder(&catalog, address).await? } else { None };
        Ok(Self { server, hub, streams, catalog, memory, local, responder, address, claim })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serve until `shutdown` is there, then stop in order.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        tracing::info!("listening on http://{}", self.address);
        let stop_local = CancellationToken::new();
        let mut local = pin!(run_local(self.local, stop_local.clone()));
        let stop_responder = CancellationToken::new();
        let mut responder = pin!(run_responder(self.responder, stop_responder.clone()));
        tokio::select! {
            () = self.server.accept() => {}
            () = shutdown => {}
            () = &mut local => {}
            () = self.catalog.keep_fresh() => {}
            () = self.catalog.follow() => {}
            () = self.memory.run() => {}
            () = &mut responder => {}
        }
        tracing::info!("stopping");
        stop_responder.cancel();
        let stop = async {
            // Streams end while connections drain: who waits for a stream is answered by its end.
            tokio::join!(self.hub.shutdown(), self.server.drain(DRAIN));
            self.catalog.close().await;
            // The engine goes last: its sessions are stopped by now.
            stop_local.cancel();
        };
        if timeout(STOP, async { tokio::join!(stop, local, responder) }).await.is_err() {
            tracing::warn!("stopping took more than {STOP:?}; leaving the rest behind");
        }
        drop(self.streams);
        drop(self.claim);
    }
}

/// The catalogue, and the folder of the playlists, which is ours to make if nobody named another.
async fn open_catalog(config: &Config, fetcher: Fetcher) -> anyhow::Result<Catalog> {
    let folder = config.playlists_folder();
    if config.catalog.folder.is_none() {
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    } else {
        warn_of_missing(folder.clone());
    }
    let store = match &config.catalog.database_url {
        Some(url) => Store::at(url.reveal()).await.context("opening the database at catalog.database_url")?,
        None => {
            let storage = &config.storage_dir;
            let opened = Store::in_folder(storage).await;
            opened.with_context(|| format!("opening the database in {}", storage.display()))?
        }
    };
    Catalog::load(store, fetcher, Arc::new(Folder::new(folder))).await.context("reading the catalogue")
}

/// A share that hangs keeps no server from starting.
fn warn_of_missing(folder: PathBuf) {
    tokio::task::spawn_blocking(move || {
        if !folder.exists() {
            tracing::warn!("catalog.folder: {} is not there, so there are no playlists", folder.display());
        }
    });
}

/// Run the engine process, if there is one, until it is told to stop.
async fn run_local(local: Option<Local>, stop: CancellationToken) {
    match local {
        Some(local) => local.run(stop).await,
        None => stop.cancelled().await,
    }
}

/// What answers those who look for tuners; nothing where they could not reach the server anyway, or the port is
/// somebody else's alone.
async fn responder(catalog: &Catalog, listen: SocketAddr) -> anyhow::Result<Option<Responder>> {
    if listen.ip().is_loopback() {
        return Ok(None);
    }
    let id = catalog.device_id().await.context("reading the ID of the tuner")?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // A number of 31 bits (UPnP Device Architecture 1.1, 1.2.2), which lasts until 2038 and then begins anew.
    let boot = u32::try_from(seconds % (1 << 31)).unwrap_or_default();
    match Responder::bind(Device { udn: hdhomerun::udn(&id), listen, boot }) {
        Ok(responder) => Ok(Some(responder)),
        Err(error) => {
            tracing::warn!("nobody finds the tuner by itself (hdhomerun.ssdp): {error}");
            Ok(None)
        }
    }
}

/// Answer those who look for tuners, if anybody does, until told to stop.
async fn run_responder(responder: Option<Responder>, stop: CancellationToken) {
    match responder {
        Some(responder) => responder.run(stop).await,
        None => stop.cancelled().await,
    }
}
