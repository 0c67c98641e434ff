//! Limits on how often: connections, commands and errors by address, messages and recipients by sender and by client. And
//! who is suspended.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::message::Address;

use super::Client;
use super::rates::{Rate, owner};
use super::reply::Answer;
use super::suspended::Suspended;
use super::watched::Watched;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How often something may happen: `[smtp.rates]` in the settings. 0 is no limit.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Connections from one address within a minute.
    pub connections_per_minute: u32,
    /// Commands from one address within a minute, over all its sessions.
    pub commands_per_minute: u32,
    /// Errors from one address within an hour, over all its sessions.
    pub errors_per_hour: u32,
    /// Messages from one sender address within an hour.
    pub sender_messages_per_hour: u32,
    /// Recipients of one sender address within an hour, over all messages.
    pub sender_recipients_per_hour: u32,
    /// Messages from one client, which is a user or a network address, within an hour.
    pub client_messages_per_hour: u32,
    /// Recipients of one client within an hour, over all messages.
    pub client_recipients_per_hour: u32,
}

/// What has happened lately, against the limits.
#[derive(Debug)]
pub(super) struct Quotas {
    connections: Rate,
    commands: Rate,
    errors: Rate,
    /// By sender and by client.
    messages: [Rate; 2],
    recipients: [Rate; 2],
    suspended: Option<Watched<Suspended>>,
}

impl Quotas {
    /// Nothing has happened yet. `suspended` is the record of suspensions, which need not exist.
    ///
    /// # Errors
    /// When the record is there and cannot be read.
    pub(super) fn new(rates: &Rates, suspended: Option<&Path>) -> Result<Quotas, String> {
        let now = Instant::now();
        let minute = |limit| Rate::new(limit, MINUTE, now);
        let hour = |limit| Rate::new(limit, HOUR, now);
        Ok(Quotas {
            connections: minute(rates.connections_per_minute),
            commands: minute(rates.commands_per_minute),
            errors: hour(rates.errors_per_hour),
            messages: [
                hour(rates.sender_messages_per_hour),
                hour(rates.client_messages_per_hour),
            ],
            recipients: [
                hour(rates.sender_recipients_per_hour),
                hour(rates.client_recipients_per_hour),
            ],
            suspended: suspended
                .map(|file| Watched::open(file, Suspended::load))
                .transpose()?,
        })
    }

    /// One more connection.
    pub(super) fn connection(&self, address: IpAddr) -> Result<(), &'static str> {
        let (key, now) = (owner(address).to_string(), Instant::now());
        if self.errors.is_reached(&key, now) {
            return Err("there were too many errors from your address; try again in an hour");
        }
        match self.connections.take(&key, now) {
            true => Ok(()),
            false => Err("too many connections from your address within a minute; try again later"),
        }
    }

    /// One more command; false when there were too many.
    pub(super) fn command(&self, client: &Client) -> bool {
        self.commands
            .take(&owner(client.address).to_string(), Instant::now())
    }

    /// One more error; false when there were too many.
    pub(super) fn error(&self, client: &Client) -> bool {
        let (key, now) = (owner(client.address).to_string(), Instant::now());
        self.errors.add(&key, now);
        !self.errors.is_reached(&key, now)
    }

    /// One more message, at MAIL.
    pub(super) fn message(&self, client: &Client, sender: Option<&Address>) -> Result<(), Answer> {
        if let (Some(sender), Some(suspended)) = (sender, &self.suspended)
            && suspended.now().holds(sender)
        {
            tracing::warn!(address = %client.address, "a suspended sender was refused");
            return Err(Answer::SUSPENDED);
        }
        take(&self.messages, client, sender).map_err(|whose| match whose {
            Whose::Sender => Answer::SENDER_MESSAGES,
            Whose::Client => Answer::CLIENT_MESSAGES,
        })
    }

    /// One more recipient.
    pub(super) fn recipient(&self, client: &Client, sender: Option<&Address>) -> Result<(), Answer> {
        take(&self.recipients, client, sender).map_err(|whose| match whose {
            Whose::Sender => Answer::SENDER_RECIPIENTS,
            Whose::Client => Answer::CLIENT_RECIPIENTS,
        })
    }
}

enum Whose {
    Sender,
    Client,
}

/// A null sender has no limit of its own.
fn take([of_sender, of_client]: &[Rate; 2], client: &Client, sender: Option<&Address>) -> Result<(), Whose> {
    let now = Instant::now();
    let name = match &client.user {
        Some(user) => format!("user {user}"),
        None => owner(client.address).to_string(),
    };
    if !of_client.take(&name, now) {
        tracing::warn!(address = %client.address, "a client has reached a limit for an hour");
        return Err(Whose::Client);
    }
    match sender {
        Some(sender) if !of_sender.take(&sender.key(), now) => {
            tracing::warn!(address = %client.address, "a sender has reached a limit for an hour");
            Err(Whose::Sender)
        }
        _ => Ok(()),
    }
}
