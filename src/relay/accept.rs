//! From the end of DATA to the reply: read, decide, seal, store.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::audit::{RecipientRecord, Record, TrailError};
use crate::inspect::NoReader;
use crate::message::{
    Address, DecisionId, Envelope, Inspection, Leaving, MessageId, Outbound, Purpose, RawMessage,
};
use crate::notice::{About, NoticeError};
use crate::policy::{Action, Decision, Judgment, Recipient, decide};
use crate::protect::{Made, NotMade, Signing, Way, protect};
use crate::smime::signing::SignError;
use crate::smime::{Algorithms, Choice, LookupError, RegisterError, SealError, Vault, VaultError};
use crate::smtp::{Client, Turn};

use super::room::Share;
use super::summary::Summary;
use super::waiting::until;
use super::{Gateway, Rulebook, conformance, received, resent, signing, tls_wish};

/// How long it may take until the commit begins, before the mail server is told to come back later. The commit
/// itself is waited for: who stops in the middle of it does not know what to answer.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// Octets and copies that are sealed where they are: going to another thread and back would take as long.
const SMALL: usize = 128 * 1024;
const FEW: usize = 2;

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

/// A decision with its grounds, before anything was made of it.
pub(super) struct Outcome {
    pub(super) inspection: Inspection,
    pub(super) judgment: Judgment,
    /// One for each recipient.
    pub(super) choices: Vec<Choice>,
    /// Octets received.
    pub(super) size: u64,
    /// The decision to let a copy wait that this one follows.
    pub(super) instead_of: Option<DecisionId>,
}

