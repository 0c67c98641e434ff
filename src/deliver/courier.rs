//! Puts route, session and transaction together.

use std::time::Duration;

use crate::message::{Address, RawMessage};
use crate::queue::Delivery;

use super::letter::Letter;
use super::route::{Hop, Routes};
use super::session::{Caller, Session};
use super::tls::Connector;
use super::transaction::{self, Ended, Mail};
use super::wire::Pace;
use super::{Attempt, Settings};

/// How long a connection waits for the next transaction. Servers wait far longer; a dead one costs a retry.
const KEEP_IDLE: Duration = Duration::from_secs(10);
/// Recipients that every server takes in one transaction (RFC 5321 §4.5.3.1.8).
const RECIPIENTS: usize = 100;
const HOSTNAME: &str = "must be this gateway's own full name, for example \"gate.example.org\"";
/// Trying again would not help: the bytes stay as they are.
const NOT_SENDABLE: &str = "5.6.0 a line of the message ends without CRLF; \
    it is not sent, since some servers would take that for the end of the message";

/// What all clones of a courier share.
pub(super) struct Shared {
    pub(super) routes: Routes,
    pub(super) caller: Caller,
    pub(super) step: Duration,
}

impl Shared {
    pub(super) fn new(settings: &Settings, hostname: &str) -> Result<Shared, String> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            return Err(format!("[deliver] {}", mistakes.join("; ")));
        }
        if !hostname.is_ascii() || format!("x@{hostname}").parse::<Address>().is_err() {
            return Err(format!("hostname {HOSTNAME}"));
        }
        Ok(Shared {
            routes: Routes::new(settings, KEEP_IDLE),
            caller: Caller {
                hostname: hostname.to_owned(),
                connector: Connector::new(settings.ca_file.as_deref())?,
            },
            step: Duration::from_secs(settings.timeout.0),
        })
    }

    pub(super) fn next_hop(&self, recipient: &Address) -> &str {
        let hop = self.routes.hop(recipient.domain());
        hop.map(|hop| hop.name.as_str()).unwrap_or_default()
    }

    pub(super) fn longest_delivery(&self) -> Duration {
        Pace::longest(self.step)
    }

    pub(super) async fn deliver(&self, deliveries: &[Delivery], body: &RawMessage) -> Vec<Attempt> {
        let Some(first) = deliveries.first() else {
            return Vec::new();
        };
        let all = |attempt: Attempt| vec![attempt; deliveries.len()];
        let Some(hop) = self.routes.hop(first.recipient.domain()) else {
            return all(Attempt::NotNow(format!(
                "4.3.5 no route for {}: [deliver] has no line for it and no next_hop",
                first.recipient.domain()
            )));
        };
        let Ok(letter) = Letter::new(body.as_bytes()) else {
            return all(Attempt::Never(NOT_SENDABLE.to_owned()));
        };
        let fits = |delivery: &Delivery| {
            delivery.body == first.body
                && delivery.sender == first.sender
                && self.next_hop(&delivery.recipient) == hop.name
        };
        let recipients: Vec<&Address> = deliveries
            .iter()
            .filter(|delivery| fits(delivery))
            .map(|delivery| &delivery.recipient)
            .collect();
        let mut attempts = self.send(hop, first.sender.as_ref(), &recipients, letter).await;
        deliveries
            .iter()
            .map(|delivery| fits(delivery).then(|| attempts.next()).flatten())
            .map(|attempt| attempt.unwrap_or_else(strayed))
            .collect()
    }

    /// In transactions of a bounded number of recipients; one after the other, since they share a connection.
    async fn send(
        &self,
        hop: &Hop,
        sender: Option<&Address>,
        recipients: &[&Address],
        letter: Letter<'_>,
    ) -> std::vec::IntoIter<Attempt> {
        let pace = Pace::new(self.step);
        let mut attempts = Vec::with_capacity(recipients.len());
        for some in recipients.chunks(RECIPIENTS) {
            let mail = Mail {
                sender,
                recipients: some,
                letter,
            };
            let ended = self.transact(hop, mail, pace).await;
            attempts.extend(ended.attempts);
            // What broke one transaction would hold up the next one too.
            if let Some(reason) = ended.broken {
                attempts.resize(recipients.len(), Attempt::NotNow(reason));
                break;
            }
        }
        attempts.into_iter()
    }

    async fn transact(&self, hop: &Hop, mail: Mail<'_>, pace: Pace) -> Ended {
        if let Some(mut session) = hop.pool.take().await {
            session.wire.pace = pace;
            let ended = transaction::run(&mut session, mail).await;
            if ended.broken.is_none() {
                keep(hop, session).await;
            }
            // A connection that waited may have died meanwhile; that says nothing of the host.
            if ended.broken.is_none() || !ended.repeatable {
                return ended;
            }
        }
        let mut session = match Session::open(hop, &self.caller, pace).await {
            Ok(session) => session,
            Err(reason) => return unreached(mail, reason),
        };
        let ended = transaction::run(&mut session, mail).await;
        if ended.broken.is_none() {
            keep(hop, session).await;
        }
        ended
    }
}

/// A delivery that was handed over together with others that it has nothing to do with.
fn strayed() -> Attempt {
    Attempt::NotNow(
        "4.3.5 it was mixed with mail of another sender, body or next hop and was not sent".to_owned(),
    )
}

fn unreached(mail: Mail<'_>, reason: String) -> Ended {
    Ended {
        attempts: vec![Attempt::NotNow(reason.clone()); mail.recipients.len()],
        broken: Some(reason),
        repeatable: true,
    }
}

async fn keep(hop: &Hop, session: Session) {
    // Replies that nothing asked for would be taken for those of the next transaction.
    if !session.wire.unasked() {
        hop.pool.put(session).await;
    }
}
