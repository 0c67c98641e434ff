//! Copies that wait for a certificate: how they come in, how they are looked for, how they go.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};

use super::bodies;
use super::commit::Sending;
use super::rows::{address, small, time};
use crate::message::MessageId;
use crate::queue::{Waiting, WaitingFilter, WaitingOrder};
use crate::store::failure::Unreadable;
use crate::store::words::waiting_in_words;

/// Rows that one look may have.
const PAGE: u32 = 1000;

const SELECT: &str =
    "SELECT id, message, place, sender, recipient, body, size, since, until, next_look FROM waiting WHERE ";

/// Lets copies of a body that is there wait until then.
pub(super) async fn enter(
    db: &mut PgConnection,
    sending: &Sending<'_>,
    body: i64,
    until: Timestamp,
) -> Result<(), sqlx::Error> {
    let outbound = sending.outbound;
    let recipients = || outbound.recipients.iter();
    let insert = "
        INSERT INTO waiting (tenant, message, sender, since, until, next_look, size, body, tls, place, recipient, key)
        SELECT $1, $2, $3, $4, $5::bigint + shift, $4 + shift, $6, $7, $12, copy.place, copy.recipient, copy.key
        FROM clock_shift($8) AS shift, unnest($9::bigint[], $10::text[], $11::text[]) WITH ORDINALITY
            AS copy (place, recipient, key, rank) ORDER BY copy.rank";
    sqlx::query(insert)
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(outbound.sender.as_ref().map(ToString::to_string))
        .bind(sending.created.as_microsecond())
        .bind(until.as_microsecond())
        .bind(i64::try_from(outbound.body.len()).unwrap_or(i64::MAX))
        .bind(body)
        .bind(Timestamp::now().as_microsecond())
        .bind(
            recipients()
                .map(|(place, _)| i64::from(*place))
                .collect::<Vec<_>>(),
        )
        .bind(
            recipients()
                .map(|(_, address)| address.to_string())
                .collect::<Vec<_>>(),
        )
        .bind(recipients().map(|(_, address)| address.key()).collect::<Vec<_>>())
        .bind(outbound.tls.name())
        .execute(db)
        .await?;
    Ok(())
}

/// Ends the wait of one copy; its body goes with the last of those who share it. Answers the body's number.
///
/// # Errors
/// When it does not wait any more: somebody else has ended it, and what was made in its place must not be.
pub(super) async fn leave(db: &mut PgConnection, id: i64) -> Result<i64, sqlx::Error> {
    let body: i64 = sqlx::query_scalar("DELETE FROM waiting WHERE id = $1 RETURNING body")
        .bind(id)
        .fetch_one(&mut *db)
        .await?;
    // Two gateways that end the last two waits would each see the other's.
    sqlx::query("SELECT 1 FROM bodies WHERE id = $1 FOR UPDATE")
        .bind(body)
        .execute(&mut *db)
        .await?;
    let others: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM waiting WHERE body = $1)")
        .bind(body)
        .fetch_one(&mut *db)
        .await?;
    if !others {
        bodies::delete(db, body).await?;
    }
    Ok(body)
}

/// Copies of a message that wait: place and until when, in words.
pub(super) async fn of_message(
    db: &mut PgConnection,
    message: MessageId,
) -> Result<Vec<(u32, String, String)>, sqlx::Error> {
    let mut sql = QueryBuilder::new(SELECT);
    sql.push("message = ")
        .push_bind(message.to_string())
        .push(" ORDER BY place, id");
    let rows = sql.build().fetch_all(db).await?;
    rows.iter()
        .map(|row| waiting(row).map(|one| waiting_in_words(one.place, one.until)))
        .collect()
}

/// Copies that the filter names, by age.
pub(super) async fn list(
    db: &mut PgConnection,
    filter: &WaitingFilter,
    limit: u32,
) -> Result<Vec<Waiting>, sqlx::Error> {
    let mut sql = QueryBuilder::new(SELECT);
    sql.push("true");
    narrow(&mut sql, filter);
    sql.push(" ORDER BY since, id LIMIT ")
        .push_bind(i64::from(limit.min(PAGE)));
    sql.build().fetch_all(db).await?.iter().map(waiting).collect()
}

/// Carries out an order on all copies that the filter names; answers how many.
pub(super) async fn order(
    db: &mut PgConnection,
    filter: &WaitingFilter,
    order: WaitingOrder,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let mut sql = QueryBuilder::new("UPDATE waiting SET next_look = ");
    match order {
        WaitingOrder::LookNow => by_clock(&mut sql, now),
        WaitingOrder::LookAt(at) => by_clock(sql.push("least(until, "), at).push(")"),
        WaitingOrder::Expire => by_clock(by_clock(&mut sql, now).push(", until = "), now),
    };
    sql.push(" WHERE true");
    narrow(&mut sql, filter);
    Ok(sql.build().execute(db).await?.rows_affected())
}

/// A time by the clock of the database.
fn by_clock(sql: &mut QueryBuilder<Postgres>, at: Timestamp) -> &mut QueryBuilder<Postgres> {
    sql.push_bind(at.as_microsecond())
        .push(" + (SELECT clock_shift(")
        .push_bind(Timestamp::now().as_microsecond())
        .push("))")
}

fn narrow(sql: &mut QueryBuilder<Postgres>, filter: &WaitingFilter) {
    if !filter.ids.is_empty() {
        sql.push(" AND id = ANY (")
            .push_bind(filter.ids.clone())
            .push(")");
    }
    if let Some(message) = filter.message {
        sql.push(" AND message = ").push_bind(message.to_string());
    }
    if let Some(recipient) = &filter.recipient {
        sql.push(" AND key = ").push_bind(recipient.key());
    }
    if let Some(due) = filter.due {
        by_clock(sql.push(" AND next_look <= "), due);
    }
}

fn waiting(row: &PgRow) -> Result<Waiting, sqlx::Error> {
    let message: &str = row.try_get("message")?;
    Ok(Waiting {
        id: row.try_get("id")?,
        message: message.parse().map_err(|_| Unreadable("id of a message"))?,
        place: small(row, "place")?,
        sender: address(row.try_get("sender")?)?,
        recipient: address(row.try_get("recipient")?)?,
        body: row.try_get("body")?,
        size: u64::try_from(row.try_get::<i64, _>("size")?).map_err(|_| Unreadable("size"))?,
        since: time(row, "since")?,
        until: time(row, "until")?,
        next_look: time(row, "next_look")?,
    })
}
