//! Large bodies as files. A file is whole and durable before any row names it, and no row names it any more
//! before it is deleted; whatever a crash leaves between is a file without a row.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{lock, packed};
use crate::message::{MessageId, RawMessage};

/// What is asked of the file system, so that tests can watch the order and stop it anywhere.
pub(super) trait Disk: Send + Sync {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Sink>>;
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// A file that is being written.
pub(super) trait Sink: Write {
    fn sync(&mut self) -> io::Result<()>;
}

/// The real one.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        Ok(Box::new(lock::private().create_new(true).open(path)?))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        lock::sync_directory(directory)
    }
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// The folder of body files. All of it blocks: call it from threads that may.
#[derive(Clone)]
pub(super) struct Bodies {
    directory: Arc<Path>,
    disk: Arc<dyn Disk>,
}

impl Bodies {
    pub(super) fn new(directory: &Path, disk: Arc<dyn Disk>) -> Bodies {
        Bodies {
            directory: Arc::from(directory),
            disk,
        }
    }

    /// Writes each body that is there to its own new file. When it returns, contents and names are durable.
    ///
    /// # Errors
    /// When one cannot be written; none is left then.
    pub(super) fn write(&self, bodies: &[(MessageId, Option<RawMessage>)]) -> io::Result<Written> {
        let mut written = Written {
            bodies: self.clone(),
            names: Vec::with_capacity(bodies.len()),
        };
        for (message, body) in bodies {
            let Some(body) = body else {
                written.names.push(None);
                continue;
            };
            let name = new_name(*message)?;
            written.names.push(Some(name.clone()));
            self.write_one(&name, body)?;
        }
        self.disk.sync_directory(&self.directory)?;
        Ok(written)
    }

    /// What [`Bodies::write`] answers when there is nothing to write.
    pub(super) fn none(&self, count: usize) -> Written {
        Written {
            bodies: self.clone(),
            names: vec![None; count],
        }
    }

    /// The name tells nobody anything before a row has it, so what is written need not have another one first.
    fn write_one(&self, name: &str, body: &RawMessage) -> io::Result<()> {
        let mut file = self.disk.create(&self.path(name))?;
        packed::write(body.as_bytes(), &mut file)?;
        file.sync()
    }

    /// Reads a body back.
    ///
    /// # Errors
    /// When the file is gone or does not hold `size` octets.
    pub(super) fn read(&self, name: &str, size: u64) -> io::Result<RawMessage> {
        let bytes = packed::read(std::fs::read(self.path(name))?)?;
        if u64::try_from(bytes.len()) != Ok(size) {
            return Err(io::Error::other("a body file does not have its length"));
        }
        Ok(RawMessage::new(bytes))
    }

    /// Deletes files, as far as they exist.
    pub(super) fn remove<'a>(&self, names: impl IntoIterator<Item = &'a String>) {
        for name in names {
            let path = self.path(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(file = %path.display(), %error, "a body file could not be deleted");
                }
                _ => {}
            }
        }
    }

    /// Deletes every file that is not among `named`; answers how many.
    ///
    /// # Errors
    /// When the folder cannot be read or a file not be deleted.
    pub(super) fn keep_only(&self, named: &HashSet<String>) -> io::Result<u64> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.directory)? {
            let entry = entry?;
            let is_named = entry
                .file_name()
                .to_str()
                .is_some_and(|name| named.contains(name));
            if !is_named && entry.file_type()?.is_file() {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// Files that no row names yet. Dropping it deletes them: a caller who stops waiting leaves nothing.
pub(super) struct Written {
    bodies: Bodies,
    names: Vec<Option<String>>,
}

impl Written {
    /// The names, one for each body that was asked for. Whoever takes them looks after the files from here.
    pub(super) fn hand_over(mut self) -> Vec<Option<String>> {
        std::mem::take(&mut self.names)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        self.bodies.remove(self.names.iter().flatten());
    }
}

fn new_name(message: MessageId) -> io::Result<String> {
    let mut random = [0; 8];
    openssl::rand::rand_bytes(&mut random).map_err(io::Error::other)?;
    Ok(format!("{message}-{:016x}", u64::from_be_bytes(random)))
}
