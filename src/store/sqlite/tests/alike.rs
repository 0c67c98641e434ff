//! Bodies that end alike share what they end with, and nobody notices.

use super::*;
use crate::audit::Trail;
use crate::message::RawMessage;
use crate::queue::{Delivery, Outcome, Spool};
use crate::smime::armor;

fn copies() -> Vec<Outbound> {
    let copy = |place: u32| {
        let mut body = format!("From: a@agency.example\r\nX-Copy: {place}\r\n\r\n").into_bytes();
        armor(&[&place.to_be_bytes()[..], &[7; 9_000]].concat(), &mut body);
        samples::mail(&body, &[(place, &format!("r{place}@partner.example"))])
    };
    (1..=5).map(copy).collect()
}

const ROWS: &str = "SELECT count(*) FROM bodies";
const OCTETS: &str = "SELECT sum(length(inline)) FROM bodies";

#[tokio::test]
async fn bodies_that_end_alike_are_written_once_come_back_whole_and_go_with_the_last() {
    let directory = TemporaryDirectory::new();
    let settings = Settings {
        inline_kb: 64,
        ..directory.settings()
    };
    let bodies: Vec<RawMessage> = copies().iter().map(|copy| copy.body.clone()).collect();
    let store = Store::open(&settings).await.unwrap();
    store.commit(record(1), copies()).await.unwrap();
    assert_eq!(count(&settings, ROWS), 6);
    assert!(count(&settings, OCTETS) < 10_000);

    // After a restart nothing is remembered: what is read comes from the rows.
    store.close().await;
    let store = Store::open(&settings).await.unwrap();
    let claimed = store.claim(minute(0), minute(60), 10).await.unwrap();
    assert_eq!(claimed.len(), 5);
    for (delivery, body) in claimed.iter().zip(&bodies) {
        assert_eq!(store.body(delivery.body).await.unwrap(), *body);
    }
    let delivered = |delivery: &Delivery| {
        let reply = "250 taken".to_owned();
        (delivery.clone(), Outcome::Delivered { reply })
    };
    for (done, delivery) in (1..).zip(&claimed) {
        store.settle(vec![delivered(delivery)], Vec::new()).await.unwrap();
        let left = if done == 5 { 0 } else { 6 - done };
        assert_eq!(count(&settings, ROWS), left, "after {done}");
    }
}

#[tokio::test]
async fn a_body_whose_ending_was_damaged_is_not_sent() {
    let directory = TemporaryDirectory::new();
    let settings = Settings {
        inline_kb: 64,
        ..directory.settings()
    };
    let store = Store::open(&settings).await.unwrap();
    store.commit(record(1), copies()).await.unwrap();
    store.close().await;
    tamper(
        &settings,
        "UPDATE bodies SET inline = substr(inline, 3) WHERE ending IS NULL",
    );
    let store = Store::open(&settings).await.unwrap();
    let claimed = store.claim(minute(0), minute(60), 10).await.unwrap();
    assert!(store.body(claimed[0].body).await.is_err());
}
