//! How LDAP servers are reached (RFC 4511, RFC 4513): addresses, TLS, who asks. Knows neither people nor certificates.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError};
use native_tls::TlsConnector;
use zeroize::Zeroizing;

/// Where a server is and how it is spoken to, as settings say it.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint<'a> {
    /// `ldaps://host` or `ldap://host`, with a port behind it if need be.
    pub url: &'a str,
    /// Whether to begin TLS on a plain connection.
    pub start_tls: bool,
    /// PEM file with the CAs that the server's certificate must come from; without it, those of the system.
    pub ca_file: Option<&'a PathBuf>,
    /// Who asks; when empty, nobody by name.
    pub bind_dn: &'a str,
    /// File with the password of `bind_dn` in its first line.
    pub password_file: Option<&'a PathBuf>,
    /// How long to wait for a connection.
    pub timeout: Duration,
}

/// A server that can be asked.
pub struct Server {
    url: String,
    start_tls: bool,
    bind_dn: String,
    password: Zeroizing<String>,
    timeout: Duration,
    connector: TlsConnector,
}

/// A connection; it ends when this is dropped.
pub struct Connection {
    /// The library's handle.
    pub ldap: Ldap,
    _driver: Driver,
}

/// Ends the connection's task with the connection.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Endpoint<'_> {
    /// What is wrong with it; each sentence begins with the setting's name. `why` says what TLS is for, and `plain_is_safe`
    /// that it may be left out here.
    pub fn mistakes(&self, why: &str, plain_is_safe: bool) -> Vec<String> {
        let mut list = Vec::new();
        let (url, is_plain) = (self.url, self.url.starts_with("ldap://"));
        match host(url) {
            None => list.push(format!("`url` \"{url}\" must begin with ldaps:// or ldap://")),
            Some(host) if host.is_empty() || host.contains('/') => list.push(format!(
                "`url` \"{url}\" must be a host only, like \"ldaps://ldap.partner.example\""
            )),
            Some(_) if is_plain && !self.start_tls && !plain_is_safe => list.push(format!(
                "`url` is ldap:// without TLS: {why}; use ldaps://, or set start_tls = true"
            )),
            Some(_) if !is_plain && self.start_tls => {
                list.push("`start_tls` goes with ldap://; ldaps:// has TLS from the start".to_owned());
            }
            Some(_) => {}
        }
        if self.bind_dn.is_empty() != self.password_file.is_none() {
            list.push("`bind_dn` and `password_file` go together".to_owned());
        }
        list
    }

    /// Whether nobody can listen on the way.
    pub fn is_loopback(&self) -> bool {
        let name = host(self.url).map(without_port).unwrap_or_default();
        let address: Option<IpAddr> = name.trim_matches(['[', ']']).parse().ok();
        name.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback())
    }
}

fn host(url: &str) -> Option<&str> {
    url.strip_prefix("ldaps://")
        .or_else(|| url.strip_prefix("ldap://"))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => host,
    }
}

impl Server {
    /// Reads the files; connects to nothing yet.
    ///
    /// # Errors
    /// Names the setting and the file that cannot be read.
    pub fn new(endpoint: &Endpoint<'_>) -> Result<Server, String> {
        let password = match endpoint.password_file {
            None => String::new(),
            Some(file) => {
                let text =
                    std::fs::read_to_string(file).map_err(|error| unread("password_file", file, &error))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
        };
        Ok(Server {
            url: endpoint.url.to_owned(),
            start_tls: endpoint.start_tls,
            bind_dn: endpoint.bind_dn.to_owned(),
            password: Zeroizing::new(password),
            timeout: endpoint.timeout,
            connector: connector(endpoint)?,
        })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection on which the one of `bind_dn` asks.
    ///
    /// # Errors
    /// What the library says: it names hosts and reasons, no persons.
    pub async fn connect(&self) -> Result<Connection, LdapError> {
        let settings = LdapConnSettings::new()
            .set_conn_timeout(self.timeout)
            .set_connector(self.connector.clone())
            .set_starttls(self.start_tls);
        let (connection, mut ldap) = LdapConnAsync::with_settings(settings, &self.url).await?;
        let driver = Driver(tokio::spawn(async move {
            let _ = connection.drive().await;
        }));
        if !self.bind_dn.is_empty() {
            ldap.simple_bind(&self.bind_dn, &self.password).await?.success()?;
        }
        Ok(Connection {
            ldap,
            _driver: driver,
        })
    }
}

fn connector(endpoint: &Endpoint<'_>) -> Result<TlsConnector, String> {
    let mut builder = TlsConnector::builder();
    if let Some(file) = endpoint.ca_file {
        let unread = |error: &dyn std::fmt::Display| unread("ca_file", file, error);
        let pem = std::fs::read(file).map_err(|error| unread(&error))?;
        let all = openssl::x509::X509::stack_from_pem(&pem).map_err(|error| unread(&error))?;
        if all.is_empty() {
            return Err(unread(&"it holds no certificate of a CA"));
        }
        builder.disable_built_in_roots(true);
        for one in all {
            let der = one.to_der().map_err(|error| unread(&error))?;
            let root = native_tls::Certificate::from_der(&der).map_err(|error| unread(&error))?;
            builder.add_root_certificate(root);
        }
    }
    let built = builder.build();
    built.map_err(|error| format!("`url` {}: TLS cannot be set up: {error}", endpoint.url))
}

fn unread(setting: &str, file: &Path, error: &dyn std::fmt::Display) -> String {
    format!("`{setting}` {}: {error}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Endpoint<'_> {
        Endpoint {
            url,
            start_tls: false,
            ca_file: None,
            bind_dn: "",
            password_file: None,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn loopback_is_what_never_leaves_the_machine() {
        for url in [
            "ldap://localhost",
            "ldap://LOCALHOST:1389",
            "ldap://127.0.0.1:389",
            "ldap://127.9.9.9",
            "ldap://[::1]:389",
            "ldap://[::1]",
        ] {
            assert!(at(url).is_loopback(), "{url}");
        }
        for url in [
            "ldap://localhost.example",
            "ldap://127.0.0.1.example:389",
            "ldap://192.0.2.1",
            "ldap://[2001:db8::1]:389",
            "ldap://",
            "localhost",
        ] {
            assert!(!at(url).is_loopback(), "{url}");
        }
    }
}
