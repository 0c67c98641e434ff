//! Several gateways on one database.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Database, database};
use crate::audit::{ChainState, Trail};
use crate::queue::{Outcome, Spool};
use crate::store::Store;
use crate::store::samples::{id, mail, minute, record};

async fn three(database: &Database) -> Vec<Store> {
    let mut stores = Vec::new();
    for name in ["one", "two", "three"] {
        stores.push(Store::open(&database.named(name)).await.unwrap());
    }
    stores
}

/// Commits messages with these numbers, all at once.
async fn commit(store: &Store, numbers: std::ops::Range<u64>) {
    let commits = numbers.map(|number| {
        let outbounds = vec![mail(b"x", &[(1, "bob@partner.example")])];
        store.commit(record(id(0, number), minute(0)), outbounds)
    });
    for done in futures_util::future::join_all(commits).await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_two_gateways_get_the_same_delivery_and_none_is_left_over() {
    let Some(database) = database("no_two_gateways_get_the_same_delivery_and_none_is_left_over") else {
        return;
    };
    let stores = three(&database).await;
    commit(&stores[0], 0..300).await;
    let claims = stores.iter().map(|store| async {
        let mut claimed = Vec::new();
        loop {
            let some = store.claim(minute(1), minute(60), 7).await.unwrap();
            // What others are claiming at this moment is skipped, so nothing may mean later.
            if some.is_empty() && store.claim(minute(1), minute(60), 7).await.unwrap().is_empty() {
                return claimed;
            }
            claimed.extend(some.iter().map(|delivery| delivery.id));
        }
    });
    let claimed: Vec<i64> = futures_util::future::join_all(claims).await.concat();
    let mut distinct: BTreeSet<i64> = claimed.iter().copied().collect();
    assert_eq!(claimed.len(), distinct.len(), "one was claimed twice");
    for store in &stores {
        distinct.extend(
            store
                .claim(minute(1), minute(60), 300)
                .await
                .unwrap()
                .iter()
                .map(|one| one.id),
        );
    }
    assert_eq!(distinct.len(), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_all_gateways_are_one_chain() {
    let Some(database) = database("records_of_all_gateways_are_one_chain") else {
        return;
    };
    let stores = three(&database).await;
    let commits = (0_u64..)
        .zip(&stores)
        .map(|(n, store)| commit(store, n * 100..n * 100 + 100));
    futures_util::future::join_all(commits).await;
    let verified = stores[1].verify_chain().await.unwrap();
    assert_eq!(verified, ChainState::Intact { records: 300 });
    database.ask(
        "UPDATE records SET policy = policy, record = replace(record, 'agency', 'Agency') WHERE seq = 7",
    );
    assert!(matches!(
        stores[2].verify_chain().await.unwrap(),
        ChainState::Broken { .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_two_copies_of_a_body_may_end_at_once_and_nothing_of_it_is_left() {
    let Some(database) = database("the_last_two_copies_of_a_body_may_end_at_once") else {
        return;
    };
    let stores = three(&database).await;
    for number in 0..30 {
        let list = [(1, "a@one.example"), (2, "b@two.example"), (3, "c@three.example")];
        let outbounds = vec![mail(&[b'x'; 3000], &list)];
        stores[0]
            .commit(record(id(0, number), minute(0)), outbounds)
            .await
            .unwrap();
    }
    let claimed = stores[0].claim(minute(1), minute(60), 90).await.unwrap();
    let ends = claimed
        .iter()
        .zip(stores.iter().cycle())
        .map(|(delivery, store)| {
            let reply = "250 taken".to_owned();
            store.settle(vec![(delivery.clone(), Outcome::Delivered { reply })], Vec::new())
        });
    for done in futures_util::future::join_all(ends).await {
        done.unwrap();
    }
    assert_eq!(
        database.ask("SELECT (SELECT count(*) FROM bodies) + (SELECT count(*) FROM body_parts)"),
        "0"
    );
}

#[test]
fn what_a_gateway_had_under_way_is_taken_over_when_it_dies_and_what_it_says_later_breaks_nothing() {
    let Some(database) = database("what_a_gateway_had_under_way_is_taken_over_when_it_dies") else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dying = tokio::runtime::Runtime::new().unwrap();
    // Dropped, it would say goodbye.
    let (_store, claimed) = dying.block_on(async {
        let store = Store::open(&database.named("dying")).await.unwrap();
        commit(&store, 0..1).await;
        let claimed = store.claim(minute(1), minute(600), 10).await.unwrap();
        (store, claimed)
    });
    runtime.block_on(async {
        let store = Store::open(&database.named("living")).await.unwrap();
        assert!(store.claim(minute(2), minute(600), 10).await.unwrap().is_empty());
        let both = store.gateways().await.unwrap();
        let seen: Vec<(&str, i64)> = both.iter().map(|one| (one.name.as_str(), one.leases)).collect();
        assert_eq!(seen, [("dying", 1), ("living", 0)]);
        // Like kill -9: all its sockets close, and nobody says goodbye.
        dying.shutdown_background();
        database.ask("UPDATE gateways SET seen = seen - 6000000 WHERE name = 'dying'");
        let mut again = Vec::new();
        while again.is_empty() {
            store.changed().await;
            again = store.claim(minute(2), minute(600), 10).await.unwrap();
        }
        assert_eq!(again[0].id, claimed[0].id);
        assert_eq!(store.gateways().await.unwrap().len(), 1);
        // Somebody else's late word that it must be tried again does not end this gateway's lease; an end is an end.
        database.ask("SELECT settle(0, 999, ARRAY[1]::bigint[], ARRAY[NULL], ARRAY[0]::bigint[], ARRAY['450'], ARRAY[false], ARRAY[]::bigint[])");
        assert!(store.claim(minute(3), minute(600), 10).await.unwrap().is_empty());
        database.ask("SELECT settle(0, 999, ARRAY[1]::bigint[], ARRAY['delivered'], ARRAY[NULL]::bigint[], ARRAY['250'], ARRAY[false], ARRAY[1]::bigint[])");
        assert_eq!(database.ask("SELECT state FROM deliveries"), "delivered");
        assert_eq!(database.ask("SELECT count(*) FROM bodies"), "0");
    });
}

#[tokio::test]
async fn a_gateway_that_was_taken_for_dead_gets_nothing_until_it_is_back() {
    let Some(database) = database("a_gateway_that_was_taken_for_dead_gets_nothing_until_it_is_back") else {
        return;
    };
    let store = Store::open(&database.named("slow")).await.unwrap();
    commit(&store, 0..1).await;
    database.ask("DELETE FROM gateways");
    let mut claimed = store.claim(minute(1), minute(600), 10).await.unwrap();
    let before = claimed.len();
    while claimed.is_empty() {
        store.changed().await;
        claimed = store.claim(minute(1), minute(600), 10).await.unwrap();
    }
    assert_eq!(
        (before, database.ask("SELECT count(*) FROM gateways").as_str()),
        (0, "1")
    );
}

#[tokio::test]
async fn a_clock_that_is_off_is_allowed_for() {
    let Some(database) = database("a_clock_that_is_off_is_allowed_for") else {
        return;
    };
    let _store = Store::open(&database.settings()).await.unwrap();
    let shift = |off: i64| -> i64 {
        let text = format!("SELECT clock_shift(microseconds() + {off})");
        database.ask(&text).parse().unwrap()
    };
    let hour = 3_600_000_000;
    let near = |shift: i64, expected: i64| (shift - expected).abs() < 60_000_000;
    assert!(near(shift(hour), -hour) && near(shift(-hour), hour));
    // A gateway whose clock is an hour ahead accepts: it is due for all at once.
    let enqueue = format!(
        "SELECT enqueue(microseconds() + {hour}, ARRAY[NULL]::bigint[], ARRAY['default'], ARRAY['m'], ARRAY['mail'],
             ARRAY[false], ARRAY['a@agency.example'], ARRAY[microseconds() + {hour}], ARRAY[microseconds() + {hour}],
             ARRAY[1]::bigint[], ARRAY['x']::bytea[], ARRAY[1]::bigint[], ARRAY[1]::bigint[], ARRAY['b@partner.example'],
             ARRAY['partner.example'], ARRAY[NULL])"
    );
    database.ask(&enqueue);
    assert_eq!(
        database.ask("SELECT next_attempt <= microseconds() FROM deliveries"),
        "t"
    );
}

#[tokio::test]
async fn what_must_be_alike_is_what_the_first_gateway_said() {
    let Some(database) = database("what_must_be_alike_is_what_the_first_gateway_said") else {
        return;
    };
    let stores = three(&database).await;
    assert_eq!(stores[0].agree("vault", "aa").await.unwrap(), "aa");
    assert_eq!(stores[1].agree("vault", "bb").await.unwrap(), "aa");
    stores[2].decides_by("0123").await.unwrap();
    let told = stores[0].gateways().await.unwrap();
    assert!(told.iter().any(|one| one.name == "three" && one.policy == "0123"));
    stores[2].close().await;
    let left = tokio::time::timeout(Duration::from_secs(60), stores[0].gateways())
        .await
        .unwrap();
    assert_eq!(left.unwrap().len(), 2);
}
