//! Copies that wait for a certificate, from their coming to their going.

use super::{Ground, claim};
use crate::audit::{Lookup, Trail};
use crate::message::{Outbound, Purpose, RawMessage};
use crate::queue::{Spool, WaitingFilter, WaitingOrder, WaitingRoom};
use crate::store::Store;
use crate::store::samples::{address, id, mail, minute, notice, record};

/// A sealed copy that waits for these until an hour after the start.
fn copy(body: &[u8], recipients: &[(u32, &str)]) -> Outbound {
    Outbound {
        purpose: Purpose::Waiting { until: minute(60) },
        ..mail(body, recipients)
    }
}

async fn all(store: &Store) -> Vec<(i64, String)> {
    let all = store.waiting(WaitingFilter::default(), 10).await.unwrap();
    all.iter()
        .map(|one| (one.id, one.recipient.to_string()))
        .collect()
}

pub(in crate::store) async fn what_waits_is_not_claimed_and_is_found_after_a_restart(ground: &impl Ground) {
    let store = ground.open().await;
    for body in [vec![1; 10], vec![2; 100_000]] {
        let entropy = u64::from(body[0]);
        let outbounds = vec![copy(
            &body,
            &[(2, "Bob@partner.example"), (3, "eve@partner.example")],
        )];
        store
            .commit(record(id(0, entropy), minute(0)), outbounds)
            .await
            .unwrap();
    }
    assert!(claim(&store, 5).await.is_empty());
    store.close().await;
    let store = ground.open().await;
    let bob = WaitingFilter {
        recipient: Some(address("bob@PARTNER.example")),
        ..WaitingFilter::default()
    };
    let found = store.waiting(bob, 10).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[1].message, found[1].place, found[1].until),
        (id(0, 2), 2, minute(60))
    );
    assert_eq!(
        store.body(found[1].body).await.unwrap(),
        RawMessage::new(vec![2; 100_000])
    );
    let traced = store.find(Lookup::Id(id(0, 1))).await.unwrap();
    let places: Vec<u32> = traced[0].deliveries.iter().map(|(place, _, _)| *place).collect();
    assert_eq!(places, [2, 3]);
}

pub(in crate::store) async fn a_wait_ends_once_together_with_what_follows(ground: &impl Ground) {
    let store = ground.open().await;
    let outbounds = vec![copy(
        b"sealed",
        &[(1, "bob@partner.example"), (2, "eve@partner.example")],
    )];
    store
        .commit(record(id(0, 1), minute(0)), outbounds)
        .await
        .unwrap();
    let [(bob, _), (eve, _)] = all(&store).await[..] else {
        panic!("two wait");
    };
    let body = store.waiting(WaitingFilter::default(), 1).await.unwrap()[0].body;
    let released = vec![mail(b"to bob", &[(1, "bob@partner.example")])];
    store
        .commit_instead(bob, record(id(1, 2), minute(1)), released.clone())
        .await
        .unwrap();
    // Nobody can end it a second time, and nothing is kept of the attempt.
    let again = store
        .commit_instead(bob, record(id(1, 3), minute(1)), released)
        .await;
    assert!(again.is_err());
    assert!(store.find(Lookup::Id(id(1, 3))).await.unwrap().is_empty());
    assert_eq!(claim(&store, 5).await.len(), 1);
    assert!(store.body(body).await.is_ok(), "eve still waits for it");
    store
        .commit_instead(eve, record(id(2, 4), minute(2)), vec![notice(b"it is over")])
        .await
        .unwrap();
    assert!(store.body(body).await.is_err(), "the copy is gone");
    assert!(all(&store).await.is_empty());
}

pub(in crate::store) async fn looks_are_put_off_but_not_beyond_the_end(ground: &impl Ground) {
    let store = ground.open().await;
    store
        .commit(
            record(id(0, 1), minute(0)),
            vec![copy(b"x", &[(1, "bob@partner.example")])],
        )
        .await
        .unwrap();
    let due = async |at| {
        let filter = WaitingFilter {
            due: Some(minute(at)),
            ..WaitingFilter::default()
        };
        store.waiting(filter, 10).await.unwrap().len()
    };
    let order = async |order| {
        store
            .order(WaitingFilter::default(), order, minute(7))
            .await
            .unwrap()
    };
    assert_eq!(due(0).await, 1);
    assert_eq!(order(WaitingOrder::LookAt(minute(30))).await, 1);
    assert_eq!((due(29).await, due(30).await), (0, 1));
    order(WaitingOrder::LookAt(minute(90))).await;
    assert_eq!((due(59).await, due(60).await), (0, 1));
    order(WaitingOrder::LookNow).await;
    assert_eq!((due(6).await, due(7).await), (0, 1));
    order(WaitingOrder::Expire).await;
    assert_eq!(
        store.waiting(WaitingFilter::default(), 1).await.unwrap()[0].until,
        minute(7)
    );
    let other = WaitingFilter {
        ids: vec![999],
        ..WaitingFilter::default()
    };
    assert_eq!(
        store
            .order(other, WaitingOrder::LookNow, minute(8))
            .await
            .unwrap(),
        0
    );
}
