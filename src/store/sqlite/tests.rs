//! What is particular to this kind; everything else is in the contract suite.

mod alike;
mod chain;
mod crash;
mod disk;
mod flushing;
mod group;
mod handing;
mod later;
mod noting;
mod sharing;

use std::sync::Mutex;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::writer::{Effects, Task, Transaction};
use super::{Sqlite, schema};
use crate::audit::{Record, TrailError};
use crate::message::Outbound;
use crate::queue::{Delivery, Filter, Outcome};
use crate::store::contract::{self, Ground};
use crate::store::failure::Failure;
use crate::store::samples::{self, TemporaryDirectory, id, minute};
use crate::store::{Settings, Store, invariant};

impl Ground for TemporaryDirectory {
    async fn open(&self) -> Store {
        Store::open(&self.settings()).await.unwrap()
    }
}

mod contract_suite {
    use super::*;

    contract::suite!(TemporaryDirectory::new());

    #[test]
    fn no_sequence_of_steps_loses_or_changes_a_copy() {
        invariant::no_sequence_of_steps_loses_or_changes_a_copy(TemporaryDirectory::new);
    }
}

/// A statement that the writer runs like any task.
struct Statement(&'static str);

impl Task for Statement {
    type Answer = ();

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<((), Effects), Failure> {
        transaction.db.execute_batch(self.0)?;
        Ok(((), Effects::default()))
    }
}

/// A task that keeps the writer busy until it is let through.
struct Gate {
    entered: Mutex<Option<oneshot::Sender<()>>>,
    opened: Mutex<Option<oneshot::Receiver<()>>>,
}

impl Gate {
    /// Waits until the writer stands at the gate; sending on the answer opens it.
    async fn close(sqlite: &Sqlite) -> oneshot::Sender<()> {
        let (entered, at_gate) = oneshot::channel();
        let (open, opened) = oneshot::channel();
        let gate = Gate {
            entered: Mutex::new(Some(entered)),
            opened: Mutex::new(Some(opened)),
        };
        let desk = sqlite.desk.clone();
        tokio::spawn(async move { desk.write(|| gate).await });
        at_gate.await.unwrap();
        open
    }
}

impl Task for Gate {
    type Answer = ();

    fn run(&self, _transaction: &mut Transaction<'_>) -> Result<((), Effects), Failure> {
        let entered = self.entered.lock().unwrap().take();
        if let Some(entered) = entered {
            entered.send(()).unwrap();
        }
        let opened = self.opened.lock().unwrap().take();
        if let Some(opened) = opened {
            opened.blocking_recv().unwrap();
        }
        Ok(((), Effects::default()))
    }
}

/// Waits until that many requests wait for the writer.
async fn until_waiting(sqlite: &Sqlite, requests: usize) {
    while sqlite.desk.waiting() < requests {
        tokio::task::yield_now().await;
    }
}

/// A second connection, as another program would have it.
fn raw(settings: &Settings) -> Connection {
    schema::write(&settings.directory.join("sealgate.db")).unwrap()
}

fn tamper(settings: &Settings, sql: &str) {
    let db = raw(settings);
    // An administrator of the database is not stopped by foreign keys either.
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    db.execute_batch(sql).unwrap();
}

fn record(entropy: u64) -> Record {
    samples::record(id(0, entropy), minute(0))
}

fn mail(size: usize) -> Vec<Outbound> {
    vec![samples::mail(&vec![5; size], &[(1, "bob@partner.example")])]
}

/// A delivery that the next hop took.
fn taken(delivery: &Delivery) -> Vec<(Delivery, Outcome)> {
    let reply = "250 taken".to_owned();
    vec![(delivery.clone(), Outcome::Delivered { reply })]
}

fn body_files(settings: &Settings) -> Vec<String> {
    let folder = std::fs::read_dir(settings.directory.join("bodies")).unwrap();
    folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

fn count(settings: &Settings, sql: &str) -> i64 {
    raw(settings).query_row(sql, [], |row| row.get(0)).unwrap()
}

fn is_full<T>(result: &Result<T, TrailError>) -> bool {
    matches!(result, Err(TrailError::Full))
}

fn everything() -> Filter {
    Filter::default()
}
