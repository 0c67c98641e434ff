//! Mail that goes from its commit to the deliverer without a claim.

use futures_util::FutureExt;
use jiff::SignedDuration;

use super::*;
use crate::audit::Trail;
use crate::queue::{Outcome, Spool};

const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// A store whose deliverer waits for mail.
async fn awaited(settings: &Settings) -> Sqlite {
    let sqlite = Sqlite::open(settings).await.unwrap();
    assert!(sqlite.accepted(LEASE, 9).now_or_never().is_none());
    sqlite
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test]
async fn awaited_mail_is_handed_over_as_it_is_in_the_queue_and_no_claim_finds_it() {
    let ground = TemporaryDirectory::new();
    let sqlite = awaited(&ground.settings()).await;
    sqlite.commit(record(1), mail(10)).await.unwrap();
    let handed = sqlite.accepted(LEASE, 9).await;
    assert_eq!(handed, sqlite.list(everything()).await.unwrap());
    assert_eq!(handed.len(), 1);
    assert_eq!(sqlite.body(handed[0].body).await.unwrap().len(), 10);
    assert!(sqlite.claim(now(), now() + LEASE, 9).await.unwrap().is_empty());
    assert!(
        sqlite.accepted(LEASE, 9).now_or_never().is_none(),
        "it comes once"
    );
    let reply = "250 ok".to_owned();
    let taken = handed
        .into_iter()
        .map(|delivery| (delivery, Outcome::Delivered { reply: reply.clone() }));
    sqlite.settle(taken.collect(), Vec::new()).await.unwrap();
    assert!(sqlite.list(everything()).await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_deliverer_mail_waits_for_a_claim() {
    let ground = TemporaryDirectory::new();
    let sqlite = Sqlite::open(&ground.settings()).await.unwrap();
    sqlite.commit(record(1), mail(10)).await.unwrap();
    assert_eq!(sqlite.claim(now(), now() + LEASE, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_handed_over_and_not_taken_is_claimed_after_a_restart() {
    let ground = TemporaryDirectory::new();
    let sqlite = awaited(&ground.settings()).await;
    sqlite.commit(record(1), mail(10)).await.unwrap();
    crate::store::Kind::close(&sqlite).await;
    drop(sqlite);
    let sqlite = Sqlite::open(&ground.settings()).await.unwrap();
    assert_eq!(sqlite.claim(now(), now() + LEASE, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_waited_longer_than_its_lease_allows_is_left_to_a_claim() {
    let ground = TemporaryDirectory::new();
    let sqlite = awaited(&ground.settings()).await;
    sqlite.commit(record(1), mail(10)).await.unwrap();
    // Who wants a longer lease finds the delivery as late as if it had been here for long.
    let longer = LEASE + SignedDuration::from_hours(1);
    let mut waiting = Box::pin(sqlite.accepted(longer, 9));
    let claimed = loop {
        assert!(waiting.as_mut().now_or_never().is_none());
        let claimed = sqlite.claim(now(), now() + longer, 9).await.unwrap();
        if !claimed.is_empty() {
            break claimed;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(claimed.len(), 1);
    assert!(waiting.as_mut().now_or_never().is_none());
}

#[tokio::test]
async fn a_message_to_many_and_a_full_handover_wait_for_a_claim() {
    let ground = TemporaryDirectory::new();
    let sqlite = awaited(&ground.settings()).await;
    let many: Vec<(u32, String)> = (1..=17)
        .map(|place| (place, format!("r{place}@partner.example")))
        .collect();
    let many: Vec<(u32, &str)> = many
        .iter()
        .map(|(place, address)| (*place, address.as_str()))
        .collect();
    sqlite
        .commit(record(1), vec![samples::mail(b"x", &many)])
        .await
        .unwrap();
    assert_eq!(sqlite.claim(now(), now() + LEASE, 99).await.unwrap().len(), 17);
    for entropy in 2..=203 {
        sqlite.commit(record(entropy), mail(10)).await.unwrap();
    }
    let claimed = sqlite.claim(now(), now() + LEASE, 999).await.unwrap();
    let handed = sqlite.accepted(LEASE, 999).await;
    assert_eq!((claimed.len(), handed.len()), (2, 200));
}
