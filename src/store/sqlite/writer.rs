//! The one writer: a thread that groups everything that waits into one transaction.
//!
//! A request is answered after its COMMIT, never before. What [`Task::is_promise`] says is answered only when the
//! [`Flusher`] has made it durable, so that no power cut can take it back; the rest is flushed with what comes next, and
//! what a power cut takes back of it was never promised.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::flusher::Flusher;
use super::handover::Leased;
use super::housekeeper::{Chores, Housekeeper};
use super::later::{Later, MOMENT};
use super::lock::Lock;
use super::schema;
use super::thread::Thread;
use crate::audit::Hash;
use crate::message::RawMessage;
use crate::store::failure::Failure;

/// Requests that share one transaction at most.
const BATCH: usize = 256;
/// Requests that wait at most; further callers wait for room.
const WAITING: usize = 1024;

/// Something to write. It is run again, alone, when a transaction that it shared failed.
pub(super) trait Task: Send + 'static {
    type Answer: Send + 'static;

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Self::Answer, Effects), Failure>;

    /// Names of body files that were written for it, and are nobody's when it fails.
    fn files(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether somebody relies on the answer, so that it must wait for the disk. Without it, the answer stands after
    /// `kill -9` as well, and only a power cut may undo the task, whole.
    fn is_promise(&self) -> bool {
        true
    }
}

/// Nothing to write, but a promise that everything before it is durable.
pub(super) struct Flush;

impl Task for Flush {
    type Answer = ();

    fn run(&self, _transaction: &mut Transaction<'_>) -> Result<((), Effects), Failure> {
        Ok(((), Effects::default()))
    }
}

/// The transaction that tasks share.
pub(super) struct Transaction<'a> {
    pub(super) db: &'a Connection,
    /// Where the hash chains of tenants ended when they were last looked at or added to in here.
    pub(super) heads: BTreeMap<String, Hash>,
}

/// What follows from a task once it is durable.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// There may be something new to claim.
    pub(super) wake: bool,
    /// Names of body files that no row names any more.
    pub(super) unused: Vec<String>,
    /// Deliveries to hand over to the deliverer.
    pub(super) leased: Vec<Leased>,
    /// New bodies, which a delivery will need soon.
    pub(super) bodies: Vec<(i64, RawMessage)>,
}

impl Effects {
    fn matter(&self) -> bool {
        self.wake || !self.unused.is_empty() || !self.leased.is_empty()
    }

    pub(super) fn wake() -> Effects {
        Effects {
            wake: true,
            ..Effects::default()
        }
    }

    fn add(&mut self, other: Effects) {
        self.wake |= other.wake;
        self.unused.extend(other.unused);
        self.leased.extend(other.leased);
        self.bodies.extend(other.bodies);
    }
}

/// The callers' end. Dropping the last one ends the writer and waits for it.
#[derive(Clone)]
pub(super) struct Desk {
    // In this order: the thread ends when nobody can ask it any more.
    requests: mpsc::Sender<Request>,
    later: Arc<Later>,
    /// How long a task lies aside at most.
    moment: Duration,
    _thread: Arc<Thread>,
}

enum Request {
    Work(Box<dyn Work>),
    /// Something has lain aside for long enough.
    Look,
    Stop(oneshot::Sender<()>),
}

