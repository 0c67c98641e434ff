//! What happens when the database goes away, or promises less than the gateway does.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::{Postgres, Server, database};
use crate::audit::{ChainState, Lookup, Trail, TrailError};
use crate::message::RawMessage;
use crate::queue::{Delivery, Filter, Outcome, Spool};
use crate::store::samples::{TemporaryDirectory, id, mail, minute, notice, record};
use crate::store::{Settings, Store, Url};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes_under_load_loses_nothing_that_was_acknowledged() {
    let test = "a_server_that_crashes_under_load_loses_nothing_that_was_acknowledged";
    let Some(_) = database(test) else { return };
    let mut server = Server::start("crash", "", 5432).unwrap();
    let name = server.database();
    let directory = TemporaryDirectory::new();
    let settings = Settings {
        url: Some(Url::from(server.url(&name))),
        ..directory.settings()
    };
    let store = Store::open(&settings).await.unwrap();
    let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let senders: Vec<_> = (0..8_i64)
        .map(|sender| {
            let (store, stop, acknowledged) = (store.clone(), Arc::clone(&stop), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let mut refused = 0;
                for number in 0.. {
                    let message = id(sender, number);
                    let outbounds = vec![mail(&[b'x'; 2000], &[(1, "bob@partner.example")])];
                    match store.commit(record(message, minute(0)), outbounds).await {
                        Ok(()) => acknowledged.lock().unwrap().push(message),
                        Err(TrailError::Unavailable(_)) => refused += 1,
                        Err(TrailError::Full) => panic!("the disk is not full"),
                    }
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
                refused
            })
        })
        .collect();
    let count = || acknowledged.lock().unwrap().len();
    for _ in 0..3 {
        let before = count();
        while count() < before + 100 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        tokio::task::block_in_place(|| server.restart("QUIT"));
    }
    let before = count();
    while count() < before + 100 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut refused = 0;
    for sender in senders {
        refused += sender.await.unwrap();
    }
    assert!(refused > 0, "the crashes were noticed");
    let acknowledged = acknowledged.lock().unwrap().clone();
    for message in acknowledged {
        let found = store.find(Lookup::Id(message)).await.unwrap();
        assert!(
            found.len() == 1 && found[0].intact && found[0].deliveries.len() == 1,
            "{message}"
        );
    }
    assert!(matches!(
        store.verify_chain().await.unwrap(),
        ChainState::Intact { .. }
    ));
    let unfinished = store.list(Filter::default()).await.unwrap();
    assert_eq!(store.body(unfinished[0].body).await.unwrap().len(), 2000);

    for setting in ["fsync", "full_page_writes"] {
        server.ask(&name, &format!("ALTER SYSTEM SET {setting} = off"));
        server.restart("INT");
        let refused = Store::open(&settings).await.err().unwrap().to_string();
        assert!(refused.contains(&format!("{setting} = on")), "{refused}");
        server.ask(&name, &format!("ALTER SYSTEM RESET {setting}"));
    }
    server.restart("INT");
    Store::open(&settings).await.unwrap();
}

#[tokio::test]
async fn a_session_acknowledges_after_the_flush_whatever_the_database_says() {
    let Some(database) = database("a_session_acknowledges_after_the_flush_whatever_the_database_says") else {
        return;
    };
    database.ask(&format!(
        "ALTER DATABASE {} SET synchronous_commit = off",
        database.name
    ));
    let store = Postgres::open(&database.settings()).await.unwrap();
    let asked = store.link.run(|db| {
        Box::pin(async move {
            sqlx::query_scalar::<_, String>("SHOW synchronous_commit")
                .fetch_one(db)
                .await
        })
    });
    assert_eq!(asked.await.unwrap(), "on");
}

#[tokio::test]
async fn sessions_that_the_server_ends_are_replaced() {
    let Some(database) = database("sessions_that_the_server_ends_are_replaced") else {
        return;
    };
    let store = Store::open(&database.settings()).await.unwrap();
    let mut done = 0;
    for round in 0..20 {
        database.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sealgate' AND datname = current_database()",
        );
        // The signals are on their way, so it may be any of the next few that notices.
        let mut in_a_row = 0;
        for number in 0..10 {
            let outbounds = vec![mail(b"x", &[(1, "bob@partner.example")])];
            let commit = store
                .commit(record(id(round, number), minute(0)), outbounds)
                .await;
            in_a_row = if commit.is_ok() { in_a_row + 1 } else { 0 };
            done += usize::from(commit.is_ok());
        }
        assert!(in_a_row > 2, "it goes on");
    }
    assert_eq!(store.list(Filter::default()).await.unwrap().len(), done);
}

