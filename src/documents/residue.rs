//! Texts and files that stand encoded in a text: uuencode, base64 and BinHex without a label, quoted-printable that
//! nobody undid, and escapes of URLs, HTML and programming languages around digits.
//!
//! These are second readings: each costs ordinary text no more than a search for how it would begin.

use memchr::memmem;

use super::html::decode;
use super::json::escape;
use super::{Visit, encoded, excerpt, text};
use crate::mime::{TextKind, decode_base64, quoted_printable, uuencoded};

/// Files in one text.
const MOST_FILES: usize = 1_000;

/// Reads all of them.
pub(super) fn read(visit: &mut Visit<'_>, source: &str) {
    let octets = source.as_bytes();
    if ["egin", "EGIN"]
        .iter()
        .any(|word| memmem::find(octets, word.as_bytes()).is_some())
    {
        for (name, file) in uuencoded(octets) {
            hand_out(visit, Some(&name), file);
        }
    }
    let room = visit.room();
    if let Some((name, file)) = encoded::binhex(octets, room) {
        if file.len() >= room.saturating_sub(300) {
            visit.over_limit("a BinHex file");
        }
        hand_out(visit, Some(&name), file);
    }
    let blocks = base64_blocks(source);
    if blocks.len() > MOST_FILES {
        visit.over_limit("text in base64");
    }
    for block in blocks.into_iter().take(MOST_FILES) {
        let file = decode_base64(block.as_bytes());
        if says_something(&file) {
            hand_out(visit, None, file);
        }
    }
    let readings = [unquoted(source), unescaped(source), in_urls(source)];
    for reading in readings.into_iter().flatten() {
        if visit.spend(reading.len()) {
            visit.text_in("the decoded form", TextKind::Body, reading);
        } else {
            visit.over_limit("a decoded text");
        }
    }
}

fn hand_out(visit: &mut Visit<'_>, name: Option<&str>, file: Vec<u8>) {
    if !file.is_empty() {
        let name = name.filter(|name| !name.trim().is_empty());
        visit.decoded_file(name, "application/octet-stream", file);
    }
}

/// The shortest line that can only be base64.
const SHORTEST_LINE: usize = 40;

/// Lines of nothing but base64: the first ones equally long, the last one perhaps shorter.
fn base64_blocks(source: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut lines = Lines { source, at: 0 };
    while let Some((start, line)) = lines.next() {
        if line.len() < SHORTEST_LINE || !is_base64(line) {
            continue;
        }
        let mut end = start + line.len();
        let mut ahead = Lines { source, at: lines.at };
        while let Some((next, other)) = ahead.next() {
            if other.is_empty() || other.len() > line.len() || !is_base64(other) {
                break;
            }
            end = next + other.len();
            lines.at = ahead.at;
            if other.len() < line.len() {
                break;
            }
        }
        blocks.extend(source.get(start..end));
    }
    blocks
}

/// Lines with the offsets at which they begin, without the white space and quote marks around them.
struct Lines<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let rest = self.source.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..length)?;
        let text = line.trim_start_matches([' ', '>', '\t']);
        let start = self.at + line.len() - text.len();
        self.at += length + 1;
        Some((start, text.trim_end()))
    }
}

fn is_base64(line: &str) -> bool {
    let digits = line.trim_end_matches('=');
    line.len() - digits.len() <= 2
        && digits
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/'))
}

/// How files begin that are worth opening where nobody meant to show a file.
const SIGNATURES: [&[u8]; 8] = [
    b"PK\x03\x04",
    b"%PDF-",
    b"{\\rtf",
    b"\xd0\xcf\x11\xe0",
    b"\x1f\x8b\x08",
    b"7z\xbc\xaf",
    b"Rar!\x1a",
    b"x\x9f\x3e\x22",
];

