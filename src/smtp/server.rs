//! Listens, counts sessions, and stops without losing a transaction that is under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::message::Secret;

use super::auth::{Directory, Users};
use super::caller::DoorKind;
use super::connection::Shared;
use super::door::Door;
use super::limits::Limits;
use super::memory::Budget;
use super::network::Network;
use super::quota::Quotas;
use super::rates::Rate;
use super::session::Rules;
use super::settings;
use super::stop;
use super::tls;
use super::turns::Turns;
use super::{Accept, Settings};

/// How long transactions that are under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A running server.
pub struct Server {
    listeners: Vec<(TcpListener, DoorKind)>,
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    limits: Arc<Limits>,
    drain: Duration,
}

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// A setting of `[smtp]` does not make sense.
    #[error("[smtp] {0}")]
    Setting(String),
}

impl Server {
    /// Binds all addresses. Sessions are served once [`Server::run`] is awaited.
    ///
    /// # Errors
    /// When an address is taken, or a setting makes no sense.
    pub async fn bind(
        settings: &Settings,
        hostname: &str,
        accept: Arc<dyn Accept>,
    ) -> Result<Server, StartError> {
        Server::bind_for(settings, hostname, accept, None).await
    }

    /// The same for recipients in these domains only (in lower case; `*.agency.example` means everything below it).
    ///
    /// # Errors
    /// When an address is taken, or a setting makes no sense.
    pub async fn bind_for(
        settings: &Settings,
        hostname: &str,
        accept: Arc<dyn Accept>,
        domains: Option<Vec<String>>,
    ) -> Result<Server, StartError> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            return Err(StartError::Setting(mistakes.join("; ")));
        }
        let shared = Arc::new(shared(settings, hostname, accept, domains).map_err(StartError::Setting)?);
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for (address, kind) in settings.doors() {
            let taken = |error| StartError::Listen(address, error);
            let listener = TcpListener::bind(address).await.map_err(taken)?;
            addresses.push(listener.local_addr().map_err(taken)?);
            listeners.push((listener, kind));
        }
        let limits = Limits::new(settings.sessions, settings.sessions_per_address);
        Ok(Server {
            listeners,
            addresses,
            shared,
            limits,
            drain: DRAIN,
        })
    }

    /// The addresses that are really listened on (a port 0 in the settings has become a real one): those in clear, then
    /// those under TLS.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.addresses.clone()
    }

    /// The same server without the pause behind false passwords.
    #[cfg(test)]
    pub(super) fn without_pauses(mut self) -> Server {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.login_pause = Duration::ZERO;
        }
        self
    }

    /// The same server with another patience for transactions that are under way when it stops.
    #[cfg(test)]
    pub(super) fn with_drain(self, drain: Duration) -> Server {
        Server { drain, ..self }
    }

    /// Serves until `stop` is done; then takes no new session, ends the idle ones, lets transactions under way
    /// end, and returns. It waits for them for a minute: a client cut off then keeps its message, but work that
    /// [`Accept::message`] has begun is not broken off.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let (teller, told) = stop::pair();
        let mut doors = JoinSet::new();
        for (listener, kind) in self.listeners {
            let door = Door {
                listener,
                kind,
                shared: Arc::clone(&self.shared),
                limits: Arc::clone(&self.limits),
                stop: told.clone(),
            };
            doors.spawn(door.keep(self.drain));
        }
        stop.await;
        teller.tell();
        while doors.join_next().await.is_some() {}
    }
}

/// What all sessions share.
///
/// # Errors
/// What the administrator has to mend.
pub(super) fn shared(
    settings: &Settings,
    hostname: &str,
    accept: Arc<dyn Accept>,
    domains: Option<Vec<String>>,
) -> Result<Shared, String> {
    let postmaster = format!("postmaster@{hostname}").parse();
    let postmaster = postmaster.map_err(|_| format!("hostname {hostname:?} is not a domain name"))?;
    let tls = tls::acceptor(settings)?;
    let users = users(settings)?;
    let rules = Rules {
        hostname: hostname.to_owned(),
        postmaster: Some(postmaster),
        message_octets: settings.message_octets(),
        recipients: settings.recipients,
        copied_octets: settings.memory_octets(),
        errors: settings.errors,
        starttls: tls.is_some(),
        requiretls: settings.requiretls,
        quotas: Arc::new(Quotas::new(&settings.rates, settings.suspended.as_deref())?),
        users,
        domains,
    };
    Ok(Shared {
        rules: Arc::new(rules),
        accept,
        budget: Budget::new(settings.memory_octets()),
        tls,
        relay_from: networks("relay_from", &settings.relay_from)?,
        proxy_from: networks("proxy_from", &settings.proxy_from)?,
        xclient_from: networks("xclient_from", &settings.xclient_from)?,
        turns: Turns::new(settings.messages_at_once),
        timeout: Duration::from_secs(settings.timeout_seconds),
        octets_per_second: settings.octets_per_second,
        login_failures: Rate::new(settings.login_failures, HOUR, Instant::now()),
        login_pause: Shared::LOGIN_PAUSE,
    })
}

fn networks(name: &str, list: &[String]) -> Result<Vec<Network>, String> {
    settings::networks(name, list).into_iter().collect()
}

/// Those who may log in, if anybody may.
fn users(settings: &Settings) -> Result<Option<Arc<Users>>, String> {
    let directory = match &settings.ldap {
        None if settings.users.is_none() => return Ok(None),
        None => None,
        Some(ldap) => {
            let mistakes = ldap.mistakes();
            if !mistakes.is_empty() {
                return Err(format!("[smtp.ldap] {}", mistakes.join("; ")));
            }
            Some(Directory::open(ldap).map_err(|why| format!("[smtp.ldap] {why}"))?)
        }
    };
    let secret = match &settings.secret {
        Some(secret) => Secret::open(secret),
        None => Secret::passing(),
    };
    let secret = secret.map_err(|error| format!("the gateway's own key: {error}"))?;
    Users::open(settings.users.as_deref(), directory, secret).map(|users| Some(Arc::new(users)))
}
