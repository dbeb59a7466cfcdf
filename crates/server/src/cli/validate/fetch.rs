//! Playlists and media from a server or from files, within limits.

use std::{io::SeekFrom, ops::Range, path::Path, time::Duration};

use anyhow::Context as _;
use bytes::Bytes;
use hls::validate::{Finding, Severity};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RANGE},
    redirect::Policy,
};
use tokio::{
    fs,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};

/// How long an answer may take: longer than a server may block, three target durations (RFC 8216bis, 6.2.5.2).
const PATIENCE: Duration = Duration::from_secs(40);
const CONNECT: Duration = Duration::from_secs(5);
const MAX_REDIRECTS: usize = 5;
const MAX_PLAYLIST: usize = 4 << 20;
const MAX_MEDIA: usize = 64 << 20;

/// What a playlist is served as (4).
const TYPES: [&str; 2] = ["application/vnd.apple.mpegurl", "audio/mpegurl"];

/// Asks as whoever the address of the input names, where it names somebody.
#[derive(Debug, Clone)]
pub(super) struct Fetch {
    client: Client,
    /// The input, and what user and password it has.
    input: Url,
}

/// A playlist that came.
#[derive(Debug)]
pub(super) struct Answer {
    /// Where it came from in the end: what is relative in it is relative to this.
    pub(super) url: Url,
    pub(super) text: String,
    /// `Cache-Control`; whether there is any can only be said of what came by HTTP.
    pub(super) cache: Option<String>,
    /// What is wrong with how it came.
    pub(super) findings: Vec<Finding>,
}

/// A segment or part that came.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    pub(super) cache: Option<String>,
}

/// What came: from where in the end, and how.
struct Got {
    url: Url,
    kind: Option<String>,
    cache: Option<String>,
    bytes: Bytes,
}

/// The server said no.
#[derive(Debug, thiserror::Error)]
#[error("the server answers {0}")]
pub(super) struct Refused(pub(super) u16);

/// What the command line names: a URL or a file.
pub(super) fn place(input: &str) -> anyhow::Result<Url> {
    if input.contains("://") {
        // Not with the input: where its parts cannot be told apart, there may be a password in any of them.
        return input.parse().context("the input is no URL");
    }
    let path = Path::new(input).canonicalize().with_context(|| format!("opening {input}"))?;
    Url::from_file_path(path).map_err(|()| anyhow::anyhow!("{input} is no file"))
}

/// What a playlist at `base` names. Only a file may name files.
pub(super) fn join(base: &Url, name: &str) -> anyhow::Result<Url> {
    let url = base.join(name)?;
    anyhow::ensure!(url.scheme() != "file" || base.scheme() == "file", "{url} is a file of this machine");
    Ok(url)
}

impl Fetch {
    /// `input` is where it begins.
    pub(super) fn new(input: Url) -> anyhow::Result<Self> {
        let client = Client::builder().connect_timeout(CONNECT).timeout(PATIENCE);
        let client = client.redirect(Policy::limited(MAX_REDIRECTS)).build().context("making a client")?;
        Ok(Self { client, input })
    }

    /// The playlist at `url`.
    pub(super) async fn playlist(&self, url: &Url) -> anyhow::Result<Answer> {
        let Got { url, kind, cache, bytes } =
            self.get(url, None, MAX_PLAYLIST).await.with_context(|| format!("fetching {url}"))?;
        let mut findings = Vec::new();
        let mut must = |text: String| {
            findings.push(Finding { severity: Severity::Must, clause: "4", line: None, text });
        };
        let kind = kind.unwrap_or_default();
        let is_named = [".m3u8", ".m3u"].iter().any(|ending| url.path().ends_with(ending));
        if !is_named && !TYPES.iter().any(|known| kind.to_ascii_lowercase().starts_with(known)) {
            must(format!("neither its path nor its type ({}) is that of a playlist", kind.escape_debug()));
        }
        let text = match String::from_utf8(bytes.into()) {
            Ok(text) => text,
            Err(error) => {
                must(format!("it is not UTF-8: {}", error.utf8_error()));
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
        };
        Ok(Answer { url, text, cache, findings })
    }

    /// A segment or part.
    pub(super) async fn media(&self, url: &Url) -> anyhow::Result<Piece> {
        let Got { bytes, cache, .. } = self.get(url, None, MAX_MEDIA).await?;
        Ok(Piece { bytes, cache })
    }

    /// A segment or part that is these bytes of what is at `url`.
    pub(super) async fn range(&self, url: &Url, range: &Range<u64>) -> anyhow::Result<Piece> {
        let length = range.end - range.start;
        anyhow::ensure!(length <= MAX_MEDIA as u64, "it has more than {MAX_MEDIA} bytes");
        let Got { bytes, cache, .. } = self.get(url, Some(range), MAX_MEDIA).await?;
        let came = bytes.len();
        anyhow::ensure!(came as u64 == length, "{came} bytes came of {length} from {} on", range.start);
        Ok(Piece { bytes, cache })
    }

    async fn get(&self, url: &Url, range: Option<&Range<u64>>, limit: usize) -> anyhow::Result<Got> {
        if url.scheme() == "file" {
            let path = url.to_file_path().map_err(|()| anyhow::anyhow!("{url} is no file"))?;
            let bytes = file(&path, range, limit).await?;
            return Ok(Got { url: url.clone(), kind: None, cache: None, bytes });
        }
        anyhow::ensure!(url.scheme() == "http", "only http:// URLs can be read, not {}://", url.scheme());
        let mut request = self.client.get(self.with_password(url));
        if let Some(range) = range {
            request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        }
        let response = request.send().await?;
        if !response.status().is_success() {
            return Err(Refused(response.status().as_u16()).into());
        }
        let is_piece = response.status() == StatusCode::PARTIAL_CONTENT;
        anyhow::ensure!(range.is_none() || is_piece, "the server answers with the whole, not the range");
        let (kind, cache) = (header(&response, &CONTENT_TYPE), header(&response, &CACHE_CONTROL));
        Ok(Got { url: response.url().clone(), kind, cache, bytes: body(response, limit).await? })
    }

    /// `url` with the user and the password of the input where it is of the same origin. What came from elsewhere,
    /// and what has its own, stays as it is.
    fn with_password(&self, url: &Url) -> Url {
        let mut url = url.clone();
        let has_own = !url.username().is_empty() || url.password().is_some();
        if !has_own && url.origin() == self.input.origin() {
            // Only what has no host takes none, and that has no origin either.
            let _ = url.set_username(self.input.username());
            let _ = url.set_password(self.input.password());
        }
        url
    }
}

async fn file(path: &Path, range: Option<&Range<u64>>, limit: usize) -> anyhow::Result<Bytes> {
    // Before it is opened: to open a pipe is to wait for who writes into it.
    anyhow::ensure!(fs::metadata(path).await?.is_file(), "it is no regular file");
    let (mut file, mut bytes) = (fs::File::open(path).await?, Vec::new());
    // The length of a file that grows, or is made as it is read, says nothing.
    let mut most = limit as u64 + 1;
    if let Some(range) = range {
        file.seek(SeekFrom::Start(range.start)).await?;
        most = most.min(range.end - range.start);
    }
    file.take(most).read_to_end(&mut bytes).await?;
    anyhow::ensure!(bytes.len() <= limit, "it has more than {limit} bytes");
    Ok(bytes.into())
}

fn header(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn body(mut response: Response, limit: usize) -> anyhow::Result<Bytes> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await? {
        anyhow::ensure!(bytes.len() + piece.len() <= limit, "it has more than {limit} bytes");
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}
