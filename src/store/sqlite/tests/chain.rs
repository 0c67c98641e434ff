//! Tampering and purges.

use super::*;
use crate::audit::{ChainState, Lookup, Trail};
use crate::queue::{Command, Outcome, Spool};

async fn filled(settings: &Settings) -> Store {
    let store = Store::open(settings).await.unwrap();
    for entropy in 1..=4 {
        store.commit(record(entropy), Vec::new()).await.unwrap();
    }
    assert_eq!(
        store.verify_chain().await.unwrap(),
        ChainState::Intact { records: 4 }
    );
    store
}

async fn intact(store: &Store) -> Vec<bool> {
    let mut all = Vec::new();
    for entropy in 1..=4 {
        let found = store.find(Lookup::Id(id(0, entropy))).await.unwrap();
        all.extend(found.iter().map(|traced| traced.intact));
    }
    all
}

fn broken(entropy: u64) -> ChainState {
    ChainState::Broken {
        record: id(0, entropy).to_string(),
    }
}

#[tokio::test]
async fn a_changed_record_is_noticed() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let store = filled(&settings).await;
    tamper(
        &settings,
        "UPDATE records SET record = replace(record, '0123456789abcdef', '0123456789abcdee') WHERE seq = 2",
    );
    assert_eq!(intact(&store).await, [true, false, true, true]);
    assert_eq!(store.verify_chain().await.unwrap(), broken(2));
}

#[tokio::test]
async fn a_record_that_was_changed_together_with_its_hash_is_noticed_at_its_neighbours() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let store = filled(&settings).await;
    let forged = serde_json::to_string(&Record { size: 1, ..record(2) }).unwrap();
    let db = raw(&settings);
    let previous: Vec<u8> = db
        .query_row("SELECT previous FROM records WHERE seq = 2", [], |row| row.get(0))
        .unwrap();
    let hash = crate::audit::link(&previous.try_into().unwrap(), forged.as_bytes());
    let update = "UPDATE records SET record = ?, hash = ? WHERE seq = 2";
    db.execute(update, (forged, hash.as_slice())).unwrap();
    assert_eq!(intact(&store).await, [true, false, false, true]);
    assert_eq!(store.verify_chain().await.unwrap(), broken(3));
}

#[tokio::test]
async fn a_record_that_is_kept_under_another_name_is_noticed() {
    for (damage, links) in [
        (
            "UPDATE records SET id = '0000000000000000ZZ' WHERE seq = 2",
            vec![true, true, true],
        ),
        (
            "UPDATE records SET message_id = '<other@agency.example>' WHERE seq = 2",
            vec![true, false, true, true],
        ),
        (
            "UPDATE records SET message_id = NULL WHERE seq = 2",
            vec![true, false, true, true],
        ),
    ] {
        let ground = TemporaryDirectory::new();
        let settings = ground.settings();
        let store = filled(&settings).await;
        tamper(&settings, damage);
        assert!(
            matches!(store.verify_chain().await.unwrap(), ChainState::Broken { .. }),
            "{damage}"
        );
        assert_eq!(intact(&store).await, links, "{damage}");
        let stray = Lookup::Id("0000000000000000ZZ".parse().unwrap());
        assert!(
            store
                .find(stray)
                .await
                .unwrap()
                .iter()
                .all(|traced| !traced.intact)
        );
    }
}

#[tokio::test]
async fn removed_records_are_noticed_in_the_middle_and_at_the_ends() {
    let damages = [
        (
            "DELETE FROM records WHERE seq = 2",
            broken(3),
            vec![false, false, true],
        ),
        (
            "DELETE FROM records WHERE seq = 1",
            broken(2),
            vec![false, true, true],
        ),
        (
            "DELETE FROM records WHERE seq = 4",
            ChainState::Truncated {
                tenant: "agency".to_owned(),
            },
            vec![true, true, false],
        ),
        ("DELETE FROM chains", broken(1), vec![false, true, true, false]),
        (
            "UPDATE records SET tenant = 'other' WHERE seq = 4",
            ChainState::Truncated {
                tenant: "agency".to_owned(),
            },
            vec![true, true, false, false],
        ),
    ];
    for (damage, state, links) in damages {
        let ground = TemporaryDirectory::new();
        let settings = ground.settings();
        let store = filled(&settings).await;
        tamper(&settings, damage);
        assert_eq!(store.verify_chain().await.unwrap(), state, "{damage}");
        assert_eq!(intact(&store).await, links, "{damage}");
    }
}

