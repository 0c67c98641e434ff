//! A table while its text flows: which stretch stands in which row and column.

use std::ops::Range;

#[derive(Debug, Default)]
pub(super) struct Table {
    /// Where the cells of each row stand, and in which column.
    rows: Vec<Vec<(usize, Range<usize>)>>,
    /// The column behind the last cell.
    column: usize,
    open: bool,
    /// Another table stands in one of its cells: it only lays out the page.
    pub holds_table: bool,
}

/// Columns beyond this one are taken as one.
const LAST_COLUMN: usize = 1_000;

impl Table {
    pub fn begin_row(&mut self) {
        self.rows.push(Vec::new());
        self.column = 0;
        self.open = false;
    }

    pub fn is_in_row(&self) -> bool {
        self.rows.last().is_some_and(|row| !row.is_empty())
    }

    pub fn is_in_cell(&self) -> bool {
        self.open
    }

    /// Where the open cell begins.
    pub fn cell_start(&self) -> Option<usize> {
        let (_, range) = self.rows.last()?.last()?;
        self.open.then_some(range.start)
    }

    pub fn begin_cell(&mut self, start: usize, skipped: usize) {
        if self.rows.is_empty() {
            self.begin_row();
        }
        let column = self.column.saturating_add(skipped).min(LAST_COLUMN);
        if let Some(row) = self.rows.last_mut() {
            row.push((column, start..start));
        }
        self.column = column + 1;
        self.open = true;
    }

    pub fn span(&mut self, columns: usize) {
        let more = columns.saturating_sub(1);
        self.column = self.column.saturating_add(more).min(LAST_COLUMN);
    }

    pub fn end_cell(&mut self, end: usize) {
        let cell = self.rows.last_mut().and_then(|row| row.last_mut());
        if let Some((_, range)) = cell.filter(|_| self.open) {
            range.end = end.max(range.start);
        }
        self.open = false;
    }

    /// The rows of a form that has one cell for each digit, as lines.
    pub fn spelled(&self, page: &str) -> String {
        let mut lines = String::new();
        for row in &self.rows {
            let cells = row
                .iter()
                .map(|(_, cell)| page.get(cell.clone()).unwrap_or_default().trim());
            spell(cells, &mut lines);
        }
        lines
    }

    /// Rows as lines; nothing for a table that only lays out the page.
    pub fn text(&self, page: &str) -> Option<String> {
        let wide = self.rows.iter().filter(|row| row.len() >= 2).count();
        if self.holds_table || wide < 2 {
            return None;
        }
        let mut text = String::new();
        for row in self.rows.iter().filter(|row| !row.is_empty()) {
            let mut at = 0;
            for (column, cell) in row {
                text.extend(std::iter::repeat_n('\t', column.saturating_sub(at)));
                at = *column;
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

/// Cells of one character each that make a number when they stand side by side.
const FEWEST_SPELLED: usize = 5;

/// Writes a row as a line without gaps between cells of one character, if there are enough of those.
pub(in super::super) fn spell<'c>(cells: impl Iterator<Item = &'c str> + Clone, into: &mut String) {
    let is_one = |cell: &&str| cell.chars().nth(1).is_none() && cell.chars().any(char::is_alphanumeric);
    if cells.clone().filter(is_one).count() < FEWEST_SPELLED {
        return;
    }
    for cell in cells.filter(|cell| !cell.is_empty()) {
        let gap = if cell.chars().nth(1).is_none() { "" } else { " " };
        for piece in [gap, cell, gap] {
            into.push_str(piece);
        }
    }
    into.push('\n');
}
