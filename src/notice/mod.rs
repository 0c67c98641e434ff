//! Mail to people: delivery status notifications (RFC 3464) that say what happened and what to do.
//!
//! Quotes no body and no personal information. Texts come from templates in `policies/notices/`.

mod compose;
mod letters;
mod progress;
mod report;
mod sample;
mod story;
mod templates;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use minijinja::Environment;

use compose::{Letter, Sender};

pub use letters::{Enrolment, Invitation, NewCertificate};

use crate::message::{Address, DsnRequest, Inspection, MessageId, Outbound, TlsWish};
use crate::policy::Judgment;

/// The built-in templates, by file name.
pub const BUILT_IN: &[(&str, &str)] = &[
    (
        "certificate.txt.jinja",
        include_str!("../../policies/notices/certificate.txt.jinja"),
    ),
    (
        "delayed.txt.jinja",
        include_str!("../../policies/notices/delayed.txt.jinja"),
    ),
    (
        "enrolment.txt.jinja",
        include_str!("../../policies/notices/enrolment.txt.jinja"),
    ),
    (
        "failed.html.jinja",
        include_str!("../../policies/notices/failed.html.jinja"),
    ),
    (
        "failed.txt.jinja",
        include_str!("../../policies/notices/failed.txt.jinja"),
    ),
    (
        "invitation.txt.jinja",
        include_str!("../../policies/notices/invitation.txt.jinja"),
    ),
    (
        "letter.html.jinja",
        include_str!("../../policies/notices/letter.html.jinja"),
    ),
    (
        "refused.html.jinja",
        include_str!("../../policies/notices/refused.html.jinja"),
    ),
    (
        "refused.txt.jinja",
        include_str!("../../policies/notices/refused.txt.jinja"),
    ),
    (
        "relayed.txt.jinja",
        include_str!("../../policies/notices/relayed.txt.jinja"),
    ),
    (
        "waiting.txt.jinja",
        include_str!("../../policies/notices/waiting.txt.jinja"),
    ),
];

/// How notices look: `[notice]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The name that notices give the organisation.
    pub organisation: String,
    /// Whom to call: a telephone number, an address, a web page.
    pub help: String,
    /// The address that notices are written from (header `From`; the envelope's sender is always null).
    pub from: Option<Address>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            organisation: "your organisation".to_owned(),
            help: "your mail administrator".to_owned(),
            from: None,
        }
    }
}

/// The templates, parsed, with what every notice says of the gateway.
#[derive(Debug)]
pub struct Notices {
    settings: Settings,
    sender: Sender,
    templates: Environment<'static>,
}

/// Why a notice could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the notice could not be written: {0}")]
pub struct NoticeError(pub String);

/// What every notice names.
#[derive(Debug, Clone)]
pub struct About {
    /// The transaction that it is about; the notice carries it as its decision id.
    pub id: MessageId,
    /// Who sent the mail and receives the notice.
    pub sender: Address,
    /// The header's Message-ID of the mail, with angle brackets, so that the sender can find it.
    pub message_id: Option<String>,
    /// When the mail arrived.
    pub received: Timestamp,
    /// When the notice is written.
    pub now: Timestamp,
    /// What the sender asked about each recipient, in the order of the envelope; empty when nothing.
    pub dsn: Vec<DsnRequest>,
    /// What the sender asked of TLS: it holds for what he is told of the mail, too (RFC 8689 §5).
    pub tls: TlsWish,
}

/// A recipient that the next hop refused for good, or that could not be reached in time; or of whom a notice tells how far
/// the mail has come.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The recipient.
    pub recipient: Address,
    /// The host that answered, or was to answer.
    pub next_hop: String,
    /// Its last reply, or why there was none.
    pub reply: String,
    /// What the sender asked about this recipient.
    pub dsn: DsnRequest,
}

