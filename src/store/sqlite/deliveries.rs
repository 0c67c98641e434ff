//! The queue's tables: what waits, what is under a lease, what became of it.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::json;

use super::body_rows;
use super::handover::Leased;
use super::rows::{Sql, all, delivery, narrow};
use super::writer::{Effects, Task, Transaction};
use crate::message::{DecisionId, DsnRequest, MessageId, Outbound, Purpose};
use crate::queue::{Command, Delivery, Filter, Outcome, State};
use crate::store::failure::Failure;
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
    /// What goes into the row in its place, and the number of the body that it ends with.
    pub(super) beginning: Option<(&'a [u8], i64)>,
    pub(super) created: Timestamp,
    pub(super) next_attempt: Timestamp,
    /// The end of the lease under which its deliveries begin, for a deliverer who gets them handed over.
    pub(super) lease_until: Option<Timestamp>,
}

impl Sending<'_> {
    pub(super) fn size(&self) -> i64 {
        i64::try_from(self.outbound.body.len()).unwrap_or(i64::MAX)
    }

    /// What the sender asks of notices about the recipient at that place of the received envelope.
    fn dsn(&self, place: u32) -> Option<&DsnRequest> {
        let place = usize::try_from(place).ok()?.checked_sub(1)?;
        self.dsn.get(place).filter(|dsn| !dsn.is_empty())
    }
}

/// Enqueues one body for its recipients; answers the body's number, and the deliveries that begin under a lease.
pub(super) fn enqueue(db: &Connection, sending: &Sending<'_>) -> Result<(i64, Vec<Leased>), Failure> {
    let body = body_rows::keep(db, sending)?;
    let outbound = sending.outbound;
    let sender = outbound.sender.as_ref().map(ToString::to_string);
    let mut insert = db.prepare_cached(
        "INSERT INTO deliveries (tenant, message, purpose, sender, created, next_attempt, lease_until, size, body,
                                 inbound, place, recipient, domain, dsn, tls, state, attempts, last_reply)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, '')",
    )?;
    let mut leased = Vec::new();
    for (place, recipient) in &outbound.recipients {
        let dsn = sending.dsn(*place);
        let id = insert.insert(params![
            sending.tenant,
            sending.message.as_str(),
            purpose_name(outbound.purpose),
            sender,
            sending.created.as_microsecond(),
            sending.next_attempt.as_microsecond(),
            sending.lease_until.map(Timestamp::as_microsecond),
            sending.size(),
            body,
            outbound.purpose == Purpose::Inbound,
            place,
            recipient.to_string(),
            recipient.domain(),
            dsn.map(|dsn| json!(dsn).to_string()),
            outbound.tls.name()
        ])?;
        if let Some(until) = sending.lease_until {
            let delivery = Delivery {
                id,
                message: sending.message,
                place: *place,
                purpose: outbound.purpose,
                sender: outbound.sender.clone(),
                recipient: recipient.clone(),
                body,
                size: sending.size().unsigned_abs(),
                state: State::Queued,
                attempts: 0,
                created: microseconds(sending.created),
                next_attempt: microseconds(sending.next_attempt),
                last_reply: String::new(),
                dsn: dsn.cloned().unwrap_or_default(),
                told_late: false,
                tls: outbound.tls,
            };
            leased.push((delivery, microseconds(until)));
        }
    }
    Ok((body, leased))
}

/// A time as it is read back.
fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// Ends leases whose deliveries nobody has taken over; those that somebody else has claimed meanwhile stay his.
pub(super) struct EndLeases(pub(super) Vec<(i64, Timestamp)>);

impl Task for EndLeases {
    type Answer = ();

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<((), Effects), Failure> {
        let mut end = transaction
            .db
            .prepare_cached("UPDATE deliveries SET lease_until = NULL WHERE id = ? AND lease_until = ?")?;
        for (id, until) in &self.0 {
            end.execute(params![id, until.as_microsecond()])?;
        }
        Ok(((), Effects::wake()))
    }

    fn is_promise(&self) -> bool {
        false
    }
}

/// Takes due deliveries under a lease.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_end: Timestamp,
    pub(super) limit: u32,
}

impl Task for Claim {
    type Answer = Vec<Delivery>;

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Vec<Delivery>, Effects), Failure> {
        let db = transaction.db;
        // The oldest first, and with each the others that share its body. The repeated conditions on the state
        // are what lets SQLite use its partial indices.
        let mut due = db.prepare_cached(
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
        )?;
        let claimed = all(&mut due, params![self.now.as_microsecond(), self.limit], delivery)?;
        let mut lease = db.prepare_cached("UPDATE deliveries SET lease_until = ? WHERE id = ?")?;
        for delivery in &claimed {
            lease.execute(params![self.lease_end.as_microsecond(), delivery.id])?;
        }
        Ok((claimed, Effects::default()))
    }

    /// A lease ends with its process.
    fn is_promise(&self) -> bool {
        false
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

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<((), Effects), Failure> {
        let db = transaction.db;
        let unused = settle_all(db, &self.outcomes)?;
        for ((message, outbound), file) in self.notices.iter().zip(&self.files) {
            let mut tenant = db.prepare_cached("SELECT tenant FROM records WHERE id = ?")?;
            let tenant: String = tenant.query_row([message.as_str()], |row| row.get(0))?;
            let sending = Sending {
                tenant: &tenant,
                message: *message,
                outbound,
                dsn: &[],
                file: file.as_deref(),
                beginning: None,
                created: self.now,
                // Due at once, by any clock that claims.
                next_attempt: Timestamp::UNIX_EPOCH,
                lease_until: None,
            };
            enqueue(db, &sending)?;
        }
        let effects = Effects {
            wake: !self.notices.is_empty(),
            unused,
            ..Effects::default()
        };
        Ok(((), effects))
    }

    fn files(&self) -> Vec<String> {
        self.files.iter().flatten().cloned().collect()
    }

    /// What a power cut takes back is tried again (RFC 5321 §6.1). A notice is mail like any other.
    fn is_promise(&self) -> bool {
        !self.notices.is_empty()
    }
}

