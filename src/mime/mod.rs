//! Bytes → every plausible reading of a message: texts, leaves, structure **and** obstacles. Never fails.
//!
//! Must not know: rules, policy, recipients. Reads hostile bytes; runs in the jailed child.

mod base64;
mod boundary;
mod budget;
pub mod charset;
mod content;
mod content_type;
mod crosscheck;
mod encrypted;
mod fields;
mod header;
mod labels;
mod lookalike;
mod message_id;
mod multipart;
mod openpgp;
mod output;
mod parameters;
mod place;
mod quoted;
mod random;
mod runs;
mod sealed;
mod transfer;
mod undeclared;
mod walk;
mod words;

use crate::message::{Obstacle, Place, Structure};

pub use base64::decode_base64;
pub use lookalike::{counted_message, is_message, is_written_by_program, messages, uuencoded};
pub use place::is_harmless;
pub use quoted::quoted_printable;
pub use runs::printable;

/// What a message holds, as far as its structure goes.
#[derive(Debug, Default)]
pub struct Contents {
    /// Header fields, decoded, and text that stands outside of any part.
    pub texts: Vec<Text>,
    /// Parts that hold content: text bodies and attachments, with their transfer encoding undone.
    pub leaves: Vec<Leaf>,
    /// What was not read for certain.
    pub obstacles: Vec<Obstacle>,
    /// Segments, multiparts, encryption.
    pub structure: Structure,
}

/// A text to search.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Text {
    /// Where it came from; the span covers the whole text.
    pub place: Place,
    /// What surrounds the text, for rules that weigh context.
    pub kind: TextKind,
    /// The text itself, decoded to Unicode.
    pub text: String,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextKind {
    /// The value of a header field.
    Header,
    /// A body or a document that people read from top to bottom.
    Body,
    /// Rows and columns: cells are separated by tabs, rows by line feeds, and the first row may hold labels.
    Table,
}

/// A part with content.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// Where it stands; the span is empty.
    pub place: Place,
    /// The media type that its label claims, in lower case, without parameters. A hint, never proof.
    pub media_type: String,
    /// The charset that its label claims, in lower case.
    pub charset: Option<String>,
    /// The file name that its label claims.
    pub file_name: Option<String>,
    /// The content, with the transfer encoding undone.
    pub bytes: Vec<u8>,
}

/// What a reader may spend on one message.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub struct Limits {
    /// How deep parts and messages may nest.
    pub depth: usize,
    /// How many parts there may be in all.
    pub parts: usize,
    /// Octets one part may have when it is decoded or unpacked.
    pub part_size: usize,
    /// Octets all parts together may have when they are decoded or unpacked.
    pub message_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            depth: 32,
            parts: 10_000,
            part_size: 64 << 20,
            message_size: 512 << 20,
        }
    }
}

/// Reads a message. What cannot be read is named in the obstacles; nothing is left out silently.
pub fn read(raw: &[u8], limits: &Limits) -> Contents {
    let mut contents = walk::read(raw, limits);
    crosscheck::add_missing(raw, &mut contents);
    contents
}

#[cfg(test)]
mod tests;
