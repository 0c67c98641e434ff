//! What every kind of store must do, as stories against [`Trail`] and [`Spool`]. A kind runs them with
//! `contract::suite!(place)`, where `place` is an expression that makes a new [`Ground`].

use jiff::Timestamp;

use super::Store;
use super::samples::{address, id, mail, minute, notice, record};
use crate::audit::{Lookup, Trail};
use crate::message::{MessageId, Outbound, Purpose};
use crate::queue::{Command, Delivery, Filter, Outcome, Spool, State};

/// Where a kind of store is tried: every `open` shows the same data, which is empty at first.
pub(super) trait Ground {
    async fn open(&self) -> Store;
}

macro_rules! suite {
    ($ground:expr) => {
        $crate::store::contract::suite! { $ground;
            what_is_committed_is_found_and_claimed_byte_for_byte,
            of_a_commit_that_fails_nothing_is_kept,
            a_lease_keeps_others_away_until_it_ends,
            the_oldest_are_claimed_first_and_copies_of_one_body_together,
            a_deferred_delivery_waits_for_its_time,
            a_body_is_gone_when_its_last_copy_is_finished,
            a_failure_and_its_notice_become_durable_together,
            a_settlement_that_fails_changes_nothing,
            a_hold_during_an_attempt_stands_unless_the_mail_was_delivered,
            what_is_finished_stays_finished,
            a_bounce_is_claimed_at_once_and_survives_a_deferral,
            commands_change_what_the_filter_names_and_count_it,
            lists_show_the_unfinished_by_age_or_what_the_filter_names,
            a_message_id_finds_all_its_records_newest_first,
            a_waiting_caller_is_woken_by_mail_notices_and_commands,
            everything_is_there_again_after_a_restart_and_leases_are_over,
            tenants_have_chains_of_their_own,
            hostile_text_comes_back_as_it_went_in,
        }
    };
    ($ground:expr; $($story:ident,)*) => {
        $(
            #[tokio::test]
            async fn $story() {
                $crate::store::contract::$story(&$ground).await;
            }
        )*
    };
}
pub(super) use suite;

const ALL: Filter = Filter {
    ids: Vec::new(),
    message: None,
    domain: None,
    state: None,
};

pub(super) async fn what_is_committed_is_found_and_claimed_byte_for_byte(ground: &impl Ground) {
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
    };
    assert_eq!(claimed[2], expected);
}

