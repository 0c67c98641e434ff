//! Rows and columns: in a table the header of a column speaks for every cell below it, however far, and for
//! no other column.
//!
//! Text is read line by line, once, as the search goes on; nothing is kept but the header, so that a table of
//! any length takes no memory.

mod first_header;
mod split;
mod sql;

use std::ops::Range;

pub(super) use self::first_header::FirstHeader;
use self::split::{Cells, Delimiter};
use crate::mime::TextKind;

/// A cell of a table and what stands around it, in octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// The labels of its column, one for each row of labels.
    pub headers: [Option<Range<usize>>; ROWS_OF_LABELS],
    /// The cell.
    pub own: Range<usize>,
    /// The nearest cell to its left that is not empty, and the first cell of the row.
    pub left: Option<Range<usize>>,
    pub first: Option<Range<usize>>,
    /// The whole row.
    pub row: Range<usize>,
    /// The whole row of labels, the last one where there are several.
    pub labels: Range<usize>,
    /// Whether this may be a sentence with commas.
    pub may_be_prose: bool,
}

/// What is alike for all that stands at a place of a table: a cell, or a row whose cells only spaces part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// Nothing that begins here reaches beyond, unless it holds what separates cells.
    pub within: Range<usize>,
    pub row: Range<usize>,
    /// Where labels may stand that are no column's: the cell, the nearest one to its left, and the first of the row.
    pub beside: [Range<usize>; 3],
    /// Which of the tables so far it is of.
    pub table: usize,
    /// Its column; none where it may be any.
    pub column: Option<usize>,
    /// Whether all that lies within has this cell for its own.
    pub is_cell: bool,
}

/// Reads a text as lines, some of which are rows. Not `Debug`: it holds the message.
pub(super) struct Layout<'v> {
    bytes: &'v [u8],
    kind: TextKind,
    line: Range<usize>,
    cells: Option<Cells>,
    table: Option<Block>,
    /// Whether the order of the cells of the line, which spaces part, tells their labels, and not their place.
    in_order: bool,
    /// How many rows of labels there were, so that no two states of a table are taken for each other.
    labelled: usize,
}

/// A table that goes on.
#[derive(Debug)]
struct Block {
    delimiter: Delimiter,
    columns: usize,
    rows: usize,
    /// Its rows of labels, in order.
    labels: Vec<Labels>,
}

/// A row of labels.
#[derive(Debug)]
struct Labels {
    row: Range<usize>,
    cells: Cells,
    /// Which columns of the screen each cell takes, where spaces separate them.
    columns: Vec<Range<usize>>,
}

/// Lines that are farther away are skipped where they cannot matter.
const FAR: usize = 4 << 10;
/// Longer lines are no rows.
const LONGEST_ROW: usize = 16 << 10;
/// Longer labels are those of several columns.
const WORDS_OF_A_LABEL: usize = 3;
/// How many rows of labels a table may have: "Social Security" above "Number".
const ROWS_OF_LABELS: usize = 2;
/// How far beside a cell its label may stand, in columns of the screen.
const FARTHEST: usize = 4;
/// How many rows may stand above the header: a title, a date.
const ROWS_ABOVE_HEADER: usize = 4;

/// How far a stretch of the screen is from another one: 0 where they overlap. What only touches is farther than what stands above.
fn farness(one: &Range<usize>, other: &Range<usize>) -> usize {
    let right = (one.start + 1).saturating_sub(other.end);
    right.max((other.start + 1).saturating_sub(one.end))
}

impl Labels {
    fn of(bytes: &[u8], row: Range<usize>, cells: Cells) -> Labels {
        let columns = match cells.delimiter {
            Delimiter::Spaces => cells
                .list
                .iter()
                .map(|cell| split::columns(bytes, row.start, cell))
                .collect(),
            _ => Vec::new(),
        };
        Labels { row, cells, columns }
    }

