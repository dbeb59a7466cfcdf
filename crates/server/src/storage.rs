//! The storage folder, which is one process's alone.
//!
//! Segment numbers are handed out by one process: two with the same mark would use a number twice. A lock
//! of the operating system's on a file in the folder says whose it is; it ends with the process, however that ends.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use anyhow::Context as _;

/// The file that is locked. It holds nothing.
const FILE: &str = "lock";

/// The storage folder is ours while this is held.
#[derive(Debug)]
pub struct Claim {
    _file: File,
}

impl Claim {
    /// Make the folder if need be, and claim it. Never waits; blocks for as long as the disk takes.
    ///
    /// # Errors
    ///
    /// The folder cannot be made or written, or another process has it.
    pub fn of(folder: &Path) -> anyhow::Result<Self> {
        let shown = folder.display();
        std::fs::create_dir_all(folder).with_context(|| format!("making storage_dir {shown}"))?;
        let path = folder.join(FILE);
        let opened = File::options().create(true).truncate(false).write(true).open(&path);
        let file = opened.with_context(|| format!("opening {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another acehls uses the storage folder {shown}. Stop it, or set storage_dir (STORAGE_DIR) to another \
                 folder."
            ),
            // Some network file systems know no locks. Who has one process there needs none.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(
                    "cannot lock {}, so let no other acehls use the folder: {error}",
                    path.display()
                );
            }
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_claimed_once_until_the_claim_is_dropped() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("new/storage");

        let claim = Claim::of(&folder).unwrap();
        let refused = Claim::of(&folder).unwrap_err().to_string();
        drop(claim);

        assert!(refused.starts_with("another acehls uses the storage folder "), "{refused}");
        Claim::of(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_its_path() {
        let file = tempfile::NamedTempFile::new().unwrap();

        let refused = format!("{:#}", Claim::of(&file.path().join("storage")).unwrap_err());

        assert!(refused.starts_with("making storage_dir /"), "{refused}");
    }
}
