//! The name that a message's sender gave it (RFC 5322 §3.6.4).

use super::header::Header;

/// The longest one that is taken: it has to fit into one line of a notice.
const LONGEST: usize = 250;

/// The Message-ID with its angle brackets, when the header has exactly one field of that name and its value is
/// well-formed: printable ASCII, one `@`, nothing beside it.
pub(super) fn of(header: &Header<'_>) -> Option<String> {
    let mut fields = header.fields.iter().filter(|field| field.is("message-id"));
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let value = field.value.trim_ascii();
    let inside = value.strip_prefix(b"<")?.strip_suffix(b">")?;
    let plain = |octet: &u8| octet.is_ascii_graphic() && !b"<>\"\\(),".contains(octet);
    let whole = inside.iter().filter(|octet| **octet == b'@').count() == 1
        && !inside.starts_with(b"@")
        && !inside.ends_with(b"@")
        && value.len() <= LONGEST;
    let text = std::str::from_utf8(value).ok()?;
    (whole && inside.iter().all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::header;
    use super::*;

    fn read(header: &str) -> Option<String> {
        of(&header::parse(format!("{header}\r\n\r\n").as_bytes(), 100))
    }

    #[test]
    fn one_well_formed_message_id_is_taken_folded_or_not() {
        assert_eq!(
            read("Message-ID: <a.b@c.example>").as_deref(),
            Some("<a.b@c.example>")
        );
        assert_eq!(read("message-id:\r\n\t<a@b>").as_deref(), Some("<a@b>"));
    }

    #[test]
    fn several_broken_or_decorated_message_ids_are_none() {
        for text in [
            "Subject: x",
            "Message-ID: <a@b>\r\nMessage-ID: <c@d>",
            "Message-ID: a@b",
            "Message-ID: <a@b> (note)",
            "Message-ID: <a b@c>",
            "Message-ID: <@b>",
            "Message-ID: <a@>",
            "Message-ID: <>",
            "Message-ID: <\u{e9}@b>",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&format!("Message-ID: <{}@b>", "a".repeat(LONGEST))), None);
    }
}
