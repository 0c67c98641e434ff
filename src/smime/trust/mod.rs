//! Trust: may this certificate be encrypted to, for this address, now?
//!
//! Must not know: where certificates come from, and what is done with the verdict.
//!
//! Everything but the time is fixed when the folders are loaded, so a verdict can change only when something
//! in them begins or ends to be valid. Verdicts are kept until the next such moment; the checks of a path cost
//! a millisecond once, not for each message.

mod bindings;
mod learned;
mod path;
mod revocation;
mod scope;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use openssl::x509::X509;

use crate::message::{Address, Assurance, CertificateVerdict};

use super::assurance::assurance;
use super::denied::Denied;
use super::files;
use super::naming::{Fit, Naming};
use super::online;
use super::{Certificate, Settings};
use learned::Learned;
use path::Paths;
pub(super) use revocation::List;
use revocation::Revocations;

/// Verdicts kept at most. Beyond it all are forgotten and made again.
const KEPT: usize = 100_000;

/// What a verdict depends on beside the time: the certificate's fingerprint, the bound anchors that may vouch for
/// the address, and whether an administrator vouches for the certificate.
type Question = (String, Vec<usize>, bool);

/// Anchors, intermediates, revocation lists, what an administrator has denied, and what follows from them.
pub(super) struct Trust {
    naming: Naming,
    denied: Denied,
    paths: Paths,
    revocations: Revocations,
    learned: Learned,
    require_crl: bool,
    /// Seconds since 1970 at which some CA certificate or list begins or ends to be valid; sorted.
    moments: Vec<i64>,
    kept: Mutex<HashMap<Question, (usize, Standing)>>,
}

/// What was found of a certificate for one address.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    /// [`CertificateVerdict::Usable`], or the first reason against it.
    pub(super) verdict: CertificateVerdict,
    /// How well it fits the address; `None` when it is somebody else's.
    pub(super) fit: Option<Fit>,
    /// What its issuers vouch for, when they vouch for it at all.
    pub(super) assurance: Option<Assurance>,
}

/// What its issuers say of a certificate.
#[derive(Debug, Clone)]
struct Standing {
    verdict: CertificateVerdict,
    assurance: Option<Assurance>,
}

impl Judged {
    /// For a certificate that names nobody.
    pub(super) fn wrong_address() -> Judged {
        Standing::from(CertificateVerdict::WrongAddress).judged(None)
    }
}

impl Standing {
    fn judged(self, fit: Option<Fit>) -> Judged {
        Judged {
            verdict: self.verdict,
            fit,
            assurance: self.assurance,
        }
    }
}

impl From<CertificateVerdict> for Standing {
    fn from(verdict: CertificateVerdict) -> Standing {
        Standing {
            verdict,
            assurance: None,
        }
    }
}

impl Trust {
    pub(super) fn load(settings: &Settings) -> Result<Trust, String> {
        let anchors = bindings::bind(files::certificates(&settings.anchors)?, &settings.anchor_domains)?;
        let intermediates = files::certificates(&settings.intermediates)?;
        let lists = files::revocation_lists(&settings.crls)?;
        let intermediates = intermediates.into_iter().map(|(_, certificate)| certificate);
        let (mut fetched, mut fetched_lists) = (Vec::new(), Vec::new());
        if settings.online.intermediates {
            fetched = online::intermediates(&settings.online.folder);
        }
        if settings.online.crls {
            fetched_lists = online::lists(&settings.online.folder);
        }
        let paths = Paths::new(anchors, intermediates.chain(fetched).collect());
        let stale = i64::from(settings.crl_stale_hours) * 3_600;
        let mut revocations = Revocations::new(lists, &paths, stale)?;
        revocations.take(fetched_lists, &paths);
        let mut moments: Vec<i64> = paths.moments().chain(revocations.moments()).collect();
        moments.sort_unstable();
        moments.dedup();
        Ok(Trust {
            naming: Naming::of(settings),
            denied: Denied::load(&settings.denied)?,
            paths,
            revocations,
            learned: Learned::load(settings.learned.as_deref()),
            require_crl: settings.require_crl,
            moments,
            kept: Mutex::default(),
        })
    }

