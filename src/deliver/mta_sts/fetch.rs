//! Fetching a policy file: HTTPS with the name checked, no redirects, within limits of time and size (RFC 8461 §3.3).

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

use super::super::reply::one_line;
use super::super::report::Failure;
use super::policy::Policy;

/// RFC 8461 §3.3 suggests 64 kilobytes.
const LARGEST: u64 = 64 * 1024;
const HTTPS: u16 = 443;

/// Fetches.
#[derive(Clone)]
pub(in crate::deliver) struct Fetcher {
    roots: RootCerts,
    timeout: Duration,
    /// Another one than 443 in tests only.
    pub(in crate::deliver) port: u16,
}

impl Fetcher {
    /// A fetcher that trusts the CAs in `ca_file`, or those of the system.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub(super) fn new(ca_file: Option<&Path>, timeout: Duration) -> Result<Fetcher, String> {
        Ok(Fetcher {
            roots: match ca_file {
                None => RootCerts::PlatformVerifier,
                Some(file) => roots(file)?,
            },
            timeout,
            port: HTTPS,
        })
    }

    /// The policy of a domain (in A-labels) from its host at these addresses. Blocks.
    pub(super) fn fetch(&self, domain: &str, addresses: &[IpAddr]) -> Result<Policy, (Failure, String)> {
        let addresses = addresses
            .iter()
            .map(|address| SocketAddr::new(*address, self.port));
        let tls = TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(self.roots.clone())
            .build();
        let config = Agent::config_builder()
            .https_only(true)
            .proxy(None)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(self.timeout))
            .user_agent("sealgate")
            .tls_config(tls)
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Fixed(addresses.collect()));
        let answer = agent
            .get(format!("https://mta-sts.{domain}/.well-known/mta-sts.txt"))
            .call();
        let mut answer = answer.map_err(|error| (failure(&error), one_line(&error.to_string())))?;
        if answer.status().as_u16() != 200 {
            let why = format!("its host answers with {}", answer.status().as_u16());
            return Err((Failure::PolicyFetch, why));
        }
        let kind = answer.headers().get("content-type");
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().map(str::trim) != Some("text/plain") {
            return Err((Failure::PolicyInvalid, "it is no text/plain".to_owned()));
        }
        let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let body = body.map_err(|error| (Failure::PolicyFetch, one_line(&error.to_string())))?;
        let policy = Policy::parse(&String::from_utf8_lossy(&body));
        policy.map_err(|why| (Failure::PolicyInvalid, why.to_owned()))
    }
}

/// Whatever the name, these are its addresses.
#[derive(Debug)]
struct Fixed(Vec<SocketAddr>);

impl Resolver for Fixed {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut found = self.empty();
        let room = self.0.iter().take(8);
        room.for_each(|address| found.push(*address));
        match found.is_empty() {
            true => Err(Error::HostNotFound),
            false => Ok(found),
        }
    }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Tls(_) | Error::NativeTls(_) => Failure::PolicyWebpki,
        _ => Failure::PolicyFetch,
    }
}

fn roots(file: &Path) -> Result<RootCerts, String> {
    let name = file.display();
    let pem = std::fs::read(file).map_err(|why| format!("`ca_file` {name} cannot be read: {why}"))?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem).filter_map(certificate).collect();
    match certificates.is_empty() {
        true => Err(format!("`ca_file` {name} must hold CA certificates in PEM form")),
        false => Ok(RootCerts::new_with_certs(&certificates)),
    }
}
