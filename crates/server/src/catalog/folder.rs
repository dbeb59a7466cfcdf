//! A folder of M3U files. All but waiting for a place or a turn blocks: call it on the blocking pool.

use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use iptv::M3u;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Name, kept::Kept};

/// The largest playlist that is read.
pub const MAX_BYTES: u64 = 64 << 20;

/// How many bytes of what was written of playlists are kept.
const ROOM: usize = 128 << 20;

/// As many look at the disk at once.
const PLACES: usize = 16;

/// The extensions of playlists, in the order they are looked for.
const EXTENSIONS: [&str; 4] = ["m3u", "m3u8", "M3U", "M3U8"];

/// Why a playlist cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such file.
    #[error("there is no playlist {0:?}: the folder of the playlists holds no such .m3u or .m3u8 file")]
    NotFound(String),
    /// The file is larger than [`MAX_BYTES`].
    #[error("the playlist {name:?} has {bytes} bytes; up to {MAX_BYTES} are read")]
    TooLarge {
        /// Which playlist.
        name: String,
        /// How large it is, as far as known.
        bytes: u64,
    },
    /// The operating system says no.
    #[error("reading {path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// The folder, and what was written of its playlists.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    kept: Mutex<Kept>,
    /// Files that are not read for another of the same name, as far as the log has them.
    shadowed: Mutex<BTreeSet<PathBuf>>,
    /// A large playlist takes hundreds of megabytes while it is read: one at a time.
    turn: Arc<Semaphore>,
    /// A disk that hangs holds so many threads up and no more.
    places: Arc<Semaphore>,
}

/// A playlist in the folder: its file and a mark of its state, as far as it can be opened.
pub type InFolder = (Name, Option<(PathBuf, String)>);

/// A file is taken for unchanged while these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) path: PathBuf,
    pub(super) modified: Option<SystemTime>,
    pub(super) bytes: u64,
}

impl Version {
    fn mark(&self) -> String {
        let since = self.modified.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        format!("{} {}", self.bytes, since.unwrap_or_default().as_nanos())
    }
}

