//! ZIP archives and the documents that are one: docx, xlsx, pptx, odt and their kin (APPNOTE.TXT 6.3).

use super::Visit;
use crate::message::ObstacleKind;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let leaf = visit.leaf;
    let signature = [&b"PK\x03\x04"[..], b"PK\x05\x06", b"PK\x07\x08"];
    if !signature
        .iter()
        .any(|signature| leaf.bytes.starts_with(signature))
    {
        return false;
    }
    let entries = entries(&leaf.bytes);
    let (kind, what) = if entries.iter().any(|entry| entry.encrypted) {
        (
            ObstacleKind::EncryptedContainer,
            "is a ZIP archive with a password",
        )
    } else if entries
        .iter()
        .any(|entry| matches!(entry.name, b"[Content_Types].xml" | b"mimetype"))
    {
        (
            ObstacleKind::UnknownContent,
            "is an Office document, which cannot be checked yet",
        )
    } else {
        (
            ObstacleKind::UnknownContent,
            "is a ZIP archive, which cannot be checked yet",
        )
    };
    visit.unread(kind, what);
    true
}

/// An entry of the central directory.
struct Entry<'a> {
    name: &'a [u8],
    encrypted: bool,
}

/// More entries than this are not looked at.
const MOST_ENTRIES: usize = 10_000;

/// The central directory, as far as it can be followed (APPNOTE.TXT §4.3.12, §4.3.16).
fn entries(bytes: &[u8]) -> Vec<Entry<'_>> {
    let end = memchr::memmem::rfind(bytes, b"PK\x05\x06");
    let start = end.and_then(|end| number(bytes, end + 16, 4));
    let mut entries = Vec::new();
    let mut at = start.unwrap_or(bytes.len());
    while entries.len() < MOST_ENTRIES {
        let Some((entry, length)) = entry(bytes.get(at..).unwrap_or_default()) else {
            break;
        };
        entries.push(entry);
        at += length;
    }
    entries
}

fn entry(bytes: &[u8]) -> Option<(Entry<'_>, usize)> {
    bytes.strip_prefix(b"PK\x01\x02")?;
    let flags = number(bytes, 8, 2)?;
    let name_length = number(bytes, 28, 2)?;
    let length = 46 + name_length + number(bytes, 30, 2)? + number(bytes, 32, 2)?;
    let name = bytes.get(46..46 + name_length)?;
    Some((
        Entry {
            name,
            encrypted: flags & 1 == 1,
        },
        length,
    ))
}

/// A little-endian number of two or four octets.
fn number(bytes: &[u8], at: usize, octets: usize) -> Option<usize> {
    let octets = bytes.get(at..at.checked_add(octets)?)?;
    Some(
        octets
            .iter()
            .rev()
            .fold(0, |value, octet| value << 8 | usize::from(*octet)),
    )
}
