//! Trust: may this certificate be encrypted to, for this address, now?
//!
//! Must not know: where certificates come from, and what is done with the verdict.
//!
//! Everything but the time is fixed when the folders are loaded, so a verdict can change only when something
//! in them begins or ends to be valid. Verdicts are kept until the next such moment; the checks of a path cost
//! a millisecond once, not for each message.

mod path;
mod revocation;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::message::{Address, CertificateVerdict};

use super::files;
use super::{Certificate, Settings};
use path::Paths;
use revocation::Revocations;

/// Verdicts kept at most. Beyond it all are forgotten and made again.
const KEPT: usize = 100_000;

/// Anchors, intermediates, revocation lists, and what follows from them.
pub(super) struct Trust {
    paths: Paths,
    revocations: Revocations,
    require_crl: bool,
    /// Seconds since 1970 at which some CA certificate or list begins or ends to be valid; sorted.
    moments: Vec<i64>,
    kept: Mutex<HashMap<String, (usize, CertificateVerdict)>>,
}

impl Trust {
    pub(super) fn load(settings: &Settings) -> Result<Trust, String> {
        let anchors = files::certificates(&settings.anchors)?;
        let intermediates = files::certificates(&settings.intermediates)?;
        let lists = files::revocation_lists(&settings.crls)?;
        let without_file = |list: Vec<(_, Certificate)>| list.into_iter().map(|(_, c)| c).collect();
        let paths = Paths::new(without_file(anchors), without_file(intermediates));
        let revocations = Revocations::new(lists, &paths)?;
        let mut moments: Vec<i64> = paths.moments().chain(revocations.moments()).collect();
        moments.sort_unstable();
        moments.dedup();
        Ok(Trust {
            paths,
            revocations,
            require_crl: settings.require_crl,
            moments,
            kept: Mutex::default(),
        })
    }

    /// Judges a certificate for an address: [`CertificateVerdict::Usable`], or the first reason against it.
    ///
    /// The order of the checks is the order in which people can act on them: is it the right person's, is it
    /// for encryption, is the key good, is it valid now, was it taken back, and only then who vouches for it.
    pub(super) fn judge(
        &self,
        certificate: &Certificate,
        address: &Address,
        now: jiff::Timestamp,
    ) -> CertificateVerdict {
        if !certificate.names(address) {
            return CertificateVerdict::WrongAddress;
        }
        self.judge_for_anybody(certificate, now)
    }

    /// The same without the question whose it is.
    pub(super) fn judge_for_anybody(
        &self,
        certificate: &Certificate,
        now: jiff::Timestamp,
    ) -> CertificateVerdict {
        if !certificate.may_encrypt_mail() {
            return CertificateVerdict::WrongUsage;
        }
        if !certificate.key().is_strong() {
            return CertificateVerdict::WeakKey;
        }
        if now.as_second() < certificate.not_before().as_second() {
            return CertificateVerdict::NotYetValid;
        }
        // OpenSSL holds a certificate for expired in its last second; saying the same keeps the reason right.
        if now.as_second() >= certificate.not_after().as_second() {
            return CertificateVerdict::Expired;
        }
        self.standing(certificate, now.as_second())
    }

    /// What its issuers say of it, from memory if nothing has changed since.
    fn standing(&self, certificate: &Certificate, now: i64) -> CertificateVerdict {
        let span = self.moments.partition_point(|moment| *moment <= now);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get(certificate.fingerprint()) {
            Some((of, verdict)) if *of == span => return verdict.clone(),
            _ => drop(kept),
        }
        // The lock is not held here: a slow path must not make other recipients wait.
        let verdict = self.examine(certificate, now);
        kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(certificate.fingerprint().to_owned(), (span, verdict.clone()));
        verdict
    }

    fn examine(&self, certificate: &Certificate, now: i64) -> CertificateVerdict {
        if self.revocations.name(certificate.x509()) {
            return CertificateVerdict::Revoked;
        }
        let path = match self.paths.validate(certificate, now) {
            Ok(path) => path,
            Err(reason) => return CertificateVerdict::Untrusted(reason),
        };
        for authority in &path {
            if self.revocations.name(authority.x509()) {
                let reason = format!("the CA certificate {} has been revoked", authority.subject());
                return CertificateVerdict::Untrusted(reason);
            }
        }
        let issuer = path.first();
        if self.require_crl && !issuer.is_some_and(|issuer| self.revocations.current(issuer, now)) {
            return CertificateVerdict::RevocationUnknown;
        }
        CertificateVerdict::Usable
    }
}
