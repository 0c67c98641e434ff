//! The queue's tables: what waits, what is under a lease, what became of it.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::failure::unreadable;
use super::writer::{Effects, Task};
use crate::message::{Address, MessageId, Outbound, Purpose};
use crate::queue::{Command, Delivery, Filter, Outcome, State};

/// A reply is cut to this many octets; nobody needs more, and the next hop chooses its length.
const REPLY_LIMIT: usize = 1000;

/// What leaves, and for which message.
pub(super) struct Sending<'a> {
    pub(super) tenant: &'a str,
    pub(super) message: MessageId,
    pub(super) outbound: &'a Outbound,
    /// The file that holds the body; without one it goes into the row.
    pub(super) file: Option<&'a str>,
    pub(super) created: Timestamp,
    pub(super) next_attempt: Timestamp,
}

/// Enqueues one body for its recipients.
pub(super) async fn enqueue(db: &mut SqliteConnection, sending: &Sending<'_>) -> Result<(), sqlx::Error> {
    let outbound = sending.outbound;
    let size = i64::try_from(outbound.body.len()).unwrap_or(i64::MAX);
    let inline = sending.file.is_none().then(|| outbound.body.as_bytes());
    let body = sqlx::query("INSERT INTO bodies (tenant, message, size, inline, file) VALUES (?, ?, ?, ?, ?)")
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(size)
        .bind(inline)
        .bind(sending.file)
        .execute(&mut *db)
        .await?
        .last_insert_rowid();
    // One statement for all recipients: a thousand of them cost one round trip to SQLite's thread.
    sqlx::query(
        "INSERT INTO deliveries (tenant, message, place, purpose, sender, recipient, domain, body, size,
                                 state, attempts, created, next_attempt, last_reply)
         SELECT ?1, ?2, value ->> 0, ?3, ?4, value ->> 1, value ->> 2, ?5, ?6, 'queued', 0, ?7, ?8, ''
         FROM json_each(?9) ORDER BY key",
    )
    .bind(sending.tenant)
    .bind(sending.message.as_str())
    .bind(purpose_name(outbound.purpose))
    .bind(outbound.sender.as_ref().map(ToString::to_string))
    .bind(body)
    .bind(size)
    .bind(sending.created.as_microsecond())
    .bind(sending.next_attempt.as_microsecond())
    .bind(recipients(outbound))
    .execute(db)
    .await?;
    Ok(())
}

fn recipients(outbound: &Outbound) -> String {
    let entry =
        |(place, address): &(u32, Address)| serde_json::json!([place, address.to_string(), address.domain()]);
    serde_json::Value::Array(outbound.recipients.iter().map(entry).collect()).to_string()
}

/// Takes due deliveries under a lease.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_end: Timestamp,
    pub(super) limit: u32,
}

impl Task for Claim {
    type Answer = Vec<Delivery>;

    async fn run(&self, db: &mut SqliteConnection) -> Result<(Vec<Delivery>, Effects), sqlx::Error> {
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

    async fn run(&self, db: &mut SqliteConnection) -> Result<((), Effects), sqlx::Error> {
        for (delivery, outcome) in &self.outcomes {
            settle_one(db, delivery.id, outcome).await?;
        }
        for ((message, outbound), file) in self.notices.iter().zip(&self.files) {
            let tenant: String = sqlx::query_scalar("SELECT tenant FROM records WHERE id = ?")
                .bind(message.as_str())
                .fetch_one(&mut *db)
                .await?;
            let sending = Sending {
                tenant: &tenant,
                message: *message,
                outbound,
                file: file.as_deref(),
                created: self.now,
                // Due at once, by any clock that claims.
                next_attempt: Timestamp::UNIX_EPOCH,
            };
            enqueue(db, &sending).await?;
        }
        let finished = self.outcomes.iter().filter(|(_, outcome)| !is_deferral(outcome));
        let bodies = numbers(finished.map(|(delivery, _)| delivery.body));
        let effects = Effects {
            wake: !self.notices.is_empty(),
            unused: let_go(db, &bodies).await?,
        };
        Ok(((), effects))
    }

    fn files(&self) -> Vec<String> {
        self.files.iter().flatten().cloned().collect()
    }
}

async fn settle_one(db: &mut SqliteConnection, id: i64, outcome: &Outcome) -> Result<(), sqlx::Error> {
    let (state, next_attempt, reply) = match outcome {
        Outcome::Delivered { reply } => (Some(State::Delivered), None, reply),
        Outcome::Deferred { reply, next_attempt } => (None, Some(next_attempt.as_microsecond()), reply),
        Outcome::Failed { reply } => (Some(State::Bounced), None, reply),
    };
    // A deferral leaves the state alone: what an administrator ordered meanwhile stands. A delivery that is to
    // bounce stays due.
    sqlx::query(
        "UPDATE deliveries SET
             next_attempt = CASE WHEN state = 'bouncing' OR ?3 IS NULL THEN next_attempt ELSE ?3 END,
             state = coalesce(?2, state), last_reply = ?4, attempts = attempts + 1, lease_until = NULL
         WHERE id = ?1 AND state IN ('queued', 'held', 'bouncing')",
    )
    .bind(id)
    .bind(state.map(State::name))
    .bind(next_attempt)
    .bind(cut(reply))
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes those of the bodies that no unfinished delivery needs; answers the names of their files.
async fn let_go(db: &mut SqliteConnection, bodies: &str) -> Result<Vec<String>, sqlx::Error> {
    let files: Vec<Option<String>> = sqlx::query_scalar(
        "DELETE FROM bodies WHERE id IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (
             SELECT 1 FROM deliveries
             WHERE body = bodies.id AND state IN ('queued', 'held', 'bouncing'))
         RETURNING file",
    )
    .bind(bodies)
    .fetch_all(db)
    .await?;
    Ok(files.into_iter().flatten().collect())
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

    async fn run(&self, db: &mut SqliteConnection) -> Result<(u64, Effects), sqlx::Error> {
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
        narrow(&mut sql, &self.filter);
        let changed = sql.build().execute(db).await?.rows_affected();
        Ok((changed, Effects::wake()))
    }
}

/// Unfinished deliveries by age, or those that the filter names.
pub(super) async fn list(db: &mut SqliteConnection, filter: &Filter) -> Result<Vec<Delivery>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT * FROM deliveries WHERE ");
    sql.push(match filter.state {
        None => "state IN ('queued', 'held', 'bouncing')",
        Some(_) => "true",
    });
    narrow(&mut sql, filter);
    sql.push(" ORDER BY created, id");
    sql.build().fetch_all(db).await?.iter().map(delivery).collect()
}

