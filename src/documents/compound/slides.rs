//! PowerPoint 97–2003 ([MS-PPT]): a tree of records, read from front to back.
//!
//! Older versions of slides, which stay in the file after fast saves, are read like the others.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::container::Container;
use super::storage::Storage;
use crate::documents::codepage;
use crate::documents::octets::{Octets, length_at, u32_at};
use crate::documents::{Visit, one_line};
use crate::message::ObstacleKind;
use crate::mime::{TextKind, printable};

/// The version that marks a record which holds records ([MS-PPT] §2.3.1).
const CONTAINER: u16 = 0xf;

/// Types of records ([MS-PPT] §2.13.24).
const TEXT: u16 = 0xfa0;
const NARROW_TEXT: u16 = 0xfa8;
const STRING: u16 = 0xfba;
const OBJECT: u16 = 0x1011;
const ENCRYPTION: u16 = 0x2f14;
const SHAPE: u16 = 0xf004;
const CHILD_ANCHOR: u16 = 0xf00f;

/// What the stream "Current User" says of an encrypted presentation ([MS-PPT] §2.3.2).
const ENCRYPTED: u32 = 0xf3d1_c4df;

pub(super) fn read(visit: &mut Visit<'_>, container: &mut Container<'_>, storage: &mut Storage) {
    let Some(stream) = storage.take(container, "PowerPoint Document") else {
        return;
    };
    let user = storage.take(container, "Current User").unwrap_or_default();
    if u32_at(&user, 12) == Some(ENCRYPTED) || storage.has("EncryptedSummary") {
        tell_encrypted(visit);
    }
    let mut slides = Slides::default();
    let mut octets = Octets::new(&stream);
    while let Some(record) = record(&mut octets) {
        match record.kind {
            ENCRYPTION => tell_encrypted(visit),
            OBJECT => read_object(visit, &record),
            _ => slides.read(&record),
        }
    }
    slides.rest.extend_from_slice(octets.rest());
    visit.text(TextKind::Body, slides.text);
    if slides.table.contains('\t') {
        visit.text_in("a table", TextKind::Table, slides.table);
    }
    // Bookmarks, tags, links, sounds' names.
    visit.text_in("hidden data", TextKind::Body, printable(&slides.rest));
}

fn tell_encrypted(visit: &mut Visit<'_>) {
    visit.obstacle(
        ObstacleKind::EncryptedContainer,
        "is a PowerPoint presentation with a password",
    );
}

/// An embedded object; the instance says whether it is packed ([MS-PPT] §2.10.34). PowerPoint leaves out the end of
/// the packing, so that only the length tells whether all of it is there.
fn read_object(visit: &mut Visit<'_>, record: &Record<'_>) {
    if record.instance == 0 {
        return visit.file(None, record.body.to_vec());
    }
    let room = visit.room();
    let packed = record.body.get(4..).unwrap_or_default();
    let mut object = Vec::new();
    let whole = ZlibDecoder::new(packed)
        .take(room as u64)
        .read_to_end(&mut object)
        .is_ok();
    visit.spend(object.len());
    if object.len() >= room {
        visit.obstacle(
            ObstacleKind::LimitReached,
            "holds an object that is too large to unpack",
        );
    } else if !whole && length_at(record.body, 0).is_none_or(|length| object.len() < length) {
        visit.obstacle(
            ObstacleKind::Malformed,
            "is damaged: an embedded object does not unpack",
        );
    }
    visit.file(None, object);
}

struct Record<'a> {
    kind: u16,
    instance: u16,
    is_container: bool,
    body: &'a [u8],
}

/// The next record. Of one that holds records only the header is taken; they come next.
fn record<'a>(octets: &mut Octets<'a>) -> Option<Record<'a>> {
    let mut ahead = *octets;
    let (head, kind, length) = (ahead.u16()?, ahead.u16()?, ahead.length()?);
    let is_container = head & 0xf == CONTAINER;
    let body = if is_container {
        &[]
    } else {
        ahead.take_most(length)
    };
    *octets = ahead;
    Some(Record {
        kind,
        instance: head >> 4,
        is_container,
        body,
    })
}

#[derive(Default)]
struct Slides {
    text: String,
    /// Cells of tables: they are shapes in a group, and what stands at the same height is a row.
    table: String,
    /// The shape at hand stands in a group and has a place there.
    in_cell: bool,
    /// The top of the last such shape.
    top: Option<u32>,
    rest: Vec<u8>,
}

impl Slides {
    fn read(&mut self, record: &Record<'_>) {
        match record.kind {
            TEXT | STRING => self.push(&codepage::utf16(record.body)),
            // [MS-PPT] §2.9.43: the lower halves of UTF-16.
            NARROW_TEXT => self.push(
                &record
                    .body
                    .iter()
                    .map(|octet| char::from(*octet))
                    .collect::<String>(),
            ),
            CHILD_ANCHOR => self.begin_cell(record.body),
            SHAPE => self.in_cell = false,
            _ if record.is_container => {}
            _ => {
                self.rest.extend_from_slice(&record.kind.to_le_bytes());
                self.rest.extend_from_slice(record.body);
                self.rest.extend([0, 0]);
            }
        }
    }

    /// Left, top, right, bottom. A shape without an inside is a line between cells.
    fn begin_cell(&mut self, anchor: &[u8]) {
        let side = |number: usize| u32_at(anchor, number * 4);
        let top = side(1);
        if side(0) == side(2) || top == side(3) {
            return;
        }
        let between = if self.top == top { '\t' } else { '\n' };
        self.table.push(between);
        self.top = top;
        self.in_cell = true;
    }

    fn push(&mut self, text: &str) {
        let lines = text.replace(['\r', '\u{b}'], "\n");
        if self.in_cell {
            self.table.push_str(&one_line(&lines));
        }
        self.text.push_str(&lines);
        self.text.push('\n');
    }
}
