//! `[inbound]` and `[harvest]`: mail from outside.

use std::net::SocketAddr;

use serde::Deserialize;

use crate::message::Address;

/// The way in, for mail from outside: `[inbound]` in the settings. Off while `listen` is empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Inbound {
    /// Addresses to listen on. Limits, time-outs and TLS are those of `[smtp]`.
    pub listen: Vec<SocketAddr>,
    /// Networks that may hand mail in: the server that receives mail from the Internet.
    pub from: Vec<String>,
    /// The server that takes mail for the organisation's own people: `host:port`.
    pub next_hop: String,
    /// Whether senders outside may ask for verified TLS up to `next_hop`, which must then offer it (REQUIRETLS, RFC 8689).
    pub requiretls: bool,
    /// The address that partners send a signed mail to so that their certificate is known; without one, nobody is asked.
    pub enrol: Option<Address>,
    /// Answers that the enrolment address gives in an hour, to everybody together.
    pub answers_per_hour: u32,
    /// Folder with the keys that mail from outside is decrypted with; without it, nothing is.
    pub decrypt_keys: Option<std::path::PathBuf>,
}

impl Default for Inbound {
    fn default() -> Self {
        Inbound {
            listen: Vec::new(),
            from: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
            next_hop: String::new(),
            requiretls: false,
            enrol: None,
            answers_per_hour: 100,
            decrypt_keys: None,
        }
    }
}

impl Inbound {
    /// Whether there is a way in.
    pub fn is_on(&self) -> bool {
        !self.listen.is_empty()
    }

    /// Everything in the section that makes no sense, each with its cure. What other stages know better, they say.
    pub fn mistakes(&self, owns: impl Fn(&Address) -> bool) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.is_on() && self.next_hop.is_empty() {
            mistakes.push(
                "`next_hop` is missing: name the server that has your own people's mailboxes, like \"mail.agency.example:25\""
                    .to_owned(),
            );
        }
        if let Some(enrol) = &self.enrol {
            if !owns(enrol) || !enrol.is_ascii() {
                mistakes.push(
                    "`enrol` must be a plain address in one of your own `domains`, like \"enrol@agency.example\""
                        .to_owned(),
                );
            }
            if !self.is_on() {
                mistakes.push("`enrol` is set, and `listen` is empty: nothing could arrive there".to_owned());
            }
        }
        if let Some(folder) = &self.decrypt_keys {
            if !folder.is_dir() {
                mistakes.push(format!(
                    "`decrypt_keys` is no folder: {}; make it (mode 0700; it may be empty) or leave the setting out",
                    folder.display()
                ));
            }
            if !self.is_on() {
                mistakes.push(
                    "`decrypt_keys` is set, and `listen` is empty: nothing could arrive to be decrypted"
                        .to_owned(),
                );
            }
        }
        if self.answers_per_hour == 0 {
            mistakes.push("`answers_per_hour` is 0: nobody would be answered; give it at least 1".to_owned());
        }
        mistakes
    }
}

/// Certificates from signed mail: `[harvest]` in the settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Harvest {
    /// What happens with the certificate of a verified signature.
    pub mode: HarvestMode,
    /// Who is told of certificates that have changed, and of those that wait for approval; without one, the log is.
    pub administrator: Option<Address>,
}

/// What happens with the certificate of a verified signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HarvestMode {
    /// Nothing. The enrolment address still works.
    Off,
    /// It goes into the register and is used.
    #[default]
    Record,
    /// It goes into the register and waits for an administrator.
    Approve,
}

impl Harvest {
    /// Everything in the section that makes no sense, each with its cure.
    pub fn mistakes(&self) -> Vec<String> {
        let strange = self
            .administrator
            .as_ref()
            .is_some_and(|address| !address.is_ascii());
        let message = "`administrator` has letters beyond ASCII; use a plain address".to_owned();
        strange.then_some(message).into_iter().collect()
    }
}
