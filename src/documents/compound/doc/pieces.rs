//! The pieces of the text, in reading order ([MS-DOC] §2.4.1, §2.8.35, §2.9.38, §2.9.177).

use std::ops::Range;

use crate::documents::codepage;
use crate::documents::octets::{Octets, length_at, stretch};

/// The characters of a document, and where each stands in the file.
#[derive(Default)]
pub(super) struct Characters {
    /// UTF-16.
    pub units: Vec<u16>,
    pieces: Vec<Piece>,
    /// The list of pieces is missing or does not fit.
    pub damaged: bool,
    /// There are more characters than there may be.
    pub too_many: bool,
}

/// Characters that stand together in the file.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Which of the document's characters they are.
    pub units: Range<usize>,
    /// The octet where the first one stands.
    pub at: usize,
    /// Octets that each of them has.
    pub width: usize,
}

/// Some characters of a document.
pub(super) struct Part<'a> {
    /// The number of the first one.
    pub start: usize,
    pub units: &'a [u16],
    pub pieces: &'a [Piece],
}

impl Characters {
    /// Characters of which nobody knows where they stand.
    pub fn without_places(units: Vec<u16>) -> Self {
        Characters {
            units,
            ..Characters::default()
        }
    }

    /// `length` characters from `start` on, as far as they are there.
    pub fn part(&self, start: usize, length: usize) -> Part<'_> {
        let start = start.min(self.units.len());
        let end = start.saturating_add(length).min(self.units.len());
        let first = self.pieces.partition_point(|piece| piece.units.end <= start);
        Part {
            start,
            units: self.units.get(start..end).unwrap_or_default(),
            pieces: self.pieces.get(first..).unwrap_or_default(),
        }
    }

    /// The octets of the stream that are no text. The text leaves a gap.
    pub fn rest(&self, document: &[u8]) -> Vec<u8> {
        let mut taken: Vec<Range<usize>> = self
            .pieces
            .iter()
            .map(|piece| {
                piece.at
                    ..piece
                        .at
                        .saturating_add(piece.units.len().saturating_mul(piece.width))
            })
            .collect();
        taken.sort_by_key(|range| range.start);
        let mut rest = Vec::new();
        let mut at = 0;
        for range in taken {
            rest.extend_from_slice(document.get(at..range.start).unwrap_or_default());
            rest.push(0);
            at = at.max(range.end);
        }
        rest.extend_from_slice(document.get(at..).unwrap_or_default());
        rest
    }
}

/// Reads the pieces, up to `most` characters.
pub(super) fn read(document: &[u8], table: &[u8], most: usize) -> Characters {
    let mut characters = Characters::default();
    let (at, length) = (length_at(document, 0x1a2), length_at(document, 0x1a6));
    let pieces = list(stretch(table, at.unwrap_or(0), length.unwrap_or(0))).unwrap_or_default();
    characters.damaged = pieces.is_empty();
    for (length, place) in pieces {
        let compressed = place & 0x4000_0000 != 0;
        let at = usize::try_from(place & 0x3fff_ffff).unwrap_or(0);
        let (at, width) = if compressed { (at / 2, 1) } else { (at, 2) };
        let wanted = length.saturating_mul(width);
        let octets = stretch(document, at, wanted);
        characters.damaged |= octets.len() < wanted;
        characters.too_many |= characters.units.len().saturating_add(length) > most;
        if characters.too_many {
            break;
        }
        characters.push(octets, at, width);
    }
    characters
}

impl Characters {
    fn push(&mut self, octets: &[u8], at: usize, width: usize) {
        let start = self.units.len();
        if width == 1 {
            // Every octet of windows-1252 is one unit of UTF-16.
            self.units.extend(codepage::decode(1252, octets).encode_utf16());
        } else {
            let pairs = octets.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
            self.units.extend(pairs.map(u16::from_le_bytes));
        }
        let units = start..self.units.len();
        self.pieces.push(Piece { units, at, width });
    }
}

/// Lengths and places of the pieces: after the properties, a list of first characters and one of places.
fn list(clx: &[u8]) -> Option<Vec<(usize, u32)>> {
    let mut octets = Octets::new(clx);
    loop {
        match octets.u8()? {
            1 => {
                let length = octets.u16()?;
                octets.take(usize::from(length))?;
            }
            2 => break,
            _ => return None,
        }
    }
    let length = octets.length()?;
    let plc = octets.take_most(length);
    let count = plc.len().checked_sub(4)? / 12;
    let (mut starts, mut places) = (Octets::new(plc), Octets::new(plc.get((count + 1) * 4..)?));
    let mut start = starts.length()?;
    let mut pieces = Vec::with_capacity(count);
    for _ in 0..count {
        let next = starts.length()?;
        places.u16()?;
        pieces.push((next.saturating_sub(start), places.u32()?));
        places.u16()?;
        start = next;
    }
    Some(pieces)
}
