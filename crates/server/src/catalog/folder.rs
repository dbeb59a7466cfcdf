//! A folder of M3U files. Everything here blocks: call it on the blocking pool.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use iptv::M3u;

use super::Name;

/// The largest playlist that is read.
pub const MAX_BYTES: u64 = 64 << 20;

/// The extensions of playlists, in the order they are looked for.
const EXTENSIONS: [&str; 2] = ["m3u", "m3u8"];

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

/// A playlist that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// What the file says.
    pub playlist: Arc<M3u>,
    /// Whether it was at hand, without reading the file again.
    pub cached: bool,
}

/// The folder and what was read of it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    read: Mutex<HashMap<Name, (Version, Arc<M3u>)>>,
}

/// A file is taken for unchanged while these are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    path: PathBuf,
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Folder {
    /// The playlists in `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    /// The names of the playlists, sorted. A folder that is not there holds none.
    pub fn names(&self) -> Result<Vec<Name>, Error> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::Io { path: self.path.clone(), source }),
        };
        let mut names: Vec<Name> =
            entries.filter_map(Result::ok).filter_map(|entry| name_of(&entry.path())).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The playlist `name`, read again only when its file changed.
    pub fn playlist(&self, name: &Name) -> Result<Found, Error> {
        let (file, version) = self.open(name)?;
        if let Some(playlist) = self.known(name, &version) {
            return Ok(Found { playlist, cached: true });
        }
        let playlist = Arc::new(iptv::parse_m3u(&text_of(file, name, &version)?));
        self.keep(name, version, &playlist);
        Ok(Found { playlist, cached: false })
    }

    fn open(&self, name: &Name) -> Result<(File, Version), Error> {
        for extension in EXTENSIONS {
            let path = self.path.join(format!("{}.{extension}", name.as_str()));
            match File::open(&path).and_then(|file| Ok((file.metadata()?, file))) {
                Ok((metadata, file)) if metadata.is_file() => return Ok((file, version(path, &metadata))),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(Error::Io { path, source }),
            }
        }
        self.forget(name);
        Err(Error::NotFound(name.as_str().to_owned()))
    }

    fn known(&self, name: &Name, version: &Version) -> Option<Arc<M3u>> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(name).filter(|(known, _)| known == version).map(|(_, playlist)| Arc::clone(playlist))
    }

    fn keep(&self, name: &Name, version: Version, playlist: &Arc<M3u>) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(name.clone(), (version, Arc::clone(playlist)));
    }

    fn forget(&self, name: &Name) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

fn version(path: PathBuf, metadata: &Metadata) -> Version {
    Version { path, modified: metadata.modified().ok(), bytes: metadata.len() }
}

fn name_of(path: &Path) -> Option<Name> {
    let extension = path.extension()?.to_str()?;
    let playlist = EXTENSIONS.contains(&extension) && path.is_file();
    playlist.then(|| path.file_stem()?.to_str()?.parse().ok()).flatten()
}

/// The whole text of `file`. What is not UTF-8 is Latin-1, as old IPTV tools write it: every byte is a letter there.
fn text_of(file: File, name: &Name, version: &Version) -> Result<String, Error> {
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
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|other| other.as_bytes().iter().map(|byte| char::from(*byte)).collect()))
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

    fn channels(folder: &Folder, name: &str) -> (Vec<String>, bool) {
        let found = folder.playlist(&name.parse().unwrap()).unwrap();
        (found.playlist.entries.iter().map(|entry| entry.name.clone()).collect(), found.cached)
    }

    const NEWS: &[u8] = b"#EXTM3U\n#EXTINF:-1,News\nhttp://tv.example/news.ts\n";

    #[test]
    fn a_file_is_read_again_only_when_it_changed() {
        let (place, folder) = folder(&[("tv.m3u", NEWS)]);

        assert_eq!(channels(&folder, "tv"), (vec!["News".to_owned()], false));
        assert_eq!(channels(&folder, "tv"), (vec!["News".to_owned()], true));

        fs::write(
            place.path().join("tv.m3u"),
            [NEWS, b"#EXTINF:-1,Cup\nhttp://tv.example/cup.ts\n"].concat(),
        )
        .unwrap();
        assert_eq!(channels(&folder, "tv"), (vec!["News".to_owned(), "Cup".to_owned()], false));
    }

    #[test]
    fn a_list_in_latin_1_keeps_its_letters() {
        let (_place, folder) = folder(&[("tv.m3u8", b"#EXTINF:-1,Espa\xf1a\nhttp://tv.example/1.ts\n")]);

        assert_eq!(channels(&folder, "tv").0, ["Espa\u{f1}a"]);
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

    #[test]
    fn a_playlist_that_went_away_is_not_found() {
        let (place, folder) = folder(&[("tv.m3u", NEWS)]);
        channels(&folder, "tv");
        fs::remove_file(place.path().join("tv.m3u")).unwrap();

        assert!(matches!(folder.playlist(&"tv".parse().unwrap()), Err(Error::NotFound(_))));
    }

    #[test]
    fn a_file_beyond_the_limit_is_refused_unread() {
        let (place, folder) = folder(&[]);
        // Sparse: takes no room on the disk.
        File::create(place.path().join("big.m3u")).unwrap().set_len(MAX_BYTES + 1).unwrap();

        assert!(matches!(folder.playlist(&"big".parse().unwrap()), Err(Error::TooLarge { .. })));
    }
}
