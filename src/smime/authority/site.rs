//! The CA at work: made once, then asked to issue, to revoke and to publish.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use const_oid::AssociatedOid;
use der::Encode;
use der::asn1::Ia5String;
use jiff::{SignedDuration, Timestamp};
use openssl::pkey::PKey;
use openssl::x509::X509Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, NameConstraints};

use super::super::certificate::Certificate;
use super::super::files::replace;
use super::super::issue::extensions::any;
use super::super::issue::{Authority, IssueError, KeyKind, Placement, Request, Usage, make_key};
use super::super::keys::{self, KeyFile, Secret, pkcs8_of, write_key_file};
use super::ledger::lock;
use super::list;
use super::{Delivered, Entry, Ledger, Order, Reason, Revocation, Settings, Source, Whom};

/// The CA's own file: its sealed key and its certificate.
const FILE: &str = "ca.pem";
/// Its name among the anchors, and its list's among the lists.
const ANCHOR: &str = "internal-ca.pem";
const LIST: &str = "internal-ca.crl";

/// The settings that concern the CA.
pub struct Site<'a> {
    /// `[authority]`.
    pub authority: &'a Settings,
    /// `[keys]`: the secret that the CA's key is sealed with.
    pub keys: &'a keys::Settings,
    /// `[certificates]`: where the gateway reads certificates and lists.
    pub certificates: &'a super::super::Settings,
}

/// The CA, opened.
pub struct SiteAuthority<'a> {
    site: &'a Site<'a>,
    folder: &'a Path,
    authority: Authority,
}

/// A revocation list that was published.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Published {
    /// Its number.
    pub number: u64,
    /// How many certificates it lists.
    pub revoked: usize,
    /// When the next one is due.
    pub next_update: Timestamp,
    /// The files.
    pub files: Vec<PathBuf>,
}

impl<'a> Site<'a> {
    fn folder(&self) -> Result<&'a Path, String> {
        let folder = self.authority.folder.as_deref();
        folder.ok_or_else(|| "there is no internal CA: name a folder for it, [authority] folder".to_owned())
    }

    fn secret(&self) -> Result<Secret, String> {
        let file = self.keys.secret_file.as_deref();
        let file =
            file.ok_or("the CA's key must be sealed: name the file with the secret, [keys] secret_file")?;
        Secret::passphrase(file)
    }

    /// Makes the CA: its key, its certificate, an empty ledger and the first list. It may issue for `domains` only
    /// (name constraints, RFC 5280 §4.2.1.10), and becomes an anchor of the gateway.
    ///
    /// # Errors
    /// When there is one already, or something cannot be written.
    pub fn init(
        &'a self,
        name: &str,
        kind: KeyKind,
        domains: &[String],
        [now, end]: [Timestamp; 2],
    ) -> Result<(SiteAuthority<'a>, Published), String> {
        let (folder, secret) = (self.folder()?, self.secret()?);
        if domains.is_empty() {
            return Err("`domains` in the settings names no domain that the CA could issue for".to_owned());
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| format!("{}: cannot be made: {error}", folder.display()))?;
        let _lock = lock(folder)?;
        if folder.join(FILE).exists() {
            return Err(format!("there is a CA in {} already", folder.display()));
        }
        let domains: Vec<String> = domains.iter().map(|domain| subtree(domain)).collect();
        let constraints = constraints(&domains).map_err(words)?;
        let authority =
            Authority::new_with(name, kind, [now, end], Some(0), vec![constraints]).map_err(words)?;
        let pem = authority.certificate_pem().map_err(words)?;
        let ledger = Ledger {
            domains,
            ..Ledger::default()
        };
        ledger.save(folder)?;
        let opened = SiteAuthority {
            site: self,
            folder,
            authority,
        };
        let published = opened.publish_locked(ledger, now)?;
        replace(&self.certificates.anchors.join(ANCHOR), pem.as_bytes(), 0o644)?;
        // Last: whatever failed before it can be tried again.
        let key = pkcs8_of(opened.authority.key())?;
        write_key_file(&folder.join(FILE), &key, &secret, &pem)?;
        Ok((opened, published))
    }

    /// Opens the CA.
    ///
    /// # Errors
    /// When there is none, or its key does not open.
    pub fn open(&'a self) -> Result<SiteAuthority<'a>, String> {
        let folder = self.folder()?;
        let path = folder.join(FILE);
        if !path.exists() {
            return Err(format!(
                "there is no CA in {}; make it with 'sealgate cert authority init'",
                folder.display()
            ));
        }
        let file = KeyFile::read(&path)?;
        let key = file.open(Some(&self.secret()?))?;
        let key = key.ok_or_else(|| format!("{}: holds no private key", path.display()))?;
        let key = PKey::private_key_from_pkcs8(&key).map_err(|error| error.to_string())?;
        let certificate = file.certificates.into_iter().next();
        let certificate = certificate.ok_or_else(|| format!("{}: holds no certificate", path.display()))?;
        let authority = Authority::from_parts(certificate.x509().clone(), key).map_err(words)?;
        Ok(SiteAuthority {
            site: self,
            folder,
            authority,
        })
    }

    /// Reads the ledger.
    ///
    /// # Errors
    /// When there is no CA, or the ledger is damaged.
    pub fn ledger(&self) -> Result<Ledger, String> {
        Ledger::load(self.folder()?)
    }
}

