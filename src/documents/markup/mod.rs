//! Texts that were written for a program which sets them: LaTeX, roff, and the tables of AsciiDoc, reStructuredText and
//! wikis, which no reader of lines takes for tables.
//!
//! These are second readings beside the text itself. Each costs ordinary text no more than a search for how it
//! would begin.

mod brackets;
mod columns;
mod latex;
mod roff;
mod stacked;
mod wiki;

use memchr::memmem;

use super::records::push_cell;
use super::{Visit, html};
use crate::mime::TextKind;

/// Reads all of them.
pub(super) fn read(visit: &mut Visit<'_>, source: &str) {
    let texts = [latex::set(source), roff::set(source)];
    for text in texts.into_iter().flatten() {
        add(visit, TextKind::Body, text);
    }
    // Most texts have no bars, and no directives.
    let bars = memchr::memchr(b'|', source.as_bytes()).is_some();
    let with_bars: [Reader; 3] = [wiki::asciidoc, wiki::mediawiki, wiki::marked_headers];
    let directives = has(source, "-table::");
    let directed: [Reader; 2] = [wiki::list_tables, wiki::csv_tables];
    let others: [Reader; 4] = [
        html::tables,
        columns::below_rules,
        brackets::rows,
        stacked::tables,
    ];
    let with_bars = with_bars.iter().filter(|_| bars);
    let directed = directed.iter().filter(|_| directives);
    for read in with_bars.chain(directed).chain(&others) {
        if let Some(table) = read(source) {
            add(visit, TextKind::Table, table);
        }
    }
}

/// Reads the tables of one kind as one text.
type Reader = fn(&str) -> Option<String>;

fn add(visit: &mut Visit<'_>, kind: TextKind, text: String) {
    match visit.spend(text.len()) {
        true => visit.text_in("the set form", kind, text),
        false => visit.over_limit("a text that is set"),
    }
}

fn has(source: &str, mark: &str) -> bool {
    memmem::find(source.as_bytes(), mark.as_bytes()).is_some()
}

/// Appends a row of cells.
fn push_row<'c>(table: &mut String, cells: impl Iterator<Item = &'c str>) {
    for (number, cell) in cells.enumerate() {
        table.push_str(if number > 0 { "\t" } else { "" });
        push_cell(table, plain(cell));
    }
    table.push('\n');
}

/// A cell without the marks of emphasis around all of it.
fn plain(cell: &str) -> &str {
    cell.trim().trim_matches(['*', '`', '_', '+']).trim()
}

#[cfg(test)]
mod tests;
