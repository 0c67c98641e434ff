//! Cells → rows → tables, for formats that tell where a cell, a row and a table end.

/// Tables as they grow.
#[derive(Default)]
pub(super) struct Tables {
    /// Those that are finished: rows with at least two cells somewhere.
    pub list: Vec<String>,
    row: String,
    in_row: bool,
    rows: String,
}

/// More tables than these stand in one text with the last one, parted by an empty row.
const MOST: usize = 1_000;

impl Tables {
    /// Adds a cell to the row; it has no line ends and no tabs.
    pub fn cell(&mut self, text: String) {
        if self.in_row {
            self.row.push('\t');
        }
        self.row.push_str(&text);
        self.in_row = true;
    }

    /// Whether a row has begun.
    pub fn in_row(&self) -> bool {
        self.in_row
    }

    pub fn end_row(&mut self) {
        self.rows.push_str(&self.row);
        self.rows.push('\n');
        self.row.clear();
        self.in_row = false;
    }

    pub fn end_table(&mut self) {
        if self.in_row {
            self.end_row();
        }
        let rows = std::mem::take(&mut self.rows);
        if !rows.contains('\t') {
            return;
        }
        let is_full = self.list.len() >= MOST;
        match self.list.last_mut() {
            Some(last) if is_full => {
                last.push('\n');
                last.push_str(&rows);
            }
            _ => self.list.push(rows),
        }
    }
}
