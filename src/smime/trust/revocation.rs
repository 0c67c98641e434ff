//! Certificate revocation lists (RFC 5280 §5, §6.3).
//!
//! A list that names a certificate is believed whenever some known CA of the list's name has signed it, stale
//! or not: that errs towards not sending. A list that does *not* name one proves something only if it is
//! current, speaks for such certificates, and is signed with the very key that signed the certificate, or with another key of the same
//! name that the same anchor vouches for (RFC 5280 §6.3.3 (f)): CAs change keys, and some keep one for lists.

use std::path::{Path, PathBuf};

use der::Decode;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::x509::{CrlStatus, X509, X509Crl, X509CrlRef};

use super::super::Certificate;
use super::super::certificate::one_line;
use super::path::Paths;
use super::scope::Scope;

/// All lists at hand, each signed by a known CA.
pub(super) struct Revocations {
    lists: Vec<List>,
    /// Seconds for which a list counts as current after its next update was due.
    stale: i64,
}

/// One list.
pub(in super::super) struct List {
    crl: X509Crl,
    /// Public keys, in DER, that verify its signature.
    signers: Vec<Vec<u8>>,
    this_update: i64,
    next_update: Option<i64>,
    /// None where its silence proves nothing.
    scope: Option<Scope>,
}

impl Revocations {
    /// Takes lists that some known CA has signed.
    ///
    /// # Errors
    /// Names the file whose list no known CA has signed: it would protect nobody, and nobody would notice.
    pub(super) fn new(
        lists: Vec<(PathBuf, X509Crl)>,
        paths: &Paths,
        stale: i64,
    ) -> Result<Revocations, String> {
        let take = |(file, crl): (PathBuf, X509Crl)| List::new(&file, crl, paths);
        let lists = lists.into_iter().map(take).collect::<Result<_, _>>()?;
        Ok(Revocations { lists, stale })
    }

    /// Takes more lists, and passes over those that no known CA has signed: a CA may have gone since they were
    /// fetched.
    pub(super) fn take(&mut self, lists: Vec<(PathBuf, X509Crl)>, paths: &Paths) {
        let signed = lists
            .into_iter()
            .filter_map(|(file, crl)| List::new(&file, crl, paths).ok());
        self.lists.extend(signed);
    }

    /// Whether some list of its issuer names the certificate.
    pub(super) fn name(&self, certificate: &X509) -> bool {
        self.lists.iter().any(|list| list.names(certificate))
    }

    /// Whether a current list of this issuer is at hand that would name the certificate if it were revoked: signed with
    /// the issuer's key, or with the key of a CA of the same name for which `vouches` says yes.
    pub(super) fn current(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        now: i64,
        paths: &Paths,
        vouches: &dyn Fn(&Certificate) -> bool,
    ) -> bool {
        let key = public_key(issuer);
        let by_another = |list: &List| {
            let signers = paths
                .authorities()
                .filter(|authority| list.verifies_with(authority));
            signers.into_iter().any(vouches)
        };
        let own = self.lists.iter().filter(|list| is_issuer(issuer, &list.crl));
        let covers = |list: &List| list.scope.as_ref().is_some_and(|scope| scope.covers(certificate));
        own.filter(|list| list.is_current(now, self.stale) && covers(list))
            .any(|list| {
                let by_itself = key.as_ref().is_some_and(|key| list.signers.contains(key));
                by_itself || by_another(list)
            })
    }

    /// Seconds at which a list begins or ends to be current.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> {
        let end = |list: &List| list.next_update.map(|next| next.saturating_add(self.stale));
        let ends = move |list: &List| std::iter::once(list.this_update).chain(end(list));
        self.lists.iter().flat_map(ends)
    }
}

impl List {
    /// When a list was made and when the next one is due, in seconds since 1970.
    pub(in super::super) fn dates(crl: &X509Crl) -> Option<(i64, Option<i64>)> {
        let next = crl.next_update().map(seconds);
        match next {
            Some(None) => None,
            next => Some((seconds(crl.last_update())?, next.flatten())),
        }
    }

    /// Whether this CA has signed a list of its own name.
    pub(in super::super) fn is_signed_by(crl: &X509Crl, authority: &Certificate) -> bool {
        signs(authority, crl)
    }

    fn new(file: &Path, crl: X509Crl, paths: &Paths) -> Result<List, String> {
        let signed = paths.authorities().filter(|authority| signs(authority, &crl));
        let signers: Vec<_> = signed.filter_map(public_key).collect();
        let wrong = |what: &str| format!("{}: {what}", file.display());
        if signers.is_empty() {
            let issuer = issuer_of(&crl);
            return Err(wrong(&format!(
                "no CA among the anchors and intermediates has signed this revocation list of {issuer}"
            )));
        }
        let time = |time: &Asn1TimeRef| seconds(time).ok_or_else(|| wrong("its dates cannot be read"));
        Ok(List {
            signers,
            this_update: time(crl.last_update())?,
            next_update: crl.next_update().map(time).transpose()?,
            scope: Scope::of(&crl),
            crl,
        })
    }

    fn verifies_with(&self, authority: &Certificate) -> bool {
        authority.may_sign_lists()
            && is_issuer(authority, &self.crl)
            && public_key(authority).is_some_and(|key| self.signers.contains(&key))
    }

    fn names(&self, certificate: &X509) -> bool {
        let same = self.crl.issuer_name().try_cmp(certificate.issuer_name());
        same.is_ok_and(|order| order.is_eq())
            && matches!(self.crl.get_by_cert(certificate), CrlStatus::Revoked(_))
    }

    fn is_current(&self, now: i64, stale: i64) -> bool {
        let ends = self.next_update.map(|next| next.saturating_add(stale));
        self.this_update <= now && ends.is_some_and(|end| now < end)
    }
}

fn signs(authority: &Certificate, crl: &X509Crl) -> bool {
    let key = authority.x509().public_key();
    authority.may_sign_lists()
        && is_issuer(authority, crl)
        && key.is_ok_and(|key| crl.verify(&key).unwrap_or(false))
}

fn is_issuer(authority: &Certificate, crl: &X509CrlRef) -> bool {
    let order = authority.x509().subject_name().try_cmp(crl.issuer_name());
    order.is_ok_and(|order| order.is_eq())
}

fn issuer_of(crl: &X509CrlRef) -> String {
    let name = crl.issuer_name().to_der().unwrap_or_default();
    x509_cert::name::Name::from_der(&name)
        .map_or_else(|_| "an unreadable issuer".to_owned(), |n| one_line(&n))
}

fn public_key(authority: &Certificate) -> Option<Vec<u8>> {
    authority.x509().public_key().ok()?.public_key_to_der().ok()
}

fn seconds(time: &Asn1TimeRef) -> Option<i64> {
    let epoch = Asn1Time::from_unix(0).ok()?;
    let since = epoch.diff(time).ok()?;
    Some(i64::from(since.days) * 86_400 + i64::from(since.secs))
}
