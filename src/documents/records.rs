//! Records: fields with labels, and rows of them as a table. What JSON, XML and SQL have in common.

use std::collections::HashMap;

/// The fields of one record, labels first.
pub(super) type Fields = Vec<(String, String)>;

/// Records of one kind.
#[derive(Debug, Default)]
pub(super) struct Records {
    labels: HashMap<String, Label>,
    header: Vec<String>,
    rows: Vec<Vec<(usize, String)>>,
    /// Octets of all cells, and of the tabs between them.
    octets: usize,
    gaps: usize,
    /// A record had more fields than a table can have columns.
    too_wide: bool,
}

/// Where the values of a label stand.
#[derive(Debug, Default)]
struct Label {
    /// The columns of its first value in a record, its second, and so on.
    columns: Vec<usize>,
    /// The row that used it last, and how often.
    row: usize,
    used: usize,
}

/// Records with more labels make no table.
const MOST_COLUMNS: usize = 500;

impl Records {
    /// Adds a record. Of a repeated label, each value has its own column.
    pub fn add(&mut self, fields: &Fields) {
        self.too_wide |= fields.len() > MOST_COLUMNS || self.header.len() > MOST_COLUMNS;
        if self.too_wide {
            return;
        }
        let mut row: Vec<(usize, String)> = Vec::with_capacity(fields.len());
        for (label, value) in fields {
            self.octets += value.len();
            row.push((self.column(label), value.clone()));
        }
        row.sort_by_key(|(column, _)| *column);
        self.gaps += row.last().map_or(0, |(column, _)| column + 1);
        self.rows.push(row);
    }

    fn column(&mut self, name: &str) -> usize {
        let row = self.rows.len();
        if !self.labels.contains_key(name) {
            self.labels.insert(name.to_owned(), Label::default());
        }
        let Some(label) = self.labels.get_mut(name) else {
            return 0;
        };
        if label.row != row {
            (label.row, label.used) = (row, 0);
        }
        label.used += 1;
        if let Some(column) = label.columns.get(label.used - 1) {
            return *column;
        }
        self.header.push(name.to_owned());
        label.columns.push(self.header.len() - 1);
        self.header.len() - 1
    }

    /// The table, when there is one to speak of and it is not mostly empty.
    pub fn table(self) -> Option<String> {
        let columns = self.header.len();
        let sparse = self.gaps > self.octets.saturating_mul(2) + (1 << 20);
        if self.too_wide || self.rows.len() < 2 || !(2..=MOST_COLUMNS).contains(&columns) || sparse {
            return None;
        }
        let mut table = String::with_capacity(self.octets + self.gaps);
        for (number, label) in self.header.iter().enumerate() {
            table.push_str(if number > 0 { "\t" } else { "" });
            push_cell(&mut table, label);
        }
        for row in &self.rows {
            table.push('\n');
            let mut at = 0;
            for (column, value) in row {
                table.extend(std::iter::repeat_n('\t', column - at));
                push_cell(&mut table, value);
                at = *column;
            }
        }
        table.push('\n');
        Some(table)
    }
}

/// Appends a cell, with white space in it as single spaces.
pub(super) fn push_cell(table: &mut String, cell: &str) {
    if !cell.contains(['\t', '\n', '\r']) {
        return table.push_str(cell.trim());
    }
    for (number, word) in cell.split_whitespace().enumerate() {
        table.push_str(if number > 0 { " " } else { "" });
        table.push_str(word);
    }
}

/// Labels that say nothing without what they stand in: `{"card": {"number": "…"}}`.
const GENERIC: [&str; 24] = [
    "#", "account", "acct", "card", "code", "content", "data", "digits", "full", "id", "item", "key",
    "masked", "nbr", "no", "num", "number", "plain", "raw", "string", "text", "val", "value", "issuer",
];

/// A longer label is none. It would be repeated for each value.
const LONGEST_LABEL: usize = 100;

/// Whether a label is short enough to be written before each value.
pub(super) fn is_label(text: &str) -> bool {
    text.len() <= LONGEST_LABEL
}

/// A label with that of the thing around it, where it needs one.
pub(super) fn label(around: &str, own: &str) -> String {
    let own = own
        .get(..own.floor_char_boundary(LONGEST_LABEL))
        .unwrap_or_default();
    let generic = GENERIC.iter().any(|generic| own.eq_ignore_ascii_case(generic));
    // The number of a row: `{"ssn": {"0": "…", "1": "…"}}`.
    if own.is_empty() || own.bytes().all(|byte| byte.is_ascii_digit()) && !around.is_empty() {
        return around.to_owned();
    }
    if around.is_empty() || !generic || around.eq_ignore_ascii_case(own) {
        return own.to_owned();
    }
    let one = around
        .strip_suffix('s')
        .filter(|one| one.len() > 2 && !one.ends_with('s'));
    format!("{} {own}", one.unwrap_or(around))
}

/// Labels of the two fields of a record that says what a value is: `{"name": "SSN", "value": "…"}`.
const LABELS: [&str; 11] = [
    "label",
    "name",
    "key",
    "field",
    "fieldname",
    "question",
    "title",
    "property",
    "attribute",
    "type",
    "id",
];
const VALUES: [&str; 9] = [
    "value",
    "answer",
    "val",
    "text",
    "data",
    "content",
    "fieldvalue",
    "response",
    "number",
];

/// A record that says what a value is says little else.
const MOST_FIELDS_OF_A_PAIR: usize = 20;

/// The pair that such a record makes.
pub(super) fn pair(fields: &Fields) -> Option<(&str, &str)> {
    // What stands around a field may have given its label the first words: the same to both.
    let parts = |label: &str| {
        let own = label.rfind(' ').map_or(0, |space| space + 1);
        let (around, own) = label.split_at(own);
        (around.to_ascii_lowercase(), own.to_ascii_lowercase())
    };
    let find = |wanted: &[&str]| {
        let mut fitting = wanted
            .iter()
            .filter_map(|wanted| fields.iter().find(|(label, _)| parts(label).1 == *wanted));
        fitting
            .next()
            .map(|(label, value)| (parts(label), value.as_str()))
    };
    if fields.len() > MOST_FIELDS_OF_A_PAIR {
        return None;
    }
    let (((one, _), label), ((other, own), value)) = (find(&LABELS)?, find(&VALUES)?);
    // "Employee Name" and "Routing Number" are two fields of somebody.
    let together = own != "number" || other.is_empty() || one == other;
    (together && label.len() <= 60 && label != value).then_some((label, value))
}
