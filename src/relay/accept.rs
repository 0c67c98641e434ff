//! From the end of DATA to the reply: read, decide, seal, store.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;

use crate::audit::{RecipientRecord, Record, TrailError};
use crate::inspect::NoReader;
use crate::message::{Address, Envelope, Inspection, Leaving, MessageId, Outbound, RawMessage};
use crate::notice::{About, NoticeError};
use crate::policy::{Action, Decision, Judgment, Recipient, Refusal, decide};
use crate::protect::{NotMade, Way, protect};
use crate::smime::{Choice, LookupError, SealError};
use crate::smtp::Client;

use super::room::Share;
use super::summary::Summary;
use super::{Gateway, Rulebook, received};

/// Recipients whose certificates are looked up at once: a directory may take its time for each.
const LOOKED_UP_AT_ONCE: usize = 16;

/// How long it may take until the commit begins, before the mail server is told to come back later. The commit
/// itself is waited for: who stops in the middle of it does not know what to answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// A message as it came in, with the name that it got.
pub struct Arrival {
    /// The gateway's name for the transaction.
    pub id: MessageId,
    /// When it came.
    pub at: Timestamp,
    /// Who handed it over.
    pub client: Client,
    /// Who writes to whom.
    pub envelope: Envelope,
    /// The exact bytes.
    pub raw: RawMessage,
}

/// Why a message was not taken. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Some recipient's copy must not leave, and the null sender cannot be told by mail.
    #[error("mail without a return address is refused: {0}")]
    NobodyToTell(String),
    /// It has been through too many relays.
    #[error("too many hops: this looks like a mail loop")]
    Loop,
    /// No reader was free.
    #[error(transparent)]
    NoReader(#[from] NoReader),
    /// A certificate source did not answer.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A copy could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The copies for all recipients together would need more memory than there may be.
    #[error("too large to be encrypted for so many recipients at once; send it to fewer at a time")]
    TooManyCopies,
    /// It was decided to encrypt to a certificate that was not chosen: a mistake in the gateway.
    #[error("the decision and the certificate do not belong together")]
    NoSuchCertificate,
    /// The notice could not be written.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] TrailError),
    /// It took longer than the deadline.
    #[error("the message could not be handled within {} s", DEADLINE.as_secs())]
    TooSlow,
    /// A task of the gateway ended before its time.
    #[error("a part of the gateway stopped while it handled the message")]
    Interrupted,
}

impl Gateway {
    /// The whole path of one message. When it returns `Ok`, everything that leaves is sealed and durable;
    /// when it returns `Err`, nothing was kept.
    ///
    /// # Errors
    /// [`NotTaken`] says whether the mail server should try again.
    pub async fn accept(&self, arrival: Arrival) -> Result<MessageId, NotTaken> {
        let (record, outbounds, share) = tokio::time::timeout(DEADLINE, self.prepare(arrival))
            .await
            .map_err(|_| NotTaken::TooSlow)??;
        let summary = Summary::of(&record);
        self.trail.commit(record, outbounds).await?;
        drop(share);
        Ok(summary.log())
    }

    async fn prepare(&self, arrival: Arrival) -> Result<(Record, Vec<Outbound>, Share), NotTaken> {
        if received::hops(&arrival.raw) > received::HOP_LIMIT {
            return Err(NotTaken::Loop);
        }
        let rulebook = self.rulebook();
        let inspection = self.inspector.inspect(&arrival.raw).await?;
        let (choices, unknown) = self.choose_certificates(&rulebook, &arrival).await;
        let judgment = decide(
            &rulebook.policy,
            &inspection,
            &self.facts(&arrival.envelope, &choices),
        );
        unknown.matters_to(&judgment.decisions)?;
        let notice = notice(&rulebook, &arrival, &inspection, &judgment)?;
        let ways = ways(&judgment.decisions, &choices)?;
        let (mut outbounds, share) = self.protect(&arrival, ways, inspection.secret_fields()).await?;
        let record = record(
            &rulebook,
            arrival,
            inspection,
            judgment,
            &choices,
            &outbounds,
            notice.is_some(),
        );
        outbounds.extend(notice);
        Ok((record, outbounds, share))
    }

