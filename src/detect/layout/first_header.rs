//! Where the first header of a text may stand: below it, every cell may have its keyword in a label.

use std::ops::Range;

use super::super::keywords::{Hit, Keywords};
use super::{LONGEST_ROW, split, sql};

/// Looks for the first line that could be a header with a keyword that makes values count, as keywords are
/// heard.
#[derive(Debug, Default)]
pub(in super::super) struct FirstHeader {
    /// Where the line begins.
    pub found: Option<usize>,
    /// Up to here, the lines are none.
    done: usize,
    /// The last line that could be one, but for its keywords.
    line: Range<usize>,
}

impl FirstHeader {
    /// Takes in the next keyword; calls come in order.
    pub fn hear(&mut self, bytes: &[u8], keywords: &Keywords, hit: &Hit) {
        if self.found.is_some() || hit.start < self.done {
            return;
        }
        if !self.line.contains(&hit.start) {
            let line = line_around(bytes, hit.start);
            if !may_be_header(bytes, &line) {
                // Nothing else on this line makes it a header.
                self.done = end_of_line(bytes, hit.end);
                return;
            }
            self.line = line;
        }
        if keywords.reach_of(hit, false).is_some() {
            self.found = Some(self.line.start);
        }
    }
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(bytes.len(), |found| at + found)
}

fn may_be_header(bytes: &[u8], line: &Range<usize>) -> bool {
    let text = bytes.get(line.clone()).unwrap_or_default();
    if sql::statement(text, line.start).is_some() {
        return true;
    }
    if split::holds_data(text) {
        return false;
    }
    let cells = split::cells(text, line.start, false);
    cells.is_some_and(|cells| cells.are_labels(bytes))
}

/// The line that holds an octet; empty when it is too long for a row.
fn line_around(bytes: &[u8], at: usize) -> Range<usize> {
    let before = bytes.get(at.saturating_sub(LONGEST_ROW)..at).unwrap_or_default();
    let after = bytes
        .get(at..(at + LONGEST_ROW).min(bytes.len()))
        .unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map(|found| at - before.len() + found + 1);
    let end = memchr::memchr(b'\n', after).map(|found| at + found + 1);
    let start = start.or((before.len() == at).then_some(0));
    let end = end.or((at + after.len() == bytes.len()).then_some(bytes.len()));
    start.zip(end).map_or(at..at, |(start, end)| start..end)
}
