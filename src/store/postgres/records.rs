//! Decision records: found again, checked against their hash chain, deleted when they are old. There is one chain for each
//! tenant, whichever gateway adds to it: the lock on its row makes the gateways take turns (`append_records`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Row};

use super::{rows, text, waiting};
use crate::audit::{ChainState, Hash, Lookup, Record, Taken, Traced, Walk};
use crate::message::{Leaving, MessageId};
use crate::store::failure::Unreadable;
use crate::store::words;

/// Records that one step of a long walk reads.
const PAGE: i64 = 500;

/// How a transaction begins that sees one state of the database throughout.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// What a record's row is read from.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, tenant, id, message_id, record, previous, hash FROM records ",
            $rest
        )
    };
}

/// The newest records, newest first.
pub(super) async fn latest(db: &mut PgConnection, limit: u32) -> Result<Vec<Taken>, sqlx::Error> {
    let latest = sqlx::query("SELECT record FROM records ORDER BY seq DESC LIMIT $1").bind(i64::from(limit));
    let latest = latest.fetch_all(db).await?;
    let read = |row: &PgRow| {
        let json = row.try_get("record")?;
        Ok(serde_json::from_str(json).map_err(|_| Unreadable("decision record"))?)
    };
    latest.iter().map(read).collect()
}

/// All records that fit, newest first, each with what became of its copies.
pub(super) async fn find(db: &mut PgConnection, lookup: &Lookup) -> Result<Vec<Traced>, sqlx::Error> {
    let mut db = db.begin_with(SNAPSHOT).await?;
    let found = match lookup {
        Lookup::Id(id) => sqlx::query(select!("WHERE id = $1")).bind(id.to_string()),
        Lookup::MessageId(id) => {
            sqlx::query(select!("WHERE message_id = $1 ORDER BY seq DESC")).bind(text::write(id).into_owned())
        }
    };
    let rows = found.fetch_all(&mut *db).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let record: Record =
            serde_json::from_str(row.try_get("record")?).map_err(|_| Unreadable("decision record"))?;
        let id: &str = row.try_get("id")?;
        let id: MessageId = id.parse().map_err(|_| Unreadable("id of a decision record"))?;
        let intact = is_named_right(&row, &record)? && is_linked(&mut db, &row).await?;
        let deliveries = rows::of_message(&mut db, id).await?;
        let waiting = waiting::of_message(&mut db, id).await?;
        let deliveries = deliveries.iter().map(words::in_words);
        all.push(Traced {
            record,
            intact,
            deliveries: deliveries.chain(waiting).collect(),
        });
    }
    db.commit().await?;
    Ok(all)
}

/// Whether the columns that records are found by say the same as the record, which the hash covers.
fn is_named_right(row: &PgRow, record: &Record) -> Result<bool, sqlx::Error> {
    let (id, tenant): (&str, &str) = (row.try_get("id")?, row.try_get("tenant")?);
    let message_id: Option<&str> = row.try_get("message_id")?;
    Ok(record.id.as_str() == id
        && record.tenant == tenant
        && record.message_id.as_deref().map(text::write).as_deref() == message_id)
}

/// Whether a record gives its hash, follows from the one before it, and leads to the one behind it.
async fn is_linked(db: &mut PgConnection, row: &PgRow) -> Result<bool, sqlx::Error> {
    let (seq, tenant): (i64, &str) = (row.try_get("seq")?, row.try_get("tenant")?);
    let (before, behind): (Option<Vec<u8>>, Option<Vec<u8>>) = sqlx::query_as(
        "SELECT coalesce(
                    (SELECT hash FROM records WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC LIMIT 1),
                    (SELECT start FROM chains WHERE tenant = $1)),
                coalesce(
                    (SELECT previous FROM records WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT 1),
                    (SELECT head FROM chains WHERE tenant = $1))",
    )
    .bind(tenant)
    .bind(seq)
    .fetch_one(db)
    .await?;
    let hash: &[u8] = row.try_get("hash")?;
    let json: &str = row.try_get("record")?;
    let Some(Ok(before)) = before.map(Hash::try_from) else {
        return Ok(false);
    };
    let follows = Walk::behind(before).step(row.try_get("previous")?, json.as_bytes(), hash);
    Ok(follows && behind.as_deref() == Some(hash))
}

/// Walks all chains from end to end.
pub(super) async fn verify(db: &mut PgConnection) -> Result<ChainState, sqlx::Error> {
    let mut db = db.begin_with(SNAPSHOT).await?;
    let tenants = sqlx::query_scalar::<_, String>(
        "SELECT tenant FROM chains UNION SELECT tenant FROM records ORDER BY tenant",
    );
    let mut records = 0;
    for tenant in tenants.fetch_all(&mut *db).await? {
        match verify_tenant(&mut db, tenant).await? {
            ChainState::Intact { records: more } => records += more,
            broken => return Ok(broken),
        }
    }
    Ok(ChainState::Intact { records })
}