    /// One choice for each recipient, in their order, and what could not be looked up.
    async fn choose_certificates(&self, rulebook: &Rulebook, arrival: &Arrival) -> (Vec<Choice>, Unknown) {
        let mut asked = Vec::with_capacity(arrival.envelope.recipients.len());
        for recipient in &arrival.envelope.recipients {
            let profile = rulebook.policy.profile(recipient);
            asked.push(rulebook.certificates.choose(recipient, profile, arrival.at));
        }
        let asked = futures_util::stream::iter(asked).buffered(LOOKED_UP_AT_ONCE);
        let all: Vec<_> = asked.collect().await;
        let mut unknown = Unknown::default();
        let known = |(place, choice): (usize, Result<Choice, LookupError>)| {
            choice.unwrap_or_else(|error| {
                unknown.0.push((place, error));
                Choice::none()
            })
        };
        let choices = all.into_iter().enumerate().map(known).collect();
        (choices, unknown)
    }

    fn facts(&self, envelope: &Envelope, choices: &[Choice]) -> Vec<Recipient> {
        let pairs = envelope.recipients.iter().zip(choices);
        pairs
            .map(|(address, choice)| Recipient {
                address: address.clone(),
                own_domain: self.identity.owns(address.domain()),
                certificates: choice.considered.clone(),
            })
            .collect()
    }

    /// Sealing costs memory, which it waits for, and processor time, so it leaves the threads that serve
    /// sessions alone. It ends when this future is dropped.
    async fn protect(
        &self,
        arrival: &Arrival,
        ways: Vec<(u32, Address, Way)>,
        secret: Vec<String>,
    ) -> Result<(Vec<Outbound>, Share), NotTaken> {
        let octets = octets(&arrival.raw, &ways);
        if ways.len() > 1 && !self.copies.can_hold(octets) {
            return Err(NotTaken::TooManyCopies);
        }
        let share = self.copies.wait_for(octets).await.ok_or(NotTaken::Interrupted)?;
        let stamped = received::stamp(
            &arrival.raw,
            &arrival.client,
            &self.identity.hostname,
            arrival.id,
            arrival.at,
        );
        let sender = arrival.envelope.sender.clone();
        let (answer, made) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let wanted = || !answer.is_closed();
            let copies = protect(sender.as_ref(), &stamped, &ways, &secret, wanted);
            // Unwanted copies are dropped here, with their share.
            let _ = answer.send((copies, share));
        });
        match made.await {
            Ok((Ok(copies), share)) => Ok((copies, share)),
            Ok((Err(NotMade::Seal(error)), _)) => Err(error.into()),
            Ok((Err(NotMade::Unwanted), _)) | Err(_) => Err(NotTaken::Interrupted),
        }
    }
}

/// Recipients, by their index, of whose certificates nothing is known because a source did not answer.
#[derive(Default)]
struct Unknown(Vec<(usize, LookupError)>);

