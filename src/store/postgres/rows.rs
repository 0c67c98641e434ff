//! Rows of the queue's table as the deliveries that they stand for, and how they are looked for. Columns are named one by
//! one: a newer gateway may have added some.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};

use crate::message::{Address, MessageId};
use crate::queue::{Delivery, Filter, State};
use crate::store::failure::Unreadable;
use crate::store::words::{dsn, purpose, tls};

/// What [`delivery`] reads.
macro_rules! columns {
    () => {
        "deliveries.id, deliveries.message, deliveries.place, deliveries.purpose, deliveries.inbound, deliveries.sender, \
         deliveries.recipient, deliveries.body, deliveries.size, deliveries.state, deliveries.attempts, \
         deliveries.created, deliveries.next_attempt, deliveries.last_reply, \
         deliveries.dsn, deliveries.told_late, deliveries.tls"
    };
}
pub(super) use columns;

/// Unfinished deliveries by age, or those that the filter names.
pub(super) async fn list(db: &mut PgConnection, filter: &Filter) -> Result<Vec<Delivery>, sqlx::Error> {
    let mut sql = QueryBuilder::new(concat!("SELECT ", columns!(), " FROM deliveries WHERE "));
    sql.push(match filter.state {
        None => "state IN ('queued', 'held', 'bouncing')",
        Some(_) => "true",
    });
    narrow(&mut sql, filter);
    sql.push(" ORDER BY created, id");
    sql.build().fetch_all(db).await?.iter().map(delivery).collect()
}

/// Adds the filter's conditions.
pub(super) fn narrow(sql: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if !filter.ids.is_empty() {
        sql.push(" AND id = ANY (")
            .push_bind(filter.ids.clone())
            .push(")");
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
        sql.push(" AND strpos(lower(last_reply), ")
            .push_bind(reply.to_ascii_lowercase().replace('\0', "\u{fffd}"))
            .push(") > 0");
    }
    if let Some(state) = filter.state {
        sql.push(" AND state = ").push_bind(state.name());
    }
}

/// Every delivery of a message, in the order of the envelope.
pub(super) async fn of_message(
    db: &mut PgConnection,
    message: MessageId,
) -> Result<Vec<Delivery>, sqlx::Error> {
    let all = concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries WHERE message = $1 ORDER BY place, id"
    );
    let rows = sqlx::query(all).bind(message.to_string()).fetch_all(db).await?;
    rows.iter().map(delivery).collect()
}

pub(super) fn delivery(row: &PgRow) -> Result<Delivery, sqlx::Error> {
    let message: &str = row.try_get("message")?;
    let sender: Option<&str> = row.try_get("sender")?;
    Ok(Delivery {
        id: row.try_get("id")?,
        message: message.parse().map_err(|_| Unreadable("id of a message"))?,
        place: small(row, "place")?,
        purpose: purpose(row.try_get("purpose")?, row.try_get("inbound")?)?,
        sender: sender.map(address).transpose()?,
        recipient: address(row.try_get("recipient")?)?,
        body: row.try_get("body")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(|_| Unreadable("size"))?,
        state: State::named(row.try_get("state")?).ok_or(Unreadable("state of a delivery"))?,
        attempts: small(row, "attempts")?,
        created: time(row, "created")?,
        next_attempt: time(row, "next_attempt")?,
        last_reply: row.try_get("last_reply")?,
        dsn: dsn(row.try_get("dsn")?)?,
        told_late: row.try_get("told_late")?,
        tls: tls(row.try_get("tls")?),
    })
}

pub(super) fn address(text: &str) -> Result<Address, sqlx::Error> {
    Ok(text.parse().map_err(|_| Unreadable("address"))?)
}

pub(super) fn time(row: &PgRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    Ok(Timestamp::from_microsecond(row.try_get(column)?).map_err(|_| Unreadable("time"))?)
}

pub(super) fn small(row: &PgRow, column: &str) -> Result<u32, sqlx::Error> {
    Ok(u32::try_from(row.try_get::<i64, _>(column)?).map_err(|_| Unreadable("number"))?)
}
