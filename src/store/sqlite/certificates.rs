//! The register's tables. However many certificates there are, what is asked about one address is answered from an
//! index.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::Sqlite;
use super::rows::{Sql, all, time};
use super::writer::{Effects, Task, Transaction};
use crate::audit::Record;
use crate::message::{Boxed, Origin};
use crate::smime::{Capabilities, Certificate, Entry, EntryState, Put, Register, RegisterError};
use crate::store::failure::{Failure, Unreadable};

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
        let mut sql = Sql::new(LOOK_UP);
        sql.bind(TENANT.to_owned()).push(" AND key IN (");
        for (index, key) in keys.iter().enumerate() {
            sql.push(if index == 0 { "" } else { ", " }).bind(key.clone());
        }
        sql.push(")) ORDER BY fingerprint");
        Box::pin(async move { Ok(self.readers.glance(|db| sql.all(db, entry)).await?) })
    }

    fn page<'a>(&'a self, after: &'a str, limit: u32) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        let mut sql = Sql::new("SELECT * FROM certificates WHERE tenant = ");
        sql.bind(TENANT.to_owned())
            .push(" AND fingerprint > ")
            .bind(after.to_owned())
            .push(" ORDER BY fingerprint LIMIT ")
            .bind(limit.min(PAGE));
        self.entries(sql)
    }

    fn beginning_with<'a>(&'a self, digits: &'a str) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        // The end of the span is the first text after all that begin so: g comes after the digits.
        let mut sql = Sql::new("SELECT * FROM certificates WHERE tenant = ");
        sql.bind(TENANT.to_owned())
            .push(" AND fingerprint >= ")
            .bind(digits.to_owned())
            .push(" AND fingerprint < ")
            .bind(format!("{digits}g"))
            .push(" ORDER BY fingerprint LIMIT ")
            .bind(FOUND);
        self.entries(sql)
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

    fn entries(&self, sql: Sql) -> Boxed<'_, Result<Vec<Entry>, RegisterError>> {
        Box::pin(async move { Ok(self.readers.read(|db| sql.all(db, entry)).await?) })
    }
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

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(Put, Effects), Failure> {
        let db = transaction.db;
        let entry = &self.entry;
        let fingerprint = entry.certificate.fingerprint();
        let mut known =
            db.prepare_cached("SELECT 1 FROM certificates WHERE tenant = ? AND fingerprint = ?")?;
        let is_known = known.exists(params![TENANT, fingerprint])?;
        let others = if is_known {
            Vec::new()
        } else {
            others(db, &self.keys)?
        };
        let values = params![
            TENANT,
            fingerprint,
            self.der,
            entry.origin.name(),
            entry.state.name(),
            entry.first_seen.as_microsecond(),
            entry.last_seen.as_microsecond(),
            entry.capabilities.as_ref().map(|capabilities| &capabilities.0),
            entry.note
        ];
        let id: i64 = db.prepare_cached(UPSERT)?.query_row(values, |row| row.get(0))?;
        // Also for one that is known: a newer version may file it under more than an older one did.
        let mut file = db.prepare_cached(
            "INSERT INTO certificate_keys (tenant, key, certificate) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )?;
        for key in &self.keys {
            file.execute(params![TENANT, key, id])?;
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
fn others(db: &Connection, keys: &[String]) -> Result<Vec<String>, Failure> {
    let mut filed = db.prepare_cached(
        "SELECT fingerprint FROM certificate_keys JOIN certificates ON id = certificate
         WHERE certificate_keys.tenant = ? AND key = ?",
    )?;
    let mut others = Vec::new();
    for key in keys {
        others.extend(all(&mut filed, params![TENANT, key], |row| Ok(row.get(0)?))?);
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

    fn run(&self, transaction: &mut Transaction<'_>) -> Result<(bool, Effects), Failure> {
        let mut sql = match &self.change {
            Change::State(state, note) => {
                let mut sql = Sql::new("UPDATE certificates SET state = ");
                sql.bind(state.name().to_owned())
                    .push(", note = ")
                    .bind(note.clone());
                sql
            }
            Change::Capabilities(capabilities) => {
                let mut sql = Sql::new("UPDATE certificates SET capabilities = ");
                sql.bind(capabilities.as_ref().map(|capabilities| capabilities.0.clone()));
                sql
            }
            // Its keys go with it.
            Change::Remove => Sql::new("DELETE FROM certificates"),
        };
        sql.push(" WHERE tenant = ")
            .bind(TENANT.to_owned())
            .push(" AND fingerprint = ")
            .bind(self.fingerprint.clone());
        Ok((sql.execute(transaction.db)? > 0, Effects::default()))
    }
}

fn entry(row: &Row<'_>) -> Result<Entry, Failure> {
    let der: Vec<u8> = row.get("der")?;
    let certificate = Certificate::from_der(&der).map_err(|_| Unreadable("certificate"))?;
    if certificate.fingerprint() != row.get::<_, String>("fingerprint")? {
        return Err(Unreadable("fingerprint of a certificate").into());
    }
    let (origin, state): (String, String) = (row.get("origin")?, row.get("state")?);
    let capabilities: Option<Vec<u8>> = row.get("capabilities")?;
    Ok(Entry {
        certificate: Arc::new(certificate),
        origin: Origin::named(&origin).ok_or(Unreadable("origin of a certificate"))?,
        state: EntryState::named(&state).ok_or(Unreadable("state of a certificate"))?,
        first_seen: time(row, "first_seen")?,
        last_seen: time(row, "last_seen")?,
        capabilities: capabilities.map(Capabilities),
        note: row.get("note")?,
    })
}