/// Whether decoded octets are a text or a document, and no noise.
fn says_something(octets: &[u8]) -> bool {
    if SIGNATURES.iter().any(|signature| octets.starts_with(signature)) {
        return true;
    }
    let start = octets.get(..octets.len().min(4_096)).unwrap_or_default();
    let wide = crate::mime::charset::is_wide(start);
    let shown = start
        .iter()
        .filter(|octet| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
        .count();
    text::is_text(start) && (wide || shown * 10 >= start.len() * 9 || std::str::from_utf8(octets).is_ok())
}

/// Digits that must stand in escapes before a text is read for them.
const FEWEST: usize = 3;

/// A text that is still quoted-printable (RFC 2045 §6.7).
fn unquoted(source: &str) -> Option<String> {
    let octets = source.as_bytes();
    memchr::memchr(b'=', octets)?;
    // A digit in an escape with another escape behind it: `width=30` is none.
    let escaped = memmem::find_iter(octets, b"=3").filter(|at| {
        let digit = octets.get(at + 2).is_some_and(u8::is_ascii_digit);
        digit && octets.get(at + 3) == Some(&b'=') && octets.get(at + 4).is_some_and(u8::is_ascii_hexdigit)
    });
    let digits = escaped.take(2).count() == 2;
    if !digits && !is_broken_softly(octets) {
        return None;
    }
    let source = excerpt::telling(source, is_quoted);
    let decoded = quoted_printable(source.as_bytes());
    let decoded = String::from_utf8(decoded).unwrap_or_else(|error| {
        let octets = error.into_bytes();
        encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(&octets)
            .0
            .into_owned()
    });
    (decoded != source).then_some(decoded)
}

/// Whether a line has an escape of quoted-printable, or ends softly.
fn is_quoted(line: &str) -> bool {
    let octets = line.as_bytes();
    memchr::memchr_iter(b'=', octets).any(|at| {
        let behind = octets.get(at + 1..).unwrap_or_default();
        let escape = |pair: &[u8]| pair.iter().all(u8::is_ascii_hexdigit);
        behind.get(..2).is_some_and(escape) || behind.trim_ascii().is_empty()
    })
}

/// Whether lines end as quoted-printable breaks them, which it does before the 76th character.
fn is_broken_softly(octets: &[u8]) -> bool {
    let breaks = memmem::find_iter(octets, b"=\n").chain(memmem::find_iter(octets, b"=\r\n"));
    let soft = breaks.filter(|at| {
        let line = octets.get(at.saturating_sub(80)..*at).unwrap_or_default();
        let start = memchr::memrchr(b'\n', line).map_or(0, |at| at + 1);
        (60..=76).contains(&(line.len() - start)) && !line.ends_with(b"=")
    });
    soft.take(2).count() > 0
}

/// A text with `\u0035`, `&#53;` or `&amp;#53;` for its digits.
fn unescaped(source: &str) -> Option<String> {
    let octets = source.as_bytes();
    let are_there = |mark: &str| memmem::find_iter(octets, mark).take(FEWEST).count() == FEWEST;
    let holds = |octet: u8| memchr::memchr(octet, octets).is_some();
    let programs = holds(b'\\') && are_there("\\u003");
    let pages = holds(b'&') && (are_there("&#") || are_there("&amp;#"));
    if !programs && !pages {
        return None;
    }
    let escapes = |line: &str| memchr::memchr2(b'&', b'\\', line.as_bytes()).is_some();
    let source = excerpt::telling(source, escapes);
    let mut decoded = source.to_string();
    if pages {
        decoded = decode(&decode(&decoded)).into_owned();
    }
    if programs {
        decoded = without_backslashes(&decoded);
    }
    (decoded != source).then_some(decoded)
}

fn without_backslashes(source: &str) -> String {
    let mut decoded = String::with_capacity(source.len());
    let mut pieces = source.split('\\');
    decoded.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match escape(piece).filter(|_| piece.starts_with('u')) {
            Some((character, length)) => {
                decoded.push(character);
                decoded.push_str(piece.get(length..).unwrap_or_default());
            }
            None => {
                decoded.push('\\');
                decoded.push_str(piece);
            }
        }
    }
    decoded
}

/// Words with `%35` or `%20` in or beside a long number (RFC 3986 §2.1), decoded, each after what stands before it
/// in its line.
fn in_urls(source: &str) -> Option<String> {
    let octets = source.as_bytes();
    let mut decoded = String::new();
    let mut done = 0;
    for at in memchr::memchr_iter(b'%', octets) {
        if at < done || !octets.get(at + 1).is_some_and(u8::is_ascii_hexdigit) {
            continue;
        }
        let ends_word = |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b'"' | b'<' | b'>');
        let before = octets.get(done..at)?.iter().rposition(ends_word);
        let start = before.map_or(done, |found| done + found + 1);
        let behind = octets.get(at..)?.iter().position(ends_word);
        let end = behind.map_or(octets.len(), |found| at + found);
        done = end;
        if let Some(word) = octets.get(start..end).and_then(decoded_word) {
            decoded.push_str(line_before(source, start));
            decoded.push_str(&word);
            decoded.push('\n');
        }
    }
    (!decoded.is_empty()).then_some(decoded)
}

/// The last words before an offset, on the same line.
fn line_before(source: &str, at: usize) -> &str {
    let from = source.ceil_char_boundary(at.saturating_sub(100));
    let before = source.get(from..at).unwrap_or_default();
    before.rsplit('\n').next().unwrap_or_default()
}

/// A word with its escapes undone, if that shows a number which was not to be seen before.
fn decoded_word(word: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(word.len());
    let mut rest = word;
    let (mut digits, mut escapes, mut telling) = (0, 0, false);
    while let Some((first, behind)) = rest.split_first() {
        let hexadecimal = behind.get(..2).filter(|_| *first == b'%');
        let pair = hexadecimal.and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let octet = pair.unwrap_or(*first);
        rest = behind
            .get(if pair.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
        match octet {
            b'0'..=b'9' => digits += 1,
            b'-' | b' ' | b'.' => {}
            _ => (digits, escapes) = (0, 0),
        }
        escapes += usize::from(pair.is_some());
        telling |= digits >= 7 && escapes > 0;
        decoded.push(octet);
    }
    telling.then(|| String::from_utf8_lossy(&decoded).into_owned())
}
