//! Leaves → texts and obstacles, one file per format. Decides by content, not by name or label.
//!
//! Must not know: rules, policy. Reads hostile bytes; runs in the jailed child.

mod archive;
mod calendar;
mod codepage;
mod compound;
mod html;
mod mapi;
mod octets;
mod package;
mod pdf;
mod picture;
mod relics;
mod rows;
mod rtf;
mod sound;
mod table;
mod text;
mod tnef;
mod visit;
mod zip;

use crate::message::{Obstacle, ObstacleKind, Segment};
use crate::mime::{Leaf, Limits, Text, charset};

use visit::{Shared, Visit};

/// What the leaves of a message hold.
#[derive(Debug, Default)]
pub struct Documents {
    /// Texts to search.
    pub texts: Vec<Text>,
    /// What was not read for certain. A leaf with neither texts nor obstacles is empty.
    pub obstacles: Vec<Obstacle>,
    /// Segmented mail among the messages that documents hold.
    pub segments: Vec<Segment>,
}

/// Reads a leaf and tells whether its octets are of this format; if they are not, it leaves no trace.
type BinaryFormat = fn(&mut Visit<'_>) -> bool;

/// Reads a leaf that is a text, and tells whether the text is of this format.
type TextFormat = fn(&mut Visit<'_>, &charset::Readings) -> bool;

/// Formats with a signature, tried first.
const BINARY_FORMATS: [BinaryFormat; 9] = [
    rtf::read,
    pdf::read,
    zip::read,
    compound::read,
    tnef::read,
    archive::read,
    picture::read,
    sound::read,
    relics::read,
];

/// Formats that are text with a shape; the last one takes every text.
const TEXT_FORMATS: [TextFormat; 4] = [calendar::read, html::read, table::read, text::read];

/// Reads leaves, and the files inside of them, each with the first format that recognises its content.
pub fn read(leaves: &[Leaf], limits: &Limits) -> Documents {
    let octets = leaves.iter().map(|leaf| leaf.bytes.len()).sum();
    let mut shared = Shared::new(limits, octets);
    for leaf in leaves {
        read_leaf(&mut Visit::new(leaf, &mut shared));
    }
    shared.found
}

fn read_leaf(visit: &mut Visit<'_>) {
    let is_blank = visit.bytes().trim_ascii().is_empty();
    if is_blank || BINARY_FORMATS.iter().any(|format| format(visit)) {
        return;
    }
    let readings = text::decode(visit.leaf);
    let read = readings.is_some_and(|readings| TEXT_FORMATS.iter().any(|format| format(visit, &readings)));
    if !read {
        visit.unread(
            ObstacleKind::UnknownContent,
            "holds content of a kind that cannot be checked yet",
        );
    }
}

/// A cell of a table without the white space that would end it.
fn one_line(cell: &str) -> String {
    let cell = cell.trim();
    // Octets below a space are all controls that matter here; those of longer characters are above.
    if cell.bytes().all(|octet| octet >= b' ') {
        return cell.to_owned();
    }
    cell.replace(|character: char| character < ' ', " ")
}

#[cfg(test)]
mod probe;
#[cfg(test)]
mod tests;
