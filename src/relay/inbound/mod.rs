//! The way in: mail from outside is verified, its signer's certificate is harvested, and it goes on to the
//! organisation's own server. Cryptography only: no content rules, nothing is searched, nothing is held back.
//!
//! Mail that is encrypted to a key of our own rests as it came, encrypted, and is opened on its way out.
//!
//! What cannot be read or verified goes on and is marked as such. Nothing is lost: the answer `250` is given when mail and
//! record are durable, like on the way out.

mod enrol;
mod harvest;
mod marks;
mod opening;
mod settings;

use jiff::Timestamp;

use crate::audit::{InboundRecord, RecipientRecord, Record};
use crate::message::{
    Address, Boxed, Envelope, Inspection, Leaving, MessageId, Outbound, Purpose, RawMessage,
};
use crate::policy::{Action, Decision, Need};
use crate::smime::Verification;
use crate::smtp::{Accept, Client, Reply, Turn};

use super::accept::{Arrival, DEADLINE, NotTaken};
use super::{Gateway, received, resent, server};

pub use enrol::Answered;
use harvest::Harvested;
pub use harvest::Strangers;
use opening::Look;
pub use settings::{Harvest, HarvestMode, Inbound};

/// The gateway as the server for mail from outside sees it.
pub struct Inward(pub std::sync::Arc<Gateway>);

impl Accept for Inward {
    fn sender(&self, _client: &Client, _sender: Option<&Address>) -> Result<(), Reply> {
        Ok(())
    }

    fn message(&self, client: Client, envelope: Envelope, raw: RawMessage, turn: Turn) -> Boxed<'_, Reply> {
        Box::pin(async move {
            let at = Timestamp::now();
            let arrival = Arrival {
                id: server::name(at),
                at,
                client,
                envelope,
                raw,
            };
            let id = arrival.id;
            match self.0.take_in(arrival, turn).await {
                Ok(id) => Reply::Accepted(id),
                Err(reason) => {
                    tracing::warn!(%id, %reason, "not taken in");
                    server::reply(&reason)
                }
            }
        })
    }

    fn unheard(&self, message: MessageId) {
        self.0.resent.unheard(message);
    }
}

impl Gateway {
    /// The whole path of a message from outside. When it returns `Ok`, everything that goes on is durable; when it returns
    /// `Err`, no copy of it was kept.
    async fn take_in(&self, arrival: Arrival, turn: Turn) -> Result<MessageId, NotTaken> {
        let fingerprint = self.resent.fingerprint("in", &arrival);
        if let Some(id) = self.resent.earlier(fingerprint.as_ref()) {
            return Ok(resent::log(id, &arrival));
        }
        let marker = self.identity.loops.pass(&arrival.raw)?;
        let share = self.copies.wait_for(arrival.raw.len().saturating_mul(3)).await;
        let share = share.ok_or(NotTaken::Interrupted)?;
        let prepared = tokio::time::timeout(DEADLINE, self.prepare_in(&arrival, &marker)).await;
        let (look, harvested, outbounds) = prepared.map_err(|_| NotTaken::TooSlow)??;
        turn.give_back();
        let verification = look.verification;
        let author = harvested.author();
        let mut record = record(&arrival, &verification, harvested.words(), look.decryption);
        record.fingerprint.clone_from(&fingerprint);
        let (id, signature) = (record.id, arrival_words(&verification));
        self.trail.commit(record, outbounds).await?;
        drop(share);
        self.resent.taken(id, fingerprint);
        tracing::info!(%id, client = %arrival.client.address, size = arrival.raw.len(), signature, "taken in");
        if let Some(author) = author {
            self.wake_those_who_wait_for(author).await;
        }
        Ok(id)
    }

    async fn prepare_in(
        &self,
        arrival: &Arrival,
        marker: &str,
    ) -> Result<(Look, Harvested, Vec<Outbound>), NotTaken> {
        let look = opening::look(self.rulebook(), arrival).await;
        let verification = &look.verification;
        let (harvested, mut outbounds) = self.harvest(arrival, verification).await?;
        outbounds.extend(self.answer(arrival, verification, &harvested)?);
        outbounds.extend(self.forward(arrival, verification, marker));
        Ok((look, harvested, outbounds))
    }

