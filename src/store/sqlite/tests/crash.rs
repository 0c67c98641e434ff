//! What a crash leaves, and that no acknowledged mail is lost.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command as Process, Stdio};

use super::*;
use crate::audit::{ChainState, Lookup, Trail};
use crate::queue::{Outcome, Spool};

/// Runs something on a runtime that is then dropped with everything in it, as a crash would.
fn and_crash<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

#[test]
fn what_a_crash_left_is_undone_at_the_next_open() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let (store, claimed) = and_crash(async {
        let store = Store::open(&settings).await.unwrap();
        store.commit(record(1), mail(5000)).await.unwrap();
        let claimed = store.claim(minute(0), minute(600), 9).await.unwrap();
        (store, claimed)
    });
    let bodies = settings.directory.join("bodies");
    std::fs::write(bodies.join("06F3-whole-without-a-row"), "whole").unwrap();
    std::fs::write(bodies.join("06F3-half"), "ha").unwrap();
    drop(store);
    and_crash(async {
        let store = Store::open(&settings).await.unwrap();
        assert_eq!(body_files(&settings).len(), 1);
        let again = store.claim(minute(0), minute(600), 9).await.unwrap();
        assert_eq!(again, claimed, "the lease ended with its process");
        assert_eq!(store.body(again[0].body).await.unwrap().len(), 5000);
    });
}

/// Not a test by itself: the process that the next test kills.
#[test]
fn victim() {
    let Ok(directory) = std::env::var("SEALGATE_VICTIM") else {
        return;
    };
    let settings = Settings {
        directory: directory.into(),
        inline_kb: 1,
        reserve_mb: 0,
        keep_days: 30,
        ..Settings::default()
    };
    and_crash(async {
        let store = Store::open(&settings).await.unwrap();
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..8_u64 {
            let store = store.clone();
            senders.spawn(async move {
                for number in (sender..1_000_000).step_by(8) {
                    let size = if number % 3 == 0 { 3000 } else { 300 };
                    store.commit(record(number), mail(size)).await.unwrap();
                    println!("taken {}", id(0, number));
                    if number % 2 == 0 {
                        settle_one(&store).await;
                    }
                }
            });
        }
        senders.join_all().await;
    });
}

async fn settle_one(store: &Store) {
    for delivery in store.claim(minute(0), minute(60), 1).await.unwrap() {
        let message = delivery.message;
        let outcome = Outcome::Delivered { reply: String::new() };
        store.settle(vec![(delivery, outcome)], Vec::new()).await.unwrap();
        let _ = writeln!(std::io::stdout(), "delivered {message}");
    }
}

#[test]
fn a_killed_gateway_has_lost_nothing_that_it_acknowledged() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let (mut taken, mut delivered) = (HashSet::new(), HashSet::new());
    for round in 1..=3 {
        // Each round works on a store of its own numbers' sake: ids are given once.
        let settings = Settings {
            directory: settings.directory.join(round.to_string()),
            ..settings.clone()
        };
        taken.clear();
        delivered.clear();
        let mut victim = Process::new(std::env::current_exe().unwrap())
            .args(["store::sqlite::tests::crash::victim", "--exact", "--nocapture"])
            .env("SEALGATE_VICTIM", &settings.directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        for line in BufReader::new(victim.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.split_once(' ') {
                Some(("taken", id)) => taken.insert(id.to_owned()),
                Some(("delivered", id)) => delivered.insert(id.to_owned()),
                _ => false,
            };
            if taken.len() == 100 * round {
                victim.kill().unwrap();
            }
        }
        victim.wait().unwrap();
        assert!(taken.len() >= 100 * round && !delivered.is_empty());
        and_crash(check(&settings, &taken, &delivered));
    }
}

async fn check(settings: &Settings, taken: &HashSet<String>, delivered: &HashSet<String>) {
    let store = Store::open(settings).await.unwrap();
    assert!(matches!(
        store.verify_chain().await.unwrap(),
        ChainState::Intact { .. }
    ));
    let mut open = HashSet::new();
    for delivery in store.list(everything()).await.unwrap() {
        let body = store.body(delivery.body).await.unwrap();
        assert!(body.as_bytes().iter().all(|byte| *byte == 5));
        open.insert(delivery.message.to_string());
    }
    for id in taken {
        let found = store.find(Lookup::Id(id.parse().unwrap())).await.unwrap();
        assert!(found[0].intact);
        let is_delivered = found[0].deliveries[0].1.starts_with("delivered");
        assert!(open.contains(id) != is_delivered, "{id} is neither or both");
        assert!(
            is_delivered || !delivered.contains(id),
            "{id} was delivered and forgot it"
        );
    }
    let large = count(settings, "SELECT count(*) FROM bodies WHERE file IS NOT NULL");
    assert_eq!(i64::try_from(body_files(settings).len()), Ok(large));
}
