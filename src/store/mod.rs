//! The databases. Implements [`crate::queue::Spool`], [`crate::audit::Trail`] and [`crate::smime::Register`], one file
//! per kind of store.
//!
//! Every kind passes the same suite, `contract.rs`. To add one: a file or folder beside `sqlite/` and `postgres/`, a line in
//! [`Store::open`], a line in its tests that runs the suite.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::audit::{ChainState, Lookup, Record, Taken, Traced, Trail, TrailError};
use crate::message::{Boxed, MessageId, Outbound, RawMessage};
use crate::queue::{
    By, Command, Delivery, Filter, Group, Outcome, Spool, SpoolError, Waiting, WaitingFilter, WaitingOrder,
    WaitingRoom,
};
use crate::smime::{Capabilities, Entry, EntryState, Put, Register, RegisterError};

#[cfg(test)]
mod contract;
mod failure;
#[cfg(test)]
mod invariant;
mod place;
mod postgres;
mod published;
mod recent;
#[cfg(test)]
pub(crate) mod samples;
mod sqlite;
mod words;

/// Where things are kept: `[store]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The data directory: the database and large bodies. Nothing in it is personal information in clear.
    pub directory: PathBuf,
    /// Kibibytes up to which a body lives in the database row; larger ones are files beside it.
    pub inline_kb: u64,
    /// Mebibytes of free disk that new mail leaves alone, so that the mail that is here can always leave.
    pub reserve_mb: u64,
    /// Days for which finished deliveries and decision records are kept.
    pub keep_days: u64,
    /// The PostgreSQL that several gateways share; without it the store is in `directory` and belongs to one.
    pub url: Option<Url>,
    /// File with the password for `url` in its first line.
    pub password_file: Option<PathBuf>,
    /// What this gateway is called among the others; the host's name by default.
    pub gateway: Option<String>,
    /// Connections to PostgreSQL at most.
    pub connections: u32,
    /// Where the gateways that share a store have their policies from.
    pub policies: PolicySource,
}

/// Where a gateway has its policies from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicySource {
    /// From the folder that the settings name.
    #[default]
    Folder,
    /// From the store, where `sealgate policy publish` puts them for all gateways.
    Published,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            directory: PathBuf::from("/var/lib/sealgate"),
            inline_kb: 256,
            reserve_mb: 64,
            keep_days: 365,
            url: None,
            password_file: None,
            gateway: None,
            connections: 8,
            policies: PolicySource::Folder,
        }
    }
}

pub use place::Url;
pub use published::Publication;
use published::Publications;

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("the store in {place} cannot be opened: {reason}")]
pub struct OpenError {
    /// Where: a directory or a database.
    pub place: String,
    /// Why, and what to do.
    pub reason: String,
}

/// What a kind of store does beyond the trail, the spool and the register.
trait Kind: Trail + Spool + Register + WaitingRoom + Publications {
    fn purge(&self, now: Timestamp) -> Boxed<'_, Result<u64, SpoolError>>;
    fn verify_chain(&self) -> Boxed<'_, Result<ChainState, TrailError>>;
    fn sealed_since(&self, since: Timestamp) -> Boxed<'_, Result<BTreeMap<String, u64>, TrailError>>;
    /// Records a value that all gateways must have alike, if there is none yet; answers the one that counts.
    fn agree<'a>(&'a self, _name: &'a str, value: &'a str) -> Boxed<'a, Result<String, TrailError>> {
        Box::pin(async move { Ok(value.to_owned()) })
    }
    fn gateways(&self) -> Boxed<'_, Result<Gateways, TrailError>> {
        Box::pin(async { Ok(Gateways::new()) })
    }
    fn decides_by<'a>(&'a self, _policy: &'a str) -> Boxed<'a, Result<(), TrailError>> {
        Box::pin(async { Ok(()) })
    }
    fn close(&self) -> Boxed<'_, ()>;
}

