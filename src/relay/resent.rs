//! Mail that comes once more because its client never heard the answer (RFC 1047, RFC 5321 §4.5.3.2.6).
//!
//! A gateway that dies between making a message durable and saying `250`, and a connection that is lost there, leave the
//! message with both; the client sends it again, and its recipients would get it twice. Both ends of such a message are known
//! here: what was taken when the answer got lost, and what comes. The same octets with the same envelope and Message-ID are
//! then answered with the `250` that was lost, and nothing is done a second time.
//!
//! Mail is compared only with what was taken shortly before a start, or in a connection that ended right after the answer.
//! What a client has sent twice although it was told is two messages. Mail without a Message-ID is never taken for another.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::audit::Taken;
use crate::message::{Fingerprint, MessageId, Secret};

use super::accept::Arrival;
use super::header;

const PURPOSE: &str = "message that may come again";
/// How long a client may wait before it comes again: Postfix does after 67 minutes at most.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);
/// Messages that are expected again at most. Further ones come twice.
const MOST: usize = 10_000;
/// Messages whose answer may still turn out to be lost.
const ANSWERED: usize = 10_000;
/// Records to look at when the gateway starts: more than it can have had under way.
pub(super) const LATEST: u32 = 1_000;
/// How long before the last of them a message can have come whose answer was not given.
const BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// What may come again.
pub(super) struct Resent {
    secret: Secret,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Of these the client was told, or should have been; oldest first.
    answered: VecDeque<(MessageId, Fingerprint)>,
    /// Of these it has probably not heard.
    unheard: HashMap<Fingerprint, (MessageId, Instant)>,
}

impl Resent {
    pub(super) fn new(secret: Secret) -> Resent {
        Resent {
            secret,
            known: Mutex::default(),
        }
    }

    /// What is the same when the message comes again; `None` when that cannot be told. `door` keeps the ways in apart.
    pub(super) fn fingerprint(&self, door: &str, arrival: &Arrival) -> Option<Fingerprint> {
        header::values(&arrival.raw, "Message-ID").find(|id| !id.trim_ascii().is_empty())?;
        let (client, envelope) = (&arrival.client, &arrival.envelope);
        let said = serde_json::to_vec(&(
            door,
            &client.user,
            &envelope.sender,
            &envelope.recipients,
            envelope.smtputf8,
            &envelope.dsn,
            envelope.tls,
        ));
        Some(
            self.secret
                .fingerprint(PURPOSE, &[&said.ok()?, arrival.raw.as_bytes()]),
        )
    }

    /// Under which name the same message was taken, when its client has probably not heard of it.
    pub(super) fn earlier(&self, fingerprint: Option<&Fingerprint>) -> Option<MessageId> {
        let (id, until) = *self.known().unheard.get(fingerprint?)?;
        (Instant::now() < until).then_some(id)
    }

    /// A message was taken: its client is about to be told.
    pub(super) fn taken(&self, id: MessageId, fingerprint: Option<Fingerprint>) {
        let Some(fingerprint) = fingerprint else { return };
        let mut known = self.known();
        if known.answered.len() >= ANSWERED {
            known.answered.pop_front();
        }
        known.answered.push_back((id, fingerprint));
    }

    /// The client of a message has probably not heard that it was taken.
    pub(super) fn unheard(&self, id: MessageId) {
        let mut known = self.known();
        let place = known.answered.iter().rposition(|(taken, _)| *taken == id);
        if let Some((id, fingerprint)) = place.and_then(|place| known.answered.remove(place)) {
            known.expect(fingerprint, id);
        }
    }

