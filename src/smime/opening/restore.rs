//! The message as its reader should have it: the header that stood outside, and the entity that was inside. Where the
//! header is protected (RFC 9788), what was said inside counts.

use crate::message::RawMessage;

use super::super::header::{Field, Header, Kind, sole_address};

/// Fields that are taken from the inside of a protected header: what people read and write. Trace, results of checks and
/// whatever steers programs are taken from outside only, for a stranger wrote the inside.
const PROTECTED: &[&str] = &[
    "subject",
    "from",
    "to",
    "cc",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "sender",
    "comments",
    "keywords",
    "importance",
    "user-agent",
];

/// Puts the message together. None when the entity cannot be read in one way only, or a part of it could not travel: then
/// the message had better stay as it came.
pub(super) fn restore(raw: &RawMessage, entity: &[u8]) -> Option<RawMessage> {
    let (outside, inside) = (Header::of(raw.as_bytes()), Header::of(entity));
    let readable = inside.is_regular() && !inside.empty_line.is_empty();
    if !readable || inside.body.contains(&0) {
        return None;
    }
    let protected = is_protected(inside);
    // Nobody may become somebody else: a From of another address stays inside.
    let author = |header: Header<'_>| {
        header
            .fields()
            .find(|field| field.is("from"))
            .and_then(|from| sole_address(&from))
    };
    let same_author = author(outside).is_some() && author(outside) == author(inside);
    let taken = |field: &Field<'_>| {
        protected
            && PROTECTED.iter().any(|name| field.is(name))
            && (same_author || !(field.is("from") || field.is("sender")))
    };
    let replaced = |field: &Field<'_>| {
        inside
            .fields()
            .any(|own| taken(&own) && field.name.is_some_and(|name| own.is(name)))
    };
    let mut message = Vec::with_capacity(raw.len());
    for field in outside.fields() {
        if !describes_body(&field) && !replaced(&field) {
            message.extend_from_slice(field.raw);
        }
    }
    message.extend_from_slice(b"MIME-Version: 1.0\r\n");
    for field in inside.fields() {
        if (describes_body(&field) && !field.is("mime-version")) || taken(&field) {
            message.extend_from_slice(field.raw);
        }
    }
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(inside.body);
    Some(RawMessage::new(message))
}

/// Whether its Content-Type says so (RFC 9788 §2.1.1).
fn is_protected(header: Header<'_>) -> bool {
    let Some(field) = header.fields().find(|field| field.is("content-type")) else {
        return false;
    };
    let value: String = String::from_utf8_lossy(field.value).split_whitespace().collect();
    let value = value.to_ascii_lowercase().replace('"', "");
    value
        .split(';')
        .any(|parameter| matches!(parameter, "hp=cipher" | "hp=clear"))
}

fn describes_body(field: &Field<'_>) -> bool {
    Kind::of(field) == Kind::Structural
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(outside: &str, inside: &str) -> Option<String> {
        let raw = RawMessage::new(format!(
            "{outside}Content-Type: application/pkcs7-mime\r\n\r\nx\r\n"
        ));
        let message = restore(&raw, inside.as_bytes())?;
        Some(String::from_utf8(message.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_protected_header_replaces_what_stood_outside_and_brings_no_trace() {
        let outside =
            "Received: a\r\nFrom: ann@x.example\r\nSubject: [...]\r\nX-Own: 1\r\nMIME-Version: 1.0\r\n";
        let inside = "Received: forged\r\nAuthentication-Results: gate; smime=pass\r\nX-Own: 2\r\nFrom: Ann <ann@x.example>\r\n\
                      Subject: Salary\r\nContent-Type: text/plain; hp=\"cipher\"\r\nHP-Outer: Subject: [...]\r\n\r\nHello\r\n";
        assert_eq!(
            restored(outside, inside).unwrap(),
            "Received: a\r\nX-Own: 1\r\nMIME-Version: 1.0\r\nFrom: Ann <ann@x.example>\r\nSubject: Salary\r\n\
             Content-Type: text/plain; hp=\"cipher\"\r\n\r\nHello\r\n"
        );
    }

    #[test]
    fn without_protection_the_outer_header_counts() {
        let inside = "Subject: other\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
        assert_eq!(
            restored("Subject: one\r\n", inside).unwrap(),
            "Subject: one\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        );
    }

    #[test]
    fn an_author_inside_who_is_another_one_does_not_count() {
        let inside = "From: boss@agency.example\r\nSubject: pay\r\nContent-Type: text/plain; hp=cipher\r\n\r\nHello\r\n";
        let message = restored("From: mallory@x.example\r\n", inside).unwrap();
        assert!(
            message.contains("From: mallory@x.example\r\n") && !message.contains("boss@"),
            "{message}"
        );
        let twice = restored("From: a@x.example, b@x.example\r\n", inside).unwrap();
        assert!(!twice.contains("boss@"), "{twice}");
    }

    #[test]
    fn what_is_no_entity_stays_closed() {
        for entity in [
            "",
            "no header",
            "X: y\r\n",
            "Content-Type: text/plain\n\nLF only\n",
            "\u{1}: x\r\n\r\n",
            "A: b\r\n\r\n\0",
        ] {
            assert_eq!(restored("From: a@x.example\r\n", entity), None, "{entity:?}");
        }
    }
}