/// Adds the filter's conditions.
fn narrow(sql: &mut QueryBuilder<Sqlite>, filter: &Filter) {
    if !filter.ids.is_empty() {
        let ids = numbers(filter.ids.iter().copied());
        sql.push(" AND id IN (SELECT value FROM json_each(")
            .push_bind(ids)
            .push("))");
    }
    if let Some(message) = filter.message {
        sql.push(" AND message = ").push_bind(message.to_string());
    }
    if let Some(domain) = &filter.domain {
        sql.push(" AND domain = ").push_bind(domain.to_lowercase());
    }
    if let Some(state) = filter.state {
        sql.push(" AND state = ").push_bind(state.name());
    }
}

/// Every delivery of a message, in the order of the envelope.
pub(super) async fn of_message(
    db: &mut SqliteConnection,
    message: MessageId,
) -> Result<Vec<Delivery>, sqlx::Error> {
    let all = sqlx::query("SELECT * FROM deliveries WHERE message = ? ORDER BY place, id");
    let rows = all.bind(message.to_string()).fetch_all(db).await?;
    rows.iter().map(delivery).collect()
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

/// Place, where it stands in words, last reply.
pub(super) fn in_words(delivery: &Delivery) -> (u32, String, String) {
    let tried = match delivery.attempts {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        times => format!("tried {times} times"),
    };
    let when = delivery.next_attempt.strftime("%Y-%m-%d %H:%M:%S UTC");
    let standing = match delivery.state {
        State::Queued if delivery.attempts == 0 => "waiting for its first attempt".to_owned(),
        State::Queued => format!("waiting, {tried}, next attempt at {when} or later"),
        State::Held => format!("held by an administrator, {tried}"),
        State::Bouncing => "given up by an administrator; the sender is about to be told".to_owned(),
        State::Delivered => "delivered: the next hop took it".to_owned(),
        State::Bounced => format!("failed for good, {tried}"),
    };
    (delivery.place, standing, delivery.last_reply.clone())
}

fn delivery(row: &SqliteRow) -> Result<Delivery, sqlx::Error> {
    let address = |text: &str| text.parse::<Address>().map_err(|_| unreadable("address"));
    let time = |column: &str| {
        Timestamp::from_microsecond(row.try_get(column)?).map_err(|_| unreadable("time of a delivery"))
    };
    let message: &str = row.try_get("message")?;
    let sender: Option<&str> = row.try_get("sender")?;
    Ok(Delivery {
        id: row.try_get("id")?,
        message: message.parse().map_err(|_| unreadable("id of a message"))?,
        place: row.try_get("place")?,
        purpose: purpose(row.try_get("purpose")?)?,
        sender: sender.map(address).transpose()?,
        recipient: address(row.try_get("recipient")?)?,
        body: row.try_get("body")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(|_| unreadable("size"))?,
        state: State::named(row.try_get("state")?).ok_or_else(|| unreadable("state of a delivery"))?,
        attempts: row.try_get("attempts")?,
        created: time("created")?,
        next_attempt: time("next_attempt")?,
        last_reply: row.try_get("last_reply")?,
    })
}

fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Mail => "mail",
        Purpose::Notice => "notice",
    }
}

fn purpose(name: &str) -> Result<Purpose, sqlx::Error> {
    match name {
        "mail" => Ok(Purpose::Mail),
        "notice" => Ok(Purpose::Notice),
        _ => Err(unreadable("purpose of a delivery")),
    }
}

fn is_deferral(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred { .. })
}

/// Numbers as the JSON array that `json_each` takes apart.
fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    serde_json::Value::from_iter(numbers).to_string()
}

fn cut(reply: &str) -> &str {
    reply
        .get(..reply.floor_char_boundary(REPLY_LIMIT))
        .unwrap_or(reply)
}
