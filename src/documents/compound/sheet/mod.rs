//! Excel 97–2003 ([MS-XLS]), Excel 5 and 95: a stream of records, each with a type and a length.

mod book;
mod cells;
mod formats;
mod kind;
mod page;
mod records;
mod rows;
mod strings;

use super::blips;
use super::container::Container;
use super::storage::Storage;
use crate::documents::Visit;
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

use book::Book;
use records::Records;

/// Beginnings of a stream that stands alone, outside of a compound file ([MS-XLS] §2.4.21).
const BARE: [&[u8]; 2] = [&[9, 8, 16, 0, 0, 6], &[9, 8, 8, 0, 0, 5]];

pub(super) fn read(visit: &mut Visit<'_>, container: &mut Container<'_>, storage: &mut Storage) {
    for name in ["Workbook", "Book"] {
        if let Some(stream) = storage.take(container, name) {
            read_stream(visit, &stream);
        }
    }
}

/// Reads a workbook that is no compound file, as Excel does.
pub(super) fn read_bare(visit: &mut Visit<'_>) -> bool {
    let bytes = visit.bytes();
    let bare = BARE.iter().any(|beginning| bytes.starts_with(beginning));
    if bare {
        read_stream(visit, bytes);
    }
    bare
}

/// Reads records that stand outside of a workbook: logs of changes, copies of the data of pivot tables.
pub(super) fn read_leftovers(visit: &mut Visit<'_>, stream: &[u8]) {
    read_stream(visit, stream);
}

fn read_stream(visit: &mut Visit<'_>, stream: &[u8]) {
    let mut book = Book::new(visit.room());
    let mut records = Records::new(stream);
    while let Some(record) = records.next() {
        if record.is_filepass() {
            visit.obstacle(
                ObstacleKind::EncryptedContainer,
                "is an Excel workbook with a password",
            );
            return visit.text_in("hidden data", TextKind::Body, printable(stream));
        }
        if let Some(sheet) = book.read(&record) {
            sheet.tell(visit);
        }
    }
    let end = book.end();
    for sheet in end.sheets {
        sheet.tell(visit);
    }
    if !records.rest().trim_ascii().is_empty() && records.is_cut() {
        let what = "is an Excel workbook that is damaged: it ends too early";
        visit.obstacle(ObstacleKind::Malformed, what);
    }
    if end.too_much {
        visit.obstacle(
            ObstacleKind::LimitReached,
            "holds more cells than may be unpacked",
        );
    }
    visit.text_in("other strings", TextKind::Body, end.strings);
    visit.text_in("names and notes", TextKind::Body, end.asides);
    visit.text_in("hidden data", TextKind::Body, printable(&end.rest));
    blips::read(visit, &end.drawings);
    visit.text_in("hidden data", TextKind::Body, printable(records.rest()));
}
