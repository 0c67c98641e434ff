//! What a session is told at its start, and what it tells its driver.

use std::sync::Arc;

use crate::message::{Address, Envelope, RawMessage};

use super::super::auth::{Claim, Users};
use super::super::memory::Hold;
use super::super::quota::Quotas;
use super::Client;

/// What a session needs to know of its server.
#[derive(Clone, Debug)]
pub(in crate::smtp) struct Rules {
    pub(in crate::smtp) hostname: String,
    /// Where `<Postmaster>` goes.
    pub(in crate::smtp) postmaster: Option<Address>,
    /// The largest message, in octets.
    pub(in crate::smtp) message_octets: usize,
    pub(in crate::smtp) recipients: usize,
    /// The most octets of one message times its recipients: each may need a copy of its own.
    pub(in crate::smtp) copied_octets: usize,
    pub(in crate::smtp) errors: u32,
    pub(in crate::smtp) starttls: bool,
    /// Whether REQUIRETLS is taken.
    pub(in crate::smtp) requiretls: bool,
    /// What has happened lately, in all sessions.
    pub(in crate::smtp) quotas: Arc<Quotas>,
    /// Who may log in.
    pub(in crate::smtp) users: Option<Arc<Users>>,
    /// Recipients of other domains are refused; `None` takes any.
    pub(in crate::smtp) domains: Option<Vec<String>>,
}

/// How a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::smtp) enum Standing {
    /// It may relay.
    Welcome,
    /// Its address is in no network that may relay; it may once it has logged in.
    Guest,
    /// Its address is in no network that may relay.
    Stranger,
    /// It spoke before it was greeted, as worms and confused programs do.
    Early,
}

/// What the driver does next.
#[derive(Debug)]
pub(in crate::smtp) enum Event {
    /// Write the output, then add what the client sends to the input.
    Read(Wait),
    /// Write the output, which has become long.
    Write,
    /// Ask whether this sender may send, and answer with [`super::Session::sender_answered`] or
    /// [`super::Session::sender_not_permitted`].
    Sender(Option<Address>),
    /// Wait until message text may come, and answer with [`super::Session::turn_came`].
    Turn,
    /// Hand the message over, and answer with [`super::Session::message_answered`].
    Message(Box<Received>),
    /// Check the claim, and answer with [`super::Session::login_proved`], [`super::Session::login_failed`],
    /// [`super::Session::login_unknown`] or [`super::Session::login_blocked`].
    Login(Box<Claim>),
    /// A balancer says for whom it speaks; answer with [`super::Session::introduced`].
    Introduced(super::Introduction),
    /// Write the output, start TLS, call [`super::Session::tls_started`], and go on with an empty input.
    StartTls,
    /// Write the output and close.
    Close,
}

/// What the session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::smtp) enum Wait {
    /// A command.
    Command,
    /// The rest of a command line.
    Line,
    /// Message text.
    Data,
}

/// A whole message.
#[derive(Debug)]
pub(in crate::smtp) struct Received {
    pub(in crate::smtp) client: Client,
    pub(in crate::smtp) envelope: Envelope,
    pub(in crate::smtp) message: RawMessage,
    /// To be kept until the message has been answered.
    pub(in crate::smtp) hold: Hold,
}
