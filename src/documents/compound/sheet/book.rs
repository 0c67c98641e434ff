//! A workbook as its records tell it: shared strings, formats, sheets with their cells, and all that stands beside.

use std::collections::HashMap;

use super::formats;
use super::records::Record;
use super::rows::Rows;
use super::strings::{Chunks, SharedStrings};
use crate::documents::codepage;
use crate::documents::octets::Octets;
use crate::documents::{Visit, one_line};
use crate::mime::{TextKind, printable};

/// Record types ([MS-XLS] §2.3).
mod kind {
    pub const FORMULA: u16 = 0x06;
    pub const EOF: u16 = 0x0a;
    pub const HEADER: u16 = 0x14;
    pub const FOOTER: u16 = 0x15;
    pub const NOTE: u16 = 0x1c;
    pub const CODEPAGE: u16 = 0x42;
    pub const BOUNDSHEET: u16 = 0x85;
    pub const MULRK: u16 = 0xbd;
    pub const RSTRING: u16 = 0xd6;
    pub const XF: u16 = 0xe0;
    pub const DRAWING_GROUP: u16 = 0xeb;
    pub const DRAWING: u16 = 0xec;
    pub const SST: u16 = 0xfc;
    pub const LABELSST: u16 = 0xfd;
    pub const TXO: u16 = 0x1b6;
    pub const NUMBER: u16 = 0x203;
    pub const LABEL: u16 = 0x204;
    pub const STRING: u16 = 0x207;
    pub const RK: u16 = 0x27e;
    pub const FORMAT: u16 = 0x41e;
    pub const FORMAT_OLD: u16 = 0x1e;
    pub const BOF: u16 = 0x809;
}

/// The version of Excel 97 to 2003.
const VERSION_8: u16 = 0x600;

/// More sheets than these stand in one table with the last one.
const MOST_SHEETS: usize = 10_000;

/// A sheet that is complete.
pub(super) struct Sheet {
    name: String,
    table: String,
    wide: bool,
}

impl Sheet {
    pub fn tell(self, visit: &mut Visit<'_>) {
        let place = match self.name.is_empty() {
            true => "a sheet",
            false => "a sheet with a name",
        };
        visit.spend(self.table.len());
        visit.text_in("the names of sheets", TextKind::Header, self.name);
        // One column makes no table by itself.
        let table = match self.wide {
            true => self.table,
            false => self
                .table
                .lines()
                .fold(String::new(), |table, line| table + "\t" + line + "\n"),
        };
        visit.text_in(place, TextKind::Table, table);
    }
}

/// What is left when all records are read.
pub(super) struct End {
    pub sheets: Vec<Sheet>,
    /// Shared strings that no cell shows.
    pub strings: String,
    /// Headers, footers, comments, text boxes, results without a cell.
    pub asides: String,
    /// Records that no one understands.
    pub rest: Vec<u8>,
    pub drawings: Vec<u8>,
    pub too_much: bool,
}

pub(super) struct Book {
    version: u16,
    page: u32,
    strings: SharedStrings,
    shown: Vec<bool>,
    masks: HashMap<u16, String>,
    /// The mask of each cell format.
    cell_formats: Vec<u16>,
    /// Names of sheets by where they begin.
    names: HashMap<usize, String>,
    name: String,
    sheets: usize,
    rows: Rows,
    /// Where the result of the last formula goes, when it is a string.
    formula: Option<(u16, u16)>,
    /// Octets of text that may still be made.
    room: usize,
    end: End,
}

impl Book {
    pub fn new(room: usize) -> Self {
        Book {
            version: VERSION_8,
            page: 1252,
            strings: SharedStrings::default(),
            shown: Vec::new(),
            masks: HashMap::new(),
            cell_formats: Vec::new(),
            names: HashMap::new(),
            name: String::new(),
            sheets: 0,
            rows: Rows::default(),
            formula: None,
            room,
            end: End {
                sheets: Vec::new(),
                strings: String::new(),
                asides: String::new(),
                rest: Vec::new(),
                drawings: Vec::new(),
                too_much: false,
            },
        }
    }

