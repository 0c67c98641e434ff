//! The gateway as the SMTP server sees it: answers to replies.

use jiff::Timestamp;

use crate::audit::TrailError;
use crate::message::{Address, Boxed, Envelope, MessageId, RawMessage};
use crate::smime::SealError;
use crate::smtp::{Accept, Client, Reply, Turn};

use super::Gateway;
use super::accept::{Arrival, NotTaken};

impl Accept for Gateway {
    fn sender(&self, client: &Client, sender: Option<&Address>) -> Result<(), Reply> {
        match sender {
            Some(address) if !self.identity.owns(address.domain()) => {
                let domain = address.domain();
                tracing::warn!(client = %client.address, domain, "refused: the sender's domain is not an own one");
                Err(Reply::Refused {
                    status: "5.7.1",
                    text: "this gateway relays for its own organisation's sender domains only".to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    fn message(&self, client: Client, envelope: Envelope, raw: RawMessage, turn: Turn) -> Boxed<'_, Reply> {
        Box::pin(async move {
            let at = Timestamp::now();
            let arrival = Arrival {
                id: name(at),
                at,
                client,
                envelope,
                raw,
            };
            let id = arrival.id;
            match self.accept(arrival, turn).await {
                Ok(id) => Reply::Accepted(id),
                Err(reason) => {
                    tracing::warn!(%id, %reason, "not taken");
                    reply(&reason)
                }
            }
        })
    }

    fn unheard(&self, message: MessageId) {
        self.resent.unheard(message);
    }
}

pub(super) fn reply(reason: &NotTaken) -> Reply {
    match reason {
        NotTaken::NobodyToTell(_) => Reply::Refused {
            status: "5.7.1",
            text: reason.to_string(),
        },
        NotTaken::Loop => Reply::Refused {
            status: "5.4.6",
            text: reason.to_string(),
        },
        NotTaken::Malformed(what) => Reply::Refused {
            status: "5.6.0",
            text: what.clone(),
        },
        NotTaken::Seal(SealError::NoHeader) => Reply::Refused {
            status: "5.6.0",
            text: "the message has no header section that can be protected".to_owned(),
        },
        NotTaken::TooManyCopies => Reply::Refused {
            status: "5.3.4",
            text: reason.to_string(),
        },
        NotTaken::Store(TrailError::Full) => Reply::NoRoom,
        // What failed inside is in the log, not on the wire.
        _ => Reply::TryLater {
            text: "the message could not be handled now, please try again later".to_owned(),
        },
    }
}

/// A fresh name. Should the random source fail, the clock's nanoseconds still tell two messages apart, and the
/// store refuses a name that it has already.
pub(super) fn name(at: Timestamp) -> MessageId {
    let mut entropy = [0; 8];
    if openssl::rand::rand_bytes(&mut entropy).is_err() {
        entropy = at
            .as_nanosecond()
            .to_le_bytes()
            .first_chunk()
            .copied()
            .unwrap_or_default();
    }
    MessageId::new(at.as_millisecond().unsigned_abs(), u64::from_le_bytes(entropy))
}
