//! The queue's tables: what waits, what is under a lease, what became of it.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{QueryBuilder, SqliteConnection};

use super::rows::{delivery, narrow, numbers};
use super::writer::{Effects, Task, Transaction};
use crate::message::{Address, DsnRequest, MessageId, Outbound, Purpose};
use crate::queue::{Command, Delivery, Filter, Outcome, State};
use crate::store::words::{cut, purpose_name};

/// What leaves, and for which message.
pub(super) struct Sending<'a> {
    pub(super) tenant: &'a str,
    pub(super) message: MessageId,
    pub(super) outbound: &'a Outbound,
    /// What the sender asks about each recipient of the received envelope.
    pub(super) dsn: &'a [DsnRequest],
    /// The file that holds the body; without one it goes into the row.
    pub(super) file: Option<&'a str>,
    pub(super) created: Timestamp,
    pub(super) next_attempt: Timestamp,
}

/// One text: a thousand recipients cost one journey to SQLite's thread. `max(id)` is the body just inserted, for
/// a number is never given twice.
const ENQUEUE: &str = "
    INSERT INTO bodies (tenant, message, size, inline, file) VALUES (?, ?, ?, ?, ?) RETURNING id;
    INSERT INTO deliveries (tenant, message, purpose, sender, created, next_attempt, size, body,
                            place, recipient, domain, dsn, state, attempts, last_reply, inbound)
    SELECT ?, ?, ?, ?, ?, ?, ?, (SELECT max(id) FROM bodies),
           value ->> 0, value ->> 1, value ->> 2, value ->> 3, 'queued', 0, '', ?
    FROM json_each(?) ORDER BY key";

/// Enqueues one body for its recipients; answers its number.
pub(super) async fn enqueue(db: &mut SqliteConnection, sending: &Sending<'_>) -> Result<i64, sqlx::Error> {
    let outbound = sending.outbound;
    let size = i64::try_from(outbound.body.len()).unwrap_or(i64::MAX);
    let inline = sending.file.is_none().then(|| outbound.body.as_bytes());
    // All rows are asked for: who stops at the first never runs the second statement.
    let numbers: Vec<i64> = sqlx::query_scalar(ENQUEUE)
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(size)
        .bind(inline)
        .bind(sending.file)
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(purpose_name(outbound.purpose))
        .bind(outbound.sender.as_ref().map(ToString::to_string))
        .bind(sending.created.as_microsecond())
        .bind(sending.next_attempt.as_microsecond())
        .bind(size)
        .bind(outbound.purpose == Purpose::Inbound)
        .bind(recipients(sending))
        .fetch_all(db)
        .await?;
    numbers.first().copied().ok_or(sqlx::Error::RowNotFound)
}

fn recipients(sending: &Sending<'_>) -> String {
    let dsn = |place: u32| {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        let dsn = sending.dsn.get(place)?;
        (!dsn.is_empty()).then(|| json!(dsn).to_string())
    };
    let entry = |(place, address): &(u32, Address)| {
        json!([place, address.to_string(), address.domain(), dsn(*place)])
    };
    Value::from_iter(sending.outbound.recipients.iter().map(entry)).to_string()
}

/// Takes due deliveries under a lease.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_end: Timestamp,
    pub(super) limit: u32,
}

impl Task for Claim {
    type Answer = Vec<Delivery>;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Vec<Delivery>, Effects), sqlx::Error> {
        let db = &mut *transaction.db;
        // The oldest first, and with each the others that share its body. The repeated conditions on the state
        // are what lets SQLite use its partial indices.
        let rows = sqlx::query(
            "WITH oldest AS (
                 SELECT id, body, next_attempt FROM deliveries
                 WHERE state IN ('queued', 'bouncing') AND next_attempt <= ?1
                   AND (lease_until IS NULL OR lease_until <= ?1)
                 ORDER BY next_attempt, id LIMIT ?2),
             shared AS (
                 SELECT body, min(next_attempt) AS since, min(id) AS first FROM oldest GROUP BY body)
             SELECT deliveries.* FROM shared JOIN deliveries ON deliveries.body = shared.body
             WHERE state IN ('queued', 'held', 'bouncing') AND state <> 'held' AND next_attempt <= ?1
               AND (lease_until IS NULL OR lease_until <= ?1)
             ORDER BY since, first, deliveries.id LIMIT ?2",
        )
        .bind(self.now.as_microsecond())
        .bind(self.limit)
        .fetch_all(&mut *db)
        .await?;
        let claimed = rows.iter().map(delivery).collect::<Result<Vec<_>, _>>()?;
        if !claimed.is_empty() {
            let ids = numbers(claimed.iter().map(|delivery| delivery.id));
            let lease =
                "UPDATE deliveries SET lease_until = ?1 WHERE id IN (SELECT value FROM json_each(?2))";
            let lease = sqlx::query(lease).bind(self.lease_end.as_microsecond()).bind(ids);
            lease.execute(db).await?;
        }
        Ok((claimed, Effects::default()))
    }
}

/// Records outcomes, enqueues notices, lets bodies go.
pub(super) struct Settle {
    pub(super) outcomes: Vec<(Delivery, Outcome)>,
    pub(super) notices: Vec<(MessageId, Outbound)>,
    /// The name of each notice's body file, if it has one.
    pub(super) files: Vec<Option<String>>,
    pub(super) now: Timestamp,
}

