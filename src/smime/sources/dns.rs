//! Certificates from the DNS: SMIMEA records (RFC 8162), taken only when DNSSEC proves them.
//!
//! What is used: whole certificates (selector 0, matching type 0) of usage 1 and 3, the recipient's own. Usage 1
//! (PKIX-EE) is judged like any other certificate. Usage 3 (DANE-EE) is, too, unless `trust_dane_ee` says that the
//! proof of the DNS stands in for an issuer. Usages 0 and 2 name CAs, and hashes (matching types 1 and 2) and bare
//! keys (selector 1) only say which certificate is meant: none of them gives a certificate, and no constraint is
//! made of them, for a certificate that another source has found has an anchor here.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use openssl::sha::sha256;
use serde::Deserialize;

use crate::message::{Address, Boxed, Origin};

use super::super::certificate::hex;
use super::super::naming;
use super::super::{Candidate, Certificate, Directory, EntryState};
use super::remote::{Place, Remote, Terms};

/// Records of one answer that are looked at.
const RECORDS: usize = 20;
/// Octets of the hash of the local part (RFC 8162 §3).
const HASHED: usize = 28;

/// Looking up certificates in the DNS: `[certificates.smimea]` in the settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether to.
    pub enabled: bool,
    /// Resolvers to ask. They are not believed: the answers' signatures are checked here.
    pub resolvers: Vec<SocketAddr>,
    /// File with DNSKEY records to begin from; without it, the keys of the root zone.
    pub trust_anchors: Option<PathBuf>,
    /// Domains that are looked up; `*.partner.example` is everything below, `*` is every domain.
    pub domains: Vec<String>,
    /// Whether a certificate of usage 3 (DANE-EE) needs no path to an anchor.
    pub trust_dane_ee: bool,
    /// Seconds to wait for an answer.
    pub timeout_seconds: u64,
    /// Minutes for which certificates that were found are good; they are given for twice as long.
    pub cache_minutes: u64,
    /// The same when nothing was found.
    pub negative_minutes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            enabled: false,
            resolvers: Vec::new(),
            trust_anchors: None,
            domains: vec!["*".to_owned()],
            trust_dane_ee: false,
            timeout_seconds: 5,
            cache_minutes: 60,
            negative_minutes: 10,
        }
    }
}

impl Settings {
    /// What is wrong with them; each sentence begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.enabled && self.resolvers.is_empty() {
            list.push("`resolvers` is empty: name a resolver, like [\"127.0.0.1:53\"]".to_owned());
        }
        if self.enabled && self.domains.is_empty() {
            list.push(
                "`domains` is empty, so nothing would be looked up; \"*\" stands for every domain".to_owned(),
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
}

/// A validating resolver.
struct Dns {
    resolver: TokioResolver,
    trust_dane_ee: bool,
}

/// Makes a source of the settings. Call it inside a runtime.
///
/// # Errors
/// Names the file with trust anchors that cannot be read.
pub(in crate::smime) fn source(settings: &Settings) -> Result<Arc<dyn Directory>, String> {
    let anchors = match &settings.trust_anchors {
        None => TrustAnchors::default(),
        // A file without keys verifies nothing, and so finds nothing.
        Some(file) => {
            TrustAnchors::from_file(file).map_err(|error| format!("{}: {error}", file.display()))?
        }
    };
    let server = |at: &SocketAddr| {
        let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
        connections
            .iter_mut()
            .for_each(|connection| connection.port = at.port());
        NameServerConfig::new(at.ip(), true, connections.to_vec())
    };
    let servers = settings.resolvers.iter().map(server).collect();
    let config = ResolverConfig::from_parts(None, Vec::new(), servers);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.validate = true;
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = Duration::from_secs(settings.timeout_seconds);
    options.attempts = 1;
    // Its answers are kept in one place, for one time.
    options.cache_size = 0;
    // Keys, signatures and certificates do not fit into one datagram.
    options.try_tcp_on_error = true;
    let resolver = builder.with_trust_anchor(Arc::new(anchors)).build();
    let dns = Dns {
        resolver: resolver.map_err(|error| format!("the resolver cannot start: {error}"))?,
        trust_dane_ee: settings.trust_dane_ee,
    };
    let terms = Terms {
        timeout: Duration::from_secs(settings.timeout_seconds),
        found: Duration::from_secs(settings.cache_minutes.saturating_mul(60)),
        nothing: Duration::from_secs(settings.negative_minutes.saturating_mul(60)),
    };
    Ok(Arc::new(Remote::new(dns, terms, &settings.domains)))
}

impl Place for Dns {
    fn name(&self) -> String {
        "SMIMEA in the DNS".to_owned()
    }

    fn ask<'a>(&'a self, address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, String>> {
        Box::pin(async move {
            // A domain that is no name in the DNS (an address literal) has no records there.
            let Some(name) = owner(address) else {
                return Ok(Vec::new());
            };
            let answer = match self.resolver.lookup(name, RecordType::SMIMEA).await {
                Ok(answer) => answer,
                Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
                // It names the question, whose hash stands for an address.
                Err(error) => {
                    tracing::debug!(%error, "no SMIMEA answer");
                    return Err("no answer that could be verified".to_owned());
                }
            };
            let secure = answer.answers().iter().filter(|record| record.proof.is_secure());
            let found = secure.filter_map(|record| match &record.data {
                RData::SMIMEA(record) => self.read(&record.0),
                _ => None,
            });
            Ok(found.take(RECORDS).collect())
        })
    }
}

impl Dns {
    /// The recipient's certificate, if the record holds it whole.
    fn read(&self, record: &hickory_resolver::proto::rr::rdata::TLSA) -> Option<Candidate> {
        let state = match record.cert_usage {
            CertUsage::PkixEe => EntryState::InUse,
            CertUsage::DaneEe if self.trust_dane_ee => EntryState::Vouched,
            CertUsage::DaneEe => EntryState::InUse,
            _ => return None,
        };
        if record.selector != Selector::Full || record.matching != Matching::Raw {
            return None;
        }
        let certificate = Certificate::from_der(&record.cert_data).ok()?;
        Some(Candidate {
            state,
            ..Candidate::new(Arc::new(certificate), Origin::Dns)
        })
    }
}

/// Where the records of an address stand (RFC 8162 §3).
fn owner(address: &Address) -> Option<Name> {
    let hash = sha256(local(address).as_bytes());
    let label = hex(hash.get(..HASHED)?);
    let domain = naming::ascii(address.domain());
    Name::from_ascii(format!("{label}._smimecert.{domain}.")).ok()
}

/// The local part without the quotes that only SMTP needs (RFC 8162 §3 (1)); its case stays as it is written.
fn local(address: &Address) -> String {
    let local = address.local();
    match local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) {
        None => local.to_owned(),
        Some(quoted) => {
            let mut plain = String::with_capacity(quoted.len());
            let mut letters = quoted.chars();
            while let Some(letter) = letters.next() {
                plain.extend(if letter == '\\' {
                    letters.next()
                } else {
                    Some(letter)
                });
            }
            plain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_of_the_records_is_the_one_of_the_standards_example() {
        // RFC 8162 §3.
        let expected = "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6._smimecert.example.com.";
        for written in [
            "hugh@example.com",
            "\"hugh\"@EXAMPLE.com",
            "\"h\\ugh\"@example.com",
        ] {
            let name = owner(&written.parse().unwrap()).unwrap();
            assert_eq!(name.to_string(), expected, "{written}");
        }
    }
}
