//! Certificates from an LDAP directory (RFC 4511, RFC 4523): `userCertificate;binary` and `userSMIMECertificate;binary`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ldap3::{LdapConnAsync, LdapConnSettings, Scope, SearchEntry, SearchOptions, ldap_escape};
use native_tls::TlsConnector;
use serde::Deserialize;
use zeroize::Zeroizing;

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
        let mut list = Vec::new();
        let host = self
            .url
            .strip_prefix("ldaps://")
            .or_else(|| self.url.strip_prefix("ldap://"));
        match host {
            Some(host) if host.is_empty() || host.contains('/') => {
                list.push(format!("`url` \"{}\" must be a host only, like \"ldaps://ldap.partner.example\"", self.url));
            }
            None => list.push(format!("`url` \"{}\" must begin with ldaps:// or ldap://", self.url)),
            Some(_) if self.url.starts_with("ldap://") && !self.start_tls => list.push(
                "`url` is ldap:// without TLS: whoever is on the way could keep certificates back; use ldaps://, or set \
                 start_tls = true"
                    .to_owned(),
            ),
            Some(_) if self.url.starts_with("ldaps://") && self.start_tls => {
                list.push("`start_tls` goes with ldap://; ldaps:// has TLS from the start".to_owned());
            }
            Some(_) => {}
        }
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
        if self.bind_dn.is_empty() != self.password_file.is_none() {
            list.push("`bind_dn` and `password_file` go together".to_owned());
        }
        if self.timeout_seconds == 0 || self.timeout_seconds > 30 {
            list.push(
                "`timeout_seconds` must be from 1 to 30: a message is answered within a minute in all"
                    .to_owned(),
            );
        }
        list
    }
}

/// A directory that can be asked.
struct Server {
    settings: Settings,
    connector: TlsConnector,
    password: Zeroizing<String>,
}

/// Makes a source of the settings.
///
/// # Errors
/// Names the file that cannot be read.
pub(in crate::smime) fn source(settings: &Settings) -> Result<Arc<dyn Directory>, String> {
    let named = |file: &PathBuf, error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut builder = TlsConnector::builder();
    if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file).map_err(|error| named(file, &error))?;
        let all = openssl::x509::X509::stack_from_pem(&pem).map_err(|error| named(file, &error))?;
        if all.is_empty() {
            return Err(named(file, &"it holds no certificate of a CA"));
        }
        builder.disable_built_in_roots(true);
        for one in all {
            let der = one.to_der().map_err(|error| named(file, &error))?;
            let root = native_tls::Certificate::from_der(&der).map_err(|error| named(file, &error))?;
            builder.add_root_certificate(root);
        }
    }
    let password = match &settings.password_file {
        None => String::new(),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| named(file, &error))?;
            text.lines().next().unwrap_or_default().to_owned()
        }
    };
    let terms = Terms {
        timeout: Duration::from_secs(settings.timeout_seconds),
        found: Duration::from_secs(settings.cache_minutes.saturating_mul(60)),
        nothing: Duration::from_secs(settings.negative_minutes.saturating_mul(60)),
    };
    let server = Server {
        settings: settings.clone(),
        connector: builder
            .build()
            .map_err(|error| format!("TLS for {}: {error}", settings.url))?,
        password: Zeroizing::new(password),
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

/// Ends the connection's task with the question.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// The values of the attributes of everybody with this address.
    async fn search(&self, address: &Address) -> Result<Vec<Vec<u8>>, ldap3::LdapError> {
        let Settings {
            url, base, filter, ..
        } = &self.settings;
        let timeout = Duration::from_secs(self.settings.timeout_seconds);
        let connect = LdapConnSettings::new()
            .set_conn_timeout(timeout)
            .set_connector(self.connector.clone())
            .set_starttls(self.settings.start_tls);
        let (connection, mut ldap) = LdapConnAsync::with_settings(connect, url).await?;
        let _driver = Driver(tokio::spawn(async move {
            let _ = connection.drive().await;
        }));
        if !self.settings.bind_dn.is_empty() {
            ldap.simple_bind(&self.settings.bind_dn, &self.password)
                .await?
                .success()?;
        }
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
