//! AUTH in a session (RFC 4954): only under TLS, and only when there are users.

use super::super::auth::{Claim, Exchange, Step};
use super::{Answer, Event, Phase, Session};

/// AUTH with its arguments.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::smtp) struct Login {
    pub(in crate::smtp) mechanism: String,
    /// What the client would say first, if it has said it already.
    pub(in crate::smtp) initial: Option<String>,
}

impl std::fmt::Debug for Login {
    /// Without what may be a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("mechanism", &self.mechanism)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// What EHLO says of AUTH: nothing in clear, so that nobody is led to send a password there.
    pub(super) fn login_offer(&self) -> Option<String> {
        let users = self.rules.users.as_ref()?;
        let offered = self.client.tls && self.client.user.is_none();
        offered.then(|| users.mechanisms().to_owned())
    }

    pub(super) fn login(&mut self, login: Login) -> Option<Event> {
        let Some(users) = self.rules.users.clone() else {
            self.fail(Answer::NO_LOGIN);
            return None;
        };
        if !self.client.tls {
            self.fail(Answer::LOGIN_NEEDS_TLS);
        } else if !self.client.extended {
            self.fail(Answer::HELLO_FIRST);
        } else if self.client.user.is_some() {
            self.fail(Answer::ALREADY_LOGGED_IN);
        } else if self.transaction.is_some() {
            self.fail(Answer::LOGIN_IN_TRANSACTION);
        } else if let Some((exchange, first)) = Exchange::begin(&login.mechanism, &users) {
            match login.initial.as_deref() {
                None => self.challenge(exchange, first),
                // An answer of no octets (RFC 4954 §4).
                Some("=") => return self.login_step(exchange, ""),
                Some(initial) => return self.login_step(exchange, initial),
            }
        } else {
            self.fail(Answer::UNKNOWN_MECHANISM);
        }
        None
    }

    /// Takes a line as the client's part of the exchange.
    pub(super) fn login_line(&mut self, line: &[u8]) -> Option<Event> {
        let Phase::Login(exchange) = std::mem::replace(&mut self.phase, Phase::Command) else {
            return None;
        };
        match std::str::from_utf8(line) {
            Ok("*") => self.fail(Answer::LOGIN_CANCELLED),
            Ok(line) => return self.login_step(exchange, line),
            Err(_) => self.fail(Answer::LOGIN_MALFORMED),
        }
        None
    }

    fn login_step(&mut self, exchange: Exchange, answer: &str) -> Option<Event> {
        let step = match &self.rules.users {
            Some(users) => exchange.step(answer, users),
            None => Step::Malformed,
        };
        self.go_on_with_login(step)
    }

    fn go_on_with_login(&mut self, step: Step) -> Option<Event> {
        match step {
            Step::Ask(exchange, challenge) => self.challenge(exchange, &challenge),
            Step::Check(claim) => {
                self.phase = Phase::Claim;
                return Some(Event::Login(Box::new(claim)));
            }
            Step::Done(name) => {
                self.client.user = Some(name);
                self.say(Answer::LOGGED_IN);
            }
            Step::Malformed => self.fail(Answer::LOGIN_MALFORMED),
        }
        None
    }

    fn challenge(&mut self, exchange: Exchange, challenge: &str) {
        self.say(Answer::challenge(challenge));
        self.phase = Phase::Login(exchange);
    }

    /// The answer to [`Event::Login`] when the claim is true.
    pub(in crate::smtp) fn login_proved(&mut self, claim: Claim) {
        if matches!(self.phase, Phase::Claim) {
            self.phase = Phase::Command;
            // A claim that was just checked leads to no other one.
            let _ = self.go_on_with_login(claim.proved());
        }
    }

    /// The answer to [`Event::Login`] when it is not.
    pub(in crate::smtp) fn login_failed(&mut self) {
        if matches!(self.phase, Phase::Claim) {
            self.phase = Phase::Command;
            self.fail(Answer::LOGIN_FAILED);
        }
    }

    /// The answer to [`Event::Login`] when nobody can say.
    pub(in crate::smtp) fn login_unknown(&mut self) {
        if matches!(self.phase, Phase::Claim) {
            self.phase = Phase::Command;
            self.fail(Answer::LOGIN_UNKNOWN);
        }
    }

    /// Too many claims from this address were false: this one is not even looked at.
    pub(in crate::smtp) fn login_blocked(&mut self) {
        self.end(Answer::login_blocked(&self.rules.hostname));
    }
}
