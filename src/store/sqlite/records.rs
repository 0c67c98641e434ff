//! Decision records: written with what leaves, found again, and checked against their hash chain.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::body_rows;
use super::deliveries::{self, Sending};
use super::endings::Endings;
use super::handover::Handover;
use super::rows::{self, all};
use super::waiting;
use super::writer::{Effects, Task, Transaction};
use crate::audit::{CHAIN_START, ChainState, Hash, Lookup, Record, Taken, Traced, Walk, link};
use crate::message::{Leaving, MessageId, Outbound, Purpose};
use crate::store::failure::{Failure, Unreadable};
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
    /// What the bodies of outbounds without a file end with alike.
    pub(super) endings: Endings,
    /// The copy whose wait it ends.
    pub(super) instead_of: Option<i64>,
    /// Where its deliveries may be handed over.
    pub(super) handover: Arc<Handover>,
}

impl Task for Commit {
    /// The number of the body of the copy whose wait has ended.
    type Answer = Option<i64>;

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Self::Answer, Effects), Failure> {
        append(transaction, &self.record, &self.json)?;
        let mut effects = Effects::default();
        let recipients = self.outbounds.iter().map(|outbound| outbound.recipients.len());
        let lease_until = self.handover.lease(Timestamp::now(), recipients.sum());
        let ending = match self.endings.common.as_slice() {
            [] => None,
            common => {
                let (db, record) = (transaction.db, &self.record);
                Some(body_rows::keep_ending(db, &record.tenant, record.id, common)?)
            }
        };
        let beginnings = self.endings.beginnings.iter().map(Option::as_deref);
        for ((outbound, file), beginning) in self.outbounds.iter().zip(&self.files).zip(beginnings) {
            let sending = Sending {
                tenant: &self.record.tenant,
                message: self.record.id,
                outbound,
                dsn: &self.record.dsn,
                file: file.as_deref(),
                beginning: beginning.zip(ending),
                created: self.record.received,
                next_attempt: self.record.received,
                lease_until,
            };
            let body = match outbound.purpose {
                Purpose::Waiting { until } => waiting::enter(transaction.db, &sending, until)?,
                _ => {
                    let (body, leased) = deliveries::enqueue(transaction.db, &sending)?;
                    effects.wake |= leased.is_empty();
                    effects.leased.extend(leased);
                    body
                }
            };
            effects.bodies.push((body, outbound.body.clone()));
        }
        let mut left = None;
        if let Some(id) = self.instead_of {
            let (body, file) = waiting::leave(transaction.db, id)?;
            left = Some(body);
            effects.unused.extend(file);
        }
        Ok((left, effects))
    }

    fn files(&self) -> Vec<String> {
        self.files.iter().flatten().cloned().collect()
    }
}

/// Puts a record at the end of its tenant's chain.
fn append(transaction: &mut Transaction<'_>, record: &Record, json: &str) -> Result<(), Failure> {
    let db = transaction.db;
    let previous = match transaction.heads.get(&record.tenant) {
        Some(head) => *head,
        None => head(db, &record.tenant)?,
    };
    let hash = link(&previous, json.as_bytes());
    let mut insert = db.prepare_cached(
        "INSERT INTO records (tenant, id, message_id, received, sender, policy, record, previous, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        record.tenant,
        record.id.as_str(),
        record.message_id,
        record.received.as_microsecond(),
        record.sender.as_ref().map(ToString::to_string),
        record.policy,
        json,
        previous.as_slice(),
        hash.as_slice()
    ])?;
    let mut advance = db.prepare_cached(
        "INSERT INTO chains (tenant, start, head) VALUES (?, ?, ?)
         ON CONFLICT (tenant) DO UPDATE SET head = excluded.head",
    )?;
    advance.execute(params![record.tenant, CHAIN_START.as_slice(), hash.as_slice()])?;
    transaction.heads.insert(record.tenant.clone(), hash);
    Ok(())
}

fn head(db: &Connection, tenant: &str) -> Result<Hash, Failure> {
    let mut head = db.prepare_cached("SELECT head FROM chains WHERE tenant = ?")?;
    let head: Option<Vec<u8>> = head.query_row([tenant], |row| row.get(0)).optional()?;
    match head {
        Some(head) => Ok(head.try_into().map_err(|_| Unreadable("hash chain"))?),
        None => Ok(CHAIN_START),
    }
}

