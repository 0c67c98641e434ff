//! Decision records: what was decided, on what grounds, and what left. Declares [`Trail`].
//!
//! A record holds no personal information: findings are masked, and no subject or body is kept. Each record is
//! chained to the one before it ([`link`]), so that a record changed or removed later is noticed.

mod chain;
mod explain;
mod page;
#[cfg(test)]
pub(crate) mod samples;
mod words;

pub use chain::{CHAIN_START, ChainState, Hash, Walk, link};
pub use explain::explain;
pub use page::printable;
pub use words::{signing_verdict, verdict};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{
    Address, Boxed, Considered, DecisionId, DsnRequest, Fingerprint, Inspection, Leaving, MessageId,
    Outbound, TlsWish,
};
use crate::policy::{Decision, Need};

/// One message's way through the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The transaction.
    pub id: MessageId,
    /// The tenant (agency) that it belongs to.
    pub tenant: String,
    /// The header's Message-ID, with its angle brackets, when there is a plain one.
    pub message_id: Option<String>,
    /// When it arrived.
    pub received: Timestamp,
    /// The host that handed it over.
    pub client: String,
    /// The user who had proved a password to send it, if one had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Reverse path.
    pub sender: Option<Address>,
    /// Octets received.
    pub size: u64,
    /// Names the policy bundle that decided.
    pub policy: String,
    /// What inspection said.
    pub inspection: Inspection,
    /// Why protection was needed.
    pub need: Need,
    /// One entry per recipient, in the order of the envelope.
    pub recipients: Vec<RecipientRecord>,
    /// What the sender asked of notices about each of them; empty when nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dsn: Vec<DsnRequest>,
    /// What the sender asked of TLS on the way.
    #[serde(default, skip_serializing_if = "TlsWish::is_default")]
    pub tls: TlsWish,
    /// Whether the sender was sent a notice.
    pub notice: bool,
    /// Which own keys were weighed to sign with; `None` when nothing was to be signed, or there are none for the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing: Option<SigningRecord>,
    /// Of mail from outside: what its signature was worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<InboundRecord>,
    /// The decision to let a copy wait, whose wait this record ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<DecisionId>,
    /// What it is recognised by when its client sends it again without having heard the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
}

/// The part of a record that concerns the signature of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningRecord {
    /// The certificates of the keys that were weighed, best first.
    pub considered: Vec<Considered>,
    /// Why it left unsigned, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsigned: Option<String>,
}

/// What was said of the signature of mail from outside. It names no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundRecord {
    /// `none`, `valid`, `faulty` or `untrusted`.
    pub signature: String,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// SHA-256 of the signer's certificate, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// What became of the certificate that it brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harvest: Option<String>,
    /// Of mail that came encrypted: whether it could be opened, and with what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decryption: Option<String>,
}

impl Record {
    /// The tenant of an installation that has only one.
    pub const DEFAULT_TENANT: &'static str = "default";
}

/// The part of a record that concerns one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientRecord {
    /// The decision's name.
    pub id: DecisionId,
    /// What was decided.
    pub decision: Decision,
    /// Certificates that were weighed, each with its verdict.
    pub certificates: Vec<Considered>,
    /// In what form it leaves; `None` when it does not.
    pub leaving: Option<Leaving>,
}

/// How a record is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// By the gateway's id.
    Id(MessageId),
    /// By the header's Message-ID, with angle brackets.
    MessageId(String),
}

/// As much of a record as tells whether the same message comes again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// The transaction.
    pub id: MessageId,
    /// When it arrived.
    pub received: Timestamp,
    /// What it is recognised by.
    #[serde(default)]
    pub fingerprint: Option<Fingerprint>,
}

/// What the trail answers about one message.
#[derive(Debug, Clone)]
pub struct Traced {
    /// The record.
    pub record: Record,
    /// Whether the record's place in the hash chain was verified.
    pub intact: bool,
    /// What became of each copy: place in the envelope (0 for the notice), state in words, last reply.
    pub deliveries: Vec<(u32, String, String)>,
}

/// The durable trail of decisions.
pub trait Trail: Send + Sync {
    /// Writes the record and enqueues everything that leaves, in **one** transaction. Durable on return.
    ///
    /// `outbounds` are the recipients' copies, and the notice (place 0) if there is one.
    fn commit(&self, record: Record, outbounds: Vec<Outbound>) -> Boxed<'_, Result<(), TrailError>>;

    /// The same, and in the same transaction the copy with this number ceases to wait (see
    /// [`Purpose::Waiting`](crate::message::Purpose::Waiting)): `record` says how its wait ended.
    ///
    /// Fails, and keeps nothing, when the copy does not wait any more.
    fn commit_instead(
        &self,
        waiting: i64,
        record: Record,
        outbounds: Vec<Outbound>,
    ) -> Boxed<'_, Result<(), TrailError>>;

    /// The newest records of all tenants, newest first. What it tells of is durable, also when the gateway that wrote it was
    /// killed before it had made it so.
    fn latest(&self, limit: u32) -> Boxed<'_, Result<Vec<Taken>, TrailError>>;

    /// All records that fit, newest first.
    fn find(&self, lookup: Lookup) -> Boxed<'_, Result<Vec<Traced>, TrailError>>;
}

/// The trail could not do it; nothing was kept.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Anything else.
    #[error("the record store did not answer: {0}")]
    Unavailable(String),
}
