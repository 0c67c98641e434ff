//! ZIP archives, and the documents that are one: docx, xlsx, pptx, odt and their kin (APPNOTE.TXT 6.3.10).
//!
//! Programs disagree about what a ZIP file holds: some go by the directory at its end, some by the headers in
//! front of each file. Both are read, and whatever stands between, so that no program shows more than was searched.

mod records;
mod unpack;
mod walk;

use super::Visit;
use super::package;
use crate::message::ObstacleKind;

use records::{END, End, Header, LOCAL};
use walk::Walk;

/// Reads what stands in an archive. Octets that only end in one, like a program that unpacks itself, are left to
/// the other readers as well.
pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let whole = begins_archive(bytes);
    let end = last_end(bytes, whole);
    if !whole && end.is_none() {
        return false;
    }
    let directory = end.map(|end| directory(bytes, &end)).unwrap_or_default();
    if whole && end.is_none() {
        let what = "is a damaged ZIP archive: its directory is missing";
        visit.obstacle(ObstacleKind::Malformed, what);
    }
    let mut walk = Walk::new(visit, end, whole, package::is_likely(bytes));
    walk.run(directory);
    let parts = walk.finish();
    package::read(visit, parts);
    whole
}

fn begins_archive(bytes: &[u8]) -> bool {
    // A file in volumes begins with a mark of its own (§8.5.4).
    let spanned = [b"PK\x07\x08", b"PK00"]
        .iter()
        .find_map(|mark| bytes.strip_prefix(&mark[..]));
    spanned.unwrap_or(bytes).starts_with(LOCAL) || (bytes.starts_with(END) && bytes.len() >= 22)
}

/// How far from its end an archive may have its last record: a comment, and what transport added.
const REACH: usize = 2 * 65_557;
/// Records that were tried before an archive counts as having none.
const MOST_TRIED: usize = 50;

/// The last end record that holds together. Octets that begin like something else are an archive only if they end
/// like one; the containers that are read as such hold whole archives by nature.
fn last_end(bytes: &[u8], whole: bool) -> Option<End> {
    let from = if whole {
        0
    } else {
        bytes.len().saturating_sub(REACH)
    };
    if !whole && is_other_container(bytes) {
        return None;
    }
    let found = memchr::memmem::rfind_iter(bytes.get(from..)?, END).take(MOST_TRIED);
    let mut ends = found.filter_map(|at| records::end(bytes, from + at));
    ends.find(|end| {
        whole
            || bytes
                .get(end.directory..)
                .is_some_and(|rest| rest.starts_with(records::CENTRAL))
    })
}

fn is_other_container(bytes: &[u8]) -> bool {
    let begins = [
        &b"\xd0\xcf\x11\xe0"[..],
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!",
        b"\x78\x9f\x3e\x22",
    ];
    begins.iter().any(|mark| bytes.starts_with(mark)) || bytes.get(257..262) == Some(b"ustar")
}

/// The records of a directory, with offsets that count from the first octet of the file.
fn directory(bytes: &[u8], end: &End) -> Vec<Header> {
    let mut headers = Vec::new();
    let mut at = end.directory;
    while let Some((mut header, length)) = records::central(bytes, at) {
        header.offset = header.offset.saturating_add(end.shift as u64);
        headers.push(header);
        at = at.saturating_add(length);
        if headers.len() > walk::MOST_ENTRIES {
            break;
        }
    }
    headers
}

#[cfg(test)]
pub(super) mod tests;
