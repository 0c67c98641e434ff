//! Characters of Word → text, with its special characters resolved ([MS-DOC] §2.4.1).

use super::formatting::Formatting;
use super::pieces::{Part, Piece};
use crate::documents::one_line;
use crate::documents::rows::Tables;

/// What a part of the text reads like.
#[derive(Default)]
pub(super) struct Reading {
    /// All of it, hidden and deleted text too, without the codes of fields.
    pub text: String,
    /// What is shown, where that is something else.
    pub shown: Option<String>,
    /// The codes of fields.
    pub codes: String,
    /// Tables, row by row.
    pub tables: Tables,
}

impl Reading {
    pub fn of(part: Part<'_>, formatting: &Formatting) -> Self {
        let shown = formatting.has_hidden().then(String::new);
        let mut writer = Writer {
            formatting,
            pieces: part.pieces,
            reading: Reading {
                shown,
                ..Reading::default()
            },
            fields: Vec::new(),
            in_codes: 0,
            cell: String::new(),
            after_cell: false,
        };
        let mut number = part.start;
        for character in char::decode_utf16(part.units.iter().copied()) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            let place = writer.place(number);
            writer.write(character, place);
            number += character.len_utf16();
        }
        writer.reading.tables.end_table();
        let Writer { mut reading, .. } = writer;
        reading.shown = reading.shown.filter(|shown| *shown != reading.text);
        reading
    }
}

struct Writer<'a> {
    formatting: &'a Formatting,
    /// The piece of the character at hand, and those that follow.
    pieces: &'a [Piece],
    reading: Reading,
    /// For each open field, whether its result has begun.
    fields: Vec<bool>,
    /// How many of them are still in their codes.
    in_codes: usize,
    cell: String,
    /// The character before ended a cell.
    after_cell: bool,
}

impl Writer<'_> {
    /// Where a character stands in the file.
    fn place(&mut self, number: usize) -> usize {
        while let [piece, rest @ ..] = self.pieces
            && piece.units.end <= number
        {
            self.pieces = rest;
        }
        self.pieces.first().map_or(usize::MAX, |piece| {
            let offset = number.saturating_sub(piece.units.start);
            piece.at.saturating_add(offset.saturating_mul(piece.width))
        })
    }

    fn write(&mut self, character: char, place: usize) {
        let after_cell = std::mem::take(&mut self.after_cell);
        match character {
            '\u{7}' => self.end_cell(after_cell, place),
            '\u{13}' => {
                self.fields.push(false);
                self.in_codes += 1;
            }
            '\u{14}' => self.begin_result(),
            '\u{15}' => self.end_field(),
            '\r' => self.end_paragraph(place),
            '\u{b}' | '\u{c}' | '\u{e}' => self.push('\n', place),
            '\u{1e}' => self.push('-', place),
            // A soft hyphen, and the anchors of pictures and notes: they take no room between digits.
            '\u{1f}' | '\0'..='\u{8}' => {}
            _ => self.push(character, place),
        }
    }

    fn push(&mut self, character: char, place: usize) {
        if self.in_codes > 0 {
            return self.reading.codes.push(character);
        }
        self.reading.text.push(character);
        self.cell.push(character);
        if let Some(shown) = &mut self.reading.shown
            && !self.formatting.hides(place)
        {
            shown.push(character);
        }
    }

    fn begin_result(&mut self) {
        if let Some(begun) = self.fields.last_mut()
            && !std::mem::replace(begun, true)
        {
            self.end_codes();
        }
    }

    fn end_field(&mut self) {
        if self.fields.pop() == Some(false) {
            self.end_codes();
        }
    }

    fn end_codes(&mut self) {
        self.in_codes -= 1;
        self.reading.codes.push('\n');
    }

    fn end_paragraph(&mut self, place: usize) {
        self.push('\n', place);
        if !self.reading.tables.in_row() && !self.formatting.is_in_table(place) {
            self.cell.clear();
            self.reading.tables.end_table();
        }
    }

    /// The end of a cell, or of a row: the same character, told apart by its paragraph.
    fn end_cell(&mut self, after_cell: bool, place: usize) {
        let ends_row = match self.formatting.knows_rows() {
            true => self.formatting.ends_row(place),
            false => after_cell && self.reading.tables.in_row(),
        };
        if ends_row {
            self.break_row();
        } else {
            self.reading.tables.cell(one_line(&self.cell));
            self.write_break('\t');
            self.after_cell = true;
        }
        self.cell.clear();
    }

    fn break_row(&mut self) {
        self.reading.tables.end_row();
        self.write_break('\n');
    }

    fn write_break(&mut self, character: char) {
        self.reading.text.push(character);
        if let Some(shown) = &mut self.reading.shown {
            shown.push(character);
        }
    }
}