impl Desk {
    /// Starts the writer on its connection. It ends when the last `Desk` is gone, and lets the lock go then.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        mut db: Connection,
        flusher: Flusher,
        (housekeeper, chores): (Housekeeper, Chores),
        lock: Option<Lock>,
    ) -> Result<Desk, Failure> {
        let (requests, inbox) = mpsc::channel(WAITING);
        let later = Arc::new(Later::default());
        let log_pages = Arc::new(AtomicUsize::new(0));
        schema::watch_log(&mut db, Arc::clone(&log_pages))?;
        let writer = Writer {
            db,
            later: Arc::clone(&later),
            log_pages,
            flusher,
            chores,
            housekeeper,
        };
        let thread = Thread::start("store", move || {
            let stopped = writer.run(inbox);
            drop(lock);
            if let Some(done) = stopped {
                let _ = done.send(());
            }
        })?;
        Ok(Desk {
            requests,
            later,
            moment: MOMENT,
            _thread: Arc::new(thread),
        })
    }

    /// Writes and waits for the commit. A caller who stops waiting in time makes the task not happen. The
    /// task is made once there is room for it; from then on, what it owns on disk is the writer's to look after.
    pub(super) async fn write<T: Task>(&self, make: impl FnOnce() -> T) -> Result<T::Answer, Failure> {
        let room = self.requests.reserve().await.map_err(|_| Failure::closed())?;
        let (work, answer) = Pending::asked(make());
        room.send(Request::Work(work));
        answer.await.map_err(|_| Failure::closed())?
    }

    /// Like [`Desk::write`], for a task that is no promise, owns nothing on disk, and whose caller is in no hurry: it waits a
    /// moment for a promise to share the transaction of.
    pub(super) async fn write_later<T: Task>(&self, task: T) -> Result<T::Answer, Failure> {
        let (work, mut answer) = Pending::asked(task);
        if self.later.put(work)
            && let Ok(answered) = tokio::time::timeout(self.moment, &mut answer).await
        {
            return answered.map_err(|_| Failure::closed())?;
        }
        // A writer that has ended has dropped the task.
        let _ = self.requests.send(Request::Look).await;
        answer.await.map_err(|_| Failure::closed())?
    }

    /// How many requests wait for the next transaction.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.requests.max_capacity() - self.requests.capacity()
    }

    /// Lets tasks lie aside for that long.
    #[cfg(test)]
    pub(super) fn set_moment(&mut self, moment: Duration) {
        self.moment = moment;
    }

    /// Ends the writer after everything that was asked for before.
    pub(super) async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.requests.send(Request::Stop(done)).await.is_ok() {
            let _ = ended.await;
        }
    }
}

struct Writer {
    db: Connection,
    later: Arc<Later>,
    /// Pages in the log after the last commit.
    log_pages: Arc<AtomicUsize>,
    flusher: Flusher,
    chores: Chores,
    housekeeper: Housekeeper,
}

impl Writer {
    /// Writes until nobody can ask any more, or somebody asks to stop. When it returns, files and the database are closed;
    /// whoever asked wants to be told.
    fn run(mut self, mut inbox: mpsc::Receiver<Request>) -> Option<oneshot::Sender<()>> {
        let mut requests = Vec::with_capacity(BATCH);
        let mut stop = None;
        while stop.is_none() && inbox.blocking_recv_many(&mut requests, BATCH) > 0 {
            let mut batch = self.later.take();
            let (mut is_asked, mut is_promised) = (false, false);
            for request in requests.drain(..) {
                match request {
                    Request::Work(work) => {
                        is_promised |= work.is_promise();
                        batch.push(work);
                    }
                    Request::Look => is_asked = true,
                    Request::Stop(done) => stop = Some(done),
                }
            }
            if is_asked || is_promised {
                self.later.was_worth_it(is_promised);
            }
            self.settle(batch);
            if self.chores.attend_log(self.log_pages.load(Ordering::Acquire)) {
                // When this does not succeed, the log grows on, and the next time comes.
                let _ = schema::checkpoint(&self.db);
            }
        }
        inbox.close();
        self.later.close();
        // In this order: each has work for the next.
        drop(self.flusher);
        drop(self.chores);
        drop(self.housekeeper);
        let _ = self.db.close();
        stop
    }

