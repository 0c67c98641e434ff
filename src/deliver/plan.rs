//! From a route to the hosts that are tried, in order.

use std::net::{IpAddr, Ipv6Addr};

use tokio::time::timeout_at;

use super::Attempt;
use super::courier::Shared;
use super::dns::{Answer, Dns, NoAnswer};
use super::exchangers::{self, Exchangers};
use super::hops::{NextHop, by_share, random};
use super::route::{Way, name};
use super::target::{Target, asked};
use super::wire::Pace;

/// A host that may take the mail, before its addresses are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) host: String,
    pub(super) port: u16,
    /// How the host was found.
    found: Found,
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
        pace: Pace,
    ) -> Result<Vec<Candidate>, Attempt> {
        let mut candidates = match &way.next_hop {
            NextHop::Hosts(groups) => return Ok(self.named(groups)),
            NextHop::Exchangers { port } => match literal(domain) {
                Some(address) => vec![Candidate {
                    host: address.to_string(),
                    port: *port,
                    found: Found::Literal(address),
                }],
                None => self.exchangers(domain, *port, pace).await?,
            },
        };
        // Preferences are the domain's wish, but a host that is away serves nobody.
        self.health.sort(&mut candidates, Candidate::name);
        Ok(candidates)
    }

    fn named(&self, groups: &[Vec<super::hops::Host>]) -> Vec<Candidate> {
        let hosts = groups.iter().flat_map(|group| by_share(group, random));
        let mut candidates: Vec<Candidate> = hosts
            .map(|host| Candidate {
                host: host.host.clone(),
                port: host.port,
                found: Found::Named,
            })
            .collect();
        self.health.sort(&mut candidates, Candidate::name);
        candidates
    }

    async fn exchangers(&self, domain: &str, port: u16, pace: Pace) -> Result<Vec<Candidate>, Attempt> {
        let asked = exchangers::find(self.dns()?, domain, &self.caller.hostname);
        let Exchangers { hosts, implicit, .. } = timeout_at(pace.step(), asked)
            .await
            .unwrap_or_else(|_| Err(exchangers::without(domain, slow())))?;
        let candidate = |host| Candidate {
            host,
            port,
            found: Found::Exchanger { implicit },
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
        pace: Pace,
    ) -> Result<Target, Attempt> {
        let Candidate { host, port, found } = candidate;
        let addresses = match found {
            Found::Named => None,
            Found::Literal(address) => Some(vec![*address]),
            Found::Exchanger { implicit } => {
                let dns = self.dns()?;
                let answer = timeout_at(pace.step(), dns.addresses(host)).await;
                let answer = answer.unwrap_or_else(|_| Err(slow()));
                Some(addresses(answer, host, domain, *implicit)?.found)
            }
        };
        let security = asked(way, host, candidate.is_exchanger().then_some(domain));
        Ok(Target::new(way, host, *port, addresses, security))
    }

    fn dns(&self) -> Result<&Dns, Attempt> {
        let missing = || Attempt::NotNow("4.3.5 no resolver was started".to_owned());
        self.dns.as_ref().ok_or_else(missing)
    }
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
