//! A file that an administrator may change at any time: it is read again when it has changed. When it cannot be read
//! then, what was last read stays in force, and the log says why.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Such a file.
pub(super) struct Watched<T> {
    path: PathBuf,
    read: fn(&Path) -> Result<T, String>,
    current: Mutex<(Option<Stamp>, Arc<T>)>,
}

/// What changes when a file does.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl<T> Watched<T> {
    /// Reads the file.
    ///
    /// # Errors
    /// What `read` says of it.
    pub(super) fn open(path: &Path, read: fn(&Path) -> Result<T, String>) -> Result<Watched<T>, String> {
        // Before it is read: a change in between is then seen as one.
        let stamp = Stamp::of(path);
        let current = read(path)?;
        Ok(Watched {
            path: path.to_owned(),
            read,
            current: Mutex::new((stamp, Arc::new(current))),
        })
    }

    /// What stands in it now.
    pub(super) fn now(&self) -> Arc<T> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&self.path);
        if stamp != current.0 {
            current.0 = stamp;
            match (self.read)(&self.path) {
                Ok(new) => {
                    tracing::info!(file = %self.path.display(), "a file was read again");
                    current.1 = Arc::new(new);
                }
                Err(mistake) => tracing::error!("what was read before stays in force: {mistake}"),
            }
        }
        Arc::clone(&current.1)
    }
}

impl<T> std::fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Watched").field(&self.path).finish()
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Stamp> {
        let metadata = fs::metadata(path).ok()?;
        Some(Stamp {
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}
