//! One listening address: lets clients in, as far as there is room for them.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::caller::{Caller, DoorKind};
use super::connection::{self, Shared};
use super::limits::{Limits, Ticket};
use super::network;
use super::proxy::{self, Origin};
use super::reply::Answer;
use super::stop::Stop;

/// The pause after a connection could not be taken: without one, a lack of file descriptors becomes a busy loop.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a balancer may take for the PROXY header.
const HEADER: Duration = Duration::from_secs(10);

/// One listening address with its sessions.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) kind: DoorKind,
    pub(super) shared: Arc<Shared>,
    pub(super) limits: Arc<Limits>,
    pub(super) stop: Stop,
}

impl Door {
    /// Lets clients in until the stop, then waits for their sessions, `drain` at most.
    pub(super) async fn keep(self, drain: Duration) {
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

    /// Counts a connection, and serves it in a task of its own. Whose it is behind a balancer, the balancer says first.
    fn admit(&self, mut stream: TcpStream, peer: SocketAddr, sessions: &mut JoinSet<()>) {
        let address = peer.ip().to_canonical();
        let (shared, limits) = (Arc::clone(&self.shared), Arc::clone(&self.limits));
        let (stop, kind) = (self.stop.clone(), self.kind);
        if !network::any_contains(&shared.proxy_from, address) {
            if let Some((stream, ticket)) = seat(&shared, &limits, stream, Origin::Client(address), address) {
                let caller = Caller::new(&shared, Origin::Client(address), address, kind);
                sessions.spawn(serve(stream, caller, shared, stop, ticket));
            }
            return;
        }
        sessions.spawn(async move {
            let origin = match timeout(HEADER, proxy::read(&mut stream)).await {
                Ok(Ok(origin)) => origin,
                Ok(Err(error)) => {
                    return tracing::warn!(balancer = %address, %error, "a connection was dropped");
                }
                Err(_) => {
                    return tracing::warn!(balancer = %address, "a balancer sent no PROXY header in time");
                }
            };
            if let Some((stream, ticket)) = seat(&shared, &limits, stream, origin, address) {
                let caller = Caller::new(&shared, origin, address, kind);
                serve(stream, caller, shared, stop, ticket).await;
            }
        });
    }
}

async fn serve(stream: TcpStream, caller: Caller, shared: Arc<Shared>, stop: Stop, ticket: Ticket) {
    let address = caller.address;
    if let Err(error) = connection::serve(stream, caller, &shared, stop, &ticket).await {
        tracing::debug!(%address, %error, "a session broke off");
    }
}

/// A place for the connection, or an answer that there is none. A balancer that speaks for many is not held to the limits
/// of one address.
fn seat(
    shared: &Shared,
    limits: &Arc<Limits>,
    stream: TcpStream,
    origin: Origin,
    peer: IpAddr,
) -> Option<(TcpStream, Ticket)> {
    let hostname = &shared.rules.hostname;
    let address = match origin {
        Origin::Client(address) => address,
        Origin::Balancer | Origin::Unknown => peer,
    };
    let speaks_for_many =
        !matches!(origin, Origin::Client(_)) || network::any_contains(&shared.xclient_from, address);
    if !speaks_for_many && let Err(why) = shared.rules.quotas.connection(address) {
        refuse(stream, address, &Answer::too_often(hostname, why));
        return None;
    }
    let ticket = match speaks_for_many {
        true => limits.admit_balancer(address),
        false => limits.admit(address),
    };
    match ticket {
        Some(ticket) => Some((stream, ticket)),
        None => {
            refuse(stream, address, &Answer::too_many_sessions(hostname));
            None
        }
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
