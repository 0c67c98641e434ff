//! Which key signs for a sender.

use std::sync::Arc;

use crate::message::{Address, CertificateVerdict, Considered, Pattern};

use super::super::{Certificate, naming};
use super::{KeyRing, OwnKey};

/// The key to sign with for one sender, and all that were weighed.
#[derive(Debug, Clone, Default)]
pub struct KeyChoice {
    /// Every candidate's certificate with its verdict, best first. Empty when no key is meant for the sender.
    pub considered: Vec<Considered>,
    /// The one to sign with; present exactly when one of `considered` is chosen.
    pub chosen: Option<Arc<OwnKey>>,
}

impl KeyRing {
    /// Weighs every key that is meant for the sender: because the settings say so, or, where they say nothing of a
    /// key, because its certificate names the address. The most specific one that may be used is chosen: an address
    /// before a domain, a domain before the domains below another, the longer name first; of equals the newest.
    ///
    /// `objection` is what is known against a certificate elsewhere: that it was revoked or denied.
    pub fn choose(
        &self,
        sender: &Address,
        objection: impl Fn(&Certificate) -> Option<CertificateVerdict>,
        now: jiff::Timestamp,
    ) -> KeyChoice {
        let weigh = |key: &Arc<OwnKey>| {
            let rank = specificity(key, sender)?;
            Some((judge(key, sender, &objection, now), rank, Arc::clone(key)))
        };
        let mut weighed: Vec<_> = self.keys.iter().filter_map(weigh).collect();
        weighed.sort_by(|one, other| order(other).cmp(&order(one)));
        let mut choice = KeyChoice::default();
        for (verdict, _, key) in weighed {
            let verdict = match verdict {
                CertificateVerdict::Usable if choice.chosen.is_none() => CertificateVerdict::Chosen,
                verdict => verdict,
            };
            choice
                .considered
                .push(key.certificate().considered(verdict.clone(), None));
            if verdict == CertificateVerdict::Chosen {
                choice.chosen = Some(key);
            }
        }
        choice
    }

    /// What is said of one key, for somebody whom its certificate names, or anybody when it names none.
    pub fn verdict_on(
        &self,
        key: &OwnKey,
        objection: impl Fn(&Certificate) -> Option<CertificateVerdict>,
        now: jiff::Timestamp,
    ) -> CertificateVerdict {
        let certificate = key.certificate();
        match certificate.addresses().first() {
            Some(address) => judge(key, address, objection, now),
            None => match (certificate.names_mailboxes(), key.senders()) {
                (false, [_, ..]) => standing(certificate, objection, now),
                _ => CertificateVerdict::WrongAddress,
            },
        }
    }
}

type Rank = (u8, usize);

fn order((verdict, rank, key): &(CertificateVerdict, Rank, Arc<OwnKey>)) -> impl Ord {
    let certificate = key.certificate();
    (
        *verdict == CertificateVerdict::Usable,
        *rank,
        certificate.not_before(),
        certificate.not_after(),
        certificate.fingerprint().to_owned(),
    )
}

/// How closely a key is meant for the sender; `None` when it is not.
fn specificity(key: &OwnKey, sender: &Address) -> Option<Rank> {
    if key.senders().is_empty() {
        return names(key.certificate(), sender).then_some((3, 0));
    }
    let fitting = key.senders().iter().filter(|pattern| pattern.matches(sender));
    let rank = |pattern: &Pattern| match pattern {
        Pattern::Mailbox(_) => (3, 0),
        Pattern::Domain(domain) => (2, domain.len()),
        Pattern::Below(domain) => (1, domain.len()),
        Pattern::Everybody => (0, 0),
    };
    fitting.map(rank).max()
}

/// The checks in the order in which people can act on them.
fn judge(
    key: &OwnKey,
    sender: &Address,
    objection: impl Fn(&Certificate) -> Option<CertificateVerdict>,
    now: jiff::Timestamp,
) -> CertificateVerdict {
    let certificate = key.certificate();
    // RFC 8550 §3: readers compare From with the addresses in the certificate, if there are any. One without any may
    // speak for whomever the settings give it to.
    let nobody = !certificate.names_mailboxes() && certificate.subject_addresses().is_empty();
    let told = nobody && !key.senders().is_empty();
    if !told && !names(certificate, sender) {
        return CertificateVerdict::WrongAddress;
    }
    standing(certificate, objection, now)
}

/// The same without the question whose it is.
fn standing(
    certificate: &Certificate,
    objection: impl Fn(&Certificate) -> Option<CertificateVerdict>,
    now: jiff::Timestamp,
) -> CertificateVerdict {
    if let Some(objection) = objection(certificate) {
        return objection;
    }
    if !certificate.says_it_signs_mail() {
        return CertificateVerdict::WrongUsage;
    }
    if !certificate.key().is_strong() {
        return CertificateVerdict::WeakKey;
    }
    if now.as_second() < certificate.not_before().as_second() {
        return CertificateVerdict::NotYetValid;
    }
    if now.as_second() >= certificate.not_after().as_second() {
        return CertificateVerdict::Expired;
    }
    CertificateVerdict::Usable
}

fn names(certificate: &Certificate, sender: &Address) -> bool {
    let wanted = naming::key(sender);
    certificate
        .addresses()
        .iter()
        .any(|named| naming::key(named) == wanted)
}
