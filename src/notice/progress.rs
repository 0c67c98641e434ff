//! Mail that is late, and mail that was handed on to a server that says nothing more of it (RFC 3464, RFC 3461 §6.2.7).

use jiff::Timestamp;
use serde::Serialize;

use super::report;
use super::story::{address, plain};
use super::templates::{self, Words};
use super::{About, Failure, NoticeError, Notices, compose};
use crate::message::Outbound;

/// How many characters of a text from outside a notice shows.
const SHOWN: usize = 300;

/// The facts of `delayed.*` and `relayed.*`.
#[derive(Debug, Serialize)]
struct Facts {
    organisation: String,
    help: String,
    id: String,
    received: String,
    /// When it is given up; empty in `relayed`.
    until: String,
    recipients: Vec<Recipient>,
}

#[derive(Debug, Serialize)]
struct Recipient {
    address: String,
    next_hop: String,
    reply: String,
}

impl Notices {
    /// Tells the sender, once, that mail has not reached these recipients yet, and is tried until then.
    ///
    /// # Errors
    /// When a template fails.
    pub fn delayed(
        &self,
        about: &About,
        late: &[Failure],
        until: Timestamp,
    ) -> Result<Outbound, NoticeError> {
        let words = self.words("delayed", about, late, Some(until))?;
        let report = report::delayed(&self.sender.reporting_mta, about, late, until);
        compose::compose(&self.sender, about, words, report)
    }

    /// Tells a sender who asked for it that mail was handed to servers that will not say what becomes of it.
    ///
    /// # Errors
    /// When a template fails.
    pub fn relayed(&self, about: &About, relayed: &[Failure]) -> Result<Outbound, NoticeError> {
        let words = self.words("relayed", about, relayed, None)?;
        let report = report::relayed(&self.sender.reporting_mta, about, relayed);
        compose::compose(&self.sender, about, words, report)
    }

    fn words(
        &self,
        template: &str,
        about: &About,
        recipients: &[Failure],
        until: Option<Timestamp>,
    ) -> Result<Words, NoticeError> {
        let moment = |time: Timestamp| time.strftime("%-d %B %Y, %H:%M UTC").to_string();
        let recipients = recipients.iter().map(|one| Recipient {
            address: address(&one.recipient),
            next_hop: match one.next_hop.as_str() {
                "" => "this gateway".to_owned(),
                host => plain(host, SHOWN),
            },
            reply: plain(&one.reply, SHOWN),
        });
        let facts = Facts {
            organisation: plain(&self.settings.organisation, SHOWN),
            help: plain(&self.settings.help, SHOWN),
            id: about.id.to_string(),
            received: moment(about.received),
            until: until.map(moment).unwrap_or_default(),
            recipients: recipients.collect(),
        };
        templates::write_letter(&self.templates, template, &facts)
    }
}