/// Why a message was not taken. Nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Some recipient's copy must not leave, and the null sender cannot be told by mail.
    #[error("mail whose sender cannot be told, or does not want to be, is refused: {0}")]
    NobodyToTell(String),
    /// It has been through too many relays.
    #[error(
        "it has been through too many relays, or through this one too often: this looks like a mail loop"
    )]
    Loop,
    /// It is not as RFC 5322 wants a message, and cannot be mended or must not be.
    #[error("{0}")]
    Malformed(String),
    /// No reader was free.
    #[error(transparent)]
    NoReader(#[from] NoReader),
    /// A certificate source did not answer.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A copy could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The message could not be signed, and policy wants it to be.
    #[error("it must be signed: {0}")]
    Sign(#[from] SignError),
    /// The copies for all recipients together would need more memory than there may be.
    #[error("too large to be encrypted for so many recipients at once; send it to fewer at a time")]
    TooManyCopies,
    /// It was decided to encrypt to a certificate that was not chosen: a mistake in the gateway.
    #[error("the decision and the certificate do not belong together")]
    NoSuchCertificate,
    /// The notice could not be written.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// A copy that must wait could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The register did not answer.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] TrailError),
    /// The signature of the domain could not be made.
    #[error(transparent)]
    Dkim(#[from] crate::dkim::NotSigned),
    /// It took longer than the deadline.
    #[error("the message could not be handled within {} s", DEADLINE.as_secs())]
    TooSlow,
    /// A task of the gateway ended before its time.
    #[error("a part of the gateway stopped while it handled the message")]
    Interrupted,
}

impl Gateway {
    /// The whole path of one message. When it returns `Ok`, everything that leaves is sealed and durable, under the name that
    /// it answers: an earlier one, when the message comes again whose answer got lost. When it returns `Err`, nothing was kept.
    /// `turn` is given back before it is written.
    ///
    /// # Errors
    /// [`NotTaken`] says whether the mail server should try again.
    pub async fn accept(&self, arrival: Arrival, turn: Turn) -> Result<MessageId, NotTaken> {
        let fingerprint = self.resent.fingerprint("out", &arrival);
        if let Some(id) = self.resent.earlier(fingerprint.as_ref()) {
            return Ok(resent::log(id, &arrival));
        }
        let (mut record, outbounds, share) = tokio::time::timeout(DEADLINE, self.prepare(arrival))
            .await
            .map_err(|_| NotTaken::TooSlow)??;
        turn.give_back();
        let summary = Summary::of(&record);
        record.fingerprint.clone_from(&fingerprint);
        self.trail.commit(record, outbounds).await?;
        drop(share);
        let id = summary.log();
        self.resent.taken(id, fingerprint);
        Ok(id)
    }

    async fn prepare(&self, arrival: Arrival) -> Result<(Record, Vec<Outbound>, Share), NotTaken> {
        let arrival = self.conformed(arrival)?;
        let marker = self.identity.loops.pass(&arrival.raw)?;
        let rulebook = self.rulebook();
        let inspection = self.inspector.inspect(&arrival.raw).await?;
        let (choices, unknown) = self.choose_certificates(&rulebook, &arrival, &inspection).await;
        let judgment = decide(
            &rulebook.policy,
            &inspection,
            &self.facts(&arrival.envelope, &choices),
        );
        unknown.matters_to(&judgment.decisions)?;
        let outcome = Outcome {
            inspection,
            judgment,
            choices,
            size: arrival.raw.len() as u64,
            instead_of: None,
        };
        let arrival = self.stamped(arrival, &marker);
        self.carry_out(&rulebook, arrival, outcome).await
    }

    pub(super) fn facts(&self, envelope: &Envelope, choices: &[Choice]) -> Vec<Recipient> {
        let pairs = envelope.recipients.iter().zip(choices);
        pairs
            .map(|(address, choice)| Recipient {
                address: address.clone(),
                own_domain: self.identity.owns(address.domain()),
                certificates: choice.considered.clone(),
            })
            .collect()
    }

    /// Makes what follows from a decision: the copies, the notices, the record.
    pub(super) async fn carry_out(
        &self,
        rulebook: &Rulebook,
        mut arrival: Arrival,
        outcome: Outcome,
    ) -> Result<(Record, Vec<Outbound>, Share), NotTaken> {
        let (inspection, judgment) = (&outcome.inspection, &outcome.judgment);
        let (asked, heeds_no) = (arrival.envelope.tls, self.identity.heeds_tls_required_no);
        arrival.envelope.tls = tls_wish::of_message(asked, &arrival.raw, &judgment.need, heeds_no);
        let mut notices = notices(rulebook, &arrival, &outcome, self.identity.enrol.is_some())?;
        let is_told = !notices.is_empty();
        notices.extend(self.invitations(rulebook, &arrival, judgment).await?);
        let ways = ways(&judgment.decisions, &outcome.choices, &self.vault, arrival.at)?;
        let (signing, mut signed) = self.signing(rulebook, &arrival, &judgment.decisions).await?;
        let (made, share) = self
            .protect(&arrival, ways, inspection.secret_fields(), signing)
            .await?;
        signing::note(arrival.id, made.unsigned, &mut signed);
        let mut outbounds = made.outbounds;
        for outbound in &mut outbounds {
            outbound.tls = tls_wish::of_copy(arrival.envelope.tls, outbound);
        }
        let mut record = record(rulebook, arrival, outcome, &outbounds, is_told);
        record.signing = signed;
        outbounds.extend(notices);
        let outbounds = self.sign_for_domains(outbounds, record.received).await?;
        Ok((record, outbounds, share))
    }

    /// As RFC 5322 wants it, if the settings want that.
    fn conformed(&self, arrival: Arrival) -> Result<Arrival, NotTaken> {
        let facts = conformance::Facts {
            envelope: &arrival.envelope,
            hostname: &self.identity.hostname,
            id: arrival.id.to_string(),
            now: arrival.at,
        };
        let mended = conformance::conform(self.identity.conformance, &arrival.raw, &facts);
        match mended.map_err(NotTaken::Malformed)? {
            None => Ok(arrival),
            Some(mended) => {
                tracing::info!(id = %arrival.id, what = mended.what, "a message was mended");
                let raw = mended.raw;
                Ok(Arrival { raw, ..arrival })
            }
        }
    }

    /// With the gateway's own trace fields.
    fn stamped(&self, arrival: Arrival, marker: &str) -> Arrival {
        let hostname = &self.identity.hostname;
        let (raw, client) = (&arrival.raw, &arrival.client);
        let raw = received::stamp(raw, client, hostname, arrival.id, arrival.at, marker);
        Arrival { raw, ..arrival }
    }

    /// Sealing costs memory, which it waits for, and processor time: what is not small leaves the threads that serve
    /// sessions alone, and ends when this future is dropped.
    async fn protect(
        &self,
        arrival: &Arrival,
        ways: Vec<(u32, Address, Way)>,
        secret: Vec<String>,
        signing: Signing,
    ) -> Result<(Made, Share), NotTaken> {
        let octets = octets(&arrival.raw, &ways, &signing);
        if ways.len() > 1 && !self.copies.can_hold(octets) {
            return Err(NotTaken::TooManyCopies);
        }
        let share = self.copies.wait_for(octets).await.ok_or(NotTaken::Interrupted)?;
        if octets <= SMALL && ways.len() <= FEW && signing.signer.is_none() {
            let sender = arrival.envelope.sender.as_ref();
            let copies = protect(sender, &arrival.raw, &ways, &secret, &signing, || true);
            return Ok((copies.map_err(not_made)?, share));
        }
        let stamped = arrival.raw.clone();
        let sender = arrival.envelope.sender.clone();
        let (answer, made) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let wanted = || !answer.is_closed();
            let copies = protect(sender.as_ref(), &stamped, &ways, &secret, &signing, wanted);
            // Unwanted copies are dropped here, with their share.
            let _ = answer.send((copies, share));
        });
        match made.await {
            Ok((Ok(copies), share)) => Ok((copies, share)),
            Ok((Err(error), _)) => Err(not_made(error)),
            Err(_) => Err(NotTaken::Interrupted),
        }
    }
}

