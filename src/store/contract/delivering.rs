//! Claims, leases and settlements.

use super::{ALL, Ground, claim, commit, defer, delivered, failed, recipients};
use crate::audit::{Lookup, Record, Trail};
use crate::message::{DsnRequest, Notify, Outbound, Purpose, Ret, TlsWish};
use crate::queue::{Command, Delivery, Filter, Spool, State};
use crate::store::samples::{id, mail, minute, notice, record};

pub(in crate::store) async fn a_lease_keeps_others_away_until_it_ends(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"x", &[(1, "bob@partner.example")])],
    )
    .await;
    assert!(claim(&store, -1).await.is_empty(), "not due yet");
    assert_eq!(store.claim(minute(0), minute(10), 5).await.unwrap().len(), 1);
    assert!(store.claim(minute(9), minute(20), 5).await.unwrap().is_empty());
    assert_eq!(store.claim(minute(10), minute(20), 5).await.unwrap().len(), 1);
    assert!(store.claim(minute(19), minute(30), 5).await.unwrap().is_empty());
}

pub(in crate::store) async fn the_oldest_are_claimed_first_and_copies_of_one_body_together(
    ground: &impl Ground,
) {
    let store = ground.open().await;
    let list = [(1, "a@one.example"), (2, "b@one.example"), (3, "c@one.example")];
    commit(
        &store,
        1,
        minute(5),
        vec![mail(b"young", &[(1, "young@one.example")])],
    )
    .await;
    commit(&store, 2, minute(0), vec![mail(b"list", &list)]).await;
    commit(
        &store,
        3,
        minute(1),
        vec![mail(b"middle", &[(1, "middle@one.example")])],
    )
    .await;
    let first = store.claim(minute(6), minute(60), 2).await.unwrap();
    assert_eq!(recipients(&first), ["a@one.example", "b@one.example"]);
    // The one that was deferred is younger now than the others, but its copies still come together.
    defer(&store, &first[0], minute(7)).await;
    let second = store.claim(minute(8), minute(60), 3).await.unwrap();
    assert_eq!(
        recipients(&second),
        ["a@one.example", "c@one.example", "middle@one.example"]
    );
    assert_eq!(
        recipients(&store.claim(minute(8), minute(60), 3).await.unwrap()),
        ["young@one.example"]
    );
    assert!(store.claim(minute(8), minute(60), 0).await.unwrap().is_empty());
}

pub(in crate::store) async fn a_deferred_delivery_waits_for_its_time(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"x", &[(1, "bob@partner.example")])],
    )
    .await;
    let claimed = claim(&store, 0).await;
    defer(&store, &claimed[0], minute(15)).await;
    assert!(claim(&store, 14).await.is_empty());
    let again = claim(&store, 15).await;
    assert_eq!((again[0].attempts, again[0].last_reply.as_str()), (1, "450 busy"));
    assert_eq!(again[0].next_attempt, minute(15));
}

pub(in crate::store) async fn a_body_is_gone_when_its_last_copy_is_finished(ground: &impl Ground) {
    let store = ground.open().await;
    for (entropy, size) in [(1, 10), (2, 50_000)] {
        let body = mail(&vec![1; size], &[(1, "a@one.example"), (2, "b@two.example")]);
        commit(&store, entropy, minute(0), vec![body]).await;
        let claimed = claim(&store, 0).await;
        store
            .settle(vec![(claimed[0].clone(), delivered())], Vec::new())
            .await
            .unwrap();
        assert_eq!(store.body(claimed[1].body).await.unwrap().len(), size);
        store
            .settle(vec![(claimed[1].clone(), failed())], Vec::new())
            .await
            .unwrap();
        assert!(store.body(claimed[1].body).await.is_err());
        assert!(store.list(ALL).await.unwrap().is_empty());
    }
}

pub(in crate::store) async fn a_failure_and_its_notice_become_durable_together(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"x", &[(1, "bob@partner.example")])],
    )
    .await;
    let claimed = claim(&store, 0).await;
    let large = vec![9; 20_000];
    let notices = vec![(id(0, 1), notice(&large))];
    store
        .settle(vec![(claimed[0].clone(), failed())], notices)
        .await
        .unwrap();
    let due = claim(&store, 0).await;
    assert_eq!(recipients(&due), ["ann@agency.example"]);
    assert_eq!(
        (due[0].place, due[0].purpose, &due[0].sender),
        (0, Purpose::Notice, &None)
    );
    assert_eq!(store.body(due[0].body).await.unwrap().as_bytes(), large);
    let told = &store.find(Lookup::Id(id(0, 1))).await.unwrap()[0].deliveries;
    assert_eq!(told.len(), 2);
    assert!(told[1].1.starts_with("failed for good"), "{told:?}");
    assert_eq!(told[1].2, "550 no such user");
}