async fn verify_tenant(db: &mut PgConnection, tenant: String) -> Result<ChainState, sqlx::Error> {
    let ends = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>("SELECT start, head FROM chains WHERE tenant = $1")
        .bind(&tenant)
        .fetch_optional(&mut *db)
        .await?;
    let (start, head) = ends.unwrap_or_default();
    // A start that is no hash makes the first record the broken one.
    let mut walk = Walk::behind(start.try_into().unwrap_or([0xff; 32]));
    let (mut seen, mut records) = (i64::MIN, 0);
    loop {
        let rows = sqlx::query(select!("WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3"))
            .bind(&tenant)
            .bind(seen)
            .bind(PAGE)
            .fetch_all(&mut *db)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let json: &str = row.try_get("record")?;
            let follows = walk.step(row.try_get("previous")?, json.as_bytes(), row.try_get("hash")?);
            let is_right = match serde_json::from_str(json) {
                Ok(record) => is_named_right(&row, &record)?,
                Err(_) => false,
            };
            if !follows || !is_right {
                return Ok(ChainState::Broken {
                    record: row.try_get("id")?,
                });
            }
            seen = row.try_get("seq")?;
            records += 1;
        }
    }
    Ok(if head == walk.head() {
        ChainState::Intact { records }
    } else {
        ChainState::Truncated { tenant }
    })
}

/// Deletes a page of records received before `before`, from the oldest on; answers how many.
pub(super) async fn purge(db: &mut PgConnection, before: Timestamp) -> Result<u64, sqlx::Error> {
    let mut transaction = db.begin().await?;
    // The lock on the chain: gateways purge in turn.
    let tenants: Vec<String> = sqlx::query_scalar("SELECT tenant FROM chains ORDER BY tenant FOR UPDATE")
        .fetch_all(&mut *transaction)
        .await?;
    let mut purged = 0;
    for tenant in tenants {
        purged += purge_tenant(&mut transaction, before, &tenant).await?;
    }
    transaction.commit().await?;
    Ok(purged)
}

async fn purge_tenant(db: &mut PgConnection, before: Timestamp, tenant: &str) -> Result<u64, sqlx::Error> {
    let oldest: Vec<(i64, Vec<u8>, bool)> = sqlx::query_as(
        "SELECT seq, hash, received >= $2
             OR EXISTS (SELECT 1 FROM deliveries
                        WHERE message = records.id AND state IN ('queued', 'held', 'bouncing'))
             OR EXISTS (SELECT 1 FROM waiting WHERE message = records.id)
         FROM records WHERE tenant = $1 ORDER BY seq LIMIT $3",
    )
    .bind(tenant)
    .bind(before.as_microsecond())
    .bind(PAGE)
    .fetch_all(&mut *db)
    .await?;
    let Some((last, hash, _)) = oldest.into_iter().take_while(|(_, _, stays)| !stays).last() else {
        return Ok(0);
    };
    sqlx::query(
        "DELETE FROM deliveries WHERE message IN (SELECT id FROM records WHERE tenant = $1 AND seq <= $2)",
    )
    .bind(tenant)
    .bind(last)
    .execute(&mut *db)
    .await?;
    let records = sqlx::query("DELETE FROM records WHERE tenant = $1 AND seq <= $2");
    let purged = records
        .bind(tenant)
        .bind(last)
        .execute(&mut *db)
        .await?
        .rows_affected();
    sqlx::query("UPDATE chains SET start = $2 WHERE tenant = $1")
        .bind(tenant)
        .bind(hash)
        .execute(db)
        .await?;
    Ok(purged)
}

/// How many copies left sealed to each recipient since then, by the recipient's address in lower case.
pub(super) async fn sealed_since(
    db: &mut PgConnection,
    since: Timestamp,
) -> Result<BTreeMap<String, u64>, sqlx::Error> {
    let mut snapshot = db.begin_with(SNAPSHOT).await?;
    let mut counts = BTreeMap::new();
    let mut seen = i64::MIN;
    loop {
        let page = "SELECT seq, record FROM records WHERE seq > $1 AND received >= $2 ORDER BY seq LIMIT $3";
        let rows = sqlx::query(page)
            .bind(seen)
            .bind(since.as_microsecond())
            .bind(PAGE)
            .fetch_all(&mut *snapshot)
            .await?;
        if rows.is_empty() {
            snapshot.commit().await?;
            return Ok(counts);
        }
        for row in rows {
            let record: Record =
                serde_json::from_str(row.try_get("record")?).map_err(|_| Unreadable("decision record"))?;
            let sealed = record
                .recipients
                .iter()
                .filter(|one| matches!(one.leaving, Some(Leaving::Smime { .. })));
            for recipient in sealed {
                let address = recipient.decision.recipient.to_string().to_lowercase();
                *counts.entry(address).or_default() += 1;
            }
            seen = row.try_get("seq")?;
        }
    }
}
