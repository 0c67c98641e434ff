//! What stands between, before and behind the objects of a file.

use super::file::File;
use crate::documents::Visit;
use crate::mime::{TextKind, printable};

/// Reads what belongs to no object. What stands before the header or behind the end is a file of its own.
pub(super) fn read(visit: &mut Visit<'_>, file: &File<'_>, header: usize) {
    let length = visit.bytes().len();
    let end = memchr::memmem::rfind(visit.bytes(), b"%%EOF").map_or(length, |at| at + 5);
    let last = file.gaps.last().map_or(length, |(start, _)| *start);
    for (start, end) in [(0, header), (end.max(last), length)] {
        let outside = file.slice(start, end);
        let content = outside.trim_ascii();
        if content
            .iter()
            .any(|octet| *octet != 0 && !octet.is_ascii_whitespace())
        {
            visit.file(None, content.to_vec());
        }
    }
    let mut text = String::new();
    for (start, end) in &file.gaps {
        for line in printable(file.slice(*start, *end))
            .lines()
            .filter(|line| !is_entry(line))
        {
            text.push_str(line);
            text.push('\n');
        }
    }
    visit.text_in("text outside of all objects", TextKind::Body, text);
}

/// A row of a cross-reference table, or another line of the format itself.
fn is_entry(line: &str) -> bool {
    let line = line.trim();
    let fields: Vec<&str> = line.split(' ').collect();
    let row = matches!(fields.as_slice(), [offset, generation, "n" | "f"] if offset.len() == 10 && generation.len() == 5);
    let entry = ["/Size ", "/Root ", "/Info ", "/Prev ", "/ID ", "[<"]
        .iter()
        .any(|key| line.starts_with(key));
    let word = ["endobj", "endstream", "xref", "trailer", "startxref", "%%EOF"].contains(&line);
    row || word || entry || line.starts_with("%PDF-")
}