/// A row of the records' table.
struct Stored {
    seq: i64,
    tenant: String,
    id: String,
    message_id: Option<String>,
    json: String,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

fn stored(row: &Row<'_>) -> Result<Stored, Failure> {
    Ok(Stored {
        seq: row.get("seq")?,
        tenant: row.get("tenant")?,
        id: row.get("id")?,
        message_id: row.get("message_id")?,
        json: row.get("record")?,
        previous: row.get("previous")?,
        hash: row.get("hash")?,
    })
}

impl Stored {
    /// Whether the columns that records are found by say the same as the record, which the hash covers.
    fn is_named_right(&self, record: &Record) -> bool {
        record.id.as_str() == self.id && record.tenant == self.tenant && record.message_id == self.message_id
    }
}

/// The newest records, newest first.
pub(super) fn latest(db: &Connection, limit: u32) -> Result<Vec<Taken>, Failure> {
    let mut latest = db.prepare_cached("SELECT record FROM records ORDER BY seq DESC LIMIT ?")?;
    all(&mut latest, [limit], |row| {
        let json: String = row.get(0)?;
        Ok(serde_json::from_str(&json).map_err(|_| Unreadable("decision record"))?)
    })
}

/// All records that fit, newest first, each with what became of its copies. Needs a connection that sees one
/// state of the database throughout.
pub(super) fn find(db: &Connection, lookup: &Lookup) -> Result<Vec<Traced>, Failure> {
    let found = match lookup {
        Lookup::Id(id) => {
            let mut by_id = db.prepare_cached("SELECT * FROM records WHERE id = ?")?;
            all(&mut by_id, [id.as_str()], stored)?
        }
        Lookup::MessageId(id) => {
            let mut by_message_id =
                db.prepare_cached("SELECT * FROM records WHERE message_id = ? ORDER BY seq DESC")?;
            all(&mut by_message_id, [id], stored)?
        }
    };
    let trace = |stored: Stored| {
        let record: Record = serde_json::from_str(&stored.json).map_err(|_| Unreadable("decision record"))?;
        let id: MessageId = stored
            .id
            .parse()
            .map_err(|_| Unreadable("id of a decision record"))?;
        let intact = stored.is_named_right(&record) && is_linked(db, &stored)?;
        let deliveries = rows::of_message(db, id)?;
        let waiting = waiting::of_message(db, id)?;
        let deliveries = deliveries.iter().map(words::in_words);
        Ok(Traced {
            record,
            intact,
            deliveries: deliveries.chain(waiting).collect(),
        })
    };
    found.into_iter().map(trace).collect()
}

/// Whether a record gives its hash, follows from the one before it, and leads to the one behind it.
fn is_linked(db: &Connection, stored: &Stored) -> Result<bool, Failure> {
    let beside = |sql: &str| -> Result<Option<Vec<u8>>, Failure> {
        let mut beside = db.prepare_cached(sql)?;
        Ok(beside.query_row(params![stored.tenant, stored.seq], |row| row.get(0))?)
    };
    let before = beside(
        "SELECT coalesce(
             (SELECT hash FROM records WHERE tenant = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1),
             (SELECT start FROM chains WHERE tenant = ?1))",
    )?;
    let behind = beside(
        "SELECT coalesce(
             (SELECT previous FROM records WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT 1),
             (SELECT head FROM chains WHERE tenant = ?1))",
    )?;
    let Some(Ok(before)) = before.map(Hash::try_from) else {
        return Ok(false);
    };
    let follows = Walk::behind(before).step(&stored.previous, stored.json.as_bytes(), &stored.hash);
    Ok(follows && behind.as_deref() == Some(&stored.hash))
}

/// Walks all chains from end to end. Needs a connection that sees one state of the database throughout.
pub(super) fn verify(db: &Connection) -> Result<ChainState, Failure> {
    let mut tenants =
        db.prepare_cached("SELECT tenant FROM chains UNION SELECT tenant FROM records ORDER BY tenant")?;
    let mut records = 0;
    for tenant in all(&mut tenants, [], tenant)? {
        match verify_tenant(db, tenant)? {
            ChainState::Intact { records: more } => records += more,
            broken => return Ok(broken),
        }
    }
    Ok(ChainState::Intact { records })
}

fn tenant(row: &Row<'_>) -> Result<String, Failure> {
    Ok(row.get("tenant")?)
}

