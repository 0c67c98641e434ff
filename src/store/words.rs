//! How the tables of every kind of store name things, and how what they hold is told to people.

use jiff::Timestamp;

use super::failure::Unreadable;
use crate::message::{DsnRequest, Purpose, TlsWish};
use crate::queue::{By, Delivery, State};

/// A reply is cut to this many octets; nobody needs more, and the next hop chooses its length.
const REPLY_LIMIT: usize = 1000;

/// Place, where it stands in words, last reply.
pub(in crate::store) fn in_words(delivery: &Delivery) -> (u32, String, String) {
    let tried = match delivery.attempts {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        times => format!("tried {times} times"),
    };
    let when = delivery.next_attempt.strftime("%Y-%m-%d %H:%M:%S UTC");
    let standing = match delivery.state {
        State::Queued if delivery.attempts == 0 => "waiting for its first attempt".to_owned(),
        State::Queued => format!("waiting, {tried}, next attempt at {when} or later"),
        State::Held => format!("held by an administrator, {tried}"),
        State::Bouncing => "given up by an administrator; the sender is about to be told".to_owned(),
        State::Delivered => "delivered: the next hop took it".to_owned(),
        State::Bounced => format!("failed for good, {tried}"),
    };
    (delivery.place, standing, delivery.last_reply.clone())
}

/// The same of a copy that waits until then.
pub(in crate::store) fn waiting_in_words(place: u32, until: Timestamp) -> (u32, String, String) {
    let until = until.strftime("%Y-%m-%d %H:%M:%S UTC");
    let words = format!("waiting for the recipient's certificate until {until}, sealed to the vault");
    (place, words, String::new())
}

/// The name of a purpose in the queue's table.
pub(in crate::store) fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        // What waits has a table of its own.
        Purpose::Mail | Purpose::Inbound | Purpose::Waiting { .. } => "mail",
        Purpose::Notice => "notice",
    }
}

/// The purpose of that name.
pub(in crate::store) fn purpose(name: &str, inbound: bool) -> Result<Purpose, Unreadable> {
    match name {
        "mail" if inbound => Ok(Purpose::Inbound),
        "mail" => Ok(Purpose::Mail),
        "notice" => Ok(Purpose::Notice),
        _ => Err(Unreadable("purpose of a delivery")),
    }
}

/// What a sender asks of notices, from its column.
pub(in crate::store) fn dsn(json: Option<&str>) -> Result<DsnRequest, Unreadable> {
    let dsn = json.map(serde_json::from_str).transpose();
    dsn.map(Option::unwrap_or_default)
        .map_err(|_| Unreadable("DSN parameters of a sender"))
}

/// What a sender asks of TLS, from its column.
pub(in crate::store) fn tls(name: Option<&str>) -> TlsWish {
    name.map(|name| TlsWish::from(name.to_owned()))
        .unwrap_or_default()
}

/// By which column of the queue's table deliveries are counted together; the domain of a sender is cut out later.
pub(in crate::store) fn group_column(by: By) -> &'static str {
    match by {
        By::Domain => "domain",
        By::Recipient => "lower(recipient)",
        By::Sender | By::SenderDomain => "lower(coalesce(sender, ''))",
    }
}

/// As much of a reply as is kept.
pub(in crate::store) fn cut(reply: &str) -> &str {
    reply
        .get(..reply.floor_char_boundary(REPLY_LIMIT))
        .unwrap_or(reply)
}
