//! One mail transaction: MAIL, RCPT, DATA, and one verdict for each recipient (RFC 5321 §3.3).
//!
//! | what happens | what it means |
//! |---|---|
//! | 5xx to MAIL or DATA | `Never` for all that are not decided |
//! | 4xx to MAIL or DATA; 530 anywhere | `NotNow` for the same |
//! | 5xx or 4xx to RCPT | the same for this recipient; the others go on |
//! | reply to the final dot | for all that were accepted |
//! | connection lost, 421, nonsense | `NotNow` for all that are not decided |
//!
//! A transaction that broke before the final dot left no trace and can be tried again on a new connection.
//! After the dot nobody knows; it is tried later, and the message may come twice rather than not at all.

use crate::message::{Address, TlsWish};
use crate::queue::Delivery;

use super::Attempt;
use super::letter::{END_OF_DATA, Letter};
use super::reply::Reply;
use super::requiretls;
use super::session::{Extensions, Session};
use super::wire::Broken;

/// What is to be sent, to whom.
#[derive(Clone, Copy)]
pub(super) struct Mail<'a> {
    pub(super) sender: Option<&'a Address>,
    pub(super) recipients: &'a [&'a Delivery],
    pub(super) letter: Letter<'a>,
    /// What its sender asks of TLS. When it is required, the session has been found to promise it.
    pub(super) tls: TlsWish,
}

/// How it ended.
pub(super) struct Ended {
    /// One for each recipient, in order.
    pub(super) attempts: Vec<Attempt>,
    /// Why the session cannot be used any more.
    pub(super) broken: Option<String>,
    /// Whether the hop cannot have taken the message, and said nothing of it that counts.
    pub(super) repeatable: bool,
}

impl Ended {
    /// Whether nothing was sent because the host has no TLS that would do for this mail.
    pub(super) fn lacks_tls(&self) -> bool {
        self.attempts.first().is_some_and(requiretls::is_lack)
    }
}

/// Runs a transaction. The session may be used again if it is not broken.
pub(super) async fn run(session: &mut Session, mail: Mail<'_>) -> Ended {
    let mut transaction = Transaction {
        session,
        mail,
        verdicts: vec![None; mail.recipients.len()],
        repeatable: true,
    };
    let broken = transaction.converse().await.err().map(Broken::into_text);
    let undecided = broken
        .clone()
        .unwrap_or_else(|| "4.5.0 the host said nothing of this recipient".to_owned());
    let attempts = transaction
        .verdicts
        .into_iter()
        .map(|verdict| verdict.unwrap_or_else(|| Attempt::NotNow(undecided.clone())))
        .collect();
    Ended {
        attempts,
        broken,
        repeatable: transaction.repeatable,
    }
}

struct Transaction<'a, 's> {
    session: &'s mut Session,
    mail: Mail<'a>,
    /// `None` while nothing speaks against the recipient.
    verdicts: Vec<Option<Attempt>>,
    repeatable: bool,
}

impl Transaction<'_, '_> {
    async fn converse(&mut self) -> Result<(), Broken> {
        self.refuse_what_the_host_cannot_take();
        let places = self.undecided();
        if places.is_empty() {
            return Ok(());
        }
        self.session.reset().await?;
        self.session.needs_reset = true;
        if self.session.extensions.pipelining {
            self.send_all_commands(&places).await?;
        }
        let reply = self.ask(&self.mail_command()).await?;
        if let Some(refusal) = refusal(&reply)? {
            self.decide_all(refusal);
        }
        for place in places {
            self.recipient(place).await?;
        }
        self.data().await
    }

    /// What needs no question, since EHLO has answered it.
    fn refuse_what_the_host_cannot_take(&mut self) {
        let offered = &self.session.extensions;
        let size = self.mail.letter.size();
        if let Some(limit) = offered.size_limit.filter(|limit| size > *limit) {
            let text = format!("5.3.4 the message has {size} octets, and the host takes {limit} at most");
            return self.decide_all(Attempt::Never(text));
        }
        // RFC 6152 §3 leaves two ways: to convert the message, or this. What was signed or cleared is not
        // changed here, and sealed mail has seven bits in any case.
        if self.mail.letter.eight_bit && !offered.eight_bit_mime {
            let text = "5.6.3 the message has 8-bit characters, and the host does not take them (8BITMIME)";
            return self.decide_all(Attempt::Never(text.to_owned()));
        }
        if !offered.smtputf8 {
            self.refuse_addresses_beyond_ascii();
        }
    }

    /// RFC 6531 §3.2: such an address goes to hosts with SMTPUTF8 only.
    fn refuse_addresses_beyond_ascii(&mut self) {
        let text = "5.6.7 the address has characters that the host does not take (SMTPUTF8)";
        let sender_fits = self.mail.sender.is_none_or(Address::is_ascii);
        for (verdict, delivery) in self.verdicts.iter_mut().zip(self.mail.recipients) {
            if !sender_fits || !delivery.recipient.is_ascii() {
                verdict.get_or_insert_with(|| Attempt::Never(text.to_owned()));
            }
        }
    }

