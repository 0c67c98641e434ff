//! Decision records: written with what leaves, found again, and checked against their hash chain.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::deliveries::{self, Sending};
use super::writer::{Effects, Task, Transaction};
use super::{rows, waiting};
use crate::audit::{CHAIN_START, ChainState, Hash, Lookup, Record, Traced, Walk, link};
use crate::message::{Leaving, MessageId, Outbound, Purpose};
use crate::store::failure::{Failure, unreadable};
use crate::store::words;

/// Records that one step of a long walk reads.
const PAGE: i64 = 500;

/// One accepted message: its record, and everything that leaves.
pub(super) struct Commit {
    pub(super) record: Record,
    /// The record as [`json`] writes it.
    pub(super) json: String,
    pub(super) outbounds: Vec<Outbound>,
    /// The name of each outbound's body file, if it has one.
    pub(super) files: Vec<Option<String>>,
    /// The copy whose wait it ends.
    pub(super) instead_of: Option<i64>,
}

impl Task for Commit {
    /// The number that each outbound's body got, and that of the body of the copy whose wait has ended.
    type Answer = (Vec<i64>, Option<i64>);

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Self::Answer, Effects), sqlx::Error> {
        append(transaction, &self.record, &self.json).await?;
        let mut bodies = Vec::with_capacity(self.outbounds.len());
        for (outbound, file) in self.outbounds.iter().zip(&self.files) {
            let sending = Sending {
                tenant: &self.record.tenant,
                message: self.record.id,
                outbound,
                dsn: &self.record.dsn,
                file: file.as_deref(),
                created: self.record.received,
                next_attempt: self.record.received,
            };
            bodies.push(match outbound.purpose {
                Purpose::Waiting { until } => waiting::enter(transaction.db, &sending, until).await?,
                _ => deliveries::enqueue(transaction.db, &sending).await?,
            });
        }
        let mut effects = Effects::wake();
        let mut left = None;
        if let Some(id) = self.instead_of {
            let (body, file) = waiting::leave(transaction.db, id).await?;
            left = Some(body);
            effects.unused.extend(file);
        }
        Ok(((bodies, left), effects))
    }

    fn files(&self) -> Vec<String> {
        self.files.iter().flatten().cloned().collect()
    }
}

const APPEND: &str = "
    INSERT INTO records (tenant, id, message_id, received, sender, policy, record, previous, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
    INSERT INTO chains (tenant, start, head) VALUES (?, ?, ?)
    ON CONFLICT (tenant) DO UPDATE SET head = excluded.head";

/// Puts a record at the end of its tenant's chain.
async fn append(transaction: &mut Transaction<'_>, record: &Record, json: &str) -> Result<(), sqlx::Error> {
    let previous = match transaction.heads.get(&record.tenant) {
        Some(head) => *head,
        None => head(transaction.db, &record.tenant).await?,
    };
    let hash = link(&previous, json.as_bytes());
    sqlx::query(APPEND)
        .bind(&record.tenant)
        .bind(record.id.as_str())
        .bind(&record.message_id)
        .bind(record.received.as_microsecond())
        .bind(record.sender.as_ref().map(ToString::to_string))
        .bind(&record.policy)
        .bind(json)
        .bind(previous.as_slice())
        .bind(hash.as_slice())
        .bind(&record.tenant)
        .bind(CHAIN_START.as_slice())
        .bind(hash.as_slice())
        .execute(&mut *transaction.db)
        .await?;
    transaction.heads.insert(record.tenant.clone(), hash);
    Ok(())
}

async fn head(db: &mut SqliteConnection, tenant: &str) -> Result<Hash, sqlx::Error> {
    let head = sqlx::query_scalar::<_, Vec<u8>>("SELECT head FROM chains WHERE tenant = ?").bind(tenant);
    match head.fetch_optional(db).await? {
        Some(head) => head.try_into().map_err(|_| unreadable("hash chain")),
        None => Ok(CHAIN_START),
    }
}

/// All records that fit, newest first, each with what became of its copies. Needs a connection that sees one
/// state of the database throughout.
pub(super) async fn find(db: &mut SqliteConnection, lookup: &Lookup) -> Result<Vec<Traced>, sqlx::Error> {
    let found = match lookup {
        Lookup::Id(id) => sqlx::query("SELECT * FROM records WHERE id = ?").bind(id.as_str()),
        Lookup::MessageId(id) => {
            sqlx::query("SELECT * FROM records WHERE message_id = ? ORDER BY seq DESC").bind(id)
        }
    };
    let rows = found.fetch_all(&mut *db).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let record: Record =
            serde_json::from_str(row.try_get("record")?).map_err(|_| unreadable("decision record"))?;
        let id: &str = row.try_get("id")?;
        let id: MessageId = id.parse().map_err(|_| unreadable("id of a decision record"))?;
        let intact = is_named_right(&row, &record)? && is_linked(db, &row).await?;
        let deliveries = rows::of_message(db, id).await?;
        let waiting = waiting::of_message(db, id).await?;
        let deliveries = deliveries.iter().map(words::in_words);
        all.push(Traced {
            record,
            intact,
            deliveries: deliveries.chain(waiting).collect(),
        });
    }
    Ok(all)
}

/// Whether the columns that records are found by say the same as the record, which the hash covers.
fn is_named_right(row: &SqliteRow, record: &Record) -> Result<bool, sqlx::Error> {
    let (id, tenant): (&str, &str) = (row.try_get("id")?, row.try_get("tenant")?);
    let message_id: Option<&str> = row.try_get("message_id")?;
    Ok(record.id.as_str() == id && record.tenant == tenant && record.message_id.as_deref() == message_id)
}

