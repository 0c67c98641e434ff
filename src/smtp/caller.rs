//! Who is at the other end of a connection, and what it may do: by its address, or by what a balancer says of it.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;

use tokio::net::TcpStream;

use super::connection::Shared;
use super::network;
use super::proxy::Origin;
use super::session::{Introduction, Standing};

/// How a listening address is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DoorKind {
    /// In clear at first.
    Plain,
    /// Under TLS from the first octet (RFC 8314 §3.3).
    Tls,
    /// In clear at first, and LMTP (RFC 2033).
    Lmtp,
}

/// Who is at the other end of a fresh connection.
pub(super) struct Caller {
    /// The client's, or that of the balancer, if it does not tell.
    pub(super) address: IpAddr,
    pub(super) kind: DoorKind,
    may_relay: bool,
    /// Whether it is a balancer that may say for whom it speaks.
    pub(super) may_introduce: bool,
}

impl Caller {
    /// `peer` is at the other end of the wire, for whomever it may speak.
    pub(super) fn new(shared: &Shared, origin: Origin, peer: IpAddr, kind: DoorKind) -> Caller {
        let address = match origin {
            Origin::Client(address) => address,
            Origin::Balancer | Origin::Unknown => peer,
        };
        Caller {
            address,
            kind,
            // Whom a balancer does not tell may not do what the balancer may.
            may_relay: origin != Origin::Unknown && network::any_contains(&shared.relay_from, address),
            may_introduce: network::any_contains(&shared.xclient_from, address),
        }
    }

    /// What the client may do. Where TLS begins at once, it has to speak first.
    pub(super) fn standing(&self, stream: &TcpStream, shared: &Shared) -> io::Result<Standing> {
        let address = self.address;
        let may_become = shared.rules.users.is_some() || self.may_introduce;
        Ok(if !self.may_relay && !may_become {
            tracing::info!(%address, "a client outside of relay_from was refused");
            Standing::Stranger
        } else if self.kind != DoorKind::Tls && has_spoken(stream)? {
            tracing::info!(%address, "a client that spoke before the greeting was refused");
            Standing::Early
        } else if self.may_relay {
            Standing::Welcome
        } else {
            Standing::Guest
        })
    }
}

/// What a client may do for whom a balancer speaks by XCLIENT.
pub(super) fn introduced(introduction: &Introduction, shared: &Shared) -> Standing {
    match introduction.address {
        Some(address) if shared.rules.quotas.connection(address).is_err() => Standing::Stranger,
        Some(address) if network::any_contains(&shared.relay_from, address) => Standing::Welcome,
        _ if introduction.user.is_some() || shared.rules.users.is_some() => Standing::Guest,
        _ => Standing::Stranger,
    }
}

/// Whether octets have come already. Only the kernel knows this early: the runtime has not yet been told.
fn has_spoken(stream: &TcpStream) -> io::Result<bool> {
    let probe = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned()?);
    Ok(probe.peek(&mut [0]).is_ok_and(|octets| octets > 0))
}
