//! What is committed is found again, whole, with its place in the chain.

use super::{ALL, Ground, claim, commit, recipients};
use crate::audit::{Lookup, Taken, Trail};
use crate::message::{Leaving, MessageId, Purpose, Secret};
use crate::queue::{Delivery, Outcome, Spool, State};
use crate::store::samples::{address, id, mail, minute, record};

pub(in crate::store) async fn what_is_committed_is_found_and_claimed_byte_for_byte(ground: &impl Ground) {
    let store = ground.open().await;
    let (small, large) = (b"small \r\n\x00\xff".to_vec(), vec![7; 100_000]);
    let outbounds = vec![
        mail(&small, &[(1, "bob@partner.example"), (3, "Carl@other.example")]),
        mail(&large, &[(2, "eve@partner.example")]),
    ];
    let written = record(id(0, 1), minute(0));
    store.commit(written.clone(), outbounds).await.unwrap();

    let found = store.find(Lookup::Id(id(0, 1))).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].record, written);
    assert!(found[0].intact);
    let places: Vec<u32> = found[0].deliveries.iter().map(|(place, _, _)| *place).collect();
    assert_eq!(places, [1, 2, 3]);

    let claimed = store.claim(minute(0), minute(10), 10).await.unwrap();
    let recipients: Vec<String> = claimed
        .iter()
        .map(|delivery| delivery.recipient.to_string())
        .collect();
    assert_eq!(
        recipients,
        ["bob@partner.example", "Carl@other.example", "eve@partner.example"]
    );
    assert_eq!(claimed[0].body, claimed[1].body);
    assert_eq!(store.body(claimed[0].body).await.unwrap().as_bytes(), small);
    assert_eq!(store.body(claimed[2].body).await.unwrap().as_bytes(), large);
    let expected = Delivery {
        id: claimed[2].id,
        message: id(0, 1),
        place: 2,
        purpose: Purpose::Mail,
        sender: Some(address("ann@agency.example")),
        recipient: address("eve@partner.example"),
        body: claimed[2].body,
        size: 100_000,
        state: State::Queued,
        attempts: 0,
        created: minute(0),
        next_attempt: minute(0),
        last_reply: String::new(),
        dsn: Default::default(),
        told_late: false,
        tls: Default::default(),
    };
    assert_eq!(claimed[2], expected);
}

pub(in crate::store) async fn of_a_commit_that_fails_nothing_is_kept(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"first", &[(1, "bob@partner.example")])],
    )
    .await;
    let again = vec![mail(&[8; 5000], &[(1, "second@partner.example")])];
    assert!(
        store.commit(record(id(0, 1), minute(0)), again).await.is_err(),
        "an id is given once"
    );
    assert_eq!(
        recipients(&store.list(ALL).await.unwrap()),
        ["bob@partner.example"]
    );
    assert_eq!(store.find(Lookup::Id(id(0, 1))).await.unwrap().len(), 1);
    commit(&store, 2, minute(0), Vec::new()).await;
    assert!(store.find(Lookup::Id(id(0, 2))).await.unwrap()[0].intact);
}

pub(in crate::store) async fn a_message_id_finds_all_its_records_newest_first(ground: &impl Ground) {
    let store = ground.open().await;
    for entropy in [1, 2, 3] {
        commit(&store, entropy, minute(0), Vec::new()).await;
    }
    let mut other = record(id(0, 4), minute(0));
    other.message_id = None;
    store.commit(other, Vec::new()).await.unwrap();
    let lookup = Lookup::MessageId("<a.1@agency.example>".to_owned());
    let found = store.find(lookup).await.unwrap();
    let ids: Vec<MessageId> = found.iter().map(|traced| traced.record.id).collect();
    assert_eq!(ids, [id(0, 3), id(0, 2), id(0, 1)]);
    assert!(found.iter().all(|traced| traced.intact));
    assert!(
        store
            .find(Lookup::MessageId("<b>".to_owned()))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.find(Lookup::Id(id(0, 9))).await.unwrap().is_empty());
}

