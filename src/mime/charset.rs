//! Octets → text, by label where it fits and by content where it does not.
//!
//! Where label and content disagree both readings are given, since mail readers disagree too.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A text and, where it is in doubt, what another reader would see.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// What most readers show.
    pub text: String,
    /// What some readers show instead, when it differs.
    pub other: Option<String>,
    /// Why neither may be what a reader shows, for people.
    pub doubt: Option<&'static str>,
}

impl Readings {
    /// All readings.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.text.as_str()).chain(self.other.as_deref())
    }
}

/// Whether the octets themselves show that they are UTF-16 or UTF-32.
pub fn is_wide(bytes: &[u8]) -> bool {
    let marked = bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.starts_with(&[0, 0, 0xfe, 0xff]);
    marked || order_of_zeros(bytes).is_some()
}

/// Decodes a document whose label says `label`.
pub fn read(bytes: &[u8], label: Option<&str>) -> Readings {
    let label = label.unwrap_or_default().as_bytes();
    if let Some(text) = by_byte_order_mark(bytes).or_else(|| by_zero_octets(bytes)) {
        return Readings {
            text,
            ..Readings::default()
        };
    }
    let labelled = labelled(bytes, label);
    let mut readings = Readings {
        text: labelled.text,
        other: None,
        doubt: labelled.doubt,
    };
    if bytes.is_ascii() && is_ascii_superset(label) && !bytes.contains(&0x1b) {
        return readings;
    }
    readings.other = other_reading(bytes, label, labelled.doubtful).filter(|other| *other != readings.text);
    readings
}

/// Text whose label is certain not to be there: UTF-8 if it is valid, else windows-1252.
pub(super) fn unlabelled(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// Text by its label alone.
pub(super) struct Labelled {
    pub text: String,
    /// The octets do not fit the label, or the label is unknown or a trap.
    pub doubtful: bool,
    pub doubt: Option<&'static str>,
}

/// Decodes by label; an unknown label counts as none.
pub(super) fn labelled(bytes: &[u8], label: &[u8]) -> Labelled {
    let certain = |text: String| Labelled {
        text,
        doubtful: false,
        doubt: None,
    };
    if is_utf7(label) {
        return Labelled {
            text: utf7(bytes),
            doubtful: true,
            doubt: None,
        };
    }
    if let Some(big) = utf32_label(label) {
        return certain(utf32(bytes, big));
    }
    match Encoding::for_label(label) {
        Some(encoding) if encoding == encoding_rs::REPLACEMENT => Labelled {
            text: unlabelled(bytes).into_owned(),
            doubtful: true,
            doubt: Some("its character set is not read"),
        },
        Some(encoding) => {
            let (text, doubtful) = encoding.decode_without_bom_handling(bytes);
            Labelled {
                text: text.into_owned(),
                doubtful,
                doubt: None,
            }
        }
        None => Labelled {
            text: unlabelled(bytes).into_owned(),
            doubtful: !label.trim_ascii().is_empty(),
            doubt: doubt_of_unknown(bytes, label),
        },
    }
}

/// An unknown charset may be EBCDIC, in which nothing looks like what it is. One octet in five says so; the
/// unknown supersets of ASCII use fewer.
fn doubt_of_unknown(bytes: &[u8], label: &[u8]) -> Option<&'static str> {
    let high = bytes.iter().filter(|octet| **octet >= 0x80).count();
    let unknown = !label.trim_ascii().is_empty() && std::str::from_utf8(bytes).is_err();
    (unknown && high * 5 > bytes.len()).then_some("its character set is unknown")
}