    /// Reads a record, and gives the sheet that it ends.
    pub fn read(&mut self, record: &Record<'_>) -> Option<Sheet> {
        match record.kind {
            kind::BOF => return self.begin_sheet(record),
            kind::EOF => {}
            kind::FORMULA
            | kind::NUMBER
            | kind::RK
            | kind::MULRK
            | kind::LABELSST
            | kind::LABEL
            | kind::RSTRING => {
                self.cell(record);
            }
            kind::STRING => self.result(record),
            kind::SST => self.shared_strings(record),
            kind::HEADER | kind::FOOTER => {
                let text = self.string(record, 0);
                self.aside(&without_codes(&text));
            }
            kind::NOTE => self.note(record),
            kind::TXO => self.text_box(record),
            kind::DRAWING | kind::DRAWING_GROUP => {
                record
                    .chunks
                    .iter()
                    .for_each(|chunk| self.end.drawings.extend_from_slice(chunk));
            }
            _ => self.global(record),
        }
        None
    }

    /// What is left.
    pub fn end(mut self) -> End {
        let last = self.take_sheet();
        self.end.sheets.extend(last);
        for (string, shown) in self.strings.all().zip(&self.shown) {
            if !shown {
                self.end.strings.push_str(string);
                self.end.strings.push('\n');
            }
        }
        self.end
            .asides
            .push_str(&self.names.into_values().collect::<Vec<_>>().join("\n"));
        self.end
    }

    /// Records that tell of the whole workbook.
    fn global(&mut self, record: &Record<'_>) {
        let mut octets = record.octets();
        match record.kind {
            kind::CODEPAGE => self.page = octets.u16().map_or(1252, u32::from),
            kind::BOUNDSHEET => {
                let at = octets.length().unwrap_or(0);
                let name = self.short_string(octets.rest().get(2..).unwrap_or_default());
                self.names.insert(at, name);
            }
            kind::XF => {
                octets.u16();
                self.cell_formats.push(octets.u16().unwrap_or(0));
            }
            kind::FORMAT | kind::FORMAT_OLD => {
                let number = octets.u16().unwrap_or(0);
                let mask = match self.version {
                    VERSION_8 => self.string(record, 2),
                    _ => self.short_string(octets.rest()),
                };
                self.aside(&mask);
                self.masks.insert(number, mask);
            }
            _ => {
                for chunk in &record.chunks {
                    self.end.rest.extend_from_slice(chunk);
                }
                self.end.rest.extend([0, 0]);
            }
        }
    }

    fn begin_sheet(&mut self, record: &Record<'_>) -> Option<Sheet> {
        self.version = record.octets().u16().unwrap_or(VERSION_8);
        // A chart stands inside of its sheet, and has no place in the list.
        let name = self.names.remove(&record.at)?;
        self.sheets += 1;
        if self.sheets > MOST_SHEETS {
            self.aside(&name);
            return None;
        }
        let sheet = self.take_sheet();
        self.name = name;
        sheet
    }

    fn take_sheet(&mut self) -> Option<Sheet> {
        let table = self.rows.take();
        let wide = std::mem::take(&mut self.rows.wide);
        let name = std::mem::take(&mut self.name);
        if table.is_empty() && name.is_empty() {
            return None;
        }
        self.room = self.room.saturating_sub(table.len());
        Some(Sheet { name, table, wide })
    }

    /// A string with a length of two octets (of one, in old headers), `skipped` octets into the record.
    fn string(&self, record: &Record<'_>, skipped: usize) -> String {
        let mut chunks = record.chunks.clone();
        if let Some(first) = chunks.first_mut() {
            *first = first.get(skipped..).unwrap_or_default();
        }
        if self.version == VERSION_8 {
            return Chunks::new(&chunks).string().unwrap_or_default();
        }
        let first = chunks.first().copied().unwrap_or_default();
        let prefix = match record.kind {
            kind::HEADER | kind::FOOTER => 1,
            _ => 2,
        };
        codepage::decode(self.page, first.get(prefix..).unwrap_or_default())
    }

    /// A string with a length of one octet.
    fn short_string(&self, octets: &[u8]) -> String {
        let mut reader = Octets::new(octets);
        let length = usize::from(reader.u8().unwrap_or(0));
        if self.version != VERSION_8 {
            return codepage::decode(self.page, reader.take_most(length));
        }
        let flags = reader.u8().unwrap_or(0);
        Chunks::new(&[reader.rest()]).characters(length, flags)
    }

    fn shared_strings(&mut self, record: &Record<'_>) {
        let mut chunks = Chunks::new(&record.chunks);
        (chunks.u32(), chunks.u32());
        while let Some(string) = chunks.string() {
            self.strings.push(&string);
            self.shown.push(false);
        }
    }

