//! Pieces with places → lines, columns and tables.
//!
//! Text is read twice: in the order in which the file shows it, and in the order of the page. Whoever looks at the
//! page sees the second; who copies from it often gets the first.

mod lines;
mod order;
mod rivers;
mod seams;
mod tables;

use super::content::{Canvas, Piece};

pub(super) use tables::{Grid, Tables};

/// What has been read of a page.
#[derive(Default)]
pub(super) struct Page {
    /// The text by each reading that differs.
    pub readings: Vec<String>,
    /// Its tables, top to bottom.
    pub grids: Vec<Grid>,
    /// Characters by the first reading.
    pub length: usize,
}

impl Page {
    /// Adds what stands on a canvas.
    pub fn add(&mut self, canvas: &Canvas) {
        if canvas.pieces.is_empty() {
            return;
        }
        self.read(canvas, |piece| canvas.first(piece), true);
        if canvas.pieces.iter().any(|piece| piece.other.is_some()) {
            self.read(canvas, |piece| canvas.other(piece), false);
        }
    }

    fn read<'c>(&mut self, canvas: &'c Canvas, text: impl Fn(&'c Piece) -> &'c str, first: bool) {
        let lines = lines::lines(&canvas.pieces, &text);
        let by_place = lines::written(&lines);
        let as_shown = order::as_shown(&canvas.pieces, &text);
        if first {
            self.length += as_shown.len();
        }
        // What windows part may be one text all the same.
        let parted = lines.iter().flat_map(|line| &line.words).any(|word| word.cut);
        if parted || !same(&by_place, &as_shown) {
            self.readings.push(as_shown);
        }
        self.readings.push(by_place);
        let lines = seams::parted(lines);
        self.grids.extend(tables::grids(&lines));
        self.grids.extend(tables::river_grids(&lines));
    }
}

/// The same characters in the same order, whatever the space between them.
fn same(one: &str, other: &str) -> bool {
    solid(one).eq(solid(other))
}

fn solid(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|octet| !octet.is_ascii_whitespace())
}

#[cfg(test)]
mod tests;
