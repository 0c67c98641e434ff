//! What can go wrong in here, in words for the callers.

use crate::audit::TrailError;
use crate::queue::SpoolError;
use crate::smime::RegisterError;

/// Why the database or the disk could not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no room.
    Full,
    /// Another process keeps the database locked.
    Busy,
    /// Anything else. The text names tables and columns, never values.
    Other(String),
}

impl Failure {
    pub(super) fn closed() -> Failure {
        Failure::Other("it is closed".to_owned())
    }
}

/// Result codes (<https://www.sqlite.org/rescode.html>): the low octet is the primary code.
const SQLITE_BUSY: i32 = 5;
const SQLITE_FULL: i32 = 13;
/// The log's index could not grow, which is how a full disk shows there.
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        if let sqlx::Error::Io(error) = error {
            return error.into();
        }
        let code = error.as_database_error().and_then(|error| error.code());
        let code: i32 = code.and_then(|code| code.parse().ok()).unwrap_or(0);
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
            Failure::Other(text) => f.write_str(text),
        }
    }
}

/// A value in the database that this program cannot have written.
pub(super) fn unreadable(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(format!("the {what} in the database cannot be read").into())
}
