//! Tables of a page: which text stands in which row and column.

use std::collections::BTreeMap;
use std::ops::Range;

/// A table while its page is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Where the cells of each row stand in the text of the page.
    rows: Vec<Vec<Range<usize>>>,
    /// Columns that the last cell covers beyond its own; they keep the cells behind it in their place.
    spanned: usize,
    /// Cells that reach down into rows to come, by column: where they stand, and how many rows are left.
    hanging: BTreeMap<usize, (Range<usize>, usize)>,
    /// How many rows the open cell reaches down.
    reach: usize,
    /// Octets of cells that stand in more than one row.
    repeated: usize,
    /// Another table stands in one of its cells.
    pub holds_table: bool,
}

/// Cells that are longer, or too many together, stand in their first row only.
const LONGEST_REPEATED: usize = 200;
const MOST_REPEATED: usize = 1 << 20;
const MOST_HANGING: usize = 50;

/// The end of a cell that has none yet.
const OPEN: usize = usize::MAX;

impl Table {
    /// Begins a row.
    pub fn begin_row(&mut self) {
        while !self.rows.is_empty() && self.hang() {}
        if self.repeated > MOST_REPEATED {
            self.hanging.clear();
        }
        self.rows.push(Vec::new());
        self.spanned = 0;
    }

    /// Begins a cell at this offset that covers so many columns and rows, of each at least one.
    pub fn begin_cell(&mut self, start: usize, columns: usize, rows: usize) {
        if self.rows.is_empty() {
            self.begin_row();
        }
        if let Some(row) = self.rows.last_mut() {
            row.extend(std::iter::repeat_n(start..start, self.spanned));
        }
        while self.hang() {}
        if let Some(row) = self.rows.last_mut() {
            row.push(start..OPEN);
        }
        self.spanned = columns.saturating_sub(1);
        self.reach = rows;
    }

    /// Repeats the cell that reaches down from a row above into the next column, if one does.
    fn hang(&mut self) -> bool {
        let Some(row) = self.rows.last_mut() else {
            return false;
        };
        let column = row.len();
        let Some((cell, left)) = self.hanging.get_mut(&column) else {
            return false;
        };
        row.push(cell.clone());
        self.repeated = self.repeated.saturating_add(cell.len());
        *left -= 1;
        if *left == 0 {
            self.hanging.remove(&column);
        }
        true
    }

    /// Ends the cell that is open, if one is.
    pub fn end_cell(&mut self, end: usize) {
        let Some(row) = self.rows.last_mut() else {
            return;
        };
        let column = row.len().saturating_sub(1);
        let Some(cell) = row.last_mut().filter(|cell| cell.end == OPEN) else {
            return;
        };
        cell.end = end;
        let affordable = self.repeated <= MOST_REPEATED && cell.len() <= LONGEST_REPEATED;
        if self.reach > 1 && affordable && self.hanging.len() < MOST_HANGING {
            self.hanging.insert(column, (cell.clone(), self.reach - 1));
        }
    }

    /// Rows as lines; nothing for a table that only lays out the page.
    pub fn text(mut self, page: &str) -> Option<String> {
        while !self.rows.is_empty() && self.hang() {}
        let wide = self.rows.iter().filter(|row| row.len() >= 2).count();
        if self.holds_table || wide < 2 {
            return None;
        }
        let mut text = String::new();
        for row in self.rows.iter().filter(|row| !row.is_empty()) {
            for (number, cell) in row.iter().enumerate() {
                text.push_str(if number > 0 { "\t" } else { "" });
                let words = page
                    .get(cell.clone())
                    .unwrap_or_default()
                    .split_ascii_whitespace();
                for (number, word) in words.enumerate() {
                    text.push_str(if number > 0 { " " } else { "" });
                    text.push_str(word);
                }
            }
            text.push('\n');
        }
        Some(text)
    }
}
