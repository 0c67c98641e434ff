//! Whether a message is what RFC 5322 says a message is (MG-1.3), and what becomes of one that is not: nothing, it is
//! mended, or refused. What a reader could understand in two ways is never mended by guessing.
//!
//! Must not know: what a message says. Only field names, line lengths and octets matter here.

mod encode;
mod fields;
mod repair;

use std::fmt;

use jiff::Timestamp;

use crate::message::{Envelope, RawMessage};

use fields::{Field, Section};

/// What ends the header early hides what was wrong behind it, so that mending may show more to mend.
const ROUNDS: usize = 3;
/// The longest line without its CRLF (RFC 5322 §2.1.1).
const LINE: usize = 998;

/// Fields that stand once at most (RFC 5322 §3.6, RFC 2045 §3).
const ONCE: &[&str] = &[
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "message-id",
    "in-reply-to",
    "references",
    "subject",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-disposition",
];

/// What is done about messages that are not as they should be: `[conformance]` in the settings.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conformance {
    /// What is done.
    pub mode: Mode,
}

/// What is done about them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing: they go on as they came.
    #[default]
    Off,
    /// What can be mended without a guess is, and the log says what; the rest is refused.
    Repair,
    /// They are refused, with what is wrong and where.
    Reject,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The line of the message, counted from 1.
    line: usize,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    NoHeader,
    Missing(&'static str),
    /// By its name in lower case.
    Twice(String),
    NoField,
    LongField,
    LongLine,
    EightBit,
}

/// A message that was mended.
pub(super) struct Mended {
    pub(super) raw: RawMessage,
    /// For the log; it quotes nothing.
    pub(super) what: String,
}

/// What mending needs to know.
pub(super) struct Facts<'a> {
    pub(super) envelope: &'a Envelope,
    pub(super) hostname: &'a str,
    /// The local part of a Message-ID, if one is wanting.
    pub(super) id: String,
    pub(super) now: Timestamp,
}

/// Checks a message, and mends it where the mode says so. `None`: it stays as it is.
///
/// # Errors
/// What is wrong and where, in one line for the client.
pub(super) fn conform(mode: Mode, raw: &RawMessage, facts: &Facts<'_>) -> Result<Option<Mended>, String> {
    if mode == Mode::Off {
        return Ok(None);
    }
    let mut mended: Option<Mended> = None;
    for _ in 0..ROUNDS {
        let current = mended.as_ref().map_or(raw, |mended| &mended.raw);
        let section = Section::of(current.as_bytes());
        let flaws = flaws(&section, current.as_bytes(), facts.envelope.smtputf8);
        let bad = |flaw: &&Flaw| mode == Mode::Reject || flaw.kind != Kind::LongLine;
        let Some(first) = flaws.iter().find(bad) else {
            return Ok(mended);
        };
        if mode == Mode::Reject {
            return Err(match flaws.len() {
                1 => first.to_string(),
                count => format!("{first}; and {} more", count - 1),
            });
        }
        let again = repair::repair(&section, current, &flaws, facts)?;
        let before = mended.map_or_else(String::new, |mended| mended.what + ", ");
        mended = Some(Mended {
            what: before + &again.what,
            ..again
        });
    }
    Err("the header is in such a state that it cannot be mended (RFC 5322 2.2)".to_owned())
}

fn flaws(section: &Section<'_>, raw: &[u8], smtputf8: bool) -> Vec<Flaw> {
    let at = |line, kind| Flaw { line, kind };
    if !section.fields.iter().any(|field| field.name.is_some()) {
        return vec![at(1, Kind::NoHeader)];
    }
    let mut flaws: Vec<Flaw> = section
        .fields
        .iter()
        .flat_map(|field| of_field(section, field, smtputf8))
        .collect();
    let missing = [("from", "From"), ("date", "Date"), ("message-id", "Message-ID")];
    let missing = missing
        .iter()
        .filter(|(name, _)| section.named(name).next().is_none());
    flaws.extend(missing.map(|(_, name)| at(1, Kind::Missing(name))));
    let body = raw.get(section.size..).unwrap_or_default();
    let long = body
        .split(|octet| *octet == b'\n')
        .position(|line| line.len() > LINE + 1);
    flaws.extend(long.map(|line| at(section.lines + line + 1, Kind::LongLine)));
    flaws
}

fn of_field(section: &Section<'_>, field: &Field<'_>, smtputf8: bool) -> Vec<Flaw> {
    let at = |kind| Flaw {
        line: field.line,
        kind,
    };
    let Some(name) = &field.name else {
        return vec![at(Kind::NoField)];
    };
    let mut flaws = Vec::new();
    let first = section
        .named(name)
        .next()
        .is_some_and(|first| first.line == field.line);
    if !first && ONCE.contains(&name.as_str()) {
        flaws.push(at(Kind::Twice(name.clone())));
    }
    if field
        .raw
        .split(|octet| *octet == b'\n')
        .any(|line| line.len() > LINE + 1)
    {
        flaws.push(at(Kind::LongField));
    }
    if !smtputf8 && !field.raw.is_ascii() {
        flaws.push(at(Kind::EightBit));
    }
    flaws
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NoHeader => f.write_str("the message has no header (RFC 5322 2.1)"),
            Kind::Missing(name) => write!(f, "the header has no {name} field (RFC 5322 3.6)"),
            Kind::Twice(name) => write!(f, "line {}: a second {name} field (RFC 5322 3.6)", self.line),
            Kind::NoField => write!(
                f,
                "line {}: this is no header field, and no empty line ends the header (RFC 5322 2.2)",
                self.line
            ),
            Kind::LongField => write!(
                f,
                "line {}: the field has a line of more than 998 octets (RFC 5322 2.1.1)",
                self.line
            ),
            Kind::LongLine => write!(f, "line {}: more than 998 octets (RFC 5322 2.1.1)", self.line),
            Kind::EightBit => write!(
                f,
                "line {}: the field goes beyond ASCII without the SMTPUTF8 parameter of MAIL (RFC 5322 2.2)",
                self.line
            ),
        }
    }
}

#[cfg(test)]
mod tests;
