//! Brings deliveries to the next hop: routes, TLS, connections, one result per recipient.
//!
//! Must not know: stores, policy, notices.

use crate::message::{Address, RawMessage};
use crate::queue::Delivery;

/// How mail leaves: `[deliver]` in the settings.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where mail goes that no route names: `host:port` (port 25 when left out).
    pub next_hop: String,
    /// TLS to `next_hop`.
    pub tls: Tls,
    /// Where mail for single domains goes; own domains go back to the organisation's server this way.
    #[serde(rename = "route")]
    pub routes: Vec<Route>,
    /// PEM file with the CAs that `tls = "verify"` trusts; the system's when left out.
    pub ca_file: Option<std::path::PathBuf>,
    /// Seconds to wait for a connection and for each reply (RFC 5321 §4.5.3.2 allows less for own hosts).
    pub timeout: Timeout,
    /// Deliveries under way at once.
    pub concurrency: Concurrency,
    /// Hours after which a delivery that still does not succeed is returned to its sender.
    pub give_up: GiveUp,
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
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Recipient domain: `agency.example`, or `*.agency.example` for everything below it.
    pub domain: String,
    /// `host:port`.
    pub next_hop: String,
    /// TLS to this host.
    #[serde(default)]
    pub tls: Tls,
}

/// TLS towards a next hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Never, for hosts on the same machine.
    None,
    /// When it is offered, without looking at the certificate (RFC 7435).
    #[default]
    Opportunistic,
    /// Always; without it nothing is sent. The certificate is not looked at.
    Required,
    /// Always, and the certificate must be valid for the host's name.
    Verify,
}

/// What one recipient got from one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The next hop took responsibility; its reply.
    Delivered(String),
    /// 4xx, no connection, TLS missing where required, or a connection lost: try again later.
    NotNow(String),
    /// 5xx: never.
    Never(String),
}

/// Delivers over SMTP. Keeps connections for the next transaction. Cloning shares it.
#[derive(Clone)]
pub struct Courier {}

impl Courier {
    /// Takes the settings; connects to nothing yet.
    ///
    /// # Errors
    /// A next hop that cannot be read, or a CA file that cannot be loaded: what and how to mend it.
    pub fn new(settings: &Settings, hostname: &str) -> Result<Courier, String> {
        let _ = (settings, hostname);
        Ok(Courier {})
    }

    /// The `host:port` that mail for this recipient goes to.
    pub fn next_hop(&self, recipient: &Address) -> &str {
        let _ = recipient;
        ""
    }

    /// Sends one body to recipients who share sender, body and next hop; one answer per delivery, in order.
    /// An attempt whose end is unknown (connection lost after the final dot) counts as not delivered.
    pub async fn deliver(&self, deliveries: &[Delivery], body: &RawMessage) -> Vec<Attempt> {
        let _ = body;
        deliveries
            .iter()
            .map(|_| Attempt::NotNow("not written yet".to_owned()))
            .collect()
    }
}
