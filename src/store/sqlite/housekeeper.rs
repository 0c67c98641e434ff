//! Work for which nobody waits: files that are deleted, and the log that is brought into the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;

use super::bodies::Bodies;
use super::schema;
use super::thread::Thread;
use crate::store::failure::Failure;

/// Pages of log from which it is brought into the database.
const LONG: usize = 4000;

/// How far the log is on its way into the database.
mod log {
    /// Nothing is to be done.
    pub(super) const SHORT: u8 = 0;
    /// The housekeeper was asked.
    pub(super) const ASKED: u8 = 1;
    /// The housekeeper has copied what there was. The log begins anew only when all of it is copied as a transaction
    /// begins, and what has come since is left to the writer, who can be sure that nothing more comes.
    pub(super) const COPIED: u8 = 2;
}

enum Chore {
    /// Deletes body files.
    Delete(Vec<String>),
    /// Copies the log into the database without keeping anybody waiting.
    Checkpoint,
}

/// What others ask of the keeper.
#[derive(Clone)]
pub(super) struct Chores {
    chores: mpsc::Sender<Chore>,
    log: Arc<AtomicU8>,
}

impl Chores {
    /// Deletes body files some time.
    pub(super) fn delete(&self, names: Vec<String>) {
        if !names.is_empty() {
            // Should the housekeeper have ended, the next start deletes them.
            let _ = self.chores.send(Chore::Delete(names));
        }
    }

    /// Looks after a log of so many pages. Answers whether its last bit should be copied now, between two transactions.
    pub(super) fn attend_log(&self, pages: usize) -> bool {
        match self.log.load(Ordering::Acquire) {
            log::COPIED => {
                self.log.store(log::SHORT, Ordering::Release);
                true
            }
            log::SHORT if pages >= LONG => {
                self.log.store(log::ASKED, Ordering::Release);
                let _ = self.chores.send(Chore::Checkpoint);
                false
            }
            _ => false,
        }
    }
}

/// The thread. It ends, with everything done, when it and all [`Chores`] are dropped, those first.
pub(super) struct Housekeeper {
    _thread: Thread,
}

impl Housekeeper {
    pub(super) fn start(bodies: Bodies, database: &Path) -> Result<(Housekeeper, Chores), Failure> {
        let (chores, inbox) = mpsc::channel();
        let log = Arc::new(AtomicU8::new(log::SHORT));
        let keeping = Keeping {
            bodies,
            database: database.to_owned(),
            log: Arc::clone(&log),
        };
        let thread = Thread::start("housekeeper", move || {
            inbox.iter().for_each(|chore| keeping.run(chore))
        })?;
        Ok((Housekeeper { _thread: thread }, Chores { chores, log }))
    }
}

struct Keeping {
    bodies: Bodies,
    database: PathBuf,
    log: Arc<AtomicU8>,
}

impl Keeping {
    fn run(&self, chore: Chore) {
        match chore {
            Chore::Delete(names) => self.bodies.remove(&names),
            Chore::Checkpoint => {
                // The writer copies it too, should the log grow on: this is only so that it need not.
                let copied = schema::write(&self.database).and_then(|db| schema::checkpoint(&db));
                if let Err(error) = copied {
                    tracing::warn!(%error, "the log of the database could not be copied in the background");
                }
                self.log.store(log::COPIED, Ordering::Release);
            }
        }
    }
}