/// A gateway that shares the store, as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gateway {
    /// Its number, a new one for each start.
    pub id: i64,
    /// What its settings call it.
    pub name: String,
    /// The version of its program.
    pub program: String,
    /// The policies that it decides by.
    pub policy: String,
    /// Since when it is at work, by the clock of the database.
    pub started: Timestamp,
    /// When it was last heard of, by the clock of the database.
    pub seen: Timestamp,
    /// Deliveries that it has under way.
    pub leases: i64,
}

/// All that are at work, by name.
pub type Gateways = Vec<Gateway>;

/// The store that the settings name. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    kind: Arc<dyn Kind>,
}

impl Store {
    /// Opens the store for the gateway itself, makes it when there is none, brings its schema up to date and
    /// undoes what a crash left: leases end, files that no row names are deleted. Call it inside a runtime.
    ///
    /// # Errors
    /// When the directory or database cannot be used, or another gateway has it open which does not share it.
    pub async fn open(settings: &Settings) -> Result<Store, OpenError> {
        if settings.is_shared() {
            return Ok(Store::of(postgres::Postgres::open(settings).await?));
        }
        Ok(Store::of(sqlite::Sqlite::open(settings).await?))
    }

    /// Opens a store that exists, for commands, also while a gateway has it open. Undoes nothing.
    ///
    /// # Errors
    /// When there is no store, or one of another version.
    pub async fn attach(settings: &Settings) -> Result<Store, OpenError> {
        if settings.is_shared() {
            let found = postgres::Postgres::attach(settings).await?;
            return found.map(Store::of).ok_or_else(|| OpenError {
                place: "the database of [store] url".to_owned(),
                reason: "there is no store. Is it the right database, and was a gateway ever started?"
                    .to_owned(),
            });
        }
        Ok(Store::of(sqlite::Sqlite::attach(settings).await?))
    }

    /// Like [`Store::attach`]; `None` when there is no store yet.
    ///
    /// # Errors
    /// When there is one that cannot be opened.
    pub async fn attach_if_any(settings: &Settings) -> Result<Option<Store>, OpenError> {
        if settings.is_shared() {
            return Ok(postgres::Postgres::attach(settings).await?.map(Store::of));
        }
        if !sqlite::Sqlite::exists(settings) {
            return Ok(None);
        }
        Store::attach(settings).await.map(Some)
    }

    fn of(kind: impl Kind + 'static) -> Store {
        Store { kind: Arc::new(kind) }
    }

    /// Records a value that all gateways which share the store must have alike, if there is none yet; answers the one
    /// that counts. A store that nobody shares agrees to everything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn agree(&self, name: &str, value: &str) -> Result<String, TrailError> {
        self.kind.agree(name, value).await
    }

    /// The gateways that share the store; none when it belongs to one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gateways(&self) -> Result<Gateways, TrailError> {
        self.kind.gateways().await
    }

    /// Tells the other gateways by which policies this one decides.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn decides_by(&self, policy: &str) -> Result<(), TrailError> {
        self.kind.decides_by(policy).await
    }

    /// Deletes records older than `keep_days` whose deliveries are finished, with their deliveries; answers how
    /// many. Per tenant it goes from the oldest on and stops at the first record that must stay, so that the
    /// rest of the hash chain can still be verified: a copy on hold keeps every younger record. Call it daily.
    ///
    /// # Errors
    /// When the database does not answer. What was deleted until then stays deleted.
    pub async fn purge(&self, now: Timestamp) -> Result<u64, SpoolError> {
        self.kind.purge(now).await
    }

    /// Verifies the hash chain over all kept records.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn verify_chain(&self) -> Result<ChainState, TrailError> {
        self.kind.verify_chain().await
    }

    /// How many copies left sealed to each recipient since then, by the address in lower case. Reads every record of
    /// that time: for commands, not for the path of a message.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sealed_since(&self, since: Timestamp) -> Result<BTreeMap<String, u64>, TrailError> {
        self.kind.sealed_since(since).await
    }

    /// Finishes what was asked for so far and lets go of the files. Everything asked later fails.
    pub async fn close(&self) {
        self.kind.close().await;
    }
}

