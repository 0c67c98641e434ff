//! Anchors that vouch for named domains only: the file `anchors.toml`.
//!
//! ```toml
//! [[anchor]]
//! file = "partner-root.pem"      # in the folder of the anchors; or: fingerprint = "5f…"
//! domains = ["partner.example", ".partner.example"]   # with a dot in front: everything below it
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::Certificate;
use super::super::denied;
use super::super::naming::ascii;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    anchor: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: Option<PathBuf>,
    fingerprint: Option<String>,
    domains: Vec<String>,
}

/// An anchor and the domains that it is bound to; `None` when it vouches for everybody.
pub(in crate::smime) struct Anchor {
    pub(super) certificate: Certificate,
    pub(super) domains: Option<Vec<String>>,
}

impl Anchor {
    /// Whether it may vouch for addresses of `domain`.
    pub(super) fn serves(&self, domain: &str) -> bool {
        let domain = ascii(domain);
        self.domains.as_ref().is_none_or(|bound| {
            bound.iter().any(|name| match name.strip_prefix('.') {
                Some(_) => domain.ends_with(name),
                None => domain == *name,
            })
        })
    }
}

/// Reads the file and binds the anchors. Without a file none is bound.
///
/// # Errors
/// When the file cannot be read, or an entry names no anchor: a binding that binds nothing would leave the anchor
/// that was meant without one.
pub(super) fn bind(found: Vec<(PathBuf, Certificate)>, file: &Path) -> Result<Vec<Anchor>, String> {
    let entries = read(file)?;
    let wrong = |what: String| format!("{}: {what}", file.display());
    let mut bound: Vec<(String, Vec<String>)> = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        let at = |what: &str| wrong(format!("entry {} {what}", number + 1));
        let named = entry.anchors(&found).map_err(|what| at(&what))?;
        if named.is_empty() {
            return Err(at("names no certificate in the folder of the anchors"));
        }
        if entry.domains.is_empty() {
            return Err(at(
                "names no domain; remove the anchor if it may vouch for nobody",
            ));
        }
        let domains: Vec<String> = entry.domains.iter().map(|name| scope(name)).collect();
        bound.extend(
            named
                .into_iter()
                .map(|fingerprint| (fingerprint, domains.clone())),
        );
    }
    let bindings = |certificate: &Certificate| -> Option<Vec<String>> {
        let own = bound
            .iter()
            .filter(|(named, _)| named == certificate.fingerprint());
        let domains: Vec<String> = own.flat_map(|(_, domains)| domains.clone()).collect();
        (!domains.is_empty()).then_some(domains)
    };
    let anchor = |(_, certificate): (_, Certificate)| Anchor {
        domains: bindings(&certificate),
        certificate,
    };
    Ok(found.into_iter().map(anchor).collect())
}

/// A domain as [`Anchor::serves`] compares it; the dot in front is no part of the name.
fn scope(name: &str) -> String {
    match name.strip_prefix('.') {
        Some(rest) => format!(".{}", ascii(rest)),
        None => ascii(name),
    }
}

fn read(file: &Path) -> Result<Vec<Entry>, String> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let parsed: File =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
            Ok(parsed.anchor)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("{}: the file cannot be read: {error}", file.display())),
    }
}

impl Entry {
    /// The fingerprints of the certificates that the entry is about.
    fn anchors(&self, found: &[(PathBuf, Certificate)]) -> Result<Vec<String>, String> {
        let wanted = match (&self.file, &self.fingerprint) {
            (Some(_), None) => None,
            (None, Some(text)) => {
                Some(denied::fingerprint(text).ok_or("has a fingerprint that is no SHA-256".to_owned())?)
            }
            _ => return Err("must name either a file or a fingerprint".to_owned()),
        };
        let is_meant = |(path, certificate): &&(PathBuf, Certificate)| match (&self.file, &wanted) {
            (Some(file), _) => path.file_name() == Some(file.as_os_str()),
            (None, wanted) => wanted.as_deref() == Some(certificate.fingerprint()),
        };
        let meant = found.iter().filter(is_meant);
        Ok(meant
            .map(|(_, certificate)| certificate.fingerprint().to_owned())
            .collect())
    }
}
