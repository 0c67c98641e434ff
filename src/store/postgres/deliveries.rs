//! The queue's tables: what waits, what is under a lease, what became of it.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder, Row};

use super::commit::{Sending, enqueue};
use super::desk::Task;
use super::rows::{columns, delivery, narrow};
use crate::message::{Boxed, MessageId, Outbound};
use crate::queue::{Command, Delivery, Filter, Outcome, State};
use crate::store::words::cut;

/// The oldest first, and with each the others that share its body. Rows that another gateway is claiming at this moment are
/// skipped, not waited for. $1 shows this gateway's clock, $2 and $3 are now and the end of the lease by it, $4 is the
/// limit, $5 the gateway: one that the others have taken for dead gets nothing until it has come back.
const CLAIM: &str = concat!(
    "WITH clock AS MATERIALIZED (
         SELECT $2::bigint + shift AS now, $3::bigint + shift AS lease_end FROM clock_shift($1) AS shift
         WHERE EXISTS (SELECT 1 FROM gateways WHERE id = $5)),
     oldest AS MATERIALIZED (
         SELECT id, body, next_attempt FROM deliveries
         WHERE state IN ('queued', 'bouncing') AND next_attempt <= (SELECT now FROM clock)
           AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock))
         ORDER BY next_attempt, id LIMIT $4 FOR UPDATE SKIP LOCKED),
     shared AS MATERIALIZED (
         SELECT body, min(next_attempt) AS since, min(id) AS first FROM oldest GROUP BY body),
     chosen AS MATERIALIZED (
         SELECT deliveries.id, since, first FROM shared JOIN deliveries ON deliveries.body = shared.body
         WHERE state IN ('queued', 'held', 'bouncing') AND state <> 'held'
           AND next_attempt <= (SELECT now FROM clock)
           AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock))
         ORDER BY since, first, deliveries.id LIMIT $4 FOR UPDATE OF deliveries SKIP LOCKED)
     UPDATE deliveries SET lease_until = (SELECT lease_end FROM clock), lease_by = $5
     FROM chosen WHERE deliveries.id = chosen.id
     RETURNING ",
    columns!(),
    ", since, first"
);

/// Takes due deliveries under a lease.
pub(super) async fn claim(
    db: &mut PgConnection,
    me: i64,
    now: Timestamp,
    lease_end: Timestamp,
    limit: u32,
) -> Result<Vec<Delivery>, sqlx::Error> {
    let rows = sqlx::query(CLAIM)
        .bind(Timestamp::now().as_microsecond())
        .bind(now.as_microsecond())
        .bind(lease_end.as_microsecond())
        .bind(i64::from(limit))
        .bind(me)
        .fetch_all(db)
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in &rows {
        let rank: (i64, i64) = (row.try_get("since")?, row.try_get("first")?);
        claimed.push((rank, delivery(row)?));
    }
    claimed.sort_by_key(|(rank, delivery)| (*rank, delivery.id));
    Ok(claimed.into_iter().map(|(_, delivery)| delivery).collect())
}

/// Ends leases of this gateway on all deliveries but those that it knows of.
pub(super) async fn let_go(db: &mut PgConnection, me: i64, known: &[i64]) -> Result<(), sqlx::Error> {
    let free = "UPDATE deliveries SET lease_until = NULL, lease_by = NULL
                WHERE lease_by = $1 AND state IN ('queued', 'held', 'bouncing') AND id <> ALL ($2)";
    sqlx::query(free).bind(me).bind(known).execute(db).await?;
    Ok(())
}

/// Records outcomes, enqueues notices, lets bodies go.
#[derive(Clone)]
pub(super) struct Settle {
    pub(super) me: i64,
    pub(super) outcomes: Arc<Vec<(Delivery, Outcome)>>,
    pub(super) notices: Arc<Vec<(MessageId, Outbound)>>,
    pub(super) now: Timestamp,
}

impl Task for Settle {
    type Answer = ();

    fn write<'a>(tasks: &'a [Settle], db: &'a mut PgConnection) -> Boxed<'a, Result<Vec<()>, sqlx::Error>> {
        Box::pin(async move {
            if tasks.iter().all(|task| task.notices.is_empty()) {
                settle(db, tasks).await?;
            } else {
                let mut transaction = db.begin().await?;
                // In the order in which `settle` locks, so that no two gateways wait for each other.
                sqlx::query("SELECT 1 FROM bodies WHERE id = ANY ($1) ORDER BY id FOR UPDATE")
                    .bind(finished(tasks))
                    .execute(&mut *transaction)
                    .await?;
                for task in tasks {
                    notify(&mut transaction, task).await?;
                }
                settle(&mut transaction, tasks).await?;
                transaction.commit().await?;
            }
            Ok(vec![(); tasks.len()])
        })
    }

    fn octets(&self) -> usize {
        self.notices.iter().map(|(_, notice)| notice.body.len()).sum()
    }
}

