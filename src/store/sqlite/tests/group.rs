//! Many requests, one commit.

use std::sync::Arc;

use super::*;
use crate::audit::{Lookup, Trail};
use crate::queue::Spool;

/// Counts the commits in the write-ahead log (<https://www.sqlite.org/fileformat2.html#walformat>): a frame that
/// ends a transaction carries the size of the database.
pub(super) fn commits(settings: &Settings) -> usize {
    let log = std::fs::read(settings.directory.join("sealgate.db-wal")).unwrap_or_default();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    if log.len() < 32 {
        return 0;
    }
    let frame = number(8) as usize + 24;
    let is_valid = |at: &usize| log[at + 8..at + 16] == log[16..24];
    let frames = (32..=log.len() - frame).step_by(frame).take_while(is_valid);
    frames.filter(|at| number(at + 4) != 0).count()
}

#[tokio::test]
async fn a_hundred_waiting_messages_share_one_commit() {
    let ground = TemporaryDirectory::new();
    let sqlite = Arc::new(Sqlite::open(&ground.settings()).await.unwrap());
    sqlite.commit(record(1000), mail(10)).await.unwrap();
    let before = commits(&ground.settings());
    let gate = Gate::close(&sqlite).await;
    let waiting: Vec<_> = (0..100)
        .map(|entropy| {
            let sqlite = Arc::clone(&sqlite);
            tokio::spawn(async move { sqlite.commit(record(entropy), mail(10)).await })
        })
        .collect();
    until_waiting(&sqlite, 100).await;
    gate.send(()).unwrap();
    for message in waiting {
        message.await.unwrap().unwrap();
    }
    assert_eq!(commits(&ground.settings()) - before, 1);
    assert_eq!(sqlite.list(everything()).await.unwrap().len(), 101);
    for entropy in 200..203 {
        sqlite.commit(record(entropy), mail(10)).await.unwrap();
    }
    assert_eq!(
        commits(&ground.settings()) - before,
        4,
        "alone, each has its own commit"
    );
}

#[tokio::test]
async fn one_bad_request_fails_alone_and_leaves_no_file() {
    let ground = TemporaryDirectory::new();
    let sqlite = Arc::new(Sqlite::open(&ground.settings()).await.unwrap());
    let gate = Gate::close(&sqlite).await;
    // The same id twice: whichever comes second is refused by the database.
    let waiting: Vec<_> = [1, 2, 3, 2, 4]
        .map(|entropy| {
            let sqlite = Arc::clone(&sqlite);
            tokio::spawn(async move { sqlite.commit(record(entropy), mail(5000)).await })
        })
        .into();
    until_waiting(&sqlite, 5).await;
    gate.send(()).unwrap();
    let mut refused = 0;
    for message in waiting {
        refused += usize::from(message.await.unwrap().is_err());
    }
    assert_eq!(refused, 1);
    sqlite.desk.stop().await;
    assert_eq!(body_files(&ground.settings()).len(), 4);
    assert_eq!(count(&ground.settings(), "SELECT count(*) FROM records"), 4);
}

#[tokio::test]
async fn of_a_message_whose_caller_stopped_waiting_nothing_is_kept() {
    let ground = TemporaryDirectory::new();
    let sqlite = Arc::new(Sqlite::open(&ground.settings()).await.unwrap());
    let gate = Gate::close(&sqlite).await;
    let patient = Arc::clone(&sqlite);
    let patient = tokio::spawn(async move { patient.commit(record(1), mail(5000)).await });
    let hasty = Arc::clone(&sqlite);
    let hasty = tokio::spawn(async move { hasty.commit(record(2), mail(5000)).await });
    until_waiting(&sqlite, 2).await;
    hasty.abort();
    assert!(hasty.await.unwrap_err().is_cancelled());
    gate.send(()).unwrap();
    patient.await.unwrap().unwrap();
    assert!(sqlite.find(Lookup::Id(id(0, 2))).await.unwrap().is_empty());
    sqlite.desk.stop().await;
    assert_eq!(body_files(&ground.settings()).len(), 1);
}