    /// What goes on to the organisation's own server: the message as it came below two fields of the gateway. Mail to the
    /// enrolment address ends here.
    fn forward(&self, arrival: &Arrival, verification: &Verification, marker: &str) -> Option<Outbound> {
        let recipients = (1..).zip(arrival.envelope.recipients.iter().cloned());
        let recipients: Vec<(u32, Address)> = recipients
            .filter(|(_, recipient)| !self.is_enrolment(recipient))
            .collect();
        if recipients.is_empty() {
            return None;
        }
        let hostname = &self.identity.hostname;
        let marked = marks::mark(&arrival.raw, hostname, &result(verification));
        Some(Outbound {
            sender: arrival.envelope.sender.clone(),
            recipients,
            body: received::stamp(&marked, &arrival.client, hostname, arrival.id, arrival.at, marker),
            purpose: Purpose::Inbound,
            leaving: Leaving::Clear,
            tls: arrival.envelope.tls,
        })
    }

    fn is_enrolment(&self, recipient: &Address) -> bool {
        let enrol = self.identity.enrol.as_ref();
        enrol.is_some_and(|enrol| enrol.key() == recipient.key())
    }
}

/// The result as RFC 7281 §4 writes it.
fn result(verification: &Verification) -> String {
    use marks::quoted;
    match verification {
        Verification::NotSigned => "smime=none".to_owned(),
        Verification::Faulty(fault) if fault.is_unreadable() => {
            format!("smime=permerror reason={}", quoted(&fault.to_string()))
        }
        Verification::Faulty(fault) => format!("smime=fail reason={}", quoted(&fault.to_string())),
        Verification::Untrusted(signed, verdict) => format!(
            "smime=fail reason={}\r\n\tbody.smime-serial={}",
            quoted(&crate::audit::verdict(verdict)),
            signed.signer.serial()
        ),
        Verification::Valid(signed) => format!(
            "smime=pass body.smime-identifier={}\r\n\tbody.smime-serial={}",
            quoted(&signed.author.to_string()),
            signed.signer.serial()
        ),
    }
}

/// One word for the log.
fn arrival_words(verification: &Verification) -> &'static str {
    match verification {
        Verification::NotSigned => "none",
        Verification::Faulty(_) => "faulty",
        Verification::Untrusted(..) => "untrusted",
        Verification::Valid(_) => "valid",
    }
}

fn record(
    arrival: &Arrival,
    verification: &Verification,
    harvest: Option<String>,
    decryption: Option<String>,
) -> Record {
    let (signer, reason) = match verification {
        Verification::NotSigned => (None, None),
        Verification::Faulty(fault) => (None, Some(fault.to_string())),
        Verification::Untrusted(signed, verdict) => {
            (Some(&signed.signer), Some(crate::audit::verdict(verdict)))
        }
        Verification::Valid(signed) => (Some(&signed.signer), None),
    };
    let recipient = |(place, recipient): (u32, &Address)| RecipientRecord {
        id: arrival.id.decision(place),
        decision: Decision {
            recipient: recipient.clone(),
            action: Action::Pass,
        },
        certificates: Vec::new(),
        leaving: Some(Leaving::Clear),
    };
    Record {
        id: arrival.id,
        tenant: Record::DEFAULT_TENANT.to_owned(),
        message_id: None,
        received: arrival.at,
        client: arrival.client.address.to_string(),
        user: arrival.client.user.clone(),
        sender: arrival.envelope.sender.clone(),
        size: arrival.raw.len() as u64,
        policy: String::new(),
        inspection: Inspection::default(),
        need: Need::default(),
        recipients: (1..).zip(&arrival.envelope.recipients).map(recipient).collect(),
        dsn: arrival.envelope.dsn.clone(),
        tls: arrival.envelope.tls,
        notice: false,
        signing: None,
        inbound: Some(InboundRecord {
            signature: arrival_words(verification).to_owned(),
            reason,
            signer: signer.map(|signer| signer.fingerprint().to_owned()),
            harvest,
            decryption,
        }),
        instead_of: None,
        fingerprint: None,
    }
}
