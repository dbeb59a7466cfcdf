//! Logos on disk, within a bound. All of it blocks.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use super::{Key, Kind, Logo, Width};

/// All files together take so much at most, in bytes; the oldest go first.
const ROOM: u64 = 256 << 20;

/// What a file takes at least, in bytes: an empty one says that there is no logo, and there may be very many.
const BLOCK: u64 = 4096;

/// It is looked whether they take more each time so many were written.
const WRITES: u32 = 256;

/// A folder of logos.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    written: AtomicU32,
}

/// What is there of a logo.
pub(super) enum Found {
    Nothing,
    /// It was not there, and that was not long ago.
    Missing,
    Logo(Logo),
    /// The largest one, of which others are made.
    Larger(Bytes),
}

impl Disk {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder, written: AtomicU32::new(0) }
    }

    pub(super) fn find(&self, key: Key, width: Width) -> Found {
        let logo = |bytes: Vec<u8>, kind| Found::Logo(Logo { bytes: bytes.into(), kind });
        if let Ok(bytes) = fs::read(self.path(key, &format!("{}.png", width.0))) {
            return logo(bytes, Kind::Png);
        }
        if let Ok(bytes) = fs::read(self.path(key, "svg")) {
            return logo(bytes, Kind::Svg);
        }
        if let Ok(bytes) = fs::read(self.path(key, &format!("{}.png", Width::LARGEST.0))) {
            return Found::Larger(bytes.into());
        }
        // The time of the file is until when it holds.
        let until = fs::metadata(self.path(key, "missing")).and_then(|file| file.modified());
        if until.is_ok_and(|until| until > SystemTime::now()) { Found::Missing } else { Found::Nothing }
    }

    pub(super) fn keep(&self, key: Key, width: Width, logo: &Logo) -> io::Result<()> {
        let name = match logo.kind {
            Kind::Png => format!("{}.png", width.0),
            Kind::Svg => "svg".to_owned(),
        };
        self.write(&self.path(key, &name), &logo.bytes)?;
        self.written()
    }

    /// Remember for so long that it is not there.
    pub(super) fn miss(&self, key: Key, long: Duration) -> io::Result<()> {
        let path = self.path(key, "missing");
        self.write(&path, b"")?;
        fs::File::options().write(true).open(&path)?.set_modified(SystemTime::now() + long)?;
        self.written()
    }

    fn written(&self) -> io::Result<()> {
        match self.written.fetch_add(1, Ordering::Relaxed) % WRITES {
            // The first, too: a server that is started often never comes to the last.
            0 => self.make_room(ROOM),
            _ => Ok(()),
        }
    }

    fn path(&self, key: Key, name: &str) -> PathBuf {
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(&hex[..2]).join(format!("{hex}.{name}"))
    }

    /// Whoever reads finds the whole file, or none.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Remove the oldest files until the rest fits into `room` bytes.
    fn make_room(&self, room: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for folder in fs::read_dir(&self.folder)?.flatten() {
            for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                if let Ok(about) = file.metadata() {
                    files.push((
                        about.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                        about.len().max(BLOCK),
                        file.path(),
                    ));
                }
            }
        }
        files.sort_unstable();
        let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in files {
            if total <= room {
                break;
            }
            // One that cannot be removed is no reason to keep the others.
            if let Err(error) = fs::remove_file(&path) {
                tracing::debug!("removing {}: {error}", path.display());
                continue;
            }
            total -= length;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().to_owned());
        let logo = Logo { bytes: vec![0; 5000].into(), kind: Kind::Png };
        for number in 0..10_u8 {
            let key = [number; 16];
            disk.keep(key, Width::LARGEST, &logo).unwrap();
            let file = fs::File::options().write(true).open(disk.path(key, "512.png")).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(number))).unwrap();
        }

        disk.make_room(3 * 5000 + 100).unwrap();

        let left: Vec<u8> =
            (0..10).filter(|it| matches!(disk.find([*it; 16], Width::LARGEST), Found::Logo(_))).collect();
        assert_eq!(left, [7, 8, 9]);
    }

    #[test]
    fn what_is_missing_takes_room_too() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().to_owned());
        for number in 0..10_u8 {
            disk.miss([number; 16], Duration::from_secs(3600 + u64::from(number))).unwrap();
        }

        disk.make_room(3 * BLOCK).unwrap();

        let is_missing = |number: &u8| matches!(disk.find([*number; 16], Width::LARGEST), Found::Missing);
        assert_eq!((0..10).filter(is_missing).collect::<Vec<u8>>(), [7, 8, 9]);
    }
}
