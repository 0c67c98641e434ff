//! Copies that wait for a certificate: how they come in, how they are looked for, how they go.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::body_rows;
use super::deliveries::Sending;
use super::rows::{Sql, all, numbers, parsed, size, time};
use super::writer::{Effects, Task, Transaction};
use crate::message::{Boxed, MessageId};
use crate::queue::{SpoolError, Waiting, WaitingFilter, WaitingOrder, WaitingRoom};
use crate::store::failure::Failure;
use crate::store::words::waiting_in_words;

/// Rows that one look may have.
const PAGE: u32 = 1000;

/// Lets copies wait until then; answers the number of their body.
pub(super) fn enter(db: &Connection, sending: &Sending<'_>, until: Timestamp) -> Result<i64, Failure> {
    let body = body_rows::keep(db, sending)?;
    let sender = sending.outbound.sender.as_ref().map(ToString::to_string);
    let created = sending.created.as_microsecond();
    let mut insert = db.prepare_cached(
        "INSERT INTO waiting (tenant, message, sender, since, until, next_look, size, body, place, recipient, key)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (place, recipient) in &sending.outbound.recipients {
        insert.execute(params![
            sending.tenant,
            sending.message.as_str(),
            sender,
            created,
            until.as_microsecond(),
            created,
            sending.size(),
            body,
            place,
            recipient.to_string(),
            recipient.key()
        ])?;
    }
    Ok(body)
}

/// Ends the wait of one copy; its body goes with the last of those who share it. Answers the body's number, and the name
/// of a file that nobody needs any more.
///
/// # Errors
/// When it does not wait any more: somebody else has ended it, and what was made in its place must not be.
pub(super) fn leave(db: &Connection, id: i64) -> Result<(i64, Option<String>), Failure> {
    let mut delete = db.prepare_cached("DELETE FROM waiting WHERE id = ? RETURNING body")?;
    let body: i64 = delete.query_row([id], |row| row.get(0))?;
    let mut let_go = db.prepare_cached(
        "DELETE FROM bodies WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM waiting WHERE body = ?1) RETURNING file",
    )?;
    let file: Option<Option<String>> = let_go.query_row([body], |row| row.get(0)).optional()?;
    Ok((body, file.flatten()))
}

/// Copies of a message that wait: place and until when, in words.
pub(super) fn of_message(db: &Connection, message: MessageId) -> Result<Vec<(u32, String, String)>, Failure> {
    let mut of_message = db.prepare_cached("SELECT * FROM waiting WHERE message = ? ORDER BY place, id")?;
    let waiting = all(&mut of_message, [message.as_str()], waiting)?;
    let in_words = |waiting: &Waiting| waiting_in_words(waiting.place, waiting.until);
    Ok(waiting.iter().map(in_words).collect())
}

impl WaitingRoom for Sqlite {
    fn waiting(&self, filter: WaitingFilter, limit: u32) -> Boxed<'_, Result<Vec<Waiting>, SpoolError>> {
        let look = move |db: &Connection| {
            let mut sql = Sql::new("SELECT * FROM waiting WHERE true");
            narrow(&mut sql, &filter);
            sql.push(" ORDER BY since, id LIMIT ").bind(limit.min(PAGE));
            sql.all(db, waiting)
        };
        Box::pin(async move { Ok(self.readers.read(look).await?) })
    }

    fn order(
        &self,
        filter: WaitingFilter,
        order: WaitingOrder,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        let order = Change { filter, order, now };
        Box::pin(async move { Ok(self.desk.write(|| order).await?) })
    }
}

struct Change {
    filter: WaitingFilter,
    order: WaitingOrder,
    now: Timestamp,
}

impl Task for Change {
    /// How many copies it changed.
    type Answer = u64;

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(u64, Effects), Failure> {
        let now = self.now.as_microsecond();
        let mut sql = Sql::new("UPDATE waiting SET next_look = ");
        match self.order {
            WaitingOrder::LookNow => sql.bind(now),
            WaitingOrder::LookAt(time) => sql.push("min(until, ").bind(time.as_microsecond()).push(")"),
            WaitingOrder::Expire => sql.bind(now).push(", until = ").bind(now),
        };
        sql.push(" WHERE true");
        narrow(&mut sql, &self.filter);
        Ok((sql.execute(transaction.db)?, Effects::default()))
    }
}

fn narrow(sql: &mut Sql, filter: &WaitingFilter) {
    if !filter.ids.is_empty() {
        let ids = numbers(filter.ids.iter().copied());
        sql.push(" AND id IN (SELECT value FROM json_each(")
            .bind(ids)
            .push("))");
    }
    if let Some(message) = filter.message {
        sql.push(" AND message = ").bind(message.to_string());
    }
    if let Some(recipient) = &filter.recipient {
        sql.push(" AND key = ").bind(recipient.key());
    }
    if let Some(due) = filter.due {
        sql.push(" AND next_look <= ").bind(due.as_microsecond());
    }
}

fn waiting(row: &Row<'_>) -> Result<Waiting, Failure> {
    Ok(Waiting {
        id: row.get("id")?,
        message: parsed(row, "message", "id of a message")?,
        place: row.get("place")?,
        sender: parsed(row, "sender", "address")?,
        recipient: parsed(row, "recipient", "address")?,
        body: row.get("body")?,
        size: size(row)?,
        since: time(row, "since")?,
        until: time(row, "until")?,
        next_look: time(row, "next_look")?,
    })
}
