//! Logos of channels: fetched once, made small, and kept on disk. One that is missing is not asked for again for a day.
//!
//! What comes from strangers is decoded within limits of size and memory, and given out as PNG. A drawing (SVG) is kept as
//! it is; the HTTP layer sees to it that nothing in it runs.

mod disk;
mod hosts;
mod picture;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::fetch::{self, Address, Fetcher, Reply, Request};
use disk::{Disk, Found};
use hosts::Hosts;

/// The largest picture that is fetched, in bytes.
const FETCHED_MAX: usize = 4 << 20;

/// So many are fetched at once, and so many decoded: each takes memory.
const FETCHING: usize = 8;
const DECODING: usize = 1;

/// How long one may take: a list has thousands of them, and no viewer waits longer.
const LIMIT: Duration = Duration::from_secs(15);

/// So long one that is not there, or is no picture, is not asked for again; and one whose server did not answer.
const GONE: Duration = Duration::from_secs(24 * 3600);
const AWAY: Duration = Duration::from_secs(600);

/// How wide and high a logo is at most, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Width(u32);

impl Width {
    /// What is kept of each: all others are made of it.
    const LARGEST: Self = Self(512);

    /// How many pixels that is.
    #[must_use]
    pub const fn pixels(self) -> u32 {
        self.0
    }

    /// The smallest that is not less than `pixels`: there are few, so that few are kept.
    #[must_use]
    pub fn at_least(pixels: u32) -> Self {
        Self([64, 128, 256].into_iter().find(|width| *width >= pixels).unwrap_or(Self::LARGEST.0))
    }
}

/// A logo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// The file.
    pub bytes: Bytes,
    /// What it is.
    pub kind: Kind,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A picture of ours.
    Png,
    /// A drawing of somebody else's.
    Svg,
}

/// Why there is no logo.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was not there a while ago.
    #[error("the logo was not there a while ago")]
    Missing,
    /// Its host did not answer a while ago.
    #[error("its host did not answer a while ago")]
    Away,
    /// It takes too long.
    #[error("it takes more than {} s", LIMIT.as_secs())]
    Slow,
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// It is no picture that is known, or too large a one.
    #[error("this is no picture: {0}")]
    NoPicture(String),
    /// The disk says no.
    #[error("keeping a logo: {0}")]
    Disk(#[from] std::io::Error),
    /// A bug.
    #[error("the work broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Fetches logos and keeps them.
#[derive(Debug, Clone)]
pub struct Logos(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fetcher: Fetcher,
    disk: Disk,
    hosts: Hosts,
    fetching: Semaphore,
    decoding: Arc<Semaphore>,
    /// Those that are being fetched: who wants one of them waits.
    turns: Turns,
}

type Turns = Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>;

/// A place among those who want the same logo; the last who leaves, done or not, takes the queue away.
struct Turn<'a> {
    turns: &'a Turns,
    key: Key,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // The map's and ours: it is only ever cloned while the map is locked.
        if Arc::strong_count(&self.lock) == 2 {
            turns.remove(&self.key);
        }
    }
}

/// What a logo is kept under: a hash of its address.
type Key = [u8; 16];

fn key(address: &str) -> Key {
    *Sha256::digest(address).first_chunk().expect("a digest has 32 bytes")
}