impl Notices {
    /// Parses the templates and tries each with made-up facts. `templates` are (file name, text); a missing one
    /// is taken from the built-in set. `reporting_mta` is the gateway's own host name.
    ///
    /// # Errors
    /// The first template that does not parse or names something that does not exist, with its file and line;
    /// or a host name that is none.
    pub fn new(
        settings: Settings,
        reporting_mta: &str,
        templates: &[(String, String)],
    ) -> Result<Notices, NoticeError> {
        let postmaster: Address = format!("postmaster@{reporting_mta}")
            .parse()
            .map_err(|_| NoticeError("the gateway's host name is no domain".to_owned()))?;
        let from = settings.from.clone().unwrap_or(postmaster.clone());
        if !from.is_ascii() || !postmaster.is_ascii() {
            let reason = "the gateway's host name and the address of its notices must be plain ASCII";
            return Err(NoticeError(reason.to_owned()));
        }
        let sender = Sender {
            reporting_mta: postmaster.domain().to_owned(),
            from,
        };
        let notices = Notices {
            settings,
            sender,
            templates: templates::parse(templates)?,
        };
        sample::try_out(&notices)?;
        Ok(notices)
    }

    /// Tells the sender, once, what did not leave and why, what left to whom, and what to do next.
    /// One block per recipient of the envelope (RFC 3464 §2.3), refused and delivered alike.
    ///
    /// # Errors
    /// When a template fails. The caller must not go on: nobody would be told.
    pub fn refused(
        &self,
        about: &About,
        inspection: &Inspection,
        judgment: &Judgment,
    ) -> Result<Outbound, NoticeError> {
        let facts = story::Refused::new(&self.settings, about, inspection, judgment);
        let words = templates::write(&self.templates, "refused", &facts)?;
        let report = report::refused(&self.sender.reporting_mta, about, judgment);
        compose::compose(&self.sender, about, words, report)
    }

    /// Tells the sender, once, for whom the mail waits, as a report of a delay (RFC 3464 §2.3.3). `invited` says
    /// whether the recipients were asked for a certificate.
    ///
    /// # Errors
    /// When a template fails. The caller must not go on: nobody would be told.
    pub fn waiting(
        &self,
        about: &About,
        judgment: &Judgment,
        invited: bool,
    ) -> Result<Outbound, NoticeError> {
        let facts = letters::WaitingFacts::new(&self.settings, about, judgment, invited);
        let words = templates::write_letter(&self.templates, "waiting", &facts)?;
        let report = report::waiting(&self.sender.reporting_mta, about, judgment);
        compose::compose(&self.sender, about, words, report)
    }

    /// Asks a recipient for a signed mail. It says who wrote to him, and nothing of what was written.
    ///
    /// # Errors
    /// When a template fails.
    pub fn invitation(&self, about: &Invitation) -> Result<Outbound, NoticeError> {
        let facts = letters::InvitationFacts::new(&self.settings, about);
        let words = templates::write_letter(&self.templates, "invitation", &facts)?;
        let letter = Letter {
            from: &about.enrol,
            to: &about.recipient,
            id: about.id,
            kind: "invitation",
            answers: None,
            now: about.now,
        };
        compose::letter(&self.sender, &letter, words)
    }

    /// Answers mail to the enrolment address.
    ///
    /// # Errors
    /// When a template fails.
    pub fn enrolment(&self, about: &Enrolment) -> Result<Outbound, NoticeError> {
        let facts = letters::EnrolmentFacts::new(&self.settings, about);
        let words = templates::write_letter(&self.templates, "enrolment", &facts)?;
        let letter = Letter {
            from: &about.enrol,
            to: &about.recipient,
            id: about.id,
            kind: "enrolment",
            answers: about.message_id.as_deref(),
            now: about.now,
        };
        compose::letter(&self.sender, &letter, words)
    }

    /// Tells an administrator of a certificate that came by mail.
    ///
    /// # Errors
    /// When a template fails.
    pub fn certificate(&self, about: &NewCertificate) -> Result<Outbound, NoticeError> {
        let facts = letters::CertificateFacts::new(&self.settings, about);
        let words = templates::write_letter(&self.templates, "certificate", &facts)?;
        let letter = Letter {
            from: &self.sender.from,
            to: &about.administrator,
            id: about.id,
            kind: "certificate",
            answers: None,
            now: about.now,
        };
        compose::letter(&self.sender, &letter, words)
    }

    /// Tells the sender of deliveries that failed for good.
    ///
    /// # Errors
    /// When a template fails.
    pub fn failed(&self, about: &About, failures: &[Failure]) -> Result<Outbound, NoticeError> {
        let facts = story::Failed::new(&self.settings, about, failures);
        let words = templates::write(&self.templates, "failed", &facts)?;
        let report = report::failed(&self.sender.reporting_mta, about, failures);
        compose::compose(&self.sender, about, words, report)
    }
}