impl SiteAuthority<'_> {
    /// The CA's certificate.
    ///
    /// # Errors
    /// When it cannot be read again.
    pub fn certificate(&self) -> Result<Certificate, String> {
        let der = self
            .authority
            .certificate()
            .to_der()
            .map_err(|error| error.to_string())?;
        Certificate::from_der(&der).map_err(|error| error.to_string())
    }

    /// Issues a certificate. It stands in the ledger when this returns; one that can be encrypted to is among the
    /// recipients' certificates, too.
    ///
    /// # Errors
    /// When the CA may not issue it, or the ledger cannot be written; nothing was issued then.
    pub fn issue(&self, order: &Order, by: &str, now: Timestamp) -> Result<Delivered, String> {
        let _lock = lock(self.folder)?;
        let mut ledger = Ledger::load(self.folder)?;
        if let Whom::Address(address) = &order.whom {
            check_domain(&ledger, address.domain())?;
        }
        let end = now + SignedDuration::from_hours(24 * i64::from(order.days));
        let own_end = self.certificate()?.not_after();
        if end > own_end {
            return Err(format!(
                "the CA itself ends on {}; ask for fewer days than {}, or make a new CA",
                own_end.strftime("%Y-%m-%d"),
                order.days
            ));
        }
        // A minute back, for clocks that differ.
        let begin = now - SignedDuration::from_mins(1);
        let (certificate, key) = self.certify(order, [begin, end])?;
        let read = certificate.to_der().map_err(|error| error.to_string())?;
        let read = Certificate::from_der(&read).map_err(|error| error.to_string())?;
        let entry = Entry {
            serial: read.serial().to_owned(),
            fingerprint: read.fingerprint().to_owned(),
            whom: order.whom.words(),
            name: order.name.clone(),
            usage: usage(order.usage).to_owned(),
            not_before: read.not_before(),
            not_after: read.not_after(),
            by: by.to_owned(),
            renews: order.renews.clone(),
            revoked: None,
        };
        ledger.certificates.push(entry.clone());
        ledger.save(self.folder)?;
        if read.may_encrypt_mail() && matches!(order.whom, Whom::Address(_)) {
            let name = format!("internal-{}.pem", entry.serial);
            let path = self.site.certificates.recipients.join(name);
            replace(&path, read.to_pem().as_bytes(), 0o644)?;
        }
        Ok(Delivered {
            entry,
            certificate,
            authority: self.authority.certificate().clone(),
            key,
        })
    }

    fn certify(
        &self,
        order: &Order,
        [begin, end]: [Timestamp; 2],
    ) -> Result<(openssl::x509::X509, Option<PKey<openssl::pkey::Private>>), String> {
        let (Source::Fresh(kind) | Source::Given(_, kind)) = order.source;
        let words_of = order.whom.words();
        let mut request = Request::new(&words_of, kind, begin, end);
        request.usage = order.usage;
        if let Some(name) = &order.name {
            request.common_name.clone_from(name);
        }
        if matches!(order.whom, Whom::Organisation(_)) {
            request.placement = Placement::Nowhere;
        }
        let more = distribution(self.site.authority.crl_url.as_deref()).map_err(words)?;
        match &order.source {
            Source::Fresh(kind) => {
                let key = make_key(*kind).map_err(|error| error.to_string())?;
                let certificate = self.authority.certify(&request, &key, more).map_err(words)?;
                Ok((certificate, Some(key)))
            }
            Source::Given(key, _) => {
                let certificate = self.authority.certify(&request, key, more).map_err(words)?;
                Ok((certificate, None))
            }
        }
    }

    /// Revokes a certificate and publishes the list that says so.
    ///
    /// # Errors
    /// When it is not clear which one is meant, or it is revoked already.
    pub fn revoke(
        &self,
        which: &str,
        reason: Reason,
        by: &str,
        now: Timestamp,
    ) -> Result<(Entry, Published), String> {
        let _lock = lock(self.folder)?;
        let mut ledger = Ledger::load(self.folder)?;
        let serial = ledger.meant(which, now)?.serial.clone();
        let entry = ledger
            .certificates
            .iter_mut()
            .find(|entry| entry.serial == serial);
        let entry = entry.ok_or("the ledger has changed")?;
        if let Some(revoked) = &entry.revoked {
            return Err(format!(
                "{serial} was revoked on {} already",
                revoked.at.strftime("%Y-%m-%d")
            ));
        }
        entry.revoked = Some(Revocation {
            at: now,
            reason,
            by: by.to_owned(),
        });
        let entry = entry.clone();
        ledger.save(self.folder)?;
        let published = self.publish_locked(ledger, now)?;
        Ok((entry, published))
    }

    /// Publishes a new revocation list. To be done before the last one is out of date, changes or none.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn publish(&self, now: Timestamp) -> Result<Published, String> {
        let _lock = lock(self.folder)?;
        self.publish_locked(Ledger::load(self.folder)?, now)
    }

    /// The number is used up before the list is there: two lists of one number never exist.
    fn publish_locked(&self, mut ledger: Ledger, now: Timestamp) -> Result<Published, String> {
        ledger.list_number += 1;
        ledger.save(self.folder)?;
        let next = now + SignedDuration::from_hours(24 * i64::from(self.site.authority.crl_days));
        let der = list::make(&self.authority, &ledger, now, next).map_err(words)?;
        let folders = std::iter::once(&self.site.certificates.crls).chain(&self.site.authority.publish);
        let files: Vec<PathBuf> = folders.map(|folder| folder.join(LIST)).collect();
        for file in &files {
            replace(file, &der, 0o644)?;
        }
        let listed = |entry: &&Entry| entry.revoked.is_some() && entry.not_after > now;
        Ok(Published {
            number: ledger.list_number,
            revoked: ledger.certificates.iter().filter(listed).count(),
            next_update: next,
            files,
        })
    }
}

