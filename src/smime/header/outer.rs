//! The header outside of the seal: an allow-list, and nothing of a field that holds personal information.
//!
//! Which fields those are was found by another reader of the same bytes. Where the two may have understood the
//! header differently, every field is treated as if it held personal information.

use std::collections::HashSet;

use super::addresses;
use super::{Field, Header, Kind};

/// Octets of fields that stay outside at most; what does not fit is inside only.
const LIMIT: usize = 256 * 1024;
/// What stands outside for the Subject (RFC 9788 §3.2.1).
const SUBJECT: &str = "Subject: [...]\r\n";

/// How much of a field may be shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// As it came.
    Free,
    /// Only what can be written anew from what was understood of it.
    Guarded,
    /// Personal information was found in it.
    Secret,
}

/// What stays outside of the seal.
pub(in super::super) struct Outer {
    /// The fields, each with its line end.
    pub(in super::super) fields: Vec<u8>,
    /// The same, as HP-Outer fields for the inside (RFC 9788 §2.2), without traces of transport.
    pub(in super::super) recorded: Vec<u8>,
    /// Names, in lower case, of the fields in which personal information was found. A set, since a hostile
    /// header can have a million of them.
    secret: HashSet<String>,
    guarded: bool,
    subject: bool,
}

impl Outer {
    /// Decides for all fields. `secret` names those in which personal information was found.
    pub(in super::super) fn of(header: Header<'_>, secret: &[String]) -> Outer {
        let secret: HashSet<String> = secret
            .iter()
            .map(|name| name.trim().to_ascii_lowercase())
            .collect();
        let mut outer = Outer {
            fields: Vec::new(),
            recorded: Vec::new(),
            guarded: !header.is_regular() || !all_found(&secret, header),
            subject: false,
            secret,
        };
        for field in header.fields() {
            outer.take(&field);
        }
        outer
    }

    /// Whether a trace of transport stays outside. If not, it goes inside like everything else.
    pub(in super::super) fn shows_trace(&self, field: &Field<'_>) -> bool {
        self.care(field) == Care::Free
    }

    fn take(&mut self, field: &Field<'_>) {
        let care = self.care(field);
        match (Kind::of(field), care) {
            (Kind::Subject, _) if !self.subject => {
                self.subject = true;
                self.show(SUBJECT.as_bytes());
            }
            (Kind::Trace, Care::Free) => self.fields.extend_from_slice(field.raw),
            (Kind::Addresses | Kind::Date | Kind::Handling, Care::Free) => self.show(field.raw),
            (Kind::Addresses, _) => self.show(addresses::bare(field).as_bytes()),
            (Kind::Date, Care::Guarded) => self.show(date(field).as_bytes()),
            _ => {}
        }
    }

    fn care(&self, field: &Field<'_>) -> Care {
        let name = || field.name.unwrap_or_default().to_ascii_lowercase();
        if !self.secret.is_empty() && self.secret.contains(&name()) {
            Care::Secret
        } else if self.guarded {
            Care::Guarded
        } else {
            Care::Free
        }
    }

    fn show(&mut self, field: &[u8]) {
        if !field.is_empty() && self.fields.len() + field.len() <= LIMIT {
            self.fields.extend_from_slice(field);
            self.recorded.extend_from_slice(b"HP-Outer: ");
            self.recorded.extend_from_slice(field);
        }
    }
}

/// Whether every secret name is the name of a field here. If one is not, the finding stands somewhere else than
/// this reader would look for it.
fn all_found(secret: &HashSet<String>, header: Header<'_>) -> bool {
    if secret.is_empty() {
        return true;
    }
    let names = header.fields().filter_map(|field| field.name);
    let found: HashSet<String> = names
        .map(str::to_ascii_lowercase)
        .filter(|name| secret.contains(name))
        .collect();
    found.len() == secret.len()
}

/// The same moment, written anew; nothing when it cannot be understood.
fn date(field: &Field<'_>) -> String {
    let written = std::str::from_utf8(field.value).ok();
    let zoned = written.and_then(|text| jiff::fmt::rfc2822::parse(text.trim()).ok());
    let text = zoned.and_then(|zoned| jiff::fmt::rfc2822::to_string(&zoned).ok());
    match (field.name, text) {
        (Some(name), Some(text)) => format!("{name}: {text}\r\n"),
        _ => String::new(),
    }
}