pub(in crate::store) async fn a_settlement_that_fails_changes_nothing(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"x", &[(1, "bob@partner.example")])],
    )
    .await;
    let claimed = claim(&store, 0).await;
    let stray = vec![(id(9, 9), notice(b"about a message that is not there"))];
    assert!(
        store
            .settle(vec![(claimed[0].clone(), failed())], stray)
            .await
            .is_err()
    );
    let listed = store.list(ALL).await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].state, listed[0].attempts),
        (1, State::Queued, 0)
    );
    assert_eq!(store.body(claimed[0].body).await.unwrap().as_bytes(), b"x");
}

pub(in crate::store) async fn what_is_finished_stays_finished(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"x", &[(1, "a@one.example"), (2, "b@one.example")])],
    )
    .await;
    let claimed = claim(&store, 0).await;
    let outcomes = [delivered(), failed()];
    let settled = claimed.iter().cloned().zip(outcomes).collect();
    store.settle(settled, Vec::new()).await.unwrap();
    // The answer of an attempt whose lease had ended comes late.
    defer(&store, &claimed[0], minute(1)).await;
    store
        .settle(vec![(claimed[0].clone(), failed())], Vec::new())
        .await
        .unwrap();
    defer(&store, &claimed[1], minute(1)).await;
    for command in [Command::Hold, Command::Retry, Command::Release, Command::Bounce] {
        assert_eq!(store.command(ALL, command, minute(2)).await.unwrap(), 0);
    }
    assert!(claim(&store, 100).await.is_empty());
    for (state, name) in [
        (State::Delivered, "a@one.example"),
        (State::Bounced, "b@one.example"),
    ] {
        let filter = Filter {
            state: Some(state),
            ..ALL
        };
        let listed = store.list(filter).await.unwrap();
        assert_eq!(
            (recipients(&listed), listed[0].attempts),
            (vec![name.to_owned()], 1)
        );
    }
}

pub(in crate::store) async fn wishes_and_what_was_told_stay_with_the_delivery(ground: &impl Ground) {
    let store = ground.open().await;
    let dsn = DsnRequest {
        ret: Some(Ret::Headers),
        envid: Some("QQ+2B1".to_owned()),
        notify: Some(Notify::default()),
        orcpt: Some("utf-8;jürgen@partner.example".to_owned()),
    };
    let asked = Record {
        dsn: vec![DsnRequest::default(), dsn.clone()],
        ..record(id(0, 1), minute(0))
    };
    let to = [(1, "a@one.example"), (2, "b@one.example")];
    store.commit(asked, vec![mail(b"x", &to)]).await.unwrap();
    store.close().await;
    let store = ground.open().await;
    let mut claimed = store.claim(minute(0), minute(10), 5).await.unwrap();
    assert_eq!((&claimed[0].dsn, &claimed[1].dsn), (&DsnRequest::default(), &dsn));
    claimed[1].told_late = true;
    defer(&store, &claimed[1], minute(1)).await;
    // Who is not told again is told for good.
    let again = store.claim(minute(1), minute(10), 5).await.unwrap();
    assert!(again[0].told_late && again[0].dsn == dsn, "{again:?}");
}

pub(in crate::store) async fn what_a_sender_asks_of_tls_stays_with_every_copy(ground: &impl Ground) {
    let store = ground.open().await;
    let wished = |body: &[u8], to: &[(u32, &str)]| Outbound {
        tls: TlsWish::Required,
        ..mail(body, to)
    };
    // Together with one that asks nothing, by itself, and too large for the row.
    let both = vec![
        mail(b"x", &[(1, "a@one.example")]),
        wished(b"y", &[(2, "b@one.example"), (3, "c@one.example")]),
    ];
    let asked = Record {
        tls: TlsWish::Required,
        ..record(id(0, 1), minute(0))
    };
    store.commit(asked.clone(), both).await.unwrap();
    let large = vec![wished(&[7; 100_000], &[(1, "d@one.example")])];
    commit(&store, 2, minute(1), large).await;
    let claimed = store.claim(minute(0), minute(10), 1).await.unwrap();
    let notice = Outbound {
        tls: TlsWish::Required,
        ..notice(b"failed")
    };
    let outcomes = vec![(claimed[0].clone(), failed())];
    store.settle(outcomes, vec![(id(0, 1), notice)]).await.unwrap();
    store.close().await;
    let store = ground.open().await;
    let found = store.find(Lookup::Id(id(0, 1))).await.unwrap();
    assert!(found[0].intact && found[0].record == asked);
    let wishes = |deliveries: Vec<Delivery>| -> Vec<(String, TlsWish)> {
        let wish = |delivery: &Delivery| (delivery.recipient.to_string(), delivery.tls);
        deliveries.iter().map(wish).collect()
    };
    let bounced = Filter {
        state: Some(State::Bounced),
        ..ALL
    };
    let mut all = wishes(store.list(bounced).await.unwrap());
    all.extend(wishes(store.list(ALL).await.unwrap()));
    all.sort_by(|one, other| one.0.cmp(&other.0));
    let required = |recipient: &str| (recipient.to_owned(), TlsWish::Required);
    assert_eq!(
        all,
        [
            ("a@one.example".to_owned(), TlsWish::AsConfigured),
            required("ann@agency.example"),
            required("b@one.example"),
            required("c@one.example"),
            required("d@one.example"),
        ]
    );
}