/// As the command line and the ledger call it.
fn usage(usage: Usage) -> &'static str {
    match usage {
        Usage::Mail => "mail",
        Usage::SignMail => "sign",
        Usage::EncryptMail => "encrypt",
        Usage::Unrestricted | Usage::ServeTls => "other",
    }
}

fn check_domain(ledger: &Ledger, domain: &str) -> Result<(), String> {
    let fits = |own: &String| match own.strip_prefix('.') {
        Some(parent) => domain
            .strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.')),
        None => own == domain,
    };
    match ledger.domains.iter().any(fits) {
        true => Ok(()),
        false => Err(format!(
            "the CA may issue for {} only, and its certificate says so",
            ledger.domains.join(", ")
        )),
    }
}

/// `*.agency.example` as a constraint on mailboxes has it: `.agency.example`.
fn subtree(domain: &str) -> String {
    domain.strip_prefix('*').unwrap_or(domain).to_lowercase()
}

fn constraints(domains: &[String]) -> Result<X509Extension, IssueError> {
    let permitted = domains
        .iter()
        .map(|domain| {
            Ok(GeneralSubtree {
                base: GeneralName::Rfc822Name(Ia5String::new(domain)?),
                minimum: 0,
                maximum: None,
            })
        })
        .collect::<der::Result<Vec<_>>>()?;
    let constraints = NameConstraints {
        permitted_subtrees: Some(permitted),
        excluded_subtrees: None,
    };
    any(NameConstraints::OID, true, &constraints.to_der()?)
}

fn distribution(url: Option<&str>) -> Result<Vec<X509Extension>, IssueError> {
    let Some(url) = url else {
        return Ok(Vec::new());
    };
    let name = GeneralName::UniformResourceIdentifier(Ia5String::new(url)?);
    let points = CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![name])),
        reasons: None,
        crl_issuer: None,
    }]);
    Ok(vec![any(CrlDistributionPoints::OID, false, &points.to_der()?)?])
}

fn words(error: IssueError) -> String {
    error.to_string()
}
