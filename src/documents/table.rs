//! Tables in text: comma-, semicolon-, bar- and tab-separated values (RFC 4180).

use super::Visit;
use crate::mime::{Leaf, TextKind, charset};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let labelled = is_labelled(visit.leaf);
    if !labelled && visit.leaf.file_name.is_none() {
        return false;
    }
    let Some(separator) = separator(&readings.text, if labelled { 2 } else { 3 }) else {
        return false;
    };
    visit.notes(readings);
    for reading in readings.all() {
        visit.text(TextKind::Table, rows(reading, separator));
        // What only happens to have the shape of a table is prose as well.
        if !labelled {
            visit.text(TextKind::Body, reading.to_owned());
        }
    }
    true
}

fn is_labelled(leaf: &Leaf) -> bool {
    let name = leaf.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let named = [".csv", ".tsv", ".tab"]
        .iter()
        .any(|ending| name.ends_with(ending));
    named
        || matches!(
            leaf.media_type.as_str(),
            "text/csv" | "text/tab-separated-values" | "application/csv"
        )
}

/// The separator that divides at least `least` of the first rows, and nearly all of them, into the same number
/// of cells.
fn separator(source: &str, least: usize) -> Option<char> {
    let start: String = source.chars().take(SAMPLE).collect();
    ['\t', ',', ';', '|'].into_iter().find(|separator| {
        let table = rows(&start, *separator);
        let widths: Vec<usize> = table
            .lines()
            .filter(|row| !row.trim().is_empty())
            .take(50)
            .map(width)
            .collect();
        let first = widths.first().copied().unwrap_or(0);
        let fitting = widths.iter().filter(|width| **width == first).count();
        first >= 2 && fitting >= least && fitting * 5 >= widths.len() * 4
    })
}

/// Characters at the beginning of a text that show its shape.
const SAMPLE: usize = 20_000;

fn width(row: &str) -> usize {
    row.matches('\t').count() + 1
}

/// Cells with tabs between them, rows with line feeds; white space inside a cell becomes a space. A quote that is
/// never closed is none.
fn rows(source: &str, separator: char) -> String {
    let mut writer = Writer {
        table: String::with_capacity(source.len()),
        separator,
        quoted: false,
    };
    let mut characters = source.chars().peekable();
    while let Some(character) = characters.next() {
        let doubled = character == '"' && writer.quoted && characters.next_if_eq(&'"').is_some();
        writer.write(character, doubled);
    }
    if writer.quoted {
        return rows(&source.replace('"', "'"), separator);
    }
    writer.table
}

struct Writer {
    table: String,
    separator: char,
    /// Inside a quoted cell (RFC 4180 §2.5), where separators and line ends mean nothing.
    quoted: bool,
}

impl Writer {
    fn write(&mut self, character: char, doubled: bool) {
        let begins_cell = self.table.is_empty() || self.table.ends_with(['\t', '\n']);
        match character {
            '"' if doubled => self.table.push('"'),
            '"' if self.quoted || begins_cell => self.quoted = !self.quoted,
            '\r' => {}
            '\n' if !self.quoted => self.table.push('\n'),
            _ if character == self.separator && !self.quoted => self.table.push('\t'),
            '\n' | '\t' => self.table.push(' '),
            _ => self.table.push(character),
        }
    }
}
