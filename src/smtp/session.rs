//! One SMTP session as a pure state machine: octets in, replies and events out. It knows no socket, no clock and
//! no policy, so that every dialogue can be tested without them.
//!
//! Whoever drives it calls [`Session::advance`] with what has come in so far, does what the event says, writes
//! what [`Session::take_output`] gives, and calls again. How the octets are cut into calls changes nothing.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::{Buf, BytesMut};

use crate::message::{Address, DsnRequest, Envelope, RawMessage, TlsWish};

use super::auth::Exchange;
use super::chunks::{Chunk, Chunks};
use super::command::{self, Command, Fault, Forward, Mail};
use super::data::Data;
use super::intake::Flaw;
use super::memory::{Budget, Hold};
use super::reply::Answer;
use super::{Client, Reply};

mod auth;
mod chunk;
mod commands;
mod event;
mod xclient;

use chunk::Counted;

pub(super) use auth::Login;
pub(super) use event::{Event, Received, Rules, Standing, Wait};
pub(super) use xclient::{Introduction, parse as introduction};

/// The longest command line with its CRLF: 512 octets, and what the extensions add, rounded up generously
/// (RFC 5321 §4.5.3.1.4, RFC 6531 §3.4).
const LINE_LIMIT: usize = 2048;
/// Replies are written when this many octets of them wait, so that a client that pipelines without reading
/// cannot fill the memory with them.
const OUTPUT_LIMIT: usize = 8 * 1024;
/// Commands that a client gets answered which may not relay. It needs only QUIT.
const STRANGER_COMMANDS: u32 = 5;

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    rules: Arc<Rules>,
    budget: Budget,
    client: Client,
    standing: Standing,
    phase: Phase,
    transaction: Option<Transaction>,
    errors: u32,
    /// Whether the client is a balancer that may say for whom it speaks.
    may_introduce: bool,
    /// How often the answer to the message is given: in LMTP, once for each recipient (RFC 2033 §4.2).
    answers: usize,
    /// A chunk was refused, and nothing but chunks has come since.
    chunks_failed: bool,
    output: Vec<u8>,
}

#[derive(Debug)]
enum Phase {
    /// Between two command lines, or within one.
    Command,
    /// In a command line that is too long: it is dropped up to its end.
    LongLine,
    /// MAIL was read; whether its sender may send is being asked.
    Sender(Mail),
    /// DATA was read; its text may not come yet.
    Turn,
    /// In the message text.
    Data(Data),
    /// In a chunk.
    Chunk(Counted),
    /// In an exchange to log in.
    Login(Exchange),
    /// What the client claims to be is being checked.
    Claim,
    /// The message is with the gateway.
    Message,
    Closing,
}

/// What MAIL and RCPT have built up (RFC 5321 §3.3).
#[derive(Debug, Default)]
struct Transaction {
    mail: Mail,
    recipients: Vec<Address>,
    /// One for each recipient.
    dsn: Vec<DsnRequest>,
    known: HashSet<Address>,
    /// How many RCPT commands were answered with yes.
    answers: usize,
    /// What BDAT has brought so far.
    chunks: Option<Chunks>,
}

impl Session {
    /// A new session; the greeting is in its output.
    pub(super) fn new(rules: Arc<Rules>, budget: Budget, client: Client, standing: Standing) -> Session {
        let mut session = Session {
            rules,
            budget,
            client,
            standing,
            phase: Phase::Command,
            transaction: None,
            errors: 0,
            may_introduce: false,
            answers: 1,
            chunks_failed: false,
            output: Vec::new(),
        };
        let hostname = session.rules.hostname.as_str();
        match standing {
            Standing::Welcome | Standing::Guest => session.say(Answer::greeting(hostname)),
            Standing::Stranger => session.say(Answer::stranger(hostname)),
            Standing::Early => session.end(Answer::early(hostname)),
        }
        session
    }

    /// The same for a balancer that may say for whom it speaks.
    pub(super) fn of_balancer(mut self) -> Session {
        self.may_introduce = true;
        self
    }