fn not_made(error: NotMade) -> NotTaken {
    match error {
        NotMade::Seal(error) => error.into(),
        NotMade::Sign(error) => error.into(),
        NotMade::Vault(error) => error.into(),
        NotMade::Unwanted | NotMade::Forgotten => NotTaken::Interrupted,
    }
}

/// What the copies may take: the message with its new field, and base 64 of it for every sealed copy. A signature can
/// ask for one more layer of base 64, which all copies share, and brings its certificates along.
fn octets(raw: &RawMessage, ways: &[(u32, Address, Way)], signing: &Signing) -> usize {
    /// For header fields, certificates' names and keys.
    const AROUND: usize = 2048;
    /// For a signature and its certificates.
    const SIGNED: usize = 16 * 1024;
    let is_sealed = |way: &&(u32, Address, Way)| matches!(way.2, Way::Smime(..) | Way::Wait(..));
    let sealed = ways.iter().filter(is_sealed).count();
    let armored = |octets: usize| octets + octets * 3 / 8;
    // Where there are several, what is inside is encrypted aside, once.
    let encrypted = |inside: usize| if sealed > 1 { inside } else { 0 };
    let (inside, shared) = match signing.signer {
        Some(_) => {
            let inside = armored(raw.len()) + SIGNED;
            (inside, inside.saturating_mul(2).saturating_add(encrypted(inside)))
        }
        None => (raw.len(), encrypted(raw.len())),
    };
    let copies = (armored(inside) + AROUND).saturating_mul(sealed);
    raw.len().saturating_add(shared).saturating_add(copies)
}

/// What the sender is told: one notice of what was refused, one of what waits.
fn notices(
    rulebook: &Rulebook,
    arrival: &Arrival,
    outcome: &Outcome,
    invited: bool,
) -> Result<Vec<Outbound>, NotTaken> {
    let (inspection, judgment) = (&outcome.inspection, &outcome.judgment);
    let actions = || judgment.decisions.iter().map(|decision| &decision.action);
    let mut unsent = actions().filter_map(|action| match action {
        Action::Refuse { refusal } | Action::Hold { refusal, .. } => Some(refusal),
        _ => None,
    });
    let Some(refusal) = unsent.next() else {
        return Ok(Vec::new());
    };
    let nobody = || NotTaken::NobodyToTell(refusal.in_short().to_owned());
    let sender = arrival.envelope.sender.clone().ok_or_else(nobody)?;
    // Who does not want to hear of a failure (RFC 3461 §4.1) must not lose mail without a word: the client hears it.
    let is_unsent = |action: &Action| matches!(action, Action::Refuse { .. } | Action::Hold { .. });
    let mut unheard = actions().zip(&arrival.envelope.dsn);
    if unheard.any(|(action, dsn)| is_unsent(action) && !dsn.wants_failure()) {
        return Err(nobody());
    }
    let about = About {
        id: arrival.id,
        sender,
        message_id: inspection.structure.message_id.clone(),
        received: arrival.at,
        now: arrival.at,
        dsn: arrival.envelope.dsn.clone(),
        tls: arrival.envelope.tls,
    };
    let mut notices = Vec::new();
    if actions().any(|action| matches!(action, Action::Refuse { .. })) {
        notices.push(rulebook.notices.refused(&about, inspection, judgment)?);
    }
    if actions().any(|action| matches!(action, Action::Hold { .. })) {
        notices.push(rulebook.notices.waiting(&about, judgment, invited)?);
    }
    Ok(notices)
}

