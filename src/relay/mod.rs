//! The path of a message: [`Gateway::accept`] takes it in, [`Gateway::deliver`] brings it out.
//!
//! This is the only module that knows all stages. Stages never call each other; what one needs of another is
//! handed over here.
//!
//! # What a crash leaves
//! | moment | on disk | who has the message |
//! |---|---|---|
//! | before the commit | nothing | the mail server: it got no `250` |
//! | after the commit, before the `250` | everything that leaves, sealed | both: the mail server may send it again, which `resent` recognises |
//! | after the `250` | the same | the gateway |
//! | after the next hop's `250`, before it is settled | a delivery under a lease | both: it may be sent again |

mod accept;
mod bundle;
mod conformance;
mod header;
mod inbound;
mod lanes;
mod lookup;
mod loops;
mod outgoing;
mod received;
mod resent;
mod room;
mod server;
mod signing;
mod stamp;
mod summary;
mod tls_wish;
mod told;
mod waiting;

use std::sync::{Arc, RwLock};

use tokio::sync::Notify;

use crate::audit::{Trail, TrailError};
use crate::deliver::{Courier, Limits};
use crate::dkim::Dkim;
use crate::inspect::Inspector;
use crate::message::{Address, Purpose, is_listed};
use crate::queue::{Delivery, Spool, WaitingRoom};
use crate::smime::{Certificates, Register, Vault};

pub use bundle::Rulebook;
pub use conformance::{Conformance, Mode as ConformanceMode};
use inbound::{Answered, Strangers};
pub use inbound::{Harvest, HarvestMode, Inbound, Inward};
pub use loops::{LoopGuard, Loops};
use resent::Resent;
use room::Room;

/// What the gateway knows about its own organisation.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The gateway's host name.
    pub hostname: String,
    /// The organisation's own domains, in lower case; `*.agency.example` means everything below it.
    pub domains: Vec<String>,
    /// Hours after which a delivery that does not succeed is given up.
    pub give_up_hours: u64,
    /// Hours after which the sender of mail that is still waiting is told.
    pub delay_notice_hours: u64,
    /// Deliveries under way at once.
    pub concurrency: usize,
    /// Where partners send signed mail to.
    pub enrol: Option<Address>,
    /// Answers that the enrolment address gives in an hour.
    pub answers_per_hour: u32,
    /// What happens with certificates from signed mail.
    pub harvest: HarvestMode,
    /// Who is told of new certificates.
    pub administrator: Option<Address>,
    /// Tells mail that goes in circles.
    pub loops: LoopGuard,
    /// What is done about messages that are not as RFC 5322 wants them.
    pub conformance: ConformanceMode,
    /// Whether `TLS-Required: No` counts for mail that needs no protection.
    pub heeds_tls_required_no: bool,
    /// Octets of mail that may be in memory on its way out; sealed copies may take [`COPIES`] halves of it.
    pub memory: usize,
}

/// A transaction may have as many recipients times octets as fit into the memory for arriving mail once. Base 64
/// adds three eighths to each sealed copy, and the message itself is there twice: two and a half times, rounded up.
const COPIES: usize = 5;

/// Where the gateway keeps what must last.
pub struct Stores {
    /// Decision records.
    pub trail: Arc<dyn Trail>,
    /// The queue.
    pub spool: Arc<dyn Spool>,
    /// What waits for a certificate.
    pub waiting: Arc<dyn WaitingRoom>,
    /// Certificates that came by mail and by hand.
    pub register: Arc<dyn Register>,
}

/// Who brings mail to its next hop.
pub struct Couriers {
    /// Mail that leaves, and notices.
    pub outward: Courier,
    /// Mail from outside, if there is a way in.
    pub inward: Option<Courier>,
}

impl Couriers {
    fn of(&self, purpose: Purpose) -> &Courier {
        match (&self.inward, purpose) {
            (Some(inward), Purpose::Inbound) => inward,
            _ => &self.outward,
        }
    }

    fn next_hop(&self, delivery: &Delivery) -> std::borrow::Cow<'_, str> {
        self.of(delivery.purpose).next_hop(&delivery.recipient)
    }

    fn limits(&self, delivery: &Delivery) -> Limits {
        self.of(delivery.purpose).limits(&delivery.recipient)
    }

    fn longest_delivery(&self) -> std::time::Duration {
        let inward = self.inward.as_ref().map(Courier::longest_delivery);
        self.outward.longest_delivery().max(inward.unwrap_or_default())
    }
}

