//! Sheets as plain text: SYLK, which names the place of each cell, and DIF, which tells cell after cell.

use super::{Visit, one_line};
use crate::mime::{TextKind, charset};

/// Cells beyond are left where they stand in the text, which is read as well.
const MOST_COLUMNS: usize = 1_000;

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let start = readings.text.trim_start_matches('\u{feff}');
    let table: fn(&str) -> String = match () {
        () if start.starts_with("ID;") => sylk,
        () if start.starts_with("TABLE") && start.contains("\nDATA") => dif,
        () => return false,
    };
    visit.notes(readings);
    for reading in readings.all() {
        visit.text(TextKind::Table, table(reading));
        visit.text(TextKind::Body, reading.to_owned());
    }
    super::text::residues(visit, &readings.text);
    true
}

/// Rows as they grow; cells come in order of their rows.
#[derive(Default)]
struct Sheet {
    text: String,
    row: Vec<String>,
}

impl Sheet {
    fn put(&mut self, column: usize, value: &str) {
        if column >= MOST_COLUMNS {
            return;
        }
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        if let Some(cell) = self.row.get_mut(column) {
            *cell = one_line(value);
        }
    }

    fn end_row(&mut self) {
        if !self.row.is_empty() {
            self.text.push_str(&self.row.join("\t"));
            self.text.push('\n');
            self.row.clear();
        }
    }
}

/// Records `C;Y2;X3;K"value"`; a place that is left out is that of the record before.
fn sylk(source: &str) -> String {
    let mut sheet = Sheet::default();
    let (mut row, mut column) = (0, 1);
    for line in source.lines() {
        let Some(fields) = line.strip_prefix("C;").or_else(|| line.strip_prefix("F;")) else {
            continue;
        };
        let place = fields.find(";K").unwrap_or(fields.len());
        let place = if fields.starts_with('K') { 0 } else { place };
        let (places, value) = fields.split_at_checked(place).unwrap_or((fields, ""));
        for field in places.split(';') {
            let number = || field.get(1..).and_then(|number| number.parse::<usize>().ok());
            match field.chars().next() {
                Some('X') => column = number().unwrap_or(column),
                Some('Y') => {
                    let next = number().unwrap_or(row);
                    if next != row {
                        sheet.end_row();
                    }
                    row = next;
                }
                _ => {}
            }
        }
        let value = value.trim_start_matches(';');
        if let Some(value) = value.strip_prefix('K').filter(|_| line.starts_with('C')) {
            let quoted = value.strip_prefix('"');
            let value = quoted.map_or_else(|| value.split(';').next(), |text| text.split("\";").next());
            let value = value.unwrap_or_default().trim_end_matches('"').replace(";;", ";");
            sheet.put(column.saturating_sub(1), &value);
        }
    }
    sheet.end_row();
    sheet.text
}

/// Pairs of lines: `type,number` and a text. `-1,0` with `BOT` begins a row.
fn dif(source: &str) -> String {
    let mut sheet = Sheet::default();
    let mut column = 0;
    let mut lines = source.lines().skip_while(|line| line.trim() != "DATA").skip(3);
    while let (Some(head), Some(text)) = (lines.next(), lines.next()) {
        let (kind, number) = head.split_once(',').unwrap_or((head, ""));
        let value = match kind.trim() {
            "-1" => {
                sheet.end_row();
                column = 0;
                continue;
            }
            "0" => number.trim(),
            _ => text.trim().trim_matches('"'),
        };
        sheet.put(column, value);
        column += 1;
    }
    sheet.end_row();
    sheet.text
}

#[cfg(test)]
mod tests;
