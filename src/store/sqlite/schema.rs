//! Tables and how connections are opened. A step of [`STEPS`] that was released is never edited.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Error, OpenFlags};

use crate::store::failure::Failure;

/// What brings a database from one version to the next; `PRAGMA user_version` counts the steps taken.
const STEPS: &[&str] = &[
    "
    -- One row per decision record; seq is its place. Times are microseconds since 1970.
    CREATE TABLE records (
        seq        INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant     TEXT NOT NULL,
        id         TEXT NOT NULL UNIQUE,
        message_id TEXT,
        received   INTEGER NOT NULL,
        sender     TEXT,
        policy     TEXT NOT NULL,
        record     TEXT NOT NULL,   -- the JSON that the hash covers
        previous   BLOB NOT NULL,   -- hash of the tenant's record before this one
        hash       BLOB NOT NULL    -- SHA-256(previous || record)
    ) STRICT;
    CREATE INDEX records_of_tenant ON records (tenant, seq);
    CREATE INDEX records_by_message_id ON records (message_id) WHERE message_id IS NOT NULL;

    -- Both ends of a tenant's hash chain: what stands before its oldest kept record, and its newest hash.
    CREATE TABLE chains (
        tenant TEXT PRIMARY KEY,
        start  BLOB NOT NULL,
        head   BLOB NOT NULL
    ) STRICT;

    -- What is sent; gone when no unfinished delivery needs it. A number is never given twice.
    CREATE TABLE bodies (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant  TEXT NOT NULL,
        message TEXT NOT NULL REFERENCES records (id),
        size    INTEGER NOT NULL,
        inline  BLOB,               -- the bytes, or
        file    TEXT,               -- the file's name in bodies/
        CHECK ((inline IS NULL) <> (file IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX bodies_by_file ON bodies (file) WHERE file IS NOT NULL;
    CREATE INDEX bodies_of_message ON bodies (message);

    CREATE TABLE deliveries (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant       TEXT NOT NULL,
        message      TEXT NOT NULL REFERENCES records (id),
        place        INTEGER NOT NULL,
        purpose      TEXT NOT NULL CHECK (purpose IN ('mail', 'notice')),
        sender       TEXT,
        recipient    TEXT NOT NULL,
        domain       TEXT NOT NULL,
        body         INTEGER NOT NULL,
        size         INTEGER NOT NULL,
        state        TEXT NOT NULL CHECK (state IN ('queued', 'held', 'bouncing', 'delivered', 'bounced')),
        attempts     INTEGER NOT NULL,
        created      INTEGER NOT NULL,
        next_attempt INTEGER NOT NULL,
        lease_until  INTEGER,
        last_reply   TEXT NOT NULL
    ) STRICT;
    CREATE INDEX deliveries_of_message ON deliveries (message);
    CREATE INDEX deliveries_due ON deliveries (next_attempt, id) WHERE state IN ('queued', 'bouncing');
    CREATE INDEX deliveries_open ON deliveries (created, id) WHERE state IN ('queued', 'held', 'bouncing');
    CREATE INDEX deliveries_open_body ON deliveries (body) WHERE state IN ('queued', 'held', 'bouncing');
",
    "
    -- The register: one row per certificate.
    CREATE TABLE certificates (
        id           INTEGER PRIMARY KEY,
        tenant       TEXT NOT NULL,
        fingerprint  TEXT NOT NULL,  -- SHA-256 of der, in lower-case hexadecimal
        der          BLOB NOT NULL,
        origin       TEXT NOT NULL,
        state        TEXT NOT NULL CHECK (state IN ('in-use', 'waiting', 'vouched')),
        first_seen   INTEGER NOT NULL,
        last_seen    INTEGER NOT NULL,
        capabilities BLOB,
        note         TEXT NOT NULL,
        UNIQUE (tenant, fingerprint)
    ) STRICT;

    -- What a certificate is found by: its addresses and domains in one way of writing.
    CREATE TABLE certificate_keys (
        tenant      TEXT NOT NULL,
        key         TEXT NOT NULL,
        certificate INTEGER NOT NULL REFERENCES certificates (id) ON DELETE CASCADE,
        PRIMARY KEY (tenant, key, certificate)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX certificate_keys_of ON certificate_keys (certificate);
",
    "
    -- Mail from outside goes to a next hop of its own.
    ALTER TABLE deliveries ADD COLUMN inbound INTEGER NOT NULL DEFAULT 0;

    -- Copies that wait for a recipient's certificate; their bodies are sealed to the vault.
    CREATE TABLE waiting (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        tenant    TEXT NOT NULL,
        message   TEXT NOT NULL REFERENCES records (id),
        place     INTEGER NOT NULL,
        sender    TEXT NOT NULL,
        recipient TEXT NOT NULL,
        key       TEXT NOT NULL,    -- the recipient in lower case
        body      INTEGER NOT NULL REFERENCES bodies (id),
        size      INTEGER NOT NULL,
        since     INTEGER NOT NULL,
        until     INTEGER NOT NULL,
        next_look INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX waiting_of_message ON waiting (message);
    CREATE INDEX waiting_by_key ON waiting (key);
    CREATE INDEX waiting_by_look ON waiting (next_look);
    CREATE INDEX waiting_by_body ON waiting (body);
",
    "
    -- What the sender asks of notices (RFC 3461), as JSON, NULL when nothing; and whether he was told of a delay.
    ALTER TABLE deliveries ADD COLUMN dsn TEXT;
    ALTER TABLE deliveries ADD COLUMN told_late INTEGER NOT NULL DEFAULT 0;
",
    "
    -- Every message pays for an index. Lists of the queue are sorted when somebody asks for one, and the records of a
    -- tenant are found in the order of their numbers.
    DROP INDEX deliveries_open;
    DROP INDEX records_of_tenant;
",
    "
    -- What the sender asks of TLS on the way (RFC 8689), NULL when nothing.
    ALTER TABLE deliveries ADD COLUMN tls TEXT;
",
    "
    -- What several bodies end with alike is a row of its own; inline is then what comes before it, packed.
    ALTER TABLE bodies ADD COLUMN ending INTEGER;
    CREATE INDEX bodies_by_ending ON bodies (ending) WHERE ending IS NOT NULL;
",
];

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(10);
/// What a write-ahead log is cut back to once it was copied into the database.
const LOG_BYTES: i64 = 64 * 1024 * 1024;
/// Pages of log from which a commit copies it itself.
const TOO_LONG: usize = 16_000;
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// Copies the log into the database, as far as it goes without keeping anybody waiting, and makes that durable
/// (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
pub(super) fn checkpoint(db: &Connection) -> Result<(), Error> {
    is_complete(db, "PRAGMA wal_checkpoint(PASSIVE)").map(drop)
}

/// Copies the whole log into the database, makes that durable, and leaves an empty log.
///
/// # Errors
/// Also when others keep it from doing so.
pub(super) fn checkpoint_all(db: &Connection) -> Result<(), Failure> {
    match is_complete(db, "PRAGMA wal_checkpoint(TRUNCATE)")? {
        true => Ok(()),
        false => Err(Failure::Busy),
    }
}

fn is_complete(db: &Connection, pragma: &str) -> Result<bool, Error> {
    db.query_row(pragma, [], |row| Ok(row.get::<_, i64>(0)? == 0))
}

/// Lets the log grow, and notes in `pages` how long it is after each commit: its caller looks after it. Should he not, a
/// commit does, as far as it can: what it has written stands, and is no failure because the log stays long for now.
pub(super) fn watch_log(db: &mut Connection, pages: Arc<AtomicUsize>) -> Result<(), Error> {
    db.wal_hook(Some(move |wal: &mut Wal, now| {
        let now = usize::try_from(now).unwrap_or_default();
        pages.store(now, Ordering::Release);
        if now >= TOO_LONG {
            let _ = wal.checkpoint_v2(CheckpointMode::PASSIVE);
        }
        Ok(())
    }))
}

/// Opens a database that is there for writing.
pub(super) fn write(database: &Path) -> Result<Connection, Error> {
    let db = open(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "journal_size_limit", LOG_BYTES)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // A commit is in the log, and durable when that was flushed, which is the flusher's work; the database itself is
    // flushed before the log begins anew (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
    db.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(db)
}

/// Opens a database that is there for reading.
pub(super) fn read(database: &Path) -> Result<Connection, Error> {
    open(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(database: &Path, how: OpenFlags) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(database, how | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    // Statements are planned once, not anew for values that might suit a partial index.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(db)
}

/// Which of the steps a database has taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// All of them.
    Current,
    /// Not all of them, or none.
    Older,
    /// More than this program knows.
    Newer,
}

/// Looks at the version of a database.
pub(super) fn version(db: &Connection) -> Result<Version, Error> {
    Ok(match steps_taken(db)?.cmp(&STEPS.len()) {
        std::cmp::Ordering::Less => Version::Older,
        std::cmp::Ordering::Equal => Version::Current,
        std::cmp::Ordering::Greater => Version::Newer,
    })
}

/// Takes the steps that are missing, each whole or not at all.
pub(super) fn migrate(db: &Connection) -> Result<(), Error> {
    let taken = steps_taken(db)?;
    for (index, step) in STEPS.iter().enumerate().skip(taken) {
        let version = index + 1;
        db.execute_batch(&format!(
            "BEGIN IMMEDIATE; {step}; PRAGMA user_version = {version}; COMMIT"
        ))?;
    }
    Ok(())
}

fn steps_taken(db: &Connection) -> Result<usize, Error> {
    let taken: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(taken).unwrap_or(usize::MAX))
}
