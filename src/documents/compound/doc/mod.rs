//! Word 97–2003 ([MS-DOC]), and as far as it goes Word 6 and 95.

mod formatting;
mod pieces;
mod text;

use super::blips;
use super::container::Container;
use super::storage::Storage;
use crate::documents::Visit;
use crate::documents::codepage;
use crate::documents::octets::{length_at, stretch, u16_at};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

use formatting::Formatting;
use pieces::Characters;
use text::Reading;

/// The first number of the file information block, by program ([MS-DOC] §2.5.2).
const WORD_97: u16 = 0xa5ec;
const WORD_6: u16 = 0xa5dc;
/// The first version with the layout of Word 97.
const VERSION_97: u16 = 0xc1;

/// Flags at the tenth octet ([MS-DOC] §2.5.2).
const ENCRYPTED: u16 = 0x100;
const OTHER_TABLE: u16 = 0x200;

/// Parts of the text in their order, with where their lengths stand ([MS-DOC] §2.5.4).
const PARTS: [(usize, &str); 8] = [
    (0x4c, "the text"),
    (0x50, "the footnotes"),
    (0x54, "the headers and footers"),
    (0x58, "the macro text"),
    (0x5c, "the comments"),
    (0x60, "the endnotes"),
    (0x64, "the text boxes"),
    (0x68, "the text boxes of headers"),
];

pub(super) fn read(visit: &mut Visit<'_>, container: &mut Container<'_>, storage: &mut Storage) {
    let Some(document) = storage.take(container, "WordDocument") else {
        return;
    };
    let flags = u16_at(&document, 10).unwrap_or(0);
    if flags & ENCRYPTED != 0 {
        visit.obstacle(
            ObstacleKind::EncryptedContainer,
            "is a Word document with a password",
        );
        return visit.text_in("hidden data", TextKind::Body, printable(&document));
    }
    let name = if flags & OTHER_TABLE != 0 {
        "1Table"
    } else {
        "0Table"
    };
    let table = storage.take(container, name).unwrap_or_default();
    let version = u16_at(&document, 2).unwrap_or(0);
    match u16_at(&document, 0) {
        Some(WORD_97 | WORD_6) if version >= VERSION_97 => read_97(visit, &document, &table),
        _ => read_old(visit, &document),
    }
    visit.text_in("hidden data", TextKind::Body, printable(&table));
}

fn read_97(visit: &mut Visit<'_>, document: &[u8], table: &[u8]) {
    let characters = pieces::read(document, table, visit.room() / 4);
    if characters.damaged {
        let what = "is a Word document that is damaged: the list of its text does not fit";
        visit.obstacle(ObstacleKind::Malformed, what);
    }
    if characters.too_many {
        visit.obstacle(ObstacleKind::LimitReached, "holds more text than may be unpacked");
    }
    visit.spend(characters.units.len().saturating_mul(2));
    let formatting = Formatting::read(document, table);
    let mut start = 0;
    for (at, place) in PARTS {
        let length = length_at(document, at).unwrap_or(0);
        tell(visit, place, &characters, start, length, &formatting);
        start = start.saturating_add(length);
    }
    tell(
        visit,
        "the hidden data",
        &characters,
        start,
        usize::MAX,
        &formatting,
    );
    // Fast saves leave older text behind; pictures stand between the pages of the text.
    blips::read(visit, &characters.rest(document));
}

fn tell(
    visit: &mut Visit<'_>,
    place: &str,
    characters: &Characters,
    start: usize,
    length: usize,
    formatting: &Formatting,
) {
    let reading = Reading::of(characters.part(start, length), formatting);
    if let Some(shown) = reading.shown {
        visit.text_in(place, TextKind::Body, shown);
    }
    visit.text_in(place, TextKind::Body, reading.text);
    visit.text_in("the field codes", TextKind::Body, reading.codes);
    for table in reading.tables.list {
        visit.text_in("a table", TextKind::Table, table);
    }
}

/// Word 6 and 95: the text stands in one stretch of octets, and what was saved fast behind it.
fn read_old(visit: &mut Visit<'_>, document: &[u8]) {
    let (start, end) = (length_at(document, 0x18), length_at(document, 0x1c));
    let (start, end) = (start.unwrap_or(0), end.unwrap_or(0));
    let text = stretch(document, start, end.saturating_sub(start));
    if text.is_empty() {
        visit.obstacle(ObstacleKind::Malformed, "is an old Word document and damaged");
    }
    let units: Vec<u16> = codepage::decode(1252, text).encode_utf16().collect();
    let characters = Characters::without_places(units);
    let formatting = Formatting::default();
    let reading = Reading::of(characters.part(0, usize::MAX), &formatting);
    visit.text(TextKind::Body, reading.text);
    visit.text_in("the field codes", TextKind::Body, reading.codes);
    for table in reading.tables.list {
        visit.text_in("a table", TextKind::Table, table);
    }
    let before = document.get(..start).unwrap_or_default();
    let after = document.get(end.max(start)..).unwrap_or_default();
    blips::read(visit, before);
    blips::read(visit, after);
}
