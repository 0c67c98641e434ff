//! From a route to the hosts that are tried, in order.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::time::timeout_at;

use crate::message::TlsWish;

use super::Attempt;
use super::courier::Shared;
use super::dane;
use super::dns::{Answer, Dns, NoAnswer};
use super::exchangers::{self, Exchangers};
use super::hops::{Host, NextHop, by_share, random};
use super::mta_sts::{Mode, Policy};
use super::report::{Failure, PolicyType};
use super::route::{Way, name};
use super::target::{Security, Target, asked};
use super::wire::Pace;

/// A host that may take the mail, before its addresses are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) host: String,
    pub(super) port: u16,
    /// How the host was found.
    found: Found,
    /// The MTA-STS policy of the domain.
    sts: Option<Arc<Policy>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    /// An administrator has named it.
    Named,
    /// The address itself is the recipient's domain (RFC 5321 §4.1.3).
    Literal(IpAddr),
    /// It is a mail exchanger of the domain.
    Exchanger {
        /// It is the domain itself.
        implicit: bool,
        /// DNSSEC proves it, or that there is none.
        secure: bool,
    },
}

impl Candidate {
    /// Whether the recipient's domain says that this host takes its mail.
    pub(super) fn is_exchanger(&self) -> bool {
        self.found != Found::Named
    }

    pub(super) fn name(&self) -> String {
        name(&self.host, self.port)
    }

    /// Names that a certificate of this host must have to prove who it is, without a policy of its domain. `None` when its
    /// name comes from a DNS that nobody has signed (RFC 8689 §2).
    pub(super) fn own_names(&self, way: &Way) -> Option<Vec<String>> {
        match self.found {
            Found::Named if !way.names.is_empty() => Some(way.names.clone()),
            Found::Named
            | Found::Exchanger { implicit: true, .. }
            | Found::Exchanger { secure: true, .. } => Some(vec![self.host.clone()]),
            Found::Literal(_) | Found::Exchanger { .. } => None,
        }
    }
}

impl Shared {
    /// The hosts that may take a domain's mail, in the order in which they are tried; at least one.
    ///
    /// # Errors
    /// What it comes to for the mail when there is none.
    pub(super) async fn candidates(
        &self,
        way: &Way,
        domain: &str,
        wish: TlsWish,
        pace: Pace,
    ) -> Result<Vec<Candidate>, Attempt> {
        let mut candidates = match &way.next_hop {
            NextHop::Hosts(groups) => return Ok(self.named(groups)),
            NextHop::Exchangers { port } => match literal(domain) {
                Some(address) => vec![Candidate {
                    host: address.to_string(),
                    port: *port,
                    found: Found::Literal(address),
                    sts: None,
                }],
                None => self.exchangers(way, domain, *port, wish, pace).await?,
            },
        };
        // Preferences are the domain's wish, but a host that is away serves nobody.
        self.health.sort(&mut candidates, Candidate::name);
        Ok(candidates)
    }

    fn named(&self, groups: &[Vec<Host>]) -> Vec<Candidate> {
        let hosts = groups.iter().flat_map(|group| by_share(group, random));
        let mut candidates: Vec<Candidate> = hosts
            .map(|host| Candidate {
                host: host.host.clone(),
                port: host.port,
                found: Found::Named,
                sts: None,
            })
            .collect();
        self.health.sort(&mut candidates, Candidate::name);
        candidates
    }

    async fn exchangers(
        &self,
        way: &Way,
        domain: &str,
        port: u16,
        wish: TlsWish,
        pace: Pace,
    ) -> Result<Vec<Candidate>, Attempt> {
        let dns = self.dns(way)?;
        let asked = exchangers::find(dns, domain, &self.caller.hostname);
        let Exchangers {
            hosts,
            implicit,
            secure,
        } = timeout_at(pace.step(), asked)
            .await
            .unwrap_or_else(|_| Err(exchangers::without(domain, slow())))?;
        let sts = match &self.mta_sts {
            Some(mta_sts) if way.tls.uses_mta_sts() && wish != TlsWish::Waived => {
                timeout_at(pace.step(), mta_sts.policy(dns, domain))
                    .await
                    .map_err(|_| {
                        Attempt::NotNow(format!("4.4.3 the MTA-STS policy of {domain} took too long"))
                    })?
            }
            _ => None,
        };
        let sts = sts.map(Arc::new);
        let candidate = |host| Candidate {
            host,
            port,
            found: Found::Exchanger {
                implicit,
                // A resolver that validates has asked for a proof where one can be had.
                secure: secure || (implicit && way.tls.uses_dane()),
            },
            sts: sts.clone(),
        };
        Ok(hosts.into_iter().map(candidate).collect())
    }