/// What a reader that goes by content, or by another label, would see.
fn other_reading(bytes: &[u8], label: &[u8], doubtful: bool) -> Option<String> {
    let escapes = memchr::memmem::find(bytes, b"\x1b$").or_else(|| memchr::memmem::find(bytes, b"\x1b("));
    let encoding = Encoding::for_label(label);
    if escapes.is_some() && encoding != Some(ISO_2022_JP) {
        return Some(ISO_2022_JP.decode_without_bom_handling(bytes).0.into_owned());
    }
    let wide = [UTF_16LE, UTF_16BE]
        .into_iter()
        .find(|wide| encoding == Some(*wide));
    if let Some(wide) = wide {
        let narrow = bytes.iter().filter(|octet| matches!(octet, 0x20..0x7f)).count() * 10 > bytes.len() * 9;
        let swapped = if wide == UTF_16LE { UTF_16BE } else { UTF_16LE };
        let other = if narrow {
            unlabelled(bytes)
        } else {
            swapped.decode_without_bom_handling(bytes).0
        };
        return Some(other.into_owned());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    match encoding {
        Some(_) if doubtful => Some(unlabelled(bytes).into_owned()),
        Some(_) => None,
        None => partly_utf8(bytes),
    }
}

/// The UTF-8 reading of octets that are not quite UTF-8, when some of them are.
fn partly_utf8(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let some = text
        .chars()
        .any(|character| !character.is_ascii() && character != char::REPLACEMENT_CHARACTER);
    some.then(|| text.into_owned())
}

/// Whether octets below 0x80 mean ASCII in the charset called `label`; unknown ones are taken to.
pub(super) fn is_ascii_superset(label: &[u8]) -> bool {
    let stateful = is_utf7(label) || utf32_label(label).is_some();
    !stateful && Encoding::for_label(label).is_none_or(Encoding::is_ascii_compatible)
}

fn is_utf7(label: &[u8]) -> bool {
    let label = label.trim_ascii().to_ascii_lowercase();
    matches!(
        label.as_slice(),
        b"utf-7" | b"utf7" | b"unicode-1-1-utf-7" | b"unicode-2-0-utf-7"
    )
}

/// Whether the label names UTF-32, and if so whether it is big-endian.
fn utf32_label(label: &[u8]) -> Option<bool> {
    let label = label.trim_ascii().to_ascii_lowercase();
    match label.as_slice() {
        b"utf-32" | b"utf32" | b"utf-32be" | b"ucs-4" | b"iso-10646-ucs-4" => Some(true),
        b"utf-32le" | b"ucs-4le" => Some(false),
        _ => None,
    }
}

fn by_byte_order_mark(bytes: &[u8]) -> Option<String> {
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

fn by_zero_octets(bytes: &[u8]) -> Option<String> {
    match order_of_zeros(bytes)? {
        Order::Two(encoding) => Some(utf16(encoding, bytes)),
        Order::Four { big } => Some(utf32(bytes, big)),
    }
}

fn utf16(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn utf32(bytes: &[u8], big: bool) -> String {
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

/// UTF-7 (RFC 2152): `+` begins base64 of UTF-16BE, any other character ends it, and `-` is swallowed.
fn utf7(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut pieces = bytes.split(|octet| *octet == b'+');
    text.push_str(&unlabelled(pieces.next().unwrap_or_default()));
    for piece in pieces {
        let shifted = |octet: &&u8| octet.is_ascii_alphanumeric() || **octet == b'/';
        let length = piece.iter().take_while(shifted).count();
        let (encoded, rest) = piece.split_at(length);
        text.push_str(&utf16(UTF_16BE, &super::transfer::base64(encoded).bytes));
        if encoded.is_empty() {
            text.push('+');
        }
        text.push_str(&unlabelled(rest.strip_prefix(b"-").unwrap_or(rest)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str, octets: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(octets).collect()
    }

    #[test]
    fn wide_text_is_read_with_and_without_a_mark_and_whatever_the_label() {
        let little = wide("SSN 536-22-8145", u16::to_le_bytes);
        let big = wide("SSN 536-22-8145", u16::to_be_bytes);
        let marked = [vec![0xff, 0xfe], little.clone()].concat();
        let long: Vec<u8> = "SSN 536-22-8145"
            .chars()
            .flat_map(|c| (c as u32).to_le_bytes())
            .collect();
        for bytes in [little, big, marked, long] {
            for label in [None, Some("us-ascii"), Some("utf-16"), Some("nonsense")] {
                assert_eq!(read(&bytes, label).text, "SSN 536-22-8145");
            }
        }
    }

    #[test]
    fn both_readings_are_given_where_label_and_content_disagree() {
        let readings = read("５３６-22-8145".as_bytes(), Some("windows-1252"));
        assert_eq!(readings.other.as_deref(), Some("５３６-22-8145"));
        let readings = read(b"SSN 536-22-8145", Some("utf-16be"));
        assert_eq!(readings.other.as_deref(), Some("SSN 536-22-8145"));
        let broken = ["５３６".as_bytes(), b"\xff\xff\xff\xff"].concat();
        assert!(read(&broken, Some("utf-8")).text.starts_with("５３６"));
        assert!(
            read(&broken, None)
                .other
                .is_some_and(|other| other.starts_with("５３６"))
        );
        let shifted = b"\x1b$B#5#3#6\x1b(B-22-8145";
        assert_eq!(read(shifted, None).other.as_deref(), Some("５３６-22-8145"));
        assert_eq!(read(shifted, Some("iso-2022-jp")).text, "５３６-22-8145");
    }

    #[test]
    fn ordinary_text_has_one_reading() {
        for (bytes, label) in [
            (&b"caf\xe9"[..], Some("iso-8859-1")),
            ("café".as_bytes(), Some("utf-8")),
            (b"plain", Some("us-ascii")),
            (b"plain", None),
            ("café".as_bytes(), None),
            (b"caf\xe9", None),
        ] {
            assert_eq!(read(bytes, label).other, None, "{label:?}");
        }
        assert_eq!(read(b"caf\xe9", None).text, "café");
    }

    #[test]
    fn utf_7_is_decoded_when_the_label_says_so() {
        assert_eq!(
            read(b"+ADUAMwA2--22-8145 a+-b", Some("utf-7")).text,
            "536-22-8145 a+b"
        );
    }

    #[test]
    fn a_charset_that_is_not_read_is_named() {
        assert!(read(b"~{#5#3#6~}", Some("hz-gb-2312")).doubt.is_some());
        assert!(
            read(&[0xf5, 0xf3, 0xf6, 0x60, 0xf2, 0xf2], Some("cp037"))
                .doubt
                .is_some()
        );
        assert!(read(b"caf\xe9 au lait", Some("x-unknown")).doubt.is_none());
    }
}