#[tokio::test]
async fn a_record_that_is_no_record_any_more_is_an_error_and_not_a_crash() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let store = filled(&settings).await;
    tamper(&settings, "UPDATE records SET record = '{' WHERE seq = 3");
    assert!(store.find(Lookup::Id(id(0, 3))).await.is_err());
    assert_eq!(store.verify_chain().await.unwrap(), broken(3));
    tamper(&settings, "UPDATE chains SET head = x'00'");
    assert!(
        store.commit(record(9), mail(5)).await.is_err(),
        "no record may follow an unknown one"
    );
}

/// A store with one record for each day from 0 on, whose copies are under a lease.
async fn filled_by_day(settings: &Settings, days: u64) -> Store {
    let store = Store::open(settings).await.unwrap();
    for day in 0..days {
        let received = minute(i64::try_from(day).unwrap() * 1440);
        store
            .commit(samples::record(id(0, day), received), mail(5))
            .await
            .unwrap();
    }
    store
}

#[tokio::test]
async fn a_purge_deletes_what_is_old_and_finished_and_the_rest_still_verifies() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let store = filled_by_day(&settings, 5).await;
    let now = minute(33 * 1440);
    let claimed = store.claim(now, now, 9).await.unwrap();
    let held = crate::queue::Filter {
        ids: vec![claimed[2].id],
        ..everything()
    };
    store.command(held.clone(), Command::Hold, now).await.unwrap();
    let taken = |index: usize| {
        (
            claimed[index].clone(),
            Outcome::Delivered { reply: String::new() },
        )
    };
    store
        .settle(vec![taken(0), taken(1), taken(3), taken(4)], Vec::new())
        .await
        .unwrap();

    assert_eq!(
        store.purge(minute(30 * 1440)).await.unwrap(),
        0,
        "30 days are kept"
    );
    assert_eq!(
        store.purge(now).await.unwrap(),
        2,
        "days 0 and 1; the copy on hold keeps its record"
    );
    assert!(store.find(Lookup::Id(id(0, 1))).await.unwrap().is_empty());
    assert!(store.find(Lookup::Id(id(0, 2))).await.unwrap()[0].intact);
    assert_eq!(
        store.verify_chain().await.unwrap(),
        ChainState::Intact { records: 3 }
    );
    assert_eq!(count(&settings, "SELECT count(*) FROM deliveries"), 3);

    store.command(held, Command::Release, now).await.unwrap();
    let released = store.claim(now, now, 9).await.unwrap();
    let outcome = Outcome::Delivered { reply: String::new() };
    store
        .settle(vec![(released[0].clone(), outcome)], Vec::new())
        .await
        .unwrap();
    assert_eq!(store.purge(minute(99 * 1440)).await.unwrap(), 3);
    assert_eq!(
        store.verify_chain().await.unwrap(),
        ChainState::Intact { records: 0 }
    );
    store.commit(record(77), Vec::new()).await.unwrap();
    assert!(store.find(Lookup::Id(id(0, 77))).await.unwrap()[0].intact);
    assert_eq!(
        store.verify_chain().await.unwrap(),
        ChainState::Intact { records: 1 }
    );
}

#[tokio::test]
async fn a_purge_goes_on_over_many_pages_and_gives_no_number_twice() {
    let ground = TemporaryDirectory::new();
    let settings = Settings {
        keep_days: 0,
        ..ground.settings()
    };
    let store = Store::open(&settings).await.unwrap();
    let mut writes = tokio::task::JoinSet::new();
    for entropy in 0..1200 {
        let store = store.clone();
        writes.spawn(async move { store.commit(record(entropy), Vec::new()).await.unwrap() });
    }
    while writes.join_next().await.transpose().unwrap().is_some() {}
    store.commit(record(5000), mail(5)).await.unwrap();
    let first = store.list(everything()).await.unwrap();
    let outcome = Outcome::Delivered { reply: String::new() };
    store
        .settle(vec![(first[0].clone(), outcome)], Vec::new())
        .await
        .unwrap();
    assert_eq!(store.purge(minute(1)).await.unwrap(), 1201);
    store.commit(record(5001), mail(5)).await.unwrap();
    let second = store.list(everything()).await.unwrap();
    assert!(second[0].id > first[0].id && second[0].body > first[0].body);
}

#[tokio::test]
async fn a_term_beyond_all_time_purges_nothing() {
    let ground = TemporaryDirectory::new();
    let settings = Settings {
        keep_days: u64::MAX,
        inline_kb: u64::MAX,
        ..ground.settings()
    };
    let store = Store::open(&settings).await.unwrap();
    store.commit(record(1), mail(5000)).await.unwrap();
    assert_eq!(store.purge(minute(1)).await.unwrap(), 0);
}
