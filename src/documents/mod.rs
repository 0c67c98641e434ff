//! Leaves → texts and obstacles, one file per format. Decides by content, not by name or label.
//!
//! Must not know: rules, policy. Reads hostile bytes; runs in the jailed child.

mod archive;
mod calendar;
mod coded;
mod codepage;
mod compound;
mod encoded;
mod enriched;
mod excerpt;
mod flat_xml;
mod flow;
mod html;
mod json;
mod ldif;
mod mailbox;
mod mapi;
mod markup;
mod octets;
mod office_xml;
mod ooxml;
mod opendocument;
mod package;
mod packager;
mod pairs;
mod pdf;
mod picture;
mod plain_sheet;
mod postscript;
mod records;
mod relics;
mod residue;
mod rows;
mod rtf;
mod sound;
mod sql;
mod table;
mod text;
mod tnef;
mod visit;
mod xml;
mod zip;

use crate::message::{Obstacle, ObstacleKind, Segment};
use crate::mime::{Leaf, Limits, Text, charset};

pub use picture::{Picture, Reading, Seen, Sight};

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
    /// Pictures to be read by OCR. Each is an obstacle as well, until its reading is handed in.
    pub pictures: Vec<Picture>,
}

/// Reads a leaf and tells whether its octets are of this format; if they are not, the next one tries.
type BinaryFormat = fn(&mut Visit<'_>) -> bool;

/// Reads a leaf that is a text, and tells whether the text is of this format.
type TextFormat = fn(&mut Visit<'_>, &charset::Readings) -> bool;

/// Formats with a signature, tried first.
const BINARY_FORMATS: [BinaryFormat; 11] = [
    // First, since anything may have an archive behind it.
    zip::read,
    rtf::read,
    pdf::read,
    compound::read,
    tnef::read,
    archive::read,
    picture::read,
    sound::read,
    encoded::read,
    mailbox::read,
    relics::read,
];

/// Formats that are text with a shape; the last one takes every text.
const TEXT_FORMATS: [TextFormat; 11] = [
    enriched::read,
    flat_xml::read,
    postscript::read,
    plain_sheet::read,
    calendar::read,
    ldif::read,
    json::read,
    html::read,
    xml::read,
    table::read,
    text::read,
];

/// Reads leaves, and the files inside of them, each with the first format that recognises its content.
pub fn read(leaves: &[Leaf], limits: &Limits) -> Documents {
    read_with(leaves, limits, Sight::default())
}

/// Like [`read`], and hands pictures out, or takes what was read in them.
pub fn read_with(leaves: &[Leaf], limits: &Limits, sight: Sight) -> Documents {
    let octets = leaves.iter().map(|leaf| leaf.bytes.len()).sum();
    let mut shared = Shared::new(limits, octets, sight);
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