/// Which way each recipient's copy goes; refused recipients have none.
///
/// # Errors
/// When a decision to encrypt names another certificate than the one that was chosen, or there is none.
fn ways(
    decisions: &[Decision],
    choices: &[Choice],
    vault: &Arc<Vault>,
    now: Timestamp,
) -> Result<Vec<(u32, Address, Way)>, NotTaken> {
    let mut ways = Vec::new();
    for ((place, decision), choice) in (1..).zip(decisions).zip(choices) {
        let way = match (&decision.action, &choice.chosen) {
            (Action::Pass, _) => Way::Pass,
            (Action::PassEncrypted { with }, _) => Way::PassEncrypted(*with),
            (Action::Encrypt { certificate, profile }, Some(chosen))
                if chosen.fingerprint() == certificate =>
            {
                let abilities = choice.abilities.as_ref();
                let algorithms = Algorithms::choose(*profile, chosen.key(), abilities);
                Way::Smime(Arc::clone(chosen), algorithms.ok_or(SealError::BelowProfile)?)
            }
            (Action::Encrypt { .. }, _) => return Err(NotTaken::NoSuchCertificate),
            (Action::Hold { hours, .. }, _) => Way::Wait(Arc::clone(vault), until(now, *hours)),
            (Action::Refuse { .. }, _) => continue,
        };
        ways.push((place, decision.recipient.clone(), way));
    }
    Ok(ways)
}

fn record(
    rulebook: &Rulebook,
    arrival: Arrival,
    outcome: Outcome,
    outbounds: &[Outbound],
    notice: bool,
) -> Record {
    let Outcome {
        mut inspection,
        judgment,
        choices,
        size,
        instead_of,
    } = outcome;
    let leaving = |place: u32, decision: &Decision| -> Option<Leaving> {
        let own = outbounds
            .iter()
            .filter(|outbound| !matches!(outbound.purpose, Purpose::Waiting { .. }))
            .find(|outbound| outbound.recipients.iter().any(|(own, _)| *own == place));
        let form = own.map(|outbound| outbound.leaving.clone())?;
        match &decision.action {
            Action::Encrypt { certificate, .. } => Some(form.to(certificate)),
            _ => Some(form),
        }
    };
    let recipients = (1..)
        .zip(judgment.decisions)
        .zip(&choices)
        .map(|((place, decision), choice)| RecipientRecord {
            id: arrival.id.decision(place),
            certificates: choice.considered.clone(),
            leaving: leaving(place, &decision),
            decision,
        });
    inspection.mask_telling_names();
    Record {
        id: arrival.id,
        tenant: Record::DEFAULT_TENANT.to_owned(),
        message_id: inspection.structure.message_id.clone(),
        received: arrival.at,
        client: arrival.client.address.to_string(),
        user: arrival.client.user,
        sender: arrival.envelope.sender,
        size,
        policy: rulebook.policy.version.clone(),
        recipients: recipients.collect(),
        dsn: arrival.envelope.dsn,
        tls: arrival.envelope.tls,
        inspection,
        need: judgment.need,
        notice,
        signing: None,
        inbound: None,
        instead_of,
        fingerprint: None,
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
            abilities: None,
            considered: Vec::new(),
        }];
        let folder = std::env::temp_dir().join(format!("sealgate-accept-{}.pem", std::process::id()));
        let vault = Arc::new(Vault::open(&folder).unwrap());
        let _ = std::fs::remove_file(&folder);
        let made = ways(&[encrypt("00")], &choices, &vault, Timestamp::UNIX_EPOCH);
        assert!(matches!(made, Err(NotTaken::NoSuchCertificate)));
    }
}
