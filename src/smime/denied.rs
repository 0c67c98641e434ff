//! Certificates and issuers that an administrator has denied: a file that records who did it, when and why.
//!
//! ```toml
//! [[denied]]
//! fingerprint = "5f…"            # or: issuer = "CN=Some CA,O=Example,C=US"
//! reason = "the laptop was stolen"
//! by = "root"
//! at = "2027-06-01T12:00:00Z"
//! ```
//!
//! An entry that is lifted stays, with `lifted_by` and `lifted_at`: the file is the history. A file that is not
//! there denies nothing; one that cannot be read is an error.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Certificate, files};

const HEAD: &str =
    "# Certificates and issuers that may not be used. Written by `sealgate cert deny` and `cert allow`.\n\n";

/// The record of what was denied, in the order of entry.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denied {
    #[serde(default)]
    denied: Vec<Denial>,
}

/// One entry of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// SHA-256 of a certificate, in lower-case hexadecimal: a recipient's, or a CA's with all below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The name of a CA, as `cert show` writes it: nothing that it has issued is used, directly or further down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Why.
    pub reason: String,
    /// Who entered it.
    pub by: String,
    /// When.
    pub at: jiff::Timestamp,
    /// Who lifted it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<String>,
    /// When it was lifted; it does not count from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_at: Option<jiff::Timestamp>,
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One certificate, by its fingerprint.
    Certificate(String),
    /// Everything that a CA of this name has issued.
    Issuer(String),
}

impl Denied {
    /// Reads the record.
    ///
    /// # Errors
    /// Names the file, when it cannot be read or an entry does not name exactly one thing.
    pub fn load(file: &Path) -> Result<Denied, String> {
        let wrong = |what: String| format!("{}: {what}", file.display());
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Denied::default()),
            Err(error) => return Err(wrong(format!("the file cannot be read: {error}"))),
        };
        let mut record: Denied = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        for (number, entry) in record.denied.iter_mut().enumerate() {
            let at = |what: &str| wrong(format!("entry {} {what}", number + 1));
            if entry.fingerprint.is_some() == entry.issuer.is_some() {
                return Err(at("must name either a fingerprint or an issuer"));
            }
            if let Some(text) = &mut entry.fingerprint {
                *text = fingerprint(text).ok_or_else(|| at("has a fingerprint that is no SHA-256"))?;
            }
        }
        Ok(record)
    }

    /// Adds an entry. Nothing is written yet.
    ///
    /// # Errors
    /// When it is denied already.
    pub fn deny(
        &mut self,
        subject: &Subject,
        reason: &str,
        by: &str,
        at: jiff::Timestamp,
    ) -> Result<(), String> {
        if self.in_force().any(|entry| entry.is_about(subject)) {
            return Err("it is denied already".to_owned());
        }
        let (fingerprint, issuer) = match subject.clone() {
            Subject::Certificate(fingerprint) => (Some(fingerprint), None),
            Subject::Issuer(name) => (None, Some(name)),
        };
        self.denied.push(Denial {
            fingerprint,
            issuer,
            reason: reason.to_owned(),
            by: by.to_owned(),
            at,
            lifted_by: None,
            lifted_at: None,
        });
        Ok(())
    }

    /// Lifts every entry about it. Nothing is written yet.
    ///
    /// # Errors
    /// When it is not denied.
    pub fn allow(&mut self, subject: &Subject, by: &str, at: jiff::Timestamp) -> Result<(), String> {
        let mut lifted = false;
        let open = self.denied.iter_mut().filter(|entry| entry.lifted_at.is_none());
        for entry in open.filter(|entry| entry.is_about(subject)) {
            entry.lifted_by = Some(by.to_owned());
            entry.lifted_at = Some(at);
            lifted = true;
        }
        lifted.then_some(()).ok_or_else(|| "it is not denied".to_owned())
    }

    /// Writes the record: the old one or the new one is there at any moment, never a half.
    ///
    /// # Errors
    /// Names the file that could not be written.
    pub fn save(&self, file: &Path) -> Result<(), String> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: cannot be written: {error}", file.display());
        let text = toml::to_string(self).map_err(|error| wrong(&error))?;
        files::replace(file, [HEAD, &text].concat().as_bytes(), 0o644)
    }

    /// The entries that count.
    pub fn in_force(&self) -> impl Iterator<Item = &Denial> {
        self.denied.iter().filter(|entry| entry.lifted_at.is_none())
    }

    /// The recorded reason in one line, when the certificate or the name of its issuer is denied.
    pub(super) fn reason(&self, certificate: &Certificate) -> Option<String> {
        let about = |entry: &&Denial| {
            let it = entry.fingerprint.as_deref() == Some(certificate.fingerprint());
            it || entry.issuer.as_deref() == Some(certificate.issuer())
        };
        let found = self.in_force().find(about)?;
        let line = |c: char| if c.is_control() { ' ' } else { c };
        Some(found.reason.chars().map(line).collect())
    }
}

impl Denial {
    fn is_about(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Certificate(fingerprint) => self.fingerprint.as_ref() == Some(fingerprint),
            Subject::Issuer(name) => self.issuer.as_ref() == Some(name),
        }
    }
}

/// A SHA-256 fingerprint as people paste it (upper case, colons, blanks) in lower-case hexadecimal.
pub fn fingerprint(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let right = digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit());
    right.then(|| digits.to_ascii_lowercase())
}
