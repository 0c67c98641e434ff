//! A session with a next hop, from the first octet to the point where a transaction can begin.

use std::net::SocketAddr;

use tokio::time::timeout_at;

use super::reply::Reply;
use super::report::Failure;
use super::target::{Security, Target};
use super::wire::{Broken, Pace, Wire};

/// Addresses of one host that are tried in one call.
const ADDRESSES: usize = 16;

/// Who calls.
pub(super) struct Caller {
    /// What EHLO says.
    pub(super) hostname: String,
}

/// What the host offers (RFC 5321 §4.1.1.1), as far as this client makes use of it.
///
/// Read here and not with `smtp-proto`, which gives up the whole list for one keyword with a strange
/// parameter, and STARTTLS with it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    pub(super) starttls: bool,
    pub(super) pipelining: bool,
    pub(super) eight_bit_mime: bool,
    pub(super) smtputf8: bool,
    /// It passes on what senders ask of notices (RFC 3461).
    pub(super) dsn: bool,
    /// BDAT (RFC 3030).
    pub(super) chunking: bool,
    /// It promises TLS on the rest of the way (RFC 8689). Worth something under TLS only.
    pub(super) requiretls: bool,
    /// Whether SIZE is offered at all (RFC 1870).
    pub(super) size: bool,
    /// The limit that SIZE names.
    pub(super) size_limit: Option<u64>,
}

/// A session that is ready for a transaction.
pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) extensions: Extensions,
    /// A transaction was begun and not ended.
    pub(super) needs_reset: bool,
}

impl Session {
    /// A session with the first of the host's addresses that gives one.
    ///
    /// # Errors
    /// Why no address gave one.
    pub(super) async fn open(target: &Target, caller: &Caller, pace: Pace) -> Result<Session, Broken> {
        if let Some(addresses) = &target.addresses {
            let addresses = addresses
                .iter()
                .map(|address| SocketAddr::new(*address, target.port));
            let addresses: Vec<SocketAddr> = addresses.take(ADDRESSES).collect();
            return Session::open_first(target, &addresses, caller, pace).await;
        }
        let unknown = |why: &str| Broken::Lost(format!("4.4.3 no address for {}: {why}", target.name));
        let name = (target.host.as_str(), target.port);
        let addresses = timeout_at(pace.step(), tokio::net::lookup_host(name))
            .await
            .map_err(|_| unknown("the look-up took too long"))?
            .map_err(|why| unknown(&why.to_string()))?;
        let addresses: Vec<SocketAddr> = addresses.take(ADDRESSES).collect();
        Session::open_first(target, &addresses, caller, pace).await
    }

    /// As [`Session::open`], with addresses that are known.
    pub(super) async fn open_first(
        target: &Target,
        addresses: &[SocketAddr],
        caller: &Caller,
        pace: Pace,
    ) -> Result<Session, Broken> {
        let mut reason = Broken::Lost(format!("4.4.3 no address for {}", target.name));
        let mut tls_fails = None;
        for address in addresses {
            match Session::open_one(target, *address, caller, pace).await {
                Ok(session) => return Ok(session),
                Err(broken @ Broken::NoTls(..)) => tls_fails = Some(broken),
                Err(broken) => reason = broken,
            }
        }
        // Of several reasons, the one that somebody has to do something about.
        Err(tls_fails.unwrap_or(reason))
    }

    async fn open_one(
        target: &Target,
        address: SocketAddr,
        caller: &Caller,
        pace: Pace,
    ) -> Result<Session, Broken> {
        let mut security = target.security.clone();
        loop {
            match Session::start(target, address, &security, caller, pace).await {
                Err(Broken::NoTls(failure, why)) => {
                    target.report(failure, &why);
                    let Some(weaker) = security.weaker() else {
                        return Err(Broken::NoTls(failure, why));
                    };
                    tracing::info!(hop = %target.name, %why, "going on with less");
                    security = weaker;
                }
                session => return session,
            }
        }
    }