impl Task for Settle {
    type Answer = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<((), Effects), sqlx::Error> {
        let db = &mut *transaction.db;
        let unused = settle_all(db, &self.outcomes).await?;
        for ((message, outbound), file) in self.notices.iter().zip(&self.files) {
            let tenant: String = sqlx::query_scalar("SELECT tenant FROM records WHERE id = ?")
                .bind(message.as_str())
                .fetch_one(&mut *db)
                .await?;
            let sending = Sending {
                tenant: &tenant,
                message: *message,
                outbound,
                dsn: &[],
                file: file.as_deref(),
                created: self.now,
                // Due at once, by any clock that claims.
                next_attempt: Timestamp::UNIX_EPOCH,
            };
            enqueue(db, &sending).await?;
        }
        let effects = Effects {
            wake: !self.notices.is_empty(),
            unused,
        };
        Ok(((), effects))
    }

    fn files(&self) -> Vec<String> {
        self.files.iter().flatten().cloned().collect()
    }
}

/// A deferral leaves the state alone: what an administrator ordered meanwhile stands. A delivery that is to bounce
/// stays due. Then those bodies go that no unfinished delivery needs.
const SETTLE: &str = "
    UPDATE deliveries SET
        next_attempt = CASE WHEN deliveries.state = 'bouncing' OR outcome.next_attempt IS NULL
                            THEN deliveries.next_attempt ELSE outcome.next_attempt END,
        state = coalesce(outcome.state, deliveries.state),
        last_reply = outcome.reply, told_late = max(told_late, outcome.late), attempts = attempts + 1, lease_until = NULL
    FROM (SELECT value ->> 0 AS id, value ->> 1 AS state, value ->> 2 AS next_attempt, value ->> 3 AS reply, value ->> 4 AS late
          FROM json_each(?)) AS outcome
    WHERE deliveries.id = outcome.id AND deliveries.state IN ('queued', 'held', 'bouncing');
    DELETE FROM bodies WHERE id IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
        SELECT 1 FROM deliveries WHERE body = bodies.id AND state IN ('queued', 'held', 'bouncing'))
    RETURNING file";

/// Writes outcomes down and lets bodies go; answers the names of their files.
async fn settle_all(
    db: &mut SqliteConnection,
    outcomes: &[(Delivery, Outcome)],
) -> Result<Vec<String>, sqlx::Error> {
    let rows = outcomes
        .iter()
        .map(|(delivery, outcome)| as_row(delivery, outcome));
    let finished = outcomes.iter().filter(|(_, outcome)| !is_deferral(outcome));
    let files: Vec<Option<String>> = sqlx::query_scalar(SETTLE)
        .bind(Value::from_iter(rows).to_string())
        .bind(numbers(finished.map(|(delivery, _)| delivery.body)))
        .fetch_all(db)
        .await?;
    Ok(files.into_iter().flatten().collect())
}

/// Number, state, next attempt, reply, whether its sender was told that it is late.
fn as_row(delivery: &Delivery, outcome: &Outcome) -> Value {
    let (state, next_attempt, reply) = match outcome {
        Outcome::Delivered { reply } => (Some(State::Delivered), None, reply),
        Outcome::Deferred { reply, next_attempt } => (None, Some(next_attempt.as_microsecond()), reply),
        Outcome::Failed { reply } => (Some(State::Bounced), None, reply),
    };
    // SQLite's JSON ends a text at a NUL.
    let reply = cut(reply).replace('\0', "\u{fffd}");
    let late = u8::from(delivery.told_late);
    json!([delivery.id, state.map(State::name), next_attempt, reply, late])
}

/// A command on all unfinished deliveries that the filter names.
pub(super) struct Order {
    pub(super) filter: Filter,
    pub(super) command: Command,
    pub(super) now: Timestamp,
}

impl Task for Order {
    /// How many deliveries it changed.
    type Answer = u64;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(u64, Effects), sqlx::Error> {
        let now = self.now.as_microsecond();
        let mut sql = QueryBuilder::new("UPDATE deliveries SET ");
        match self.command {
            Command::Hold => sql.push("state = 'held' WHERE state = 'queued'"),
            Command::Retry => sql
                .push("next_attempt = ")
                .push_bind(now)
                .push(" WHERE state = 'queued'"),
            Command::Release => sql
                .push("state = 'queued', next_attempt = ")
                .push_bind(now)
                .push(" WHERE state = 'held'"),
            Command::Bounce => sql
                .push("state = 'bouncing', next_attempt = ")
                .push_bind(now)
                .push(" WHERE state IN ('queued', 'held')"),
        };
        // A notice that is given up tells nobody: then somebody must have meant it, by its number.
        if self.command == Command::Bounce && self.filter.ids.is_empty() {
            sql.push(" AND purpose = 'mail'");
        }
        narrow(&mut sql, &self.filter);
        let changed = sql.build().execute(&mut *transaction.db).await?.rows_affected();
        Ok((changed, Effects::wake()))
    }
}

/// Ends all leases: those who held them are gone.
pub(super) async fn end_leases(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE deliveries SET lease_until = NULL
         WHERE state IN ('queued', 'held', 'bouncing') AND lease_until IS NOT NULL",
    )
    .execute(db)
    .await?;
    Ok(())
}

fn is_deferral(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred { .. })
}
