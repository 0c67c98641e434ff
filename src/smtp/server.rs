//! Listens, counts sessions, and stops without losing a transaction that is under way.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::message::Secret;

use super::auth::Users;
use super::connection::{self, DoorKind, Shared};
use super::limits::Limits;
use super::memory::Budget;
use super::quota::Quotas;
use super::rates::Rate;
use super::reply::Answer;
use super::session::Rules;
use super::stop::{self, Stop};
use super::tls;
use super::{Accept, Settings};

/// How long transactions that are under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(60);
/// The pause after a connection could not be taken: without one, a lack of file descriptors becomes a busy loop.
const PAUSE: Duration = Duration::from_millis(100);
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
        quotas: Arc::new(Quotas::new(&settings.rates, settings.suspended.as_deref())?),
        users,
        domains,
    };
    Ok(Shared {
        rules: Arc::new(rules),
        accept,
        budget: Budget::new(settings.memory_octets()),
        tls,
        relay_from: settings.networks().into_iter().collect::<Result<_, _>>()?,
        timeout: Duration::from_secs(settings.timeout_seconds),
        octets_per_second: settings.octets_per_second,
        login_failures: Rate::new(settings.login_failures, HOUR, Instant::now()),
        login_pause: Shared::LOGIN_PAUSE,
    })
}

/// Those who may log in, if anybody may.
fn users(settings: &Settings) -> Result<Option<Arc<Users>>, String> {
    let Some(file) = &settings.users else {
        return Ok(None);
    };
    let secret = match &settings.secret {
        Some(secret) => Secret::open(secret),
        None => Secret::passing(),
    };
    let secret = secret.map_err(|error| format!("the gateway's own key: {error}"))?;
    Users::open(file, secret).map(|users| Some(Arc::new(users)))
}

/// One listening address with its sessions.
struct Door {
    listener: TcpListener,
    kind: DoorKind,
    shared: Arc<Shared>,
    limits: Arc<Limits>,
    stop: Stop,
}

impl Door {
    /// Lets clients in until the stop, then waits for their sessions, `drain` at most.
    async fn keep(self, drain: Duration) {
        let mut stop = self.stop.clone();
        let mut sessions = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.told() => break,
                // Ended sessions are taken out of the set, which would grow otherwise.
                Some(_) = sessions.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.admit(stream, peer, &mut sessions),
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
        drop(self.listener);
        let all_ended = async { while sessions.join_next().await.is_some() {} };
        if timeout(drain, all_ended).await.is_err() {
            tracing::warn!("sessions were cut off that did not end in time; their clients keep the messages");
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, sessions: &mut JoinSet<()>) {
        let address = peer.ip().to_canonical();
        let hostname = &self.shared.rules.hostname;
        if let Err(why) = self.shared.rules.quotas.connection(address) {
            return refuse(stream, address, &Answer::too_often(hostname, why));
        }
        let Some(ticket) = self.limits.admit(address) else {
            return refuse(stream, address, &Answer::too_many_sessions(hostname));
        };
        let (shared, kind) = (Arc::clone(&self.shared), self.kind);
        let stop = self.stop.clone();
        sessions.spawn(async move {
            if let Err(error) = connection::serve(stream, peer, kind, &shared, stop, &ticket).await {
                tracing::debug!(%address, %error, "a session broke off");
            }
            drop(ticket);
        });
    }
}

/// Never waits: a fresh connection has room for one line, and nobody who comes in crowds is waited for.
fn refuse(stream: TcpStream, address: IpAddr, answer: &Answer) {
    tracing::info!(%address, "a connection was refused: too many");
    let mut line = Vec::new();
    answer.write(&mut line);
    // Whether the client reads it is its own affair.
    let _ = stream.into_std().and_then(|mut stream| stream.write_all(&line));
}