impl Folder {
    /// The playlists in `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let (kept, turn) = (Mutex::new(Kept::new(ROOM)), Arc::new(Semaphore::new(1)));
        Self { path, kept, shadowed: Mutex::default(), turn, places: Arc::new(Semaphore::new(PLACES)) }
    }

    /// The names of the playlists, sorted. A folder that is not there holds none.
    ///
    /// Where two files have one name, the log tells which is not read, once.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        let (names, shadowed) = self.look()?;
        for path in shadowed {
            let path = path.display();
            tracing::warn!("{path} is not read: another playlist has the same name without the extension");
        }
        Ok(names)
    }

    /// The names, and the files that are newly seen to be behind another of the same name.
    fn look(&self) -> Result<(Vec<Name>, Vec<PathBuf>), Error> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            Err(source) => return Err(Error::Io { path: self.path.clone(), source }),
        };
        let mut files: Vec<(Name, usize, PathBuf)> =
            entries.filter_map(Result::ok).filter_map(|entry| self.playlist(entry.path())).collect();
        files.sort_unstable();
        let seconds = files.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].2.clone());
        let seconds: BTreeSet<PathBuf> = seconds.collect();
        let mut known = self.shadowed.lock().unwrap_or_else(PoisonError::into_inner);
        let new = seconds.difference(&known).cloned().collect();
        *known = seconds;
        let mut names: Vec<Name> = files.into_iter().map(|(name, ..)| name).collect();
        names.dedup();
        Ok((names, new))
    }

    /// The playlist's name and the place of its extension among [`EXTENSIONS`], if `path` is one.
    fn playlist(&self, path: PathBuf) -> Option<(Name, usize, PathBuf)> {
        let extension = path.extension()?.to_str()?;
        let place = EXTENSIONS.iter().position(|it| *it == extension)?;
        let name = path.file_stem()?.to_str()?.parse().ok()?;
        self.holds(&path).then_some((name, place, path))
    }

    /// Whether `path` is a file, and no link that leads out of the folder.
    fn holds(&self, path: &Path) -> bool {
        let within = || Some(fs::canonicalize(path).ok()?.starts_with(fs::canonicalize(&self.path).ok()?));
        path.is_file() && (!path.is_symlink() || within().unwrap_or(false))
    }

    /// The playlists by name, each with its file and a mark that changes when the file does, as far as it can be opened;
    /// nothing if the folder is not there.
    pub fn files(&self) -> Result<Option<Vec<InFolder>>, Error> {
        if !self.path.is_dir() {
            return Ok(None);
        }
        let file = |name: Name| {
            let opened = self.open(&name).ok();
            let file = opened.map(|(_, version)| (version.path.clone(), version.mark()));
            (name, file)
        };
        Ok(Some(self.names()?.into_iter().map(file).collect()))
    }

    /// What was written of the playlist `name` earlier, if its file did not change since.
    pub fn at_hand(&self, name: &Name) -> Result<Option<Bytes>, Error> {
        let (_, version) = self.open(name)?;
        Ok(self.kept(|kept| kept.find(name, &version)))
    }

    /// Wait for a place to do any of this. To be kept until it is done.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Wait for the turn to [`Folder::read`]. It is over when the answer is dropped.
    pub async fn turn(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.turn).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// What `write` makes of the playlist `name`, told whether that comes without reading the file again. What it
    /// makes for this case is kept.
    pub fn read<E: From<Error>>(
        &self,
        name: &Name,
        _turn: &OwnedSemaphorePermit,
        write: impl Fn(&M3u, bool) -> Result<Vec<u8>, E>,
    ) -> Result<Bytes, E> {
        let (file, version) = self.open(name)?;
        // Who had the turn before may have read it.
        if let Some(text) = self.kept(|kept| kept.find(name, &version)) {
            return Ok(text);
        }
        let playlist = iptv::parse_m3u(bytes_of(file, name, &version)?);
        // Without the room that the vector has to spare.
        let text = Bytes::from(write(&playlist, true)?.into_boxed_slice());
        self.kept(|kept| kept.keep(name.clone(), version, text));
        Ok(write(&playlist, false)?.into())
    }

    /// The playlist `name`, read from its file.
    pub fn parse(&self, name: &Name, _turn: &OwnedSemaphorePermit) -> Result<M3u, Error> {
        let (file, version) = self.open(name)?;
        Ok(iptv::parse_m3u(bytes_of(file, name, &version)?))
    }

    fn open(&self, name: &Name) -> Result<(File, Version), Error> {
        for extension in EXTENSIONS {
            let path = self.path.join(format!("{}.{extension}", name.as_str()));
            // Looked at before it is opened: opening a pipe waits for who writes to it.
            if !self.holds(&path) {
                continue;
            }
            match File::open(&path).and_then(|file| Ok((file.metadata()?, file))) {
                Ok((metadata, file)) => return Ok((file, version(path, &metadata))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(Error::Io { path, source }),
            }
        }
        self.kept(|kept| kept.forget(name));
        Err(Error::NotFound(name.as_str().to_owned()))
    }

    /// Look at or change what is kept; for a few lines.
    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn version(path: PathBuf, metadata: &Metadata) -> Version {
    Version { path, modified: metadata.modified().ok(), bytes: metadata.len() }
}

/// All of `file`.
fn bytes_of(file: File, name: &Name, version: &Version) -> Result<Vec<u8>, Error> {
    let too_large = || Error::TooLarge { name: name.as_str().to_owned(), bytes: version.bytes };
    if version.bytes > MAX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(version.bytes).unwrap_or(0));
    // One byte more than allowed tells a file that grew meanwhile.
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::Io { path: version.path.clone(), source })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(place.path().join(name), text).unwrap();
        }
        let folder = Folder::new(place.path().to_owned());
        (place, folder)
    }

    /// The names of the channels, and whether they came without reading the file again.
    async fn channels(folder: &Folder, name: &str) -> Result<String, Error> {
        let write = |playlist: &M3u, cached: bool| {
            let names: Vec<_> = playlist.entries.iter().map(|entry| &*entry.name).collect();
            Ok::<_, Error>(format!("{} {cached}", names.join(",")).into_bytes())
        };
        let text = folder.read(&name.parse().unwrap(), &folder.turn().await, write)?;
        Ok(String::from_utf8(text.to_vec()).unwrap())
    }

    const NEWS: &[u8] = b"#EXTM3U\n#EXTINF:-1,News\nhttp://tv.example/news.ts\n";

    #[tokio::test]
    async fn a_file_is_read_again_only_when_it_changed() {
        let (place, folder) = folder(&[("tv.m3u", NEWS)]);
        let tv = "tv".parse().unwrap();

        assert_eq!(folder.at_hand(&tv).unwrap(), None);
        assert_eq!(channels(&folder, "tv").await.unwrap(), "News false");
        assert_eq!(channels(&folder, "tv").await.unwrap(), "News true");
        assert_eq!(folder.at_hand(&tv).unwrap().unwrap(), "News true");

        fs::write(
            place.path().join("tv.m3u"),
            [NEWS, b"#EXTINF:-1,Cup\nhttp://tv.example/cup.ts\n"].concat(),
        )
        .unwrap();
        assert_eq!(folder.at_hand(&tv).unwrap(), None);
        assert_eq!(channels(&folder, "tv").await.unwrap(), "News,Cup false");
    }

    #[tokio::test]
    async fn a_list_in_latin_1_keeps_its_letters() {
        let (_place, folder) = folder(&[("tv.m3u8", b"#EXTINF:-1,Espa\xf1a\nhttp://tv.example/1.ts\n")]);

        assert_eq!(channels(&folder, "tv").await.unwrap(), "Espa\u{f1}a false");
    }

    #[tokio::test]
    async fn a_list_in_utf_16_is_read_by_its_mark() {
        let text = "\u{feff}#EXTINF:-1,Espa\u{f1}a\nhttp://tv.example/1.ts\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let (_place, folder) = folder(&[("little.m3u", &little), ("big.m3u", &big)]);

        for name in ["little", "big"] {
            assert_eq!(channels(&folder, name).await.unwrap(), "Espa\u{f1}a false", "{name}");
        }
    }

    #[tokio::test]
    async fn an_extension_in_capitals_is_one_too() {
        let (_place, folder) = folder(&[("UPPER.M3U", NEWS), ("other.M3U8", NEWS)]);

        let names: Vec<_> = folder.names().unwrap().iter().map(|name| name.as_str().to_owned()).collect();

        assert_eq!(names, ["UPPER", "other"]);
        assert_eq!(channels(&folder, "UPPER").await.unwrap(), "News false");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_that_leads_out_of_the_folder_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.m3u"), NEWS).unwrap();
        let (place, _) = folder(&[("tv.m3u", NEWS)]);
        let link = std::os::unix::fs::symlink::<PathBuf, PathBuf>;
        link(outside.path().join("secret.m3u"), place.path().join("out.m3u")).unwrap();
        link("tv.m3u".into(), place.path().join("within.m3u")).unwrap();
        // The folder itself may be a link.
        link(place.path().to_owned(), outside.path().join("lists")).unwrap();
        let folder = Folder::new(outside.path().join("lists"));

        let names: Vec<_> = folder.names().unwrap().iter().map(|name| name.as_str().to_owned()).collect();

        assert_eq!(names, ["tv", "within"]);
        assert!(matches!(channels(&folder, "out").await, Err(Error::NotFound(_))));
        assert_eq!(channels(&folder, "within").await.unwrap(), "News false");
    }

    #[test]
    fn of_two_files_with_one_name_the_second_is_named_once() {
        let (place, folder) = folder(&[("same.m3u", NEWS), ("same.m3u8", NEWS), ("other.m3u", NEWS)]);
        let second = place.path().join("same.m3u8");

        assert_eq!(folder.look().unwrap().1, [second]);
        assert!(folder.look().unwrap().1.is_empty(), "named already");
    }

    #[test]
    fn names_are_those_of_the_m3u_files() {
        let (place, folder) =
            folder(&[("b.m3u", NEWS), ("a.m3u8", NEWS), ("b.m3u8", NEWS), ("notes.txt", b"")]);
        fs::create_dir(place.path().join("folder.m3u")).unwrap();

        let names: Vec<_> =
            folder.names().unwrap().into_iter().map(|name| name.as_str().to_owned()).collect();

        assert_eq!(names, ["a", "b"]);
        assert!(Folder::new(place.path().join("nowhere")).names().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_playlist_that_went_away_is_not_found() {
        let (place, folder) = folder(&[("tv.m3u", NEWS)]);
        channels(&folder, "tv").await.unwrap();
        fs::remove_file(place.path().join("tv.m3u")).unwrap();

        assert!(matches!(channels(&folder, "tv").await, Err(Error::NotFound(_))));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_no_file_is_no_playlist_and_holds_nobody_up() {
        let (storage, folder) = folder(&[]);
        let made =
            std::process::Command::new("mkfifo").arg(storage.path().join("pipe.m3u")).status().unwrap();
        assert!(made.success());
        std::fs::create_dir(storage.path().join("folder.m3u")).unwrap();
        std::os::unix::fs::symlink("loop.m3u", storage.path().join("loop.m3u")).unwrap();

        for name in ["pipe", "folder", "loop"] {
            let found = channels(&folder, name).await;
            assert!(matches!(found, Err(Error::NotFound(_))), "{name}");
        }
        assert!(folder.names().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_is_refused_unread() {
        let (place, folder) = folder(&[]);
        // Sparse: takes no room on the disk.
        File::create(place.path().join("big.m3u")).unwrap().set_len(MAX_BYTES + 1).unwrap();

        assert!(matches!(channels(&folder, "big").await, Err(Error::TooLarge { .. })));
    }
}
