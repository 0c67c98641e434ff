//! Fields as programs send them in a line: what a browser makes of a form (`name=Jane+Doe&ssn=…`, WHATWG URL §5.1), and
//! the records of QIF, whose lines begin with a letter for the field. Each is read as labels and values.

use super::Visit;
use crate::mime::TextKind;

/// Longer lines are no fields of a form.
const LONGEST_LINE: usize = 64 << 10;

/// Hands out what a text holds of such fields.
pub(super) fn read(visit: &mut Visit<'_>, text: &str) {
    let fields = form_fields(text);
    if !fields.is_empty() {
        visit.text(TextKind::Body, fields);
    }
    if let Some(records) = qif(text) {
        visit.text(TextKind::Body, records);
    }
}

/// The fields of all lines that are nothing but fields of a form and hide something by its encoding.
fn form_fields(text: &str) -> String {
    let mut fields = String::new();
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return fields;
    }
    let lines = text.lines().map(str::trim).filter(|line| is_form(line));
    for line in lines {
        for (label, value) in line.split('&').filter_map(|pair| pair.split_once('=')) {
            decode(label, &mut fields);
            fields.push_str(": ");
            decode(value, &mut fields);
            fields.push('\n');
        }
        fields.push('\n');
    }
    fields
}

fn is_form(line: &str) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'=' | b'&' | b'+' | b'%' | b'-' | b'_' | b'.' | b'*' | b'[' | b']' | b'~'
            )
    };
    let coded = |byte: u8| matches!(byte, b'+' | b'%');
    line.len() <= LONGEST_LINE
        && line.contains('&')
        && line.bytes().all(is_part)
        && line.bytes().any(coded)
        && line.split('&').all(|pair| pair.contains('='))
}

/// Appends a text without its encoding. Octets that are no UTF-8 are those of Latin-1.
fn decode(coded: &str, out: &mut String) {
    let mut octets = Vec::with_capacity(coded.len());
    let mut rest = coded.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|_| *byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        octets.push(escaped.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
        rest = match escaped {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    match String::from_utf8(octets) {
        Ok(text) => out.push_str(&text),
        Err(error) => out.extend(error.as_bytes().iter().map(|octet| char::from(*octet))),
    }
}

/// The records of a QIF file, each field in a line without its letter.
fn qif(text: &str) -> Option<String> {
    const HEADERS: [&str; 4] = ["!Account", "!Type:", "!Option:", "!Clear:"];
    let first = text.trim_start_matches('\u{feff}').trim_start();
    if !HEADERS.iter().any(|header| first.starts_with(header)) {
        return None;
    }
    let mut records = String::with_capacity(text.len());
    for line in text.lines() {
        let field = match line.trim_end() {
            "^" => "",
            header if header.starts_with('!') => "",
            field => field.get(1..).unwrap_or_default(),
        };
        records.push_str(field);
        records.push('\n');
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::{form_fields, qif};

    #[test]
    fn what_a_browser_sends_is_labels_and_values() {
        assert_eq!(
            form_fields("name=Jane+Doe&ssn=536%2D22%2D8145&city=S%C3%A3o%20Paulo\nhello & goodbye = 1"),
            "name: Jane Doe\nssn: 536-22-8145\ncity: São Paulo\n\n"
        );
        assert_eq!(
            form_fields("n=M%FCller&p=100%&q=%zz"),
            "n: Müller\np: 100%\nq: %zz\n\n"
        );
    }

    #[test]
    fn addresses_of_pages_and_prose_are_no_forms() {
        for text in [
            "https://example.org/?a=1%20&b=2",
            "a=1&b=2",
            "see a=b+c & d=e",
            "x+y=z",
            "",
        ] {
            assert_eq!(form_fields(text), "", "{text}");
        }
    }

    #[test]
    fn the_letters_of_qif_go() {
        let text = "!Account\nNMary Jones checking account number\nD4830127755\n^\n";
        assert_eq!(
            qif(text).as_deref(),
            Some("\nMary Jones checking account number\n4830127755\n\n")
        );
        assert_eq!(qif("Account\nNMary"), None);
    }
}
