//! The register's tables. However many certificates there are, what is asked about one address is answered from an
//! index.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::Sqlite;
use super::writer::{Effects, Task, Transaction};
use crate::audit::Record;
use crate::message::{Boxed, Origin};
use crate::smime::{Capabilities, Certificate, Entry, EntryState, Put, Register, RegisterError};
use crate::store::failure::{Failure, unreadable};

/// Entries that a few digits may stand for, at most.
const FOUND: u32 = 10;
/// Rows that one page may have, however many are asked for.
const PAGE: u32 = 1000;
/// The registers of agencies are kept apart; there is one agency so far.
const TENANT: &str = Record::DEFAULT_TENANT;

/// What is filed under some keys, up to the list of them.
pub(super) const LOOK_UP: &str =
    "SELECT * FROM certificates WHERE id IN (SELECT certificate FROM certificate_keys WHERE tenant = ";

impl Register for Sqlite {
    fn look_up<'a>(&'a self, keys: &'a [String]) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        let mut sql = QueryBuilder::new(LOOK_UP);
        sql.push_bind(TENANT).push(" AND key IN (");
        let mut list = sql.separated(", ");
        keys.iter().for_each(|key| {
            list.push_bind(key.as_str());
        });
        sql.push(")) ORDER BY fingerprint");
        Box::pin(async move { Ok(read(self, sql).await?) })
    }

    fn page<'a>(&'a self, after: &'a str, limit: u32) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        let mut sql = QueryBuilder::new("SELECT * FROM certificates WHERE tenant = ");
        sql.push_bind(TENANT)
            .push(" AND fingerprint > ")
            .push_bind(after)
            .push(" ORDER BY fingerprint LIMIT ")
            .push_bind(limit.min(PAGE));
        Box::pin(async move { Ok(read(self, sql).await?) })
    }

    fn beginning_with<'a>(&'a self, digits: &'a str) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        // The end of the span is the first text after all that begin so: g comes after the digits.
        let mut sql = QueryBuilder::new("SELECT * FROM certificates WHERE tenant = ");
        sql.push_bind(TENANT)
            .push(" AND fingerprint >= ")
            .push_bind(digits)
            .push(" AND fingerprint < ")
            .push_bind(format!("{digits}g"))
            .push(" ORDER BY fingerprint LIMIT ")
            .push_bind(FOUND);
        Box::pin(async move { Ok(read(self, sql).await?) })
    }

    fn put(&self, entry: Entry) -> Boxed<'_, Result<Put, RegisterError>> {
        Box::pin(async move {
            let insert = Insert {
                der: entry.certificate.to_der(),
                keys: entry.keys(),
                entry,
            };
            Ok(self.desk.write(|| insert).await?)
        })
    }

    fn set_state<'a>(
        &'a self,
        fingerprint: &'a str,
        state: EntryState,
        note: &'a str,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        let change = Change::State(state, note.to_owned());
        self.change(fingerprint, change)
    }

    fn set_capabilities<'a>(
        &'a self,
        fingerprint: &'a str,
        capabilities: Option<Capabilities>,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        self.change(fingerprint, Change::Capabilities(capabilities))
    }

    fn remove<'a>(&'a self, fingerprint: &'a str) -> Boxed<'a, Result<bool, RegisterError>> {
        self.change(fingerprint, Change::Remove)
    }
}

impl Sqlite {
    fn change(&self, fingerprint: &str, change: Change) -> Boxed<'_, Result<bool, RegisterError>> {
        let fingerprint = fingerprint.to_owned();
        let change = ChangeOne { fingerprint, change };
        Box::pin(async move { Ok(self.desk.write(|| change).await?) })
    }
}

async fn read(sqlite: &Sqlite, mut sql: QueryBuilder<sqlx::Sqlite>) -> Result<Vec<Entry>, Failure> {
    let rows = sql.build().fetch_all(&sqlite.readers).await?;
    Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
}

/// Inserts or refreshes an entry.
struct Insert {
    entry: Entry,
    der: Vec<u8>,
    keys: Vec<String>,
}

/// What [`Register::put`] says of an entry that is there already.
const UPSERT: &str = "
    INSERT INTO certificates
        (tenant, fingerprint, der, origin, state, first_seen, last_seen, capabilities, note)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (tenant, fingerprint) DO UPDATE SET
        origin = CASE WHEN excluded.origin = 'imported' THEN 'imported' ELSE origin END,
        state = CASE WHEN state = 'vouched' OR excluded.state = 'vouched' THEN 'vouched'
                     WHEN state = 'in-use' OR excluded.state = 'in-use' THEN 'in-use'
                     ELSE 'waiting' END,
        first_seen = min(first_seen, excluded.first_seen),
        last_seen = max(last_seen, excluded.last_seen),
        capabilities = coalesce(excluded.capabilities, capabilities),
        note = CASE WHEN excluded.note = '' THEN note ELSE excluded.note END
    RETURNING id";

