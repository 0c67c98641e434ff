//! Tables whose cells JSON holds apart from their labels: `{"columns": ["name", "ssn"], "data": [["Mary", "536…"]]}`,
//! also where each cell is an object, as databases answer: `{"rows": [{"f": [{"v": "536…"}]}]}`.

use super::super::records::{Fields, push_cell};

/// The arrays of a text that may be rows or labels, as they end.
#[derive(Debug, Default)]
pub(super) struct Grids {
    /// Arrays of arrays, with the number of lists that were known before.
    grids: Vec<(usize, Vec<Vec<String>>)>,
    /// Arrays that may hold the labels of columns.
    lists: Vec<Vec<String>>,
}

/// What an array may become while it is open.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Its values, and those of objects that stand for one value.
    pub row: Vec<String>,
    /// The arrays in it.
    pub rows: Vec<Vec<String>>,
}

/// Wider rows are none.
const WIDEST: usize = 500;
/// A text has no more lists of labels that matter.
const MOST_LISTS: usize = 200;
/// A longer value is no label, and one with so many digits is data.
const LONGEST_LABEL: usize = 60;
const DIGITS_OF_DATA: usize = 4;

/// The keys of an object that stands for one cell, best first: a value with its type, or the label of a column.
const CELLS: [&str; 12] = [
    "v",
    "formattedvalue",
    "displayvalue",
    "value",
    "label",
    "title",
    "header",
    "headername",
    "name",
    "field",
    "text",
    "key",
];
/// Objects with more fields are records.
const MOST_FIELDS_OF_A_CELL: usize = 4;

/// The value that an object stands for.
pub(super) fn cell(fields: &Fields) -> Option<&str> {
    // What stands around a field may have given its label a first word.
    let own = |label: &'_ str, wanted: &str| {
        label
            .rsplit(' ')
            .next()
            .is_some_and(|own| own.eq_ignore_ascii_case(wanted))
    };
    if fields.len() > MOST_FIELDS_OF_A_CELL {
        return None;
    }
    let named = |wanted: &&str| fields.iter().find(|(label, _)| own(label, wanted));
    let found = CELLS.iter().find_map(named);
    found
        .or_else(|| fields.first().filter(|_| fields.len() == 1))
        .map(|(_, value)| value.as_str())
}

/// An array whose values are the lines of a text, put together: the source and the output of a notebook's cell.
pub(super) fn text_of_lines(row: &[String]) -> Option<String> {
    let (_, lines) = row.split_last()?;
    let ended = lines.iter().filter(|line| line.ends_with('\n')).count();
    (!lines.is_empty() && ended == lines.len()).then(|| row.concat())
}

impl Grids {
    /// Takes in an array that ended. Gives its row, if it is one.
    pub fn take(&mut self, lines: Lines, in_array: bool) -> Option<Vec<String>> {
        let Lines { row, rows } = lines;
        if !rows.is_empty() {
            self.grids.push((self.lists.len(), rows));
            return None;
        }
        let fits = (2..=WIDEST).contains(&row.len());
        if fits && !in_array && self.lists.len() < MOST_LISTS && row.iter().all(|cell| is_label(cell)) {
            self.lists.push(row.clone());
        }
        fits.then_some(row)
    }

    /// Whether there are any rows.
    pub fn are_there(&self) -> bool {
        !self.grids.is_empty()
    }

    /// The tables: each with the labels that stand nearest before it and are as many as its columns, else with those
    /// that stand behind it, else with its first row for labels.
    pub fn tables(self) -> impl Iterator<Item = String> {
        let Grids { grids, lists } = self;
        grids.into_iter().map(move |(known, rows)| {
            let width = usual_width(&rows);
            let fits = |list: &&Vec<String>| list.len() == width;
            let before = lists.iter().take(known).rev().find(fits);
            let labels = before.or_else(|| lists.iter().skip(known).find(fits));
            let mut table = String::new();
            for row in labels.into_iter().chain(&rows) {
                for (number, cell) in row.iter().enumerate() {
                    table.push_str(if number > 0 { "\t" } else { "" });
                    push_cell(&mut table, cell);
                }
                table.push('\n');
            }
            table
        })
    }
}

fn is_label(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() <= LONGEST_LABEL && digits < DIGITS_OF_DATA
}

/// The width that most of the first rows have.
fn usual_width(rows: &[Vec<String>]) -> usize {
    let widths: Vec<usize> = rows.iter().take(50).map(Vec::len).collect();
    let count = |width: &usize| widths.iter().filter(|other| *other == width).count();
    widths
        .iter()
        .copied()
        .max_by_key(|width| count(width))
        .unwrap_or(0)
}
