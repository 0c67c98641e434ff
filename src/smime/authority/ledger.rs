//! What the CA has issued and revoked: one file, read and written whole under a lock.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::super::files::replace;

const FILE: &str = "ledger.json";
const LOCK: &str = "lock";

/// Everything that the CA has issued, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Mail domains that the CA may issue for; a dot in front means all below.
    pub domains: Vec<String>,
    /// The number of the last revocation list.
    pub list_number: u64,
    /// The certificates.
    pub certificates: Vec<Entry>,
}

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// In lower-case hexadecimal.
    pub serial: String,
    /// SHA-256 of its DER, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The address, or the name of an organisation.
    pub whom: String,
    /// The person's name, when it stands in the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, in the words of the command line.
    pub usage: String,
    /// Begin of validity.
    pub not_before: jiff::Timestamp,
    /// End of validity.
    pub not_after: jiff::Timestamp,
    /// Who had it issued.
    pub by: String,
    /// The serial number of the one that it renews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renews: Option<String>,
    /// When, why and by whom it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// The end of a certificate before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When.
    pub at: jiff::Timestamp,
    /// Why.
    pub reason: Reason,
    /// Who decided.
    pub by: String,
}

/// Why a certificate is revoked (RFC 5280 §5.3.1), as far as it can happen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// No reason is told.
    Unspecified,
    /// Somebody else may have the private key.
    KeyCompromise,
    /// The person has left, or another name or address.
    AffiliationChanged,
    /// Another certificate takes its place.
    Superseded,
    /// The mailbox is gone.
    CessationOfOperation,
}

impl Ledger {
    /// Reads the ledger.
    ///
    /// # Errors
    /// Names the file.
    pub(super) fn load(folder: &Path) -> Result<Ledger, String> {
        let path = folder.join(FILE);
        let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        serde_json::from_str(&text).map_err(|error| wrong(&format!("is damaged: {error}")))
    }

    /// Writes it: the old one or the new one is there at any moment.
    pub(super) fn save(&self, folder: &Path) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        replace(&folder.join(FILE), (text + "\n").as_bytes(), 0o600)
    }

    /// The one certificate that somebody means by its serial number or fingerprint, or the first 8 digits of either;
    /// or by its address, when just one is in force for it.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn meant(&self, text: &str, now: jiff::Timestamp) -> Result<&Entry, String> {
        let digits: String = text
            .chars()
            .filter(|c| *c != ':')
            .collect::<String>()
            .to_ascii_lowercase();
        let by_number = digits.len() >= 8 && digits.chars().all(|c| c.is_ascii_hexdigit());
        let fits = |entry: &&Entry| {
            let number = entry.serial.starts_with(&digits) || entry.fingerprint.starts_with(&digits);
            let address = entry.whom.eq_ignore_ascii_case(text) && entry.is_in_force(now);
            (by_number && number) || address
        };
        let found: Vec<&Entry> = self.certificates.iter().filter(fits).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(format!(
                "no certificate that the internal CA has issued is meant by {text:?}; 'sealgate cert authority show' lists them"
            )),
            _ => {
                let serials: Vec<&str> = found.iter().map(|entry| entry.serial.as_str()).collect();
                Err(format!(
                    "{text:?} can mean several: give one of the serial numbers {}",
                    serials.join(", ")
                ))
            }
        }
    }
}

impl Entry {
    /// Whether it is valid by its dates and not revoked.
    pub fn is_in_force(&self, now: jiff::Timestamp) -> bool {
        self.revoked.is_none() && now < self.not_after
    }
}

/// Holds the CA for one administrator at a time; another one waits.
pub(super) fn lock(folder: &Path) -> Result<Flock<File>, String> {
    let path = folder.join(LOCK);
    let wrong = |error: &dyn std::fmt::Display| format!("{}: cannot be locked: {error}", path.display());
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| wrong(&error))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| wrong(&error))
}
