//! Two versions of the schema, and gateways of both at work.

use super::super::schema::{self, STEPS, Step, Version};
use super::{Database, Postgres, database};
use crate::audit::Trail;
use crate::message::{Outbound, Purpose, TlsWish};
use crate::queue::{Spool, WaitingFilter, WaitingRoom};
use crate::store::Store;
use crate::store::samples::{id, mail, minute, record};

/// The next version of the schema, as a newer program would have it.
fn next(sql: &'static str, breaking: bool) -> Vec<Step> {
    let known = STEPS.iter().map(|step| Step {
        sql: step.sql,
        breaking: step.breaking,
    });
    known.chain([Step { sql, breaking }]).collect()
}

async fn migrate(store: &Postgres, steps: Vec<Step>) -> Result<Version, String> {
    let done = store
        .link
        .run(move |db| Box::pin(async move { schema::migrate(db, &steps).await }));
    done.await.map_err(|failure| failure.to_string())
}

async fn accept_and_claim(store: &impl SpoolAndTrail, number: u64) {
    let outbounds = vec![mail(b"x", &[(1, "bob@partner.example")])];
    store
        .commit(record(id(0, number), minute(0)), outbounds)
        .await
        .unwrap();
    assert_eq!(store.claim(minute(1), minute(60), 10).await.unwrap().len(), 1);
    assert!(
        !store
            .find(crate::audit::Lookup::Id(id(0, number)))
            .await
            .unwrap()
            .is_empty()
    );
}

trait SpoolAndTrail: Spool + Trail {}
impl<T: Spool + Trail> SpoolAndTrail for T {}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_that_start_at_once_bring_the_schema_up_to_date_once() {
    let Some(database) = database("gateways_that_start_at_once_bring_the_schema_up_to_date_once") else {
        return;
    };
    let settings = database.settings();
    let opened = futures_util::future::join_all((0..4).map(|_| Store::open(&settings))).await;
    assert!(opened.iter().all(Result::is_ok));
    assert_eq!(
        database.ask("SELECT count(*) FROM schema_steps"),
        STEPS.len().to_string()
    );
}

#[tokio::test]
async fn a_gateway_goes_on_when_a_newer_one_has_only_added_to_the_schema() {
    let Some(database) = database("a_gateway_goes_on_when_a_newer_one_has_only_added_to_the_schema") else {
        return;
    };
    let store = Postgres::open(&database.settings()).await.unwrap();
    accept_and_claim(&store, 1).await;
    let added = "ALTER TABLE deliveries ADD COLUMN notify TEXT NOT NULL DEFAULT '';
                 ALTER TABLE records ADD COLUMN more TEXT";
    assert_eq!(migrate(&store, next(added, false)).await, Ok(Version::Older));
    // The one that is at work, with what it has prepared; one that starts; and a command.
    accept_and_claim(&store, 2).await;
    accept_and_claim(&Store::open(&database.named("second")).await.unwrap(), 3).await;
    Store::attach(&database.settings()).await.unwrap();
}

#[tokio::test]
async fn a_step_that_breaks_waits_until_older_gateways_are_gone_and_keeps_them_away_then() {
    let Some(database) = database("a_step_that_breaks_waits_until_older_gateways_are_gone") else {
        return;
    };
    let store = Postgres::open(&database.named("old")).await.unwrap();
    let breaking = || next("ALTER TABLE deliveries RENAME COLUMN sender TO from_whom", true);
    let refused = migrate(&store, breaking()).await.unwrap_err();
    assert!(refused.contains("old. Stop them first"), "{refused}");
    assert_eq!(
        database.ask("SELECT count(*) FROM schema_steps"),
        STEPS.len().to_string()
    );
    store.member.leave().await;
    assert_eq!(migrate(&store, breaking()).await, Ok(Version::Older));
    for told in [
        Store::open(&database.settings()).await.err(),
        Store::attach(&database.settings()).await.err(),
    ] {
        let told = told.unwrap().to_string();
        assert!(told.contains("newer version of sealgate"), "{told}");
    }
}

#[tokio::test]
async fn a_database_without_a_store_has_none_for_commands() {
    let Some(database) = database("a_database_without_a_store_has_none_for_commands") else {
        return;
    };
    let settings = Database::settings(&database);
    assert!(Store::attach_if_any(&settings).await.unwrap().is_none());
    let told = Store::attach(&settings).await.err().unwrap().to_string();
    assert!(told.contains("there is no store"), "{told}");
    Store::open(&settings).await.unwrap().close().await;
    assert!(Store::attach_if_any(&settings).await.unwrap().is_some());
}

/// What a gateway from before does with a statement: its sessions do not say that they know of wishes.
async fn as_an_older_gateway(store: &Postgres, sql: &'static str) -> u64 {
    let run = store.link.run(move |db| {
        Box::pin(async move {
            sqlx::raw_sql("RESET sealgate.tls_wishes")
                .execute(&mut *db)
                .await?;
            let done = sqlx::query(sql).execute(&mut *db).await?;
            sqlx::raw_sql("SET sealgate.tls_wishes = 'known'")
                .execute(db)
                .await?;
            Ok(done.rows_affected())
        })
    });
    run.await.map_err(|failure| failure.to_string()).unwrap()
}

#[tokio::test]
async fn a_gateway_from_before_gets_no_mail_that_requires_tls_and_ends_no_wait_of_it() {
    let Some(database) = database("a_gateway_from_before_gets_no_mail_that_requires_tls") else {
        return;
    };
    let store = Postgres::open(&database.settings()).await.unwrap();
    let asked = |purpose, recipient| Outbound {
        purpose,
        tls: TlsWish::Required,
        ..mail(b"x", &[(1, recipient)])
    };
    let outbounds = vec![
        mail(b"y", &[(2, "any@partner.example")]),
        asked(Purpose::Mail, "b@partner.example"),
        asked(Purpose::Waiting { until: minute(60) }, "c@partner.example"),
    ];
    store
        .commit(record(id(0, 1), minute(0)), outbounds)
        .await
        .unwrap();
    let claim = "UPDATE deliveries SET lease_until = 1, lease_by = 1";
    assert_eq!(as_an_older_gateway(&store, claim).await, 1);
    assert_eq!(as_an_older_gateway(&store, "DELETE FROM waiting").await, 0);
    let retry = "UPDATE deliveries SET next_attempt = 0, lease_until = NULL";
    assert_eq!(as_an_older_gateway(&store, retry).await, 2);
    let claimed = store.claim(minute(0), minute(60), 10).await.unwrap();
    assert_eq!(claimed.len(), 2);
    let waiting = store.waiting(WaitingFilter::default(), 10).await.unwrap();
    store
        .commit_instead(waiting[0].id, record(id(0, 2), minute(1)), Vec::new())
        .await
        .unwrap();
}
