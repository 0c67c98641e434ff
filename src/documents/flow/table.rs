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

    /// The rows of a form that has a cell for each digit or group of digits, as lines.
    pub fn spelled(&self, page: &str) -> String {
        let text = |cell: &Range<usize>| page.get(cell.clone()).unwrap_or_default().trim();
        spell(self.rows.iter().map(|row| row.iter().map(|(_, cell)| text(cell))))
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

/// Writes those rows as lines that are the boxes of a form, below the first row, which may label them.
pub(in super::super) fn spell<'c, Row>(rows: impl Iterator<Item = Row>) -> String
where
    Row: Iterator<Item = &'c str> + Clone,
{
    let mut lines = String::new();
    let mut labels: Option<Row> = None;
    for (number, row) in rows.enumerate() {
        spell_row(row.clone(), &mut lines);
        labels = labels.or(Some(row).filter(|_| number == 0 && lines.is_empty()));
    }
    match labels {
        Some(labels) if !lines.is_empty() => {
            let labels: Vec<&str> = labels.collect();
            format!("{}\n{lines}", labels.join(" "))
        }
        _ => lines,
    }
}

/// Writes a row as a line without gaps between cells of one character, if there are enough of those, or between
/// cells that hold the groups of one number.
fn spell_row<'c>(cells: impl Iterator<Item = &'c str> + Clone, into: &mut String) {
    let is_one = |cell: &&str| cell.chars().nth(1).is_none() && cell.chars().any(char::is_alphanumeric);
    if cells.clone().filter(is_one).count() < FEWEST_SPELLED {
        return spell_groups(cells, into);
    }
    for cell in cells.filter(|cell| !cell.is_empty()) {
        let gap = if cell.chars().nth(1).is_none() { "" } else { " " };
        for piece in [gap, cell, gap] {
            into.push_str(piece);
        }
    }
    into.push('\n');
}

/// How long the groups are that a form has cells for, and what is written between them: Social Security numbers,
/// cards. Any three figures of a table may be that long, so it is written as a number that needs a label.
const GROUPS: [(&[usize], &str); 4] = [
    (&[3, 2, 4], ""),
    (&[4, 4, 4, 4], "/"),
    (&[4, 6, 5], "/"),
    (&[4, 6, 4], "/"),
];

/// Cells that a number has at least, and a row with it at most.
const FEWEST_GROUPS: usize = 3;
const MOST_CELLS: usize = 40;

/// Writes a row as a line in which the groups of one number stand together, if there is one. Hyphens between groups
/// may stand in cells of their own.
fn spell_groups<'c>(cells: impl Iterator<Item = &'c str> + Clone, into: &mut String) {
    if cells.clone().filter(|cell| is_group(bare(cell))).count() < FEWEST_GROUPS {
        return;
    }
    let cells: Vec<&str> = cells.map(bare).filter(|cell| !cell.is_empty()).collect();
    if cells.len() > MOST_CELLS {
        return;
    }
    let start = into.len();
    let (mut rest, mut found) = (cells.as_slice(), false);
    while let Some(first) = rest.first() {
        let (length, between) = number(rest).unwrap_or((1, ""));
        found |= length > 1;
        let groups = rest.get(..length).unwrap_or(std::slice::from_ref(first));
        into.push_str(&groups.join(between));
        into.push(' ');
        rest = rest.get(length..).unwrap_or_default();
    }
    match found {
        true => into.push('\n'),
        false => into.truncate(start),
    }
}

/// A cell without the hyphens around what it holds.
fn bare(cell: &str) -> &str {
    let is_edge = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2014}') || c.is_whitespace();
    cell.trim_matches(is_edge)
}

fn is_group(cell: &str) -> bool {
    (1..=6).contains(&cell.len())
        && cell
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

/// How many cells at the beginning of a row are the groups of one number, and what is written between them.
fn number(cells: &[&str]) -> Option<(usize, &'static str)> {
    let digits = |cell: &&str| cell.bytes().all(|byte| byte.is_ascii_digit());
    let fits = |lengths: &[usize]| {
        cells.get(..lengths.len()).is_some_and(|own| {
            own.iter().all(digits) && own.iter().map(|cell| cell.len()).eq(lengths.iter().copied())
        })
    };
    let found = GROUPS.iter().find(|(lengths, _)| fits(lengths));
    found
        .map(|(lengths, between)| (lengths.len(), *between))
        .or_else(|| iban(cells).map(|length| (length, "")))
}

/// How many cells an IBAN takes that begins in the first one: a country with two digits, and groups of four.
fn iban(cells: &[&str]) -> Option<usize> {
    let begins = match cells.first()?.as_bytes() {
        [a, b, c, d] => {
            a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit()
        }
        _ => false,
    };
    let full = cells
        .iter()
        .take_while(|cell| cell.len() == 4 && is_group(cell))
        .count();
    let last = cells.get(full).filter(|cell| cell.len() < 4 && is_group(cell));
    (begins && full >= 4).then_some(full + usize::from(last.is_some()))
}