impl Unknown {
    /// Fails when a copy was refused for want of a certificate that may well exist. Mail that needs none goes on.
    fn matters_to(self, decisions: &[Decision]) -> Result<(), LookupError> {
        let wanting = |decision: &Decision| {
            let refusal = match &decision.action {
                Action::Refuse { refusal } => refusal,
                _ => return false,
            };
            matches!(
                refusal,
                Refusal::NoCertificate | Refusal::NoUsableCertificate { .. }
            )
        };
        let mut all = self.0.into_iter();
        match all.find(|(place, _)| decisions.get(*place).is_none_or(wanting)) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}

/// What the copies may take: the message with its new field, and base 64 of it for every sealed copy.
fn octets(raw: &RawMessage, ways: &[(u32, Address, Way)]) -> usize {
    /// For header fields, certificates' names and keys.
    const AROUND: usize = 2048;
    let is_sealed = |way: &&(u32, Address, Way)| matches!(way.2, Way::Smime(..));
    let sealed = ways.iter().filter(is_sealed).count();
    let copy = raw.len() + raw.len() * 3 / 8 + AROUND;
    raw.len().saturating_add(copy.saturating_mul(sealed))
}

/// The one notice to the sender, when any recipient was refused.
fn notice(
    rulebook: &Rulebook,
    arrival: &Arrival,
    inspection: &Inspection,
    judgment: &Judgment,
) -> Result<Option<Outbound>, NotTaken> {
    let mut refusals = judgment
        .decisions
        .iter()
        .filter_map(|decision| match &decision.action {
            Action::Refuse { refusal } => Some(refusal),
            _ => None,
        });
    let Some(refusal) = refusals.next() else {
        return Ok(None);
    };
    let Some(sender) = arrival.envelope.sender.clone() else {
        return Err(NotTaken::NobodyToTell(refusal.in_short().to_owned()));
    };
    let about = About {
        id: arrival.id,
        sender,
        message_id: inspection.structure.message_id.clone(),
        received: arrival.at,
        now: arrival.at,
    };
    Ok(Some(rulebook.notices.refused(&about, inspection, judgment)?))
}

/// Which way each recipient's copy goes; refused recipients have none.
///
/// # Errors
/// When a decision to encrypt names another certificate than the one that was chosen, or there is none.
fn ways(decisions: &[Decision], choices: &[Choice]) -> Result<Vec<(u32, Address, Way)>, NotTaken> {
    let mut ways = Vec::new();
    for ((place, decision), choice) in (1..).zip(decisions).zip(choices) {
        let way = match (&decision.action, &choice.chosen) {
            (Action::Pass, _) => Way::Pass,
            (Action::PassEncrypted { with }, _) => Way::PassEncrypted(*with),
            (Action::Encrypt { certificate, profile }, Some(chosen))
                if chosen.fingerprint() == certificate =>
            {
                Way::Smime(Arc::clone(chosen), *profile)
            }
            (Action::Encrypt { .. }, _) => return Err(NotTaken::NoSuchCertificate),
            (Action::Refuse { .. }, _) => continue,
        };
        ways.push((place, decision.recipient.clone(), way));
    }
    Ok(ways)
}

fn record(
    rulebook: &Rulebook,
    arrival: Arrival,
    mut inspection: Inspection,
    judgment: Judgment,
    choices: &[Choice],
    outbounds: &[Outbound],
    notice: bool,
) -> Record {
    let leaving = |place: u32| -> Option<Leaving> {
        let own = outbounds
            .iter()
            .find(|outbound| outbound.recipients.iter().any(|(own, _)| *own == place));
        own.map(|outbound| outbound.leaving.clone())
    };
    let recipients = (1..)
        .zip(judgment.decisions)
        .zip(choices)
        .map(|((place, decision), choice)| RecipientRecord {
            id: arrival.id.decision(place),
            decision,
            certificates: choice.considered.clone(),
            leaving: leaving(place),
        });
    inspection.mask_telling_names();
    Record {
        id: arrival.id,
        tenant: Record::DEFAULT_TENANT.to_owned(),
        message_id: inspection.structure.message_id.clone(),
        received: arrival.at,
        client: arrival.client.address.to_string(),
        sender: arrival.envelope.sender,
        size: arrival.raw.len() as u64,
        policy: rulebook.policy.version.clone(),
        recipients: recipients.collect(),
        inspection,
        need: judgment.need,
        notice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Profile;

    fn encrypt(certificate: &str) -> Decision {
        let certificate = certificate.to_owned();
        Decision {
            recipient: "a@partner.example".parse().unwrap(),
            action: Action::Encrypt {
                certificate,
                profile: Profile::default(),
            },
        }
    }

    #[test]
    fn a_decision_to_encrypt_without_its_certificate_is_a_failure_and_not_a_lost_message() {
        let choices = [Choice {
            chosen: None,
            considered: Vec::new(),
        }];
        assert!(matches!(
            ways(&[encrypt("00")], &choices),
            Err(NotTaken::NoSuchCertificate)
        ));
    }

    #[test]
    fn an_unanswered_look_up_stops_only_mail_that_was_refused_for_want_of_a_certificate() {
        let unknown = || Unknown(vec![(1, LookupError("no answer".to_owned()))]);
        let refused = |refusal| Decision {
            action: Action::Refuse { refusal },
            ..encrypt("00")
        };
        let pass = || Decision {
            action: Action::Pass,
            ..encrypt("00")
        };
        assert!(
            unknown()
                .matters_to(&[refused(Refusal::NoCertificate), pass()])
                .is_ok()
        );
        assert!(
            unknown()
                .matters_to(&[pass(), refused(Refusal::NotAllowed)])
                .is_ok()
        );
        assert!(
            unknown()
                .matters_to(&[pass(), refused(Refusal::NoCertificate)])
                .is_err()
        );
        assert!(
            unknown().matters_to(&[pass()]).is_err(),
            "whom it is about is not known"
        );
    }
}
