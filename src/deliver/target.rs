//! One host that mail is handed to: its addresses, and what is asked of its TLS.

use std::net::IpAddr;
use std::path::Path;

use super::Tls;
use super::route::{Way, name};
use super::tls::Connector;

/// What is asked of TLS with one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Security {
    /// No TLS.
    None,
    /// TLS when it is offered and works.
    Opportunistic,
    /// TLS, whoever is at the other end.
    Required,
    /// TLS with a certificate of a trusted CA for one of these names.
    Verify(Vec<String>),
}

/// A host to hand mail to.
pub(super) struct Target {
    /// Host name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// `host:port`, as it is written in replies and settings.
    pub(super) name: String,
    /// `None` leaves the look-up to the system.
    pub(super) addresses: Option<Vec<IpAddr>>,
    pub(super) security: Security,
    pub(super) connector: Connector,
    /// Sessions under the same key serve each other's mail.
    pub(super) key: String,
}

impl Target {
    /// A host of this way, at these addresses.
    pub(super) fn new(
        way: &Way,
        host: &str,
        port: u16,
        addresses: Option<Vec<IpAddr>>,
        security: Security,
    ) -> Target {
        let name = name(host, port);
        let ca_file = way.ca_file.as_deref().map(Path::display);
        let trusted = ca_file.map(|file| file.to_string()).unwrap_or_default();
        Target {
            key: format!("{name} {security:?} {trusted}"),
            host: host.to_owned(),
            port,
            name,
            addresses,
            security,
            connector: way.connector.clone(),
        }
    }
}

/// What a line of the table asks of a host by itself. `domain` is the recipient's when the host comes from the DNS.
pub(super) fn asked(way: &Way, host: &str, domain: Option<&str>) -> Security {
    match way.tls {
        Tls::None => Security::None,
        Tls::Opportunistic => Security::Opportunistic,
        Tls::Required => Security::Required,
        Tls::Verify if !way.names.is_empty() => Security::Verify(way.names.clone()),
        // The name of an exchanger comes from the DNS, where anybody may have put it: it proves nothing.
        Tls::Verify => Security::Verify(match domain {
            Some(domain) => vec![domain.to_owned(), format!(".{domain}")],
            None => vec![host.to_owned()],
        }),
    }
}