impl Trail for Store {
    fn commit(&self, record: Record, outbounds: Vec<Outbound>) -> Boxed<'_, Result<(), TrailError>> {
        self.kind.commit(record, outbounds)
    }

    fn commit_instead(
        &self,
        waiting: i64,
        record: Record,
        outbounds: Vec<Outbound>,
    ) -> Boxed<'_, Result<(), TrailError>> {
        self.kind.commit_instead(waiting, record, outbounds)
    }

    fn latest(&self, limit: u32) -> Boxed<'_, Result<Vec<Taken>, TrailError>> {
        self.kind.latest(limit)
    }

    fn find(&self, lookup: Lookup) -> Boxed<'_, Result<Vec<Traced>, TrailError>> {
        self.kind.find(lookup)
    }
}

impl WaitingRoom for Store {
    fn waiting(&self, filter: WaitingFilter, limit: u32) -> Boxed<'_, Result<Vec<Waiting>, SpoolError>> {
        self.kind.waiting(filter, limit)
    }

    fn order(
        &self,
        filter: WaitingFilter,
        order: WaitingOrder,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        self.kind.order(filter, order, now)
    }
}

impl Spool for Store {
    fn claim(
        &self,
        now: Timestamp,
        lease_end: Timestamp,
        limit: u32,
    ) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        self.kind.claim(now, lease_end, limit)
    }

    fn accepted(&self, lease: SignedDuration, limit: u32) -> Boxed<'_, Vec<Delivery>> {
        self.kind.accepted(lease, limit)
    }

    fn body(&self, body: i64) -> Boxed<'_, Result<RawMessage, SpoolError>> {
        self.kind.body(body)
    }

    fn settle(
        &self,
        outcomes: Vec<(Delivery, Outcome)>,
        notices: Vec<(MessageId, Outbound)>,
    ) -> Boxed<'_, Result<(), SpoolError>> {
        self.kind.settle(outcomes, notices)
    }

    fn list(&self, filter: Filter) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>> {
        self.kind.list(filter)
    }

    fn shape(&self, filter: Filter, by: By, now: Timestamp) -> Boxed<'_, Result<Vec<Group>, SpoolError>> {
        self.kind.shape(filter, by, now)
    }

    fn command(
        &self,
        filter: Filter,
        command: Command,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>> {
        self.kind.command(filter, command, now)
    }

    fn changed(&self) -> Boxed<'_, ()> {
        self.kind.changed()
    }
}

impl Register for Store {
    fn look_up<'a>(&'a self, keys: &'a [String]) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        self.kind.look_up(keys)
    }

    fn page<'a>(&'a self, after: &'a str, limit: u32) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        self.kind.page(after, limit)
    }

    fn beginning_with<'a>(&'a self, digits: &'a str) -> Boxed<'a, Result<Vec<Entry>, RegisterError>> {
        self.kind.beginning_with(digits)
    }

    fn put(&self, entry: Entry) -> Boxed<'_, Result<Put, RegisterError>> {
        self.kind.put(entry)
    }

    fn set_state<'a>(
        &'a self,
        fingerprint: &'a str,
        state: EntryState,
        note: &'a str,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        self.kind.set_state(fingerprint, state, note)
    }

    fn set_capabilities<'a>(
        &'a self,
        fingerprint: &'a str,
        capabilities: Option<Capabilities>,
    ) -> Boxed<'a, Result<bool, RegisterError>> {
        self.kind.set_capabilities(fingerprint, capabilities)
    }

    fn remove<'a>(&'a self, fingerprint: &'a str) -> Boxed<'a, Result<bool, RegisterError>> {
        self.kind.remove(fingerprint)
    }
}
