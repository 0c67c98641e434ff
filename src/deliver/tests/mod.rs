//! Deliveries to scripted next hops on loopback.

#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../../tests/journeys/support/counterparts.rs"]
mod counterparts;
#[allow(dead_code, reason = "journeys use the rest of it")]
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../../tests/journeys/support/directory.rs"]
mod directory;
mod hostile;
mod mx;
#[allow(
    clippy::duplicate_mod,
    reason = "shared with the journeys, which are a crate of their own"
)]
#[path = "../../../tests/journeys/support/named.rs"]
mod named;
mod pki;
mod plain;
mod policies;
mod requiretls;
mod reuse;
mod server;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::message::{Address, MessageId, Purpose, RawMessage};
use crate::queue::{Delivery, State};

use super::{Attempt, Courier, Settings, Timeout, Tls};

const BODY: &str = "Subject: hello\r\n\r\nhello\r\n";

/// Settings whose time-out no test waits for.
fn settings(hop: SocketAddr, tls: Tls) -> Settings {
    Settings {
        next_hop: hop.to_string(),
        tls,
        timeout: Timeout(30),
        ..Settings::default()
    }
}

fn courier(settings: &Settings) -> Courier {
    Courier::new(settings, "gate.example").unwrap()
}

/// A courier for tests in which the next hop says nothing.
fn impatient(settings: &Settings) -> Courier {
    let mut courier = courier(settings);
    Arc::get_mut(&mut courier.0).unwrap().step = Duration::from_millis(250);
    courier
}

fn delivery(sender: Option<&str>, recipient: &str) -> Delivery {
    Delivery {
        id: 1,
        message: MessageId::new(1_790_000_000_000, 1),
        place: 1,
        purpose: Purpose::Mail,
        sender: sender.map(|sender| sender.parse().unwrap()),
        recipient: recipient.parse::<Address>().unwrap(),
        body: 1,
        size: 0,
        state: State::Queued,
        attempts: 0,
        created: Timestamp::UNIX_EPOCH,
        next_attempt: Timestamp::UNIX_EPOCH,
        last_reply: String::new(),
        dsn: Default::default(),
        told_late: false,
        tls: Default::default(),
    }
}

fn to(recipients: &[&str]) -> Vec<Delivery> {
    let delivery = |recipient: &&str| delivery(Some("a@agency.example"), recipient);
    recipients.iter().map(delivery).collect()
}

async fn deliver(courier: &Courier, recipients: &[&str], body: &str) -> Vec<Attempt> {
    let body = RawMessage::new(body.to_owned());
    courier.deliver(&to(recipients), &body).await
}

/// Sends the usual body to one recipient.
async fn deliver_one(courier: &Courier) -> Attempt {
    deliver(courier, &["b@partner.example"], BODY).await.remove(0)
}

fn delivered(text: &str) -> Attempt {
    Attempt::Delivered(text.to_owned())
}

fn not_now(text: &str) -> Attempt {
    Attempt::NotNow(text.to_owned())
}

fn never(text: &str) -> Attempt {
    Attempt::Never(text.to_owned())
}

#[track_caller]
fn assert_not_now(attempt: &Attempt, words: &str) {
    let Attempt::NotNow(text) = attempt else {
        panic!("{attempt:?} should be tried again");
    };
    assert!(text.contains(words), "{text}");
}

#[track_caller]
fn assert_never(attempt: &Attempt, words: &str) {
    let Attempt::Never(text) = attempt else {
        panic!("{attempt:?} should be final");
    };
    assert!(text.contains(words), "{text}");
}
