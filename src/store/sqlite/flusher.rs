//! The one who makes commits durable: a thread that flushes the log while the writer goes on with the next transaction.
//!
//! Everything that was committed when a flush begins is durable when it ends, so those who come while one is under way
//! share the next. What a flush could not make durable is in doubt: the kernel forgets a failed write once it was told,
//! and another flush would succeed without it. Until the writer has brought the log into the database and flushed that
//! ([`Flusher::mended`]), nobody is promised anything.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rusqlite::Connection;

use super::housekeeper::Chores;
use super::thread::Thread;
use super::writer::{Effects, Work};
use crate::store::failure::Failure;

/// What is flushed; replaced in tests.
pub(super) trait Log: Send + 'static {
    /// Makes every commit durable that is in it.
    fn flush(&mut self) -> io::Result<()>;
}

/// The log beside the database. It holds no locks, so it may be opened and closed beside SQLite, which keeps the same
/// file as long as a connection is open.
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
}

impl LogFile {
    pub(super) fn of(db: &Connection) -> LogFile {
        let path = format!("{}-wal", db.path().unwrap_or_default()).into();
        LogFile { path, file: None }
    }
}

impl Log for LogFile {
    fn flush(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path)?,
        };
        self.file.insert(file).sync_data()
    }
}

/// What the writer asks for, in its order.
enum Order {
    /// Make this durable, then answer.
    Flush(Vec<Box<dyn Work>>, Effects),
    /// Everything is durable that was in doubt.
    Mended,
}

/// The writer's end. Dropping it lets everything be flushed first.
pub(super) struct Flusher {
    orders: mpsc::Sender<Order>,
    /// A flush has failed.
    doubt: Arc<AtomicBool>,
    _thread: Thread,
}

impl Flusher {
    /// Starts the thread. `woken` hears of effects once they are durable, before anybody has an answer.
    pub(super) fn start(
        log: impl Log,
        chores: Chores,
        woken: impl Fn(Effects) + Send + 'static,
    ) -> Result<Flusher, Failure> {
        let (orders, inbox) = mpsc::channel();
        let doubt = Arc::new(AtomicBool::new(false));
        let flushing = Flushing {
            log,
            chores,
            doubt: Arc::clone(&doubt),
            woken,
        };
        Ok(Flusher {
            orders,
            doubt,
            _thread: Thread::start("flusher", move || flushing.run(&inbox))?,
        })
    }

    /// Answers the tasks when what they did is durable, or refuses them; then follow the effects.
    pub(super) fn flush(&self, batch: Vec<Box<dyn Work>>, effects: Effects) {
        // Without the thread they are dropped, which their callers take for a failure.
        let _ = self.orders.send(Order::Flush(batch, effects));
    }

    /// Whether something is in the log of which nobody knows that it is durable.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubt.load(Ordering::Acquire)
    }

    /// Everything that was committed so far is in the database, and durable there.
    pub(super) fn mended(&self) {
        let _ = self.orders.send(Order::Mended);
    }
}

struct Flushing<L, W> {
    log: L,
    chores: Chores,
    doubt: Arc<AtomicBool>,
    woken: W,
}

/// Tasks that one transaction had, and what follows from them.
type Due = Vec<(Vec<Box<dyn Work>>, Effects)>;

impl<L: Log, W: Fn(Effects)> Flushing<L, W> {
    fn run(mut self, inbox: &mpsc::Receiver<Order>) {
        let mut in_doubt = None;
        while let Ok(first) = inbox.recv() {
            let mut due = Due::new();
            for order in std::iter::once(first).chain(inbox.try_iter()) {
                match order {
                    Order::Flush(batch, effects) => due.push((batch, effects)),
                    Order::Mended => {
                        // Whoever came before it was committed in time to be mended with the rest.
                        self.end(std::mem::take(&mut due), None);
                        in_doubt = None;
                        self.doubt.store(false, Ordering::Release);
                    }
                }
            }
            if due.is_empty() {
                continue;
            }
            if in_doubt.is_none()
                && let Err(error) = self.log.flush()
            {
                tracing::error!(%error, "the log of the database cannot be flushed");
                self.doubt.store(true, Ordering::Release);
                in_doubt = Some(Failure::from(error));
            }
            self.end(due, in_doubt.as_ref());
        }
    }

    /// Answers all. Of what is in doubt nobody is told that it happened, though it may have.
    fn end(&self, due: Due, failure: Option<&Failure>) {
        for (batch, mut effects) in due {
            let unused = std::mem::take(&mut effects.unused);
            (self.woken)(effects);
            for work in batch {
                match failure {
                    None => work.answer(),
                    Some(failure) => work.refuse(failure.clone()),
                }
            }
            // A file goes only when nothing can bring the row back that named it. What stays goes at the next start.
            if failure.is_none() {
                self.chores.delete(unused);
            }
        }
    }
}