    /// In a table aligned by spaces: the label above a stretch of a line, else the nearest one. Where single spaces part
    /// labels of narrow columns, they look like one; of such a label those words count that stand above the stretch,
    /// and their neighbours.
    fn above(&self, bytes: &[u8], place: Range<usize>) -> Option<Range<usize>> {
        let labels = self.columns.iter().zip(&self.cells.list);
        let ragged = |column: &Range<usize>| column.start != place.start && column.end != place.end;
        let near = labels.map(|(column, label)| ((farness(column, &place), ragged(column)), label));
        let near = near.filter(|((gap, _), _)| *gap <= FARTHEST);
        let nearest = near.min_by_key(|(rank, _)| *rank);
        let (_, label) = nearest?;
        let words = split::words(bytes, label);
        let above = |word: &Range<usize>| {
            let column = split::columns(bytes, self.row.start, word);
            column.start < place.end && place.start < column.end
        };
        let (Some(first), Some(last)) = (words.iter().position(above), words.iter().rposition(above)) else {
            return Some(label.clone());
        };
        if words.len() <= WORDS_OF_A_LABEL {
            return Some(label.clone());
        }
        let first = words.get(first.saturating_sub(1))?;
        let last = words.get(last + 1).or(words.last())?;
        Some(first.start..last.end)
    }
}

impl Labels {
    /// Which label stands for a cell: a line of a database's statement may hold several rows.
    fn place_of(&self, cell: usize) -> usize {
        let labels = self.cells.list.len();
        match self.cells.delimiter {
            Delimiter::Values if labels > 0 => cell % labels,
            _ => cell,
        }
    }

    /// In a table that spaces were to align: whether the order of the cells of a line tells their labels. There is a label for each,
    /// and either it stands above, or none stands above one of them, or the same above two.
    fn follow_order(&self, bytes: &[u8], line: usize, cells: &Cells) -> bool {
        if cells.delimiter != Delimiter::Spaces || cells.list.len() != self.columns.len() {
            return false;
        }
        let (mut at, mut column, mut straight) = (line, 0, true);
        let mut labels = self.columns.iter().peekable();
        for (cell, own) in cells.list.iter().zip(&self.columns) {
            let gap = split::columns(bytes, at, cell);
            let place = column + gap.start..column + gap.end;
            (at, column) = (cell.end, place.end);
            straight &= farness(own, &place) <= FARTHEST;
            let mut nearest = usize::MAX;
            while let Some(label) = labels.next_if(|label| farness(label, &place) < nearest) {
                nearest = farness(label, &place);
            }
            if nearest > FARTHEST {
                return true;
            }
        }
        straight
    }

    /// In a table aligned by spaces: whether a word of a label begins or ends where a stretch of a line does.
    fn is_aligned(&self, bytes: &[u8], place: &Range<usize>) -> bool {
        let labels = self.columns.iter().zip(&self.cells.list);
        let mut words = labels.flat_map(|(_, label)| split::words(bytes, label));
        words.any(|word| {
            let column = split::columns(bytes, self.row.start, &word);
            column.start == place.start || column.end == place.end
        })
    }
}

impl<'v> Layout<'v> {
    pub fn new(bytes: &'v [u8], kind: TextKind) -> Self {
        let mut layout = Layout {
            bytes,
            kind,
            line: 0..0,
            cells: None,
            table: None,
            in_order: false,
            labelled: 0,
        };
        if kind != TextKind::Header {
            layout.read_line(0);
        }
        layout
    }

    /// The cell that holds these octets, when they stand below a header. Calls come in order of `start`.
    pub fn cell(&mut self, start: usize, end: usize) -> Option<Cell> {
        self.go_to(start)?;
        let labels = &self.table.as_ref()?.labels;
        let is_label = labels.last().is_none_or(|labels| labels.row == self.line);
        let cells = self
            .cells
            .as_ref()
            .filter(|_| start >= self.line.start && !is_label)?;
        let (column, own) = cells.at(start, end)?;
        if self.kind == TextKind::Body && cells.may_be_prose() && !self.fills(&own, start, end) {
            let place = split::columns(self.bytes, self.line.start, &(start..end));
            labels.iter().find(|row| row.is_aligned(self.bytes, &place))?;
        }
        let mut headers = [const { None }; ROWS_OF_LABELS];
        for (place, row) in headers.iter_mut().zip(labels) {
            *place = self.label_of(row, column, &(start..end));
        }
        headers.iter().flatten().next()?;
        let left = cells
            .list
            .get(..column)?
            .iter()
            .rev()
            .find(|cell| !cell.is_empty())
            .cloned();
        let first = cells.list.first().filter(|_| column > 0).cloned();
        Some(Cell {
            headers,
            own,
            left,
            first,
            row: self.line.clone(),
            labels: labels.last().map_or(0..0, |labels| labels.row.clone()),
            may_be_prose: self.kind == TextKind::Body && cells.may_be_prose(),
        })
    }

