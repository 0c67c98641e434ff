//! Sheets of an OpenDocument spreadsheet, cell by cell.

use super::super::office_xml::Element;
use super::super::ooxml::Grid;
use super::cells;

/// The sheets of a spreadsheet, and the place where reading is.
#[derive(Default)]
pub(super) struct Sheets {
    /// Tables belong to a spreadsheet and not to a text.
    pub wanted: bool,
    /// A cell is open; a table in it is one of a text.
    pub in_cell: bool,
    pub grids: Vec<Grid>,
    row: u32,
    /// Rows that the open one stands for.
    rows: u32,
    column: u32,
    columns: u32,
    value: Option<String>,
}

impl Sheets {
    pub fn begin_sheet(&mut self) {
        self.grids.push(Grid::default());
        (self.row, self.rows) = (0, 1);
    }

    /// Begins a row, which may stand for many alike (ODF 1.3 part 3 §19.679).
    pub fn begin_row(&mut self, element: &Element<'_>) {
        self.row = self.row.saturating_add(self.rows);
        self.rows = element.number("number-rows-repeated").unwrap_or(1).max(1);
        (self.column, self.columns) = (0, 1);
    }

    pub fn begin_cell(&mut self, element: &Element<'_>) {
        self.column = self.column.saturating_add(self.columns);
        self.columns = element.number("number-columns-repeated").unwrap_or(1).max(1);
        self.value = cells::value(element);
        self.in_cell = true;
    }

    /// Ends a cell that shows `text`. If it holds something else, it has both.
    pub fn end_cell(&mut self, text: &str) {
        self.in_cell = false;
        let value = self.value.take().filter(|value| !cells::shows(text, value));
        let Some(grid) = self.grids.last_mut() else {
            return;
        };
        // A few repeated cells are a few labels or values; more of them fill a page.
        for column in 0..self.columns.min(MOST_REPEATED) {
            let column = self.column.saturating_add(column);
            grid.put(self.row, column, text);
            grid.put(self.row, column, value.as_deref().unwrap_or_default());
        }
    }
}

const MOST_REPEATED: u32 = 16;
