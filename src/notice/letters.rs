//! What templates of letters are given: facts of mail that waits, and of certificates that came by mail.
//!
//! Names and meanings are in `docs/notices.md`. A letter has a text template of its own; its HTML part is made of the
//! text's paragraphs by `letter.html.jinja`.

use jiff::Timestamp;
use serde::Serialize;

use super::story::{address, plain};
use super::{About, Settings, words};
use crate::message::{Address, MessageId};
use crate::policy::{Action, Judgment};

/// How many characters of a text from outside a letter shows.
const SHOWN: usize = 300;

/// Mail that waits, as its recipient is told of it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The message that waits.
    pub id: MessageId,
    /// Who has written it.
    pub sender: Address,
    /// Whom it waits for.
    pub recipient: Address,
    /// Where the signed answer goes.
    pub enrol: Address,
    /// When it ceases to wait.
    pub until: Timestamp,
    /// When the invitation is written.
    pub now: Timestamp,
}

/// What came of a message to the enrolment address.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The message that was sent there.
    pub id: MessageId,
    /// Who sent it, and gets the answer.
    pub recipient: Address,
    /// Its Message-ID, with angle brackets.
    pub message_id: Option<String>,
    /// The address that it was sent to.
    pub enrol: Address,
    /// The certificate that was added, in words; or why there is none, and what to do.
    pub outcome: Result<String, (String, String)>,
    /// When the answer is written.
    pub now: Timestamp,
}

/// A certificate that an administrator should know of.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// The message that brought it.
    pub id: MessageId,
    /// Who is told.
    pub administrator: Address,
    /// Whose it is.
    pub owner: Address,
    /// In words.
    pub certificate: String,
    /// Its SHA-256, in hexadecimal.
    pub fingerprint: String,
    /// Why it waits for approval; `None` when it does not.
    pub waits: Option<String>,
    /// When the letter is written.
    pub now: Timestamp,
}

/// The facts of `waiting.*`.
#[derive(Debug, Serialize)]
pub(super) struct WaitingFacts {
    organisation: String,
    help: String,
    id: String,
    received: String,
    until: String,
    invited: bool,
    waiting: Vec<WaitingRecipient>,
}

#[derive(Debug, Serialize)]
struct WaitingRecipient {
    address: String,
    reason: String,
}

impl WaitingFacts {
    pub fn new(settings: &Settings, about: &About, judgment: &Judgment, invited: bool) -> WaitingFacts {
        let mut longest = 0;
        let mut waiting = Vec::new();
        for decision in &judgment.decisions {
            if let Action::Hold { refusal, hours } = &decision.action {
                longest = longest.max(*hours);
                waiting.push(WaitingRecipient {
                    address: address(&decision.recipient),
                    reason: words::reason(refusal, &settings.organisation),
                });
            }
        }
        WaitingFacts {
            organisation: plain(&settings.organisation, SHOWN),
            help: plain(&settings.help, SHOWN),
            id: about.id.to_string(),
            received: moment(about.received),
            until: moment(about.received + hours(longest)),
            invited,
            waiting,
        }
    }
}

/// The facts of `invitation.*`.
#[derive(Debug, Serialize)]
pub(super) struct InvitationFacts {
    organisation: String,
    help: String,
    id: String,
    sender: String,
    recipient: String,
    until: String,
}

impl InvitationFacts {
    pub fn new(settings: &Settings, about: &Invitation) -> InvitationFacts {
        InvitationFacts {
            organisation: plain(&settings.organisation, SHOWN),
            help: plain(&settings.help, SHOWN),
            id: about.id.to_string(),
            sender: address(&about.sender),
            recipient: address(&about.recipient),
            until: moment(about.until),
        }
    }
}

/// The facts of `enrolment.*`.
#[derive(Debug, Serialize)]
pub(super) struct EnrolmentFacts {
    organisation: String,
    help: String,
    id: String,
    recipient: String,
    worked: bool,
    certificate: String,
    reason: String,
    advice: String,
}

impl EnrolmentFacts {
    pub fn new(settings: &Settings, about: &Enrolment) -> EnrolmentFacts {
        let (certificate, reason, advice) = match &about.outcome {
            Ok(certificate) => (certificate.as_str(), "", ""),
            Err((reason, advice)) => ("", reason.as_str(), advice.as_str()),
        };
        EnrolmentFacts {
            organisation: plain(&settings.organisation, SHOWN),
            help: plain(&settings.help, SHOWN),
            id: about.id.to_string(),
            recipient: address(&about.recipient),
            worked: about.outcome.is_ok(),
            certificate: plain(certificate, SHOWN),
            reason: plain(reason, SHOWN),
            advice: plain(advice, SHOWN),
        }
    }
}

/// The facts of `certificate.*`.
#[derive(Debug, Serialize)]
pub(super) struct CertificateFacts {
    organisation: String,
    id: String,
    recipient: String,
    waits: bool,
    certificate: String,
    fingerprint: String,
    reason: String,
}

impl CertificateFacts {
    pub fn new(settings: &Settings, about: &NewCertificate) -> CertificateFacts {
        CertificateFacts {
            organisation: plain(&settings.organisation, SHOWN),
            id: about.id.to_string(),
            recipient: address(&about.owner),
            waits: about.waits.is_some(),
            certificate: plain(&about.certificate, SHOWN),
            fingerprint: plain(&about.fingerprint, SHOWN),
            reason: plain(about.waits.as_deref().unwrap_or_default(), SHOWN),
        }
    }
}

fn moment(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn hours(hours: u64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_hours(i64::try_from(hours).unwrap_or(0).min(24 * 366))
}