    /// Judges a certificate for an address.
    ///
    /// The order of the checks is the order in which people can act on them: is it the right person's, was it
    /// denied here, is it for encryption, is the key good, is it valid now, was it taken back, and only then who
    /// vouches for it.
    ///
    /// With `vouched` an administrator stands for this certificate alone: it needs no path to an anchor.
    pub(super) fn judge(
        &self,
        certificate: &Certificate,
        address: &Address,
        vouched: bool,
        now: jiff::Timestamp,
    ) -> Judged {
        match self.naming.fit(certificate, address) {
            None => Judged::wrong_address(),
            fit => self
                .standing(certificate, address.domain(), vouched, now)
                .judged(fit),
        }
    }

    /// The same with `helpers`: CA certificates that came along, which help to find a path and vouch for nothing
    /// by themselves. Nothing of it is kept: what somebody sends must not change what is said of others.
    pub(super) fn judge_with(
        &self,
        certificate: &Certificate,
        address: &Address,
        helpers: &[Arc<Certificate>],
        now: jiff::Timestamp,
    ) -> Judged {
        let Some(fit) = self.naming.fit(certificate, address) else {
            return Judged::wrong_address();
        };
        let standing = match self.by_itself(certificate, certificate.may_encrypt_mail(), now) {
            Some(against) => against.into(),
            None => self.examine(certificate, address.domain(), false, helpers, now.as_second()),
        };
        standing.judged(Some(fit))
    }

    /// Whether the certificate may have signed mail of exactly this address, with `helpers` as above.
    pub(super) fn judge_signer(
        &self,
        certificate: &Certificate,
        address: &Address,
        helpers: &[Arc<Certificate>],
        now: jiff::Timestamp,
    ) -> CertificateVerdict {
        if self.naming.fit(certificate, address) != Some(Fit::Exact) {
            return CertificateVerdict::WrongAddress;
        }
        match self.by_itself(certificate, certificate.may_sign_mail(), now) {
            Some(against) => against,
            None => {
                self.examine(certificate, address.domain(), false, helpers, now.as_second())
                    .verdict
            }
        }
    }

    /// Keeps those of the CA certificates that lead to an anchor for addresses of `domain`. Verdicts are made anew then,
    /// for some may become better.
    pub(super) fn learn(&self, authorities: &[Arc<Certificate>], domain: &str, now: jiff::Timestamp) {
        let known = |one: &Certificate| {
            self.paths
                .authorities()
                .any(|own| own.fingerprint() == one.fingerprint())
        };
        let leads = |one: &&Arc<Certificate>| {
            !known(one)
                && self
                    .paths
                    .validate(one, domain, authorities, now.as_second())
                    .is_ok()
        };
        let added = authorities
            .iter()
            .filter(leads)
            .filter(|one| self.learned.add(one))
            .count();
        if added > 0 {
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// Every CA certificate at hand.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        self.paths.authorities()
    }

    /// Who issued a certificate, by a valid path; none for one that is an anchor itself or has no path.
    pub(super) fn issuer(
        &self,
        certificate: &Certificate,
        address: &Address,
        now: jiff::Timestamp,
    ) -> Option<X509> {
        let learned = self.learned.all();
        let path = self
            .paths
            .validate(certificate, address.domain(), &learned, now.as_second());
        path.ok()?.first().map(|issuer| issuer.x509().clone())
    }

    /// The same without the question whose it is.
    pub(super) fn judge_any(&self, certificate: &Certificate, now: jiff::Timestamp) -> CertificateVerdict {
        self.standing(certificate, "", false, now).verdict
    }

    /// What stands against a certificate, whatever it is used for.
    pub(super) fn objection(&self, certificate: &Certificate) -> Option<CertificateVerdict> {
        if let Some(reason) = self.denied.reason(certificate) {
            return Some(CertificateVerdict::Denied(reason));
        }
        let revoked = self.revocations.name(certificate.x509());
        revoked.then_some(CertificateVerdict::Revoked)
    }

    fn standing(
        &self,
        certificate: &Certificate,
        domain: &str,
        vouched: bool,
        now: jiff::Timestamp,
    ) -> Standing {
        match self.by_itself(certificate, certificate.may_encrypt_mail(), now) {
            Some(against) => against.into(),
            None => self.issuers_say(certificate, domain, vouched, now.as_second()),
        }
    }

    /// What speaks against it before anybody is asked who vouches for it.
    fn by_itself(
        &self,
        certificate: &Certificate,
        fits_use: bool,
        now: jiff::Timestamp,
    ) -> Option<CertificateVerdict> {
        if let Some(reason) = self.denied.reason(certificate) {
            return Some(CertificateVerdict::Denied(reason));
        }
        if !fits_use {
            return Some(CertificateVerdict::WrongUsage);
        }
        if !certificate.key().is_strong() {
            return Some(CertificateVerdict::WeakKey);
        }
        if now.as_second() < certificate.not_before().as_second() {
            return Some(CertificateVerdict::NotYetValid);
        }
        // OpenSSL holds a certificate for expired in its last second; saying the same keeps the reason right.
        (now.as_second() >= certificate.not_after().as_second()).then_some(CertificateVerdict::Expired)
    }

    /// What its issuers say of it, from memory if nothing has changed since.
    fn issuers_say(&self, certificate: &Certificate, domain: &str, vouched: bool, now: i64) -> Standing {
        let span = self.moments.partition_point(|moment| *moment <= now) + self.learned.moments_past(now);
        let key = (
            certificate.fingerprint().to_owned(),
            self.paths.bound_to(domain),
            vouched,
        );
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get(&key) {
            Some((of, standing)) if *of == span => return standing.clone(),
            _ => drop(kept),
        }
        // The lock is not held here: a slow path must not make other recipients wait.
        let standing = self.examine(certificate, domain, vouched, &[], now);
        kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, (span, standing.clone()));
        standing
    }