    fn cell(&mut self, record: &Record<'_>) -> Option<()> {
        if self.end.too_much {
            return None;
        }
        let mut octets = record.octets();
        let (row, column) = (octets.u16()?, octets.u16()?);
        if record.kind == kind::MULRK {
            // The number of the last column stands at the end.
            for column in column.. {
                let (format, number) = (octets.u16()?, octets.u32()?);
                let cell = self.number(rk(number), format);
                self.put(row, column, cell);
            }
        }
        let format = octets.u16()?;
        let cell = match record.kind {
            kind::NUMBER => self.number(f64::from_bits(octets.u64()?), format),
            kind::RK => self.number(rk(octets.u32()?), format),
            kind::LABELSST => self.shared_string(octets.length()?)?,
            kind::FORMULA => self.formula(octets, (row, column), format)?,
            _ => self.string(record, 6),
        };
        self.put(row, column, cell);
        Some(())
    }

    fn put(&mut self, row: u16, column: u16, cell: String) {
        let cell = one_line(&cell);
        if self.rows.length().saturating_add(cell.len()) > self.room {
            self.end.too_much = true;
            return;
        }
        self.rows.push(row, column, cell);
    }

    fn shared_string(&mut self, number: usize) -> Option<String> {
        if let Some(shown) = self.shown.get_mut(number) {
            *shown = true;
        }
        self.strings.at(number).map(str::to_owned)
    }

    fn number(&self, number: f64, format: u16) -> String {
        let mask = self.cell_formats.get(usize::from(format));
        let mask = mask.and_then(|mask| self.masks.get(mask));
        mask.and_then(|mask| formats::shown(number, mask))
            .unwrap_or_else(|| formats::plain(number))
    }

    /// A formula: its result, and the strings in its code. A result that is a string follows in a record of its own.
    fn formula(&mut self, mut octets: Octets<'_>, place: (u16, u16), format: u16) -> Option<String> {
        let result = octets.u64()?;
        self.aside(&printable(octets.rest()));
        self.formula = Some(place);
        // [MS-XLS] §2.5.133: no number, when the highest octets say so.
        (result >> 48 != 0xffff).then(|| self.number(f64::from_bits(result), format))
    }

    fn result(&mut self, record: &Record<'_>) {
        let text = self.string(record, 0);
        match self.formula.take() {
            Some((row, column)) => self.put(row, column, text),
            None => self.aside(&text),
        }
    }

    /// A comment: its author, or in old versions its text.
    fn note(&mut self, record: &Record<'_>) {
        let text = match self.version {
            VERSION_8 => self.string(record, 8),
            _ => self.string(record, 4),
        };
        self.aside(&text);
    }

    /// A text box or a comment: the text follows in continuations ([MS-XLS] §2.4.329).
    fn text_box(&mut self, record: &Record<'_>) {
        let mut octets = record.octets();
        octets.take(10);
        let length = usize::from(octets.u16().unwrap_or(0));
        let mut chunks = Chunks::new(record.chunks.get(1..).unwrap_or_default());
        let flags = chunks.u8().unwrap_or(0);
        let text = chunks.characters(length, flags);
        self.aside(&text);
        self.aside(&printable(chunks.rest()));
    }

    fn aside(&mut self, text: &str) {
        if !text.is_empty() {
            self.end.asides.push_str(text);
            self.end.asides.push('\n');
        }
    }
}

/// A packed number: thirty bits of an integer or of the upper half of a fraction ([MS-XLS] §2.5.217).
fn rk(packed: u32) -> f64 {
    let number = match packed & 2 {
        0 => f64::from_bits(u64::from(packed & !3) << 32),
        _ => f64::from(packed.cast_signed() >> 2),
    };
    if packed & 1 == 1 { number / 100.0 } else { number }
}

/// A header's text without its codes: `&L`, `&"Arial"`, `&12`.
fn without_codes(text: &str) -> String {
    let mut plain = String::new();
    let mut pieces = text.split('&');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let rest = match piece.strip_prefix('"') {
            Some(font) => font.split_once('"').map_or(font, |(_, rest)| rest),
            None if piece.starts_with(|first: char| first.is_ascii_digit()) => {
                piece.trim_start_matches(|digit: char| digit.is_ascii_digit())
            }
            None => {
                plain.push('\n');
                piece
                    .strip_prefix(|code: char| code.is_ascii_alphabetic())
                    .unwrap_or(piece)
            }
        };
        plain.push_str(rest);
    }
    plain
}
