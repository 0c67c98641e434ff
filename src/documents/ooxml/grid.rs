//! Cells of a sheet → rows and columns of text.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::flow::spell;

/// Cells in the order in which they come. Columns that nobody uses take no room.
#[derive(Default)]
pub(in super::super) struct Grid {
    text: String,
    cells: Vec<(u32, u32, Range<usize>)>,
}

/// What stands beside the only column of a sheet, so that its header acts like any other.
const BESIDE: &str = "·\t";

impl Grid {
    pub fn put(&mut self, row: u32, column: u32, value: &str) {
        if value.trim().is_empty() {
            return;
        }
        let start = self.text.len();
        let words = value
            .split(['\t', '\n', '\r'])
            .map(str::trim)
            .filter(|words| !words.is_empty());
        for (number, words) in words.enumerate() {
            self.text.push_str(if number > 0 { " " } else { "" });
            self.text.push_str(words);
        }
        self.cells.push((row, column, start..self.text.len()));
    }

    /// Brings cells that did not come row by row in order.
    pub fn sort(&mut self) {
        self.cells.sort_by_key(|(row, column, _)| (*row, *column));
    }

    pub fn octets(&self) -> usize {
        self.text.len()
    }

    /// Tables as text: cells separated by tabs, rows by line feeds. Labels behind an empty row begin a new table.
    /// `false` when there was not enough `room` for all of it.
    pub fn tables(&self, room: usize) -> (Vec<String>, bool) {
        let columns = self.columns();
        let (mut tables, mut table, mut used) = (Vec::new(), String::new(), 0);
        let mut last_row = None;
        for row in self.cells.chunk_by(|left, right| left.0 == right.0) {
            let Some((number, _, _)) = row.first() else {
                continue;
            };
            let after_gap = last_row.is_some_and(|last: u32| last.abs_diff(*number) > 1);
            if after_gap && self.is_header(row) {
                tables.push(std::mem::take(&mut table));
            }
            last_row = Some(*number);
            let start = table.len();
            self.write_row(row, &columns, &mut table);
            used += table.len() - start;
            if used > room {
                table.truncate(start);
                tables.push(table);
                return (tables, false);
            }
        }
        tables.push(table);
        (tables, true)
    }

    /// Rows that have one cell for each digit, as lines.
    pub fn spelled(&self) -> String {
        let mut lines = String::new();
        for row in self.cells.chunk_by(|left, right| left.0 == right.0) {
            let cells = row
                .iter()
                .map(|cell| self.text.get(cell.2.clone()).unwrap_or_default());
            spell(cells, &mut lines);
        }
        lines
    }

    /// Each used column and its place among them.
    fn columns(&self) -> BTreeMap<u32, usize> {
        let mut columns: BTreeMap<u32, usize> = self.cells.iter().map(|cell| (cell.1, 0)).collect();
        for (place, column) in columns.values_mut().enumerate() {
            *column = place;
        }
        columns
    }

    fn write_row(
        &self,
        row: &[(u32, u32, Range<usize>)],
        columns: &BTreeMap<u32, usize>,
        table: &mut String,
    ) {
        if columns.len() == 1 {
            table.push_str(if table.is_empty() { "Row\t" } else { BESIDE });
        }
        let mut at = 0;
        for (_, column, range) in row {
            let place = columns.get(column).copied().unwrap_or(0);
            table.extend(std::iter::repeat_n('\t', place.saturating_sub(at)));
            // Cells that come out of order share a place.
            table.push_str(if place < at { " " } else { "" });
            at = at.max(place);
            table.push_str(self.text.get(range.clone()).unwrap_or_default());
        }
        table.push('\n');
    }

    /// Whether all cells of a row are labels.
    fn is_header(&self, row: &[(u32, u32, Range<usize>)]) -> bool {
        let is_label = |range: &Range<usize>| {
            let text = self.text.get(range.clone()).unwrap_or_default();
            text.len() <= 40 && text.chars().filter(char::is_ascii_digit).count() < 4
        };
        row.len() > 1 && row.iter().all(|(_, _, range)| is_label(range))
    }
}
