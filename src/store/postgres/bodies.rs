//! Bodies: small ones are one value, large ones many, so that neither side holds one in several copies.

use futures_util::TryStreamExt;
use sqlx::{PgConnection, Row};

use super::commit::Sending;
use crate::message::RawMessage;

/// Octets of a part of a large body.
const PART: usize = 1 << 20;

/// Writes a body and answers its number; more than `inline_limit` octets go in parts.
pub(super) async fn write(
    db: &mut PgConnection,
    sending: &Sending<'_>,
    inline_limit: usize,
) -> Result<i64, sqlx::Error> {
    let bytes = sending.outbound.body.as_bytes();
    let is_inline = bytes.len() <= inline_limit;
    let insert = "INSERT INTO bodies (id, tenant, message, size, inline)
                  VALUES (nextval('bodies_id'), $1, $2, $3, $4) RETURNING id";
    let body: i64 = sqlx::query_scalar(insert)
        .bind(sending.tenant)
        .bind(sending.message.as_str())
        .bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
        .bind(is_inline.then_some(bytes))
        .fetch_one(&mut *db)
        .await?;
    if !is_inline {
        for (place, part) in (0_i64..).zip(bytes.chunks(PART)) {
            let insert = "INSERT INTO body_parts (body, place, bytes) VALUES ($1, $2, $3)";
            sqlx::query(insert)
                .bind(body)
                .bind(place)
                .bind(part)
                .execute(&mut *db)
                .await?;
        }
    }
    Ok(body)
}

/// Reads a body back; `None` when there is none (any more), or not all of it.
pub(super) async fn read(db: &mut PgConnection, body: i64) -> Result<Option<RawMessage>, sqlx::Error> {
    let row = sqlx::query("SELECT size, inline FROM bodies WHERE id = $1").bind(body);
    let Some(row) = row.fetch_optional(&mut *db).await? else {
        return Ok(None);
    };
    if let Some(inline) = row.try_get::<Option<Vec<u8>>, _>("inline")? {
        return Ok(Some(RawMessage::new(inline)));
    }
    let size = usize::try_from(row.try_get::<i64, _>("size")?).unwrap_or(0);
    let mut bytes = Vec::with_capacity(size);
    let mut parts = sqlx::query("SELECT bytes FROM body_parts WHERE body = $1 ORDER BY place")
        .bind(body)
        .fetch(db);
    while let Some(part) = parts.try_next().await? {
        bytes.extend_from_slice(part.try_get("bytes")?);
    }
    Ok((bytes.len() == size).then(|| RawMessage::new(bytes)))
}

/// Deletes a body with its parts.
pub(super) async fn delete(db: &mut PgConnection, body: i64) -> Result<(), sqlx::Error> {
    for text in [
        "DELETE FROM body_parts WHERE body = $1",
        "DELETE FROM bodies WHERE id = $1",
    ] {
        sqlx::query(text).bind(body).execute(&mut *db).await?;
    }
    Ok(())
}