    /// What is alike around an octet, when it stands below a header. Calls come in order, as for [`Layout::cell`].
    ///
    /// # Errors
    /// Up to where there is no table, when it does not.
    pub fn spot(&mut self, at: usize) -> Result<Spot, usize> {
        if self.go_to(at).is_none() {
            return Err(self.bytes.len());
        }
        let line = self.line.clone();
        let labels = self.table.as_ref().map(|table| &table.labels);
        let last = labels.and_then(|labels| labels.last());
        let row = last.filter(|labels| labels.row != line).and(self.cells.as_ref());
        let Some(cells) = row.filter(|_| line.contains(&at)) else {
            return Err(line.end.max(at + 1));
        };
        if cells.delimiter == Delimiter::Spaces {
            return Ok(Spot {
                within: at..line.end,
                row: line.clone(),
                beside: [line.clone(), 0..0, 0..0],
                table: self.labelled,
                column: None,
                is_cell: false,
            });
        }
        let column = cells
            .list
            .partition_point(|cell| cell.start <= at)
            .saturating_sub(1);
        let own = cells.list.get(column).filter(|own| own.contains(&at));
        // Between two cells anything may begin.
        let own = own.cloned().unwrap_or(at..at);
        let before = cells.list.get(..column).unwrap_or_default();
        let left = before.iter().rev().find(|cell| !cell.is_empty()).cloned();
        let first = cells.list.first().cloned();
        Ok(Spot {
            within: at..own.end,
            row: line,
            beside: [own, left.unwrap_or(0..0), first.unwrap_or(0..0)],
            table: self.labelled,
            column: Some(column),
            is_cell: self.labels(Some(column)).next().is_some()
                && !(self.kind == TextKind::Body && cells.may_be_prose()),
        })
    }

    /// The labels of a column of the table that [`Layout::spot`] answered for, or all of them.
    pub fn labels(&self, column: Option<usize>) -> impl Iterator<Item = &Range<usize>> {
        let rows = self.table.iter().flat_map(|table| &table.labels);
        rows.flat_map(move |row| {
            let all = 0..row.cells.list.len();
            let wanted = column.map_or(all, |column| row.place_of(column)..row.place_of(column) + 1);
            row.cells.list.get(wanted).unwrap_or_default()
        })
    }

    /// Whether the octet stands in a row of a table that has labels. Calls come in order, as for [`Layout::cell`].
    pub fn is_row(&mut self, at: usize) -> bool {
        let labelled = |table: &Block| !table.labels.is_empty();
        self.go_to(at).is_some()
            && self.cells.as_ref().is_some_and(|cells| !cells.may_be_prose())
            && self.table.as_ref().is_some_and(labelled)
    }

    /// Reads on until the line that holds an octet; none where there are no lines.
    fn go_to(&mut self, at: usize) -> Option<()> {
        if at > self.line.end + FAR {
            self.skip_to(at);
        }
        while at >= self.line.end && self.line.end < self.bytes.len() {
            self.read_line(self.line.end);
        }
        (self.kind != TextKind::Header).then_some(())
    }

    /// Goes on at the last line before an octet that is no row, so that no table goes on behind it. Stays where it is
    /// when there is none near by.
    fn skip_to(&mut self, at: usize) {
        // In a document's table nothing ends it.
        if self.kind != TextKind::Body {
            return;
        }
        let least = self.line.end.max(at.saturating_sub(FAR));
        let mut end = at;
        while let Some(before) = self.bytes.get(least..end) {
            let Some(start) = memchr::memrchr(b'\n', before).map(|found| least + found + 1) else {
                return;
            };
            let line = self.bytes.get(start..end).unwrap_or_default();
            // The line of the octet itself is not whole.
            if end < at && split::is_no_row(line) {
                self.read_line(start);
                return;
            }
            end = start - 1;
        }
    }

    /// The cells of the line that [`Layout::cell`] answered for, each after the label of its column.
    pub fn columns(&self) -> impl Iterator<Item = (Range<usize>, &Range<usize>)> {
        let labels = self.table.iter().flat_map(|table| &table.labels);
        let pairs = labels.flat_map(|row| self.cells.iter().map(move |cells| (row, cells)));
        pairs.flat_map(move |(row, cells)| {
            cells
                .list
                .iter()
                .enumerate()
                .filter_map(move |(column, cell)| self.label_of(row, column, cell).map(|label| (label, cell)))
        })
    }

    /// Whether the order of the cells of the present line tells which of these labels are theirs.
    fn is_in_order(&self, labels: &Labels) -> bool {
        let cells = self.cells.as_ref().map(|cells| cells.list.len());
        self.in_order && cells == Some(labels.cells.list.len())
    }

