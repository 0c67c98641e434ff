//! Tables and how connections are opened. A step of [`STEPS`] that was released is never edited.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, SqliteConnection};

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
];

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(10);
/// What a write-ahead log is cut back to once it was copied into the database.
const LOG_BYTES: &str = "67108864";

/// How to open the database for writing.
pub(super) fn writing(database: &Path) -> SqliteConnectOptions {
    // FULL makes each COMMIT in WAL mode wait for fsync, which is the promise of the 250.
    common(database)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("journal_size_limit", LOG_BYTES)
}

/// How to open the database for reading.
pub(super) fn reading(database: &Path) -> SqliteConnectOptions {
    common(database).read_only(true)
}

fn common(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(BUSY)
        .disable_statement_logging()
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
pub(super) async fn version(db: &mut SqliteConnection) -> Result<Version, sqlx::Error> {
    let taken = steps_taken(db).await?;
    Ok(match taken.cmp(&STEPS.len()) {
        std::cmp::Ordering::Less => Version::Older,
        std::cmp::Ordering::Equal => Version::Current,
        std::cmp::Ordering::Greater => Version::Newer,
    })
}

/// Takes the steps that are missing, each whole or not at all.
pub(super) async fn migrate(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let taken = steps_taken(db).await?;
    for (index, step) in STEPS.iter().enumerate().skip(taken) {
        let version = index + 1;
        let whole = format!("BEGIN IMMEDIATE; {step}; PRAGMA user_version = {version}; COMMIT");
        sqlx::raw_sql(AssertSqlSafe(whole)).execute(&mut *db).await?;
    }
    Ok(())
}

async fn steps_taken(db: &mut SqliteConnection) -> Result<usize, sqlx::Error> {
    let taken: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(db).await?;
    Ok(usize::try_from(taken).unwrap_or(usize::MAX))
}
