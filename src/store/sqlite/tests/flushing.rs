//! What is answered when, and what becomes of commits that could not be flushed.

use std::io;
use std::sync::Arc;
use std::sync::mpsc;

use super::super::bodies::{Bodies, RealDisk};
use super::super::flusher::{Flusher, Log};
use super::super::housekeeper::Housekeeper;
use super::super::writer::Desk;
use super::*;

/// A log whose flushes end when and how the test says.
struct HeldLog {
    begun: tokio::sync::mpsc::UnboundedSender<()>,
    ends: mpsc::Receiver<io::Result<()>>,
}

impl Log for HeldLog {
    fn flush(&mut self) -> io::Result<()> {
        let _ = self.begun.send(());
        self.ends.recv().unwrap_or(Ok(()))
    }
}

struct Held {
    settings: Settings,
    desk: Desk,
    begun: tokio::sync::mpsc::UnboundedReceiver<()>,
    end: mpsc::Sender<io::Result<()>>,
    _ground: TemporaryDirectory,
}

impl Held {
    async fn open() -> Held {
        let ground = TemporaryDirectory::new();
        let settings = ground.settings();
        crate::store::Kind::close(&Sqlite::open(&settings).await.unwrap()).await;
        let db = raw(&settings);
        db.execute_batch("CREATE TABLE notes (n INTEGER)").unwrap();
        let bodies = Bodies::new(&settings.directory.join("bodies"), Arc::new(RealDisk));
        let kept = Housekeeper::start(bodies, &settings.directory.join("sealgate.db")).unwrap();
        let (begins, begun) = tokio::sync::mpsc::unbounded_channel();
        let (end, ends) = mpsc::channel();
        let log = HeldLog { begun: begins, ends };
        let flusher = Flusher::start(log, kept.1.clone(), |_| {}).unwrap();
        let desk = Desk::start(db, flusher, kept, None).unwrap();
        Held {
            settings,
            desk,
            begun,
            end,
            _ground: ground,
        }
    }

    fn write(&self, sql: &'static str) -> tokio::task::JoinHandle<Result<(), Failure>> {
        let desk = self.desk.clone();
        tokio::spawn(async move { desk.write(|| Statement(sql)).await })
    }
}

/// What may be lost in a power cut.
struct NoPromise;

impl Task for NoPromise {
    type Answer = ();

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<((), Effects), Failure> {
        transaction.db.execute_batch("INSERT INTO notes VALUES (7)")?;
        Ok(((), Effects::default()))
    }

    fn is_promise(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_promise_is_answered_after_its_flush_while_others_commit_and_are_answered_meanwhile() {
    let mut held = Held::open().await;
    let promise = held.write("INSERT INTO notes VALUES (1)");
    held.begun.recv().await.unwrap();
    held.desk.write(|| NoPromise).await.unwrap();
    assert_eq!(count(&held.settings, "SELECT count(*) FROM notes"), 2);
    assert!(!promise.is_finished(), "its flush has not ended");
    held.end.send(Ok(())).unwrap();
    promise.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_could_not_be_flushed_is_promised_to_nobody_until_the_log_is_in_the_database() {
    let mut held = Held::open().await;
    let (first, full) = (
        held.write("INSERT INTO notes VALUES (1)"),
        io::ErrorKind::StorageFull,
    );
    held.begun.recv().await.unwrap();
    let second = held.write("INSERT INTO notes VALUES (2)");
    // It is in the log before the flush fails.
    while count(&held.settings, "SELECT count(*) FROM notes") < 2 {
        tokio::task::yield_now().await;
    }
    held.end.send(Err(full.into())).unwrap();
    assert_eq!(first.await.unwrap(), Err(Failure::Full));
    assert_eq!(
        second.await.unwrap(),
        Err(Failure::Full),
        "the kernel would say that all is well"
    );
    let third = held.write("INSERT INTO notes VALUES (3)");
    held.begun.recv().await.unwrap();
    held.end.send(Ok(())).unwrap();
    third.await.unwrap().unwrap();
    // The database alone has what was in doubt: the log was emptied before the third came into it.
    let database = held.settings.directory.join("sealgate.db");
    let copy = held.settings.directory.join("copy.db");
    std::fs::copy(&database, &copy).unwrap();
    let copy = Connection::open(&copy).unwrap();
    let kept: i64 = copy
        .query_row("SELECT count(*) FROM notes", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 2);
}
