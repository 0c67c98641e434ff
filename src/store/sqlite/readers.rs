//! Connections that only read, beside the writer.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema;
use crate::store::failure::Failure;

/// How many read at once; further callers wait.
const READERS: usize = 4;

/// Some connections, opened when they are first needed.
pub(super) struct Readers {
    shared: Arc<Shared>,
    room: Arc<Semaphore>,
}

struct Shared {
    database: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(database: &Path) -> Readers {
        Readers {
            shared: Arc::new(Shared {
                database: database.to_owned(),
                idle: Mutex::default(),
            }),
            room: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// Reads, on a thread that may block. All that `work` reads is of one moment.
    ///
    /// # Errors
    /// What `work` or the database says, or that the store is closed.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let room = Arc::clone(&self.room).acquire_owned();
        let room = room.await.map_err(|_| Failure::closed())?;
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || {
            let done = shared.read(work);
            drop(room);
            done
        });
        done.await.map_err(|error| Failure::Other(error.to_string()))?
    }

    /// Reads right here, when a connection is idle: for what an index answers in microseconds, which going to another
    /// thread and back would make many times slower. Otherwise like [`Readers::read`].
    ///
    /// # Errors
    /// As there.
    pub(super) async fn glance<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        if let Ok(_room) = self.room.try_acquire()
            && let Some(db) = self.shared.idle_one()
        {
            return self.shared.read_with(db, work);
        }
        self.read(work).await
    }

    /// Waits for those who read, and ends all connections.
    pub(super) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        let all = self.room.acquire_many(all).await;
        self.room.close();
        self.shared.idle().clear();
        drop(all);
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle_one(&self) -> Option<Connection> {
        self.idle().pop()
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        let db = match self.idle_one() {
            Some(db) => db,
            None => schema::read(&self.database)?,
        };
        self.read_with(db, work)
    }

    fn read_with<T>(
        &self,
        db: Connection,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        db.prepare_cached("BEGIN")?.execute([])?;
        let done = work(&db);
        db.prepare_cached("COMMIT")?.execute([])?;
        self.idle().push(db);
        done
    }
}
