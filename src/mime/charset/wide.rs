//! UTF-16 and UTF-32 (RFC 2781, Unicode §3.10), with and without a mark.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use super::unlabelled;

/// Whether the octets themselves show that they are UTF-16 or UTF-32.
pub fn is_wide(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.starts_with(&[0, 0, 0xfe, 0xff]);
    marked || order_of_zeros(bytes).is_some()
}

/// The text behind a byte order mark.
pub(super) fn by_byte_order_mark(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, false),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, true),
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] if std::str::from_utf8(rest).is_ok() => unlabelled(rest).into_owned(),
        _ => return None,
    };
    Some(text)
}

/// The width of wide characters, and whether their first octet is the highest.
enum Order {
    Two(&'static Encoding),
    Four { big: bool },
}

/// UTF-16 and UTF-32 without a mark: where most characters are ASCII, the zero octets show the order.
fn order_of_zeros(bytes: &[u8]) -> Option<Order> {
    let quarter = bytes.len() / 4;
    if quarter == 0 || memchr::memchr(0, bytes).is_none() {
        return None;
    }
    let mut zeros = [0usize; 4];
    for group in bytes.chunks_exact(4) {
        for (count, octet) in zeros.iter_mut().zip(group) {
            *count += usize::from(*octet == 0);
        }
    }
    let mostly = |count: usize| count * 5 >= quarter * 2;
    let hardly = |count: usize| count * 20 <= quarter;
    match zeros.map(|count| (mostly(count), hardly(count))) {
        [(_, true), (true, _), (true, _), (true, _)] => Some(Order::Four { big: false }),
        [(true, _), (true, _), (true, _), (_, true)] => Some(Order::Four { big: true }),
        [(_, true), (true, _), (_, true), (true, _)] => Some(Order::Two(UTF_16LE)),
        [(true, _), (_, true), (true, _), (_, true)] => Some(Order::Two(UTF_16BE)),
        _ => None,
    }
}

/// The text whose zero octets show that it is wide.
pub(super) fn by_zero_octets(bytes: &[u8]) -> Option<String> {
    match order_of_zeros(bytes)? {
        Order::Two(encoding) => Some(utf16(encoding, bytes)),
        Order::Four { big } => Some(utf32(bytes, big)),
    }
}

/// Decodes UTF-16.
pub(super) fn utf16(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// Decodes UTF-32.
pub(super) fn utf32(bytes: &[u8], big: bool) -> String {
    let code = |group: &[u8]| {
        let group: [u8; 4] = group.try_into().unwrap_or_default();
        if big {
            u32::from_be_bytes(group)
        } else {
            u32::from_le_bytes(group)
        }
    };
    let characters = bytes.chunks_exact(4).map(|group| char::from_u32(code(group)));
    characters
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
