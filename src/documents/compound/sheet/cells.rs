//! Records of cells → the rows of the sheet at hand.

use super::book::Book;
use super::records::Record;
use super::{formats, kind};
use crate::documents::octets::Octets;
use crate::documents::one_line;
use crate::mime::printable;

impl Book {
    /// Reads the cell, or the cells, of a record; what is cut off is none.
    pub(super) fn cell(&mut self, record: &Record<'_>) -> Option<()> {
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

    /// The result of the formula before, when it is a string.
    pub(super) fn result(&mut self, record: &Record<'_>) {
        let text = self.string(record, 0);
        match self.formula.take() {
            Some((row, column)) => self.put(row, column, text),
            None => self.aside(&text),
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
