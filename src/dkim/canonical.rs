//! The canonical form that is signed: `relaxed/relaxed` (RFC 6376 §3.4.2, §3.4.4), which survives what servers do to
//! white space.

/// A header field: its name, and all of it with its CRLF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// The fields of a message, in order, and its body. A line that belongs to no field ends the header.
pub(super) fn split(message: &[u8]) -> (Vec<Field<'_>>, &[u8]) {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut rest = message;
    loop {
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return (fields, body);
        }
        let Some(length) = field_length(rest) else {
            return (fields, rest);
        };
        let (whole, after) = rest.split_at(length);
        let Some(colon) = memchr::memchr(b':', whole) else {
            return (fields, rest);
        };
        let name = whole.get(..colon).unwrap_or_default().trim_ascii_end();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return (fields, rest);
        }
        fields.push(Field { name, whole });
        rest = after;
    }
}

/// Octets up to the end of the field at the beginning: a CRLF that no white space follows.
fn field_length(text: &[u8]) -> Option<usize> {
    let ends = memchr::memmem::find_iter(text, b"\r\n").map(|end| end + 2);
    let mut ends = ends.filter(|end| !matches!(text.get(*end), Some(b' ' | b'\t')));
    match ends.next() {
        Some(end) => Some(end),
        None => (!text.is_empty()).then_some(text.len()),
    }
}

/// A field as it is signed, without CRLF at its end.
pub(super) fn field(whole: &[u8]) -> Vec<u8> {
    let colon = memchr::memchr(b':', whole).unwrap_or(whole.len());
    let (name, value) = whole.split_at(colon);
    let mut line = name.trim_ascii_end().to_ascii_lowercase();
    line.push(b':');
    let value = value.get(1..).unwrap_or_default();
    let words = value.split(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n'));
    for (number, word) in words.filter(|word| !word.is_empty()).enumerate() {
        if number > 0 {
            line.push(b' ');
        }
        line.extend_from_slice(word);
    }
    line
}

/// Gives a body in its canonical form, piece by piece.
pub(super) fn body(body: &[u8], mut take: impl FnMut(&[u8])) {
    // Empty lines count only when something follows them.
    let mut empty = 0_usize;
    let mut line = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (text, after) = match memchr::memmem::find(rest, b"\r\n") {
            Some(end) => (
                rest.get(..end).unwrap_or_default(),
                rest.get(end + 2..).unwrap_or_default(),
            ),
            None => (rest, &[][..]),
        };
        rest = after;
        line.clear();
        relax(text, &mut line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        (0..std::mem::take(&mut empty)).for_each(|_| take(b"\r\n"));
        line.extend_from_slice(b"\r\n");
        take(&line);
    }
}

/// Runs of white space become one space; none stands at the end.
fn relax(text: &[u8], line: &mut Vec<u8>) {
    let mut blank = false;
    for octet in text {
        if matches!(octet, b' ' | b'\t') {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            line.push(b' ');
        }
        line.push(*octet);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &[u8]) -> Vec<u8> {
        let mut whole = Vec::new();
        body(text, |piece| whole.extend_from_slice(piece));
        whole
    }

    #[test]
    fn the_standards_example_comes_out() {
        // RFC 6376 §3.4.5.
        let message = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
        let (fields, text) = split(message);
        let headers: Vec<Vec<u8>> = fields.iter().map(|one| field(one.whole)).collect();
        assert_eq!(headers, [b"a:X".to_vec(), b"b:Y Z".to_vec()]);
        assert_eq!(canonical(text), b" C\r\nD E\r\n");
    }

    #[test]
    fn a_body_of_nothing_is_nothing_and_a_last_line_gets_its_end() {
        for (text, expected) in [
            ("", ""),
            ("\r\n\r\n", ""),
            ("a", "a\r\n"),
            (" \r\n\r\na\r\n \r\n", "\r\n\r\na\r\n"),
        ] {
            assert_eq!(canonical(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_message_panics_and_its_pieces_are_whole(message in proptest::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b' '), any::<u8>()], 0..200,
        )) {
            let (fields, rest) = split(&message);
            let read: usize = fields.iter().map(|one| one.whole.len()).sum();
            prop_assert!(read + rest.len() <= message.len() && read + rest.len() + 2 >= message.len());
            for one in fields {
                prop_assert!(!field(one.whole).contains(&b'\n'));
            }
            canonical(rest);
        }
    }
}
