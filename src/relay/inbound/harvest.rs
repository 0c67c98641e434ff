//! Takes the certificate of signed mail into the register.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::message::{Address, CertificateVerdict, Origin, Outbound};
use crate::notice::NewCertificate;
use crate::smime::{Certificate, Entry, EntryState, Put, RegisterError, Signed, Verification};

use super::super::accept::{Arrival, NotTaken};
use super::{Gateway, HarvestMode};

/// Certificates of unknown issuers that are taken in within an hour. Anybody can make them by the thousand, and an
/// administrator has to look at each.
const STRANGERS: usize = 100;

/// When certificates of unknown issuers came within the last hour.
#[derive(Debug, Default)]
pub struct Strangers(Mutex<Vec<Timestamp>>);

impl Strangers {
    /// Whether one more may be taken in, which then counts.
    fn may_come(&self, now: Timestamp) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|at| now.duration_since(*at) < SignedDuration::from_hours(1));
        let may = recent.len() < STRANGERS;
        if may {
            recent.push(now);
        }
        may
    }
}

/// What became of the certificate that a message brought.
pub(super) enum Harvested {
    /// There was none to take, or it was not wanted.
    Nothing,
    /// It is in the register and may be used.
    InUse(Address, Arc<Certificate>),
    /// It is in the register and waits for an administrator.
    Waits(Arc<Certificate>),
    /// The signature is right, and no certificate to encrypt with came along.
    NoCertificate,
}

impl Harvested {
    /// Whose mail may now leave, if it waits.
    pub(super) fn author(&self) -> Option<Address> {
        match self {
            Harvested::InUse(author, _) => Some(author.clone()),
            _ => None,
        }
    }

    /// For the record.
    pub(super) fn words(&self) -> Option<String> {
        match self {
            Harvested::Nothing => None,
            Harvested::InUse(_, certificate) => Some(format!("in use: {}", certificate.fingerprint())),
            Harvested::Waits(certificate) => {
                Some(format!("waiting for approval: {}", certificate.fingerprint()))
            }
            Harvested::NoCertificate => Some("it brought no certificate to encrypt with".to_owned()),
        }
    }
}

impl Gateway {
    /// Records what the message brought, and writes the letters about it. A certificate that was there before stays valid
    /// beside a new one.
    pub(super) async fn harvest(
        &self,
        arrival: &Arrival,
        verification: &Verification,
    ) -> Result<(Harvested, Vec<Outbound>), NotTaken> {
        let to_enrol = arrival
            .envelope
            .recipients
            .iter()
            .any(|one| self.is_enrolment(one));
        let (signed, state, why) = match (verification, self.identity.harvest, to_enrol) {
            (_, HarvestMode::Off, false) => return Ok((Harvested::Nothing, Vec::new())),
            (Verification::Valid(signed), HarvestMode::Approve, _) => (
                signed,
                EntryState::Waiting,
                Some("Every certificate needs an approval here."),
            ),
            (Verification::Valid(signed), _, _) => (signed, EntryState::InUse, None),
            (Verification::Untrusted(signed, CertificateVerdict::Untrusted(_)), _, _) => (
                signed,
                EntryState::Waiting,
                Some("No path leads from it to a trust anchor."),
            ),
            _ => return Ok((Harvested::Nothing, Vec::new())),
        };
        // Nobody brings certificates for the organisation's own people from outside.
        if self.identity.owns(signed.author.domain()) {
            return Ok((Harvested::Nothing, Vec::new()));
        }
        let Some(certificate) = &signed.encryption else {
            return Ok((Harvested::NoCertificate, Vec::new()));
        };
        if matches!(verification, Verification::Untrusted(..)) && !self.strangers.may_come(arrival.at) {
            tracing::warn!(id = %arrival.id, "too many certificates of unknown issuers came; this one is not kept");
            return Ok((Harvested::Nothing, Vec::new()));
        }
        if state == EntryState::InUse {
            // Without the CAs between, the certificate could not be judged later.
            self.rulebook().certificates.learn(signed, arrival.at);
        }
        let origin = if to_enrol {
            Origin::Enrolled
        } else {
            Origin::Harvested
        };
        let (put, now_in) = self.put(signed, certificate, origin, state, arrival).await?;
        let waits = now_in == EntryState::Waiting;
        let tell = match &put {
            Put::Refreshed => false,
            Put::New => waits,
            Put::Changed(_) => true,
        };
        let letters = match tell {
            true => self.announce(arrival, signed, certificate, why.filter(|_| waits))?,
            false => None,
        };
        let harvested = match waits {
            true => Harvested::Waits(Arc::clone(certificate)),
            false => Harvested::InUse(signed.author.clone(), Arc::clone(certificate)),
        };
        Ok((harvested, letters.into_iter().collect()))
    }

    /// Puts it into the register; answers in which state it is there now.
    async fn put(
        &self,
        signed: &Signed,
        certificate: &Arc<Certificate>,
        origin: Origin,
        state: EntryState,
        arrival: &Arrival,
    ) -> Result<(Put, EntryState), RegisterError> {
        let entry = Entry {
            capabilities: signed.capabilities.clone(),
            note: format!("came with message {}", arrival.id),
            ..Entry::new(Arc::clone(certificate), origin, state, arrival.at)
        };
        let put = self.register.put(entry).await?;
        let now_in = match &put {
            // It may have been approved before.
            Put::Refreshed => {
                let found = self.register.beginning_with(certificate.fingerprint()).await?;
                found.first().map_or(state, |entry| entry.state)
            }
            Put::New | Put::Changed(_) => state,
        };
        Ok((put, now_in))
    }

    /// The log always hears of it, the administrator if there is one.
    fn announce(
        &self,
        arrival: &Arrival,
        signed: &Signed,
        certificate: &Certificate,
        waits: Option<&str>,
    ) -> Result<Option<Outbound>, NotTaken> {
        let fingerprint = certificate.fingerprint();
        let id = arrival.id;
        match waits {
            Some(_) => {
                tracing::warn!(%id, fingerprint, "a certificate waits for approval: sealgate cert approve")
            }
            None => {
                tracing::warn!(%id, fingerprint, "a partner's certificate has changed; it is used from now on")
            }
        }
        let Some(administrator) = self.identity.administrator.clone() else {
            return Ok(None);
        };
        let letter = self.rulebook().notices.certificate(&NewCertificate {
            id,
            administrator,
            owner: signed.author.clone(),
            certificate: in_words(certificate),
            fingerprint: fingerprint.to_owned(),
            waits: waits.map(str::to_owned),
            now: arrival.at,
        })?;
        Ok(Some(letter))
    }
}

/// A certificate in one line, for letters.
pub(super) fn in_words(certificate: &Certificate) -> String {
    let until = certificate.not_after().strftime("%-d %B %Y");
    format!(
        "{}, issued by {}, valid until {until}, SHA-256 {}",
        certificate.subject(),
        certificate.issuer(),
        certificate.fingerprint()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_unknown_issuers_so_many_certificates_are_taken_in_an_hour_and_no_more() {
        let (strangers, start) = (Strangers::default(), Timestamp::UNIX_EPOCH);
        let second = |n: usize| start + SignedDuration::from_secs(i64::try_from(n).unwrap());
        assert!((0..STRANGERS).all(|n| strangers.may_come(second(n))));
        assert!(!strangers.may_come(second(STRANGERS)));
        assert!(strangers.may_come(second(3_600)), "the first is an hour old");
        assert!(!strangers.may_come(second(3_600)));
    }
}
