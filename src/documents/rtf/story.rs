//! The body of a document as it grows: its text, what of it is not shown, and its tables.

use std::ops::Range;

use crate::documents::one_line;
use crate::documents::rows::Tables;

/// Text in reading order.
#[derive(Default)]
pub(super) struct Story {
    /// Everything, hidden text and deleted text too.
    pub text: String,
    /// Stretches that most programs do not show.
    hidden: Vec<Range<usize>>,
    /// Where the cell begins that is being read.
    cell: usize,
    pub tables: Tables,
}

impl Story {
    pub fn push(&mut self, text: &str, hidden: bool) {
        let start = self.text.len();
        self.text.push_str(text);
        if !hidden {
            return;
        }
        match self.hidden.last_mut() {
            Some(last) if last.end == start => last.end = self.text.len(),
            _ => self.hidden.push(start..self.text.len()),
        }
    }

    /// The text as it is shown, when that is something else.
    pub fn shown(&self) -> Option<String> {
        if self.hidden.is_empty() {
            return None;
        }
        let mut shown = String::with_capacity(self.text.len());
        let mut at = 0;
        for hidden in &self.hidden {
            shown.push_str(self.text.get(at..hidden.start).unwrap_or_default());
            at = hidden.end;
        }
        shown.push_str(self.text.get(at..).unwrap_or_default());
        Some(shown)
    }

    /// The end of a paragraph; outside of a table it ends the table.
    pub fn end_paragraph(&mut self, in_table: bool) {
        if !in_table && !self.tables.in_row() {
            self.cell = self.text.len();
            self.end_table();
        }
    }

    pub fn end_cell(&mut self) {
        let cell = self.text.get(self.cell..).unwrap_or_default();
        self.tables.cell(one_line(cell));
        self.text.push('\t');
        self.cell = self.text.len();
    }

    pub fn end_row(&mut self) {
        self.tables.end_row();
        self.text.push('\n');
        self.cell = self.text.len();
    }

    pub fn end_table(&mut self) {
        self.tables.end_table();
    }
}
