//! One host that mail is handed to: its addresses, and what is asked of its TLS.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::Tls;
use super::dane;
use super::report::{self, Failure, PolicyType};
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
    /// The same, and if that fails, as if it were opportunistic (RFC 8461 §5, `testing`).
    Trial(Vec<String>),
    /// TLS with a certificate that fits these records (RFC 7672), under a CA's record with one of these names.
    Dane(Vec<dane::Record>, Vec<String>),
}

impl Security {
    /// What does when this does not come about; `None` when nothing else does.
    pub(super) fn weaker(&self) -> Option<Security> {
        match self {
            Security::Trial(_) => Some(Security::Opportunistic),
            // RFC 7435 §3: broken encryption is no worse than none, where none would do.
            Security::Opportunistic => Some(Security::None),
            Security::None | Security::Required | Security::Verify(_) | Security::Dane(..) => None,
        }
    }

    /// Whether a CA must vouch for the host.
    pub(super) fn is_verified(&self) -> bool {
        matches!(self, Security::Verify(_) | Security::Trial(_))
    }
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
    /// Where `security` comes from, and the domain that has published it, for the report.
    pub(super) policy: PolicyType,
    pub(super) domain: String,
    pub(super) connector: Connector,
    /// The file of `connector`.
    trusted: Option<PathBuf>,
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
        let target = Target {
            host: host.to_owned(),
            port,
            name: name(host, port),
            addresses,
            security,
            policy: PolicyType::NotFound,
            domain: String::new(),
            connector: way.connector.clone(),
            trusted: way.ca_file.clone(),
            key: String::new(),
        };
        target.with_key()
    }

    /// With the key that fits what is asked of it.
    pub(super) fn with_key(self) -> Target {
        let trusted = self.trusted.as_deref().unwrap_or(Path::new("")).display();
        let key = format!("{} {:?} {trusted}", self.name, self.security);
        Target { key, ..self }
    }

    /// Tells the log of a failure.
    pub(super) fn report(&self, failure: Failure, why: &str) {
        report::line(self.policy, &self.domain, &self.host, failure, why);
    }
}

/// What a line of the table asks of a host where nobody has published more. `domain` is the recipient's when the host comes from the DNS.
pub(super) fn asked(way: &Way, host: &str, domain: Option<&str>) -> Security {
    match way.tls {
        Tls::None => Security::None,
        Tls::Opportunistic | Tls::Dane | Tls::MtaSts | Tls::Published => Security::Opportunistic,
        Tls::Required => Security::Required,
        Tls::Verify if !way.names.is_empty() => Security::Verify(way.names.clone()),
        // The name of an exchanger comes from the DNS, where anybody may have put it: it proves nothing.
        Tls::Verify => Security::Verify(match domain {
            Some(domain) => vec![domain.to_owned(), format!(".{domain}")],
            None => vec![host.to_owned()],
        }),
    }
}
