//! Answers mail to the enrolment address (RFC 3834): once, to a person, in plain words, and not in a loop.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use crate::message::{Address, CertificateVerdict, Outbound, RawMessage};
use crate::notice::Enrolment;
use crate::smime::{Fault, Verification};

use super::super::accept::{Arrival, NotTaken};
use super::Gateway;
use super::harvest::{Harvested, in_words};

/// How long nobody gets a second answer.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// Fields that programs and lists write (RFC 3834 §2, RFC 2919, RFC 2369).
const AUTOMATIC: [&str; 6] = [
    "auto-submitted",
    "list-id",
    "list-unsubscribe",
    "list-post",
    "precedence",
    "x-auto-response-suppress",
];

/// Who was answered within the last hour.
#[derive(Debug, Default)]
pub struct Answered(Mutex<Vec<(Timestamp, String)>>);

impl Answered {
    /// Whether one more answer may go to the address, which then counts.
    fn may(&self, to: &Address, per_hour: u32, now: Timestamp) -> bool {
        let mut recent = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        recent.retain(|(at, _)| now.duration_since(*at) < SignedDuration::from_hours(1));
        let key = to.key();
        let again = |(at, own): &(Timestamp, String)| *own == key && now.duration_since(*at) < PAUSE;
        if recent.len() >= per_hour as usize || recent.iter().any(again) {
            return false;
        }
        recent.push((now, key));
        true
    }
}

impl Gateway {
    /// The answer to a message to the enrolment address; `None` when it went elsewhere, or nobody should be answered.
    pub(super) fn answer(
        &self,
        arrival: &Arrival,
        verification: &Verification,
        harvested: &Harvested,
    ) -> Result<Option<Outbound>, NotTaken> {
        let mut recipients = arrival.envelope.recipients.iter();
        let Some(enrol) = recipients.find(|one| self.is_enrolment(one)) else {
            return Ok(None);
        };
        let Some(sender) = &arrival.envelope.sender else {
            return Ok(None);
        };
        let loops = self.is_enrolment(sender) || is_automatic(&arrival.raw) || is_machine(sender);
        if loops
            || !self
                .answered
                .may(sender, self.identity.answers_per_hour, arrival.at)
        {
            tracing::info!(id = %arrival.id, "mail to the enrolment address is not answered");
            return Ok(None);
        }
        let outcome = outcome(verification, harvested);
        let letter = self.rulebook().notices.enrolment(&Enrolment {
            id: arrival.id,
            recipient: sender.clone(),
            message_id: message_id(&arrival.raw),
            enrol: enrol.clone(),
            outcome,
            now: arrival.at,
        })?;
        Ok(Some(letter))
    }
}

/// What a partner reads: the certificate, or the reason and what to do.
fn outcome(verification: &Verification, harvested: &Harvested) -> Result<String, (String, String)> {
    let sign = "Please answer with a digitally signed e-mail (S/MIME). In your mail program, choose \"sign\" before \
                you send it. If there is no such choice, you need a certificate for e-mail first.";
    let failed = |reason: String, advice: &str| Err((reason, advice.to_owned()));
    match (verification, harvested) {
        (_, Harvested::InUse(_, certificate)) => Ok(in_words(certificate)),
        (_, Harvested::Waits(_)) => failed(
            "The signature is right, and an administrator has to approve the certificate first.".to_owned(),
            "You need not do anything now.",
        ),
        (_, Harvested::NoCertificate) => failed(
            "The signature is right, but no certificate for encryption came with it.".to_owned(),
            "Please have your mail program add your encryption certificate to signed messages, and send another one.",
        ),
        (Verification::NotSigned, _) => failed("It is not signed.".to_owned(), sign),
        (Verification::Faulty(fault), _) => {
            failed(format!("Its signature cannot be used: {fault}."), advice(*fault))
        }
        (Verification::Untrusted(_, verdict), _) => failed(
            format!(
                "The signer's certificate cannot be used: {}.",
                crate::audit::verdict(verdict)
            ),
            renew(verdict),
        ),
        (Verification::Valid(_), Harvested::Nothing) => failed(
            "Certificates of this address are not taken by mail.".to_owned(),
            "Please contact the person whom you write to.",
        ),
    }
}

