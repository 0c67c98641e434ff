//! Copies that wait for a certificate: how they come in, how they are looked for, how they go.

use jiff::Timestamp;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::Sqlite;
use super::deliveries::Sending;
use super::rows::numbers;
use super::writer::{Effects, Task, Transaction};
use crate::message::{Address, Boxed, MessageId};
use crate::queue::{SpoolError, Waiting, WaitingFilter, WaitingOrder, WaitingRoom};
use crate::store::failure::{Failure, unreadable};
use crate::store::words::waiting_in_words;

/// Rows that one look may have.
const PAGE: u32 = 1000;

const ENTER: &str = "
    INSERT INTO bodies (tenant, message, size, inline, file) VALUES (?, ?, ?, ?, ?) RETURNING id;
    INSERT INTO waiting (tenant, message, sender, since, until, next_look, size, body, place, recipient, key)
    SELECT ?, ?, ?, ?, ?, ?, ?, (SELECT max(id) FROM bodies), value ->> 0, value ->> 1, value ->> 2
    FROM json_each(?) ORDER BY key";

/// Lets copies wait until then; answers the number of their body.
pub(super) async fn enter(
    db: &mut SqliteConnection,
    sending: &Sending<'_>,
    until: Timestamp,
) -> Result<i64, sqlx::Error> {
    let outbound = sending.outbound;
    let size = i64::try_from(outbound.body.len()).unwrap_or(i64::MAX);
    let inline = sending.file.is_none().then(|| outbound.body.as_bytes());
    let entry = |(place, address): &(u32, Address)| json!([place, address.to_string(), address.key()]);
    let recipients = serde_json::Value::from_iter(outbound.recipients.iter().map(entry)).to_string();
    let numbers: Vec<i64> = sqlx::query_scalar(ENTER)
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(size)
        .bind(inline)
        .bind(sending.file)
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(outbound.sender.as_ref().map(ToString::to_string))
        .bind(sending.created.as_microsecond())
        .bind(until.as_microsecond())
        .bind(sending.created.as_microsecond())
        .bind(size)
        .bind(recipients)
        .fetch_all(db)
        .await?;
    numbers.first().copied().ok_or(sqlx::Error::RowNotFound)
}

/// Ends the wait of one copy; its body goes with the last of those who share it. Answers the body's number, and the name
/// of a file that nobody needs any more.
///
/// # Errors
/// When it does not wait any more: somebody else has ended it, and what was made in its place must not be.
pub(super) async fn leave(db: &mut SqliteConnection, id: i64) -> Result<(i64, Option<String>), sqlx::Error> {
    let body: i64 = sqlx::query_scalar("DELETE FROM waiting WHERE id = ? RETURNING body")
        .bind(id)
        .fetch_one(&mut *db)
        .await?;
    let file = sqlx::query_scalar(
        "DELETE FROM bodies WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM waiting WHERE body = ?1) RETURNING file",
    );
    let file: Option<Option<String>> = file.bind(body).fetch_optional(db).await?;
    Ok((body, file.flatten()))
}

/// Copies of a message that wait: place and until when, in words.
pub(super) async fn of_message(
    db: &mut SqliteConnection,
    message: MessageId,
) -> Result<Vec<(u32, String, String)>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM waiting WHERE message = ? ORDER BY place, id");
    let rows = rows.bind(message.as_str()).fetch_all(db).await?;
    let in_words = |row: &SqliteRow| {
        let waiting = waiting(row)?;
        Ok(waiting_in_words(waiting.place, waiting.until))
    };
    rows.iter().map(in_words).collect()
}

impl WaitingRoom for Sqlite {
    fn waiting(&self, filter: WaitingFilter, limit: u32) -> Boxed<'_, Result<Vec<Waiting>, SpoolError>> {
        Box::pin(async move {
            let mut sql = QueryBuilder::new("SELECT * FROM waiting WHERE true");
            narrow(&mut sql, &filter);
            sql.push(" ORDER BY since, id LIMIT ").push_bind(limit.min(PAGE));
            let rows = sql
                .build()
                .fetch_all(&self.readers)
                .await
                .map_err(Failure::from)?;
            let all = rows.iter().map(waiting).collect::<Result<_, _>>();
            Ok(all.map_err(Failure::from)?)
        })
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

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(u64, Effects), sqlx::Error> {
        let now = self.now.as_microsecond();
        let mut sql = QueryBuilder::new("UPDATE waiting SET next_look = ");
        match self.order {
            WaitingOrder::LookNow => sql.push_bind(now),
            WaitingOrder::LookAt(time) => sql.push("min(until, ").push_bind(time.as_microsecond()).push(")"),
            WaitingOrder::Expire => sql.push_bind(now).push(", until = ").push_bind(now),
        };
        sql.push(" WHERE true");
        narrow(&mut sql, &self.filter);
        let changed = sql.build().execute(&mut *transaction.db).await?.rows_affected();
        Ok((changed, Effects::default()))
    }
}

fn narrow(sql: &mut QueryBuilder<sqlx::Sqlite>, filter: &WaitingFilter) {
    if !filter.ids.is_empty() {
        let ids = numbers(filter.ids.iter().copied());
        sql.push(" AND id IN (SELECT value FROM json_each(")
            .push_bind(ids)
            .push("))");
    }
    if let Some(message) = filter.message {
        sql.push(" AND message = ").push_bind(message.to_string());
    }
    if let Some(recipient) = &filter.recipient {
        sql.push(" AND key = ").push_bind(recipient.key());
    }
    if let Some(due) = filter.due {
        sql.push(" AND next_look <= ").push_bind(due.as_microsecond());
    }
}

fn waiting(row: &SqliteRow) -> Result<Waiting, sqlx::Error> {
    let address = |column: &str| -> Result<Address, sqlx::Error> {
        let text: &str = row.try_get(column)?;
        text.parse().map_err(|_| unreadable("address"))
    };
    let time = |column: &str| {
        Timestamp::from_microsecond(row.try_get(column)?).map_err(|_| unreadable("time of a copy that waits"))
    };
    let message: &str = row.try_get("message")?;
    Ok(Waiting {
        id: row.try_get("id")?,
        message: message.parse().map_err(|_| unreadable("id of a message"))?,
        place: row.try_get("place")?,
        sender: address("sender")?,
        recipient: address("recipient")?,
        body: row.try_get("body")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(|_| unreadable("size"))?,
        since: time("since")?,
        until: time("until")?,
        next_look: time("next_look")?,
    })
}
