//! Groups what waits to be written into batches: many messages share one round trip and one flush of the server's log.
//!
//! A request is answered after its commit, never before. While batches are under way, what arrives waits and forms the
//! next one, so batches grow with the load by themselves.

use std::sync::Arc;

use sqlx::PgConnection;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::link::Link;
use crate::message::Boxed;
use crate::store::failure::Failure;

/// Requests that share one batch at most.
const BATCH: usize = 256;
/// Octets of bodies in one batch, about.
const OCTETS: usize = 4 << 20;
/// Requests that wait at most; further callers wait for room.
const WAITING: usize = 1024;
/// Batches under way at once: while one is flushed, the next is written.
const LANES: usize = 2;

/// Something to write. It is run again, alone, when a batch that it shared failed.
pub(super) trait Task: Send + Sync + Sized + 'static {
    type Answer: Send + 'static;

    /// Writes all of them, durable on return, or none. Answers each, in order.
    fn write<'a>(
        tasks: &'a [Self],
        db: &'a mut PgConnection,
    ) -> Boxed<'a, Result<Vec<Self::Answer>, sqlx::Error>>;

    /// How much it adds to a batch.
    fn octets(&self) -> usize {
        0
    }
}

/// The callers' end.
pub(super) struct Desk<T: Task> {
    requests: mpsc::Sender<Pending<T>>,
}

struct Pending<T: Task> {
    task: T,
    reply: oneshot::Sender<Result<T::Answer, Failure>>,
}

impl<T: Task> Desk<T> {
    /// Starts the desk. It ends when the `Desk` is gone.
    pub(super) fn start(link: Link) -> Desk<T> {
        let (requests, inbox) = mpsc::channel(WAITING);
        tokio::spawn(serve(link, inbox));
        Desk { requests }
    }

    /// Writes and waits until it is durable. A caller who stops waiting in time makes the task not happen.
    pub(super) async fn write(&self, task: T) -> Result<T::Answer, Failure> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(Pending { task, reply }).await;
        sent.map_err(|_| Failure::closed())?;
        answer.await.map_err(|_| Failure::closed())?
    }
}

async fn serve<T: Task>(link: Link, mut inbox: mpsc::Receiver<Pending<T>>) {
    let lanes = Arc::new(Semaphore::new(LANES));
    let mut first = inbox.recv().await;
    while let Some(pending) = first.take() {
        // What arrives until a lane is free shares the batch.
        let Ok(lane) = Arc::clone(&lanes).acquire_owned().await else {
            return;
        };
        let mut octets = pending.task.octets();
        let mut batch = vec![pending];
        while batch.len() < BATCH && octets < OCTETS {
            let Ok(next) = inbox.try_recv() else { break };
            octets += next.task.octets();
            batch.push(next);
        }
        let link = link.clone();
        tokio::spawn(async move {
            settle(&link, batch).await;
            drop(lane);
        });
        first = inbox.recv().await;
    }
}

/// Writes a batch, or each of its parts alone, and answers all.
async fn settle<T: Task>(link: &Link, mut batch: Vec<Pending<T>>) {
    batch.retain(|pending| !pending.reply.is_closed());
    let (tasks, replies): (Vec<T>, Vec<_>) = batch
        .into_iter()
        .map(|pending| (pending.task, pending.reply))
        .unzip();
    if tasks.is_empty() {
        return;
    }
    let tasks = Arc::new(tasks);
    match write(link, &tasks).await {
        Ok(answers) => {
            for (reply, answer) in replies.into_iter().zip(answers) {
                let _ = reply.send(Ok(answer));
            }
        }
        // One of them may be the reason; the others must not suffer for it. When the server is away, all do.
        Err(Failure::Other(_) | Failure::Passing(_)) if tasks.len() > 1 => {
            let Some(tasks) = Arc::into_inner(tasks) else {
                return;
            };
            for (task, reply) in tasks.into_iter().zip(replies) {
                let alone = write(link, &Arc::new(vec![task])).await;
                let answer = alone.and_then(|answers| answers.into_iter().next().ok_or_else(Failure::closed));
                let _ = reply.send(answer);
            }
        }
        Err(failure) => {
            for reply in replies {
                let _ = reply.send(Err(failure.clone()));
            }
        }
    }
}

async fn write<T: Task>(link: &Link, tasks: &Arc<Vec<T>>) -> Result<Vec<T::Answer>, Failure> {
    let tasks = Arc::clone(tasks);
    link.run(move |db| Box::pin(async move { T::write(&tasks, db).await }))
        .await
}