/// Whether a record gives its hash, follows from the one before it, and leads to the one behind it.
async fn is_linked(db: &mut SqliteConnection, row: &SqliteRow) -> Result<bool, sqlx::Error> {
    let (seq, tenant): (i64, &str) = (row.try_get("seq")?, row.try_get("tenant")?);
    let before: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT coalesce(
             (SELECT hash FROM records WHERE tenant = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1),
             (SELECT start FROM chains WHERE tenant = ?1))",
    )
    .bind(tenant)
    .bind(seq)
    .fetch_one(&mut *db)
    .await?;
    let behind: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT coalesce(
             (SELECT previous FROM records WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT 1),
             (SELECT head FROM chains WHERE tenant = ?1))",
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

/// Walks all chains from end to end. Needs a connection that sees one state of the database throughout.
pub(super) async fn verify(db: &mut SqliteConnection) -> Result<ChainState, sqlx::Error> {
    let tenants = sqlx::query_as::<_, (String,)>(
        "SELECT tenant FROM chains UNION SELECT tenant FROM records ORDER BY tenant",
    );
    let mut records = 0;
    for (tenant,) in tenants.fetch_all(&mut *db).await? {
        match verify_tenant(db, tenant).await? {
            ChainState::Intact { records: more } => records += more,
            broken => return Ok(broken),
        }
    }
    Ok(ChainState::Intact { records })
}

async fn verify_tenant(db: &mut SqliteConnection, tenant: String) -> Result<ChainState, sqlx::Error> {
    let ends = sqlx::query_as::<_, (Vec<u8>, Vec<u8>)>("SELECT start, head FROM chains WHERE tenant = ?")
        .bind(&tenant)
        .fetch_optional(&mut *db)
        .await?;
    let (start, head) = ends.unwrap_or_default();
    // A start that is no hash makes the first record the broken one.
    let mut walk = Walk::behind(start.try_into().unwrap_or([0xff; 32]));
    let (mut seen, mut records) = (0, 0);
    loop {
        let rows = sqlx::query("SELECT * FROM records WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
        let rows = rows
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

/// Deletes records received before `before` from the oldest on, a page at a time.
pub(super) struct Purge {
    pub(super) before: Timestamp,
}

impl Task for Purge {
    /// How many records this page had.
    type Answer = u64;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(u64, Effects), sqlx::Error> {
        let db = &mut *transaction.db;
        let tenants = sqlx::query_as::<_, (String,)>("SELECT tenant FROM chains");
        let mut purged = 0;
        for (tenant,) in tenants.fetch_all(&mut *db).await? {
            purged += self.purge_tenant(db, &tenant).await?;
        }
        Ok((purged, Effects::default()))
    }
}

impl Purge {
    async fn purge_tenant(&self, db: &mut SqliteConnection, tenant: &str) -> Result<u64, sqlx::Error> {
        let oldest = sqlx::query_as::<_, (i64, Vec<u8>, bool)>(
            "SELECT seq, hash, received >= ?2 OR EXISTS (
                 SELECT 1 FROM deliveries
                 WHERE message = records.id AND state IN ('queued', 'held', 'bouncing'))
                 OR EXISTS (SELECT 1 FROM waiting WHERE message = records.id)
             FROM records WHERE tenant = ?1 ORDER BY seq LIMIT ?3",
        );
        let cut = self.before.as_microsecond();
        let oldest = oldest
            .bind(tenant)
            .bind(cut)
            .bind(PAGE)
            .fetch_all(&mut *db)
            .await?;
        let Some((last, hash, _)) = oldest.into_iter().take_while(|(_, _, stays)| !stays).last() else {
            return Ok(0);
        };
        let deliveries = "DELETE FROM deliveries WHERE message IN
             (SELECT id FROM records WHERE tenant = ?1 AND seq <= ?2)";
        sqlx::query(deliveries)
            .bind(tenant)
            .bind(last)
            .execute(&mut *db)
            .await?;
        let records = sqlx::query("DELETE FROM records WHERE tenant = ?1 AND seq <= ?2");
        let purged = records
            .bind(tenant)
            .bind(last)
            .execute(&mut *db)
            .await?
            .rows_affected();
        let start = sqlx::query("UPDATE chains SET start = ?2 WHERE tenant = ?1");
        start.bind(tenant).bind(hash).execute(db).await?;
        Ok(purged)
    }
}

/// The record as the JSON that is stored and hashed.
pub(super) fn json(record: &Record) -> Result<String, Failure> {
    serde_json::to_string(record).map_err(|error| Failure::Other(error.to_string()))
}

/// How many copies left sealed to each recipient since then, by the recipient's address in lower case.
pub(super) async fn sealed_since(
    db: &mut SqliteConnection,
    since: Timestamp,
) -> Result<BTreeMap<String, u64>, sqlx::Error> {
    let mut counts = BTreeMap::new();
    let mut seen = 0_i64;
    loop {
        let rows = sqlx::query(
            "SELECT seq, record FROM records WHERE seq > ?1 AND received >= ?2 ORDER BY seq LIMIT ?3",
        )
        .bind(seen)
        .bind(since.as_microsecond())
        .bind(PAGE)
        .fetch_all(&mut *db)
        .await?;
        if rows.is_empty() {
            return Ok(counts);
        }
        for row in rows {
            let record: Record =
                serde_json::from_str(row.try_get("record")?).map_err(|_| unreadable("decision record"))?;
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
