//! Outcomes that lie aside until the next mail takes them along.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::group::commits;
use super::*;
use crate::audit::Trail;
use crate::queue::{Delivery, Spool};

async fn claimed(sqlite: &Sqlite) -> Delivery {
    let mut claimed = sqlite.claim(minute(0), minute(60), 1).await.unwrap();
    claimed.pop().unwrap()
}

/// Lets a future begin; what it waits for goes on without it.
async fn begin<F: Future + Unpin>(future: &mut F) {
    let begun = std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
        Poll::Pending => Poll::Ready(()),
        Poll::Ready(_) => panic!("it lies aside"),
    });
    begun.await;
}

#[tokio::test]
async fn an_outcome_waits_for_the_mail_that_comes_next_and_shares_its_transaction() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let mut sqlite = Sqlite::open(&settings).await.unwrap();
    sqlite.desk.set_moment(Duration::from_secs(3600));
    sqlite.commit(record(1), mail(10)).await.unwrap();
    let delivery = claimed(&sqlite).await;
    let before = commits(&settings);
    let mut settle = sqlite.settle(taken(&delivery), Vec::new());
    begin(&mut settle).await;
    let delivered = "SELECT count(*) FROM deliveries WHERE state = 'delivered'";
    for _ in 0..100 {
        assert_eq!(count(&settings, delivered), 0, "it went alone");
    }
    sqlite.commit(record(2), mail(10)).await.unwrap();
    settle.await.unwrap();
    assert_eq!(count(&settings, delivered), 1);
    assert_eq!(commits(&settings) - before, 1);
}

#[tokio::test]
async fn an_outcome_does_not_wait_for_mail_that_does_not_come() {
    let ground = TemporaryDirectory::new();
    let sqlite = Sqlite::open(&ground.settings()).await.unwrap();
    for number in 1..=3 {
        sqlite.commit(record(number), mail(10)).await.unwrap();
    }
    for number in 1..=3 {
        let delivery = claimed(&sqlite).await;
        sqlite.settle(taken(&delivery), Vec::new()).await.unwrap();
        let delivered = "SELECT count(*) FROM deliveries WHERE state = 'delivered'";
        assert_eq!(count(&ground.settings(), delivered), number);
    }
}

#[tokio::test]
async fn many_outcomes_are_enough_for_a_transaction_of_their_own() {
    let ground = TemporaryDirectory::new();
    let sqlite = Arc::new(Sqlite::open(&ground.settings()).await.unwrap());
    for number in 1..=40 {
        sqlite.commit(record(number), mail(10)).await.unwrap();
    }
    let claimed = sqlite.claim(minute(0), minute(60), 40).await.unwrap();
    let settling = claimed.into_iter().map(|delivery| {
        let sqlite = Arc::clone(&sqlite);
        tokio::spawn(async move { sqlite.settle(taken(&delivery), Vec::new()).await })
    });
    for settled in settling.collect::<Vec<_>>() {
        settled.await.unwrap().unwrap();
    }
    assert_eq!(count(&ground.settings(), "SELECT count(*) FROM bodies"), 0);
}

#[tokio::test]
async fn what_lies_aside_is_written_when_the_store_closes_and_refused_afterwards() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    for number in [1, 2] {
        sqlite.commit(record(number), mail(10)).await.unwrap();
    }
    let (first, second) = (claimed(&sqlite).await, claimed(&sqlite).await);
    let mut settle = sqlite.settle(taken(&first), Vec::new());
    begin(&mut settle).await;
    sqlite.desk.stop().await;
    settle.await.unwrap();
    assert!(sqlite.settle(taken(&second), Vec::new()).await.is_err());
    assert_eq!(count(&settings, "SELECT count(*) FROM bodies"), 1);
}