/// A short mark of an address, which changes with it.
#[must_use]
pub fn mark(address: &str) -> String {
    key(address).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl Logos {
    /// Keeps logos in `folder`, which is made when the first is kept.
    #[must_use]
    pub fn new(fetcher: Fetcher, folder: PathBuf) -> Self {
        Self(Arc::new(Inner {
            fetcher,
            disk: Disk::new(folder),
            hosts: Hosts::default(),
            fetching: Semaphore::new(FETCHING),
            decoding: Arc::new(Semaphore::new(DECODING)),
            turns: Mutex::default(),
        }))
    }

    /// The logo at `address`.
    ///
    /// # Errors
    /// It cannot be had, now or a while ago.
    pub async fn get(&self, address: &str, width: Width) -> Result<Logo, Error> {
        let key = key(address);
        if let Some(found) = self.kept(key, width).await? {
            return found;
        }
        let turn = self.turn(key);
        let _mine = turn.lock.lock().await;
        // Who had the turn before may have fetched it.
        match self.kept(key, width).await? {
            Some(found) => found,
            None => self.fetch(address, key, width).await,
        }
    }

    fn turn(&self, key: Key) -> Turn<'_> {
        let mut turns = self.0.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = Arc::clone(turns.entry(key).or_default());
        Turn { turns: &self.0.turns, key, lock }
    }

    /// What is on disk, or made of what is there.
    async fn kept(&self, key: Key, width: Width) -> Result<Option<Result<Logo, Error>>, Error> {
        let this = self.clone();
        let found = tokio::task::spawn_blocking(move || this.0.disk.find(key, width)).await?;
        match found {
            Found::Nothing => Ok(None),
            Found::Missing => Ok(Some(Err(Error::Missing))),
            Found::Logo(logo) => Ok(Some(Ok(logo))),
            Found::Larger(png) => Ok(Some(self.smaller(key, png, width).await)),
        }
    }

    async fn smaller(&self, key: Key, png: Bytes, width: Width) -> Result<Logo, Error> {
        let this = self.clone();
        self.decode(move || {
            let logo = picture::small(&png, width)?;
            this.0.disk.keep(key, width, &logo)?;
            Ok(logo)
        })
        .await
    }

    /// Do what decodes a picture when it has a place. It keeps that until it is done, whoever waits for it: there are
    /// never more at it than may.
    async fn decode(
        &self,
        work: impl FnOnce() -> Result<Logo, Error> + Send + 'static,
    ) -> Result<Logo, Error> {
        let place = Arc::clone(&self.0.decoding).acquire_owned().await;
        let work = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await?
    }

    async fn fetch(&self, address: &str, key: Key, width: Width) -> Result<Logo, Error> {
        let made = match self.file(address).await {
            Ok(bytes) => self.smaller(key, bytes, Width::LARGEST).await,
            Err(error) => Err(error),
        };
        let made = match made {
            Ok(largest) if width < Width::LARGEST && largest.kind == Kind::Png => {
                self.smaller(key, largest.bytes, width).await
            }
            made => made,
        };
        if let Some(long) = made.as_ref().err().and_then(forget_after) {
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.0.disk.miss(key, long)).await??;
        }
        made
    }

    /// What is at `address`. A host that does not answer costs that time once, and leaves the places to others.
    async fn file(&self, address: &str) -> Result<Bytes, Error> {
        let mut request = Request::new(address.parse::<Address>()?);
        request.max_bytes = Some(FETCHED_MAX);
        let host = self.0.hosts.host(&request.address.origin());
        let _turn = host.turn().await.ok_or(Error::Away)?;
        let _place = self.0.fetching.acquire().await;
        let work = async {
            match self.0.fetcher.get(request).await? {
                Reply::Body(body) => Ok(Bytes::from(body.whole().await?)),
                Reply::NotModified => Err(Error::Missing),
            }
        };
        let file = tokio::time::timeout(LIMIT, work).await.unwrap_or(Err(Error::Slow));
        if file.as_ref().is_err_and(is_away) {
            host.did_not_answer();
        }
        file
    }
}

/// Whether this says more of the host than of the file.
fn is_away(error: &Error) -> bool {
    use fetch::Error as E;
    matches!(error, Error::Slow | Error::Fetch(E::NoHost { .. } | E::Unreachable { .. } | E::Silent(_)))
}

