//! Receives mail: one state machine on raw bytes (RFC 5321). Declares [`Accept`]; knows no queue and no policy.
//!
//! SMTP reply codes appear in this module and nowhere else.

use std::net::{IpAddr, SocketAddr};

use crate::message::{Address, Boxed, Envelope, MessageId, RawMessage};

mod auth;
mod caller;
mod chunks;
mod command;
mod connection;
mod data;
mod door;
mod dsn;
mod intake;
mod limits;
mod memory;
mod network;
mod path;
mod proxy;
mod quota;
mod rates;
mod rehearsal;
mod reply;
mod server;
mod session;
mod settings;
mod stop;
mod suspended;
#[cfg(test)]
mod tests;
mod tls;
mod turns;
mod watched;

pub use auth::{Depth, DirectorySettings, Trial, UserError, try_login, user_line};
pub use quota::Rates;
#[doc(hidden)]
pub use rehearsal::{Rehearsal, rehearse};
pub use server::{Server, StartError};
pub use suspended::{Suspended, Suspension};
pub use turns::Turn;

/// How the receiving side works: `[smtp]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Addresses to listen on. `[::]:25` takes IPv4 clients too, and so excludes `0.0.0.0:25`.
    pub listen: Vec<SocketAddr>,
    /// Addresses at which TLS begins at once, without STARTTLS (RFC 8314 §3.3), usually with port 465.
    pub listen_tls: Vec<SocketAddr>,
    /// Addresses at which LMTP is spoken instead of SMTP (RFC 2033).
    pub listen_lmtp: Vec<SocketAddr>,
    /// Networks of balancers that send the PROXY protocol in front of each connection.
    pub proxy_from: Vec<String>,
    /// Networks of balancers that may say by XCLIENT for whom they speak.
    pub xclient_from: Vec<String>,
    /// Networks that may relay, as `192.0.2.0/24` or a single address. Everyone else is refused.
    pub relay_from: Vec<String>,
    /// The largest message that is taken, in mebibytes.
    pub message_mb: u64,
    /// Mebibytes of message bytes that may be in memory at once over all sessions, from their arrival until the
    /// message is answered. Not less than `message_mb`. Encrypted copies may take two and a half times as much
    /// beside it, and mail that is being delivered the same again.
    pub memory_mb: u64,
    /// Recipients per transaction. Of a message whose size times its recipients exceeds `memory_mb`, fewer.
    pub recipients: usize,
    /// Sessions at once.
    pub sessions: usize,
    /// Sessions at once from one address.
    pub sessions_per_address: usize,
    /// Messages that are received and worked on at once; further clients wait before they may send theirs. 0 is one for
    /// each processor, and one more.
    pub messages_at_once: usize,
    /// Seconds to wait for a command or for more data.
    pub timeout_seconds: u64,
    /// Octets of a message that a client must send in a second, on an average; 0 is no limit. It has half a minute before
    /// that counts.
    pub octets_per_second: u64,
    /// Errors of the client after which a session is ended. Mail that is refused is not an error.
    pub errors: u32,
    /// The file with the users who may relay from anywhere once they have proved their password, under TLS only.
    pub users: Option<std::path::PathBuf>,
    /// The directory with more users, who are in no file. Without both, AUTH is not offered.
    pub ldap: Option<DirectorySettings>,
    /// False passwords from one address within an hour, after which it may try no more.
    pub login_failures: u32,
    /// PEM file with the certificate chain for TLS; without one, STARTTLS is not offered.
    pub tls_certificate: Option<std::path::PathBuf>,
    /// PEM file with its private key.
    pub tls_key: Option<std::path::PathBuf>,
    /// Whether senders may ask for verified TLS on the whole way (REQUIRETLS, RFC 8689). It is offered under TLS.
    pub requiretls: bool,
    /// The record of senders who are suspended. Default: `suspended.toml` in the folder of the store.
    pub suspended: Option<std::path::PathBuf>,
    /// How often something may happen.
    pub rates: Rates,
    /// The gateway's own key, in the folder of its data; not a setting. Without a file, it lasts as long as the process.
    #[serde(skip)]
    pub secret: Option<std::path::PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 10025))],
            listen_tls: Vec::new(),
            listen_lmtp: Vec::new(),
            proxy_from: Vec::new(),
            xclient_from: Vec::new(),
            relay_from: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
            message_mb: 50,
            memory_mb: 512,
            recipients: 1000,
            sessions: 4000,
            sessions_per_address: 200,
            messages_at_once: 0,
            timeout_seconds: 300,
            octets_per_second: 100,
            errors: 20,
            users: None,
            ldap: None,
            login_failures: 20,
            tls_certificate: None,
            tls_key: None,
            requiretls: true,
            suspended: None,
            rates: Rates::default(),
            secret: None,
        }
    }
}

/// Who is at the other end of a session.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its network address.
    pub address: IpAddr,
    /// What it called itself in EHLO or HELO. Not verified.
    pub helo: String,
    /// Whether the session is under TLS.
    pub tls: bool,
    /// Whether it greeted with EHLO.
    pub extended: bool,
    /// The user who has proved a password in this session.
    pub user: Option<String>,
    /// Whether it speaks LMTP.
    pub lmtp: bool,
}

/// What the gateway does with mail: the contract between this module and the rest.
pub trait Accept: Send + Sync + 'static {
    /// Whether this reverse path may send through the gateway.
    ///
    /// # Errors
    /// The reply that the client gets.
    fn sender(&self, client: &Client, sender: Option<&Address>) -> Result<(), Reply>;

    /// Takes a whole message. After `Reply::Accepted` the gateway is responsible for it (RFC 5321 §4.2.5):
    /// everything that leaves is durable. After any other reply, nothing is kept.
    /// `turn` is to be given back once the work is done but for waiting.
    fn message(
        &self,
        client: Client,
        envelope: Envelope,
        message: RawMessage,
        turn: Turn,
    ) -> Boxed<'_, Reply>;

    /// The connection ended before its client gave a sign of having heard `Reply::Accepted` for this message, so it may send it
    /// again (RFC 1047).
    fn unheard(&self, _message: MessageId) {}
}

/// What the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `250 2.0.0`: taken, under this id.
    Accepted(MessageId),
    /// `550` with this enhanced status code (RFC 3463): never.
    Refused {
        /// `5.7.1` and the like.
        status: &'static str,
        /// One line of text for the person who reads the bounce. Printable ASCII, no personal information.
        text: String,
    },
    /// `451 4.3.0`: our fault or our limits; the client keeps the message and tries again.
    TryLater {
        /// One line of text.
        text: String,
    },
    /// `452 4.3.1`: no room.
    NoRoom,
}