pub(in crate::store) async fn the_latest_records_are_told_newest_first(ground: &impl Ground) {
    let store = ground.open().await;
    assert_eq!(store.latest(10).await.unwrap(), []);
    let fingerprint = Secret::of(&[1; 32]).fingerprint("test", &[]);
    for entropy in [1, 2, 3] {
        let mut record = record(id(0, entropy), minute(0));
        record.fingerprint = (entropy == 3).then(|| fingerprint.clone());
        store.commit(record, Vec::new()).await.unwrap();
    }
    let taken = |entropy, fingerprint| Taken {
        id: id(0, entropy),
        received: minute(0),
        fingerprint,
    };
    let expected = [taken(3, Some(fingerprint)), taken(2, None)];
    assert_eq!(store.latest(2).await.unwrap(), expected);
    store.close().await;
    let store = ground.open().await;
    assert_eq!(store.latest(2).await.unwrap(), expected);
}

pub(in crate::store) async fn everything_is_there_again_after_a_restart_and_leases_are_over(
    ground: &impl Ground,
) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![
            mail(b"x", &[(1, "a@one.example")]),
            mail(&[3; 9000], &[(2, "b@one.example")]),
        ],
    )
    .await;
    let claimed = claim(&store, 0).await;
    assert_eq!(claimed.len(), 2);
    store.close().await;
    assert!(
        store
            .commit(record(id(0, 2), minute(0)), Vec::new())
            .await
            .is_err(),
        "closed is closed"
    );
    let store = ground.open().await;
    let again = claim(&store, 0).await;
    assert_eq!(again, claimed);
    assert_eq!(store.body(again[1].body).await.unwrap().as_bytes(), [3; 9000]);
    assert!(store.find(Lookup::Id(id(0, 1))).await.unwrap()[0].intact);
}

pub(in crate::store) async fn tenants_have_chains_of_their_own(ground: &impl Ground) {
    let store = ground.open().await;
    for (entropy, tenant) in [(1, "a"), (2, "b"), (3, "a"), (4, "b")] {
        let mut record = record(id(0, entropy), minute(0));
        record.tenant = tenant.to_owned();
        store
            .commit(record, vec![mail(b"x", &[(1, "a@one.example")])])
            .await
            .unwrap();
    }
    for entropy in 1..=4 {
        assert!(store.find(Lookup::Id(id(0, entropy))).await.unwrap()[0].intact);
    }
    let verified = store.verify_chain().await.unwrap();
    assert_eq!(verified, crate::audit::ChainState::Intact { records: 4 });
}

pub(in crate::store) async fn hostile_text_comes_back_as_it_went_in(ground: &impl Ground) {
    let store = ground.open().await;
    let mut hostile = record(id(0, 1), minute(0));
    hostile.message_id = Some("<'; DROP TABLE records; --\u{202e}\u{0}@x>".to_owned());
    hostile.client = "\u{1b}[2J\u{0}\"\\ \u{10ffff}".to_owned();
    let recipient = r#""a\"],[9,\"b"@one.example"#;
    store
        .commit(hostile.clone(), vec![mail(b"x", &[(1, recipient)])])
        .await
        .unwrap();
    let claimed = claim(&store, 0).await;
    assert_eq!(recipients(&claimed), [recipient]);
    let reply = format!("\0é\"\\\u{1}{}", "é".repeat(5000));
    store
        .settle(vec![(claimed[0].clone(), Outcome::Failed { reply })], Vec::new())
        .await
        .unwrap();
    let lookup = Lookup::MessageId(hostile.message_id.clone().unwrap());
    let found = store.find(lookup).await.unwrap();
    assert_eq!(found[0].record, hostile);
    assert!(found[0].intact);
    let kept = &found[0].deliveries[0].2;
    assert!(
        kept.starts_with("\u{fffd}é\"\\\u{1}éé") && kept.len() < 1010,
        "{kept}"
    );
}

pub(in crate::store) async fn copies_that_left_sealed_are_counted_by_their_recipients(ground: &impl Ground) {
    let store = ground.open().await;
    for at in [0, 10, 20] {
        let written = record(id(at, 1), minute(at));
        store.commit(written, Vec::new()).await.unwrap();
    }
    let sealed = record(id(0, 1), minute(0))
        .recipients
        .into_iter()
        .filter(|one| matches!(one.leaving, Some(Leaving::Smime { .. })));
    let sealed: Vec<String> = sealed
        .map(|one| one.decision.recipient.to_string().to_lowercase())
        .collect();
    assert!(!sealed.is_empty());
    let counted = store.sealed_since(minute(5)).await.unwrap();
    let expected = sealed.into_iter().map(|address| (address, 2)).collect();
    assert_eq!(counted, expected);
    assert!(store.sealed_since(minute(21)).await.unwrap().is_empty());
}