#[tokio::test]
async fn a_body_of_many_megabytes_goes_in_parts_and_comes_back_whole() {
    let Some(database) = database("a_body_of_many_megabytes_goes_in_parts_and_comes_back_whole") else {
        return;
    };
    let store = Store::open(&database.settings()).await.unwrap();
    let large: Vec<u8> = (0..20_000_001_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let outbounds = vec![
        mail(&large, &[(1, "bob@partner.example")]),
        mail(b"x", &[(2, "eve@partner.example")]),
    ];
    store
        .commit(record(id(0, 1), minute(0)), outbounds)
        .await
        .unwrap();
    assert_eq!(database.ask("SELECT count(*) FROM body_parts"), "20");
    let claimed = store.claim(minute(1), minute(60), 10).await.unwrap();
    assert!(store.body(claimed[0].body).await.unwrap() == RawMessage::new(large));
    database.ask("DELETE FROM body_parts WHERE place = 3");
    assert!(
        store.body(claimed[0].body).await.is_err(),
        "not without one of its parts"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_named_without_the_password() {
    let directory = TemporaryDirectory::new();
    let settings = Settings {
        url: Some(Url::from(
            "postgres://sealgate:geheim@127.0.0.1:1/mail".to_owned(),
        )),
        ..directory.settings()
    };
    let told = Store::open(&settings).await.err().unwrap().to_string();
    assert!(
        told.contains("PostgreSQL at 127.0.0.1:1, database mail"),
        "{told}"
    );
    assert!(
        told.contains("cannot be reached") && !told.contains("geheim"),
        "{told}"
    );
}

/// Commits a message to two people, and claims the copy of the first.
async fn claim_one_of_two(store: &(impl Trail + Spool)) -> Vec<Delivery> {
    let outbounds = vec![
        mail(b"x", &[(1, "a@one.example")]),
        mail(b"y", &[(2, "b@one.example")]),
    ];
    store
        .commit(record(id(0, 1), minute(0)), outbounds)
        .await
        .unwrap();
    store.claim(minute(1), minute(600), 1).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_an_attempt_is_recorded_when_the_server_is_back_and_what_was_claimed_unheard_is_claimed_again()
 {
    let test = "what_became_of_an_attempt_is_recorded_when_the_server_is_back";
    let Some(_) = database(test) else { return };
    let mut server = Server::start("back", "", 5432).unwrap();
    let name = server.database();
    let directory = TemporaryDirectory::new();
    let settings = Settings {
        url: Some(Url::from(server.url(&name))),
        ..directory.settings()
    };
    let store = Store::open(&settings).await.unwrap();
    let claimed = claim_one_of_two(&store).await;
    // As if the answer to a claim had been lost with its connection.
    server.ask(&name, "UPDATE deliveries SET lease_until = 9000000000000000, lease_by = (SELECT id FROM gateways) WHERE place = 2");
    let pid = server.process().unwrap().to_string();
    std::process::Command::new("kill")
        .args(["-QUIT", &pid])
        .status()
        .unwrap();
    let reply = "550 no".to_owned();
    let outcomes = vec![(claimed[0].clone(), Outcome::Failed { reply })];
    let settling = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .settle(outcomes, vec![(id(0, 1), notice(b"it failed"))])
                .await
        }
    });
    while store.claim(minute(1), minute(600), 10).await.is_ok() {}
    tokio::task::block_in_place(|| server.restart("QUIT"));
    settling.await.unwrap().unwrap();
    let mut more = Vec::new();
    while more.len() < 2 {
        more.extend(store.claim(minute(1), minute(600), 10).await.unwrap_or_default());
    }
    more.sort_by_key(|delivery| delivery.place);
    assert_eq!(
        more.iter().map(|one| one.place).collect::<Vec<_>>(),
        [0, 2],
        "the notice, once, and the other copy"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_an_attempt_waits_for_a_database_whose_disk_is_full() {
    let Some(database) = database("what_became_of_an_attempt_waits_for_a_database_whose_disk_is_full") else {
        return;
    };
    let store = Store::open(&database.settings()).await.unwrap();
    let outbounds = vec![mail(b"x", &[(1, "a@one.example")])];
    store
        .commit(record(id(0, 1), minute(0)), outbounds)
        .await
        .unwrap();
    let claimed = store.claim(minute(1), minute(600), 1).await.unwrap();
    database.ask(
        "CREATE SEQUENCE refused;
         CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM nextval('refused'); RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER full_disk BEFORE UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let reply = "250 ok".to_owned();
    let outcomes = vec![(claimed[0].clone(), Outcome::Delivered { reply })];
    let settling = tokio::spawn({
        let store = store.clone();
        async move { store.settle(outcomes, Vec::new()).await }
    });
    while database.ask("SELECT is_called FROM refused") != "t" {
        assert!(!settling.is_finished(), "the outcome is given up");
    }
    database.ask("DROP TRIGGER full_disk ON deliveries");
    settling.await.unwrap().unwrap();
    assert_eq!(database.ask("SELECT state FROM deliveries"), "delivered");
}

#[tokio::test]
async fn a_lease_that_its_gateway_does_not_know_of_is_let_go_at_the_second_look() {
    let Some(database) = database("a_lease_that_its_gateway_does_not_know_of_is_let_go_at_the_second_look")
    else {
        return;
    };
    let store = Postgres::open(&database.settings()).await.unwrap();
    let claimed = claim_one_of_two(&store).await;
    // As if a claim had been carried out after its gateway had given it up, and the next one had gone before it.
    database.ask("UPDATE deliveries SET lease_until = 9000000000000000, lease_by = (SELECT id FROM gateways) WHERE place = 2");
    let look = || {
        let (me, under_way) = (store.member.id, store.under_way.clone());
        store.link.run(move |db| {
            Box::pin(async move { super::super::members::let_go_of_strays(db, me, &under_way).await })
        })
    };
    assert_eq!(look().await.unwrap(), 0, "the answer may be on its way");
    assert_eq!(look().await.unwrap(), 1);
    assert_eq!(look().await.unwrap(), 0, "what is under way stays");
    let more = store.claim(minute(1), minute(600), 9).await.unwrap();
    assert_eq!((claimed[0].place, more[0].place, more.len()), (1, 2, 1));
}