/// How long it is not asked for again; nothing where it was not asked for.
fn forget_after(error: &Error) -> Option<Duration> {
    use fetch::Error as E;
    match error {
        Error::Away => None,
        Error::NoPicture(_)
        | Error::Fetch(
            E::Status { status: 400..=428 | 430..=499, .. } | E::TooLarge(_) | E::Address(_) | E::Scheme(_),
        ) => Some(GONE),
        _ => Some(AWAY),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::{Router, http::StatusCode, response::IntoResponse as _, routing::get};

    use super::*;

    /// A server on loopback with a picture, a drawing, a text and nothing; how often it was asked.
    async fn site() -> (String, Arc<AtomicUsize>, fetch::tests::Site) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let mut png = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgba8(600, 300).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let png = png.into_inner();
        let answer = move |axum::extract::Path(name): axum::extract::Path<String>| {
            counted.fetch_add(1, Ordering::Relaxed);
            let png = png.clone();
            async move {
                match name.as_str() {
                    "picture" => png.into_response(),
                    "drawing" => {
                        "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>".into_response()
                    }
                    "text" => "hello".into_response(),
                    _ => StatusCode::NOT_FOUND.into_response(),
                }
            }
        };
        let site = fetch::tests::site(Router::new().route("/{name}", get(answer))).await;
        (site.base.clone(), asked, site)
    }

    fn logos(folder: &tempfile::TempDir) -> Logos {
        Logos::new(fetch::tests::allowing(&["127.0.0.1"]), folder.path().join("logos"))
    }

    fn size(logo: &Logo) -> (u32, u32) {
        let picture = image::load_from_memory(&logo.bytes).unwrap();
        (picture.width(), picture.height())
    }

    #[tokio::test]
    async fn a_logo_is_fetched_once_and_made_as_small_as_it_is_wanted() {
        let (base, asked, _running) = site().await;
        let folder = tempfile::tempdir().unwrap();
        let address = format!("{base}/picture");

        let small = logos(&folder).get(&address, Width::at_least(100)).await.unwrap();
        let smaller = logos(&folder).get(&address, Width::at_least(20)).await.unwrap();
        let large = logos(&folder).get(&address, Width::at_least(1000)).await.unwrap();

        assert_eq!((size(&small), size(&smaller), size(&large)), ((128, 64), (64, 32), (512, 256)));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn all_who_ask_first_have_it_fetched_once() {
        let (base, asked, _running) = site().await;
        let folder = tempfile::tempdir().unwrap();
        let (logos, address) = (logos(&folder), format!("{base}/picture"));

        let all = (0..20).map(|_| logos.get(&address, Width::at_least(64)));
        for logo in futures(all).await {
            assert_eq!(size(&logo.unwrap()), (64, 32));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }

    /// The answers of all, asked at once.
    async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
        let mut waiting: Vec<_> = all.map(Box::pin).collect();
        let mut done = Vec::new();
        std::future::poll_fn(|cx| {
            waiting.retain_mut(|it| match it.as_mut().poll(cx) {
                std::task::Poll::Ready(answer) => {
                    done.push(answer);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        done
    }

    #[tokio::test]
    async fn one_that_is_missing_is_not_asked_for_twice() {
        let (base, asked, _running) = site().await;
        let folder = tempfile::tempdir().unwrap();
        for name in ["nothing", "text"] {
            let address = format!("{base}/{name}");
            let first = logos(&folder).get(&address, Width::at_least(64)).await;
            assert!(matches!(first, Err(Error::Fetch(_) | Error::NoPicture(_))), "{first:?}");
            let again = logos(&folder).get(&address, Width::at_least(128)).await;
            assert!(matches!(again, Err(Error::Missing)), "{again:?}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn decoding_that_nobody_waits_for_any_more_keeps_its_place_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);
        let (done, until_done) = std::sync::mpsc::channel::<()>();
        let work = move || {
            let _ = until_done.recv();
            Err(Error::Missing)
        };

        let mut waiting = Box::pin(logos.decode(work));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        drop(waiting);

        assert_eq!(logos.0.decoding.available_permits(), 0);
        drop(done);
        assert!(logos.0.decoding.acquire().await.is_ok());
    }

    #[tokio::test]
    async fn a_drawing_is_kept_as_it_is() {
        let (base, _, _running) = site().await;
        let folder = tempfile::tempdir().unwrap();
        let logo = logos(&folder).get(&format!("{base}/drawing"), Width::at_least(64)).await.unwrap();

        assert_eq!(logo.kind, Kind::Svg);
        assert!(logo.bytes.starts_with(b"<?xml"));
    }

    #[tokio::test]
    async fn a_host_that_does_not_answer_is_asked_for_none_of_its_logos_for_a_while() {
        let (base, asked, _running) = site().await;
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);
        let address = |name: &str| format!("{base}/{name}");
        assert!(logos.get(&address("picture"), Width::at_least(64)).await.is_ok());

        logos.0.hosts.host(&base).did_not_answer();
        let refused = logos.get(&address("drawing"), Width::at_least(64)).await;

        assert!(matches!(refused, Err(Error::Away)), "{refused:?}");
        // What is here needs no host, and what was not asked for is not missing.
        assert!(logos.get(&address("picture"), Width::at_least(128)).await.is_ok());
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        tokio::time::pause();
        tokio::time::advance(hosts::AWAY).await;
        tokio::time::resume();
        assert!(logos.get(&address("drawing"), Width::at_least(64)).await.is_ok());
    }

    #[tokio::test]
    async fn a_logo_that_takes_too_long_is_given_up_and_so_is_its_host() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);

        tokio::time::pause();
        let slow = logos.get(&format!("{base}/1"), Width::at_least(64)).await;
        let next = logos.get(&format!("{base}/2"), Width::at_least(64)).await;
        let again = logos.get(&format!("{base}/1"), Width::at_least(64)).await;

        assert!(matches!(slow, Err(Error::Slow)), "{slow:?}");
        assert!(matches!(next, Err(Error::Away)), "{next:?}");
        assert!(matches!(again, Err(Error::Missing)), "{again:?}");
    }

    #[tokio::test]
    async fn nothing_is_left_of_those_who_went_before_their_logo_came() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/logo", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);

        let all = (0..3).map(|_| logos.get(&address, Width::at_least(64)));
        let waiting = async {
            listener.accept().await.unwrap();
            logos.0.turns.lock().unwrap().len()
        };
        let waiting = tokio::select! {
            _ = futures(all) => panic!("nobody answers"),
            waiting = waiting => waiting,
        };

        assert_eq!(waiting, 1);
        assert!(logos.0.turns.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_private_host_is_not_asked() {
        let (base, asked, _running) = site().await;
        let folder = tempfile::tempdir().unwrap();
        let logos = Logos::new(Fetcher::new(&fetch::Config::default()), folder.path().join("logos"));

        let refused = logos.get(&format!("{base}/picture"), Width::at_least(64)).await;
        assert!(matches!(refused, Err(Error::Fetch(fetch::Error::Private { .. }))), "{refused:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }
}
