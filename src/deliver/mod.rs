//! Brings deliveries to the next hop: routes, TLS, connections, one result per recipient.
//!
//! A delivery takes this path: `route` says where to, `hops` names the hosts or `exchangers` asks the DNS for them, and
//! each becomes a `target` with its addresses and what is asked of its TLS. `pool` has a session with it, or `session`
//! opens one over a `wire` (with `tls`); `transaction` sends a `letter` and turns each `reply` into a verdict. A host
//! that cannot be reached makes room for the next one. Choices that other servers make differently are told where they
//! are made: 8-bit mail for a host without 8BITMIME, 552 and 530, a greeting that refuses (all in `transaction` and
//! `session`).
//!
//! Must not know: stores, policy, notices.

mod courier;
mod dane;
mod dns;
mod exchangers;
mod health;
mod hops;
mod letter;
mod mistakes;
mod mta_sts;
mod plan;
mod pool;
mod reply;
mod report;
mod requiretls;
mod route;
mod session;
mod target;
mod tls;
mod transaction;
mod wire;

#[cfg(test)]
mod tests;

pub use dns::DnsSettings;
pub use mta_sts::MtaStsSettings;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::message::{Address, RawMessage};
use crate::queue::Delivery;

/// How mail leaves: `[deliver]` in the settings.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where mail goes that no route names: `host:port` (port 25 when left out), several hosts, or `mx`.
    pub next_hop: String,
    /// TLS to `next_hop`.
    pub tls: Tls,
    /// Where mail for single domains goes; own domains go back to the organisation's server this way.
    #[serde(rename = "route")]
    pub routes: Vec<Route>,
    /// PEM file with the CAs that `tls = "verify"` trusts; the system's when left out.
    pub ca_file: Option<PathBuf>,
    /// How the DNS is asked.
    pub dns: DnsSettings,
    /// How MTA-STS policies are fetched.
    pub mta_sts: MtaStsSettings,
    /// Seconds to wait for a connection and for each reply (RFC 5321 §4.5.3.2 allows less for own hosts), from 1
    /// to 600. The reply to a whole message may take ten times as long, since who hangs up earlier makes duplicates.
    pub timeout: Timeout,
    /// Deliveries under way at once.
    pub concurrency: Concurrency,
    /// Of these, to one destination; a route may say less or more.
    pub destination_concurrency: Concurrency,
    /// Transactions that begin in a minute with one destination; 0 sets no limit. A route may say less or more.
    pub destination_rate: u32,
    /// Hours after which a delivery that still does not succeed is returned to its sender.
    pub give_up: GiveUp,
    /// Hours after which the sender of mail that is still waiting is told, once.
    pub delay_notice: DelayNotice,
    /// Whether `TLS-Required: No` in the header of mail that needs no protection makes its delivery ignore what the
    /// recipient's domain has published about its TLS (RFC 8689 §3).
    pub heed_tls_required_no: bool,
}

impl Settings {
    /// Every mistake of the section at once, each with what to write instead. Reads `ca_file`.
    pub fn mistakes(&self) -> Vec<String> {
        mistakes::mistakes(self)
    }
}

/// Seconds for a connection or a reply.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
pub struct Timeout(pub u64);

/// Transactions at once.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
pub struct Concurrency(pub usize);

/// Hours until a delivery is given up.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
pub struct GiveUp(pub u64);

/// Hours until the sender of what still waits is told.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
pub struct DelayNotice(pub u64);

impl Default for DelayNotice {
    fn default() -> Self {
        DelayNotice(4)
    }
}

impl Default for Timeout {
    fn default() -> Self {
        Timeout(60)
    }
}

impl Default for Concurrency {
    fn default() -> Self {
        Concurrency(20)
    }
}

impl Default for GiveUp {
    fn default() -> Self {
        GiveUp(120)
    }
}

/// One line of the route table.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Recipient domain: `agency.example`, or `*.agency.example` for everything below it.
    pub domain: String,
    /// As [`Settings::next_hop`].
    pub next_hop: String,
    /// TLS to these hosts.
    #[serde(default)]
    pub tls: Tls,
    /// Names of which a verified certificate must have one; `.partner.example` is everything below. When left out: the
    /// host's own name, and for mail exchangers the recipient's domain and everything below it.
    #[serde(default)]
    pub names: Vec<String>,
    /// As [`Settings::ca_file`], for these hosts.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// As [`Settings::destination_concurrency`]; for `mx`, each domain is a destination.
    #[serde(default)]
    pub concurrency: Option<usize>,
    /// As [`Settings::destination_rate`].
    #[serde(default)]
    pub rate: Option<u32>,
}

/// How much goes to one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Transactions at once.
    pub concurrency: usize,
    /// Transactions that begin in a minute; 0 sets no limit.
    pub per_minute: u32,
}

