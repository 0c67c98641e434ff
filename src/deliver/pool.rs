//! Sessions that wait a few seconds for the next transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::session::Session;

/// Pools that are there at most before empty ones are cleared away.
const POOLS: usize = 1000;

/// The idle sessions with all hosts: those with the same host share a pool when the same is asked of its TLS.
pub(super) struct Pools {
    pools: Mutex<HashMap<String, Pool>>,
    limit: usize,
    keep: Duration,
}

/// The idle sessions of one target.
#[derive(Clone)]
pub(super) struct Pool {
    shelf: Arc<Mutex<Shelf>>,
    limit: usize,
    keep: Duration,
}

#[derive(Default)]
struct Shelf {
    /// Oldest first, with the time at which each is closed.
    sessions: Vec<(Instant, Session)>,
    /// Whether a task is there that closes what nobody takes.
    swept: bool,
}

impl Pools {
    /// Each pool keeps `limit` sessions, each for the time of `keep`.
    pub(super) fn new(limit: usize, keep: Duration) -> Pools {
        Pools {
            pools: Mutex::default(),
            limit,
            keep,
        }
    }

    /// The pool of that name.
    pub(super) fn of(&self, key: &str) -> Pool {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(key) {
            return pool.clone();
        }
        if pools.len() >= POOLS {
            // One that somebody holds at this moment may get a session in a moment.
            pools.retain(|_, pool| {
                Arc::strong_count(&pool.shelf) > 1 || !lock(&pool.shelf).sessions.is_empty()
            });
        }
        let pool = Pool {
            shelf: Arc::default(),
            limit: self.limit,
            keep: self.keep,
        };
        pools.insert(key.to_owned(), pool.clone());
        pool
    }
}

impl Pool {
    /// A session that seems to be alive, the youngest first.
    pub(super) async fn take(&self) -> Option<Session> {
        loop {
            let (_, session) = lock(&self.shelf).sessions.pop()?;
            if session.wire.is_quiet().await {
                return Some(session);
            }
        }
    }

    /// Keeps a session for the next transaction. One that is too many is closed.
    pub(super) async fn put(&self, session: Session) {
        if let Some(excess) = self.shelve(session) {
            excess.wire.quit().await;
        }
    }

    fn shelve(&self, session: Session) -> Option<Session> {
        let mut shelf = lock(&self.shelf);
        if shelf.sessions.len() >= self.limit {
            return Some(session);
        }
        shelf.sessions.push((Instant::now() + self.keep, session));
        if !std::mem::replace(&mut shelf.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.shelf)));
        }
        None
    }
}

/// Closes sessions when their time is over, and ends when there are none.
async fn sweep(shelf: Weak<Mutex<Shelf>>) {
    loop {
        let (expired, next) = {
            let Some(shelf) = shelf.upgrade() else {
                return;
            };
            let mut shelf = lock(&shelf);
            let now = Instant::now();
            let count = shelf.sessions.partition_point(|(end, _)| *end <= now);
            let expired: Vec<_> = shelf.sessions.drain(..count).collect();
            let next = shelf.sessions.first().map(|(end, _)| *end);
            shelf.swept = next.is_some();
            (expired, next)
        };
        for (_, session) in expired {
            session.wire.quit().await;
        }
        let Some(next) = next else {
            return;
        };
        tokio::time::sleep_until(next).await;
    }
}

/// A panic elsewhere leaves the list whole, so the lock is good in any case.
fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
