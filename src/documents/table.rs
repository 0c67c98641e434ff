//! Tables in text: comma-, semicolon-, bar- and tab-separated values (RFC 4180).

use super::{Visit, text};
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
        visit.text(TextKind::Table, rows(behind_declaration(reading).1, separator));
        // What only happens to have the shape of a table is prose as well.
        if !labelled {
            visit.text(TextKind::Body, reading.to_owned());
        }
    }
    text::residues(visit, &readings.text);
    true
}

fn is_labelled(leaf: &Leaf) -> bool {
    let name = leaf.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let named = [".csv", ".tsv", ".tab", ".psv"]
        .iter()
        .any(|ending| name.ends_with(ending));
    named
        || matches!(
            leaf.media_type.as_str(),
            "text/csv" | "text/tab-separated-values" | "application/csv" | "text/comma-separated-values"
        )
}

const SEPARATORS: [char; 5] = ['\t', ',', ';', '|', '^'];

/// The separator that divides at least `least` of the first rows, and nearly all of them, into the same number
/// of cells. Of several, one under which all quotes stand around whole cells, and then the one that makes most cells.
fn separator(source: &str, least: usize) -> Option<char> {
    let (declared, source) = behind_declaration(source);
    if declared.is_some() {
        return declared;
    }
    let start = source
        .get(..source.floor_char_boundary(SAMPLE))
        .unwrap_or_default();
    let whole = start.len() == source.len();
    let there = SEPARATORS
        .into_iter()
        .filter(|separator| start.contains(*separator));
    let fitting = there.filter_map(|separator| {
        let (table, quotes) = written(start, separator, true);
        let columns = columns(&table, least)?;
        Some((
            (
                quotes == Quotes::AroundCells,
                quotes != Quotes::Open || !whole,
                columns,
            ),
            separator,
        ))
    });
    // Of two that fit equally well the first one wins.
    fitting
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, separator)| separator)
}

/// Octets at the beginning of a text that show its shape.
const SAMPLE: usize = 20_000;

/// The number of cells that nearly all rows have.
fn columns(table: &str, least: usize) -> Option<usize> {
    let rows = table
        .lines()
        .filter(|row| !row.trim().is_empty() || row.contains('\t'));
    let widths: Vec<usize> = rows.take(50).map(|row| row.matches('\t').count() + 1).collect();
    let count = |width: &usize| widths.iter().filter(|other| *other == width).count();
    let usual = *widths.iter().max_by_key(|width| count(width))?;
    let fitting = count(&usual);
    (usual >= 2 && fitting >= least && fitting * 5 >= widths.len() * 4).then_some(usual)
}

/// What a spreadsheet program is told in a line of its own, `sep=;`, and the text behind it.
fn behind_declaration(source: &str) -> (Option<char>, &str) {
    let declared = source.trim_start_matches('\u{feff}').strip_prefix("sep=");
    let mut characters = declared.unwrap_or_default().chars();
    match (characters.next(), characters.next()) {
        (Some(separator), Some('\r' | '\n')) => {
            (Some(separator), characters.as_str().trim_start_matches('\n'))
        }
        _ => (None, source),
    }
}

/// Cells with tabs between them, rows with line feeds; white space inside a cell becomes a space. A quote that is
/// never closed is none.
fn rows(source: &str, separator: char) -> String {
    match written(source, separator, true) {
        (table, Quotes::AroundCells | Quotes::Closed) => table,
        (_, Quotes::Open) => written(source, separator, false).0,
    }
}

/// How the quotes of a text stand under a separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// Around whole cells, each (RFC 4180 §2.5).
    AroundCells,
    /// Somewhere else, too.
    Closed,
    /// One is never closed.
    Open,
}

/// The table, and how quotes stand. Where quotes mean nothing, they belong to the cells.
fn written(source: &str, separator: char, quotes: bool) -> (String, Quotes) {
    let mut writer = Writer {
        table: String::with_capacity(source.len()),
        separator,
        quotes,
        quoted: false,
    };
    let mut around_cells = true;
    let mut rest = source;
    let is_sign = |character: char| matches!(character, '"' | '\r' | '\n' | '\t') || character == separator;
    while let Some(at) = rest.find(is_sign) {
        let (plain, signs) = rest.split_at(at);
        writer.table.push_str(plain);
        let mut characters = signs.chars();
        let character = characters.next().unwrap_or_default();
        rest = characters.as_str();
        let behind = rest
            .strip_prefix('"')
            .filter(|_| character == '"' && writer.quoted);
        rest = behind.unwrap_or(rest);
        let doubled = behind.is_some();
        let was_quoted = writer.quoted;
        writer.write(character, doubled);
        if character == '"' && !doubled {
            let ends = rest.is_empty() || rest.starts_with(['\r', '\n', separator]);
            // It opens a cell, or closes one that ends here.
            around_cells &= writer.quoted || was_quoted && ends;
        }
    }
    writer.table.push_str(rest);
    let quotes = match (writer.quoted, around_cells) {
        (true, _) => Quotes::Open,
        (false, true) => Quotes::AroundCells,
        (false, false) => Quotes::Closed,
    };
    (writer.table, quotes)
}

struct Writer {
    table: String,
    separator: char,
    quotes: bool,
    /// Inside a quoted cell (RFC 4180 §2.5), where separators and line ends mean nothing.
    quoted: bool,
}

impl Writer {
    /// Writes a character that may stand for something else.
    fn write(&mut self, character: char, doubled: bool) {
        let begins_cell = self.table.is_empty() || self.table.ends_with(['\t', '\n']);
        match character {
            '"' if doubled => self.table.push('"'),
            '"' if self.quoted || (self.quotes && begins_cell) => self.quoted = !self.quoted,
            '\r' => {}
            '\n' if !self.quoted => self.table.push('\n'),
            _ if character == self.separator && !self.quoted => self.table.push('\t'),
            '\n' | '\t' => self.table.push(' '),
            _ => self.table.push(character),
        }
    }
}
