//! What can go wrong in here, in words for the callers.

use sqlx::postgres::PgDatabaseError;

use crate::audit::TrailError;
use crate::queue::SpoolError;
use crate::smime::RegisterError;

/// Why the database or the disk could not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Failure {
    /// There is no room.
    Full,
    /// Another process keeps the database locked.
    Busy,
    /// There is no connection to the database, or it was lost on the way. What was asked for may have happened.
    Unreachable(String),
    /// The database cannot do it now: it is out of something, or took too long. It did not happen.
    Passing(String),
    /// Anything else. The text names tables and columns, never values.
    Other(String),
}

impl Failure {
    pub(in crate::store) fn closed() -> Failure {
        Failure::Other("it is closed".to_owned())
    }
}

/// Result codes (<https://www.sqlite.org/rescode.html>): the low octet is the primary code.
const SQLITE_BUSY: i32 = 5;
const SQLITE_FULL: i32 = 13;
/// The log's index could not grow, which is how a full disk shows there.
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

/// Codes of PostgreSQL (<https://www.postgresql.org/docs/15/errcodes-appendix.html>).
const DISK_FULL: &str = "53100";
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// Connection exceptions, too many connections, and a server that stops or starts.
const NO_CONNECTION: &[&str] = &["08", "53300", "57P01", "57P02", "57P03", "57P05", "25P03"];
/// A server that is only the copy of another one, transactions given up for others, too few resources, too much time.
const PASSING: &[&str] = &["25006", "40", "53", "57014"];

impl Failure {
    fn of_postgres(code: &str, text: String) -> Failure {
        match code {
            DISK_FULL => Failure::Full,
            LOCK_NOT_AVAILABLE => Failure::Busy,
            _ if NO_CONNECTION.iter().any(|one| code.starts_with(one)) => Failure::Unreachable(text),
            _ if PASSING.iter().any(|one| code.starts_with(one)) => Failure::Passing(text),
            _ => Failure::Other(text),
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        let error = match error {
            sqlx::Error::Io(error) => match Failure::from(error) {
                Failure::Other(text) => return Failure::Unreachable(text),
                failure => return failure,
            },
            sqlx::Error::Database(error) => match error.try_downcast::<PgDatabaseError>() {
                // Its message names tables and rules, never values: those are in the detail, which stays unread.
                Ok(error) => return Failure::of_postgres(error.code(), error.message().to_owned()),
                Err(error) => sqlx::Error::Database(error),
            },
            error => error,
        };
        if let sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed = error
        {
            return Failure::Unreachable(error.to_string());
        }
        Failure::Other(error.to_string())
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        let code = error.sqlite_error().map_or(0, |error| error.extended_code);
        match code {
            SQLITE_IOERR_SHMSIZE => Failure::Full,
            _ if code & 0xff == SQLITE_FULL => Failure::Full,
            _ if code & 0xff == SQLITE_BUSY => Failure::Busy,
            _ => Failure::Other(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Failure::Full,
            _ => Failure::Other(error.to_string()),
        }
    }
}

impl From<Failure> for TrailError {
    fn from(failure: Failure) -> TrailError {
        match failure {
            Failure::Full => TrailError::Full,
            failure => TrailError::Unavailable(failure.to_string()),
        }
    }
}

impl From<Failure> for SpoolError {
    fn from(failure: Failure) -> SpoolError {
        SpoolError(failure.to_string())
    }
}

impl From<Failure> for RegisterError {
    fn from(failure: Failure) -> RegisterError {
        RegisterError(failure.to_string())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Full => f.write_str("the disk is full"),
            Failure::Busy => f.write_str("another process keeps the database locked"),
            Failure::Passing(text) => write!(f, "the database cannot do it now: {text}"),
            Failure::Unreachable(text) => write!(f, "the database cannot be reached: {text}"),
            Failure::Other(text) => f.write_str(text),
        }
    }
}

/// A value in the database that this program cannot have written.
#[derive(Debug, thiserror::Error)]
#[error("the {0} in the database cannot be read")]
pub(in crate::store) struct Unreadable(pub(in crate::store) &'static str);

impl From<Unreadable> for sqlx::Error {
    fn from(error: Unreadable) -> sqlx::Error {
        sqlx::Error::Decode(error.into())
    }
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Failure {
        Failure::Other(error.to_string())
    }
}