    /// RFC 2920 §3.1: all commands up to DATA may go at once.
    async fn send_all_commands(&mut self, places: &[usize]) -> Result<(), Broken> {
        let mail = self.mail_command();
        self.session.wire.queue(&mail);
        for place in places {
            let rcpt = self.rcpt_command(*place);
            self.session.wire.queue(&rcpt);
        }
        // BDAT goes only to a host that has taken somebody.
        if !self.session.extensions.chunking {
            self.session.wire.queue("DATA");
        }
        self.session.wire.send().await
    }

    async fn recipient(&mut self, place: usize) -> Result<(), Broken> {
        if !self.session.extensions.pipelining && self.verdict_of(place).is_some() {
            return Ok(());
        }
        let reply = self.ask(&self.rcpt_command(place)).await?;
        if let Some(refusal) = refusal(&reply)?
            && let Some(verdict) = self.verdicts.get_mut(place)
        {
            verdict.get_or_insert(too_many(&reply).unwrap_or(refusal));
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<(), Broken> {
        if self.session.extensions.chunking {
            return self.chunk().await;
        }
        let nobody_left = self.undecided().is_empty();
        if nobody_left && !self.session.extensions.pipelining {
            return Ok(());
        }
        let reply = self.ask("DATA").await?;
        if reply.code != 354 {
            let refusal = refusal(&reply)?.ok_or_else(|| not_smtp(&reply))?;
            self.decide_all(refusal);
            return Ok(());
        }
        if nobody_left {
            return self.send_nothing().await;
        }
        if let Err(broken) = self.send_body().await {
            return self.interrupted(broken).await;
        }
        let verdict = self.finish().await.map_err(sent_whole)?;
        self.hand_on(&verdict);
        self.decide_all(verdict);
        Ok(())
    }

    /// RFC 3030 §2: all in one chunk. Its length stands before it, so that nothing in it can look like its end.
    async fn chunk(&mut self) -> Result<(), Broken> {
        if self.undecided().is_empty() {
            return Ok(());
        }
        let size = self.mail.letter.size();
        self.session.wire.queue(&format!("BDAT {size} LAST"));
        let mut pieces = self.mail.letter.plain().peekable();
        while let Some(piece) = pieces.next() {
            // With its last octet the host has it all.
            self.repeatable = pieces.peek().is_some();
            if let Err(broken) = self.session.wire.write(piece).await {
                return self.interrupted(broken).await;
            }
        }
        self.repeatable = false;
        let verdict = self.verdict().await.map_err(sent_whole)?;
        // A chunk that was refused leaves a transaction behind (RFC 3030 §2).
        self.session.needs_reset = !matches!(verdict, Attempt::Delivered(_));
        self.hand_on(&verdict);
        self.decide_all(verdict);
        Ok(())
    }

    /// Whoever has promised to tell of success has the word from now on.
    fn hand_on(&mut self, verdict: &Attempt) {
        let Attempt::Delivered(reply) = verdict else {
            return;
        };
        if self.session.extensions.dsn {
            for (verdict, delivery) in self.verdicts.iter_mut().zip(self.mail.recipients) {
                if delivery.dsn.wants_success() {
                    verdict.get_or_insert_with(|| Attempt::HandedOn(reply.clone()));
                }
            }
        }
    }

    /// RFC 2920 §3.1: a host that wants data although it refused everybody gets an empty message for nobody.
    async fn send_nothing(&mut self) -> Result<(), Broken> {
        self.session.wire.write(END_OF_DATA).await?;
        self.session.wire.send().await?;
        self.session.wire.reply().await?;
        self.session.needs_reset = false;
        Ok(())
    }

    /// Without the dot behind it, the host takes nothing of it.
    async fn send_body(&mut self) -> Result<(), Broken> {
        for piece in self.mail.letter.stuffed() {
            self.session.wire.write(piece).await?;
        }
        Ok(())
    }

    /// Sends the dot and reads what the host says of the message.
    async fn finish(&mut self) -> Result<Attempt, Broken> {
        self.repeatable = false;
        self.session.wire.write(END_OF_DATA).await?;
        self.verdict().await
    }

    /// What the host says of the message.
    async fn verdict(&mut self) -> Result<Attempt, Broken> {
        self.session.wire.send().await?;
        let end = self.session.wire.pace.verdict();
        let reply = self.session.wire.reply_until(end).await?;
        self.session.needs_reset = false;
        Ok(refusal(&reply)?.unwrap_or_else(|| Attempt::Delivered(reply.text())))
    }

    /// A host may end a body that it does not want by hanging up, and may have said why.
    async fn interrupted(&mut self, broken: Broken) -> Result<(), Broken> {
        match self.session.wire.parting_words().await {
            Some(Ok(reply)) => {
                if let Some(refusal) = refusal(&reply)? {
                    self.repeatable = false;
                    self.decide_all(refusal);
                }
                Err(broken)
            }
            Some(Err(farewell)) => Err(farewell),
            None => Err(broken),
        }
    }

    /// The reply to a command, which was sent already when everything was sent at once.
    async fn ask(&mut self, command: &str) -> Result<Reply, Broken> {
        if self.session.extensions.pipelining {
            self.session.wire.reply().await
        } else {
            self.session.wire.ask(command).await
        }
    }

    fn mail_command(&self) -> String {
        let Extensions {
            size,
            eight_bit_mime,
            smtputf8,
            dsn,
            ..
        } = self.session.extensions;
        let mut command = match self.mail.sender {
            Some(sender) => format!("MAIL FROM:<{sender}>"),
            None => "MAIL FROM:<>".to_owned(),
        };
        if size {
            command.push_str(&format!(" SIZE={}", self.mail.letter.size()));
        }
        if eight_bit_mime && self.mail.letter.eight_bit {
            command.push_str(" BODY=8BITMIME");
        }
        let recipients = self.mail.recipients.iter().map(|delivery| &delivery.recipient);
        let mut addresses = self.mail.sender.into_iter().chain(recipients);
        if smtputf8 && !addresses.all(Address::is_ascii) {
            command.push_str(" SMTPUTF8");
        }
        if self.mail.tls.is_required() {
            command.push_str(" REQUIRETLS");
        }
        // All are of one message, whose sender has said this once.
        if let Some(first) = self.mail.recipients.first().filter(|_| dsn) {
            if let Some(ret) = first.dsn.ret {
                command.push_str(&format!(" RET={ret}"));
            }
            if let Some(envid) = &first.dsn.envid {
                command.push_str(&format!(" ENVID={envid}"));
            }
        }
        command
    }

    fn rcpt_command(&self, place: usize) -> String {
        let Some(delivery) = self.mail.recipients.get(place) else {
            return "RCPT TO:<>".to_owned();
        };
        let mut command = format!("RCPT TO:<{}>", delivery.recipient);
        if self.session.extensions.dsn {
            if let Some(notify) = delivery.dsn.notify {
                command.push_str(&format!(" NOTIFY={notify}"));
            }
            // Beyond ASCII only with SMTPUTF8 (RFC 6533 §3).
            let fits = |orcpt: &&String| orcpt.is_ascii() || self.session.extensions.smtputf8;
            if let Some(orcpt) = delivery.dsn.orcpt.as_ref().filter(fits) {
                command.push_str(&format!(" ORCPT={orcpt}"));
            }
        }
        command
    }

    fn verdict_of(&self, place: usize) -> Option<&Attempt> {
        self.verdicts.get(place)?.as_ref()
    }

    fn undecided(&self) -> Vec<usize> {
        let verdicts = self.verdicts.iter().enumerate();
        verdicts
            .filter_map(|(place, verdict)| verdict.is_none().then_some(place))
            .collect()
    }

    fn decide_all(&mut self, attempt: Attempt) {
        for verdict in &mut self.verdicts {
            verdict.get_or_insert_with(|| attempt.clone());
        }
    }
}

/// What a reply refuses: nothing with 2xx. A 3xx here belongs to another conversation.
fn refusal(reply: &Reply) -> Result<Option<Attempt>, Broken> {
    match reply.class() {
        2 => Ok(None),
        4 => Ok(Some(Attempt::NotNow(reply.text()))),
        // The host wants TLS or a login first (RFC 3207 §4, RFC 4954 §6): a matter of settings, not of this mail.
        5 if reply.code == 530 => Ok(Some(Attempt::NotNow(reply.text()))),
        5 => Ok(Some(Attempt::Never(reply.text()))),
        _ => Err(not_smtp(reply)),
    }
}

/// The host may have taken it, or not.
fn sent_whole(broken: Broken) -> Broken {
    let text = broken.into_text();
    Broken::Lost(format!(
        "4.4.2 the message was sent whole and may come twice: {text}"
    ))
}

fn not_smtp(reply: &Reply) -> Broken {
    Broken::Lost(format!(
        "4.5.0 the host answers what was not asked: {}",
        reply.text()
    ))
}

/// RFC 5321 §4.5.3.1.10: 552 to RCPT may mean that there are too many recipients, which is no final answer,
/// unless the status code says that it is about the mailbox.
fn too_many(reply: &Reply) -> Option<Attempt> {
    let unclear = reply.enhanced().is_none_or(|status| status == "5.5.3");
    (reply.code == 552 && unclear).then(|| Attempt::NotNow(reply.text()))
}
