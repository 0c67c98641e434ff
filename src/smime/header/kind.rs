//! What each header field is for the seal: the one list of what may stay outside.

use super::Field;

/// What happens to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Describes the body (RFC 9788 §1.8 "structural"): inside; the outside has its own.
    Structural,
    /// Traces of transport, which loop detection counts (RFC 5321 §6.3): outside only.
    Trace,
    /// Addresses, which readers and replies need: outside and inside.
    Addresses,
    /// The date: outside and inside.
    Date,
    /// Threading, lists, automatic mail: outside and inside.
    Handling,
    /// The Subject: inside; outside it is `[...]` (RFC 9788 §3.2.1, hcp_baseline).
    Subject,
    /// Everything else: inside only.
    Inside,
    /// Blind copies reach nobody, whatever the mail server has left of them; and HP-Outer is ours to write.
    Nowhere,
}

impl Kind {
    pub(in super::super) fn of(field: &Field<'_>) -> Kind {
        if is_blind_copy(field) {
            return Kind::Nowhere;
        }
        let Some(name) = field.name else {
            return Kind::Inside;
        };
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "subject" => Kind::Subject,
            "date" | "resent-date" => Kind::Date,
            "from" | "to" | "cc" | "sender" | "reply-to" | "resent-from" | "resent-to" | "resent-cc"
            | "resent-sender" => Kind::Addresses,
            "message-id"
            | "in-reply-to"
            | "references"
            | "resent-message-id"
            | "auto-submitted"
            | "precedence"
            | "importance"
            | "priority"
            | "list-id"
            | "list-help"
            | "list-subscribe"
            | "list-unsubscribe"
            | "list-unsubscribe-post"
            | "list-post"
            | "list-owner"
            | "list-archive" => Kind::Handling,
            "received" | "sealgate-pass" => Kind::Trace,
            "hp-outer" => Kind::Nowhere,
            "mime-version" => Kind::Structural,
            _ if name.starts_with("content-") => Kind::Structural,
            _ => Kind::Inside,
        }
    }
}

/// `Bcc` in any disguise: blanks, byte order marks and other bytes around or within the name do not count,
/// for they do not count for every reader.
fn is_blind_copy(field: &Field<'_>) -> bool {
    let end = memchr::memchr(b':', field.raw).unwrap_or(0);
    let name = field.raw.get(..end).unwrap_or_default();
    let letters = || name.iter().filter(|byte| byte.is_ascii_alphabetic());
    let spells = |word: &[u8]| letters().map(u8::to_ascii_lowercase).eq(word.iter().copied());
    spells(b"bcc") || spells(b"resentbcc")
}
