//! Deliveries, leases and back-off. Declares [`Spool`]; knows no database and no SMTP.

mod backoff;
mod shape;
mod waiting;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::message::{Address, Boxed, DsnRequest, MessageId, Outbound, Purpose, RawMessage, TlsWish};

pub use backoff::next_attempt;
pub use shape::{AGES, By, Group, MINUTES, Tally, limits};
pub use waiting::{Waiting, WaitingFilter, WaitingOrder, WaitingRoom};

/// One recipient's copy on its way to the next hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The queue's own number, which commands name.
    pub id: i64,
    /// The message that it belongs to.
    pub message: MessageId,
    /// The recipient's place in the received envelope; 0 for a notice.
    pub place: u32,
    /// Whether this is mail or a notice of our own.
    pub purpose: Purpose,
    /// Reverse path.
    pub sender: Option<Address>,
    /// Forward path.
    pub recipient: Address,
    /// Deliveries with the same number send the same bytes and may share a transaction.
    pub body: i64,
    /// Octets of those bytes.
    pub size: u64,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was accepted.
    pub created: Timestamp,
    /// When it may be tried next.
    pub next_attempt: Timestamp,
    /// The last reply of the next hop, or why there was none. Empty before the first attempt.
    pub last_reply: String,
    /// What its sender asks of notices.
    #[serde(default, skip_serializing_if = "DsnRequest::is_empty")]
    pub dsn: DsnRequest,
    /// Whether its sender was told that it is late; settling records it.
    #[serde(default)]
    pub told_late: bool,
    /// What its sender asks of TLS on the way.
    #[serde(default, skip_serializing_if = "TlsWish::is_default")]
    pub tls: TlsWish,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waiting for `next_attempt`, or under a lease.
    Queued,
    /// An administrator stopped it; it waits for `release`.
    Held,
    /// An administrator gave it up: the next claim returns it at once, to be settled as failed.
    Bouncing,
    /// The next hop took it.
    Delivered,
    /// It failed for good and the sender was told (or it was a notice, and nobody can be told).
    Bounced,
}

impl State {
    /// Every state, in the order of a delivery's life.
    pub const ALL: [State; 5] = [
        State::Queued,
        State::Held,
        State::Bouncing,
        State::Delivered,
        State::Bounced,
    ];

    /// The name that stores keep and commands print: `queued`, `held`, `bouncing`, `delivered`, `bounced`.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Held => "held",
            State::Bouncing => "bouncing",
            State::Delivered => "delivered",
            State::Bounced => "bounced",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing will happen to the delivery any more.
    pub fn is_finished(self) -> bool {
        matches!(self, State::Delivered | State::Bounced)
    }
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The next hop took responsibility.
    Delivered {
        /// Its reply.
        reply: String,
    },
    /// Not now; try again at `next_attempt`.
    Deferred {
        /// Reply or reason.
        reply: String,
        /// When.
        next_attempt: Timestamp,
    },
    /// Never.
    Failed {
        /// Reply or reason.
        reply: String,
    },
}

/// Which deliveries a command means. Empty fields match everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// These numbers only.
    pub ids: Vec<i64>,
    /// This message only.
    pub message: Option<MessageId>,
    /// Recipients in this domain only.
    pub domain: Option<String>,
    /// This sender only, in any writing; an empty text is the null sender.
    pub sender: Option<String>,
    /// This recipient only, in any writing.
    pub recipient: Option<String>,
    /// Those accepted before.
    pub before: Option<Timestamp>,
    /// Those whose last reply has this text somewhere, in any writing.
    pub reply: Option<String>,
    /// This state only; with `None`, everything that is not finished.
    pub state: Option<State>,
}

/// What an administrator asks of deliveries that are not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Try now. Does nothing to a delivery that is held.
    Retry,
    /// Stop trying until `Release`.
    Hold,
    /// Go on after `Hold`.
    Release,
    /// Give up for good and tell the sender. It cannot be taken back. Notices are given up only when the filter
    /// names their numbers, since nobody would be told.
    Bounce,
}

/// The durable queue, as the delivering side needs it.
pub trait Spool: Send + Sync {
    /// Takes up to `limit` due deliveries under a lease until `lease_end`; no other claim returns them before.
    ///
    /// The oldest come first, and those that share a body come one after the other. A delivery in the state
    /// [`State::Bouncing`] must not be sent: settle it as [`Outcome::Failed`], with a notice. A lease must
    /// outlast the attempt, for an attempt that goes on after it may be made twice.
    fn claim(
        &self,
        now: Timestamp,
        lease_end: Timestamp,
        limit: u32,
    ) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>>;

    /// Waits for mail that this process has accepted just now, and takes up to `limit` of its deliveries, each under a
    /// lease that lasts `lease` or longer. It comes either this way or by a claim, never by both, and always by a claim
    /// when nobody asks here. One caller at a time. A future that is dropped takes nothing.
    ///
    /// A spool may hand over nothing: then it never returns.
    fn accepted(&self, lease: SignedDuration, limit: u32) -> Boxed<'_, Vec<Delivery>> {
        let _ = (lease, limit);
        Box::pin(std::future::pending())
    }

    /// The bytes of a delivery.
    fn body(&self, body: i64) -> Boxed<'_, Result<RawMessage, SpoolError>>;

    /// Records outcomes and enqueues the notices that tell of failures, in one transaction. Durable on return.
    ///
    /// A delivery that was held meanwhile stays held when it is deferred. One that is finished stays as it is.
    /// Bytes that no unfinished delivery needs any more are deleted.
    fn settle(
        &self,
        outcomes: Vec<(Delivery, Outcome)>,
        notices: Vec<(MessageId, Outbound)>,
    ) -> Boxed<'_, Result<(), SpoolError>>;

    /// Unfinished deliveries in order of age, or those that the filter names.
    fn list(&self, filter: Filter) -> Boxed<'_, Result<Vec<Delivery>, SpoolError>>;

    /// How many deliveries fit the filter, by what they have in common and by age; the biggest groups first.
    /// Counts in the database: no delivery is read.
    fn shape(&self, filter: Filter, by: By, now: Timestamp) -> Boxed<'_, Result<Vec<Group>, SpoolError>>;

    /// Carries out a command on all unfinished deliveries that the filter names; answers how many it changed.
    fn command(&self, filter: Filter, command: Command, now: Timestamp)
    -> Boxed<'_, Result<u64, SpoolError>>;

    /// Returns when there may be something new to claim: mail or a notice was enqueued, a command was given,
    /// or a while has passed. One caller at a time. A spool that cannot tell never returns, so use a timer too.
    fn changed(&self) -> Boxed<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// The spool could not do it; nothing changed.
#[derive(Debug, thiserror::Error)]
#[error("the queue's store did not answer: {0}")]
pub struct SpoolError(pub String);