    fn examine(
        &self,
        certificate: &Certificate,
        domain: &str,
        vouched: bool,
        helpers: &[Arc<Certificate>],
        now: i64,
    ) -> Standing {
        if self.revocations.name(certificate.x509()) {
            return CertificateVerdict::Revoked.into();
        }
        let learned = self.learned.all();
        let helpers: Vec<_> = learned.iter().chain(helpers).cloned().collect();
        let path = match self.paths.validate(certificate, domain, &helpers, now) {
            Ok(path) => path,
            Err(_) if vouched => return CertificateVerdict::Usable.into(),
            Err(reason) => return CertificateVerdict::Untrusted(reason).into(),
        };
        for authority in &path {
            if let Some(reason) = self.denied.reason(authority) {
                let reason = format!("the CA {}: {reason}", authority.subject());
                return CertificateVerdict::Denied(reason).into();
            }
            if self.revocations.name(authority.x509()) {
                let reason = format!("the CA certificate {} has been revoked", authority.subject());
                return CertificateVerdict::Untrusted(reason).into();
            }
        }
        if self.require_crl && !self.is_followed(certificate, &path, domain, now) {
            return CertificateVerdict::RevocationUnknown.into();
        }
        let below = path.iter().rev().skip(1).map(|authority| authority.policies());
        Standing {
            verdict: CertificateVerdict::Usable,
            assurance: assurance(certificate.policies(), below),
        }
    }

    /// Whether every issuer of the path has a current list for what it issued there, so that its silence means something.
    fn is_followed(&self, certificate: &Certificate, path: &[&Certificate], domain: &str, now: i64) -> bool {
        let Some(anchor) = path.last() else {
            return false;
        };
        // A list may be signed with another key of the issuer if the same anchor vouches for that one, too.
        let vouches = |signer: &Certificate| {
            let path = self.paths.validate(signer, domain, &[], now).unwrap_or_default();
            let same = path
                .last()
                .is_some_and(|end| end.fingerprint() == anchor.fingerprint());
            let mut all = path.iter().copied().chain([signer]);
            same && all.all(|one| !self.revocations.name(one.x509()) && self.denied.reason(one).is_none())
        };
        let issued = std::iter::once(certificate).chain(path.iter().copied());
        issued
            .zip(path)
            .all(|(one, issuer)| self.revocations.current(one, issuer, now, &self.paths, &vouches))
    }
}
