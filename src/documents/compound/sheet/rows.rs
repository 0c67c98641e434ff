//! Cells → a table, row by row, with every cell in its column.

/// Columns beyond this one share its place; no sheet of these formats has more.
const COLUMNS: u16 = 256;

/// The rows of one sheet as they come. Excel writes them in order; a row that comes late stands where it comes.
#[derive(Default)]
pub(super) struct Rows {
    text: String,
    row: Option<u16>,
    /// The cells of the row at hand.
    cells: Vec<(u16, String)>,
    /// Cells in any column but the first.
    pub wide: bool,
}

impl Rows {
    pub fn push(&mut self, row: u16, column: u16, cell: String) {
        if self.row != Some(row) {
            self.end_row();
            self.row = Some(row);
        }
        self.cells.push((column.min(COLUMNS), cell));
    }

    /// Octets of the text so far.
    pub fn length(&self) -> usize {
        self.text.len()
    }

    /// Takes the text; the rows begin anew.
    pub fn take(&mut self) -> String {
        self.end_row();
        self.row = None;
        std::mem::take(&mut self.text)
    }

    fn end_row(&mut self) {
        if self.cells.is_empty() {
            return;
        }
        self.cells.sort_by_key(|(column, _)| *column);
        let mut at = 0;
        for (number, (column, cell)) in self.cells.drain(..).enumerate() {
            // Two cells in one place are both told.
            if number > 0 && column < at {
                self.text.push('\t');
            }
            self.text
                .extend(std::iter::repeat_n('\t', usize::from(column.saturating_sub(at))));
            self.text.push_str(&cell);
            at = at.max(column);
            self.wide |= column > 0;
        }
        self.text.push('\n');
    }
}
