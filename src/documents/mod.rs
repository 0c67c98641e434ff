//! Leaves → texts and obstacles, one file per format. Decides by content, not by name or label.
//!
//! Must not know: rules, policy. Reads hostile bytes; runs in the jailed child.

mod archive;
mod calendar;
mod html;
mod office;
mod pdf;
mod picture;
mod rtf;
mod sound;
mod table;
mod text;
mod zip;

use crate::message::{Obstacle, ObstacleKind};
use crate::mime::{Leaf, Limits, Text, TextKind, charset, printable};

/// What one leaf holds.
#[derive(Debug, Default)]
pub struct Document {
    /// Texts to search.
    pub texts: Vec<Text>,
    /// What was not read for certain. A leaf with neither texts nor obstacles is empty.
    pub obstacles: Vec<Obstacle>,
}

/// Reads a leaf if its octets are of one format.
type BinaryFormat = fn(&Leaf, &Limits) -> Option<Document>;

/// Reads a leaf that is a text, if the text is of one format.
type TextFormat = fn(&Leaf, &charset::Readings, &Limits) -> Option<Document>;

/// Formats with a signature, tried first.
const BINARY_FORMATS: [BinaryFormat; 7] = [
    rtf::read,
    pdf::read,
    zip::read,
    office::read,
    archive::read,
    picture::read,
    sound::read,
];

/// Formats that are text with a shape; the last one takes every text.
const TEXT_FORMATS: [TextFormat; 4] = [calendar::read, html::read, table::read, text::read];

/// Reads a leaf with the first format that recognises its content.
pub fn read(leaf: &Leaf, limits: &Limits) -> Document {
    if leaf.bytes.trim_ascii().is_empty() {
        return Document::default();
    }
    if let Some(document) = BINARY_FORMATS.iter().find_map(|format| format(leaf, limits)) {
        return document;
    }
    let as_text = |readings| {
        TEXT_FORMATS
            .iter()
            .find_map(|format| format(leaf, &readings, limits))
    };
    text::decode(leaf).and_then(as_text).unwrap_or_else(|| {
        Document::unread(
            leaf,
            ObstacleKind::UnknownContent,
            "holds content of a kind that cannot be checked yet",
        )
    })
}

impl Document {
    /// Adds a text of the leaf, unless it is blank.
    fn text(&mut self, leaf: &Leaf, kind: TextKind, text: String) {
        if !text.trim().is_empty() {
            let mut place = leaf.place.clone();
            place.span = (0, text.len());
            self.texts.push(Text { place, kind, text });
        }
    }

    /// Adds an obstacle; the detail goes on after "Attachment 'list.pdf'": "is a PDF document.".
    fn obstacle(&mut self, leaf: &Leaf, kind: ObstacleKind, detail: &str) {
        let part = leaf.place.part.clone();
        let mut what = leaf.place.description.clone();
        if let Some(first) = what.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let detail = format!("{what} {detail}.");
        self.obstacles.push(Obstacle { kind, part, detail });
    }

    /// A document that is recognised and not read. What is legible in its octets is searched all the same.
    fn unread(leaf: &Leaf, kind: ObstacleKind, what: &str) -> Self {
        let mut document = Document::default();
        document.text(leaf, TextKind::Body, printable(&leaf.bytes));
        document.obstacle(leaf, kind, what);
        document
    }
}

#[cfg(test)]
mod tests;
