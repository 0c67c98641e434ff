//! The register: certificates that the store keeps, one row each, with where each came from and whether it may be
//! used. Declares [`Register`]; knows no database.
//!
//! An entry is in use, waits for an administrator, or is vouched for by one:
//! ```text
//!   put (waiting) ──▶ waiting ──approve──▶ in use, vouched
//!   put (in use)  ──▶ in use                                 any ──remove──▶ gone
//! ```
//! Seeing a certificate again makes its entry younger, never weaker: it may take it into use, never out of it.
//! To keep one out for good, deny it ([`super::Denied`]); one that is removed may come again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::message::{Boxed, Origin};

use super::{Certificate, naming};

/// One certificate in the register.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Itself.
    pub certificate: Arc<Certificate>,
    /// Where it came from first, or that an administrator has imported it.
    pub origin: Origin,
    /// Whether it may be used.
    pub state: EntryState,
    /// When it came.
    pub first_seen: jiff::Timestamp,
    /// When it was seen last.
    pub last_seen: jiff::Timestamp,
    /// What its owner's program can decrypt, as that program has said.
    pub capabilities: Option<Capabilities>,
    /// For administrators: from whom, why. One line, no personal information.
    pub note: String,
}

impl Entry {
    /// A certificate that was seen at `now` for the first time.
    pub fn new(
        certificate: Arc<Certificate>,
        origin: Origin,
        state: EntryState,
        now: jiff::Timestamp,
    ) -> Entry {
        Entry {
            certificate,
            origin,
            state,
            first_seen: now,
            last_seen: now,
            capabilities: None,
            note: String::new(),
        }
    }

    /// What a store files it under, each once. [`Register::look_up`] is asked for the same.
    pub fn keys(&self) -> Vec<String> {
        naming::keys(&self.certificate)
    }
}

/// Whether a certificate in the register may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryState {
    /// It is judged like one from the recipients' folder.
    InUse,
    /// It is not used until an administrator approves it.
    Waiting,
    /// An administrator vouches for this certificate alone: it needs no path to an anchor. Everything else that is
    /// asked of a certificate is asked of it, too.
    Vouched,
}

impl EntryState {
    /// Every state.
    pub const ALL: [EntryState; 3] = [EntryState::InUse, EntryState::Waiting, EntryState::Vouched];

    /// The name that stores keep and commands print.
    pub fn name(self) -> &'static str {
        match self {
            EntryState::InUse => "in-use",
            EntryState::Waiting => "waiting",
            EntryState::Vouched => "vouched",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<EntryState> {
        EntryState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// SMIMECapabilities (RFC 8551 §2.5.2) in DER, as they were received; not read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities(pub Vec<u8>);

/// What [`Register::put`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The first certificate for everything that it names.
    New,
    /// It was there; it is younger now.
    Refreshed,
    /// It was not there, and others were, for an address or a domain that it names: their fingerprints, in order.
    Changed(Vec<String>),
}

/// The durable register. What a method has answered is durable.
pub trait Register: Send + Sync {
    /// All entries that are filed under one of the keys, in any state, each once.
    fn look_up<'a>(&'a self, keys: &'a [String]) -> Boxed<'a, Result<Vec<Entry>, RegisterError>>;

    /// Up to `limit` entries in the order of their fingerprints, beginning behind `after` (`""`: at the first one).
    fn page<'a>(&'a self, after: &'a str, limit: u32) -> Boxed<'a, Result<Vec<Entry>, RegisterError>>;

    /// Entries whose fingerprint begins with these lower-case hexadecimal digits, at most ten.
    fn beginning_with<'a>(&'a self, digits: &'a str) -> Boxed<'a, Result<Vec<Entry>, RegisterError>>;

    /// Inserts an entry, or refreshes the one of the same certificate:
    /// - `first_seen` is the earliest, `last_seen` the latest of both;
    /// - the state changes from waiting to in use or vouched, or from in use to vouched, and in no other way;
    /// - when an administrator has imported one of both, that is the origin;
    /// - capabilities and note are the new ones if there are any.
    fn put(&self, entry: Entry) -> Boxed<'_, Result<Put, RegisterError>>;

    /// Sets state and note; false when there is no such certificate.
    fn set_state<'a>(
        &'a self,
        fingerprint: &'a str,
        state: EntryState,
        note: &'a str,
    ) -> Boxed<'a, Result<bool, RegisterError>>;

    /// Sets what its owner's program can decrypt; false when there is no such certificate.
    fn set_capabilities<'a>(
        &'a self,
        fingerprint: &'a str,
        capabilities: Option<Capabilities>,
    ) -> Boxed<'a, Result<bool, RegisterError>>;

    /// Removes an entry; false when there is none.
    fn remove<'a>(&'a self, fingerprint: &'a str) -> Boxed<'a, Result<bool, RegisterError>>;
}

/// The register could not do it; nothing changed.
#[derive(Debug, thiserror::Error)]
#[error("the register of certificates did not answer: {0}")]
pub struct RegisterError(pub String);
