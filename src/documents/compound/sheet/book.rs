//! A workbook as its records tell it: shared strings, formats, sheets with their cells, and all that stands beside.

use std::collections::HashMap;

use super::kind;
use super::page::Sheet;
use super::records::Record;
use super::rows::Rows;
use super::strings::{Chunks, SharedStrings};
use crate::documents::codepage;
use crate::documents::octets::Octets;
use crate::mime::printable;

/// The version of Excel 97 to 2003.
const VERSION_8: u16 = 0x600;

/// More sheets than these stand in one table with the last one.
const MOST_SHEETS: usize = 10_000;

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
    pub(super) strings: SharedStrings,
    pub(super) shown: Vec<bool>,
    pub(super) masks: HashMap<u16, String>,
    /// The mask of each cell format.
    pub(super) cell_formats: Vec<u16>,
    /// Names of sheets by where they begin.
    names: HashMap<usize, String>,
    name: String,
    sheets: usize,
    pub(super) rows: Rows,
    /// Where the result of the last formula goes, when it is a string.
    pub(super) formula: Option<(u16, u16)>,
    /// Octets of text that may still be made.
    pub(super) room: usize,
    pub(super) end: End,
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
    pub(super) fn string(&self, record: &Record<'_>, skipped: usize) -> String {
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
        // How often they are used, and how many there are.
        chunks.u32();
        chunks.u32();
        while let Some(string) = chunks.string() {
            self.strings.push(&string);
            self.shown.push(false);
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

    pub(super) fn aside(&mut self, text: &str) {
        if !text.is_empty() {
            self.end.asides.push_str(text);
            self.end.asides.push('\n');
        }
    }
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