pub(super) async fn of_a_commit_that_fails_nothing_is_kept(ground: &impl Ground) {
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

pub(super) async fn a_lease_keeps_others_away_until_it_ends(ground: &impl Ground) {
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

pub(super) async fn the_oldest_are_claimed_first_and_copies_of_one_body_together(ground: &impl Ground) {
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

pub(super) async fn a_deferred_delivery_waits_for_its_time(ground: &impl Ground) {
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

pub(super) async fn a_body_is_gone_when_its_last_copy_is_finished(ground: &impl Ground) {
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

pub(super) async fn a_failure_and_its_notice_become_durable_together(ground: &impl Ground) {
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

pub(super) async fn a_settlement_that_fails_changes_nothing(ground: &impl Ground) {
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

pub(super) async fn a_hold_during_an_attempt_stands_unless_the_mail_was_delivered(ground: &impl Ground) {
    let store = ground.open().await;
    let list = [(1, "a@one.example"), (2, "b@one.example"), (3, "c@one.example")];
    commit(&store, 1, minute(0), vec![mail(b"x", &list)]).await;
    let claimed = claim(&store, 0).await;
    assert_eq!(store.command(ALL, Command::Hold, minute(0)).await.unwrap(), 3);
    let retry = Outcome::Deferred {
        reply: "450 busy".to_owned(),
        next_attempt: minute(1),
    };
    let outcomes = [retry, delivered(), failed()];
    let settled = claimed.into_iter().zip(outcomes).collect();
    store.settle(settled, Vec::new()).await.unwrap();
    let held = store.list(ALL).await.unwrap();
    assert_eq!((held.len(), held[0].state, held[0].attempts), (1, State::Held, 1));
    assert!(claim(&store, 100).await.is_empty());
    assert_eq!(
        store.command(ALL, Command::Release, minute(100)).await.unwrap(),
        1
    );
    assert_eq!(recipients(&claim(&store, 100).await), ["a@one.example"]);
}

pub(super) async fn what_is_finished_stays_finished(ground: &impl Ground) {
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

pub(super) async fn a_bounce_is_claimed_at_once_and_survives_a_deferral(ground: &impl Ground) {
    let store = ground.open().await;
    let list = [
        (1, "later@one.example"),
        (2, "held@one.example"),
        (3, "trying@one.example"),
    ];
    commit(&store, 1, minute(0), vec![mail(b"x", &list)]).await;
    let claimed = claim(&store, 0).await;
    defer(&store, &claimed[0], minute(999)).await;
    defer(&store, &claimed[1], minute(999)).await;
    store
        .command(only(claimed[1].id), Command::Hold, minute(1))
        .await
        .unwrap();
    assert_eq!(store.command(ALL, Command::Bounce, minute(2)).await.unwrap(), 3);
    assert_eq!(
        store.command(ALL, Command::Bounce, minute(2)).await.unwrap(),
        0,
        "once is enough"
    );
    assert_eq!(
        store.command(ALL, Command::Release, minute(2)).await.unwrap(),
        0,
        "it is final"
    );

    let doomed = claim(&store, 2).await;
    assert_eq!(recipients(&doomed), ["later@one.example", "held@one.example"]);
    assert!(doomed.iter().all(|delivery| delivery.state == State::Bouncing));
    defer(&store, &claimed[2], minute(999)).await;
    let last = claim(&store, 2).await;
    assert_eq!(
        (recipients(&last), last[0].state),
        (vec!["trying@one.example".to_owned()], State::Bouncing)
    );
}

pub(super) async fn commands_change_what_the_filter_names_and_count_it(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(0),
        vec![mail(b"x", &[(1, "a@one.example"), (2, "b@two.example")])],
    )
    .await;
    commit(&store, 2, minute(0), vec![mail(b"y", &[(1, "c@two.example")])]).await;
    let two = Filter {
        domain: Some("TWO.example".to_owned()),
        ..ALL
    };
    assert_eq!(
        store
            .command(two.clone(), Command::Hold, minute(0))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        store
            .command(two.clone(), Command::Hold, minute(0))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store.command(two, Command::Retry, minute(0)).await.unwrap(),
        0,
        "held stays held"
    );
    let second = Filter {
        message: Some(id(0, 2)),
        state: Some(State::Held),
        ..ALL
    };
    assert_eq!(
        store.command(second, Command::Release, minute(3)).await.unwrap(),
        1
    );
    let free = claim(&store, 3).await;
    assert_eq!(recipients(&free), ["a@one.example", "c@two.example"]);
    defer(&store, &free[0], minute(500)).await;
    assert_eq!(
        store
            .command(only(free[0].id), Command::Retry, minute(4))
            .await
            .unwrap(),
        1
    );
    assert_eq!(recipients(&claim(&store, 4).await), ["a@one.example"]);
    assert_eq!(
        store.command(only(987), Command::Hold, minute(4)).await.unwrap(),
        0
    );
}

pub(super) async fn lists_show_the_unfinished_by_age_or_what_the_filter_names(ground: &impl Ground) {
    let store = ground.open().await;
    commit(
        &store,
        1,
        minute(9),
        vec![mail(b"x", &[(1, "young@one.example")])],
    )
    .await;
    commit(
        &store,
        2,
        minute(1),
        vec![mail(b"y", &[(1, "old@two.example"), (2, "gone@one.example")])],
    )
    .await;
    let claimed = store.claim(minute(1), minute(2), 9).await.unwrap();
    store
        .settle(vec![(claimed[1].clone(), delivered())], Vec::new())
        .await
        .unwrap();
    assert_eq!(
        recipients(&store.list(ALL).await.unwrap()),
        ["old@two.example", "young@one.example"]
    );
    let domain = Filter {
        domain: Some("one.example".to_owned()),
        ..ALL
    };
    assert_eq!(
        recipients(&store.list(domain).await.unwrap()),
        ["young@one.example"]
    );
    let finished = Filter {
        message: Some(id(0, 2)),
        state: Some(State::Delivered),
        ..ALL
    };
    assert_eq!(
        recipients(&store.list(finished).await.unwrap()),
        ["gone@one.example"]
    );
    let ids = Filter {
        ids: vec![claimed[0].id, claimed[1].id, 0, -5],
        ..ALL
    };
    assert_eq!(recipients(&store.list(ids).await.unwrap()), ["old@two.example"]);
}

pub(super) async fn a_message_id_finds_all_its_records_newest_first(ground: &impl Ground) {
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

pub(super) async fn a_waiting_caller_is_woken_by_mail_notices_and_commands(ground: &impl Ground) {
    use std::task::Poll;
    let store = ground.open().await;
    // `changed` also ends by its own timer, so only an answer at the first poll proves the call.
    let is_told = async || {
        let mut changed = store.changed();
        std::future::poll_fn(|context| Poll::Ready(changed.as_mut().poll(context).is_ready())).await
    };
    assert!(!is_told().await);
    commit(&store, 1, minute(0), vec![mail(b"x", &[(1, "a@one.example")])]).await;
    assert!(is_told().await);
    let claimed = claim(&store, 0).await;
    assert!(!is_told().await, "a claim is no news");
    store
        .settle(
            vec![(claimed[0].clone(), failed())],
            vec![(id(0, 1), notice(b"n"))],
        )
        .await
        .unwrap();
    assert!(is_told().await);
    store.command(ALL, Command::Retry, minute(0)).await.unwrap();
    assert!(is_told().await);
}

pub(super) async fn everything_is_there_again_after_a_restart_and_leases_are_over(ground: &impl Ground) {
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

pub(super) async fn tenants_have_chains_of_their_own(ground: &impl Ground) {
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

pub(super) async fn hostile_text_comes_back_as_it_went_in(ground: &impl Ground) {
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
    let reply = "é".repeat(5000);
    store
        .settle(vec![(claimed[0].clone(), Outcome::Failed { reply })], Vec::new())
        .await
        .unwrap();
    let lookup = Lookup::MessageId(hostile.message_id.clone().unwrap());
    let found = store.find(lookup).await.unwrap();
    assert_eq!(found[0].record, hostile);
    assert!(found[0].intact);
    assert_eq!(found[0].deliveries[0].2, "é".repeat(500));
}

async fn commit(store: &Store, entropy: u64, received: Timestamp, outbounds: Vec<Outbound>) {
    store
        .commit(record(id(0, entropy), received), outbounds)
        .await
        .unwrap();
}

/// Claims what is due at that minute, for an hour.
async fn claim(store: &Store, at: i64) -> Vec<Delivery> {
    store.claim(minute(at), minute(at + 60), 100).await.unwrap()
}

async fn defer(store: &Store, delivery: &Delivery, next_attempt: Timestamp) {
    let reply = "450 busy".to_owned();
    let outcome = Outcome::Deferred { reply, next_attempt };
    store
        .settle(vec![(delivery.clone(), outcome)], Vec::new())
        .await
        .unwrap();
}

fn delivered() -> Outcome {
    Outcome::Delivered {
        reply: "250 taken".to_owned(),
    }
}

fn failed() -> Outcome {
    Outcome::Failed {
        reply: "550 no such user".to_owned(),
    }
}

fn only(id: i64) -> Filter {
    Filter { ids: vec![id], ..ALL }
}

fn recipients(deliveries: &[Delivery]) -> Vec<String> {
    deliveries
        .iter()
        .map(|delivery| delivery.recipient.to_string())
        .collect()
}
