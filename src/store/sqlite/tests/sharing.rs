//! Several processes on one directory, and who may open it.

use super::*;
use crate::audit::{Lookup, Trail};
use crate::queue::{Command, Spool};
use crate::smime::Register;

#[tokio::test]
async fn a_second_gateway_is_refused_until_the_first_has_closed() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let first = Store::open(&settings).await.unwrap();
    let refused = Store::open(&settings).await.err().unwrap().to_string();
    assert!(
        refused.contains(&format!("another gateway (process {})", std::process::id())),
        "{refused}"
    );
    first.commit(record(1), mail(5)).await.unwrap();
    first.close().await;
    let second = Store::open(&settings).await.unwrap();
    assert_eq!(second.list(everything()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn commands_work_beside_a_gateway_and_disturb_neither_leases_nor_files() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let gateway = Store::open(&settings).await.unwrap();
    gateway.commit(record(1), mail(5000)).await.unwrap();
    assert_eq!(gateway.claim(minute(0), minute(60), 9).await.unwrap().len(), 1);
    let orphan = settings.directory.join("bodies/being-written");
    std::fs::write(&orphan, "half").unwrap();

    let command = Store::attach(&settings).await.unwrap();
    assert_eq!(command.list(everything()).await.unwrap().len(), 1);
    assert_eq!(command.find(Lookup::Id(id(0, 1))).await.unwrap().len(), 1);
    assert!(
        command.claim(minute(1), minute(2), 9).await.unwrap().is_empty(),
        "the lease holds"
    );
    assert_eq!(
        command
            .command(everything(), Command::Hold, minute(1))
            .await
            .unwrap(),
        1
    );
    command.close().await;
    assert!(orphan.exists());
    assert!(
        gateway
            .claim(minute(100), minute(101), 9)
            .await
            .unwrap()
            .is_empty(),
        "the hold is seen"
    );
    gateway.commit(record(2), mail(5)).await.unwrap();
}

#[tokio::test]
async fn a_store_that_was_closed_can_be_looked_at() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let gateway = Store::open(&settings).await.unwrap();
    gateway.commit(record(1), mail(5)).await.unwrap();
    gateway.close().await;
    assert!(
        !settings.directory.join("sealgate.db-wal").exists(),
        "closing leaves one file"
    );
    let command = Store::attach(&settings).await.unwrap();
    assert_eq!(command.list(everything()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn attaching_makes_no_store_and_says_so() {
    let ground = TemporaryDirectory::new();
    let refused = Store::attach(&ground.settings()).await.err().unwrap().to_string();
    assert!(refused.contains("there is no store"), "{refused}");
    assert!(!ground.settings().directory.exists());
}

#[tokio::test]
async fn a_store_of_another_version_is_left_alone() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    Store::open(&settings).await.unwrap().close().await;
    tamper(&settings, "PRAGMA user_version = 99");
    for opened in [Store::open(&settings).await, Store::attach(&settings).await] {
        let refused = opened.err().unwrap().to_string();
        assert!(refused.contains("newer version of sealgate"), "{refused}");
    }
    tamper(&settings, "PRAGMA user_version = 0");
    let refused = Store::attach(&settings).await.err().unwrap().to_string();
    assert!(refused.contains("older version of sealgate"), "{refused}");
}

#[tokio::test]
async fn a_store_from_before_the_register_gets_one_and_keeps_its_mail() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let store = Store::open(&settings).await.unwrap();
    store.commit(record(1), mail(5)).await.unwrap();
    store.close().await;
    let before = "DROP INDEX bodies_by_ending; ALTER TABLE bodies DROP COLUMN ending;\
                  ALTER TABLE deliveries DROP COLUMN tls; ALTER TABLE deliveries DROP COLUMN dsn;\
                  ALTER TABLE deliveries DROP COLUMN told_late;\
                  DROP TABLE waiting; ALTER TABLE deliveries DROP COLUMN inbound;\
                  DROP TABLE certificate_keys; DROP TABLE certificates; CREATE INDEX deliveries_open ON deliveries (created);\
                  CREATE INDEX records_of_tenant ON records (tenant, seq); PRAGMA user_version = 1";
    tamper(&settings, before);
    let refused = Store::attach(&settings).await.err().unwrap().to_string();
    assert!(refused.contains("Start the gateway once"), "{refused}");
    let store = Store::open(&settings).await.unwrap();
    assert_eq!(store.list(everything()).await.unwrap().len(), 1);
    assert!(store.page("", 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn however_many_certificates_there_are_one_is_found_by_an_index() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    Store::open(&settings).await.unwrap().close().await;
    let find = super::super::certificates::LOOK_UP;
    let sql = format!("EXPLAIN QUERY PLAN {find} 'default' AND key IN ('a', 'b')) ORDER BY fingerprint");
    let db = raw(&settings);
    let mut plan = db.prepare(&sql).unwrap();
    let steps = plan.query_map([], |row| row.get::<_, String>("detail")).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    let told = steps.join("; ");
    assert!(
        told.contains("SEARCH certificates USING INTEGER PRIMARY KEY"),
        "{told}"
    );
    assert!(
        told.contains("SEARCH certificate_keys USING PRIMARY KEY (tenant=? AND key=?)"),
        "{told}"
    );
    assert!(!told.contains("SCAN"), "{told}");
}

#[tokio::test]
async fn a_place_that_cannot_be_a_data_directory_is_named() {
    let ground = TemporaryDirectory::new();
    let file = ground.settings().directory;
    std::fs::write(&file, "a file").unwrap();
    let refused = Store::open(&ground.settings()).await.err().unwrap().to_string();
    assert!(refused.contains(file.to_str().unwrap()), "{refused}");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(
        file.join("sealgate.db"),
        "this is no database, and long enough to be read as one".repeat(99),
    )
    .unwrap();
    assert!(Store::open(&ground.settings()).await.is_err());
    assert!(Store::attach(&ground.settings()).await.is_err());
}
