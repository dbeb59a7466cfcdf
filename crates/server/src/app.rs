//! The program's parts put together: [`App::load`] wires them in order, [`App::run`] drives them until told to stop.

use std::{net::SocketAddr, path::PathBuf, pin::pin, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    catalog::{Catalog, Folder, Store},
    config::Config,
    fetch::Fetcher,
    health::Memory,
    http::{Parts, Server, Services},
    live::{Engines, Hub, Local, Numbers},
    logos::Logos,
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
    catalog: Catalog,
    memory: Memory,
    /// The engine process that is ours, if any.
    local: Option<Local>,
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
        let hub = Hub::new(config.live, engines, numbers);
        let listen = config.http.address();
        let (memory, checks) = Memory::new(hub.clone(), catalog.clone());
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
        Ok(Self { server, hub, catalog, memory, local, address, claim })
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
        tokio::select! {
            () = self.server.accept() => {}
            () = shutdown => {}
            () = &mut local => {}
            () = self.catalog.keep_fresh() => {}
            () = self.memory.run() => {}
        }
        tracing::info!("stopping");
        let stop = async {
            // Streams end while connections drain: who waits for a stream is answered by its end.
            tokio::join!(self.hub.shutdown(), self.server.drain(DRAIN));
            self.catalog.close().await;
            // The engine goes last: its sessions are stopped by now.
            stop_local.cancel();
        };
        if timeout(STOP, async { tokio::join!(stop, local) }).await.is_err() {
            tracing::warn!("stopping took more than {STOP:?}; leaving the rest behind");
        }
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
