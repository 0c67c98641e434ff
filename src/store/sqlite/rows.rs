//! Rows of the queue's tables as the deliveries that they stand for, and how they are looked for.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::message::{Address, MessageId};
use crate::queue::{Delivery, Filter, State};
use crate::store::failure::unreadable;
use crate::store::words::{dsn, purpose};

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
pub(super) fn narrow(sql: &mut QueryBuilder<Sqlite>, filter: &Filter) {
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
    if let Some(sender) = &filter.sender {
        sql.push(" AND lower(coalesce(sender, '')) = ")
            .push_bind(sender.to_ascii_lowercase());
    }
    if let Some(recipient) = &filter.recipient {
        sql.push(" AND lower(recipient) = ")
            .push_bind(recipient.to_ascii_lowercase());
    }
    if let Some(before) = filter.before {
        sql.push(" AND created < ").push_bind(before.as_microsecond());
    }
    if let Some(reply) = &filter.reply {
        sql.push(" AND instr(lower(last_reply), ")
            .push_bind(reply.to_ascii_lowercase())
            .push(") > 0");
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

pub(super) fn delivery(row: &SqliteRow) -> Result<Delivery, sqlx::Error> {
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
        purpose: purpose(row.try_get("purpose")?, row.try_get("inbound")?)?,
        sender: sender.map(address).transpose()?,
        recipient: address(row.try_get("recipient")?)?,
        body: row.try_get("body")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(|_| unreadable("size"))?,
        state: State::named(row.try_get("state")?).ok_or_else(|| unreadable("state of a delivery"))?,
        attempts: row.try_get("attempts")?,
        created: time("created")?,
        next_attempt: time("next_attempt")?,
        last_reply: row.try_get("last_reply")?,
        dsn: dsn(row.try_get("dsn")?)?,
        told_late: row.try_get("told_late")?,
    })
}

/// Numbers as the JSON array that `json_each` takes apart.
pub(super) fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    serde_json::Value::from_iter(numbers).to_string()
}
