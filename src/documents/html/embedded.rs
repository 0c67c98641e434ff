//! Files and texts inside the attributes and styles of a page.

use memchr::memmem;

use crate::mime::decode_base64;

/// A file inside a page.
#[derive(Debug)]
pub(super) struct Embedded {
    /// What the page says that it is.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Whether a value is a file (RFC 2397).
pub(super) fn is_data(value: &str) -> bool {
    let start = value.trim_start().as_bytes().get(..5);
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"data:"))
}

/// The file that a `data:` URL holds.
pub(super) fn file(url: &str) -> Option<Embedded> {
    let (head, data) = url.trim_start().get(5..)?.split_once(',')?;
    let head = head.trim().to_ascii_lowercase();
    let octets = percent_decoded(data.as_bytes());
    let bytes = if head.ends_with("base64") {
        decode_base64(&octets)
    } else {
        octets
    };
    let media_type = head.split(';').next().unwrap_or_default().to_owned();
    (!bytes.trim_ascii().is_empty()).then_some(Embedded { media_type, bytes })
}

fn percent_decoded(octets: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (before, escape) = rest.split_at(at);
        decoded.extend_from_slice(before);
        let digits = escape
            .get(1..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let octet = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(octet.unwrap_or(b'%'));
        rest = escape
            .get(if octet.is_some() { 3 } else { 1 }..)
            .unwrap_or_default();
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// Adds the files that a style refers to. Typefaces are left out: nobody reads in them.
pub(super) fn in_style(style: &str, files: &mut Vec<Embedded>) {
    let mut done = 0;
    for at in memmem::find_iter(style.as_bytes(), b"url(") {
        if at < done {
            continue;
        }
        let url = style.get(at + 4..).unwrap_or_default().trim_start();
        let url = url.trim_start_matches(['"', '\'']);
        if !is_data(url) || url.get(5..).is_some_and(is_typeface) {
            continue;
        }
        let end = memchr::memchr3(b')', b'"', b'\'', url.as_bytes()).unwrap_or(url.len());
        done = at + end;
        files.extend(url.get(..end).and_then(file));
    }
}

fn is_typeface(media_type: &str) -> bool {
    [
        "font/",
        "application/font",
        "application/x-font",
        "application/vnd.ms-fontobject",
    ]
    .iter()
    .any(|kind| media_type.starts_with(kind))
}

/// A style with its escapes undone (CSS Syntax §4.3.7), where it has some and shows a text.
pub(super) fn unescaped_style(style: &str) -> Option<String> {
    if !style.contains('\\') || !style.contains("content") {
        return None;
    }
    let mut plain = String::with_capacity(style.len());
    let mut pieces = style.split('\\');
    plain.push_str(pieces.next()?);
    for piece in pieces {
        let length = piece.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let code = piece
            .get(..length)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let rest = match code.and_then(char::from_u32) {
            Some(character) => {
                plain.push(character);
                let rest = piece.get(length..).unwrap_or_default();
                rest.strip_prefix(char::is_whitespace).unwrap_or(rest)
            }
            None => piece,
        };
        plain.push_str(rest);
    }
    Some(plain)
}
