//! For whom a certificate speaks: which addresses match what it names.
//!
//! Must not know: whether anybody trusts it. Nothing here but [`Naming::fit`] decides whether a certificate is the
//! right one for an address.

use crate::message::Address;

use super::{Certificate, Settings};

/// The mailbox of a gateway that decrypts for a whole domain (RFC 3183 §4.1).
const DOMAIN_MAILBOX: &str = "domain-confidentiality-authority";

/// The rules of `[certificates]` about addresses. All that is not exact is off unless the settings turn it on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Naming {
    subject: bool,
    plus: bool,
    domain: bool,
}

/// How well a certificate fits an address, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is the domain's.
    Domain,
    /// It names the address without what follows the `+`.
    Plus,
    /// It names the address.
    Exact,
}

impl Naming {
    pub(super) fn of(settings: &Settings) -> Naming {
        Naming {
            subject: settings.subject_addresses,
            plus: settings.plus_addresses,
            domain: settings.domain_certificates,
        }
    }

    /// How the certificate fits the address; `None` when it is somebody else's.
    ///
    /// An address in the subject counts only when the settings say so and subjectAltName names no mailbox at all:
    /// where it names one, it is the whole truth (RFC 8550 §3).
    pub(super) fn fit(self, certificate: &Certificate, address: &Address) -> Option<Fit> {
        let subject = self.subject && !certificate.names_mailboxes();
        let more: &[Address] = if subject {
            certificate.subject_addresses()
        } else {
            &[]
        };
        let named = |wanted: &str| {
            let mut all = certificate.addresses().iter().chain(more);
            all.any(|named| key(named) == wanted)
        };
        if named(&key(address)) {
            return Some(Fit::Exact);
        }
        if self.plus && base(address).is_some_and(|base| named(&base)) {
            return Some(Fit::Plus);
        }
        let everybody = everybody(address.domain());
        (self.domain && domains(certificate).any(|domain| domain == everybody)).then_some(Fit::Domain)
    }

    /// What to look for in an index of [`keys`] to find all certificates that might fit.
    pub(super) fn look_up(self, address: &Address) -> Vec<String> {
        let plus = base(address).filter(|_| self.plus);
        let domain = self.domain.then(|| everybody(address.domain()));
        std::iter::once(key(address)).chain(plus).chain(domain).collect()
    }
}

/// What an index files a certificate under, each once.
pub(super) fn keys(certificate: &Certificate) -> Vec<String> {
    let stated = certificate
        .addresses()
        .iter()
        .chain(certificate.subject_addresses());
    let mut keys: Vec<String> = stated.map(key).chain(domains(certificate)).collect();
    keys.sort();
    keys.dedup();
    keys
}

/// What two writings of one address have in common.
///
/// Case does not matter: not in the domain (RFC 5280 §7.5), and by decision of this product not in the local part
/// either, since no mail system in use gives `Ann@` and `ann@` to two people. A domain beyond ASCII is the same as
/// its A-label (RFC 9598 §5).
pub(super) fn key(address: &Address) -> String {
    let local: String = address.local().chars().flat_map(lower).collect();
    format!("{local}@{}", ascii(address.domain()))
}

/// Lower case, but never from beyond ASCII into it: the Kelvin sign is not a k.
fn lower(c: char) -> impl Iterator<Item = char> {
    let crosses = !c.is_ascii() && c.to_lowercase().any(|low| low.is_ascii());
    let (kept, lowered) = if crosses {
        (Some(c), None)
    } else {
        (None, Some(c.to_lowercase()))
    };
    kept.into_iter().chain(lowered.into_iter().flatten())
}

/// The A-labels of a domain. One that is not written as IDNA writes it is left as it is, and so equals no other.
pub(super) fn ascii(domain: &str) -> String {
    if domain.is_ascii() {
        return domain.to_ascii_lowercase();
    }
    let low = domain.to_lowercase();
    match idna::domain_to_ascii_strict(&low) {
        Ok(labels) if idna::domain_to_unicode(&labels).0 == low => labels,
        _ => low,
    }
}

/// The key of `ann@x` for `ann+news@x`.
fn base(address: &Address) -> Option<String> {
    let (local, _) = address.local().split_once('+')?;
    let quoted = local.starts_with('"');
    let base = format!("{local}@{}", address.domain());
    base.parse().ok().filter(|_| !quoted).map(|base| key(&base))
}

/// The domains whose mail the certificate's owner may all read.
fn domains(certificate: &Certificate) -> impl Iterator<Item = String> {
    let written = certificate.domains().iter().map(|domain| everybody(domain));
    let authorities = certificate.addresses().iter().filter_map(|address| {
        let authority = address.local().eq_ignore_ascii_case(DOMAIN_MAILBOX);
        authority.then(|| everybody(address.domain()))
    });
    written.chain(authorities)
}

fn everybody(domain: &str) -> String {
    format!("@{}", ascii(domain))
}