/// TLS towards a next hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Never, for hosts on the same machine.
    None,
    /// When it is offered, without looking at the certificate; when it fails, without TLS (RFC 7435).
    #[default]
    Opportunistic,
    /// Always; without it nothing is sent. The certificate is not looked at.
    Required,
    /// Always, and the certificate must be valid for the host's name.
    Verify,
    /// As the host's TLSA records say, where DNSSEC proves them (RFC 7672); opportunistic where there are none.
    Dane,
    /// As the MTA-STS policy of the domain says (RFC 8461); opportunistic where there is none.
    MtaSts,
    /// As whichever of both there is; the TLSA records when there are both.
    Published,
}

impl Tls {
    /// Whether the DNS decides on it.
    fn needs_dns(self) -> bool {
        self.uses_dane() || self.uses_mta_sts()
    }

    /// The same for hosts that an administrator has named, which are in no policy of a domain.
    pub fn for_named_hosts(self) -> Tls {
        match self {
            Tls::MtaSts => Tls::Opportunistic,
            Tls::Published => Tls::Dane,
            other => other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Tls::None => "none",
            Tls::Opportunistic => "opportunistic",
            Tls::Required => "required",
            Tls::Verify => "verify",
            Tls::Dane => "dane",
            Tls::MtaSts => "mta-sts",
            Tls::Published => "published",
        }
    }

    fn uses_dane(self) -> bool {
        matches!(self, Tls::Dane | Tls::Published)
    }

    fn uses_mta_sts(self) -> bool {
        matches!(self, Tls::MtaSts | Tls::Published)
    }
}

/// What one recipient got from one attempt. The text is one line of at most 500 characters without control
/// characters: the host's reply, `550 5.1.1 no such user`, or a reason of our own, `4.4.1 no connection to …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The next hop took responsibility; its reply.
    Delivered(String),
    /// The same, and it will tell the sender of success itself, who wants to know (RFC 3461 §5.2.1).
    HandedOn(String),
    /// 4xx, no connection, TLS missing where required, or a connection lost: try again later.
    NotNow(String),
    /// 5xx: never.
    Never(String),
}

impl Attempt {
    /// The line.
    pub fn text(&self) -> &str {
        match self {
            Attempt::Delivered(text)
            | Attempt::HandedOn(text)
            | Attempt::NotNow(text)
            | Attempt::Never(text) => text,
        }
    }
}

/// Delivers over SMTP. Keeps connections for the next transaction. Cloning shares it.
#[derive(Clone)]
pub struct Courier(Arc<courier::Shared>);

impl Courier {
    /// Takes the settings; connects to nothing yet.
    ///
    /// # Errors
    /// All of [`Settings::mistakes`], or a host name that cannot be said in EHLO: what and how to mend it.
    pub fn new(settings: &Settings, hostname: &str) -> Result<Courier, String> {
        courier::Shared::new(settings, hostname).map(|shared| Courier(Arc::new(shared)))
    }

    /// Where mail for this recipient goes: the hosts as `host:port`, or `mx:domain`. Empty when no route fits and there
    /// is no `next_hop`; [`Courier::deliver`] then says so.
    pub fn next_hop(&self, recipient: &Address) -> Cow<'_, str> {
        self.0.next_hop(recipient)
    }

    /// How much may go where mail for this recipient goes. It is for the caller to keep.
    pub fn limits(&self, recipient: &Address) -> Limits {
        self.0.limits(recipient)
    }

    /// The longest time that [`Courier::deliver`] takes; a lease must not be shorter.
    pub fn longest_delivery(&self) -> Duration {
        self.0.longest_delivery()
    }

    /// Sends one body to recipients who share sender, body and next hop; one answer per delivery, in order.
    /// An attempt whose end is unknown (connection lost after the final dot) counts as not delivered.
    ///
    /// A delivery that does not share them with the first one is not sent, but told so. Ends within
    /// [`Courier::longest_delivery`]. When the future is dropped, its connection is closed.
    pub async fn deliver(&self, deliveries: &[Delivery], body: &RawMessage) -> Vec<Attempt> {
        self.0.deliver(deliveries, body).await
    }
}

/// The host of [`Courier::next_hop`] that gave a reply of an [`Attempt`], as `host:port`. Empty when none of them did.
pub fn answered_by<'a>(next_hop: &'a str, reply: &'a str) -> &'a str {
    courier::answered_by(next_hop, reply)
}

/// What a next hop says, read as a delivery reads it: each reply in one line, up to where it is no SMTP any more. For
/// whoever wants to try the reader.
pub fn replies(said: &[u8]) -> Vec<String> {
    reply::all(said)
}
