//! The one writer: it groups everything that waits into one transaction, so that many messages share one fsync.
//!
//! A request is answered after its COMMIT, never before. It uses `BEGIN` and `COMMIT` as plain statements:
//! after SQLite rolled back by itself (disk full), sqlx would go on counting its own transaction as open.

use std::collections::BTreeMap;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::bodies::Bodies;
use super::lock::Lock;
use crate::audit::Hash;
use crate::message::Boxed;
use crate::store::failure::Failure;

/// Requests that share one transaction at most.
const BATCH: usize = 256;
/// Requests that wait at most; further callers wait for room.
const WAITING: usize = 1024;

/// Something to write. It is run again, alone, when a transaction that it shared failed.
pub(super) trait Task: Send + Sync + 'static {
    type Answer: Send + 'static;

    fn run(
        &self,
        transaction: &mut Transaction<'_>,
    ) -> impl Future<Output = Result<(Self::Answer, Effects), sqlx::Error>> + Send;

    /// Names of body files that were written for it, and are nobody's when it fails.
    fn files(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The transaction that tasks share.
///
/// Every statement is a journey to SQLite's thread and back, which costs more than most statements do. So tasks
/// send statements that belong together as one text, with plain `?` in the order of the arguments.
pub(super) struct Transaction<'a> {
    pub(super) db: &'a mut SqliteConnection,
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
}

impl Effects {
    pub(super) fn wake() -> Effects {
        Effects {
            wake: true,
            unused: Vec::new(),
        }
    }
}

/// The callers' end.
#[derive(Clone)]
pub(super) struct Desk {
    requests: mpsc::Sender<Request>,
}

enum Request {
    Work(Box<dyn Work>),
    Stop(oneshot::Sender<()>),
}

impl Desk {
    /// Starts the writer on its connection. It ends when the last `Desk` is gone, and lets the lock go then.
    pub(super) fn start(
        db: SqliteConnection,
        bodies: Bodies,
        lock: Option<Lock>,
        woken: impl Fn() + Send + 'static,
    ) -> Desk {
        let (requests, inbox) = mpsc::channel(WAITING);
        let writer = Writer {
            db,
            bodies,
            removals: JoinSet::new(),
            woken,
        };
        tokio::spawn(async move {
            writer.run(inbox).await;
            drop(lock);
        });
        Desk { requests }
    }

    /// Writes and waits until it is durable. A caller who stops waiting in time makes the task not happen. The
    /// task is made once there is room for it; from then on, what it owns on disk is the writer's to look after.
    pub(super) async fn write<T: Task>(&self, make: impl FnOnce() -> T) -> Result<T::Answer, Failure> {
        let (reply, answer) = oneshot::channel();
        let room = self.requests.reserve().await.map_err(|_| Failure::closed())?;
        room.send(Request::Work(Box::new(Pending {
            task: make(),
            outcome: None,
            reply,
        })));
        answer.await.map_err(|_| Failure::closed())?
    }

    /// How many requests wait for the next transaction.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.requests.max_capacity() - self.requests.capacity()
    }

    /// Ends the writer after everything that was asked for before.
    pub(super) async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.requests.send(Request::Stop(done)).await.is_ok() {
            let _ = ended.await;
        }
    }
}

struct Writer<W> {
    db: SqliteConnection,
    bodies: Bodies,
    removals: JoinSet<()>,
    woken: W,
}

impl<W: Fn() + Send> Writer<W> {
    async fn run(mut self, mut inbox: mpsc::Receiver<Request>) {
        let mut requests = Vec::with_capacity(BATCH);
        let mut stop = None;
        while stop.is_none() && inbox.recv_many(&mut requests, BATCH).await > 0 {
            let mut batch = Vec::with_capacity(requests.len());
            for request in requests.drain(..) {
                match request {
                    Request::Work(work) => batch.push(work),
                    Request::Stop(done) => stop = Some(done),
                }
            }
            self.settle(batch).await;
            while self.removals.try_join_next().is_some() {}
        }
        inbox.close();
        while self.removals.join_next().await.is_some() {}
        let _ = self.db.close().await;
        if let Some(done) = stop {
            let _ = done.send(());
        }
    }

