//! Tables in text: comma-, semicolon-, bar- and tab-separated values (RFC 4180).

use super::Document;
use crate::mime::charset::Readings;
use crate::mime::{Leaf, Limits, TextKind};

pub(super) fn read(leaf: &Leaf, readings: &Readings, _limits: &Limits) -> Option<Document> {
    let labelled = is_labelled(leaf);
    if !labelled && leaf.file_name.is_none() {
        return None;
    }
    let separator = separator(&readings.text, if labelled { 2 } else { 3 })?;
    let mut document = Document::default();
    document.notes(leaf, readings);
    for reading in readings.all() {
        document.text(leaf, TextKind::Table, rows(reading, separator));
        // What only happens to have the shape of a table is prose as well.
        if !labelled {
            document.text(leaf, TextKind::Body, reading.to_owned());
        }
    }
    Some(document)
}

fn is_labelled(leaf: &Leaf) -> bool {
    let name = leaf.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let named = [".csv", ".tsv", ".tab"]
        .iter()
        .any(|ending| name.ends_with(ending));
    named
        || matches!(
            leaf.media_type.as_str(),
            "text/csv" | "text/tab-separated-values" | "application/csv"
        )
}

/// The separator that divides at least `least` of the first lines, and all of them, into the same number of
/// cells. A line break inside quotes makes a line with fewer cells; a few of those are forgiven.
fn separator(source: &str, least: usize) -> Option<char> {
    let lines: Vec<&str> = source
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(50)
        .collect();
    let counts = |separator: char| lines.iter().map(move |line| cells(line, separator));
    let regular = |separator: &char| {
        let most = counts(*separator).next().unwrap_or(0);
        let fitting = counts(*separator).filter(|count| *count == most).count();
        most >= 2 && fitting >= least && fitting * 5 >= lines.len() * 4
    };
    ['\t', ',', ';', '|'].into_iter().find(regular)
}

/// How many cells a line has, separators inside quotes left out.
fn cells(line: &str, separator: char) -> usize {
    let mut quoted = false;
    let separators = line.chars().filter(|character| {
        quoted ^= *character == '"';
        *character == separator && !quoted
    });
    separators.count() + 1
}

/// Cells with tabs between them, rows with line feeds; white space inside a cell becomes a space.
fn rows(source: &str, separator: char) -> String {
    let mut table = String::with_capacity(source.len());
    let mut quoted = false;
    for character in source.chars() {
        match character {
            '"' => quoted = !quoted,
            '\r' => {}
            '\n' | '\t' if quoted => table.push(' '),
            '\n' => table.push('\n'),
            _ if character == separator && !quoted => table.push('\t'),
            '\t' => table.push(' '),
            _ => table.push(character),
        }
    }
    table
}
