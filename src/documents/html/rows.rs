//! Tables of a page: which text stands in which row and column.

use std::ops::Range;

/// A table while its page is read.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Where the cells of each row stand in the text of the page.
    rows: Vec<Vec<Range<usize>>>,
    /// Columns that the last cell covers beyond its own; they keep the cells behind it in their place.
    spanned: usize,
    /// Another table stands in one of its cells.
    pub holds_table: bool,
}

/// The end of a cell that has none yet.
const OPEN: usize = usize::MAX;

impl Table {
    /// Begins a row.
    pub fn begin_row(&mut self) {
        self.rows.push(Vec::new());
        self.spanned = 0;
    }

    /// Begins a cell at this offset that covers `span` columns, of which there is at least one.
    pub fn begin_cell(&mut self, start: usize, span: usize) {
        if self.rows.is_empty() {
            self.begin_row();
        }
        if let Some(row) = self.rows.last_mut() {
            row.extend(std::iter::repeat_n(start..start, self.spanned));
            row.push(start..OPEN);
        }
        self.spanned = span.saturating_sub(1);
    }

    /// Ends the cell that is open, if one is.
    pub fn end_cell(&mut self, end: usize) {
        let cell = self.rows.last_mut().and_then(|row| row.last_mut());
        if let Some(cell) = cell.filter(|cell| cell.end == OPEN) {
            cell.end = end;
        }
    }

    /// Rows as lines; nothing for a table that only lays out the page.
    pub fn text(&self, page: &str) -> Option<String> {
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
