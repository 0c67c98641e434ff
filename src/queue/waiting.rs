//! Mail that waits for a recipient's certificate. Declares [`WaitingRoom`].
//!
//! A copy enters with the record of the message that it belongs to ([`Purpose::Waiting`]), and leaves with the record of
//! the decision that ends its wait, each in one transaction:
//! ```text
//!   commit ──▶ waiting ──commit_instead──▶ gone: what leaves in its place is in the queue, or the sender is told
//! ```
//! Between these two steps a crash changes nothing; in the middle of one, it leaves what was before.
//!
//! [`Purpose::Waiting`]: crate::message::Purpose::Waiting

use jiff::Timestamp;
use serde::Serialize;

use super::SpoolError;
use crate::message::{Address, Boxed, MessageId};

/// One copy that waits, sealed to the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its number, which commands name.
    pub id: i64,
    /// The message that it belongs to.
    pub message: MessageId,
    /// The recipient's place in the received envelope.
    pub place: u32,
    /// Who sent it, and is told.
    pub sender: Address,
    /// Whose certificate it waits for.
    pub recipient: Address,
    /// Where its bytes are: see [`super::Spool::body`].
    #[serde(skip)]
    pub body: i64,
    /// Octets of the sealed copy.
    pub size: u64,
    /// Since when it waits.
    pub since: Timestamp,
    /// When it ceases to.
    pub until: Timestamp,
    /// When it is looked at next.
    pub next_look: Timestamp,
}

/// Which copies are meant. Empty fields match everything.
#[derive(Debug, Clone, Default)]
pub struct WaitingFilter {
    /// These numbers only.
    pub ids: Vec<i64>,
    /// This message only.
    pub message: Option<MessageId>,
    /// This recipient only, in any writing.
    pub recipient: Option<Address>,
    /// Those whose next look is not later.
    pub due: Option<Timestamp>,
}

/// What is asked of copies that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingOrder {
    /// Look now whether there is a certificate.
    LookNow,
    /// Look again at that time, or when the wait is over.
    LookAt(Timestamp),
    /// The wait is over now.
    Expire,
}

/// The durable room where copies wait.
pub trait WaitingRoom: Send + Sync {
    /// Copies that the filter names, by age; at most `limit`.
    fn waiting(&self, filter: WaitingFilter, limit: u32) -> Boxed<'_, Result<Vec<Waiting>, SpoolError>>;

    /// Carries out an order on all copies that the filter names; answers how many.
    fn order(
        &self,
        filter: WaitingFilter,
        order: WaitingOrder,
        now: Timestamp,
    ) -> Boxed<'_, Result<u64, SpoolError>>;
}