impl Task for Insert {
    type Answer = Put;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Put, Effects), sqlx::Error> {
        let db = &mut *transaction.db;
        let known = sqlx::query("SELECT 1 FROM certificates WHERE tenant = ? AND fingerprint = ?");
        let known = known.bind(TENANT).bind(self.entry.certificate.fingerprint());
        let is_known = known.fetch_optional(&mut *db).await?.is_some();
        let others = if is_known {
            Vec::new()
        } else {
            others(db, &self.keys).await?
        };
        let id: i64 = sqlx::query_scalar(UPSERT)
            .bind(TENANT)
            .bind(self.entry.certificate.fingerprint())
            .bind(&self.der)
            .bind(self.entry.origin.name())
            .bind(self.entry.state.name())
            .bind(self.entry.first_seen.as_microsecond())
            .bind(self.entry.last_seen.as_microsecond())
            .bind(
                self.entry
                    .capabilities
                    .as_ref()
                    .map(|capabilities| &capabilities.0),
            )
            .bind(&self.entry.note)
            .fetch_one(&mut *db)
            .await?;
        // Also for one that is known: a newer version may file it under more than an older one did.
        for key in &self.keys {
            let file = "INSERT INTO certificate_keys (tenant, key, certificate) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
            let file = sqlx::query(file).bind(TENANT).bind(key).bind(id);
            file.execute(&mut *db).await?;
        }
        let put = match (is_known, others.is_empty()) {
            (true, _) => Put::Refreshed,
            (false, true) => Put::New,
            (false, false) => Put::Changed(others),
        };
        Ok((put, Effects::default()))
    }
}

/// Fingerprints of what is filed under any of the keys.
async fn others(db: &mut SqliteConnection, keys: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let mut others = Vec::new();
    for key in keys {
        let filed = sqlx::query_scalar::<_, String>(
            "SELECT fingerprint FROM certificate_keys JOIN certificates ON id = certificate
             WHERE certificate_keys.tenant = ? AND key = ?",
        );
        others.extend(filed.bind(TENANT).bind(key).fetch_all(&mut *db).await?);
    }
    others.sort();
    others.dedup();
    Ok(others)
}

/// What is done to one entry.
enum Change {
    State(EntryState, String),
    Capabilities(Option<Capabilities>),
    Remove,
}

struct ChangeOne {
    fingerprint: String,
    change: Change,
}

impl Task for ChangeOne {
    /// Whether there was such an entry.
    type Answer = bool;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(bool, Effects), sqlx::Error> {
        let mut sql = match &self.change {
            Change::State(state, note) => {
                let mut sql = QueryBuilder::new("UPDATE certificates SET state = ");
                sql.push_bind(state.name()).push(", note = ").push_bind(note);
                sql
            }
            Change::Capabilities(capabilities) => {
                let mut sql = QueryBuilder::new("UPDATE certificates SET capabilities = ");
                sql.push_bind(capabilities.as_ref().map(|capabilities| &capabilities.0));
                sql
            }
            // Its keys go with it.
            Change::Remove => QueryBuilder::new("DELETE FROM certificates"),
        };
        sql.push(" WHERE tenant = ")
            .push_bind(TENANT)
            .push(" AND fingerprint = ")
            .push_bind(&self.fingerprint);
        let done = sql.build().execute(&mut *transaction.db).await?;
        Ok((done.rows_affected() > 0, Effects::default()))
    }
}

fn entry(row: &SqliteRow) -> Result<Entry, sqlx::Error> {
    let time = |column: &str| {
        Timestamp::from_microsecond(row.try_get(column)?).map_err(|_| unreadable("time of a certificate"))
    };
    let certificate = Certificate::from_der(row.try_get("der")?).map_err(|_| unreadable("certificate"))?;
    let fingerprint: &str = row.try_get("fingerprint")?;
    if certificate.fingerprint() != fingerprint {
        return Err(unreadable("fingerprint of a certificate"));
    }
    let capabilities: Option<Vec<u8>> = row.try_get("capabilities")?;
    Ok(Entry {
        certificate: Arc::new(certificate),
        origin: Origin::named(row.try_get("origin")?).ok_or_else(|| unreadable("origin of a certificate"))?,
        state: EntryState::named(row.try_get("state")?)
            .ok_or_else(|| unreadable("state of a certificate"))?,
        first_seen: time("first_seen")?,
        last_seen: time("last_seen")?,
        capabilities: capabilities.map(Capabilities),
        note: row.try_get("note")?,
    })
}
