//! What the DNS says about mail: exchangers, addresses, and what is said of TLS. Answers are kept as long as they say.
//!
//! Must not know: what follows from an answer.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::{Proof, TrustAnchors};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};

use super::dane;
use super::reply::one_line;

/// Where the system names its resolvers.
const SYSTEM: &str = "/etc/resolv.conf";
/// Answers that are kept.
const KEPT: u64 = 20_000;
/// The longest time that an answer is kept, whatever it says; negative ones are kept for less.
const LONGEST: Duration = Duration::from_secs(86_400);
const LONGEST_NEGATIVE: Duration = Duration::from_secs(900);

/// How the DNS is asked: `[deliver.dns]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DnsSettings {
    /// Resolvers to ask; those of the system when empty.
    pub resolvers: Vec<SocketAddr>,
    /// File with DNSKEY records that DNSSEC begins from; the keys of the root zone when left out.
    pub trust_anchors: Option<PathBuf>,
    /// Seconds to wait for each answer.
    pub timeout_seconds: u64,
}

impl Default for DnsSettings {
    fn default() -> Self {
        DnsSettings {
            resolvers: Vec::new(),
            trust_anchors: None,
            timeout_seconds: 5,
        }
    }
}

impl DnsSettings {
    /// What is wrong with them; each sentence begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.timeout_seconds == 0 || self.timeout_seconds > 30 {
            list.push("`timeout_seconds` must be from 1 to 30; 5 is usual".to_owned());
        }
        list.extend(self.anchors().err());
        list
    }

    /// The resolvers: those named, or the system's.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn servers(&self) -> Result<Vec<SocketAddr>, String> {
        if !self.resolvers.is_empty() {
            return Ok(self.resolvers.clone());
        }
        let text = std::fs::read_to_string(SYSTEM).unwrap_or_default();
        let servers = system_servers(&text);
        if servers.is_empty() {
            return Err(format!(
                "`resolvers` is empty in [deliver.dns] and {SYSTEM} names none: name one, like [\"127.0.0.1:53\"]"
            ));
        }
        Ok(servers)
    }

    fn anchors(&self) -> Result<TrustAnchors, String> {
        match &self.trust_anchors {
            None => Ok(TrustAnchors::default()),
            Some(file) => anchors_of(file),
        }
    }
}

fn anchors_of(file: &Path) -> Result<TrustAnchors, String> {
    let wrong = |why: String| {
        format!(
            "`trust_anchors` {} must hold DNSKEY records: {why}",
            file.display()
        )
    };
    let anchors = TrustAnchors::from_file(file).map_err(|error| wrong(error.to_string()))?;
    match anchors.len() {
        0 => Err(wrong("it has none".to_owned())),
        _ => Ok(anchors),
    }
}

/// The `nameserver` lines of resolv.conf(5).
fn system_servers(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let address = (words.next()? == "nameserver").then(|| words.next())??;
        let address: IpAddr = address.parse().ok()?;
        Some(SocketAddr::new(address, 53))
    };
    text.lines().filter_map(server).take(3).collect()
}

/// A resolver with its cache.
pub(super) struct Dns {
    resolver: TokioResolver,
}

/// What was found. Nothing found is an answer, too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<T> {
    pub(super) found: Vec<T>,
    /// Whether DNSSEC proves all of it. Nothing that was not found is ever secure.
    pub(super) secure: bool,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// There is no such name.
    NoSuchName,
    /// The resolver does not answer, or DNSSEC says that the answer is forged. Why, in half a sentence.
    Later(String),
}

impl Dns {
    /// A resolver; one that is to validate believes nothing that DNSSEC does not prove or release from proof
    /// (RFC 4035 §4.3). Call it inside a runtime.
    ///
    /// # Errors
    /// What to change in the settings.
    pub(super) fn new(settings: &DnsSettings, validate: bool) -> Result<Dns, String> {
        let server = |at: &SocketAddr| {
            let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            connections
                .iter_mut()
                .for_each(|connection| connection.port = at.port());
            NameServerConfig::new(at.ip(), true, connections.to_vec())
        };
        let servers = settings.servers()?.iter().map(server).collect();
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options = builder.options_mut();
        options.validate = validate;
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = Duration::from_secs(settings.timeout_seconds);
        options.attempts = 2;
        options.cache_size = KEPT;
        options.positive_max_ttl = Some(LONGEST);
        options.negative_max_ttl = Some(LONGEST_NEGATIVE);
        // Keys and signatures do not fit into one datagram.
        options.try_tcp_on_error = true;
        let resolver = builder.with_trust_anchor(Arc::new(settings.anchors()?)).build();
        let resolver = resolver.map_err(|error| format!("the resolver cannot start: {error}"))?;
        Ok(Dns { resolver })
    }

    /// The mail exchangers of a domain: preference and host name without the dot at its end, which is empty for `.`.
    pub(super) async fn mx(&self, domain: &str) -> Result<Answer<(u16, String)>, NoAnswer> {
        self.ask(domain, RecordType::MX, |data| match data {
            RData::MX(mx) => Some((mx.preference, host_name(&mx.exchange))),
            _ => None,
        })
        .await
    }

