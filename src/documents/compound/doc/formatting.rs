//! The few properties that matter for reading: ends of table rows, hidden and deleted text.
//!
//! They stand in pages of 512 octets, each for stretches of the file ([MS-DOC] §2.9.33, §2.9.177).

use std::ops::Range;

use memchr::memmem;

use crate::documents::octets::{Octets, length_at, stretch, u32_at};

/// Stretches of the file with a property, in order.
#[derive(Default)]
pub(super) struct Formatting {
    row_ends: Vec<Range<usize>>,
    in_table: Vec<Range<usize>>,
    hidden: Vec<Range<usize>>,
}

/// A page of properties.
const PAGE: usize = 512;

/// Where the lists of pages stand in the file information block: for characters and for paragraphs.
const CHARACTER_PAGES: usize = 0xfa;
const PARAGRAPH_PAGES: usize = 0x102;

/// Properties with their value, switched on ([MS-DOC] §2.6.1, §2.6.2): the end of a row and of a nested one.
const ROW_END: [[u8; 3]; 2] = [[0x17, 0x24, 1], [0x4c, 0x24, 1]];
/// Inside of a table.
const IN_TABLE: [[u8; 3]; 1] = [[0x16, 0x24, 1]];
/// Hidden, and deleted while changes were tracked.
const HIDDEN: [[u8; 3]; 2] = [[0x3c, 0x08, 1], [0x00, 0x08, 1]];

impl Formatting {
    pub fn read(document: &[u8], table: &[u8]) -> Self {
        let mut formatting = Formatting::default();
        for page in pages(document, table, PARAGRAPH_PAGES) {
            for (stretch, properties) in entries(page, true) {
                if has(properties, &ROW_END) {
                    formatting.row_ends.push(stretch.clone());
                }
                if has(properties, &IN_TABLE) {
                    formatting.in_table.push(stretch);
                }
            }
        }
        for page in pages(document, table, CHARACTER_PAGES) {
            let hidden = entries(page, false).into_iter();
            let hidden = hidden.filter(|(_, properties)| has(properties, &HIDDEN));
            formatting.hidden.extend(hidden.map(|(stretch, _)| stretch));
        }
        for stretches in [
            &mut formatting.row_ends,
            &mut formatting.in_table,
            &mut formatting.hidden,
        ] {
            stretches.sort_by_key(|stretch| stretch.start);
        }
        formatting
    }

    /// Whether anything is known of table rows.
    pub fn knows_rows(&self) -> bool {
        !self.row_ends.is_empty()
    }

    pub fn ends_row(&self, at: usize) -> bool {
        holds(&self.row_ends, at)
    }

    pub fn is_in_table(&self, at: usize) -> bool {
        holds(&self.in_table, at)
    }

    pub fn has_hidden(&self) -> bool {
        !self.hidden.is_empty()
    }

    pub fn hides(&self, at: usize) -> bool {
        holds(&self.hidden, at)
    }
}

fn holds(stretches: &[Range<usize>], at: usize) -> bool {
    let after = stretches.partition_point(|stretch| stretch.start <= at);
    let before = after.checked_sub(1).and_then(|before| stretches.get(before));
    before.is_some_and(|stretch| stretch.contains(&at))
}

fn has(properties: &[u8], wanted: &[[u8; 3]]) -> bool {
    wanted
        .iter()
        .any(|wanted| memmem::find(properties, wanted).is_some())
}

/// The pages that the list at `list` names, each once.
fn pages<'a>(document: &'a [u8], table: &[u8], list: usize) -> Vec<&'a [u8]> {
    let start = length_at(document, list).unwrap_or(0);
    let length = length_at(document, list + 4).unwrap_or(0);
    let plc = stretch(table, start, length);
    let count = plc.len().saturating_sub(4) / 8;
    let mut numbers: Vec<u32> = (0..count)
        .filter_map(|number| u32_at(plc, (count + 1 + number) * 4))
        .map(|page| page & 0x3f_ffff)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let start = |page: u32| usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(PAGE);
    numbers
        .into_iter()
        .map(|page| stretch(document, start(page), PAGE))
        .collect()
}

/// The stretches of a page with their properties: the first octets of all stretches, then an entry for each with the
/// place of its properties, and at the very end how many there are.
fn entries(page: &[u8], paragraphs: bool) -> Vec<(Range<usize>, &[u8])> {
    let count = usize::from(page.get(PAGE - 1).copied().unwrap_or(0));
    let width = if paragraphs { 13 } else { 1 };
    let mut starts = Octets::new(page);
    let mut start = starts.length().unwrap_or(0);
    let mut entries = Vec::new();
    for number in 0..count {
        let Some(next) = starts.length() else {
            break;
        };
        let entry = (count + 1) * 4 + number * width;
        let place = page.get(entry).copied().map_or(0, |place| usize::from(place) * 2);
        if place > 0 {
            entries.push((start..next, properties(page, place, paragraphs)));
        }
        start = next;
    }
    entries
}

/// Properties with their length before them: of characters in octets, of paragraphs in pairs of octets, where a zero
/// says that the length is one octet further ([MS-DOC] §2.9.32, §2.9.178).
fn properties(page: &[u8], place: usize, paragraphs: bool) -> &[u8] {
    let length = |at: usize| usize::from(page.get(at).copied().unwrap_or(0));
    match length(place) {
        length if !paragraphs => stretch(page, place + 1, length),
        0 => stretch(page, place + 2, length(place + 1) * 2),
        pairs => stretch(page, place + 1, pairs * 2),
    }
}