fn verify_tenant(db: &Connection, tenant: String) -> Result<ChainState, Failure> {
    let mut ends = db.prepare_cached("SELECT start, head FROM chains WHERE tenant = ?")?;
    let ends: Option<(Vec<u8>, Vec<u8>)> = ends
        .query_row([&tenant], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (start, head) = ends.unwrap_or_default();
    // A start that is no hash makes the first record the broken one.
    let mut walk = Walk::behind(start.try_into().unwrap_or([0xff; 32]));
    let (mut seen, mut records) = (0, 0);
    let mut page =
        db.prepare_cached("SELECT * FROM records WHERE tenant = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3")?;
    loop {
        let page = all(&mut page, params![tenant, seen, PAGE], stored)?;
        if page.is_empty() {
            break;
        }
        for stored in page {
            let follows = walk.step(&stored.previous, stored.json.as_bytes(), &stored.hash);
            let is_right = match serde_json::from_str(&stored.json) {
                Ok(record) => stored.is_named_right(&record),
                Err(_) => false,
            };
            if !follows || !is_right {
                return Ok(ChainState::Broken { record: stored.id });
            }
            seen = stored.seq;
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

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(u64, Effects), Failure> {
        let db = transaction.db;
        let mut purged = 0;
        for tenant in all(&mut db.prepare_cached("SELECT tenant FROM chains")?, [], tenant)? {
            purged += self.purge_tenant(db, &tenant)?;
        }
        Ok((purged, Effects::default()))
    }
}

impl Purge {
    fn purge_tenant(&self, db: &Connection, tenant: &str) -> Result<u64, Failure> {
        let mut oldest = db.prepare_cached(
            "SELECT seq, hash, received >= ?2 OR EXISTS (
                 SELECT 1 FROM deliveries
                 WHERE message = records.id AND state IN ('queued', 'held', 'bouncing'))
                 OR EXISTS (SELECT 1 FROM waiting WHERE message = records.id) AS stays
             FROM records WHERE tenant = ?1 ORDER BY seq LIMIT ?3",
        )?;
        let cut = self.before.as_microsecond();
        let oldest = all(&mut oldest, params![tenant, cut, PAGE], |row| {
            let one: (i64, Vec<u8>, bool) = (row.get("seq")?, row.get("hash")?, row.get("stays")?);
            Ok(one)
        })?;
        let Some((last, hash, _)) = oldest.into_iter().take_while(|(_, _, stays)| !stays).last() else {
            return Ok(0);
        };
        let mut deliveries = db.prepare_cached(
            "DELETE FROM deliveries WHERE message IN
             (SELECT id FROM records WHERE tenant = ?1 AND seq <= ?2)",
        )?;
        deliveries.execute(params![tenant, last])?;
        let mut records = db.prepare_cached("DELETE FROM records WHERE tenant = ?1 AND seq <= ?2")?;
        let purged = records.execute(params![tenant, last])?;
        let mut start = db.prepare_cached("UPDATE chains SET start = ?2 WHERE tenant = ?1")?;
        start.execute(params![tenant, hash])?;
        Ok(purged.try_into().unwrap_or(u64::MAX))
    }
}

/// The record as the JSON that is stored and hashed.
pub(super) fn json(record: &Record) -> Result<String, Failure> {
    serde_json::to_string(record).map_err(|error| Failure::Other(error.to_string()))
}

/// How many copies left sealed to each recipient since then, by the recipient's address in lower case.
pub(super) fn sealed_since(db: &Connection, since: Timestamp) -> Result<BTreeMap<String, u64>, Failure> {
    let mut counts = BTreeMap::new();
    let mut seen = 0_i64;
    let mut page = db.prepare_cached(
        "SELECT seq, record FROM records WHERE seq > ?1 AND received >= ?2 ORDER BY seq LIMIT ?3",
    )?;
    loop {
        let page = all(&mut page, params![seen, since.as_microsecond(), PAGE], |row| {
            let one: (i64, String) = (row.get("seq")?, row.get("record")?);
            Ok(one)
        })?;
        if page.is_empty() {
            return Ok(counts);
        }
        for (seq, json) in page {
            let record: Record = serde_json::from_str(&json).map_err(|_| Unreadable("decision record"))?;
            let sealed = record
                .recipients
                .iter()
                .filter(|one| matches!(one.leaving, Some(Leaving::Smime { .. })));
            for recipient in sealed {
                let address = recipient.decision.recipient.to_string().to_lowercase();
                *counts.entry(address).or_default() += 1;
            }
            seen = seq;
        }
    }
}