    /// The addresses of a host, those of IPv6 first. A host without addresses has none; that is an answer.
    pub(super) async fn addresses(&self, host: &str) -> Result<Answer<IpAddr>, NoAnswer> {
        let new = self.ask(host, RecordType::AAAA, |data| match data {
            RData::AAAA(address) => Some(IpAddr::from(address.0)),
            _ => None,
        });
        let old = self.ask(host, RecordType::A, |data| match data {
            RData::A(address) => Some(IpAddr::from(address.0)),
            _ => None,
        });
        match tokio::join!(new, old) {
            (Ok(mut new), Ok(old)) => {
                let secure = |answer: &Answer<IpAddr>| answer.secure || answer.found.is_empty();
                let secure = secure(&new) && secure(&old);
                new.found.extend(old.found);
                Ok(Answer {
                    secure: secure && !new.found.is_empty(),
                    ..new
                })
            }
            // Half of the addresses are better than none.
            (Ok(some), Err(_)) | (Err(_), Ok(some)) if !some.found.is_empty() => Ok(some),
            (Err(NoAnswer::NoSuchName), Err(NoAnswer::NoSuchName)) => Err(NoAnswer::NoSuchName),
            (_, Err(later @ NoAnswer::Later(_))) | (Err(later @ NoAnswer::Later(_)), _) => Err(later),
            (some, none) => some.or(none),
        }
    }

    /// What the DNS says of the certificate of a host at a port (RFC 7672 §2.1).
    pub(super) async fn tlsa(&self, host: &str, port: u16) -> Result<Answer<dane::Record>, NoAnswer> {
        let name = format!("_{port}._tcp.{host}");
        self.ask(&name, RecordType::TLSA, |data| match data {
            RData::TLSA(record) => Some(dane::Record {
                usage: record.cert_usage.into(),
                selector: record.selector.into(),
                matching: record.matching.into(),
                data: record.cert_data.clone(),
            }),
            _ => None,
        })
        .await
    }

    /// Texts, each with its pieces joined.
    pub(super) async fn txt(&self, name: &str) -> Result<Answer<String>, NoAnswer> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        })
        .await
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Answer<T>, NoAnswer> {
        let nothing = || Answer {
            found: Vec::new(),
            secure: false,
        };
        // What cannot be a name in the DNS is none.
        let name = full_name(name).ok_or(NoAnswer::NoSuchName)?;
        match self.resolver.lookup(name, kind).await {
            Ok(lookup) => {
                let records = lookup.answers();
                let found: Vec<T> = records.iter().filter_map(|record| read(&record.data)).collect();
                let is_proved = records.iter().all(|record| record.proof.is_secure());
                Ok(Answer {
                    secure: is_proved && !found.is_empty(),
                    found,
                })
            }
            Err(error) if error.is_nx_domain() => Err(NoAnswer::NoSuchName),
            Err(error) if error.is_no_records_found() => Ok(nothing()),
            // That there is nothing needs no proof where DNSSEC says that there is none.
            Err(NetError::Dns(DnsError::Nsec {
                response,
                proof: Proof::Insecure,
                ..
            })) => match response.response_code {
                ResponseCode::NXDomain => Err(NoAnswer::NoSuchName),
                _ => Ok(nothing()),
            },
            Err(error) => Err(NoAnswer::Later(one_line(&error.to_string()))),
        }
    }
}

/// A name as the DNS writes it; domains beyond ASCII in their A-labels (RFC 5891 §4.4).
fn full_name(name: &str) -> Option<Name> {
    let ascii = idna::domain_to_ascii(name.trim_end_matches('.')).ok()?;
    Name::from_ascii(format!("{ascii}.")).ok()
}

fn host_name(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resolvers_of_the_system_are_read_from_its_file() {
        let text = "# a comment\nsearch example\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \nnameserver x\noptions y\n";
        let servers = system_servers(text);
        assert_eq!(
            servers,
            [
                "192.0.2.1:53".parse().unwrap(),
                "[2001:db8::1]:53".parse().unwrap()
            ]
        );
    }

    #[test]
    fn a_file_without_keys_is_a_mistake() {
        let file = std::env::temp_dir().join(format!("sealgate-anchors-{}", std::process::id()));
        std::fs::write(&file, "; nothing\n").unwrap();
        let settings = DnsSettings {
            trust_anchors: Some(file.clone()),
            timeout_seconds: 0,
            ..DnsSettings::default()
        };
        let mistakes = settings.mistakes();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(mistakes.len(), 2, "{mistakes:?}");
        assert!(mistakes[1].starts_with("`trust_anchors`"), "{mistakes:?}");
    }

    #[test]
    fn a_name_is_written_as_the_dns_writes_it() {
        let written = |name: &str| full_name(name).map(|name| name.to_ascii());
        assert_eq!(
            written("Bücher.example").as_deref(),
            Some("xn--bcher-kva.example.")
        );
        assert_eq!(
            written("_mta-sts.a.example.").as_deref(),
            Some("_mta-sts.a.example.")
        );
        assert_eq!(written(&"a".repeat(70)), None);
    }
}