async fn notify(db: &mut PgConnection, task: &Settle) -> Result<(), sqlx::Error> {
    if task.notices.is_empty() {
        return Ok(());
    }
    // When all of it was settled already, by this gateway unheard or by another one, people have been told.
    let ids: Vec<i64> = task.outcomes.iter().map(|(delivery, _)| delivery.id).collect();
    let open = "SELECT id FROM deliveries WHERE id = ANY ($1) AND state IN ('queued', 'held', 'bouncing')
                ORDER BY id FOR UPDATE";
    let open = sqlx::query(open).bind(&ids).fetch_all(&mut *db).await?;
    if open.is_empty() && !ids.is_empty() {
        return Ok(());
    }
    for (message, outbound) in task.notices.iter() {
        let tenant: String = sqlx::query_scalar("SELECT tenant FROM records WHERE id = $1")
            .bind(message.as_str())
            .fetch_one(&mut *db)
            .await?;
        let sending = Sending {
            tenant: &tenant,
            message: *message,
            outbound,
            dsn: &[],
            body: None,
            created: task.now,
            // Due at once, by any clock that claims.
            due: Timestamp::UNIX_EPOCH,
        };
        enqueue(db, &[sending], None).await?;
    }
    Ok(())
}

async fn settle(db: &mut PgConnection, tasks: &[Settle]) -> Result<(), sqlx::Error> {
    let all = || tasks.iter().flat_map(|task| task.outcomes.iter());
    sqlx::query("SELECT settle($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(Timestamp::now().as_microsecond())
        .bind(tasks.first().map_or(0, |task| task.me))
        .bind(all().map(|(delivery, _)| delivery.id).collect::<Vec<_>>())
        .bind(
            all()
                .map(|(_, outcome)| state(outcome).map(State::name))
                .collect::<Vec<_>>(),
        )
        .bind(
            all()
                .map(|(_, outcome)| next_attempt(outcome))
                .collect::<Vec<_>>(),
        )
        .bind(all().map(|(_, outcome)| reply(outcome)).collect::<Vec<_>>())
        .bind(all().map(|(delivery, _)| delivery.told_late).collect::<Vec<_>>())
        .bind(finished(tasks))
        .execute(db)
        .await?;
    Ok(())
}

/// Bodies of which a copy is finished.
fn finished(tasks: &[Settle]) -> Vec<i64> {
    let all = tasks.iter().flat_map(|task| task.outcomes.iter());
    let ends = all.filter(|(_, outcome)| !is_deferral(outcome));
    let mut bodies: Vec<i64> = ends.map(|(delivery, _)| delivery.body).collect();
    bodies.sort_unstable();
    bodies.dedup();
    bodies
}

fn is_deferral(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred { .. })
}

fn state(outcome: &Outcome) -> Option<State> {
    match outcome {
        Outcome::Delivered { .. } => Some(State::Delivered),
        Outcome::Deferred { .. } => None,
        Outcome::Failed { .. } => Some(State::Bounced),
    }
}

fn next_attempt(outcome: &Outcome) -> Option<i64> {
    match outcome {
        Outcome::Deferred { next_attempt, .. } => Some(next_attempt.as_microsecond()),
        Outcome::Delivered { .. } | Outcome::Failed { .. } => None,
    }
}

fn reply(outcome: &Outcome) -> String {
    let (Outcome::Delivered { reply } | Outcome::Deferred { reply, .. } | Outcome::Failed { reply }) =
        outcome;
    cut(reply).replace('\0', "\u{fffd}")
}

/// Carries out a command on all unfinished deliveries that the filter names; answers how many it changed.
pub(super) async fn order(
    db: &mut PgConnection,
    filter: &Filter,
    command: Command,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let mut sql = QueryBuilder::new("UPDATE deliveries SET ");
    match command {
        Command::Hold => sql.push("state = 'held' WHERE state = 'queued'"),
        Command::Retry => due(&mut sql, now).push(" WHERE state = 'queued'"),
        Command::Release => due(&mut sql, now).push(", state = 'queued' WHERE state = 'held'"),
        Command::Bounce => due(&mut sql, now).push(", state = 'bouncing' WHERE state IN ('queued', 'held')"),
    };
    // A notice that is given up tells nobody: then somebody must have meant it, by its number.
    if command == Command::Bounce && filter.ids.is_empty() {
        sql.push(" AND purpose = 'mail'");
    }
    narrow(&mut sql, filter);
    Ok(sql.build().execute(db).await?.rows_affected())
}

/// Sets when it is due, by the clock of the database.
fn due(sql: &mut QueryBuilder<Postgres>, now: Timestamp) -> &mut QueryBuilder<Postgres> {
    sql.push("next_attempt = ")
        .push_bind(now.as_microsecond())
        .push(" + (SELECT clock_shift(")
        .push_bind(Timestamp::now().as_microsecond())
        .push("))")
}
