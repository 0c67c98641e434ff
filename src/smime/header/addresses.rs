//! Reduces an address field to bare addresses: no display names, no comments, nothing that is not surely an
//! ordinary address.

use std::str::FromStr;

use crate::message::Address;

use super::Field;

/// Digits that all addresses of one field may have together. Whatever was found in the field may stand in an
/// address itself; numbers that identify people and accounts have more digits than this.
const DIGITS: usize = 3;

/// The field with bare addresses only. Addresses that might carry personal information are left out. Without
/// any, `From` and `To` name an empty group, since mail without them is refused (RFC 5322 §3.6, RFC 6854);
/// other fields vanish.
pub(super) fn bare(field: &Field<'_>) -> String {
    let name = field.name.unwrap_or_default();
    let mut digits = 0;
    let mut shown = Vec::new();
    for address in elements(field.value).filter_map(|element| ordinary(&element)) {
        digits += address.bytes().filter(u8::is_ascii_digit).count();
        if digits > DIGITS {
            break;
        }
        shown.push(address);
    }
    if !shown.is_empty() {
        return format!("{name}: {}\r\n", shown.join(",\r\n "));
    }
    match name.to_ascii_lowercase().as_str() {
        "from" => "From: undisclosed-sender:;\r\n".to_owned(),
        "to" => "To: undisclosed-recipients:;\r\n".to_owned(),
        _ => String::new(),
    }
}

/// Addresses that the field surely names to everyone who reads it.
pub(in super::super) fn named(field: &Field<'_>) -> impl Iterator<Item = Address> {
    let ordinary = elements(field.value).filter_map(|element| ordinary(&element));
    ordinary.filter_map(|address| Address::from_str(&address).ok())
}

/// The address of a field that names exactly one, beyond doubt. A display name that looks like an address, groups
/// and quoted strings in the address are doubts.
pub(in super::super) fn sole(field: &Field<'_>) -> Option<Address> {
    let mut rest = field.value;
    let mut found = None;
    while !rest.is_empty() {
        let mut reader = Element::default();
        let end = rest.iter().position(|byte| reader.take(*byte));
        let size = end.map_or(rest.len(), |at| at + 1);
        let separator = end.and_then(|at| rest.get(at));
        let name_misleads = reader.had_angle && reader.plain.contains(&b'@');
        let is_nothing = reader.plain.trim_ascii().is_empty() && !reader.had_angle;
        if separator.is_some_and(|byte| *byte != b',') || name_misleads || reader.quoted || reader.in_angle {
            return None;
        }
        if !is_nothing && found.replace(reader.address()).is_some() {
            return None;
        }
        rest = rest.get(size..).unwrap_or_default();
    }
    Address::from_str(&found?).ok()
}

/// An address that is written with the plainest characters only. Encoded words and other clothes that text
/// can wear inside an address are not plain.
fn ordinary(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+'@".contains(&byte);
    let address = Address::from_str(text).ok()?;
    text.bytes().all(plain).then(|| address.to_string())
}

/// What stands where an address may stand: between angle brackets, or a whole element outside of comments and
/// quoted strings.
fn elements(value: &[u8]) -> impl Iterator<Item = String> {
    let mut rest = value;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (element, size) = element(rest);
        rest = rest.get(size..).unwrap_or_default();
        Some(element)
    })
}

/// Reads up to the next separator; gives the address's text and how many octets were read.
fn element(bytes: &[u8]) -> (String, usize) {
    let mut reader = Element::default();
    for (at, byte) in bytes.iter().enumerate() {
        if reader.take(*byte) {
            return (reader.address(), at + 1);
        }
    }
    (reader.address(), bytes.len())
}

#[derive(Default)]
struct Element {
    plain: Vec<u8>,
    angle: Vec<u8>,
    comments: usize,
    quoted: bool,
    escaped: bool,
    in_angle: bool,
    had_angle: bool,
    broken: bool,
}

impl Element {
    /// Takes one octet; says whether the element ended with it.
    fn take(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
            return false;
        }
        match byte {
            b'\\' => self.escaped = true,
            b'"' if self.comments == 0 => self.quote(),
            _ if self.quoted => {}
            b'(' => self.comments += 1,
            b')' => self.comments = self.comments.saturating_sub(1),
            _ if self.comments > 0 => {}
            b',' | b';' | b':' if !self.in_angle => return true,
            b'<' => {
                self.broken |= self.had_angle;
                (self.in_angle, self.had_angle) = (true, true);
            }
            b'>' => self.in_angle = false,
            _ if self.in_angle => self.angle.push(byte),
            _ => self.plain.push(byte),
        }
        false
    }

    /// A quoted string inside the brackets is a part of the address, and such an address is not ordinary.
    fn quote(&mut self) {
        self.quoted = !self.quoted;
        self.broken |= self.in_angle;
    }

    fn address(self) -> String {
        let text = if self.had_angle { self.angle } else { self.plain };
        if self.broken {
            return String::new();
        }
        String::from_utf8_lossy(text.trim_ascii()).into_owned()
    }
}
