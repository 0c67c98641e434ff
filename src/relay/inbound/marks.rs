//! What the gateway writes above a message from outside, and what of it strangers must not write
//! (RFC 8601 §5, RFC 7281).

use crate::message::RawMessage;
use crate::smime::Opened;

/// Puts an Authentication-Results field on top and takes away those that bear the gateway's own name: only the
/// gateway may speak for itself. Everything else stays as it is, byte for byte.
pub(super) fn mark(raw: &RawMessage, hostname: &str, result: &str) -> RawMessage {
    let mut marked = format!("Authentication-Results: {hostname};\r\n\t{result}\r\n").into_bytes();
    let (header, rest) = raw.as_bytes().split_at(header_size(raw.as_bytes()));
    let mut left = header;
    while !left.is_empty() {
        let (field, behind) = left.split_at(field_size(left));
        if !is_ours(field, hostname) {
            marked.extend_from_slice(field);
        }
        left = behind;
    }
    marked.extend_from_slice(rest);
    RawMessage::new(marked)
}

/// The field that tells readers that the gateway has decrypted a message; nobody else may write it.
const DECRYPTED: &str = "Sealgate-Decrypted";

/// Puts on top that the gateway has decrypted the message.
pub(super) fn mark_decrypted(opened: &Opened, hostname: &str) -> RawMessage {
    let field = format!(
        "{DECRYPTED}: {hostname}; cipher={};\r\n\tcertificate={}\r\n",
        quoted(opened.cipher),
        opened.certificate
    );
    RawMessage::new([field.as_bytes(), opened.message().as_bytes()].concat())
}

/// Whether the field claims to be ours. One that only mentions our name counts, too: whether a reader would take it for
/// ours is his affair.
fn is_ours(field: &[u8], hostname: &str) -> bool {
    const NAME: &[u8] = b"authentication-results";
    let start = field.get(..DECRYPTED.len()).unwrap_or_default();
    if start.eq_ignore_ascii_case(DECRYPTED.as_bytes()) {
        return true;
    }
    let Some(name) = field.get(..NAME.len()) else {
        return false;
    };
    let behind = field.get(NAME.len()..).unwrap_or_default().trim_ascii_start();
    if !name.eq_ignore_ascii_case(NAME) || !behind.starts_with(b":") {
        return false;
    }
    let folded: String = String::from_utf8_lossy(behind)
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    folded
        .to_ascii_lowercase()
        .contains(&hostname.to_ascii_lowercase())
}

/// Octets up to the empty line, without it.
fn header_size(message: &[u8]) -> usize {
    let mut size = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line == b"\r\n" || line == b"\n" {
            break;
        }
        size += line.len();
    }
    size
}

/// The first field with its folded lines.
fn field_size(header: &[u8]) -> usize {
    let mut size = 0;
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if size > 0 && !matches!(line.first(), Some(b' ' | b'\t')) {
            break;
        }
        size += line.len();
    }
    size
}

/// A text as a quoted string of a header field: printable ASCII, at most so long.
pub(super) fn quoted(text: &str) -> String {
    let plain = text
        .chars()
        .map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' })
        .filter(|c| !matches!(c, '"' | '\\'));
    format!("\"{}\"", plain.take(200).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_that_bear_our_name_are_taken_away() {
        let raw = RawMessage::new(
            "Received: x\r\nAuthentication-Results: gate.example; smime=pass\r\nauthentication-results : (c)\r\n GATE.example\r\n\
             \t; smime=pass\r\nAuthentication-Results: other.example; dkim=pass\r\nX-Authentication-Results: gate.example\r\n\
             Subject: x\r\n\r\nAuthentication-Results: gate.example; smime=pass\r\n",
        );
        let marked = mark(&raw, "gate.example", "smime=none");
        assert_eq!(
            String::from_utf8_lossy(marked.as_bytes()),
            "Authentication-Results: gate.example;\r\n\tsmime=none\r\nReceived: x\r\nAuthentication-Results: \
             other.example; dkim=pass\r\nX-Authentication-Results: gate.example\r\nSubject: x\r\n\r\n\
             Authentication-Results: gate.example; smime=pass\r\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_bytes_are_nothing_else_changes(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let marked = mark(&RawMessage::new(bytes.clone()), "gate.example", "smime=none");
            proptest::prop_assert!(marked.as_bytes().ends_with(&bytes));
        }
    }

    #[test]
    fn a_quoted_text_cannot_leave_its_quotes() {
        assert_eq!(quoted("a \"b\"\r\nX: \\é"), "\"a b??X: ?\"");
    }
}
