//! Columns that a line of dashes marks, as database shells print them: the columns may touch, so that spaces do not
//! tell where one ends.

use std::ops::Range;

use super::{has, push_row};

/// The rows above and below lines of dashes, as a table; none where spaces part the columns well enough.
pub(super) fn below_rules(source: &str) -> Option<String> {
    if !has(source, "- -") && !has(source, "= =") {
        return None;
    }
    let mut table = String::new();
    let mut columns: Vec<Range<usize>> = Vec::new();
    let mut before = "";
    for line in source.lines() {
        let rule = rule(line);
        if rule.len() > 1 {
            if !before.trim().is_empty() {
                table.push('\n');
                row(before, &rule, &mut table);
            }
            columns = rule;
        } else if line.trim().is_empty() {
            columns.clear();
        } else if !columns.is_empty() {
            row(line, &columns, &mut table);
        }
        before = line;
    }
    (!table.is_empty()).then_some(table)
}

/// Lines with more columns are no table.
const MOST_COLUMNS: usize = 200;

/// The columns of a line of dashes that single spaces part somewhere; empty for other lines.
fn rule(line: &str) -> Vec<Range<usize>> {
    let mut columns: Vec<Range<usize>> = Vec::new();
    let line = line.trim_end();
    let drawn = |byte: u8| matches!(byte, b'-' | b'=' | b' ');
    if !line.bytes().all(drawn) || !(line.contains("- -") || line.contains("= =")) {
        return columns;
    }
    for (at, byte) in line.bytes().enumerate().filter(|(_, byte)| *byte != b' ') {
        match columns.last_mut().filter(|column| column.end == at) {
            Some(column) => column.end = at + 1,
            None => columns.push(at..at + usize::from(byte != b' ')),
        }
    }
    if columns.len() > MOST_COLUMNS {
        columns.clear();
    }
    columns
}

/// Appends the cells of a line. What stands between two columns belongs to the one before, and what stands behind the
/// last one to that.
fn row(line: &str, columns: &[Range<usize>], table: &mut String) {
    let at = |column: usize| -> usize {
        match line.is_ascii() {
            true => column.min(line.len()),
            false => line.char_indices().nth(column).map_or(line.len(), |(at, _)| at),
        }
    };
    let starts = columns.iter().skip(1).map(|column| at(column.start));
    let ends = starts.chain([line.len()]);
    let cells = columns
        .iter()
        .enumerate()
        .zip(ends)
        .map(|((number, column), end)| {
            let start = if number == 0 { 0 } else { at(column.start) };
            line.get(start..end).unwrap_or_default()
        });
    push_row(table, cells);
}