    /// Goes on with the octets in `input`, of which it removes what it has read.
    pub(super) fn advance(&mut self, input: &mut BytesMut) -> Event {
        loop {
            if self.output.len() > OUTPUT_LIMIT {
                return Event::Write;
            }
            let event = match &mut self.phase {
                Phase::Command | Phase::Login(_) => self.line(input),
                Phase::LongLine => self.skip_line(input),
                Phase::Sender(mail) => Some(Event::Sender(mail.sender.clone())),
                Phase::Turn => Some(Event::Turn),
                Phase::Data(_) => self.data(input),
                Phase::Chunk(_) => self.chunk(input),
                // Nobody reads on while a message is being decided on.
                Phase::Message | Phase::Claim => Some(Event::Write),
                Phase::Closing => Some(Event::Close),
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// The replies that wait to be written.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// The client as it is known by now.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether no transaction is under way, so that the session may be ended without a loss.
    pub(super) fn is_idle(&self) -> bool {
        self.transaction.is_none() && matches!(self.phase, Phase::Command | Phase::LongLine | Phase::Login(_))
    }

    /// Whether it may relay by now.
    pub(super) fn may_relay(&self) -> bool {
        self.standing == Standing::Welcome || self.client.user.is_some()
    }

    /// The answer to [`Event::Sender`].
    pub(super) fn sender_answered(&mut self, answer: Result<(), Reply>) {
        let Phase::Sender(mail) = std::mem::replace(&mut self.phase, Phase::Command) else {
            return;
        };
        match answer {
            Ok(()) => {
                let sender = mail.sender.as_ref();
                if let Err(answer) = self.rules.quotas.message(&self.client, sender) {
                    return self.say(answer);
                }
                self.transaction = Some(Transaction {
                    mail,
                    ..Transaction::default()
                });
                self.say(Answer::SENDER_TAKEN);
            }
            // No sender is accepted by way of an error.
            Err(Reply::Accepted(_)) => self.say(Answer::OUR_FAULT),
            Err(reply) => self.say(reply.into()),
        }
    }

    /// The answer to [`Event::Sender`] when it is not the user's own, or nobody knows.
    pub(super) fn sender_not_permitted(&mut self, answer: Answer) {
        if matches!(self.phase, Phase::Sender(_)) {
            self.phase = Phase::Command;
            self.say(answer);
        }
    }

    /// The answer to [`Event::Message`].
    pub(super) fn message_answered(&mut self, reply: Reply) {
        if matches!(self.phase, Phase::Message) {
            self.phase = Phase::Command;
            self.answer(&reply.into());
        }
    }

    /// TLS is active: what was said in clear is forgotten (RFC 3207 §4.2).
    pub(super) fn tls_started(&mut self) {
        self.client.tls = true;
        self.client.extended = false;
        self.client.user = None;
        self.client.helo.clear();
        self.transaction = None;
        self.phase = Phase::Command;
    }

    /// Nothing came in time.
    pub(super) fn time_out(&mut self) {
        self.end(Answer::timed_out(&self.rules.hostname));
    }

    /// The message came in too slowly.
    pub(super) fn too_slow(&mut self) {
        self.end(Answer::too_slow(&self.rules.hostname));
    }

    /// Its place is needed for a client that has something to do.
    pub(super) fn make_room(&mut self) {
        self.end(Answer::place_needed(&self.rules.hostname));
    }

    /// The server stops.
    pub(super) fn stop(&mut self) {
        self.end(Answer::stopping(&self.rules.hostname));
    }

    fn say(&mut self, answer: Answer) {
        answer.write(&mut self.output);
    }

    /// Says what became of a message.
    fn answer(&mut self, answer: &Answer) {
        for _ in 0..self.answers {
            answer.write(&mut self.output);
        }
    }

    /// Says `answer` and closes. What was received of a message is dropped.
    fn end(&mut self, answer: Answer) {
        self.say(answer);
        self.transaction = None;
        self.phase = Phase::Closing;
    }

    /// Says `answer` to a mistake of the client, or closes when there were too many.
    fn fail(&mut self, answer: Answer) {
        self.errors += 1;
        if self.standing == Standing::Stranger {
            self.refuse_stranger();
        } else if !self.rules.quotas.error(&self.client) || self.errors >= self.rules.errors {
            self.end(Answer::too_many_errors(&self.rules.hostname));
        } else {
            self.say(answer);
        }
    }

    fn refuse_stranger(&mut self) {
        if self.errors >= STRANGER_COMMANDS {
            self.end(Answer::STRANGER);
        } else {
            self.say(Answer::STRANGER);
        }
    }

    /// Takes one command line. Only CRLF ends it (RFC 5321 §2.3.8); a bare LF in it spoils it.
    fn line(&mut self, input: &mut BytesMut) -> Option<Event> {
        let Some(length) = memchr::memmem::find(input, b"\r\n") else {
            if input.len() >= LINE_LIMIT {
                self.phase = Phase::LongLine;
                return None;
            }
            let wait = if input.is_empty() {
                Wait::Command
            } else {
                Wait::Line
            };
            return Some(Event::Read(wait));
        };
        let line = input.split_to(length);
        input.advance(2);
        if length + 2 > LINE_LIMIT {
            self.phase = Phase::Command;
            self.fail(Answer::LINE_TOO_LONG);
            return None;
        }
        if !self.rules.quotas.command(&self.client) {
            let what = "too many commands from your address within a minute; try again later";
            self.end(Answer::too_often(&self.rules.hostname, what));
            return None;
        }
        if matches!(self.phase, Phase::Login(_)) {
            return self.login_line(&line);
        }
        let command = command::parse(&line);
        if self.standing == Standing::Stranger && command != Ok(Command::Quit) {
            match command {
                // Its octets are not waited for.
                Ok(Command::Chunk(_)) => self.end(Answer::STRANGER),
                _ => self.fail(Answer::STRANGER),
            }
            return None;
        }
        match command {
            Ok(command) => self.obey(command, !input.is_empty()),
            Err(fault) if fault.is_fatal() => {
                self.end(fault.into());
                None
            }
            Err(fault) => {
                self.fail(fault.into());
                None
            }
        }
    }

    fn skip_line(&mut self, input: &mut BytesMut) -> Option<Event> {
        if let Some(length) = memchr::memmem::find(input, b"\r\n") {
            input.advance(length + 2);
            self.phase = Phase::Command;
            self.fail(Answer::LINE_TOO_LONG);
            return None;
        }
        // A CR at the end may be half of the CRLF.
        let kept = usize::from(input.last() == Some(&b'\r'));
        input.advance(input.len() - kept);
        Some(Event::Read(Wait::Line))
    }

    fn data(&mut self, input: &mut BytesMut) -> Option<Event> {
        let Phase::Data(data) = &mut self.phase else {
            return None;
        };
        let Some(length) = data.read(input) else {
            input.clear();
            return Some(Event::Read(Wait::Data));
        };
        input.advance(length);
        let Phase::Data(data) = std::mem::replace(&mut self.phase, Phase::Command) else {
            return None;
        };
        let transaction = self.transaction.take().unwrap_or_default();
        self.received(transaction, data.finish())
    }

    /// The text has ended: hands the message over, or says why it is not taken.
    fn received(&mut self, transaction: Transaction, taken: Result<(Vec<u8>, Hold), Flaw>) -> Option<Event> {
        self.answers = match self.client.lmtp {
            true => transaction.answers,
            false => 1,
        };
        match taken {
            Err(flaw) => {
                self.answer(&flaw.into());
                None
            }
            Ok((bytes, hold)) => {
                self.phase = Phase::Message;
                let client = self.client.clone();
                let (envelope, message) = (transaction.into_envelope(), RawMessage::new(bytes));
                Some(Event::Message(Box::new(Received {
                    client,
                    envelope,
                    message,
                    hold,
                })))
            }
        }
    }
}

impl Transaction {
    fn into_envelope(self) -> Envelope {
        let nothing = self.dsn.iter().all(DsnRequest::is_empty);
        Envelope {
            sender: self.mail.sender,
            recipients: self.recipients,
            smtputf8: self.mail.smtputf8,
            dsn: if nothing { Vec::new() } else { self.dsn },
            tls: match self.mail.requiretls {
                true => TlsWish::Required,
                false => TlsWish::AsConfigured,
            },
        }
    }
}