    /// Commits a batch, or each of its parts alone, and answers all.
    async fn settle(&mut self, batch: Vec<Box<dyn Work>>) {
        let (abandoned, mut batch): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|work| work.is_abandoned());
        for work in abandoned {
            self.sweep(work.files()).await;
        }
        match self.commit(&mut batch).await {
            Ok(effects) => self.finish(batch, effects),
            // Waiting for a locked database once more for each would keep everybody waiting.
            Err(failure) if batch.len() == 1 || failure == Failure::Busy => self.refuse(batch, failure).await,
            Err(_) => self.settle_each(batch).await,
        }
    }

    async fn settle_each(&mut self, batch: Vec<Box<dyn Work>>) {
        for work in batch {
            let mut alone = vec![work];
            match self.commit(&mut alone).await {
                Ok(effects) => self.finish(alone, effects),
                Err(failure) => self.refuse(alone, failure).await,
            }
        }
    }

    /// One transaction. After an error nothing of it is in the database.
    async fn commit(&mut self, batch: &mut [Box<dyn Work>]) -> Result<Effects, Failure> {
        if batch.is_empty() {
            return Ok(Effects::default());
        }
        let done = self.transaction(batch).await;
        if done.is_err() {
            // It fails when SQLite rolled back by itself, which is as well.
            let _ = sqlx::query("ROLLBACK").execute(&mut self.db).await;
        }
        Ok(done?)
    }

    async fn transaction(&mut self, batch: &mut [Box<dyn Work>]) -> Result<Effects, sqlx::Error> {
        let mut all = Effects::default();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.db).await?;
        let mut transaction = Transaction {
            db: &mut self.db,
            heads: BTreeMap::new(),
        };
        for work in batch {
            let effects = work.run(&mut transaction).await?;
            all.wake |= effects.wake;
            all.unused.extend(effects.unused);
        }
        sqlx::query("COMMIT").execute(&mut self.db).await?;
        Ok(all)
    }

    fn finish(&mut self, batch: Vec<Box<dyn Work>>, effects: Effects) {
        for work in batch {
            work.answer();
        }
        if effects.wake {
            (self.woken)();
        }
        if !effects.unused.is_empty() {
            let bodies = self.bodies.clone();
            self.removals
                .spawn_blocking(move || bodies.remove(&effects.unused));
        }
    }

    async fn refuse(&mut self, batch: Vec<Box<dyn Work>>, failure: Failure) {
        for work in batch {
            self.sweep(work.files()).await;
            work.refuse(failure.clone());
        }
    }

    /// Deletes those of the named files that no row names. The row is looked for, since a COMMIT that reports an
    /// error may have happened all the same.
    async fn sweep(&mut self, files: Vec<String>) {
        let mut unused = Vec::new();
        for file in files {
            let named = sqlx::query_scalar::<_, i64>("SELECT 1 FROM bodies WHERE file = ?").bind(&file);
            if let Ok(None) = named.fetch_optional(&mut self.db).await {
                unused.push(file);
            }
        }
        if !unused.is_empty() {
            let bodies = self.bodies.clone();
            self.removals.spawn_blocking(move || bodies.remove(&unused));
        }
    }
}

/// A task of any type with its way back to the caller.
trait Work: Send {
    fn run<'a>(&'a mut self, transaction: &'a mut Transaction<'_>)
    -> Boxed<'a, Result<Effects, sqlx::Error>>;
    fn files(&self) -> Vec<String>;
    fn is_abandoned(&self) -> bool;
    fn answer(self: Box<Self>);
    fn refuse(self: Box<Self>, failure: Failure);
}

struct Pending<T: Task> {
    task: T,
    outcome: Option<T::Answer>,
    reply: oneshot::Sender<Result<T::Answer, Failure>>,
}

impl<T: Task> Work for Pending<T> {
    fn run<'a>(
        &'a mut self,
        transaction: &'a mut Transaction<'_>,
    ) -> Boxed<'a, Result<Effects, sqlx::Error>> {
        Box::pin(async move {
            let (answer, effects) = self.task.run(transaction).await?;
            self.outcome = Some(answer);
            Ok(effects)
        })
    }

    fn files(&self) -> Vec<String> {
        self.task.files()
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