fn advice(fault: Fault) -> &'static str {
    match fault {
        Fault::Changed | Fault::Unreadable(_) => {
            "Please send a new message, signed by your mail program. A mailing list, a virus scanner or a footer that is \
             added on the way breaks a signature."
        }
        Fault::AnotherAuthor | Fault::NoAuthor => {
            "Please send it from the one address that stands in your certificate."
        }
        Fault::NoCertificate => "Please have your mail program add your certificate to signed messages.",
        Fault::Algorithm => "Please have your mail program sign with SHA-256.",
        _ => "Please send a new message that only you have signed.",
    }
}

fn renew(verdict: &CertificateVerdict) -> &'static str {
    match verdict {
        CertificateVerdict::NotYetValid => "Please send another message when it is valid.",
        _ => "Please get a certificate for e-mail that is valid, and send a message that is signed with it.",
    }
}

/// The lines of the header section.
fn header(raw: &RawMessage) -> impl Iterator<Item = &[u8]> {
    let lines = raw.as_bytes().split(|byte| *byte == b'\n');
    lines.take_while(|line| !line.is_empty() && *line != b"\r")
}

/// Whether a program or a list sent it. A field that says that no program did does not count.
fn is_automatic(raw: &RawMessage) -> bool {
    header(raw).any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        let Some((name, value)) = line.split_once(':') else {
            return false;
        };
        let (name, value) = (name.trim_end(), value.trim());
        AUTOMATIC.contains(&name) && !(name == "auto-submitted" && value == "no") && value != "normal"
    })
}

/// Addresses that programs send from (RFC 3834 §2).
fn is_machine(sender: &Address) -> bool {
    let local = sender.local().to_ascii_lowercase();
    local.starts_with("owner-")
        || local.ends_with("-request")
        || local.ends_with("-bounces")
        || ["mailer-daemon", "postmaster", "noreply", "no-reply"].contains(&local.as_str())
}

/// A plain Message-ID in one line.
fn message_id(raw: &RawMessage) -> Option<String> {
    let mut ids = header(raw).filter_map(|line| {
        let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
        let is_id = name.trim_ascii_end().eq_ignore_ascii_case(b"message-id");
        is_id.then(|| String::from_utf8_lossy(value.get(1..).unwrap_or_default().trim_ascii()).into_owned())
    });
    ids.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_lists_are_not_answered() {
        for field in [
            "Auto-Submitted: auto-replied",
            "List-Id: <x.example>",
            "precedence: bulk",
            "X-Auto-Response-Suppress: All",
        ] {
            let raw = RawMessage::new(format!("From: a@b.example\r\n{field}\r\n\r\nx"));
            assert!(is_automatic(&raw), "{field}");
        }
        let raw = RawMessage::new("From: a@b.example\r\nAuto-Submitted: no\r\n\r\nList-Id: x\r\n");
        assert!(!is_automatic(&raw));
        for sender in [
            "MAILER-DAEMON@b.example",
            "list-request@b.example",
            "noreply@b.example",
        ] {
            assert!(is_machine(&sender.parse().unwrap()), "{sender}");
        }
    }

    #[test]
    fn answers_are_counted_for_each_and_for_all() {
        let answered = Answered::default();
        let now = Timestamp::UNIX_EPOCH;
        let one = |number: u32| format!("a{number}@b.example").parse().unwrap();
        assert!(answered.may(&one(1), 3, now));
        assert!(!answered.may(&"A1@b.example".parse().unwrap(), 3, now));
        assert!(answered.may(&one(2), 3, now) && answered.may(&one(3), 3, now));
        assert!(!answered.may(&one(4), 3, now));
        assert!(answered.may(&one(1), 3, now + SignedDuration::from_hours(1)));
    }
}
