//! The register's tables. However many certificates there are, what is asked about one address is answered from an
//! index.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::{Connection, PgConnection, Postgres, QueryBuilder, Row};

use super::{rows, text};
use crate::audit::Record;
use crate::message::Origin;
use crate::smime::{Capabilities, Certificate, Entry, EntryState, Put};
use crate::store::failure::Unreadable;

/// Entries that a few digits may stand for, at most.
const FOUND: i64 = 10;
/// Rows that one page may have, however many are asked for.
const PAGE: u32 = 1000;
/// The registers of agencies are kept apart; there is one agency so far.
const TENANT: &str = Record::DEFAULT_TENANT;

const SELECT: &str =
    "SELECT fingerprint, der, origin, state, first_seen, last_seen, capabilities, note FROM certificates
    WHERE tenant = ";

/// What is filed under some keys.
pub(super) async fn look_up(db: &mut PgConnection, keys: &[String]) -> Result<Vec<Entry>, sqlx::Error> {
    let mut sql = QueryBuilder::new(SELECT);
    sql.push_bind(TENANT)
        .push(" AND id IN (SELECT certificate FROM certificate_keys WHERE tenant = ")
        .push_bind(TENANT)
        .push(" AND key = ANY (")
        .push_bind(keys.to_vec())
        .push(")) ORDER BY fingerprint");
    read(db, sql).await
}

pub(super) async fn page(db: &mut PgConnection, after: &str, limit: u32) -> Result<Vec<Entry>, sqlx::Error> {
    let mut sql = QueryBuilder::new(SELECT);
    sql.push_bind(TENANT)
        .push(" AND fingerprint > ")
        .push_bind(after.to_owned())
        .push(" ORDER BY fingerprint LIMIT ")
        .push_bind(i64::from(limit.min(PAGE)));
    read(db, sql).await
}

pub(super) async fn beginning_with(db: &mut PgConnection, digits: &str) -> Result<Vec<Entry>, sqlx::Error> {
    // The end of the span is the first text after all that begin so: g comes after the digits.
    let mut sql = QueryBuilder::new(SELECT);
    sql.push_bind(TENANT)
        .push(" AND fingerprint >= ")
        .push_bind(digits.to_owned())
        .push(" AND fingerprint < ")
        .push_bind(format!("{digits}g"))
        .push(" ORDER BY fingerprint LIMIT ")
        .push_bind(FOUND);
    read(db, sql).await
}

async fn read(db: &mut PgConnection, mut sql: QueryBuilder<Postgres>) -> Result<Vec<Entry>, sqlx::Error> {
    sql.build().fetch_all(db).await?.iter().map(entry).collect()
}

