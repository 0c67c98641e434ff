//! Text strings (ISO 32000-2 §7.9.2.2) → text.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::mime;

/// PDFDocEncoding (ISO 32000-2 annex D.2) where it differs from Windows-1252.
const LOW: [char; 8] = ['˘', 'ˇ', 'ˆ', '˙', '˝', '˛', '˚', '˜'];
const HIGH: [char; 31] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ',
    'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž',
];

/// The text of a string. Of octets that are no text, the legible runs.
pub(in super::super) fn decode_text(string: &[u8]) -> String {
    let text = match string {
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ if string.len() >= 4 && looks_wide(string) => {
            UTF_16BE.decode_without_bom_handling(string).0.into_owned()
        }
        _ => match std::str::from_utf8(string) {
            Ok(text) => text.to_owned(),
            Err(_) => string.iter().map(|octet| document_character(*octet)).collect(),
        },
    };
    let controls = text
        .chars()
        .filter(|c| c.is_control() && !c.is_whitespace())
        .count();
    if controls * 8 > text.chars().count() {
        return mime::printable(string);
    }
    without_language_escapes(text)
}

/// UTF-16 without a mark: every other octet is nought.
fn looks_wide(string: &[u8]) -> bool {
    let mut pairs = string.chunks_exact(2);
    string.len().is_multiple_of(2)
        && pairs.all(|pair| pair.first() == Some(&0) && pair.last().is_some_and(|low| *low != 0))
}

fn document_character(octet: u8) -> char {
    match octet {
        0x18..=0x1f => LOW.get(usize::from(octet - 0x18)).copied().unwrap_or(' '),
        0x80..=0x9e => HIGH.get(usize::from(octet - 0x80)).copied().unwrap_or(' '),
        0xa0 => '€',
        _ => WINDOWS_1252
            .decode_without_bom_handling(&[octet])
            .0
            .chars()
            .next()
            .unwrap_or(' '),
    }
}

/// Languages stand between two ESC in the middle of a text (ISO 32000-2 §14.9.2.2).
fn without_language_escapes(text: String) -> String {
    if !text.contains('\u{1b}') {
        return text;
    }
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        match parts.next() {
            Some(after) if part.len() <= 8 => plain.push_str(after),
            after => {
                plain.push(' ');
                plain.push_str(part);
                plain.push(' ');
                plain.push_str(after.unwrap_or_default());
            }
        }
    }
    plain
}