/// The gateway: all stages, joined.
pub struct Gateway {
    identity: Identity,
    inspector: Inspector,
    rulebook: RwLock<Arc<Rulebook>>,
    trail: Arc<dyn Trail>,
    spool: Arc<dyn Spool>,
    waiting: Arc<dyn WaitingRoom>,
    register: Arc<dyn Register>,
    couriers: Couriers,
    vault: Arc<Vault>,
    dkim: Arc<Dkim>,
    answered: Answered,
    /// Mail that may come again.
    resent: Resent,
    /// Certificates of unknown issuers that came lately.
    strangers: Strangers,
    /// Told when a certificate has come that something waits for.
    wake: Notify,
    /// For copies that are made and not yet stored.
    copies: Room,
    /// For bodies that are being delivered.
    bodies: Room,
}

impl Gateway {
    /// Joins the stages.
    pub fn new(
        identity: Identity,
        inspector: Inspector,
        rulebook: Rulebook,
        stores: Stores,
        couriers: Couriers,
        vault: Vault,
    ) -> Gateway {
        Gateway {
            copies: Room::new(identity.memory.saturating_mul(COPIES) / 2),
            bodies: Room::new(identity.memory),
            resent: Resent::new(identity.loops.secret().clone()),
            identity,
            inspector,
            rulebook: RwLock::new(Arc::new(rulebook)),
            trail: stores.trail,
            spool: stores.spool,
            waiting: stores.waiting,
            register: stores.register,
            couriers,
            vault: Arc::new(vault),
            dkim: Arc::default(),
            answered: Answered::default(),
            strangers: Strangers::default(),
            wake: Notify::new(),
        }
    }

    /// Expects mail again whose answer got lost when the last gateway on this store stopped. Call it before mail is taken.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn expect_resent(&self) -> Result<(), TrailError> {
        self.resent.started(self.trail.latest(resent::LATEST).await?);
        Ok(())
    }

    /// With signatures of its domains on what leaves.
    #[must_use]
    pub fn with_dkim(self, dkim: Dkim) -> Gateway {
        Gateway {
            dkim: Arc::new(dkim),
            ..self
        }
    }

    /// Puts a new rulebook in force for every message that arrives from now on.
    pub fn replace_rulebook(&self, rulebook: Rulebook) {
        let mut current = self
            .rulebook
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *current = Arc::new(rulebook);
    }

    /// Puts other certificates in force, and leaves the rest of the rulebook as it is.
    pub fn replace_certificates(&self, certificates: Certificates) {
        let mut current = self
            .rulebook
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        *current = Arc::new(Rulebook {
            certificates,
            ..Rulebook::clone(&current)
        });
    }

    /// The certificates in force.
    pub fn certificates(&self) -> Certificates {
        self.rulebook().certificates.clone()
    }

    /// The readers, for replacing their rules together with the rulebook.
    pub fn inspector(&self) -> &Inspector {
        &self.inspector
    }

    /// What is in force.
    pub fn rulebook(&self) -> Arc<Rulebook> {
        Arc::clone(
            &self
                .rulebook
                .read()
                .unwrap_or_else(|poisoned| poisoned.into_inner()),
        )
    }
}

impl Identity {
    /// Whether `domain` (in lower case) is one of the organisation's own.
    pub fn owns(&self, domain: &str) -> bool {
        is_listed(domain, &self.domains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_own_only_when_it_is_listed() {
        let domains = vec!["agency.example".to_owned(), "*.state.example".to_owned()];
        let identity = Identity {
            hostname: "gate.agency.example".to_owned(),
            domains,
            give_up_hours: 1,
            delay_notice_hours: 1,
            concurrency: 1,
            enrol: None,
            answers_per_hour: 1,
            harvest: HarvestMode::Off,
            administrator: None,
            loops: LoopGuard::new(Loops::default(), crate::message::Secret::passing().unwrap()),
            conformance: ConformanceMode::Off,
            heeds_tls_required_no: false,
            memory: 1,
        };
        for own in ["agency.example", "a.state.example", "b.a.state.example"] {
            assert!(identity.owns(own), "{own}");
        }
        for foreign in [
            "state.example",
            "evilagency.example",
            "x.agency.example",
            "evilstate.example",
            "",
        ] {
            assert!(!identity.owns(foreign), "{foreign}");
        }
    }
}
