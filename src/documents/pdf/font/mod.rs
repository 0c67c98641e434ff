//! Fonts, as far as text needs them: which codes a string holds, what each means, how wide it is.
//!
//! Knows nothing of files: who loads a font hands over its dictionaries and streams.

mod cmap;
mod composite;
mod encoding;
mod metrics;
mod names;
mod program;
mod simple;
mod table;

use std::rc::Rc;

use super::syntax::{Dictionary, Object};

pub(super) use cmap::{CMap, Character};
pub(super) use program::Glyphs;

use composite::Composite;
use simple::Simple;

/// What a font is made of.
#[derive(Default)]
pub(super) struct Source<'a> {
    /// Its dictionary, with the values that matter here looked up.
    pub dictionary: Dictionary<'a>,
    /// `ToUnicode`.
    pub to_unicode: Option<Rc<CMap>>,
    /// `Encoding`, when it is a stream.
    pub encoding: Option<Rc<CMap>>,
    /// The dictionary of the descendant of a composite font.
    pub descendant: Dictionary<'a>,
    /// `CIDToGIDMap`, when it is a stream.
    pub glyph_map: Option<Vec<u8>>,
    /// `FontDescriptor`.
    pub descriptor: Dictionary<'a>,
    /// The glyphs of its program.
    pub glyphs: Option<Rc<Glyphs>>,
    /// Its program, when that is Type 1.
    pub type1: Option<Vec<u8>>,
}

/// A font that is ready to read strings.
pub(super) struct Font {
    kind: Kind,
    /// Lines are written downwards.
    pub vertical: bool,
    /// Thousandths of what: glyph space to text space.
    scale: f64,
}

enum Kind {
    Simple(Box<Simple>),
    Composite(Box<Composite>),
}

/// One shown code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyph<'f> {
    /// What it means; the text that a viewer copies.
    pub text: Option<Character<'f>>,
    /// What its picture means, when that is something else.
    pub other: Option<Character<'f>>,
    /// What it means is a guess.
    pub guessed: bool,
    /// How far it moves on, for a font of size 1.
    pub width: f64,
    /// It is the single octet 32, which word spacing widens.
    pub is_space: bool,
}

impl Font {
    /// Makes a font ready.
    pub fn new(source: &Source<'_>) -> Font {
        let dictionary = &source.dictionary;
        if dictionary.is("Subtype", "Type0") {
            let composite = Composite::new(source);
            return Font {
                vertical: composite.vertical,
                kind: Kind::Composite(Box::new(composite)),
                scale: 0.001,
            };
        }
        let scale = match dictionary.get("FontMatrix").numbers::<6>() {
            Some([scale, ..]) if dictionary.is("Subtype", "Type3") => scale.abs(),
            _ => 0.001,
        };
        Font {
            kind: Kind::Simple(Box::new(Simple::new(source))),
            vertical: false,
            scale,
        }
    }

    /// The font of text that names none.
    pub fn unnamed() -> Font {
        Font::new(&Source::default())
    }

    /// Reads a string code by code.
    pub fn read<'f>(&'f self, string: &[u8], mut each: impl FnMut(Glyph<'f>)) {
        match &self.kind {
            Kind::Simple(simple) => {
                for octet in string {
                    each(simple.glyph(*octet, self.scale));
                }
            }
            Kind::Composite(composite) => composite.read(string, self.scale, each),
        }
    }

    /// A map of it was larger than what is kept.
    pub fn is_cut(&self) -> bool {
        matches!(&self.kind, Kind::Composite(composite) if composite.is_cut())
    }
}

/// Two meanings of one code differ in a way that matters: one of them is a digit or a letter.
fn disagree(one: Character<'_>, other: Character<'_>) -> bool {
    let (Character::One(one), Character::One(other)) = (one, other) else {
        return false;
    };
    one != other && (one.is_ascii_alphanumeric() || other.is_ascii_alphanumeric())
}

fn name_of<'a>(dictionary: &'a Dictionary<'_>) -> &'a str {
    let name = dictionary.get("BaseFont").name().unwrap_or_default();
    std::str::from_utf8(name).unwrap_or_default()
}

fn is_symbolic(descriptor: &Dictionary<'_>) -> bool {
    let flags = descriptor.get("Flags").count().unwrap_or(0);
    flags & 4 != 0
}

fn is_embedded(descriptor: &Dictionary<'_>) -> bool {
    ["FontFile", "FontFile2", "FontFile3"]
        .iter()
        .any(|key| !matches!(descriptor.get(key), Object::Null))
}

#[cfg(test)]
mod tests;