    /// Commits a batch, or each of its parts alone, and answers all.
    fn settle(&mut self, batch: Vec<Box<dyn Work>>) {
        let (abandoned, mut batch): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|work| work.is_abandoned());
        for work in abandoned {
            self.sweep(work.files());
        }
        match self.commit(&mut batch) {
            Ok(effects) => self.finish(batch, effects),
            // Waiting for a locked database once more for each would keep everybody waiting.
            Err(failure) if batch.len() == 1 || failure == Failure::Busy => self.refuse(batch, &failure),
            Err(_) => self.settle_each(batch),
        }
    }

    fn settle_each(&mut self, batch: Vec<Box<dyn Work>>) {
        for work in batch {
            let mut alone = vec![work];
            match self.commit(&mut alone) {
                Ok(effects) => self.finish(alone, effects),
                Err(failure) => self.refuse(alone, &failure),
            }
        }
    }

    /// One transaction. After an error nothing of it is in the database.
    fn commit(&mut self, batch: &mut [Box<dyn Work>]) -> Result<Effects, Failure> {
        if batch.is_empty() {
            return Ok(Effects::default());
        }
        if self.flusher.is_in_doubt() {
            schema::checkpoint_all(&self.db)?;
            self.flusher.mended();
        }
        let done = self.transaction(batch);
        if done.is_err() && !self.db.is_autocommit() {
            // SQLite has not rolled back by itself, as it does when the disk is full.
            let _ = self.db.execute_batch("ROLLBACK");
        }
        done
    }

    fn transaction(&mut self, batch: &mut [Box<dyn Work>]) -> Result<Effects, Failure> {
        let mut all = Effects::default();
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut transaction = Transaction {
            db: &self.db,
            heads: BTreeMap::new(),
        };
        for work in batch {
            all.add(work.run(&mut transaction)?);
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        Ok(all)
    }

    /// Answers those to whom the commit is enough, and lets the others wait for the disk.
    fn finish(&mut self, batch: Vec<Box<dyn Work>>, effects: Effects) {
        let (promises, others): (Vec<_>, Vec<_>) = batch.into_iter().partition(|work| work.is_promise());
        for work in others {
            work.answer();
        }
        if !promises.is_empty() || effects.matter() {
            self.flusher.flush(promises, effects);
        }
    }

    fn refuse(&mut self, batch: Vec<Box<dyn Work>>, failure: &Failure) {
        for work in batch {
            self.sweep(work.files());
            work.refuse(failure.clone());
        }
    }

    /// Deletes those of the named files that no row names. The row is looked for, since a COMMIT that reports an
    /// error may have happened all the same.
    fn sweep(&mut self, files: Vec<String>) {
        let is_unused = |file: &String| {
            let named = self
                .db
                .prepare_cached("SELECT 1 FROM bodies WHERE file = ?")
                .and_then(|mut named| named.exists([file]));
            matches!(named, Ok(false))
        };
        let unused = files.into_iter().filter(is_unused).collect();
        self.chores.delete(unused);
    }
}

/// A task of any type with its way back to the caller.
pub(super) trait Work: Send {
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<Effects, Failure>;
    fn files(&self) -> Vec<String>;
    fn is_promise(&self) -> bool;
    fn is_abandoned(&self) -> bool;
    fn answer(self: Box<Self>);
    fn refuse(self: Box<Self>, failure: Failure);
}

struct Pending<T: Task> {
    task: T,
    outcome: Option<T::Answer>,
    reply: oneshot::Sender<Result<T::Answer, Failure>>,
}

impl<T: Task> Pending<T> {
    /// A task with the way on which its caller hears.
    #[expect(clippy::type_complexity, reason = "both ends of one channel")]
    fn asked(task: T) -> (Box<dyn Work>, oneshot::Receiver<Result<T::Answer, Failure>>) {
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            task,
            outcome: None,
            reply,
        };
        (Box::new(pending), answer)
    }
}

impl<T: Task> Work for Pending<T> {
    fn run(&mut self, transaction: &mut Transaction<'_>) -> Result<Effects, Failure> {
        let (answer, effects) = self.task.run(transaction)?;
        self.outcome = Some(answer);
        Ok(effects)
    }

    fn files(&self) -> Vec<String> {
        self.task.files()
    }

    fn is_promise(&self) -> bool {
        self.task.is_promise()
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn answer(self: Box<Self>) {
        let _ = self.reply.send(self.outcome.ok_or_else(Failure::closed));
    }

    fn refuse(self: Box<Self>, failure: Failure) {
        let _ = self.reply.send(Err(failure));
    }
}
