//! The data directory, and the lock that lets only one gateway serve from it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Held while a gateway serves; the system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Lets go for good. Closing the file is not enough: a process that was just started holds a copy of it until its
    /// program runs, and the next gateway would be refused.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Takes the lock.
///
/// # Errors
/// Why not, and what to do.
pub(super) fn take(directory: &Path) -> Result<Lock, String> {
    let path = directory.join("lock");
    let opened = private().read(true).create(true).truncate(false).open(&path);
    let mut file = opened.map_err(|error| in_words(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(held_by(&mut file)),
        Err(TryLockError::Error(error)) => return Err(in_words(&error)),
    }
    // The number is for people; the lock works without it.
    let _ = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Lock { file })
}

/// Makes a directory that only its owner can look into, with its parents, unless it exists.
pub(super) fn make_directory(directory: &Path) -> std::io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => Ok(()),
    }
}

/// Makes an empty file that only its owner can read, unless it exists.
pub(super) fn make_file(path: &Path) -> std::io::Result<()> {
    private().create(true).truncate(false).open(path).map(drop)
}

/// How a file that only its owner can read is opened for writing.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Makes the directory's entries durable.
pub(super) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

/// What an administrator can do about an error of the file system.
pub(super) fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            format!("{error}. Run as the user who owns the directory, or as root")
        }
        _ => error.to_string(),
    }
}

fn held_by(file: &mut File) -> String {
    let mut process = String::new();
    let _ = file.take(20).read_to_string(&mut process);
    let process = process.trim();
    let who = if process.is_empty() || !process.bytes().all(|byte| byte.is_ascii_digit()) {
        String::new()
    } else {
        format!(" (process {process})")
    };
    format!("another gateway{who} serves from it. Stop that one first, or set another [store] directory")
}