/// What [`crate::smime::Register::put`] says of an entry that is there already. `xmax` is 0 in a row that this statement
/// has made.
const UPSERT: &str = "
    INSERT INTO certificates
        (tenant, fingerprint, der, origin, state, first_seen, last_seen, capabilities, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (tenant, fingerprint) DO UPDATE SET
        origin = CASE WHEN excluded.origin = 'imported' THEN 'imported' ELSE certificates.origin END,
        state = CASE WHEN 'vouched' IN (certificates.state, excluded.state) THEN 'vouched'
                     WHEN 'in-use' IN (certificates.state, excluded.state) THEN 'in-use'
                     ELSE 'waiting' END,
        first_seen = least(certificates.first_seen, excluded.first_seen),
        last_seen = greatest(certificates.last_seen, excluded.last_seen),
        capabilities = coalesce(excluded.capabilities, certificates.capabilities),
        note = CASE WHEN excluded.note = '' THEN certificates.note ELSE excluded.note END
    RETURNING id, xmax = 0 AS is_new";

/// Inserts or refreshes an entry.
pub(super) async fn put(db: &mut PgConnection, entry: &Entry) -> Result<Put, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let mut keys = entry.keys();
    keys.sort();
    // Two gateways that see two certificates for one address at once: the second one must learn of the first.
    for key in &keys {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1592811135))")
            .bind(key)
            .execute(&mut *transaction)
            .await?;
    }
    let row = sqlx::query(UPSERT)
        .bind(TENANT)
        .bind(entry.certificate.fingerprint())
        .bind(entry.certificate.to_der())
        .bind(entry.origin.name())
        .bind(entry.state.name())
        .bind(entry.first_seen.as_microsecond())
        .bind(entry.last_seen.as_microsecond())
        .bind(entry.capabilities.as_ref().map(|capabilities| &capabilities.0))
        .bind(text::write(&entry.note).into_owned())
        .fetch_one(&mut *transaction)
        .await?;
    let (id, is_new): (i64, bool) = (row.try_get("id")?, row.try_get("is_new")?);
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT fingerprint FROM certificate_keys JOIN certificates ON certificates.id = certificate
         WHERE certificate_keys.tenant = $1 AND key = ANY ($2) AND certificate <> $3 ORDER BY fingerprint",
    )
    .bind(TENANT)
    .bind(&keys)
    .bind(id)
    .fetch_all(&mut *transaction)
    .await?;
    // Also for one that is known: a newer version may file it under more than an older one did.
    sqlx::query(
        "INSERT INTO certificate_keys (tenant, key, certificate)
         SELECT $1, key, $3 FROM unnest($2::text[]) AS key ON CONFLICT DO NOTHING",
    )
    .bind(TENANT)
    .bind(&keys)
    .bind(id)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(match (is_new, others.is_empty()) {
        (false, _) => Put::Refreshed,
        (true, true) => Put::New,
        (true, false) => Put::Changed(others),
    })
}

/// What is done to one entry.
pub(super) enum Change {
    State(EntryState, String),
    Capabilities(Option<Capabilities>),
    Remove,
}

/// Changes an entry; answers whether there was one.
pub(super) async fn change(
    db: &mut PgConnection,
    fingerprint: &str,
    change: Change,
) -> Result<bool, sqlx::Error> {
    let mut sql = match change {
        Change::State(state, note) => {
            let mut sql = QueryBuilder::new("UPDATE certificates SET state = ");
            sql.push_bind(state.name())
                .push(", note = ")
                .push_bind(text::write(&note).into_owned());
            sql
        }
        Change::Capabilities(capabilities) => {
            let mut sql = QueryBuilder::new("UPDATE certificates SET capabilities = ");
            sql.push_bind(capabilities.map(|capabilities| capabilities.0));
            sql
        }
        // Its keys go with it.
        Change::Remove => QueryBuilder::new("DELETE FROM certificates"),
    };
    sql.push(" WHERE tenant = ")
        .push_bind(TENANT)
        .push(" AND fingerprint = ")
        .push_bind(fingerprint.to_owned());
    Ok(sql.build().execute(db).await?.rows_affected() > 0)
}

fn entry(row: &PgRow) -> Result<Entry, sqlx::Error> {
    let certificate = Certificate::from_der(row.try_get("der")?).map_err(|_| Unreadable("certificate"))?;
    let fingerprint: &str = row.try_get("fingerprint")?;
    if certificate.fingerprint() != fingerprint {
        return Err(Unreadable("fingerprint of a certificate").into());
    }
    let capabilities: Option<Vec<u8>> = row.try_get("capabilities")?;
    Ok(Entry {
        certificate: Arc::new(certificate),
        origin: Origin::named(row.try_get("origin")?).ok_or(Unreadable("origin of a certificate"))?,
        state: EntryState::named(row.try_get("state")?).ok_or(Unreadable("state of a certificate"))?,
        first_seen: rows::time(row, "first_seen")?,
        last_seen: rows::time(row, "last_seen")?,
        capabilities: capabilities.map(Capabilities),
        note: text::read(row.try_get("note")?),
    })
}
