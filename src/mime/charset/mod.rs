//! Octets → text, by label where it fits and by content where it does not.
//!
//! Where label and content disagree both readings are given, since mail readers disagree too.

mod ebcdic;
mod shifted;
mod utf7;
mod wide;

use std::borrow::Cow;

use encoding_rs::{BIG5, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1252};

use wide::{by_byte_order_mark, by_zero_octets, utf32};

pub use ebcdic::is_ebcdic;
pub use wide::is_wide;

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
    if bytes.is_ascii() && is_ascii_superset(label) && memchr::memchr(0x1b, bytes).is_none() {
        readings.other = hidden_in_ascii(bytes).filter(|other| *other != readings.text);
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
            text: if is_imap(label) {
                utf7::decode_imap(bytes)
            } else {
                utf7::decode(bytes)
            },
            doubtful: true,
            doubt: None,
        };
    }
    if let Some(big) = utf32_label(label) {
        return certain(utf32(bytes, big));
    }
    if let Some(text) = shifted::labelled(bytes, label).or_else(|| ebcdic::labelled(bytes, label)) {
        return Labelled {
            text,
            doubtful: true,
            doubt: None,
        };
    }
    match known(label) {
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

/// The charset that a label names, in the spelling of the web or of programs that write mail.
fn known(label: &[u8]) -> Option<&'static Encoding> {
    let trimmed = label.trim_ascii();
    let macintosh = [
        &b"macroman"[..],
        b"mac-roman",
        b"mac_roman",
        b"applemac",
        b"mac-centeuro",
    ];
    let is_macintosh = || macintosh.iter().any(|name| trimmed.eq_ignore_ascii_case(name));
    Encoding::for_label(label).or_else(|| is_macintosh().then_some(encoding_rs::MACINTOSH))
}

/// Charsets that programs know and that are not read here: nothing in them looks like what it is.
const UNREAD: [&[u8]; 6] = [b"johab", b"cp1361", b"ms1361", b"scsu", b"bocu-1", b"cscesu-8"];

/// An unknown charset may be EBCDIC, in which nothing looks like what it is. One octet in five says so; the
/// unknown supersets of ASCII use fewer.
fn doubt_of_unknown(bytes: &[u8], label: &[u8]) -> Option<&'static str> {
    let high = bytes.iter().filter(|octet| **octet >= 0x80).count();
    let unknown = !label.trim_ascii().is_empty() && std::str::from_utf8(bytes).is_err();
    let unread = UNREAD
        .iter()
        .any(|name| label.trim_ascii().eq_ignore_ascii_case(name));
    (unknown && (unread || high * 5 > bytes.len())).then_some("its character set is unknown")
}

/// Digits that stand in ASCII in a way that only some readers undo.
fn hidden_in_ascii(bytes: &[u8]) -> Option<String> {
    if utf7::hides_digits(bytes) {
        return Some(utf7::decode(bytes));
    }
    shifted::hz_digits(bytes)
}

/// What a reader that goes by content, or by another label, would see.
fn other_reading(bytes: &[u8], label: &[u8], doubtful: bool) -> Option<String> {
    if let Some(text) = shifted::korean(bytes) {
        return Some(text);
    }
    let escapes = memchr::memmem::find(bytes, b"\x1b$").or_else(|| memchr::memmem::find(bytes, b"\x1b("));
    let encoding = Encoding::for_label(label);
    if escapes.is_some() && encoding != Some(ISO_2022_JP) {
        return Some(ISO_2022_JP.decode_without_bom_handling(bytes).0.into_owned());
    }
    let wide = [UTF_16LE, UTF_16BE]
        .into_iter()
        .find(|wide| encoding == Some(*wide));
    if let Some(wide) = wide {
        return Some(other_than_wide(bytes, wide));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    if let Some(wide) = with_wide_digits(bytes).filter(|wide| encoding != Some(*wide)) {
        return Some(wide.decode_without_bom_handling(bytes).0.into_owned());
    }
    if is_ebcdic(bytes) {
        return Some(ebcdic::decode(bytes));
    }
    match encoding {
        Some(_) if doubtful => Some(unlabelled(bytes).into_owned()),
        Some(_) => None,
        None => partly_utf8(bytes),
    }
}

/// What a reader sees that does not believe a label of UTF-16: the other order of octets, and without any zero among
/// them the octets as they are.
fn other_than_wide(bytes: &[u8], wide: &'static Encoding) -> String {
    let plain = |octet: &&u8| matches!(octet, b'\t' | b'\n' | b'\r' | 0x20..0x7f);
    let narrow = bytes.iter().filter(plain).count() * 5 > bytes.len() * 4;
    if narrow {
        return hidden_in_ascii(bytes).unwrap_or_else(|| unlabelled(bytes).into_owned());
    }
    let swapped = if wide == UTF_16LE { UTF_16BE } else { UTF_16LE };
    let mut other = swapped.decode_without_bom_handling(bytes).0.into_owned();
    if !bytes.contains(&0) {
        other.push('\n');
        other.push_str(&unlabelled(bytes));
    }
    other
}

/// The charset in which octets hold three full-width digits in a row, which they do in no other.
fn with_wide_digits(bytes: &[u8]) -> Option<&'static Encoding> {
    // GBK stands for EUC-JP and EUC-KR as well: the digits are the same.
    let charsets = [
        (SHIFT_JIS, 0x82, 0x4f..=0x58),
        (GBK, 0xa3, 0xb0..=0xb9),
        (BIG5, 0xa2, 0xaf..=0xb8),
    ];
    let row = |at: usize, lead: u8, digits: &std::ops::RangeInclusive<u8>| {
        let six = bytes.get(at..at + 6).unwrap_or_default();
        let mut pairs = six.chunks_exact(2);
        six.len() == 6
            && pairs.all(|pair| matches!(pair, [first, second] if *first == lead && digits.contains(second)))
    };
    charsets
        .into_iter()
        .find(|(_, lead, digits)| memchr::memchr_iter(*lead, bytes).any(|at| row(at, *lead, digits)))
        .map(|(encoding, ..)| encoding)
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
    let other = is_utf7(label) || utf32_label(label).is_some() || ebcdic::is_label(label);
    !other && Encoding::for_label(label).is_none_or(Encoding::is_ascii_compatible)
}

fn is_utf7(label: &[u8]) -> bool {
    let label = label.trim_ascii().to_ascii_lowercase();
    matches!(
        label.as_slice(),
        b"utf-7" | b"utf7" | b"unicode-1-1-utf-7" | b"unicode-2-0-utf-7"
    ) || is_imap(&label)
}

fn is_imap(label: &[u8]) -> bool {
    let label = label.trim_ascii().to_ascii_lowercase();
    matches!(
        label.as_slice(),
        b"utf-7-imap" | b"utf7-imap" | b"x-imap4-modified-utf7" | b"imap4-utf-7"
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

#[cfg(test)]
mod tests;