/// A deferral leaves the state alone: what an administrator ordered meanwhile stands. A delivery that is to bounce
/// stays due.
const SETTLE: &str = "
    UPDATE deliveries SET
        next_attempt = CASE WHEN state = 'bouncing' OR ?3 IS NULL THEN next_attempt ELSE ?3 END,
        state = coalesce(?2, state),
        last_reply = ?4, told_late = max(told_late, ?5), attempts = attempts + 1, lease_until = NULL
    WHERE id = ?1 AND state IN ('queued', 'held', 'bouncing')";

/// Writes outcomes down and lets bodies go; answers the names of their files.
fn settle_all(db: &Connection, outcomes: &[(Delivery, Outcome)]) -> Result<Vec<String>, Failure> {
    let mut settle = db.prepare_cached(SETTLE)?;
    for (delivery, outcome) in outcomes {
        let (state, next_attempt, reply) = match outcome {
            Outcome::Delivered { reply } => (Some(State::Delivered), None, reply),
            Outcome::Deferred { reply, next_attempt } => (None, Some(next_attempt.as_microsecond()), reply),
            Outcome::Failed { reply } => (Some(State::Bounced), None, reply),
        };
        let state = state.map(State::name);
        // Every store keeps a reply alike, and PostgreSQL has no NUL.
        let reply = cut(reply).replace('\0', "\u{fffd}");
        settle.execute(params![
            delivery.id,
            state,
            next_attempt,
            reply,
            delivery.told_late
        ])?;
    }
    let mut files = Vec::new();
    for (delivery, _) in outcomes.iter().filter(|(_, outcome)| !is_deferral(outcome)) {
        files.extend(body_rows::let_go(db, delivery.body)?);
    }
    Ok(files)
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

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(u64, Effects), Failure> {
        let now = self.now.as_microsecond();
        let mut sql = Sql::new("UPDATE deliveries SET ");
        match self.command {
            Command::Hold => sql.push("state = 'held' WHERE state = 'queued'"),
            Command::Retry => sql
                .push("next_attempt = ")
                .bind(now)
                .push(" WHERE state = 'queued'"),
            Command::Release => sql
                .push("state = 'queued', next_attempt = ")
                .bind(now)
                .push(" WHERE state = 'held'"),
            Command::Bounce => sql
                .push("state = 'bouncing', next_attempt = ")
                .bind(now)
                .push(" WHERE state IN ('queued', 'held')"),
        };
        // A notice that is given up tells nobody: then somebody must have meant it, by its number.
        if self.command == Command::Bounce && self.filter.ids.is_empty() {
            sql.push(" AND purpose = 'mail'");
        }
        narrow(&mut sql, &self.filter);
        Ok((sql.execute(transaction.db)?, Effects::wake()))
    }
}

/// Settles what a gateway that is gone had noted as taken, and could not write down any more.
pub(super) fn settle_noted(db: &Connection, noted: &[(i64, DecisionId)]) -> Result<(), Failure> {
    db.execute_batch("BEGIN IMMEDIATE")?;
    let settled = (|| {
        let mut find = db.prepare_cached(
            "SELECT * FROM deliveries
             WHERE id = ? AND message = ? AND place = ? AND state IN ('queued', 'held', 'bouncing')",
        )?;
        let mut outcomes = Vec::new();
        for (id, decision) in noted {
            let named = params![id, decision.message.as_str(), decision.recipient];
            let taken = all(&mut find, named, delivery)?.into_iter();
            outcomes.extend(taken.map(|delivery| {
                let reply = "250 taken; the gateway stopped before it wrote down what was said".to_owned();
                (delivery, Outcome::Delivered { reply })
            }));
        }
        settle_all(db, &outcomes)?;
        Ok(outcomes.len())
    })();
    match settled {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "wrote down deliveries that a crash had left in the notes"),
        Err(_) => db.execute_batch("ROLLBACK")?,
    }
    settled.and_then(|_| Ok(db.execute_batch("COMMIT")?))
}

/// Ends all leases: those who held them are gone.
pub(super) fn end_leases(db: &Connection) -> Result<(), Failure> {
    db.execute_batch(
        "UPDATE deliveries SET lease_until = NULL
         WHERE state IN ('queued', 'held', 'bouncing') AND lease_until IS NOT NULL",
    )?;
    Ok(())
}

fn is_deferral(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Deferred { .. })
}
