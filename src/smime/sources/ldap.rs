//! Certificates from an LDAP directory (RFC 4511, RFC 4523): `userCertificate;binary` and `userSMIMECertificate;binary`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{Scope, SearchEntry, SearchOptions, ldap_escape};
use serde::Deserialize;

use crate::ldap;
use crate::message::{Address, Boxed, Origin};

use super::super::{Candidate, Certificate, Contents, Directory};
use super::remote::{Place, Remote, Terms};

/// Entries, and certificates, that one answer may have.
const ENTRIES: i32 = 20;
const CERTIFICATES: usize = 100;

/// One directory: `[[certificates.ldap]]` in the settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `ldaps://host` or, with `start_tls`, `ldap://host`.
    pub url: String,
    /// Whether to begin TLS on a plain connection.
    #[serde(default)]
    pub start_tls: bool,
    /// Where in the tree people are.
    pub base: String,
    /// Finds a person; `{address}` becomes the mail address, escaped.
    #[serde(default = "filter")]
    pub filter: String,
    /// What holds certificates, in DER or PKCS#7.
    #[serde(default = "attributes")]
    pub attributes: Vec<String>,
    /// Who asks; without it, nobody by name.
    #[serde(default)]
    pub bind_dn: String,
    /// File with the password of `bind_dn` in its first line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// PEM file with the CAs that the server's certificate must come from; without it, those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Domains that it is asked about; `*.partner.example` is everything below, `*` is every domain.
    pub domains: Vec<String>,
    /// Seconds to wait for an answer.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Minutes for which certificates that were found are good; they are given for twice as long.
    #[serde(default = "cache_minutes")]
    pub cache_minutes: u64,
    /// The same when nothing was found.
    #[serde(default = "negative_minutes")]
    pub negative_minutes: u64,
}

fn filter() -> String {
    "(mail={address})".to_owned()
}

fn attributes() -> Vec<String> {
    // OpenLDAP knows the last one without the option only.
    [
        "userCertificate;binary",
        "userSMIMECertificate;binary",
        "userSMIMECertificate",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn timeout_seconds() -> u64 {
    5
}

fn cache_minutes() -> u64 {
    60
}

fn negative_minutes() -> u64 {
    10
}

impl Settings {
    /// What is wrong with them; each sentence begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        let why = "whoever is on the way could keep certificates back";
        let mut list = self.endpoint().mistakes(why, false);
        if !self.filter.contains("{address}") {
            list.push("`filter` must contain {address}, or it finds everybody".to_owned());
        }
        if self.attributes.is_empty() {
            list.push("`attributes` is empty, so nothing could be found".to_owned());
        }
        if self.domains.is_empty() {
            list.push(
                "`domains` is empty, so it would never be asked; \"*\" stands for every domain".to_owned(),
            );
        }
        if self.timeout_seconds == 0 || self.timeout_seconds > 30 {
            list.push(
                "`timeout_seconds` must be from 1 to 30: a message is answered within a minute in all"
                    .to_owned(),
            );
        }
        list
    }

    fn endpoint(&self) -> ldap::Endpoint<'_> {
        ldap::Endpoint {
            url: &self.url,
            start_tls: self.start_tls,
            ca_file: self.ca_file.as_ref(),
            bind_dn: &self.bind_dn,
            password_file: self.password_file.as_ref(),
            timeout: Duration::from_secs(self.timeout_seconds),
        }
    }
}

/// A directory that can be asked.
struct Server {
    settings: Settings,
    server: ldap::Server,
}

/// Makes a source of the settings.
///
/// # Errors
/// Names the file that cannot be read.
pub(in crate::smime) fn source(settings: &Settings) -> Result<Arc<dyn Directory>, String> {
    let terms = Terms {
        timeout: Duration::from_secs(settings.timeout_seconds),
        found: Duration::from_secs(settings.cache_minutes.saturating_mul(60)),
        nothing: Duration::from_secs(settings.negative_minutes.saturating_mul(60)),
    };
    let server = Server {
        settings: settings.clone(),
        server: ldap::Server::new(&settings.endpoint())?,
    };
    Ok(Arc::new(Remote::new(server, terms, &settings.domains)))
}

impl Place for Server {
    fn name(&self) -> String {
        format!("LDAP directory {}", self.settings.url)
    }

    fn ask<'a>(&'a self, address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, String>> {
        Box::pin(async move {
            // What the library says names hosts and reasons, no persons.
            let values = self.search(address).await.map_err(|error| error.to_string())?;
            Ok(values
                .iter()
                .flat_map(|value| read(value))
                .take(CERTIFICATES)
                .collect())
        })
    }
}

impl Server {
    /// The values of the attributes of everybody with this address.
    async fn search(&self, address: &Address) -> Result<Vec<Vec<u8>>, ldap3::LdapError> {
        let Settings { base, filter, .. } = &self.settings;
        let mut connection = self.server.connect().await?;
        let ldap = &mut connection.ldap;
        let limits = SearchOptions::new()
            .sizelimit(ENTRIES)
            .timelimit(i32::try_from(self.settings.timeout_seconds).unwrap_or(i32::MAX));
        let filter = filter.replace("{address}", &ldap_escape(address.to_string()));
        let attributes = &self.settings.attributes;
        let search = ldap
            .with_search_options(limits)
            .search(base, Scope::Subtree, &filter, attributes);
        let (entries, _) = search.await?.success()?;
        let mut values = Vec::new();
        for entry in entries.into_iter().take(usize::try_from(ENTRIES).unwrap_or(0)) {
            let entry = SearchEntry::construct(entry);
            values.extend(entry.bin_attrs.into_values().flatten());
            values.extend(entry.attrs.into_values().flatten().map(String::into_bytes));
        }
        let _ = ldap.unbind().await;
        Ok(values)
    }
}

/// A certificate, or those of a PKCS#7. What is neither gives nothing: it would not be used anyway.
fn read(value: &[u8]) -> Vec<Candidate> {
    let found = Certificate::from_der(value).map(|one| vec![one]);
    let found = found.or_else(|_| Contents::of_pkcs7(value)).unwrap_or_default();
    // The PKCS#7 brings the CAs, too.
    let own = found
        .into_iter()
        .filter(|one| !one.is_authority() || !one.addresses().is_empty());
    own.map(|one| Candidate::new(Arc::new(one), Origin::Ldap))
        .collect()
}
