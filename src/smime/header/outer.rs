//! The header outside of the seal: an allow-list, and nothing of a field that holds personal information.
//!
//! Which fields those are was found by another reader of the same bytes. Where the two may have understood the
//! header differently, every field is treated as if it held personal information.

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
#[derive(Default)]
pub(in super::super) struct Outer {
    /// The fields, each with its line end.
    pub(in super::super) fields: Vec<u8>,
    /// The same, as HP-Outer fields for the inside (RFC 9788 §2.2), without traces of transport.
    pub(in super::super) recorded: Vec<u8>,
    guarded: bool,
    subject: bool,
}

impl Outer {
    /// Decides for all fields. `secret` names those in which personal information was found.
    pub(in super::super) fn of(header: Header<'_>, secret: &[String]) -> Outer {
        let named = |name: &String| header.fields().any(|field| field.is(name.trim()));
        let mut outer = Outer {
            guarded: !header.is_regular() || !secret.iter().all(named),
            ..Outer::default()
        };
        for field in header.fields() {
            outer.take(&field, secret);
        }
        outer
    }

    /// Whether traces of transport stay outside. If not, they go inside like everything else.
    pub(in super::super) fn shows_trace(&self, field: &Field<'_>, secret: &[String]) -> bool {
        self.care(field, secret) == Care::Free
    }

    fn take(&mut self, field: &Field<'_>, secret: &[String]) {
        let care = self.care(field, secret);
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

    fn care(&self, field: &Field<'_>, secret: &[String]) -> Care {
        if secret.iter().any(|name| field.is(name.trim())) {
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
