//! What each command does in a session (RFC 5321 §4.1.1 and §4.1.4).

use crate::message::{DsnRequest, Ret, is_listed};

use super::{Answer, Command, Data, Event, Fault, Forward, Mail, Phase, Session, xclient};

impl Session {
    /// Carries a command out. `more`: octets behind it are already here.
    pub(super) fn obey(&mut self, command: Command, more: bool) -> Option<Event> {
        self.chunks_failed &= matches!(command, Command::Chunk(_));
        match command {
            // A client that speaks the other protocol must notice (RFC 2033 §4.1).
            Command::Ehlo(_) | Command::Helo(_) if self.client.lmtp => self.fail(Answer::LMTP_ONLY),
            Command::Lhlo(_) if !self.client.lmtp => self.fail(Answer::NO_LMTP),
            Command::Ehlo(name) | Command::Lhlo(name) => self.hello(name, true),
            Command::Helo(name) => self.hello(name, false),
            Command::Mail(mail) => self.mail(mail),
            Command::Rcpt(forward, dsn) => self.rcpt(forward, dsn),
            Command::Data => self.start_data(more),
            Command::Chunk(chunk) => self.start_chunk(chunk),
            Command::Reset => {
                self.transaction = None;
                self.say(Answer::OK);
            }
            Command::Noop => self.say(Answer::OK),
            Command::Verify => self.say(Answer::NOT_VERIFIED),
            Command::Help => self.say(Answer::HELP),
            Command::Quit => self.end(Answer::bye(&self.rules.hostname)),
            Command::StartTls => return self.start_tls(more),
            Command::Login(login) => return self.login(login),
            Command::Introduce(introduction) => return self.introduce(introduction),
        }
        None
    }

    fn hello(&mut self, name: String, extended: bool) {
        self.client.helo = name;
        self.client.extended = extended;
        self.transaction = None;
        let mut offers = Vec::new();
        if extended {
            offers.push("PIPELINING".to_owned());
            offers.push(format!("SIZE {}", self.rules.message_octets));
            let all = ["8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "CHUNKING"];
            offers.extend(all.map(str::to_owned));
        }
        // RFC 8689 §2 knows it inside of TLS only.
        if extended && self.rules.requiretls && self.client.tls {
            offers.push("REQUIRETLS".to_owned());
        }
        if extended && self.rules.starttls && !self.client.tls {
            offers.push("STARTTLS".to_owned());
        }
        if extended {
            offers.extend(self.login_offer());
            offers.extend(self.may_introduce.then(|| xclient::OFFER.to_owned()));
        }
        Answer::hello(&self.rules.hostname).write_list(&mut self.output, &offers);
    }

    fn mail(&mut self, mail: Mail) {
        if self.client.helo.is_empty() {
            self.fail(Answer::HELLO_FIRST);
        } else if self.transaction.is_some() {
            self.fail(Answer::NESTED_MAIL);
        } else if !self.may_relay() {
            self.fail(Answer::LOGIN_FIRST);
        } else if mail.requiretls && !self.rules.requiretls {
            self.fail(Fault::Parameter.into());
        } else if mail.requiretls && !self.client.tls {
            self.fail(Answer::REQUIRETLS_IN_CLEAR);
        } else if mail.expected() > self.rules.message_octets {
            self.say(Answer::TOO_BIG);
        } else if mail.expected() > self.budget.free() {
            self.say(Answer::NO_ROOM);
        } else {
            self.phase = Phase::Sender(mail);
        }
    }

    fn rcpt(&mut self, forward: Forward, dsn: DsnRequest) {
        let Some(transaction) = &mut self.transaction else {
            return self.fail(Answer::MAIL_FIRST);
        };
        if transaction.chunks.is_some() {
            return self.fail(Answer::CHUNKS_BEGUN);
        }
        let recipient = match (forward, &self.rules.postmaster) {
            (Forward::Mailbox(address), _) => address,
            (Forward::Postmaster, Some(postmaster)) => postmaster.clone(),
            (Forward::Postmaster, None) => return self.say(Answer::NO_POSTMASTER),
        };
        if !transaction.mail.smtputf8 && !recipient.is_ascii() {
            return self.fail(Answer::NOT_ASCII);
        }
        if transaction.known.contains(&recipient) {
            transaction.answers += 1;
            return self.say(Answer::RECIPIENT_TAKEN);
        }
        let foreign = |domains: &Vec<String>| !is_listed(recipient.domain(), domains);
        let is_postmaster = self.rules.postmaster.as_ref() == Some(&recipient);
        if !is_postmaster && self.rules.domains.as_ref().is_some_and(foreign) {
            return self.say(Answer::FOREIGN_RECIPIENT);
        }
        let count = transaction.recipients.len();
        let copied = transaction.mail.expected().saturating_mul(count + 1);
        if count >= self.rules.recipients || (count > 0 && copied > self.rules.copied_octets) {
            return self.say(Answer::TOO_MANY_RECIPIENTS);
        }
        let sender = transaction.mail.sender.as_ref();
        if let Err(answer) = self.rules.quotas.recipient(&self.client, sender) {
            return self.say(answer);
        }
        transaction.answers += 1;
        transaction.known.insert(recipient.clone());
        transaction.recipients.push(recipient);
        // What MAIL said holds for each.
        let DsnRequest { mut ret, envid, .. } = transaction.mail.dsn.clone();
        // RFC 8689 §5: RET=FULL does not count beside REQUIRETLS.
        if transaction.mail.requiretls {
            ret = ret.map(|_| Ret::Headers);
        }
        transaction.dsn.push(DsnRequest { ret, envid, ..dsn });
        self.say(Answer::RECIPIENT_TAKEN);
    }

    /// Goes over to reading data. Octets behind DATA were sent by a client that did not wait for the answer, as it
    /// must (RFC 2920 §3.1). They may be the text of a message, and to read that as commands after a refusal would
    /// let whoever wrote the text speak SMTP; or they are commands that somebody else hopes to have read as text. The
    /// session ends.
    fn start_data(&mut self, more: bool) {
        match &self.transaction {
            _ if more => self.end(Answer::EARLY_DATA),
            Some(transaction) if transaction.chunks.is_some() => self.fail(Answer::CHUNKS_BEGUN),
            Some(transaction) if !transaction.recipients.is_empty() => self.phase = Phase::Turn,
            Some(_) => self.fail(Answer::RECIPIENT_FIRST),
            None => self.fail(Answer::MAIL_FIRST),
        }
    }

    /// The answer to [`Event::Turn`]. `more`: octets have come while the client should have waited for it, which ends the
    /// session as well.
    pub(in crate::smtp) fn turn_came(&mut self, more: bool) {
        let (Phase::Turn, Some(transaction)) = (&self.phase, &self.transaction) else {
            return;
        };
        if more {
            return self.end(Answer::EARLY_DATA);
        }
        let expected = transaction.mail.expected();
        let data = Data::new(self.budget.clone(), expected, self.rules.message_octets);
        self.phase = Phase::Data(data);
        self.say(Answer::SEND_DATA);
    }

    /// Octets behind STARTTLS came in clear and could be somebody else's (RFC 3207 §4.2, CVE-2011-0411).
    fn start_tls(&mut self, more: bool) -> Option<Event> {
        if self.client.tls {
            self.fail(Answer::ALREADY_TLS);
        } else if !self.rules.starttls {
            self.fail(Answer::NO_TLS);
        } else if more {
            self.end(Answer::EARLY_TLS);
        } else {
            self.say(Answer::START_TLS);
            return Some(Event::StartTls);
        }
        None
    }
}