    async fn start(
        target: &Target,
        address: SocketAddr,
        security: &Security,
        caller: &Caller,
        pace: Pace,
    ) -> Result<Session, Broken> {
        let mut wire = Wire::connect(address, &target.name, pace).await?;
        let greeting = wire.reply().await?;
        // A refusal here says nothing of the mail, so it is never final (as Postfix, `smtp_skip_5xx_greeting`).
        if greeting.code != 220 {
            return Err(Broken::Lost(greeting.text()));
        }
        let mut extensions = hello(&mut wire, &caller.hostname).await?;
        if *security != Security::None && (extensions.starttls || *security != Security::Opportunistic) {
            wire = starttls(wire, &extensions, target, security).await?;
            // RFC 3207 §4.2: what was offered before is forgotten. A host that does not like our handshake may say
            // so only here (RFC 8446 §4.4.2.4), so that a failure still means that TLS did not work.
            let again = hello(&mut wire, &caller.hostname).await;
            extensions = again.map_err(|broken| Broken::NoTls(Failure::Validation, broken.into_text()))?;
        }
        Ok(Session {
            wire,
            extensions,
            needs_reset: false,
        })
    }

    /// Ends a transaction that was begun and not ended.
    pub(super) async fn reset(&mut self) -> Result<(), Broken> {
        if self.needs_reset {
            let reply = self.wire.ask("RSET").await?;
            if reply.class() != 2 {
                return Err(Broken::Lost(reply.text()));
            }
            self.needs_reset = false;
        }
        Ok(())
    }
}

async fn hello(wire: &mut Wire, hostname: &str) -> Result<Extensions, Broken> {
    let reply = wire.ask(&format!("EHLO {hostname}")).await?;
    if reply.class() == 2 {
        return Ok(Extensions::of(&reply));
    }
    // RFC 5321 §3.2: a host that does not know EHLO is greeted in the old way.
    if reply.class() == 5 {
        let old = wire.ask(&format!("HELO {hostname}")).await?;
        if old.class() == 2 {
            return Ok(Extensions::default());
        }
        return Err(Broken::Lost(old.text()));
    }
    Err(Broken::Lost(reply.text()))
}

async fn starttls(
    mut wire: Wire,
    extensions: &Extensions,
    target: &Target,
    security: &Security,
) -> Result<Wire, Broken> {
    if !extensions.starttls {
        let why = format!(
            "4.7.4 {} does not offer TLS, and nothing is sent to it without",
            target.name
        );
        return Err(Broken::NoTls(Failure::NotSupported, why));
    }
    let reply = wire.ask("STARTTLS").await?;
    if reply.code != 220 {
        let why = format!("4.7.4 {} refuses TLS: {}", target.name, reply.text());
        return Err(Broken::NoTls(Failure::Refused, why));
    }
    // Whoever sits between us and the host could put replies here that would look as if they came under TLS.
    if wire.unasked() {
        return Err(Broken::Lost(format!(
            "4.7.0 {} sent data before TLS began, which looks like an attack; the session was closed",
            target.name
        )));
    }
    wire.secure(&target.connector, security, &target.host).await
}

impl Extensions {
    fn of(reply: &Reply) -> Extensions {
        let mut offered = Extensions::default();
        // The first line is the host's name and greeting.
        for line in reply.lines.iter().skip(1) {
            let mut words = line.split(' ');
            let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
            match keyword.as_str() {
                "STARTTLS" => offered.starttls = true,
                "PIPELINING" => offered.pipelining = true,
                "8BITMIME" => offered.eight_bit_mime = true,
                "SMTPUTF8" => offered.smtputf8 = true,
                "DSN" => offered.dsn = true,
                "CHUNKING" => offered.chunking = true,
                "REQUIRETLS" => offered.requiretls = true,
                "SIZE" => {
                    offered.size = true;
                    // RFC 1870 §4: 0 means that there is no limit.
                    let limit = words.next().and_then(|number| number.parse().ok());
                    offered.size_limit = limit.filter(|limit| *limit > 0);
                }
                _ => {}
            }
        }
        offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(lines: &[&str]) -> Extensions {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Extensions::of(&Reply { code: 250, lines })
    }

    #[test]
    fn a_strange_parameter_hides_no_other_keyword() {
        let all = offered(&[
            "mx STARTTLS",
            "SIZE ten",
            "X",
            "",
            "starttls now",
            "Pipelining",
            "8BITMIME",
            "SMTPUTF8",
        ]);
        assert!(all.starttls && all.pipelining && all.eight_bit_mime && all.smtputf8 && all.size);
        assert_eq!(all.size_limit, None);
    }

    #[test]
    fn the_greeting_line_offers_nothing() {
        assert_eq!(offered(&["STARTTLS"]), Extensions::default());
        assert_eq!(offered(&[]), Extensions::default());
    }

    #[test]
    fn a_size_of_nothing_is_no_limit() {
        assert_eq!(offered(&["mx", "SIZE 0"]).size_limit, None);
        assert_eq!(offered(&["mx", "SIZE 1000"]).size_limit, Some(1000));
    }
}
