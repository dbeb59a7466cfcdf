//! What is packaged: a file, standard input or a URL, as large pieces.

use std::{
    fs::File,
    io::{self, Stdin},
    os::fd::AsFd,
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use reqwest::{Client, Response, Url};
use rustix::{buffer::spare_capacity, io::retry_on_intr};
use tokio::runtime::Runtime;

use crate::cli::signals::Signals;

/// Large enough that system calls cost nothing beside the work, small enough for the cache.
const PIECE: usize = 697 * 188;

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// An input that is open.
pub(super) struct Input {
    name: String,
    source: Source,
    length: Option<u64>,
    received: u64,
}

enum Source {
    File(File),
    Stdin(Stdin),
    Http(Box<Http>),
}

struct Http {
    runtime: Runtime,
    response: Response,
    /// Ends a source whose length nobody knows: it is live, and there is no end to wait for.
    stop: Option<Signals>,
}

impl Input {
    pub(super) fn open(name: &str) -> anyhow::Result<Self> {
        let (source, length) = match name {
            "-" => (Source::Stdin(io::stdin()), None),
            url if url.contains("://") => {
                // Not with the input: where its parts cannot be told apart, there may be a password in any of them.
                let parsed = url.parse().context("the input is no URL")?;
                request(parsed).with_context(|| format!("opening {url}"))?
            }
            path => open(path).with_context(|| format!("opening {path}"))?,
        };
        Ok(Self { name: name.to_owned(), source, length, received: 0 })
    }

    /// How many bytes will come, where that is known.
    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// How many bytes came.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The next piece, or `None` at the end. An input that breaks off is an error, not an end.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        let Self { name, source, received, .. } = self;
        let piece = match source {
            Source::File(file) => read(file).map_err(anyhow::Error::from),
            Source::Stdin(stdin) => read(stdin).map_err(anyhow::Error::from),
            Source::Http(http) => http.next(),
        };
        let piece = piece.with_context(|| format!("reading {name}"))?;
        *received += piece.len() as u64;
        Ok((!piece.is_empty()).then_some(piece))
    }
}

fn open(path: &str) -> anyhow::Result<(Source, Option<u64>)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    anyhow::ensure!(!metadata.is_dir(), "it is a folder, not a transport stream");
    let length = metadata.is_file().then_some(metadata.len());
    Ok((Source::File(file), length))
}

/// The next bytes, in a block of their own, which the segments are then made of.
fn read(input: impl AsFd) -> io::Result<Bytes> {
    let mut block = Vec::with_capacity(PIECE);
    retry_on_intr(|| rustix::io::read(&input, spare_capacity(&mut block)))?;
    Ok(block.into())
}

fn request(url: Url) -> anyhow::Result<(Source, Option<u64>)> {
    anyhow::ensure!(url.scheme() == "http", "only http:// URLs can be read, not {}://", url.scheme());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client::builder().connect_timeout(PATIENCE).read_timeout(PATIENCE).build()?;
    // Within the runtime from the first call on: the request's time limits ask for its clock.
    let response = runtime.block_on(async { client.get(url).send().await })?.error_for_status()?;
    let length = response.content_length();
    let stop = match length {
        Some(_) => None,
        None => Some(runtime.block_on(async { Signals::listen() })?),
    };
    Ok((Source::Http(Box::new(Http { runtime, response, stop })), length))
}

impl Http {
    /// The next piece; an empty one at the end, or when told to stop.
    fn next(&mut self) -> anyhow::Result<Bytes> {
        let Self { runtime, response, stop } = self;
        let stopped = async {
            match stop {
                Some(signals) => signals.next().await,
                None => std::future::pending().await,
            }
        };
        runtime.block_on(async {
            tokio::select! {
                piece = piece(response) => piece,
                () = stopped => Ok(Bytes::new()),
            }
        })
    }
}

/// The next bytes of a body; none at its end.
async fn piece(response: &mut Response) -> anyhow::Result<Bytes> {
    loop {
        match response.chunk().await? {
            Some(piece) if piece.is_empty() => {}
            piece => return Ok(piece.unwrap_or_default()),
        }
    }
}
