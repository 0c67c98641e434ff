//! UTF-7 (RFC 2152), by label and where a text without that label holds digits in it.

use encoding_rs::UTF_16BE;

use super::super::transfer::base64;
use super::unlabelled;
use super::wide::utf16;

/// UTF-7 (RFC 2152): `+` begins base64 of UTF-16BE, any other character ends it, and `-` is swallowed.
pub(super) fn decode(bytes: &[u8]) -> String {
    decode_behind(bytes, b'+')
}

/// The variant for names of mailboxes (RFC 3501 §5.1.3), in which `&` begins base64 and a comma stands for the slash.
pub(super) fn decode_imap(bytes: &[u8]) -> String {
    let slashes = bytes
        .iter()
        .map(|octet| if *octet == b',' { b'/' } else { *octet });
    decode_behind(&slashes.collect::<Vec<u8>>(), b'&')
}

fn decode_behind(bytes: &[u8], shift: u8) -> String {
    let mut text = String::new();
    let mut pieces = bytes.split(|octet| *octet == shift);
    text.push_str(&unlabelled(pieces.next().unwrap_or_default()));
    for piece in pieces {
        let shifted = |octet: &&u8| octet.is_ascii_alphanumeric() || **octet == b'/';
        let length = piece.iter().take_while(shifted).count();
        let (encoded, rest) = piece.split_at(length);
        text.push_str(&utf16(UTF_16BE, &base64(encoded).bytes));
        if encoded.is_empty() {
            text.push(char::from(shift));
        }
        text.push_str(&unlabelled(rest.strip_prefix(b"-").unwrap_or(rest)));
    }
    text
}

/// Digits that must stand in shifted sequences before a text without the label is taken for UTF-7.
const FEWEST_DIGITS: usize = 3;

/// Whether an ASCII text holds digits in UTF-7.
pub(super) fn hides_digits(bytes: &[u8]) -> bool {
    let mut digits = 0;
    for at in memchr::memchr_iter(b'+', bytes) {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        // Digits and the signs between them begin so, and full-width digits.
        if !rest.starts_with(b"A") && !rest.starts_with(b"/x") {
            continue;
        }
        let shifted = |octet: &&u8| octet.is_ascii_alphanumeric() || **octet == b'/';
        let length = rest.iter().take(LONGEST).take_while(shifted).count();
        let text = utf16(UTF_16BE, &base64(rest.get(..length).unwrap_or_default()).bytes);
        let plain = |c: char| matches!(c, ' '..='~' | '\u{ff00}'..='\u{ff5e}' | '\u{2010}'..='\u{2015}');
        if text.chars().all(plain) {
            digits += text.chars().filter(|c| c.is_numeric()).count();
        }
        if digits >= FEWEST_DIGITS {
            return true;
        }
    }
    false
}

/// Longer sequences are no sign of a hidden number.
const LONGEST: usize = 200;
