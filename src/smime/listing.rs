//! All certificates one after the other, for people: those of the folder, then those of the register.

use std::path::PathBuf;
use std::sync::Arc;

use crate::message::{Address, Considered, Origin, Profile};

use super::register::{Entry, EntryState};
use super::trust::Judged;
use super::{Candidate, Certificate, Certificates, LookupError};

/// Entries that are read from the register at a time.
const PAGE: u32 = 500;

/// One line of a list of all certificates.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Where it came from.
    pub origin: Origin,
    /// The file it came from, when it lies in the folder.
    pub file: Option<PathBuf>,
    /// What the register knows of it, when it is there.
    pub entry: Option<Entry>,
    /// Itself.
    pub certificate: Arc<Certificate>,
    /// The address it would be used for; `None` when it names no address at all.
    pub address: Option<Address>,
    /// The domain it would be used for, in place of an address.
    pub domain: Option<String>,
    /// What is said of it, taken by itself: never `Chosen`.
    pub considered: Considered,
}

impl Listed {
    /// For people: the address, or `@domain`.
    pub fn whom(&self) -> Option<String> {
        let domain = || self.domain.as_ref().map(|domain| format!("@{domain}"));
        self.address.as_ref().map(Address::to_string).or_else(domain)
    }

    /// For people: the file, or how it came into the register.
    pub fn source(&self) -> String {
        match (&self.file, &self.entry) {
            (Some(file), _) => file.display().to_string(),
            (None, Some(entry)) if entry.state == EntryState::Vouched => {
                format!("register ({}, vouched for)", self.origin.name())
            }
            (None, _) => format!("register ({})", self.origin.name()),
        }
    }
}

/// A certificate of the folder or the register, before it is judged.
struct Found {
    candidate: Candidate,
    file: Option<PathBuf>,
    entry: Option<Entry>,
}

impl Certificates {
    /// Shows every certificate of the folder and the register to `visit`, once for each address and each domain it
    /// names, judged at `now` by the profile for the address.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub async fn each(
        &self,
        profile: impl Fn(&Address) -> Profile,
        now: jiff::Timestamp,
        mut visit: impl FnMut(Listed),
    ) -> Result<(), LookupError> {
        for (file, certificate) in self.folder.certificates() {
            let found = Found {
                candidate: Candidate::new(certificate.clone(), Origin::Folder),
                file: Some(file.to_owned()),
                entry: None,
            };
            self.list(found, &profile, now).into_iter().for_each(&mut visit);
        }
        let Some(registered) = &self.registered else {
            return Ok(());
        };
        let mut after = String::new();
        loop {
            // A page at a time: there may be a million.
            let page = registered.register().page(&after, PAGE).await;
            let page = page.map_err(|error| LookupError(error.to_string()))?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.certificate.fingerprint().to_owned();
            for entry in page {
                self.list(entry.into(), &profile, now)
                    .into_iter()
                    .for_each(&mut visit);
            }
        }
    }

    /// Fingerprints of the folder and the register that begin with these lower-case hexadecimal digits, in order.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub async fn fingerprints(&self, digits: &str) -> Result<Vec<String>, LookupError> {
        let own = |certificate: &Arc<Certificate>| certificate.fingerprint().to_owned();
        let mut found: Vec<String> = self.folder.certificates().map(|(_, one)| own(one)).collect();
        found.retain(|known| known.starts_with(digits));
        if let Some(registered) = &self.registered {
            let entries = registered.register().beginning_with(digits).await;
            let entries = entries.map_err(|error| LookupError(error.to_string()))?;
            found.extend(entries.iter().map(|entry| own(&entry.certificate)));
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// The lines for the certificate of this fingerprint, as [`Certificates::each`] has them.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub async fn of(
        &self,
        fingerprint: &str,
        profile: impl Fn(&Address) -> Profile,
        now: jiff::Timestamp,
    ) -> Result<Vec<Listed>, LookupError> {
        let mut lines = Vec::new();
        let own = self.folder.certificates();
        for (file, certificate) in own.filter(|(_, one)| one.fingerprint() == fingerprint) {
            let found = Found {
                candidate: Candidate::new(certificate.clone(), Origin::Folder),
                file: Some(file.to_owned()),
                entry: None,
            };
            lines.extend(self.list(found, &profile, now));
        }
        if let Some(registered) = &self.registered {
            let entries = registered.register().beginning_with(fingerprint).await;
            let entries = entries.map_err(|error| LookupError(error.to_string()))?;
            for entry in entries {
                lines.extend(self.list(entry.into(), &profile, now));
            }
        }
        Ok(lines)
    }

    /// Judges a certificate that is in no source yet, as one that is in use: one line for each address and domain.
    pub fn preview(
        &self,
        certificate: Arc<Certificate>,
        origin: Origin,
        profile: impl Fn(&Address) -> Profile,
        now: jiff::Timestamp,
    ) -> Vec<Listed> {
        let found = Found {
            candidate: Candidate::new(certificate, origin),
            file: None,
            entry: None,
        };
        self.list(found, &profile, now)
    }

    fn list(
        &self,
        found: Found,
        profile: &impl Fn(&Address) -> Profile,
        now: jiff::Timestamp,
    ) -> Vec<Listed> {
        let line = |(address, domain): (Option<Address>, Option<String>)| {
            // Anybody there will do: a rule about a domain is the same for all.
            let somebody = domain
                .as_ref()
                .and_then(|domain| format!("somebody@{domain}").parse().ok());
            let judged = match address.as_ref().or(somebody.as_ref()) {
                Some(address) => self.judge(&found.candidate, address, profile(address), now),
                None => Judged::wrong_address(),
            };
            Listed {
                origin: found.candidate.origin,
                file: found.file.clone(),
                entry: found.entry.clone(),
                certificate: found.candidate.certificate.clone(),
                address,
                domain,
                considered: found.candidate.considered(judged),
            }
        };
        targets(&found.candidate.certificate)
            .into_iter()
            .map(line)
            .collect()
    }
}

impl From<Entry> for Found {
    fn from(entry: Entry) -> Found {
        Found {
            candidate: Candidate::from(entry.clone()),
            file: None,
            entry: Some(entry),
        }
    }
}

/// What a certificate says it is for, each once; one line without anything when it says nothing.
fn targets(certificate: &Certificate) -> Vec<(Option<Address>, Option<String>)> {
    let named = certificate
        .addresses()
        .iter()
        .chain(certificate.subject_addresses());
    let mut addresses: Vec<Address> = named.cloned().collect();
    addresses.sort();
    addresses.dedup();
    let mut domains = certificate.domains().to_vec();
    domains.sort();
    domains.dedup();
    let addresses = addresses.into_iter().map(|address| (Some(address), None));
    let mut targets: Vec<_> = addresses
        .chain(domains.into_iter().map(|domain| (None, Some(domain))))
        .collect();
    if targets.is_empty() {
        targets.push((None, None));
    }
    targets
}