    /// The gateway starts: nobody knows whether the clients of these have heard, newest first, when the last one stopped.
    pub(super) fn started(&self, latest: Vec<Taken>) {
        let mut known = self.known();
        let Some(last) = latest.first().map(|taken| taken.received) else {
            return;
        };
        for taken in latest {
            if let Some(fingerprint) = taken.fingerprint
                && taken.received.duration_until(last) <= BEFORE
            {
                known.expect(fingerprint, taken.id);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says in the log that a message came again. Answers the name that it has.
pub(super) fn log(id: MessageId, arrival: &Arrival) -> MessageId {
    tracing::info!(%id, client = %arrival.client.address, "came again, for its client had not heard the answer");
    id
}

impl Known {
    fn expect(&mut self, fingerprint: Fingerprint, id: MessageId) {
        let now = Instant::now();
        if self.unheard.len() >= MOST {
            self.unheard.retain(|_, (_, until)| now < *until);
        }
        if self.unheard.len() < MOST {
            self.unheard.insert(fingerprint, (id, now + PATIENCE));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::message::{Envelope, RawMessage};
    use crate::smtp::Client;

    fn id(number: u64) -> MessageId {
        MessageId::new(0, number)
    }

    fn arrival(text: &str) -> Arrival {
        Arrival {
            id: id(0),
            at: Timestamp::UNIX_EPOCH,
            client: Client {
                address: [192, 0, 2, 1].into(),
                helo: "mail.agency.example".to_owned(),
                tls: false,
                extended: true,
                user: None,
                lmtp: false,
            },
            envelope: Envelope {
                sender: Some("ann@agency.example".parse().unwrap()),
                recipients: vec!["bob@partner.example".parse().unwrap()],
                smtputf8: false,
                dsn: Vec::new(),
                tls: Default::default(),
            },
            raw: RawMessage::new(text.to_owned()),
        }
    }

    const TEXT: &str = "Message-ID: <1@agency.example>\r\n\r\ntext\r\n";

    fn resent() -> Resent {
        Resent::new(Secret::of(&[7; 32]))
    }

    #[test]
    fn a_fingerprint_is_of_everything_that_makes_a_difference_and_of_nothing_else() {
        let resent = resent();
        let fingerprint = |change: fn(&mut Arrival)| {
            let mut arrival = arrival(TEXT);
            change(&mut arrival);
            resent.fingerprint("out", &arrival).unwrap()
        };
        let first = fingerprint(|_| {});
        // The next time it has another name, at another time, perhaps from another of the organisation's hosts.
        let again = fingerprint(|arrival| {
            arrival.id = id(9);
            arrival.at = Timestamp::MAX;
            arrival.client.address = [192, 0, 2, 2].into();
        });
        assert_eq!(first, again);
        let others = [
            fingerprint(|arrival| arrival.raw = RawMessage::new(TEXT.replace("text", "Text"))),
            fingerprint(|arrival| arrival.envelope.sender = None),
            fingerprint(|arrival| {
                arrival
                    .envelope
                    .recipients
                    .push("eve@partner.example".parse().unwrap())
            }),
            fingerprint(|arrival| arrival.envelope.tls = crate::message::TlsWish::Required),
            fingerprint(|arrival| arrival.client.user = Some("ann".to_owned())),
            resent.fingerprint("in", &arrival(TEXT)).unwrap(),
            Resent::new(Secret::of(&[8; 32]))
                .fingerprint("out", &arrival(TEXT))
                .unwrap(),
        ];
        for other in &others {
            assert_ne!(*other, first);
        }
        for unnamed in [
            "\r\ntext",
            "Message-ID: \r\n\r\ntext",
            "Subject: x\r\n\r\nMessage-ID: <a@b>",
        ] {
            assert_eq!(resent.fingerprint("out", &arrival(unnamed)), None, "{unnamed:?}");
        }
    }

    #[test]
    fn only_what_nobody_may_have_heard_of_is_expected_again() {
        let resent = resent();
        let fingerprint = resent.fingerprint("out", &arrival(TEXT));
        resent.taken(id(1), fingerprint.clone());
        assert_eq!(resent.earlier(fingerprint.as_ref()), None);
        resent.unheard(id(2));
        assert_eq!(resent.earlier(fingerprint.as_ref()), None);
        resent.unheard(id(1));
        assert_eq!(resent.earlier(fingerprint.as_ref()), Some(id(1)));
        assert_eq!(resent.earlier(None), None);
    }

    #[test]
    fn after_a_start_what_was_taken_shortly_before_the_stop_is_expected_and_no_more() {
        let resent = resent();
        let fingerprint = |number: u32| {
            let text = format!("Message-ID: <{number}@agency.example>\r\n\r\n");
            resent.fingerprint("out", &arrival(&text))
        };
        let taken = |number: u32, second: i64| Taken {
            id: id(number.into()),
            received: Timestamp::from_second(second).unwrap(),
            fingerprint: fingerprint(number),
        };
        let unnamed = Taken {
            fingerprint: None,
            ..taken(4, 1_000)
        };
        resent.started(vec![taken(1, 1_000), unnamed, taken(2, 700), taken(3, 699)]);
        let known = [1, 2, 3].map(|number| resent.earlier(fingerprint(number).as_ref()));
        assert_eq!(known, [Some(id(1)), Some(id(2)), None]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let resent = resent();
        for number in 0..=(MOST as u64) {
            let text = format!("Message-ID: <{number}@agency.example>\r\n\r\n");
            let fingerprint = resent.fingerprint("out", &arrival(&text));
            resent.taken(id(number), fingerprint);
            resent.unheard(id(number));
        }
        assert_eq!(resent.known().unheard.len(), MOST);
        for number in 0..=(ANSWERED as u64) {
            let text = format!("Message-ID: <{number}@other.example>\r\n\r\n");
            let fingerprint = resent.fingerprint("out", &arrival(&text));
            resent.taken(id(number), fingerprint);
        }
        assert_eq!(resent.known().answered.len(), ANSWERED);
    }
}