    /// The host with its addresses and what is asked of it.
    ///
    /// # Errors
    /// Why it cannot be tried, and what that comes to if no other one can.
    pub(super) async fn target(
        &self,
        way: &Way,
        candidate: &Candidate,
        domain: &str,
        wish: TlsWish,
        pace: Pace,
    ) -> Result<Target, Attempt> {
        let Candidate {
            host, port, found, ..
        } = candidate;
        let answer = match found {
            Found::Literal(address) => Some(Answer {
                found: vec![*address],
                secure: false,
            }),
            Found::Named if !way.tls.uses_dane() || host.parse::<IpAddr>().is_ok() => None,
            Found::Named => {
                let answer = timeout_at(pace.step(), self.dns(way)?.addresses(host)).await;
                match answer.unwrap_or_else(|_| Err(slow())) {
                    // The system may know it.
                    Ok(Answer { found, .. }) if found.is_empty() => None,
                    Err(NoAnswer::NoSuchName) => None,
                    answer => Some(addresses(answer, host, domain, false)?),
                }
            }
            Found::Exchanger { implicit, .. } => {
                let answer = timeout_at(pace.step(), self.dns(way)?.addresses(host)).await;
                Some(addresses(
                    answer.unwrap_or_else(|_| Err(slow())),
                    host,
                    domain,
                    *implicit,
                )?)
            }
        };
        let is_secure = match found {
            Found::Exchanger { secure, .. } => *secure,
            Found::Named => true,
            Found::Literal(_) => false,
        };
        let is_secure = is_secure && answer.as_ref().is_some_and(|answer| answer.secure);
        let addresses = answer.map(|answer| answer.found);
        let asked = asked(way, host, candidate.is_exchanger().then_some(domain));
        let mut target = Target::new(way, host, *port, addresses, asked);
        target.domain = domain.to_owned();
        let is_published = way.tls.uses_dane() && is_secure && wish != TlsWish::Waived;
        if is_published && self.dane(&mut target, candidate, way, pace).await? {
            return Ok(target.with_key());
        }
        if let Some(policy) = &candidate.sts {
            follow(policy, &mut target)?;
        }
        Ok(target.with_key())
    }

    /// Does what the TLSA records of a host say; answers whether it has any (RFC 7672 §2.2). Its name and addresses are
    /// proved.
    async fn dane(
        &self,
        target: &mut Target,
        candidate: &Candidate,
        way: &Way,
        pace: Pace,
    ) -> Result<bool, Attempt> {
        let answer = timeout_at(pace.step(), self.dns(way)?.tlsa(&target.host, target.port)).await;
        let records = match answer.unwrap_or_else(|_| Err(slow())) {
            Ok(answer) if answer.secure => answer.found,
            Ok(_) | Err(NoAnswer::NoSuchName) => return Ok(false),
            Err(NoAnswer::Later(why)) => {
                // RFC 7672 §2.1.2: somebody may be hiding them, so the host is left alone.
                target.policy = PolicyType::Tlsa;
                target.report(Failure::DnssecInvalid, &why);
                return Err(Attempt::NotNow(format!(
                    "4.7.5 whether {} has TLSA records cannot be verified: {why}",
                    target.host
                )));
            }
        };
        target.policy = PolicyType::Tlsa;
        let usable: Vec<dane::Record> = records.into_iter().filter(dane::Record::is_usable).collect();
        target.security = match usable.is_empty() {
            // RFC 7672 §2.2: what cannot be used still says that there is TLS.
            true => {
                target.report(Failure::TlsaInvalid, "none of its records can be used");
                Security::Required
            }
            false => {
                let mut names = vec![target.host.clone()];
                names.extend(candidate.is_exchanger().then(|| target.domain.clone()));
                Security::Dane(usable, names)
            }
        };
        Ok(true)
    }

    fn dns(&self, way: &Way) -> Result<&Dns, Attempt> {
        let missing = || Attempt::NotNow("4.3.5 no resolver was started".to_owned());
        let dns = match way.tls.uses_dane() {
            true => &self.validating_dns,
            false => &self.dns,
        };
        dns.as_ref().ok_or_else(missing)
    }
}

/// Does what the policy of the domain says (RFC 8461 §5).
fn follow(policy: &Policy, target: &mut Target) -> Result<(), Attempt> {
    target.policy = PolicyType::Sts;
    let is_enforced = policy.mode == Mode::Enforce;
    if !policy.names(&target.host) {
        let why = format!(
            "{} is no mail exchanger that the MTA-STS policy of {} names",
            target.host, target.domain
        );
        target.report(Failure::Validation, &why);
        return match is_enforced {
            true => Err(Attempt::NotNow(format!("4.7.5 {why}"))),
            false => Ok(()),
        };
    }
    let names = vec![target.host.clone()];
    target.security = match is_enforced {
        true => Security::Verify(names),
        false => Security::Trial(names),
    };
    Ok(())
}

fn slow() -> NoAnswer {
    NoAnswer::Later("it took too long".to_owned())
}

/// An exchanger without address is passed over. A domain that has neither exchanger nor address takes no mail.
fn addresses(
    answer: Result<Answer<IpAddr>, NoAnswer>,
    host: &str,
    domain: &str,
    implicit: bool,
) -> Result<Answer<IpAddr>, Attempt> {
    match answer {
        Ok(answer) if !answer.found.is_empty() => Ok(answer),
        Ok(_) | Err(NoAnswer::NoSuchName) if implicit => Err(Attempt::Never(format!(
            "5.4.4 the domain {domain} takes no mail: it has neither a mail exchanger nor an address"
        ))),
        Ok(_) | Err(NoAnswer::NoSuchName) => Err(Attempt::NotNow(format!(
            "4.4.4 {host}, which takes mail for {domain}, has no address"
        ))),
        Err(NoAnswer::Later(why)) => Err(Attempt::NotNow(format!(
            "4.4.3 the DNS gives no answer about {host}: {why}"
        ))),
    }
}

/// `[192.0.2.1]` or `[IPv6:2001:db8::1]`.
fn literal(domain: &str) -> Option<IpAddr> {
    let inside = domain.strip_prefix('[')?.strip_suffix(']')?;
    match inside.strip_prefix("ipv6:") {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => inside.parse().ok().filter(IpAddr::is_ipv4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_brackets_is_its_own_exchanger() {
        assert_eq!(literal("[192.0.2.1]"), "192.0.2.1".parse().ok());
        assert_eq!(literal("[ipv6:2001:db8::1]"), "2001:db8::1".parse().ok());
        for other in [
            "[2001:db8::1]",
            "192.0.2.1",
            "[partner.example]",
            "[]",
            "[ipv6:192.0.2.1]",
        ] {
            assert_eq!(literal(other), None, "{other}");
        }
    }
}
