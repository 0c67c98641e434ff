//! What administrators see and order.

use super::{ALL, Ground, claim, commit, defer, delivered, failed, only, recipients};
use crate::queue::{By, Command, Delivery, Filter, Group, Outcome, Spool, State};
use crate::store::samples::{id, mail, minute, notice};

pub(in crate::store) async fn a_hold_during_an_attempt_stands_unless_the_mail_was_delivered(
    ground: &impl Ground,
) {
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

pub(in crate::store) async fn a_bounce_is_claimed_at_once_and_survives_a_deferral(ground: &impl Ground) {
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

pub(in crate::store) async fn a_notice_is_given_up_by_its_number_only(ground: &impl Ground) {
    let store = ground.open().await;
    let mail = mail(b"x", &[(1, "bob@partner.example")]);
    commit(&store, 1, minute(0), vec![mail, notice(b"refused")]).await;
    let message = Filter {
        message: Some(id(0, 1)),
        ..ALL
    };
    assert_eq!(
        store.command(message, Command::Bounce, minute(1)).await.unwrap(),
        1
    );
    assert_eq!(store.command(ALL, Command::Bounce, minute(1)).await.unwrap(), 0);
    let claimed = claim(&store, 1).await;
    let notice = claimed.iter().find(|delivery| delivery.place == 0).unwrap();
    assert_eq!((claimed.len(), notice.state), (2, State::Queued));
    let named = store.command(only(notice.id), Command::Bounce, minute(2)).await;
    assert_eq!(named.unwrap(), 1);
}

pub(in crate::store) async fn commands_change_what_the_filter_names_and_count_it(ground: &impl Ground) {
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

pub(in crate::store) async fn lists_show_the_unfinished_by_age_or_what_the_filter_names(
    ground: &impl Ground,
) {
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

pub(in crate::store) async fn a_waiting_caller_is_woken_by_mail_notices_and_commands(ground: &impl Ground) {
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

pub(in crate::store) async fn a_filter_narrows_by_sender_recipient_age_and_reply(ground: &impl Ground) {
    let store = ground.open().await;
    let one = |to| vec![mail(b"x", &[(1, to)])];
    commit(&store, 1, minute(0), one("Bob@partner.example")).await;
    commit(&store, 2, minute(5), one("eve@other.example")).await;
    commit(&store, 3, minute(6), vec![notice(b"n")]).await;
    let claimed = store.claim(minute(7), minute(20), 5).await.unwrap();
    defer(&store, &claimed[0], minute(9)).await;
    let reply = store.list(ALL).await.unwrap()[0].last_reply.to_uppercase();
    assert!(!reply.is_empty());
    let sender = "ANN@agency.example".to_owned();
    for (filter, count) in [
        (
            Filter {
                sender: Some(sender),
                ..ALL
            },
            2,
        ),
        (
            Filter {
                sender: Some(String::new()),
                ..ALL
            },
            1,
        ),
        (
            Filter {
                recipient: Some("bob@Partner.example".to_owned()),
                ..ALL
            },
            1,
        ),
        (
            Filter {
                before: Some(minute(5)),
                ..ALL
            },
            1,
        ),
        (
            Filter {
                reply: Some(reply),
                ..ALL
            },
            1,
        ),
        (
            Filter {
                reply: Some("%".to_owned()),
                ..ALL
            },
            0,
        ),
    ] {
        let found = store.list(filter.clone()).await.unwrap();
        assert_eq!(found.len(), count, "{filter:?}");
    }
}

pub(in crate::store) async fn the_shape_counts_by_age_what_the_filter_names(ground: &impl Ground) {
    let store = ground.open().await;
    let list = [
        (1, "Bob@one.example"),
        (2, "bob@one.example"),
        (3, "eve@two.example"),
    ];
    commit(&store, 1, minute(0), vec![mail(b"x", &list)]).await;
    commit(&store, 2, minute(5), vec![mail(b"y", &[(1, "eve@two.example")])]).await;
    commit(
        &store,
        3,
        minute(6),
        vec![mail(b"z", &[(1, "eve@two.example")]), notice(b"n")],
    )
    .await;
    let claimed = claim(&store, 6).await;
    let is_last = |delivery: &Delivery| delivery.message == id(0, 3) && delivery.place == 1;
    let finished = claimed.into_iter().find(is_last).unwrap();
    store
        .settle(vec![(finished, delivered())], Vec::new())
        .await
        .unwrap();
    let told = async |filter: &Filter, by: By, at: i64| {
        let groups = store.shape(filter.clone(), by, minute(at)).await.unwrap();
        let line = |Group { name, count, ages }: Group| {
            assert_eq!(ages.iter().sum::<u64>(), count);
            let ages = ages.map(|age| age.to_string());
            format!("{name} {}", ages.join(""))
        };
        groups.into_iter().map(line).collect::<Vec<_>>()
    };
    // Five minutes old is no longer the first age; the notice is of minute 6.
    assert_eq!(
        told(&ALL, By::Domain, 10).await,
        [
            "one.example 0020000000",
            "two.example 0110000000",
            "agency.example 1000000000"
        ]
    );
    assert_eq!(
        told(&ALL, By::Recipient, 1280).await,
        [
            "bob@one.example 0000000002",
            "eve@two.example 0000000011",
            "ann@agency.example 0000000010"
        ]
    );
    assert_eq!(
        told(&ALL, By::Sender, 0).await,
        ["ann@agency.example 4000000000", " 1000000000"]
    );
    assert_eq!(
        told(&ALL, By::SenderDomain, 0).await,
        ["agency.example 4000000000", " 1000000000"]
    );
    let done = Filter {
        state: Some(State::Delivered),
        domain: Some("Two.example".to_owned()),
        ..ALL
    };
    assert_eq!(told(&done, By::Domain, 6).await, ["two.example 1000000000"]);
    let old = Filter {
        before: Some(minute(5)),
        recipient: Some("EVE@two.example".to_owned()),
        ..ALL
    };
    assert_eq!(told(&old, By::Domain, 6).await, ["two.example 0100000000"]);
}