    /// What a row of labels says of a stretch of the present line, which lies in a cell of this column.
    fn label_of(&self, labels: &Labels, column: usize, stretch: &Range<usize>) -> Option<Range<usize>> {
        match labels.cells.delimiter {
            Delimiter::Spaces if !self.is_in_order(labels) => {
                let place = split::columns(self.bytes, self.line.start, stretch);
                labels.above(self.bytes, place)
            }
            _ => labels.cells.list.get(labels.place_of(column)).cloned(),
        }
    }

    /// Whether a cell holds nothing else to read: prose has commas too.
    fn fills(&self, cell: &Range<usize>, start: usize, end: usize) -> bool {
        let around = [cell.start..start, end..cell.end];
        let mut rest = around
            .into_iter()
            .filter_map(|range| self.bytes.get(range))
            .flatten();
        !rest.any(u8::is_ascii_alphanumeric)
    }

    fn read_line(&mut self, start: usize) {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        self.line = start..start + length;
        let line = rest.get(..length).unwrap_or_default();
        if split::is_rule(line) {
            self.cells = None;
            return;
        }
        if let Some(statement) = sql::statement(line, start) {
            self.begin(statement);
            return;
        }
        let is_statement = |table: &Block| table.delimiter == Delimiter::Values;
        if sql::announces_values(line) && self.table.as_ref().is_some_and(is_statement) {
            self.cells = None;
            return;
        }
        self.cells = match line.len() > LONGEST_ROW {
            true => None,
            false => self.split(line, start),
        };
        let Some(cells) = &self.cells else {
            // A table of a document goes on after a title or an empty row; one in running text does not, but for an empty
            // line below its labels where nothing else separates like that.
            let labelled = |table: &Block| {
                let labels = table.labels.last().is_some_and(|labels| labels.row.end == start);
                labels && table.delimiter.is_certain() && line.trim_ascii().is_empty()
            };
            if self.kind != TextKind::Table && !self.table.as_ref().is_some_and(labelled) {
                self.table = None;
            }
            return;
        };
        if !self.table.as_ref().is_some_and(|table| table.goes_on(cells)) {
            self.table = Some(Block {
                delimiter: cells.delimiter,
                columns: cells.list.len(),
                rows: 0,
                labels: Vec::new(),
            });
        }
        if let Some(table) = &mut self.table {
            self.in_order = table
                .labels
                .last()
                .is_some_and(|labels| labels.follow_order(self.bytes, start, cells));
            table.rows += 1;
            if table.wants_labels(start) && cells.are_labels(self.bytes) {
                self.labelled += 1;
                table
                    .labels
                    .push(Labels::of(self.bytes, self.line.clone(), cells.clone()));
            }
        }
    }

    /// Begins the table of a database's statement.
    fn begin(&mut self, statement: sql::Statement) {
        self.labelled += 1;
        self.cells = statement.values;
        let columns = statement.names.len();
        let cells = Cells {
            delimiter: statement.rows,
            spaced: false,
            list: statement.names,
        };
        self.table = Some(Block {
            delimiter: statement.rows,
            columns,
            rows: 1,
            labels: vec![Labels::of(self.bytes, statement.columns, cells)],
        });
    }

    /// The cells of a line: as the table that goes on has them, if the line fits it.
    fn split(&self, line: &[u8], start: usize) -> Option<Cells> {
        let table = self.table.as_ref().filter(|table| !table.labels.is_empty());
        let as_before = table.and_then(|table| match table.delimiter {
            Delimiter::Values => sql::values(line, start, table.columns),
            delimiter => {
                split::cells_by(line, start, delimiter).filter(|cells| cells.list.len() == table.columns)
            }
        });
        as_before.or_else(|| split::cells(line, start, self.kind == TextKind::Table))
    }
}

impl Block {
    /// Whether the row that begins at `start` may be one of labels: the first that is one, or the next.
    fn wants_labels(&self, start: usize) -> bool {
        match self.labels.last() {
            None => self.rows <= ROWS_ABOVE_HEADER,
            Some(labels) => self.labels.len() < ROWS_OF_LABELS && labels.row.end == start,
        }
    }

    fn goes_on(&self, cells: &Cells) -> bool {
        let same_width = self.columns == cells.list.len()
            || self.delimiter.is_certain()
            || self.delimiter == Delimiter::Spaces;
        self.delimiter == cells.delimiter && same_width
    }
}

#[cfg(test)]
mod tests;
