//! The folder that is written: segments first, the playlist last.

use std::{
    fs::{self, File},
    io::{self, IoSlice, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use bytes::Bytes;
use hls::{
    Segment,
    playlist::{self, Entry},
};

const PLAYLIST: &str = "playlist.m3u8";

/// How many slices the operating system takes at once.
const SLICES: usize = 1024;

/// An HLS folder that is being written. It has no playlist before [`Folder::finish`].
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// What an earlier run left there.
    earlier: Vec<PathBuf>,
    entries: Vec<Entry>,
    bytes: u64,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) playlist: PathBuf,
    pub(super) segments: usize,
    pub(super) bytes: u64,
}

impl Folder {
    /// The folder at `path`, which holds no HLS: what an earlier run left there goes only if `overwrite` says so.
    /// Nothing changes there before the first segment.
    pub(super) fn new(path: &Path, overwrite: bool) -> anyhow::Result<Self> {
        let earlier = match earlier_run(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            earlier => earlier.with_context(|| format!("reading {}", path.display()))?,
        };
        anyhow::ensure!(
            earlier.is_empty() || overwrite,
            "{} holds HLS already; --overwrite replaces it",
            path.display()
        );
        Ok(Self { path: path.to_owned(), earlier, entries: Vec::new(), bytes: 0 })
    }

    /// Make the folder, and room in it.
    fn begin(&mut self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.path).with_context(|| format!("making {}", self.path.display()))?;
        for file in self.earlier.drain(..) {
            fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        }
        Ok(())
    }

    /// Write the segments that were closed.
    pub(super) fn write(&mut self, closed: &[Arc<Segment>]) -> anyhow::Result<()> {
        for segment in closed {
            if self.is_empty() {
                self.begin()?;
            }
            let path = self.path.join(format!("segment_{}.ts", segment.number));
            write_all(&path, segment).with_context(|| format!("writing {}", path.display()))?;
            self.bytes += segment.len() as u64;
            self.entries.push(Entry::from(&**segment));
        }
        Ok(())
    }

    /// Whether no segment was written.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Write the playlist: under another name first, so that it is there whole or not at all.
    pub(super) fn finish(self) -> anyhow::Result<Written> {
        let (playlist, part) = (self.path.join(PLAYLIST), self.path.join(format!("{PLAYLIST}.part")));
        fs::write(&part, playlist::vod(&self.entries))
            .and_then(|()| fs::rename(&part, &playlist))
            .with_context(|| format!("writing {}", playlist.display()))?;
        Ok(Written { playlist, segments: self.entries.len(), bytes: self.bytes })
    }
}

/// The files of an earlier run, the playlist first: without it, nothing looks whole.
fn earlier_run(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name == PLAYLIST {
            found.insert(0, entry.path());
        } else if is_segment(name) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn is_segment(name: &str) -> bool {
    let number = name.strip_prefix("segment_").and_then(|rest| rest.strip_suffix(".ts"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Write a segment's chunks with as few system calls as they need.
fn write_all(path: &Path, segment: &Segment) -> io::Result<()> {
    let mut file = File::create(path)?;
    let chunks: Vec<&Bytes> = segment.chunks().collect();
    for chunks in chunks.chunks(SLICES) {
        let mut slices: Vec<IoSlice<'_>> = chunks.iter().map(|chunk| IoSlice::new(chunk)).collect();
        let mut left = slices.as_mut_slice();
        while !left.is_empty() {
            match file.write_vectored(left) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
