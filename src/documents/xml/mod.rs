//! XML: each element's text after its name, attributes likewise, and repeated siblings with the same children as
//! tables. All texts of comments, declarations and instructions are kept as well.

mod lexer;
mod tree;

use super::{Visit, text};
use crate::mime::{TextKind, charset};

pub(super) fn read(visit: &mut Visit<'_>, readings: &charset::Readings) -> bool {
    let start = readings
        .text
        .trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !start.starts_with('<') || !lexer::looks_like_xml(start) {
        return false;
    }
    visit.notes(readings);
    for reading in readings.all() {
        let read = tree::read(reading);
        visit.text(TextKind::Body, read.lines);
        visit.text(TextKind::Body, read.hidden);
        for table in read.tables {
            visit.text(TextKind::Table, table);
        }
    }
    text::residues(visit, &readings.text);
    true
}
