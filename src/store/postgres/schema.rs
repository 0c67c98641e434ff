//! Tables, functions, and how a database is brought up to date while gateways of two versions run on it.
//!
//! A step of [`STEPS`] that was released is never edited. A step that only adds leaves an older gateway at work: every
//! statement names the columns that it reads, and what it does not name has a default. After a step that is
//! `breaking`, an older gateway refuses; so a change that would break is made in two releases, first the new beside the
//! old, then, when no old gateway runs any more, without the old.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// What brings a database from one version to the next; the table `schema_steps` says which were taken.
pub(super) struct Step {
    pub(super) sql: &'static str,
    /// Whether a gateway that does not know the step must stop.
    pub(super) breaking: bool,
}

pub(super) const STEPS: &[Step] = &[
    Step {
        sql: include_str!("schema_1.sql"),
        breaking: true,
    },
    Step {
        sql: include_str!("schema_2.sql"),
        breaking: false,
    },
    Step {
        sql: include_str!("schema_3.sql"),
        breaking: false,
    },
];

/// Two gateways that start at once bring the schema up to date one after the other.
const MIGRATION_LOCK: i64 = 0x5ea1_6a7e;

/// How the steps of a database and those of this program compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// None was taken: there is no store here.
    None,
    /// Not all of them.
    Older,
    /// All of them, or more that only added.
    Usable,
    /// One that breaks this program.
    Newer,
}

/// Looks at the version of a database, as a program that knows the first `known` steps.
pub(super) async fn version(db: &mut PgConnection, known: usize) -> Result<Version, sqlx::Error> {
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('schema_steps') IS NOT NULL")
        .fetch_one(&mut *db)
        .await?;
    if !is_there {
        return Ok(Version::None);
    }
    let known = i64::try_from(known).unwrap_or(i64::MAX);
    let (taken, breaks): (i64, bool) = sqlx::query_as(
        "SELECT coalesce(max(step), 0), coalesce(bool_or(breaking AND step > $1), false) FROM schema_steps",
    )
    .bind(known)
    .fetch_one(db)
    .await?;
    Ok(match taken {
        0 => Version::None,
        _ if breaks => Version::Newer,
        _ if taken < known => Version::Older,
        _ => Version::Usable,
    })
}

/// Takes the steps that are missing, all or none, one gateway at a time. Answers the version before.
///
/// # Errors
/// When the database refuses, for want of rights for instance.
pub(super) async fn migrate(db: &mut PgConnection, steps: &[Step]) -> Result<Version, sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *transaction)
        .await?;
    let before = version(&mut transaction, steps.len()).await?;
    if matches!(before, Version::Usable | Version::Newer) {
        return Ok(before);
    }
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS schema_steps (
             step     BIGINT PRIMARY KEY,
             breaking BOOLEAN NOT NULL,
             program  TEXT NOT NULL,
             taken    TIMESTAMPTZ NOT NULL DEFAULT now())",
    )
    .execute(&mut *transaction)
    .await?;
    let taken: i64 = sqlx::query_scalar("SELECT coalesce(max(step), 0) FROM schema_steps")
        .fetch_one(&mut *transaction)
        .await?;
    let missing: Vec<(i64, &Step)> = (1..).zip(steps).filter(|(number, _)| *number > taken).collect();
    if taken > 0 && missing.iter().any(|(_, step)| step.breaking) {
        refuse_others(&mut transaction).await?;
    }
    for (number, step) in missing {
        sqlx::raw_sql(AssertSqlSafe(step.sql))
            .execute(&mut *transaction)
            .await?;
        sqlx::query("INSERT INTO schema_steps (step, breaking, program) VALUES ($1, $2, $3)")
            .bind(number)
            .bind(step.breaking)
            .bind(env!("CARGO_PKG_VERSION"))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(before)
}

/// A step that breaks older gateways is not taken while any is at work.
async fn refuse_others(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let others: Option<String> = sqlx::query_scalar(
        "SELECT string_agg(name, ', ') FROM gateways WHERE seen > microseconds() - 30000000",
    )
    .fetch_one(db)
    .await?;
    match others {
        None => Ok(()),
        Some(names) => Err(sqlx::Error::Configuration(
            format!("this version changes the store in a way that these gateways do not know: {names}. Stop them first")
                .into(),
        )),
    }
}
